//! Who there is in the seeded world, and what each of them is there.

/// The address of an invitation that nobody accepted, with a mail that is kept.
pub(super) const KEPT: &str = "kept@new.test";

/// A person of the seeded world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Owner of the tenant.
    Owner,
    /// Finance of the tenant.
    Finance,
    /// Member of the tenant, of no project.
    Member,
    /// Member of the tenant, owner of the project `shop`.
    Lead,
    Manager,
    Developer,
    /// A second developer of `shop`.
    Colleague,
    Tester,
    Viewer,
    /// Owner of the other tenant.
    Rival,
    /// An owner whose session was ended.
    Ended,
    /// Was removed from the tenant, and is a member of the other one.
    Removed,
    /// Is a member of the other tenant, and invited to the tenant.
    Invited,
}

impl Person {
    pub const ALL: [Self; 13] = [
        Self::Owner,
        Self::Finance,
        Self::Member,
        Self::Lead,
        Self::Manager,
        Self::Developer,
        Self::Colleague,
        Self::Tester,
        Self::Viewer,
        Self::Rival,
        Self::Ended,
        Self::Removed,
        Self::Invited,
    ];

    pub const fn email(self) -> &'static str {
        match self {
            Self::Owner | Self::Ended => "ana@acme.test",
            Self::Finance => "fay@acme.test",
            Self::Member => "max@acme.test",
            Self::Lead => "lea@acme.test",
            Self::Manager => "mia@acme.test",
            Self::Developer => "dan@acme.test",
            Self::Colleague => "dora@acme.test",
            Self::Tester => "tom@acme.test",
            Self::Viewer => "vic@acme.test",
            Self::Rival => "rita@rival.test",
            Self::Removed => "rob@acme.test",
            Self::Invited => KEPT,
        }
    }

    pub(super) const fn tenant_role(self) -> &'static str {
        match self {
            Self::Owner | Self::Ended | Self::Rival => "owner",
            Self::Finance => "finance",
            _ => "member",
        }
    }

    pub(super) const fn project_role(self) -> Option<&'static str> {
        match self {
            Self::Lead => Some("owner"),
            Self::Manager => Some("manager"),
            Self::Developer | Self::Colleague => Some("developer"),
            Self::Tester => Some("tester"),
            Self::Viewer => Some("viewer"),
            _ => None,
        }
    }

    /// The id of the session that is open from the beginning.
    pub const fn session_id(self) -> [u8; 16] {
        [0x50 + self as u8; 16]
    }
}
