//! The rules about references. They are judged on the state that a change leaves, before it is
//! committed, so that one set of rules holds for every way to write.

use crate::Result;
use crate::entries;
use crate::services::{self, Resolved};
use crate::work::Work;
use nexus_domain::action::Action;
use nexus_domain::scope::{Broken, Judge, Scope};
use nexus_domain::service::ServiceKind;
use nexus_domain::template::{Reference, ReferenceKind};
use nexus_domain::{Code, Refusal};
use serde_json::json;
use std::collections::BTreeSet;

/// Lets what was written stand, or refuses it: every reference leads somewhere, to no circle and not
/// too deep, here and in each service that inherits from here; and the writer answers for secrets.
pub(crate) async fn settle(w: &mut Work, service: &Resolved, keys: &[&str]) -> Result<()> {
    let names = entries::references_of(w, service).await?;
    let keys: Vec<&str> = keys.iter().copied().filter(|key| !names.references(key).is_empty()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let scope = entries::scope(w, service.id, service.umbrella_id).await?;
    {
        let judge = scope.judge();
        for key in &keys {
            check(service, &scope, &judge, key)?;
        }
    }
    check_heirs(w, service, &keys).await?;
    answer_for_secrets(w, service, &scope, &keys).await
}

/// The rules that concern the service itself.
pub(crate) fn check(service: &Resolved, scope: &Scope, judge: &Judge<'_>, key: &str) -> Result<(), Refusal> {
    let names_secret = |it: &&Reference| it.kind == ReferenceKind::Secret;
    if service.kind == ServiceKind::Frontend
        && let Some(secret) = scope.references(key).iter().find(names_secret)
    {
        let message = format!("A frontend service has no secrets, so that {secret} cannot stand here");
        return Err(Refusal::new(Code::ServiceKindMismatch, message.clone()).with("value", message));
    }
    judge.check(key).map_err(|broken| refusal(&broken))
}

fn refusal(broken: &Broken) -> Refusal {
    let path: Vec<String> = broken.path.iter().map(Reference::to_string).collect();
    Refusal::invalid("value", broken.to_string()).with("reason", broken.code.as_str()).with("path", path)
}

/// What an umbrella's config names may be overridden where it is inherited, and lead back there.
async fn check_heirs(w: &mut Work, umbrella: &Resolved, keys: &[&str]) -> Result<()> {
    for (heir, slug) in entries::heirs(w, umbrella).await? {
        let scope = entries::scope(w, heir, Some(umbrella.id)).await?;
        let judge = scope.judge();
        for key in keys {
            if let Err(broken) = judge.check_shape(key) {
                let rule = format!("In {slug}, which inherits it: {broken}");
                return Err(Refusal { message: rule.clone(), ..refusal(&broken) }.with("value", rule).into());
            }
        }
    }
    Ok(())
}

/// Whoever writes a config that leads to secrets, or leaves it in place, has to be allowed to reveal
/// each of them; each is in the audit log.
async fn answer_for_secrets(w: &mut Work, service: &Resolved, scope: &Scope, keys: &[&str]) -> Result<()> {
    let tainted = scope.tainted();
    let configs: Vec<&str> = keys.iter().copied().filter(|key| tainted.contains(key)).collect();
    if configs.is_empty() {
        return Ok(());
    }
    services::resolve(w, &service.path, Action::SecretRefer).await?;
    let reached: BTreeSet<&str> = configs.iter().flat_map(|key| scope.secrets_reached(key)).collect();
    for secret in reached {
        let details = json!({ "configs": configs });
        w.record(Action::SecretRefer, &service.target().with_name(secret), details).await?;
    }
    Ok(())
}

/// For a change that leaves every value as it is.
pub(super) async fn leave_in_place(w: &mut Work, service: &Resolved, key: &str) -> Result<()> {
    let names = entries::references_of(w, service).await?;
    answer_for_secrets(w, service, &names, &[key]).await
}
