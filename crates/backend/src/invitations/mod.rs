//! Invitations: an address is offered roles, and whoever shows the link that was sent there becomes a member.
//!
//! The link holds 256 random bits, works once and for 72 hours; only its MAC is stored, so making it known again is making
//! a new one. Granting needs holding, when an invitation is made and again when it is accepted. Inviting tells nothing
//! about accounts: what is answered depends on the tenant's own members and invitations alone.

mod accept;
mod change;
mod grants;
mod invite;
mod letter;
mod list;
mod members;
mod superseded;
mod sweep;

pub use accept::{Accepted, Acceptor, Vouched, accept, offer};
pub use change::{copy_link, resend, revoke};
pub use grants::{Inviting, inviting};
pub use invite::{NewInvitations, invite, invite_one};
pub use list::{Listed, get, list};
pub(crate) use superseded::supersede;
pub use sweep::sweep;

use crate::Result;
use crate::nexus::Nexus;
use crate::people::new_token;
use nexus_domain::invitation::{Grants, Invitation, InvitationState, LIFE, MailState, ProjectGrant};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::{InvitationId, KeyId, MailId, ProjectId, Timestamp, UserId};

/// An invitation as it is stored, with how far its mail has come.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Row {
    id: InvitationId,
    email: String,
    #[sqlx(try_from = "String")]
    tenant_role: TenantRole,
    mail_id: Option<MailId>,
    invited_by: String,
    inviter_id: Option<UserId>,
    inviter_key: Option<KeyId>,
    created_at: Timestamp,
    sent_at: Timestamp,
    expires_at: Timestamp,
    accepted_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    mail_state: Option<String>,
    mail_problem: Option<String>,
    mail_opened_at: Option<Timestamp>,
}

/// Whose rights an invitation rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inviter {
    Person(UserId),
    Key(KeyId),
    Operator,
}

/// A role in a project, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct Grant {
    project_id: ProjectId,
    slug: String,
    name: String,
    #[sqlx(try_from = "String")]
    role: ProjectRole,
}

impl Grant {
    fn wire(&self) -> ProjectGrant {
        ProjectGrant { project: self.slug.clone(), role: self.role }
    }
}

impl Row {
    fn inviter(&self) -> Inviter {
        match (self.inviter_id, self.inviter_key) {
            (Some(user), _) => Inviter::Person(user),
            (None, Some(key)) => Inviter::Key(key),
            (None, None) => Inviter::Operator,
        }
    }

    fn state(&self, now: Timestamp) -> InvitationState {
        InvitationState::at(now, self.expires_at, self.accepted_at, self.revoked_at)
    }

    fn grants(&self, projects: &[Grant]) -> Grants {
        Grants { tenant_role: self.tenant_role, projects: projects.iter().map(Grant::wire).collect() }
    }

    /// Whether its link reached nobody but the mailbox: it went out by mail, and nobody read it here before.
    fn proves_mailbox(&self) -> bool {
        self.mail_state.as_deref() == Some(MailState::Sent.as_str()) && self.mail_opened_at.is_none()
    }

    fn into_wire(self, projects: &[Grant], now: Timestamp) -> Invitation {
        Invitation {
            state: self.state(now),
            projects: projects.iter().map(Grant::wire).collect(),
            id: self.id,
            email: self.email,
            tenant_role: self.tenant_role,
            invited_by: self.invited_by,
            created_at: self.created_at,
            sent_at: self.sent_at,
            expires_at: self.expires_at,
            accepted_at: self.accepted_at,
            revoked_at: self.revoked_at,
            mail: self.mail_state.as_deref().and_then(MailState::parse),
            problem: self.mail_problem,
        }
    }
}

/// A new link: its token, and what is stored of it.
struct Link {
    token: String,
    mac: [u8; 32],
    expires_at: Timestamp,
}

impl Link {
    fn new(nexus: &Nexus, now: Timestamp) -> Result<Self> {
        let token = new_token(nexus)?;
        let mac = mac(nexus, &token)?;
        Ok(Self { token, mac, expires_at: now.plus(LIFE) })
    }

    fn url(&self, nexus: &Nexus) -> String {
        format!("{}/invitation/{}", nexus.settings.public_url, self.token)
    }
}

fn mac(nexus: &Nexus, token: &str) -> Result<[u8; 32]> {
    nexus.keyring.mac("invitation-link", token.as_bytes())
}
