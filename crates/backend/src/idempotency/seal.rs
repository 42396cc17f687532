//! Answers, sealed under the tenant's key; and what no answer keeps.

use super::claim::Claim;
use super::{Answer, MAX_ANSWER};
use crate::crypto::{Aad, Sealed};
use crate::nexus::Nexus;
use crate::store::Tx;
use crate::{Error, Result};
use nexus_domain::credential;
use serde_json::Value;

/// Where an answer belongs.
fn place(claim: &Claim) -> Aad {
    Aad::new("nexus/idempotency/v1")
        .id(claim.tenant.0)
        .id(claim.credential)
        .field(&claim.key_mac)
        .field(&claim.request_mac)
}

/// Seals an answer; none is made of one that is too large to be kept.
pub(super) async fn seal(
    nexus: &Nexus,
    tx: &mut Tx,
    claim: &Claim,
    answer: &Answer,
) -> Result<Option<Sealed>> {
    if answer.body.len() > MAX_ANSWER {
        return Ok(None);
    }
    let text = serde_json::to_vec(answer).map_err(|_| Error::Impossible("an answer is JSON"))?;
    nexus.keyring.seal_for(tx, claim.tenant, &place(claim), &text).await.map(Some)
}

pub(super) async fn open(
    nexus: &Nexus,
    claim: &Claim,
    payload: Vec<u8>,
    wrapped_key: Vec<u8>,
) -> Result<Answer> {
    let mut tx = nexus.db.begin_read().await?;
    let sealed = Sealed { payload, wrapped_key };
    let opened = nexus.keyring.open_for(&mut tx, claim.tenant, &place(claim), &sealed).await;
    tx.rollback().await?;
    serde_json::from_slice(&opened?).map_err(|_| Error::Impossible("a kept answer is JSON"))
}

/// The body without fields that are a credential: those are shown once. Where one was left out, the body
/// says that it is a replay; otherwise it stays as it was written.
pub fn without_credentials(body: String) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(&body) else { return body };
    let before = fields.len();
    fields.retain(|name, value| !value.as_str().is_some_and(|text| credential::is_shown_once(name, text)));
    if fields.len() == before {
        return body;
    }
    fields.insert("replayed".into(), true.into());
    Value::Object(fields).to_string()
}
