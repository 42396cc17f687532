//! One config by its key, with a service key: resolved like in a snapshot, opening no secret that it
//! does not reach.

use super::build;
use super::cache::{Unless, matches_etag};
use super::configs::{Given, load};
use crate::flags::Served;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::work::{Target, Work};
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::service::ServiceKind;
use nexus_domain::snapshot::SnapshotConfig;
use nexus_domain::{Code, Refusal, ServiceId};
use serde_json::json;
use std::collections::BTreeSet;

/// A config and a tag that stays as long as nothing changes that may go into it.
pub struct OneConfig {
    pub etag: String,
    pub config: SnapshotConfig,
}

/// Reads one config, own or inherited and resolved. Where that shows secrets, each is in the audit
/// log before the answer.
pub async fn config(nexus: &Nexus, actor: &Actor, key: &str) -> Result<OneConfig> {
    match config_unless(nexus, actor, key, None).await? {
        Unless::Changed(one) => Ok(one),
        Unless::Known { .. } => Err(Error::Impossible("nobody has said what they have")),
    }
}

/// The same for whoever may have it already. Then no secret is opened and none shown.
pub async fn config_unless(
    nexus: &Nexus,
    actor: &Actor,
    key: &str,
    if_none_match: Option<&str>,
) -> Result<Unless<OneConfig>> {
    let reader = actor.reader()?;
    reader.expect(reader.configs, Action::ConfigRead)?;
    let (service, may_reveal) = (reader.service, reader.secrets);
    let (name, known) = (key.to_owned(), if_none_match.map(str::to_owned));
    let found = nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let about = build::service(w, service).await?;
                let served = Served::load(w, service, about.umbrella_id, about.engine()).await?;
                let given = load(w, service, about.umbrella_id, &served.plain(w.now)).await?;
                let etag = format!("\"c{}\"", served.state(about.revision, w.now));
                if !may_reveal && about.kind == ServiceKind::Backend && given.reaches_secrets(&name) {
                    let target = format!("{}/{}/{}", about.project, about.environment, about.slug);
                    return Err(Error::Denied(Denial::in_project(Action::SecretReveal.event(), &target)));
                }
                if given.values.contains_key(&name) && known.is_some_and(|known| matches_etag(&known, &etag))
                {
                    return Ok(Unless::Known { etag });
                }
                let (config, tainted, reached) = pick(w, service, &about, &given, name).await?;
                Ok(Unless::Changed((OneConfig { etag, config }, about, tainted.then_some(reached))))
            })
        })
        .await?;
    let (one, about, shown) = match found {
        Unless::Changed(found) => found,
        Unless::Known { etag } => return Ok(Unless::Known { etag }),
    };
    if let Some(shown) = shown {
        note_secrets(nexus, actor, about, key, shown).await?;
    }
    Ok(Unless::Changed(one))
}

/// A row for each secret that the answer shows. No row, no answer.
async fn note_secrets(
    nexus: &Nexus,
    actor: &Actor,
    about: build::ServiceRow,
    config: &str,
    secrets: BTreeSet<String>,
) -> Result<()> {
    let config = config.to_owned();
    let noted = nexus
        .change(actor, move |w| {
            Box::pin(async move {
                for secret in &secrets {
                    let at = Target {
                        project: Some(&about.project),
                        environment: Some(&about.environment),
                        service: Some(&about.slug),
                        name: Some(secret),
                    };
                    w.record_event("secret.get_by_key", &at, json!({ "config": config })).await?;
                }
                Ok(())
            })
        })
        .await;
    noted.map_err(|error| match error {
        Error::StorageFull | Error::Unavailable => error,
        _ => Error::AuditUnavailable,
    })
}

/// One config, whether it holds secrets, and which.
async fn pick(
    w: &mut Work,
    service: ServiceId,
    about: &build::ServiceRow,
    given: &Given,
    key: String,
) -> Result<(SnapshotConfig, bool, BTreeSet<String>)> {
    let reached: BTreeSet<String> =
        given.scope.secrets_reached([key.as_str()]).into_iter().map(str::to_owned).collect();
    let mut secrets = build::Secrets::default();
    if about.kind == ServiceKind::Backend && !reached.is_empty() {
        secrets = build::open_all(w, service, about.umbrella_id, |key| reached.contains(key)).await?;
    }
    let (mut made, errors) = given.resolve(&secrets);
    match made.remove(&key) {
        Some(made) => {
            let element = SnapshotConfig { key: Some(key), ..made.element };
            Ok((element, made.tainted, reached))
        }
        None => match errors.into_iter().find(|error| error.key == key) {
            None => Err(Error::not_found()),
            Some(error) => {
                let message = format!("{key} cannot be resolved: {}", error.code);
                Err(Refusal::new(Code::NotFound, message).with("reason", error.code).into())
            }
        },
    }
}
