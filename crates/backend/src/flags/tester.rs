//! Flags for people: what a context would get, and why. Nothing of it counts as an evaluation.

use super::Served;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::{Result, services, tiers};
use nexus_domain::Refusal;
use nexus_domain::action::Action;
use nexus_domain::flag::{Context, Explanation, MAX_EVALUATED_KEYS, Targeting};
use nexus_domain::service::ServicePath;
use serde_json::{Map, Value};

/// What to evaluate, and for whom.
#[derive(Debug, Clone, Default)]
pub struct TestRequest {
    /// All flags of the service where it is empty.
    pub keys: Vec<String>,
    /// As OpenFeature sends it: `targetingKey` among the attributes.
    pub context: Map<String, Value>,
}

/// Evaluates flags of a service for a context and explains each, by key.
pub async fn test(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    request: TestRequest,
) -> Result<Vec<Explanation>> {
    let context = Context::from_flat(request.context)?;
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::FlagRead).await?;
                let active = tiers::ab_testing_active(w, service.project_id).await?;
                let targeting = if active { Targeting::Active } else { Targeting::Ignored };
                let served = Served::load(w, service.id, service.umbrella_id, service.engine).await?;
                let wanted = |key: &str| request.keys.is_empty() || request.keys.iter().any(|k| k == key);
                if let Some(unknown) = request.keys.iter().find(|key| !served.flags.contains_key(*key)) {
                    let shown: String = unknown.chars().filter(|c| !c.is_control()).take(64).collect();
                    return Err(Refusal::invalid("keys", format!("There is no flag {shown} here")).into());
                }
                let flags = served.flags.iter().filter(|(key, _)| wanted(key)).take(MAX_EVALUATED_KEYS);
                Ok(flags.map(|(_, flag)| served.explain(flag, &context, w.now, targeting)).collect())
            })
        })
        .await
}
