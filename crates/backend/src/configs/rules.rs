//! The rules about references. They are judged on the state that a change leaves, before it is
//! committed, so that one set of rules holds for every way to write. An umbrella's config is judged in
//! every service that inherits it too: what it names may be overridden there.

use crate::Result;
use crate::entries::{self, Kind};
use crate::services::{self, Resolved};
use crate::work::{Target, Work};
use nexus_domain::action::Action;
use nexus_domain::scope::{Broken, Judge, Scope, Standing};
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::template::{Reference, ReferenceKind};
use nexus_domain::{Code, Refusal, ServiceId};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A service that inherits from an umbrella, with everything that references are judged by there.
struct Heir {
    path: ServicePath,
    scope: Scope,
    own_configs: HashSet<String>,
    own_secrets: HashSet<String>,
}

impl Heir {
    async fn all(w: &mut Work, umbrella: &Resolved) -> Result<Vec<Self>> {
        let mut heirs = Vec::new();
        for (id, slug) in entries::heirs(w, umbrella).await? {
            heirs.push(Self {
                path: ServicePath { service: slug, ..umbrella.path.clone() },
                scope: entries::scope(w, id, Some(umbrella.id)).await?,
                own_configs: entries::own_keys(w, id, Kind::Config).await?,
                own_secrets: entries::own_keys(w, id, Kind::Secret).await?,
            });
        }
        Ok(heirs)
    }

    /// Those of the keys that lead in a circle or too far here. What the heir overrides is its own matter.
    fn refused<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Vec<(&'k str, Refusal)> {
        let judge = self.scope.judge();
        let inherited = keys.filter(|key| !self.own_configs.contains(*key));
        inherited
            .filter_map(|key| {
                let broken = judge.check_shape(key).err()?;
                let rule = format!("In {}, which inherits it: {broken}", self.path.service);
                let refusal = Refusal { message: rule.clone(), ..refusal(&broken) };
                Some((key, refusal.with("value", rule)))
            })
            .collect()
    }
}

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
    let heirs = Heir::all(w, service).await?;
    for heir in &heirs {
        if let Some((_, refusal)) = heir.refused(keys.iter().copied()).into_iter().next() {
            return Err(refusal.into());
        }
    }
    answer_everywhere(w, service, &scope, &heirs, &keys).await
}

/// What a change is about to write, by key.
#[derive(Default)]
pub(crate) struct Intended {
    pub configs: BTreeMap<String, Vec<Reference>>,
    pub secrets: Vec<(String, Standing)>,
    pub flags: Vec<String>,
}

/// Judges configs as if all of it were written, and says of each that may not be why.
pub(crate) async fn foresee(
    w: &mut Work,
    service: &Resolved,
    intended: Intended,
) -> Result<BTreeMap<String, Refusal>> {
    let mut refused = BTreeMap::new();
    let Intended { configs, secrets, flags } = intended;
    if configs.is_empty() {
        return Ok(refused);
    }
    let mut scope = entries::scope(w, service.id, service.umbrella_id).await?;
    secrets.into_iter().for_each(|(key, standing)| scope.put_secret(key, standing));
    flags.into_iter().for_each(|key| scope.put_flag(key));
    configs.iter().for_each(|(key, names)| scope.put_config(key, names.clone()));
    let judge = scope.judge();
    for key in configs.keys() {
        if let Err(refusal) = check(service, &scope, &judge, key) {
            refused.insert(key.clone(), refusal);
        }
    }
    for mut heir in Heir::all(w, service).await? {
        for (key, names) in configs.iter().filter(|(key, _)| !heir.own_configs.contains(*key)) {
            heir.scope.put_config(key, names.clone());
        }
        let named = configs.iter().filter(|(_, names)| !names.is_empty()).map(|(key, _)| key.as_str());
        for (key, refusal) in heir.refused(named) {
            refused.entry(key.to_owned()).or_insert(refusal);
        }
    }
    Ok(refused)
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

/// Whoever writes a config that leads to secrets, or leaves it in place, has to be allowed to reveal
/// each of them, wherever it leads there; each is in the audit log.
async fn answer_everywhere(
    w: &mut Work,
    service: &Resolved,
    scope: &Scope,
    heirs: &[Heir],
    keys: &[&str],
) -> Result<()> {
    let here = reached(scope, keys);
    answer(w, &service.path, &here).await?;
    for heir in heirs {
        let keys: Vec<&str> = keys.iter().copied().filter(|key| !heir.own_configs.contains(*key)).collect();
        let mut there = reached(&heir.scope, &keys);
        // The umbrella's own secrets are answered for above.
        there.secrets.retain(|key| heir.own_secrets.contains(*key) || !here.secrets.contains(key));
        answer(w, &heir.path, &there).await?;
    }
    Ok(())
}

/// Configs with the secrets that they lead to.
#[derive(Default)]
struct Reached<'a> {
    configs: Vec<&'a str>,
    secrets: BTreeSet<&'a str>,
}

fn reached<'a>(scope: &'a Scope, keys: &[&'a str]) -> Reached<'a> {
    let tainted = scope.tainted();
    let configs: Vec<&str> = keys.iter().copied().filter(|key| tainted.contains(key)).collect();
    let secrets = scope.secrets_reached(configs.iter().copied());
    Reached { configs, secrets }
}

async fn answer(w: &mut Work, path: &ServicePath, reached: &Reached<'_>) -> Result<()> {
    if reached.secrets.is_empty() {
        return Ok(());
    }
    services::resolve(w, path, Action::SecretRefer).await?;
    for secret in &reached.secrets {
        let details = json!({ "configs": reached.configs });
        w.record(Action::SecretRefer, &Target::of_service(path).with_name(secret), details).await?;
    }
    Ok(())
}

/// For a change that leaves every value as it is.
pub(super) async fn leave_in_place(w: &mut Work, service: &Resolved, key: &str) -> Result<()> {
    let names = entries::references_of(w, service).await?;
    let heirs = Heir::all(w, service).await?;
    answer_everywhere(w, service, &names, &heirs, &[key]).await
}

/// For a change after which an umbrella's config stands where the service's own one stood: what that
/// leads to is reached from here now.
pub(crate) async fn answer_for_uncovered(w: &mut Work, service: &Resolved, key: &str) -> Result<()> {
    if service.umbrella_id.is_none() {
        return Ok(());
    }
    let names = entries::references_of(w, service).await?;
    answer(w, &service.path, &reached(&names, &[key])).await
}

/// For a link: where configs of the one lead to what the other has, secrets are reached that nobody has
/// answered for yet.
pub(crate) async fn answer_for_link(
    w: &mut Work,
    path: &ServicePath,
    service: ServiceId,
    umbrella: ServiceId,
) -> Result<()> {
    let scope = entries::scope(w, service, Some(umbrella)).await?;
    let own_configs = entries::own_keys(w, service, Kind::Config).await?;
    let own_secrets = entries::own_keys(w, service, Kind::Secret).await?;
    let is_own = |it: &Reference| match it.kind {
        ReferenceKind::Config => own_configs.contains(&it.key),
        _ => own_secrets.contains(&it.key),
    };
    let tainted = scope.tainted();
    let mut new = Reached::default();
    let mut ways = Vec::new();
    for config in scope.configs().filter(|key| tainted.contains(key)) {
        let crosses = |it: &&Reference| is_own(it) != own_configs.contains(config);
        for reference in scope.references(config).iter().filter(crosses) {
            match reference.kind {
                ReferenceKind::Secret => _ = new.secrets.insert(&reference.key),
                ReferenceKind::Config if tainted.contains(reference.key.as_str()) => {
                    ways.push(&*reference.key)
                }
                ReferenceKind::Config | ReferenceKind::Flag => continue,
            }
            if new.configs.last() != Some(&config) {
                new.configs.push(config);
            }
        }
    }
    new.secrets.extend(scope.secrets_reached(ways));
    new.secrets.retain(|key| scope.has_secret(key));
    answer(w, path, &new).await
}
