//! Flags for programs, with the key of a service: plainly, or evaluated for a context. Rules and
//! descriptions never leave this way with a public key.

use super::cache::{Ready, ready};
use super::served::ServedFlag;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::snapshot::{left_out, matches_etag};
use crate::streams;
use crate::{Error, Result, entries::Kind};
use nexus_domain::action::Action;
use nexus_domain::flag::{
    BulkEvaluation, Context, EvaluateRequest, Evaluated, EventStream, FlagEvaluation, MAX_EVALUATED_KEYS,
    Targeting, evaluate as run,
};
use nexus_domain::snapshot::SnapshotFlag;
use nexus_domain::template::Unresolved;
use nexus_domain::{Code, Refusal, ServiceId};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::task::yield_now;

/// So many flags are evaluated before others get their turn: a flag made to be slow takes 0.2 s.
const TURN: usize = 16;

/// A flag's plain state and a tag that stays as long as nothing changes that may go into it.
pub struct OneFlag {
    pub etag: String,
    pub flag: SnapshotFlag,
}

/// The answer to a bulk evaluation.
pub enum Bulk {
    NotModified { etag: String },
    Fresh { etag: String, body: BulkEvaluation },
}

/// The flags of the service that the key reads.
async fn of_key(nexus: &Nexus, actor: &Actor) -> Result<(ServiceId, Arc<Ready>)> {
    let reader = actor.reader()?;
    reader.expect(reader.flags, Action::FlagRead)?;
    Ok((reader.service, ready(nexus, actor, reader.service).await?))
}

fn count(flag: &ServedFlag) {
    flag.evaluations.fetch_add(1, Ordering::Relaxed);
}

/// One flag by its key, own or inherited: state and schedule, without rules and rollout.
pub async fn flag(nexus: &Nexus, actor: &Actor, key: &str) -> Result<OneFlag> {
    let (_, ready) = of_key(nexus, actor).await?;
    let now = nexus.now();
    let found = ready.served.flags.get(key).ok_or_else(Error::not_found)?;
    count(found);
    let etag = format!("\"f{}\"", ready.served.state(ready.about.revision, now));
    let (enabled, inherited) = (found.compiled.is_enabled(now), found.inherited);
    Ok(OneFlag { etag, flag: SnapshotFlag { key: Some(key.to_owned()), enabled, inherited } })
}

/// Several flags as booleans, with rules and rollout. It takes A/B testing.
pub async fn evaluate(nexus: &Nexus, actor: &Actor, request: EvaluateRequest) -> Result<Evaluated> {
    if request.keys.len() > MAX_EVALUATED_KEYS {
        let rule = format!("At most {MAX_EVALUATED_KEYS} keys; these are {}", request.keys.len());
        return Err(Refusal::invalid("keys", rule).into());
    }
    let context = Context::new(request.user_id, request.attributes)?;
    let (_, ready) = of_key(nexus, actor).await?;
    if request.explain && actor.reader()?.public {
        let message = "An explanation shows rules, which a public key never reads";
        return Err(Refusal::new(Code::PublicKeyRestricted, message).into());
    }
    if ready.targeting == Targeting::Ignored {
        let message = "Evaluating for a user takes the A/B testing add-on, or tier l or xl";
        return Err(Refusal::new(Code::AbAddonNotActive, message).into());
    }
    let now = nexus.now();
    let (mut results, mut errors) = (BTreeMap::new(), Vec::new());
    let mut explanations = request.explain.then(BTreeMap::new);
    for (at, key) in request.keys.into_iter().enumerate() {
        if at % TURN == TURN - 1 {
            yield_now().await;
        }
        let Some(flag) = ready.served.flags.get(&key) else {
            errors.push(left_out(key, Kind::Flag, Unresolved::Missing.as_str()));
            continue;
        };
        count(flag);
        if let Some(explanations) = &mut explanations {
            explanations.insert(key.clone(), ready.served.explain(flag, &context, now, ready.targeting));
        }
        let enabled = run(&flag.compiled, &context, now, ready.targeting).enabled;
        results.insert(key, enabled);
    }
    Ok(Evaluated { results, errors, explanations })
}

/// One flag with its typed value, for OFREP; nothing where there is no such flag.
pub async fn one(
    nexus: &Nexus,
    actor: &Actor,
    key: &str,
    context: &Context,
) -> Result<Option<FlagEvaluation>> {
    let (_, ready) = of_key(nexus, actor).await?;
    Ok(ready.served.flags.get(key).map(|flag| {
        count(flag);
        FlagEvaluation::of(key, &run(&flag.compiled, context, nexus.now(), ready.targeting))
    }))
}

/// All flags with their typed values, for OFREP, or the word that the caller has them already.
pub async fn bulk(
    nexus: &Nexus,
    actor: &Actor,
    context: &Context,
    if_none_match: Option<&str>,
) -> Result<Bulk> {
    let (service, ready) = of_key(nexus, actor).await?;
    let now = nexus.now();
    // Which of them the caller goes on to use is not known here.
    ready.whole.note(now);
    let tag = tag(&ready.served.state(ready.about.revision, now), service, context);
    let address = streams::address(nexus, actor)?;
    let hour = now.hour();
    // An answer with an address is known for as long as that address opens streams: in its hour and the next.
    let known = if address.is_some() {
        vec![format!("\"{tag}-{hour}\""), format!("\"{tag}-{}\"", hour - 1)]
    } else {
        vec![format!("\"{tag}\"")]
    };
    if let Some(etag) = if_none_match.and_then(|given| known.iter().find(|tag| matches_etag(given, tag))) {
        return Ok(Bulk::NotModified { etag: etag.clone() });
    }
    let etag = known.into_iter().next().unwrap_or_default();
    let mut flags = Vec::with_capacity(ready.served.flags.len());
    for (at, (key, flag)) in ready.served.flags.iter().enumerate() {
        if at % TURN == TURN - 1 {
            yield_now().await;
        }
        flags.push(FlagEvaluation::of(key, &run(&flag.compiled, context, now, ready.targeting)));
    }
    let event_streams = address.map(EventStream::sse).into_iter().collect();
    Ok(Bulk::Fresh { etag, body: BulkEvaluation { flags, event_streams } })
}

/// The tag of a bulk evaluation, without quotes: what it is made from, and for whom. Same context, same text,
/// because objects are kept in the order of their names.
fn tag(state: &str, service: ServiceId, context: &Context) -> String {
    let key = context.targeting_key().map_or(Value::Null, |key| Value::String(key.to_owned()));
    let whom = Value::Array(vec![key, Value::Object(Map::clone(context.attributes()))]);
    let mut hash = Sha256::new();
    hash.update(service.0.as_bytes());
    hash.update(whom.to_string().as_bytes());
    let digest = hex::encode(hash.finalize());
    format!("f{state}-{}", digest.get(..16).unwrap_or_default())
}
