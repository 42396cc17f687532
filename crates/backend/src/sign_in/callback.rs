//! Back from a provider. The flow is used up first, then the code is exchanged, then it is decided what the
//! person who came of it may do.

use super::claims::{Identity, LEEWAY};
use super::exchange::{self, Asked};
use super::flow::{self, Flow};
use super::{Known, discovery, identities, join, known};
use crate::nexus::Nexus;
use crate::people::{self, Entered, Means, Opened, Proof};
use crate::store::{Tx, on, sql};
use crate::{Error, Result};
use nexus_domain::sign_in::Purpose;
use nexus_domain::{Code, ProviderId, Refusal, TenantId, Timestamp, UserId, timestamp};
use secrecy::SecretString;
use std::net::IpAddr;

/// What a provider sent somebody back with.
#[derive(Debug)]
pub struct Returned {
    pub state: String,
    pub code: Option<String>,
    /// Why there is no code, as a word of OAuth.
    pub error: Option<String>,
    /// Who says so (RFC 9207).
    pub iss: Option<String>,
    /// What only this browser's session knows, where it knows anything.
    pub browser: Option<SecretString>,
    pub opened: Option<Opened>,
    pub ip: IpAddr,
}

/// What came of it.
#[derive(Debug)]
pub enum Arrived {
    Entered {
        entered: Entered,
        next: String,
    },
    Linked {
        name: String,
        next: String,
    },
    SteppedUp {
        at: Timestamp,
        next: String,
    },
    /// A new person by invitation: who they are there, for the page that accepts it.
    Joining {
        provider: ProviderId,
        tenant: Option<TenantId>,
        identity: Identity,
        next: String,
    },
}

/// Nothing came of it; `back` is the page that they began on, where that is known.
#[derive(Debug)]
pub struct Failed {
    pub error: Error,
    pub back: Option<String>,
}

/// Uses up what was begun.
pub async fn finish(nexus: &Nexus, returned: Returned) -> Result<Arrived, Failed> {
    let lost = |error| Failed { error, back: None };
    nexus.limits.request(returned.ip, nexus.now()).await.map_err(lost)?;
    let gone = || {
        lost(
            Refusal::new(
                Code::NotFound,
                "This sign-in was used already, took too long, or began in another browser; begin again",
            )
            .into(),
        )
    };
    let browser = returned.browser.as_ref().ok_or_else(gone)?;
    let flow = flow::consume(nexus, &returned.state, browser).await.map_err(lost)?.ok_or_else(gone)?;
    let back = flow.kept.back.clone();
    arrive(nexus, returned, flow).await.map_err(|error| Failed { error, back: Some(back) })
}

async fn arrive(nexus: &Nexus, returned: Returned, flow: Flow) -> Result<Arrived> {
    let provider = known(nexus, flow.provider).await?;
    let signed_in = returned.opened.map(|opened| opened.user);
    if flow.user.is_some() && flow.user != signed_in {
        return Err(
            Refusal::new(Code::Conflict, "You are signed in as somebody else by now; begin again").into()
        );
    }
    let identity = identity(nexus, &provider, &returned, &flow).await?;
    let next = flow.kept.next;
    match (flow.purpose, flow.user) {
        (Purpose::SignIn, _) => {
            let entered = sign_in(nexus, &provider, identity, returned.ip).await?;
            Ok(Arrived::Entered { entered, next })
        }
        (Purpose::Join, _) => {
            Ok(Arrived::Joining { provider: provider.id, tenant: provider.tenant, identity, next })
        }
        (Purpose::Link, Some(user)) => {
            identities::connect(nexus, user, &provider, identity, returned.ip).await?;
            Ok(Arrived::Linked { name: provider.name, next })
        }
        (Purpose::StepUp, Some(user)) => {
            let at = step_up(nexus, &provider, &identity, (user, flow.begun), returned.ip).await?;
            Ok(Arrived::SteppedUp { at, next })
        }
        (Purpose::Link | Purpose::StepUp, None) => Err(Error::Impossible("a flow without its person")),
    }
}

/// Who came back. Why it is nobody stands in the log.
async fn identity(nexus: &Nexus, provider: &Known, returned: &Returned, flow: &Flow) -> Result<Identity> {
    let refused = |why: &str| {
        tracing::warn!(provider = %provider.id, issuer = provider.issuer, why, "nobody came back from a provider");
        Error::Refused(Refusal::new(
            Code::Unauthorized,
            format!("{} did not confirm who you are; try again, or sign in another way", provider.name),
        ))
    };
    let endpoints =
        discovery::endpoints(nexus, provider).await.map_err(|unusable| refused(&unusable.to_string()))?;
    let named = returned.iss.as_deref();
    let issuer_fits = match named {
        Some(iss) => iss == provider.issuer,
        None => !endpoints.authorization_response_iss_parameter_supported,
    };
    if !issuer_fits {
        return Err(refused("another issuer answered"));
    }
    if returned.error.is_some() {
        return Err(refused("the provider answered with an error"));
    }
    let code =
        returned.code.clone().filter(|code| !code.is_empty()).ok_or_else(|| refused("there is no code"))?;
    let asked = Asked { verifier: flow.kept.verifier.clone().into(), nonce: flow.kept.nonce.clone() };
    exchange::identity(nexus, provider, &asked, code).await.map_err(|none| refused(&none.to_string()))
}

/// Lets the person in whom the identity belongs to, or who joins by it; as far as the second step, where the
/// provider did not ask for a second factor itself.
async fn sign_in(nexus: &Nexus, provider: &Known, identity: Identity, ip: IpAddr) -> Result<Entered> {
    let proof = Proof { means: Means::Provider(provider.id), second_factor: identity.second_factor };
    let (of, now) = ((provider.id, provider.tenant), nexus.now());
    let (user, seqs) =
        nexus.write(move |tx| Box::pin(async move { admit(tx, of, &identity, ip, now).await })).await?;
    people::saw(nexus, seqs);
    people::enter(nexus, user, proof, ip).await
}

/// The same answer for everybody who is not let in, so that it does not tell whether an account has the address.
fn not_connected() -> Error {
    Refusal::new(
        Code::Unauthorized,
        "Nobody here signs in with this yet. If you have an account, sign in to it and connect this under Account; if \
         not, ask for an invitation",
    )
    .into()
}

/// Finds the person, or makes a new one where a domain's rule lets them in; and lets a known one into the tenants
/// whose rule says so.
async fn admit(
    tx: &mut Tx,
    provider: (ProviderId, Option<TenantId>),
    identity: &Identity,
    ip: IpAddr,
    now: Timestamp,
) -> Result<(UserId, Vec<(TenantId, i64)>)> {
    let openings = join::openings(tx, identity, provider.1).await?;
    let user = match identities::find(tx, provider.0, &identity.subject).await? {
        Some(user) => user,
        None => {
            let email =
                identity.email.as_deref().filter(|_| !openings.is_empty()).ok_or_else(not_connected)?;
            identities::new_person(tx, provider, identity, email, now).await?.ok_or_else(not_connected)?
        }
    };
    let (email,): (String,) = on!(*tx, |c| sqlx::query_as(sql!("SELECT email FROM users WHERE id = $1"))
        .bind(user)
        .fetch_one(c)
        .await)?;
    let mut seqs = Vec::new();
    for opening in &openings {
        if !join::is_member(tx, opening.tenant_id, user).await? {
            seqs.push(join::join(tx, opening, user, &email, ip, now).await?);
        }
    }
    if let Some(tenant) = provider.1
        && !join::is_member(tx, tenant, user).await?
    {
        return Err(not_connected());
    }
    Ok((user, seqs))
}

/// Makes the sign-in fresh: the person has to be the same, and to have proved it after they were asked.
async fn step_up(
    nexus: &Nexus,
    provider: &Known,
    identity: &Identity,
    (user, begun): (UserId, Timestamp),
    ip: IpAddr,
) -> Result<Timestamp> {
    let mut tx = nexus.db.begin_read().await?;
    let owner = identities::find(&mut tx, provider.id, &identity.subject).await?;
    tx.rollback().await?;
    let since = begun.0 / timestamp::SECOND - LEEWAY;
    let fresh = identity.auth_time.is_some_and(|at| at >= since);
    if owner != Some(user) || !fresh {
        people::record(nexus, user, "user.step_up_failed", "denied", ip).await?;
        let why = if owner == Some(user) {
            format!("{} did not ask you to sign in again; sign out and in instead", provider.name)
        } else {
            "This is not what you sign in with".to_owned()
        };
        return Err(Refusal::new(Code::Unauthorized, why).into());
    }
    people::record(nexus, user, "user.stepped_up", "done", ip).await?;
    Ok(nexus.now())
}
