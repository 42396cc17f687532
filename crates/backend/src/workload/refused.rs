//! What is written down of programs that did not get in: who says no to strangers says it to the log as well, at
//! most once a provider, reason and minute.

use super::Trusted;
use crate::Result;
use crate::audit::{Refused, record_refused};
use crate::nexus::Nexus;
use crate::work::Target;
use nexus_domain::workload::CheckKind;
use serde_json::json;
use std::net::IpAddr;

/// The name of such a row.
const EVENT: &str = "identity.exchange_refused";

/// Where a program wanted to get in.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub project: String,
    pub environment: String,
    pub service: String,
}

/// Notes it in the background: the answer does not wait for it.
pub(super) fn note(nexus: &Nexus, provider: &Trusted, wanted: &Wanted, reason: CheckKind, ip: IpAddr) {
    if !nexus.provider_keys.is_news(provider.id, reason, nexus.now()) {
        return;
    }
    let (nexus, provider, wanted) = (nexus.clone(), provider.clone(), wanted.clone());
    let handle = nexus.clone();
    handle.in_background(
        "a refused exchange",
        async move { write(&nexus, &provider, &wanted, reason, ip).await },
    );
}

async fn write(
    nexus: &Nexus,
    provider: &Trusted,
    wanted: &Wanted,
    reason: CheckKind,
    ip: IpAddr,
) -> Result<()> {
    let target = Target {
        project: Some(&wanted.project),
        environment: Some(&wanted.environment),
        service: Some(&wanted.service),
        name: Some(&provider.name),
    };
    let details = json!({ "provider": provider.name, "kind": provider.kind, "reason": reason });
    // Nobody is known to have acted; the row says whose word was shown.
    let refused = Refused {
        event: EVENT,
        actor_kind: "workload",
        actor: &provider.name,
        about: &format!("{} {reason}", provider.id),
        target,
        details: details.as_object().cloned().unwrap_or_default(),
        ip: Some(ip.to_string()),
    };
    record_refused(nexus, provider.tenant, refused, nexus.now()).await
}
