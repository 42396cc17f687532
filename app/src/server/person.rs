//! Who is asking: the session, and the person that it belongs to.

use super::{ClientIp, PROOF, SECOND_STEP, SIGNED_IN_AT, TENANT, USER};
use crate::refused::Refused;
use axum::http::request::Parts;
use leptos::prelude::use_context;
use nexus_backend::Nexus;
use nexus_backend::gate::{Actor, Who};
use nexus_backend::people::{self, Entered, Opened, Proof, SignedIn};
use nexus_backend::request_log::{Caller, Visit};
use nexus_domain::role::Permission;
use nexus_domain::{Code, Refusal, Timestamp, UserId};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tower_sessions::Session;

/// What a server function finds around it.
#[derive(Clone)]
pub struct Here {
    pub nexus: Nexus,
    pub session: Session,
    pub ip: IpAddr,
    /// Where it is said who asks, for the API log.
    pub visit: Option<Arc<Visit>>,
}

/// The request's surroundings. Call it before the first `.await`.
pub fn here() -> Result<Here, Refused> {
    let parts = use_context::<Parts>();
    let session = parts.as_ref().and_then(|parts| parts.extensions.get::<Session>().cloned());
    let ip = parts.as_ref().and_then(|parts| parts.extensions.get::<ClientIp>().copied());
    let visit = parts.as_ref().and_then(|parts| parts.extensions.get::<Arc<Visit>>().cloned());
    match (use_context::<Nexus>(), session) {
        (Some(nexus), Some(session)) => {
            let ip = ip.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ip| ip.0);
            Ok(Here { nexus, session, ip, visit })
        }
        _ => Err(Refused(Refusal::new(Code::Internal, "The server is not set up to answer this"))),
    }
}

impl Here {
    /// The signed-in person, if anybody is.
    pub async fn user(&self) -> Result<Option<Opened>, Refused> {
        opened(&self.session).await
    }

    /// The signed-in person, or 401.
    pub async fn signed_in(&self) -> Result<Opened, Refused> {
        let opened = self.user().await?.ok_or_else(unauthorized)?;
        if let Some(visit) = &self.visit {
            visit.is_from(Caller::session(opened.user));
        }
        Ok(opened)
    }

    /// The signed-in person as a member of a tenant.
    pub async fn member(&self, opened: Opened, tenant: &str) -> Result<Actor, Refused> {
        Ok(member(&self.nexus, opened, tenant, self.ip, self.visit.as_deref()).await?)
    }

    /// The id of this session, which never leaves the server.
    pub fn session_id(&self) -> [u8; 16] {
        self.session.id().map(|id| id.0.to_le_bytes()).unwrap_or_default()
    }

    /// The signed-in person, for what belongs to the account and to no tenant: refused to a session that
    /// opens one tenant only.
    pub async fn own_account(&self) -> Result<Opened, Refused> {
        let opened = self.signed_in().await?;
        people::refuse_confined(&self.nexus, opened).await?;
        Ok(opened)
    }

    /// Remembers the tenant that was used last; writes only when it is another one.
    pub async fn used_tenant(&self, user: UserId, tenant: &str) -> Result<(), Refused> {
        let last = self.session.get::<String>(TENANT).await.map_err(unavailable)?;
        if last.as_deref() != Some(tenant) {
            self.session.insert(TENANT, tenant).await.map_err(unavailable)?;
            people::used_tenant(&self.nexus, user, tenant).await?;
        }
        Ok(())
    }

    /// Forgets the tenant that was used last: it is no more. Where the account went with it, so does
    /// the session.
    pub async fn forget_tenant(&self, has_account: bool) -> Result<(), Refused> {
        if !has_account {
            return self.session.flush().await.map_err(unavailable);
        }
        self.session.remove::<String>(TENANT).await.map(drop).map_err(unavailable)
    }
}

/// What a session says of the person who opened it, if anybody did.
pub async fn opened(session: &Session) -> Result<Option<Opened>, Refused> {
    let user = session.get::<UserId>(USER).await.map_err(unavailable)?;
    let at = session.get::<Timestamp>(SIGNED_IN_AT).await.map_err(unavailable)?;
    // A session from before that was kept was opened by a password.
    let proof = session.get::<Proof>(PROOF).await.map_err(unavailable)?.unwrap_or(Proof::PASSWORD);
    Ok(user.zip(at).map(|(user, signed_in_at)| Opened { user, signed_in_at, proof }))
}

/// The signed-in person as a member of a tenant: what every use case takes. 401 without a session,
/// 404 for a tenant that is not theirs. Call it before anything else is awaited.
pub async fn person(tenant: &str) -> Result<(Nexus, Actor), Refused> {
    let here = here()?;
    let opened = here.signed_in().await?;
    let actor = here.member(opened, tenant).await?;
    Ok((here.nexus, actor))
}

/// A person as a member of a tenant, who is said in the API log to have asked.
pub(super) async fn member(
    nexus: &Nexus,
    opened: Opened,
    tenant: &str,
    ip: IpAddr,
    visit: Option<&Visit>,
) -> Result<Actor, nexus_backend::Error> {
    let actor = people::person(nexus, opened, tenant, Some(ip)).await?;
    if let (Some(visit), Some(caller)) = (visit, Caller::known(&actor)) {
        visit.is_from(caller);
    }
    Ok(actor)
}

/// Opens the session of somebody who was let in, or keeps what leads to the second step: then nobody is
/// signed in here any more, and nothing but the second step works.
pub async fn enter(here: &Here, entered: Entered) -> Result<Option<SignedIn>, Refused> {
    match entered {
        Entered::In(signed_in) => {
            sign_in(here, &signed_in).await?;
            Ok(Some(signed_in))
        }
        Entered::SecondStep(token) => {
            here.session.flush().await.map_err(unavailable)?;
            here.session.insert(SECOND_STEP, token).await.map_err(unavailable)?;
            Ok(None)
        }
    }
}

/// What leads to the second step, if this browser is on the way there; a text that leads nowhere
/// otherwise.
pub async fn second_step(here: &Here) -> Result<String, Refused> {
    Ok(here.session.get::<String>(SECOND_STEP).await.map_err(unavailable)?.unwrap_or_default())
}

/// Opens the session of a person who just proved who they are, under a new id.
pub async fn sign_in(here: &Here, signed_in: &SignedIn) -> Result<(), Refused> {
    here.session.cycle_id().await.map_err(unavailable)?;
    here.session.remove::<String>(SECOND_STEP).await.map_err(unavailable)?;
    here.session.insert(USER, signed_in.user).await.map_err(unavailable)?;
    here.session.insert(SIGNED_IN_AT, signed_in.signed_in_at).await.map_err(unavailable)?;
    here.session.insert(PROOF, signed_in.proof).await.map_err(unavailable)?;
    if let Some(tenant) = &signed_in.last_tenant {
        here.session.insert(TENANT, tenant).await.map_err(unavailable)?;
    }
    Ok(())
}

/// Notes that the person just proved again who they are, under a new id.
pub async fn fresh(here: &Here, at: Timestamp) -> Result<(), Refused> {
    here.session.cycle_id().await.map_err(unavailable)?;
    here.session.insert(SIGNED_IN_AT, at).await.map_err(unavailable)
}

/// Notes what the session proves from now on, under a new id.
pub async fn proved(here: &Here, proof: Proof) -> Result<(), Refused> {
    here.session.cycle_id().await.map_err(unavailable)?;
    here.session.insert(PROOF, proof).await.map_err(unavailable)
}

/// Ends the session.
pub async fn sign_out(here: &Here) -> Result<(), Refused> {
    if let Some(opened) = here.user().await? {
        people::signed_out(&here.nexus, opened.user, here.ip).await?;
    }
    here.session.flush().await.map_err(unavailable)
}

fn unauthorized() -> Refused {
    Refused(Refusal::new(Code::Unauthorized, "Sign in first"))
}

/// The session store failed; it logs the cause itself.
pub(crate) fn unavailable(_: tower_sessions::session::Error) -> Refused {
    Refused(Refusal::new(Code::Unavailable, "The session cannot be read right now; try again"))
}

/// Whether the tenant role of a person allows something by itself.
pub fn tenant_allows(actor: &Actor, permission: Permission) -> bool {
    matches!(actor.who, Who::Person { role, .. } if role.allows(permission))
}
