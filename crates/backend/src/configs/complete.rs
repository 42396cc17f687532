//! Keys for somebody who types a reference into a value: what there is to name, and what is named and
//! not there. For writers only, and of secrets no more than who lists them sees.

use crate::entries::like_pattern;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::ServiceId;
use nexus_domain::action::Action;
use nexus_domain::completion::{Completion, CompletionSource, Completions, MAX_COMPLETIONS, MAX_LOOKED_UP};
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::template::{Reference, ReferenceKind};
use uuid::Uuid;

/// Keys that begin like what was typed (`config:HO`, `HO`, or a kind), and which of `named` are not
/// there.
pub async fn complete(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    typed: Option<&str>,
    named: Vec<Reference>,
) -> Result<Completions> {
    let (path, typed) = (path.clone(), typed.map(str::to_owned));
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigUpdate).await?;
                let kinds = kinds(w, &service).await;
                let mut answer = Completions::default();
                if let Some(typed) = typed {
                    answer.choices = choices(w, &service, &kinds, &typed).await?;
                }
                for reference in named.into_iter().take(MAX_LOOKED_UP) {
                    if kinds.contains(&reference.kind) && !exists(w, &service, &reference).await? {
                        answer.missing.push(reference);
                    }
                }
                Ok(answer)
            })
        })
        .await
}

/// The kinds of which the writer may know the keys, and that may stand in a value here.
async fn kinds(w: &mut Work, service: &Resolved) -> Vec<ReferenceKind> {
    let mut kinds = vec![ReferenceKind::Config];
    if may(w, service, Action::FlagRead).await {
        kinds.push(ReferenceKind::Flag);
    }
    if service.kind == ServiceKind::Backend && may(w, service, Action::SecretList).await {
        kinds.push(ReferenceKind::Secret);
    }
    kinds
}

async fn may(w: &mut Work, service: &Resolved, action: Action) -> bool {
    services::resolve(w, &service.path, action).await.is_ok()
}

async fn choices(
    w: &mut Work,
    service: &Resolved,
    kinds: &[ReferenceKind],
    typed: &str,
) -> Result<Vec<Completion>> {
    let may_reveal = may(w, service, Action::SecretRefer).await;
    let mut choices = Vec::new();
    for &kind in kinds {
        let Some(prefix) = prefix(kind, typed) else { continue };
        let mut last = String::new();
        for (key, of) in keys(w, service, kind, prefix).await? {
            if key == last {
                continue;
            }
            let own = of == service.id;
            let source = if own { CompletionSource::Own } else { CompletionSource::Inherited };
            let may_refer = kind != ReferenceKind::Secret || may_reveal;
            choices.push(Completion { kind, key: key.clone(), source, may_refer });
            last = key;
        }
    }
    choices.truncate(MAX_COMPLETIONS);
    Ok(choices)
}

/// How the keys of a kind have to begin, if any of them fits what was typed.
fn prefix(kind: ReferenceKind, typed: &str) -> Option<&str> {
    match typed.split_once(':') {
        Some((word, prefix)) => (word == kind.as_str()).then_some(prefix),
        None if kind.as_str().starts_with(typed) => Some(""),
        None => Some(typed),
    }
}

/// Keys in order, the service's own before the umbrella's of the same name. A file is no text, so that
/// nothing may name it.
async fn keys(
    w: &mut Work,
    service: &Resolved,
    kind: ReferenceKind,
    prefix: &str,
) -> Result<Vec<(String, ServiceId)>> {
    // The pattern looks anywhere in a text; here it is to look at the beginning.
    let pattern = match like_pattern(prefix) {
        pattern if pattern.is_empty() => "%".to_owned(),
        pattern => pattern.strip_prefix('%').unwrap_or(&pattern).to_owned(),
    };
    let limit = i64::try_from(MAX_COMPLETIONS * 2).map_err(|_| Error::Impossible("a small number"))?;
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        r"SELECT key, service_id FROM (
             SELECT n.key, n.service_id, 0 AS inherited FROM entries n
             WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = $4 AND n.deleted_at IS NULL
               AND n.type <> 'file' AND LOWER(n.key) LIKE $5 ESCAPE '\'
             UNION ALL
             SELECT n.key, n.service_id, 1 AS inherited FROM entries n
             WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.kind = $4 AND n.deleted_at IS NULL
               AND n.type <> 'file' AND LOWER(n.key) LIKE $5 ESCAPE '\'
         ) AS named ORDER BY key, inherited LIMIT $6"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(service.umbrella_id.unwrap_or(ServiceId(Uuid::nil())))
    .bind(kind.as_str())
    .bind(pattern.as_str())
    .bind(limit)
    .fetch_all(c)
    .await)?)
}

async fn exists(w: &mut Work, service: &Resolved, reference: &Reference) -> Result<bool> {
    let row: Option<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT key FROM entries WHERE tenant_id = $1 AND service_id IN ($2, $3) AND kind = $4 AND key = $5
           AND deleted_at IS NULL LIMIT 1"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(service.umbrella_id.unwrap_or(ServiceId(Uuid::nil())))
    .bind(reference.kind.as_str())
    .bind(reference.key.as_str())
    .fetch_optional(c)
    .await)?;
    Ok(row.is_some())
}
