//! Invitations to a tenant: what is offered to an address, in which state an invitation is, what an
//! inviter may give away, and what accepting makes of the roles that somebody has already.

use crate::role::{ProjectRole, TenantRole, words};
use crate::timestamp::HOUR;
use crate::{InvitationId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How long a link is valid.
pub const LIFE: i64 = 72 * HOUR;
/// How many addresses one form or call takes.
pub const MAX_ADDRESSES: usize = 1_000;
/// How many projects one invitation names.
pub const MAX_PROJECTS: usize = 200;

words! {
    /// What has become of an invitation.
    InvitationState { Pending = "pending", Accepted = "accepted", Expired = "expired", Revoked = "revoked", }
}

words! {
    /// How far a mail has come. `kept`: there is no mail server, somebody has to take it by hand.
    MailState { Queued = "queued", Kept = "kept", Sent = "sent", Bounced = "bounced", Failed = "failed", }
}

/// A role in a project, as an invitation gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectGrant {
    /// The project's slug.
    pub project: String,
    pub role: ProjectRole,
}

/// What is given to whoever accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    pub tenant_role: TenantRole,
    pub projects: Vec<ProjectGrant>,
}

/// The body of `POST /api/v1/invitations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub email: String,
    /// `member` when absent.
    #[serde(default = "member")]
    pub tenant_role: TenantRole,
    #[serde(default)]
    pub projects: Vec<ProjectGrant>,
}

const fn member() -> TenantRole {
    TenantRole::Member
}

/// An invitation as it is listed. The link is in the mail and nowhere else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub tenant_role: TenantRole,
    pub projects: Vec<ProjectGrant>,
    pub state: InvitationState,
    /// An address or a shown prefix.
    pub invited_by: String,
    pub created_at: Timestamp,
    /// When the newest link was made.
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
    pub accepted_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// How far the mail with the newest link has come; absent where the link was copied, or once the mail is forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub mail: Option<MailState>,
    /// What the mail server said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub problem: Option<String>,
}

/// A new link to an invitation, shown once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationLink {
    pub email: String,
    pub link: String,
    pub expires_at: Timestamp,
}

/// What somebody with a link is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The tenant's name.
    pub tenant: String,
    /// The tenant's slug.
    pub slug: String,
    pub email: String,
    pub invited_by: String,
    pub tenant_role: TenantRole,
    /// Name of each project, and the role in it.
    pub projects: Vec<(String, ProjectRole)>,
    pub expires_at: Timestamp,
}

/// What came of inviting one address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Invited {
    Now(Box<Invitation>),
    /// Exactly this was offered to the address before, and that link still works.
    Already(Box<Invitation>),
    /// A member who has all of it, or more.
    Member,
    /// No address; the rule that it breaks.
    Invalid(String),
}

/// A mail as the outbox lists it. What stands in it is another matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxMail {
    pub id: crate::MailId,
    pub recipient: String,
    /// What it is about, for example `invitation`.
    pub kind: String,
    pub state: MailState,
    pub attempts: i64,
    pub next_attempt_at: Option<Timestamp>,
    pub problem: Option<String>,
    /// When somebody read its text here.
    pub opened_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The text of a mail that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenedMail {
    pub recipient: String,
    pub subject: String,
    pub text: String,
}

impl InvitationState {
    /// The state at `now` of an invitation with these times.
    pub fn at(
        now: Timestamp,
        expires_at: Timestamp,
        accepted_at: Option<Timestamp>,
        revoked_at: Option<Timestamp>,
    ) -> Self {
        match (accepted_at, revoked_at) {
            (Some(_), _) => Self::Accepted,
            (None, Some(_)) => Self::Revoked,
            (None, None) if expires_at <= now => Self::Expired,
            (None, None) => Self::Pending,
        }
    }

    /// Whether a new link can be made, or the invitation taken back.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Expired)
    }
}

impl ProjectRole {
    /// Whether somebody in this role may invite others in `role`: granting needs holding, so a manager
    /// makes no owners.
    pub const fn may_invite_as(self, role: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Manager => !matches!(role, Self::Owner),
            Self::Developer | Self::Tester | Self::Viewer => false,
        }
    }

    /// The order of the table of roles, the strongest first.
    const fn place(self) -> usize {
        match self {
            Self::Owner => 0,
            Self::Manager => 1,
            Self::Developer => 2,
            Self::Tester => 3,
            Self::Viewer => 4,
        }
    }

    /// What accepting makes of the role that somebody has: never less than before. `None` where
    /// nothing changes.
    pub fn raised(current: Option<Self>, offered: Self) -> Option<Self> {
        current.is_none_or(|current| offered.place() < current.place()).then_some(offered)
    }
}

impl TenantRole {
    /// What accepting makes of the role that a member of the tenant has. Only becoming an owner is more in every
    /// way: finance sees nothing inside projects, and a member nothing of the billing.
    pub fn raised(current: Option<Self>, offered: Self) -> Option<Self> {
        match (current, offered) {
            (None, offered) => Some(offered),
            (Some(Self::Finance | Self::Member), Self::Owner) => Some(Self::Owner),
            (Some(_), _) => None,
        }
    }
}

/// The addresses in a text that somebody pasted: one a line, or separated by commas, semicolons or
/// spaces, `Ana <ana@example.com>` too. Each once, in the order in which they stand there.
pub fn addresses(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for piece in text.split([',', ';', '\n', '\r', '\t']) {
        let inside = piece.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        let words: Vec<&str> = match inside {
            Some((address, _)) => vec![address.trim()],
            None => piece.split_whitespace().collect(),
        };
        for word in words {
            if !word.is_empty() && seen.insert(word.to_lowercase()) {
                found.push(word.to_owned());
            }
        }
    }
    found
}

impl InvitationState {
    /// The word on its badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Accepted => "ACCEPTED",
            Self::Expired => "EXPIRED",
            Self::Revoked => "REVOKED",
        }
    }
}

impl MailState {
    /// The word on its badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Queued => "ON ITS WAY",
            Self::Kept => "KEPT",
            Self::Sent => "SENT",
            Self::Bounced => "BOUNCED",
            Self::Failed => "NOT DELIVERED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pasted_list_is_read_however_it_is_written() {
        let text = "ana@acme.test, Bo <bo@acme.test>;\"Müller, Eva\" <Eva@Acme.test>\n\n carl@acme.test dora@acme.test\r\nANA@acme.test";
        let found = addresses(text);
        assert_eq!(
            found,
            [
                "ana@acme.test",
                "bo@acme.test",
                "\"Müller",
                "Eva@Acme.test",
                "carl@acme.test",
                "dora@acme.test"
            ]
        );
        assert_eq!(addresses(" , ;\n"), Vec::<String>::new());
        assert_eq!(addresses("nobody"), ["nobody"], "what is no address is told, not dropped");
    }

    #[test]
    fn granting_needs_holding() {
        use ProjectRole as R;
        for role in R::ALL {
            assert!(R::Owner.may_invite_as(*role));
            assert_eq!(R::Manager.may_invite_as(*role), *role != R::Owner);
            for other in [R::Developer, R::Tester, R::Viewer] {
                assert!(!other.may_invite_as(*role));
            }
        }
    }

    #[test]
    fn accepting_never_takes_away() {
        use ProjectRole as R;
        assert_eq!(R::raised(None, R::Viewer), Some(R::Viewer));
        assert_eq!(R::raised(Some(R::Viewer), R::Manager), Some(R::Manager));
        assert_eq!(R::raised(Some(R::Manager), R::Viewer), None);
        assert_eq!(R::raised(Some(R::Tester), R::Tester), None);
        for current in TenantRole::ALL {
            for offered in TenantRole::ALL {
                let raised = TenantRole::raised(Some(*current), *offered);
                assert!(raised.is_none() || raised == Some(TenantRole::Owner), "{current} {offered}");
            }
        }
    }

    #[test]
    fn an_invitation_ends_after_72_hours_to_the_microsecond() {
        let made = Timestamp(0);
        let ends = made.plus(LIFE);
        let at = |now| InvitationState::at(now, ends, None, None);
        assert_eq!(at(ends.plus(-1)), InvitationState::Pending);
        assert_eq!(at(ends), InvitationState::Expired);
        assert_eq!(InvitationState::at(ends, ends, Some(made), None), InvitationState::Accepted);
        assert_eq!(InvitationState::at(made, ends, None, Some(made)), InvitationState::Revoked);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_address_is_found_twice(text in "\\PC{0,200}") {
            let found = addresses(&text);
            let folded: HashSet<String> = found.iter().map(|one| one.to_lowercase()).collect();
            prop_assert_eq!(folded.len(), found.len());
        }
    }
}
