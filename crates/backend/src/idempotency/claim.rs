//! Claiming a request, carrying it out, and what is kept of it.

use super::{Answer, Asked, Shape, rows, seal};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::{Code, Refusal, TenantId};
use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

tokio::task_local! {
    /// The claim under which a request is being carried out.
    static CURRENT: Arc<Claim>;
}

/// The right to carry a request out.
#[derive(Debug)]
pub struct Claim {
    pub(super) tenant: TenantId,
    pub(super) credential: Uuid,
    pub(super) key_mac: [u8; 32],
    pub(super) request_mac: [u8; 32],
    /// Of this attempt alone.
    pub(super) token: Uuid,
    shape: Shape,
    /// What the change has left in its own transaction.
    left: Mutex<Left>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Left {
    Nothing,
    /// That it was carried out, and no answer.
    Mark,
    Answer(Answer),
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Claimed {
    /// It is to be carried out, inside of [`Claim::holding`], and then either kept or let go.
    ToDo(Arc<Claim>),
    /// It was carried out before.
    Done(Answer),
}

/// Claims a request, or finds out what came of it. One statement decides, however many ask at once.
pub async fn claim(nexus: &Nexus, actor: &Actor, asked: &Asked<'_>, shape: Shape) -> Result<Claimed> {
    let credential = actor.id().ok_or(Error::Impossible("a credential without an id"))?;
    let address = [asked.method.as_bytes(), b" ", asked.address.as_bytes(), b"\0", asked.body].concat();
    let claim = Arc::new(Claim {
        tenant: actor.tenant,
        credential,
        key_mac: nexus.keyring.mac("idempotency key", asked.key.as_bytes())?,
        request_mac: nexus.keyring.mac("idempotent request", &address)?,
        token: Uuid::now_v7(),
        shape,
        left: Mutex::new(Left::Nothing),
    });
    // An attempt that ends between the two looks makes room for one more.
    for _ in 0..3 {
        if rows::take(nexus, &claim).await? {
            return Ok(Claimed::ToDo(claim));
        }
        if let Some(row) = rows::find(nexus, &claim).await? {
            return judge(nexus, &claim, row).await.map(Claimed::Done);
        }
    }
    Err(still_running().into())
}

async fn judge(nexus: &Nexus, claim: &Claim, row: rows::Row) -> Result<Answer> {
    if row.request_mac != claim.request_mac {
        let message = "This Idempotency-Key stands for another request";
        return Err(Refusal::new(Code::Conflict, message).with("idempotency_key", message).into());
    }
    match (row.status, row.sealed, row.wrapped_key) {
        (None, ..) => Err(still_running().into()),
        (Some(_), Some(sealed), Some(wrapped_key)) => seal::open(nexus, claim, sealed, wrapped_key).await,
        (Some(status), ..) => {
            let message = "This request was carried out; its answer is not kept";
            let refusal = Refusal::new(Code::Conflict, message).with("idempotency_key", message);
            Err(refusal.with("carried_out", true).with("status", status).into())
        }
    }
}

fn still_running() -> Refusal {
    let message = "A request with this Idempotency-Key is still being carried out";
    Refusal::new(Code::Conflict, message).with("idempotency_key", message).with("retry_after", 1)
}

impl Claim {
    /// Does something under this claim: the change in it leaves the answer in its own transaction.
    pub async fn holding<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(Arc::clone(self), work).await
    }

    /// Keeps the answer, with what the change could not know of it.
    pub async fn keep(self: &Arc<Self>, nexus: &Nexus, answer: &Answer) -> Result<()> {
        let left = self.left();
        if left == Left::Answer(answer.clone()) {
            return Ok(());
        }
        if left == Left::Mark {
            tracing::warn!(status = answer.status, "an answer was left by no change: its shape is not known");
        }
        rows::keep(nexus, self, answer).await
    }

    /// Lets a request go that was refused: sent again, it is carried out. What was carried out stays so.
    pub async fn let_go(self: &Arc<Self>, nexus: &Nexus) -> Result<()> {
        rows::let_go(nexus, self).await
    }

    /// The answer that the result of the change makes, where the adapter knows.
    pub(crate) fn answer(&self, result: &dyn Any) -> Option<Answer> {
        let body = seal::without_credentials((self.shape.body)(result)?);
        Some(Answer { status: self.shape.status, location: None, body })
    }

    /// The status of the route's good answer.
    pub(super) const fn status(&self) -> u16 {
        self.shape.status
    }

    fn left(&self) -> Left {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The claim that this task works under; asked before the change goes on in a task of its own.
pub(crate) fn current() -> Option<Arc<Claim>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Marks the request as carried out, in the transaction of its change, with its answer. Where somebody
/// else has the claim by now, the change must not be committed.
pub(crate) async fn carried_out(w: &mut Work, claim: &Claim, answer: Option<Answer>) -> Result<()> {
    let sealed = match &answer {
        Some(answer) => seal::seal(&w.nexus.clone(), &mut w.tx, claim, answer).await?,
        None => None,
    };
    if !rows::mark(&mut w.tx, claim, sealed, w.now).await? {
        return Err(still_running().into());
    }
    let left = answer.map_or(Left::Mark, Left::Answer);
    *claim.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
    Ok(())
}
