//! The table of roles: what each role may do, and where. The gate answers from it, the console shows
//! it, the guide is written from it, and the tests walk through its cells; so it stands nowhere else.

use crate::role::{Permission, Place, ProjectRole, TenantRole};

/// What a role may do of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    No,
    Yes,
    /// Whoever is no owner makes no owners: granting needs holding.
    NotOwners,
    /// In `develop` and nowhere else, and nothing but keys and types.
    KeysInDevelop,
    /// That it is there, and how it is called.
    NamesOnly,
    /// Without the events about secrets.
    NoSecretEvents,
    /// Only who is owner of the whole tenant.
    TenantOwners,
}

impl Cell {
    /// The words of the table; empty for no.
    pub const fn words(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Yes => "yes",
            Self::NotOwners => "yes (not owners)",
            Self::KeysInDevelop => "develop only: keys and types",
            Self::NamesOnly => "see names only",
            Self::NoSecretEvents => "yes (no secret events)",
            Self::TenantOwners => "tenant",
        }
    }

    const fn allows(self, permission: Permission, place: Place) -> bool {
        match self {
            Self::No | Self::TenantOwners => false,
            Self::Yes | Self::NotOwners | Self::NoSecretEvents => true,
            Self::KeysInDevelop => {
                matches!((permission, place), (Permission::SecretList, Place::Shared { develop: true }))
            }
            Self::NamesOnly => matches!(permission, Permission::EnvironmentRead),
        }
    }
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The project itself, and what is in its shared environments.
    Shared,
    /// The own developer environment.
    Own,
    /// Somebody else's developer environment.
    Foreign,
}

impl Whose {
    const fn holds(self, place: Place) -> bool {
        matches!(
            (self, place),
            (Self::Shared, Place::Shared { .. }) | (Self::Own, Place::Own) | (Self::Foreign, Place::Foreign)
        )
    }
}

/// A row: something that people do in a project, the permissions that it is made of, and each role's
/// cell.
#[derive(Debug, Clone, Copy)]
pub struct Right {
    pub action: &'static str,
    pub permissions: &'static [Permission],
    pub whose: Whose,
    owner: Cell,
    manager: Cell,
    developer: Cell,
    tester: Cell,
    viewer: Cell,
}

impl Right {
    pub const fn of(&self, role: ProjectRole) -> Cell {
        match role {
            ProjectRole::Owner => self.owner,
            ProjectRole::Manager => self.manager,
            ProjectRole::Developer => self.developer,
            ProjectRole::Tester => self.tester,
            ProjectRole::Viewer => self.viewer,
        }
    }
}

macro_rules! rights {
    ($($action:literal, $whose:ident [$($permission:ident)+]:
        $owner:ident $manager:ident $developer:ident $tester:ident $viewer:ident;)+) => {
        /// Every row, in the order of the product's table.
        pub const RIGHTS: &[Right] = &[$(Right {
            action: $action,
            permissions: &[$(Permission::$permission,)+],
            whose: Whose::$whose,
            owner: Cell::$owner,
            manager: Cell::$manager,
            developer: Cell::$developer,
            tester: Cell::$tester,
            viewer: Cell::$viewer,
        },)+];
    };
}

rights! {
    "see the project, its services, members and usage",
        Shared [ProjectRead EnvironmentRead ServiceRead MemberRead UsageRead]: Yes Yes Yes Yes Yes;
    "project settings, tier, delete",
        Shared [ProjectManage]: Yes No No No No;
    "change role, remove member",
        Shared [MemberManage]: Yes No No No No;
    "invite members",
        Shared [MemberInvite]: Yes NotOwners No No No;
    "create, edit, delete service; link umbrella (shared env)",
        Shared [ServiceWrite]: Yes Yes No No No;
    "create, rotate, revoke service keys; workload identity rules",
        Shared [KeyRead KeyWrite IdentityManage]: Yes Yes No No No;
    "read configs and flags",
        Shared [ConfigRead FlagRead]: Yes Yes Yes Yes Yes;
    "write configs and flags (shared env)",
        Shared [ConfigWrite FlagWrite]: Yes Yes No No No;
    "list secret keys and metadata (shared env)",
        Shared [SecretList SecretMetadata]: Yes Yes KeysInDevelop No No;
    "reveal secret values (shared env)",
        Shared [SecretReveal]: Yes Yes No No No;
    "write secrets (shared env)",
        Shared [SecretWrite]: Yes Yes No No No;
    "make an own developer environment",
        Shared [DevEnvironment]: Yes Yes Yes No No;
    "everything inside the own developer environment",
        Own [ProjectRead EnvironmentRead DevEnvironment ServiceRead ServiceWrite KeyRead KeyWrite IdentityManage SecretList
             SecretMetadata SecretReveal SecretWrite ConfigRead ConfigWrite FlagRead FlagWrite UsageRead]:
        Yes Yes Yes No No;
    "see or touch somebody else's developer environment",
        Foreign [EnvironmentRead]: NamesOnly No No No No;
    "audit log of the project",
        Shared [AuditRead]: Yes Yes No NoSecretEvents No;
    "environments, environment keys, webhooks, OAuth apps (tenant owners only)",
        Shared [EnvironmentManage OauthAppManage IdentityProviderManage TenantManage SignInManage ProjectCreate TenantAuditRead]:
        TenantOwners No No No No;
}

/// A row of the tenant's own table.
#[derive(Debug, Clone, Copy)]
pub struct TenantRight {
    pub action: &'static str,
    pub permissions: &'static [Permission],
    owner: bool,
    finance: bool,
    member: bool,
}

impl TenantRight {
    pub const fn of(&self, role: TenantRole) -> bool {
        match role {
            TenantRole::Owner => self.owner,
            TenantRole::Finance => self.finance,
            TenantRole::Member => self.member,
        }
    }
}

macro_rules! tenant_rights {
    ($($action:literal [$($permission:ident)+]: $owner:literal $finance:literal $member:literal;)+) => {
        /// What a tenant role allows by itself. Inside a project, an owner is its owner, a member what they
        /// were made there, and finance nothing.
        pub const TENANT_RIGHTS: &[TenantRight] = &[$(TenantRight {
            action: $action,
            permissions: &[$(Permission::$permission,)+],
            owner: $owner,
            finance: $finance,
            member: $member,
        },)+];
    };
}

tenant_rights! {
    "see the tenant and its environments" [EnvironmentRead]: true true true;
    "billing, invoices, prices of tiers, usage" [UsageRead]: true true false;
    "make projects" [ProjectCreate]: true false false;
    "members: list, invite, change role, remove" [MemberRead MemberInvite MemberManage]: true false false;
    "environments, environment keys, webhooks, OAuth apps" [EnvironmentManage OauthAppManage IdentityProviderManage]: true false false;
    "how members sign in" [SignInManage]: true false false;
    "settings of the tenant, outbox, delete" [TenantManage]: true false false;
    "audit log of the tenant" [TenantAuditRead]: true false false;
    "owner of every project"
        [ProjectRead ProjectManage ServiceRead ServiceWrite KeyRead KeyWrite IdentityManage SecretList SecretMetadata
         SecretReveal SecretWrite ConfigRead ConfigWrite FlagRead FlagWrite DevEnvironment AuditRead]:
        true false false;
}

/// The cell that decides about a permission in a place. What stands in no row is for nobody.
pub fn cell(role: ProjectRole, permission: Permission, place: Place) -> Cell {
    let decides = |right: &&Right| right.whose.holds(place) && right.permissions.contains(&permission);
    RIGHTS.iter().find(decides).map_or(Cell::No, |right| right.of(role))
}

/// The roles that have a permission in a project, in words: `owners and managers`.
pub fn holders(permission: Permission) -> String {
    let held = |role: &&ProjectRole| role.allows(permission, Place::Shared { develop: false });
    let mut names: Vec<String> =
        ProjectRole::ALL.iter().filter(held).map(|role| format!("{role}s")).collect();
    match (names.pop(), names.is_empty()) {
        (Some(last), false) => format!("{} and {last}", names.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}

impl ProjectRole {
    /// Whether a person in this role may do this there.
    pub fn allows(self, permission: Permission, place: Place) -> bool {
        cell(self, permission, place).allows(permission, place)
    }

    /// Testers read the audit log without the events about secrets.
    pub fn sees_secret_events(self) -> bool {
        cell(self, Permission::AuditRead, Place::Shared { develop: false }) == Cell::Yes
    }

    /// Whether this role holds everything that the other one does, and so may be given by it.
    pub fn covers(self, other: Self) -> bool {
        PLACES.iter().all(|place| {
            let held = |permission| !other.allows(permission, *place) || self.allows(permission, *place);
            Permission::ALL.iter().copied().all(held)
        })
    }
}

impl TenantRole {
    /// What the tenant role allows by itself, without a project.
    pub fn allows(self, permission: Permission) -> bool {
        TENANT_RIGHTS.iter().any(|right| right.of(self) && right.permissions.contains(&permission))
    }
}

const PLACES: [Place; 4] =
    [Place::Shared { develop: false }, Place::Shared { develop: true }, Place::Own, Place::Foreign];

#[cfg(test)]
mod tests {
    use super::*;
    use ProjectRole as R;

    const LIVE: Place = Place::Shared { develop: false };
    const DEVELOP: Place = Place::Shared { develop: true };

    #[test]
    fn every_permission_has_a_place_in_both_tables_and_none_has_two() {
        for permission in Permission::ALL {
            for whose in [Whose::Shared, Whose::Own, Whose::Foreign] {
                let rows =
                    RIGHTS.iter().filter(|it| it.whose == whose && it.permissions.contains(permission));
                let expected = if whose == Whose::Shared { 1..=1 } else { 0..=1 };
                assert!(expected.contains(&rows.count()), "{permission} {whose:?}");
            }
            let rows = TENANT_RIGHTS.iter().filter(|right| right.permissions.contains(permission));
            assert_eq!(rows.count(), 1, "{permission}");
            assert!(TenantRole::Owner.allows(*permission), "an owner may everything: {permission}");
        }
    }

    /// The product's table, as it is written there.
    #[test]
    fn the_table_of_roles_holds_in_shared_environments() {
        use Permission as P;
        let table: [(P, [bool; 5]); 17] = [
            (P::ProjectManage, [true, false, false, false, false]),
            (P::MemberManage, [true, false, false, false, false]),
            (P::MemberInvite, [true, true, false, false, false]),
            (P::ServiceWrite, [true, true, false, false, false]),
            (P::KeyWrite, [true, true, false, false, false]),
            (P::IdentityManage, [true, true, false, false, false]),
            (P::SecretList, [true, true, false, false, false]),
            (P::SecretMetadata, [true, true, false, false, false]),
            (P::SecretReveal, [true, true, false, false, false]),
            (P::SecretWrite, [true, true, false, false, false]),
            (P::ConfigRead, [true, true, true, true, true]),
            (P::ConfigWrite, [true, true, false, false, false]),
            (P::FlagRead, [true, true, true, true, true]),
            (P::FlagWrite, [true, true, false, false, false]),
            (P::AuditRead, [true, true, false, true, false]),
            (P::ServiceRead, [true, true, true, true, true]),
            (P::EnvironmentManage, [false, false, false, false, false]),
        ];
        for (permission, row) in table {
            for (role, expected) in R::ALL.iter().zip(row) {
                assert_eq!(role.allows(permission, LIVE), expected, "{role} {permission}");
            }
        }
        assert!(R::Developer.allows(P::SecretList, DEVELOP));
        assert!(!R::Developer.allows(P::SecretMetadata, DEVELOP));
        assert!(!R::Developer.allows(P::SecretReveal, DEVELOP));
        assert!(!R::Viewer.allows(P::SecretList, DEVELOP));
    }

    #[test]
    fn a_developer_is_free_in_the_own_environment_and_blind_in_others() {
        for permission in [
            Permission::SecretReveal,
            Permission::SecretWrite,
            Permission::ServiceWrite,
            Permission::KeyWrite,
        ] {
            assert!(R::Developer.allows(permission, Place::Own));
            assert!(!R::Tester.allows(permission, Place::Own));
            for role in R::ALL {
                assert!(!role.allows(permission, Place::Foreign), "{role} {permission}");
            }
        }
        assert!(R::Owner.allows(Permission::EnvironmentRead, Place::Foreign));
        for permission in [Permission::ProjectManage, Permission::MemberManage, Permission::EnvironmentManage]
        {
            assert!(!R::Owner.allows(permission, Place::Own), "{permission}");
        }
    }

    #[test]
    fn testers_read_the_log_without_secrets() {
        let seeing: Vec<_> = R::ALL.iter().filter(|role| role.sees_secret_events()).collect();
        assert_eq!(seeing, [&R::Owner, &R::Manager]);
    }

    #[test]
    fn a_role_is_given_by_who_holds_all_of_it() {
        for role in R::ALL {
            assert!(R::Owner.covers(*role) && role.covers(*role), "{role}");
            assert_eq!(R::Manager.covers(*role), *role != R::Owner, "{role}");
        }
        assert!(!R::Developer.covers(R::Tester), "who may not read the audit log");
        assert!(R::Developer.covers(R::Viewer) && !R::Viewer.covers(R::Developer));
    }

    #[test]
    fn holders_are_said_in_words() {
        assert_eq!(holders(Permission::ProjectManage), "owners");
        assert_eq!(holders(Permission::ServiceWrite), "owners and managers");
        assert_eq!(holders(Permission::AuditRead), "owners, managers and testers");
        assert_eq!(holders(Permission::TenantManage), "");
    }

    #[test]
    fn finance_and_members_have_little_by_themselves() {
        let allowed = |role: TenantRole| {
            Permission::ALL.iter().copied().filter(|it| role.allows(*it)).collect::<Vec<_>>()
        };
        assert_eq!(allowed(TenantRole::Finance), [Permission::EnvironmentRead, Permission::UsageRead]);
        assert_eq!(allowed(TenantRole::Member), [Permission::EnvironmentRead]);
    }
}
