//! Telling which environments hold the same value of a secret. It opens every one of them, so it
//! takes the right to reveal them all, is a reveal of each in the audit log, and what it finds is in
//! the answer and nowhere else.

use super::counterparts::{self, Column, Which};
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services;
use crate::work::Work;
use crate::{Error, Result, secrets};
use nexus_domain::action::Action;
use nexus_domain::grid::{EntryKind, EqualGroup, EqualValues, MAX_COMPARED};
use nexus_domain::key::EntryKey;
use nexus_domain::secret::SecretType;
use serde_json::json;
use std::collections::BTreeSet;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Groups the environments by the value that they have under each key.
pub async fn compare(
    nexus: &Nexus,
    actor: &Actor,
    which: Which,
    keys: Vec<String>,
) -> Result<Vec<EqualValues>> {
    let keys = checked(keys)?;
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let found = counterparts::find(w, &which, EntryKind::Secret).await?;
                for column in &found.columns {
                    services::resolve(w, &column.service.path, Action::SecretCompare).await?;
                }
                let mut compared = Vec::with_capacity(keys.len());
                for key in keys {
                    compared.push(compare_one(w, &found.columns, key).await?);
                }
                if compared.iter().all(|values| values.groups.is_empty()) {
                    w.nothing_to_do();
                }
                Ok(compared)
            })
        })
        .await
}

fn checked(keys: Vec<String>) -> Result<BTreeSet<String>> {
    let keys: BTreeSet<String> = keys.into_iter().collect();
    if keys.is_empty() || keys.len() > MAX_COMPARED {
        return Err(Error::invalid("keys", format!("1 to {MAX_COMPARED} keys")));
    }
    for key in &keys {
        EntryKey::parse(key).map_err(|_| Error::invalid("keys", "One of them is no key"))?;
    }
    Ok(keys)
}

/// A value that stands for its group.
struct Group {
    kind: SecretType,
    bytes: Zeroizing<Vec<u8>>,
    environments: Vec<String>,
}

async fn compare_one(w: &mut Work, columns: &[Column], key: String) -> Result<EqualValues> {
    let mut groups: Vec<Group> = Vec::new();
    for column in columns {
        let Some((kind, bytes)) = opened(w, column, &key).await? else { continue };
        let environment = column.shown.environment.clone();
        // Every group is looked at, so that the time does not tell which one it is.
        let mut same = None;
        for (place, group) in groups.iter().enumerate() {
            if bool::from(group.bytes.ct_eq(&bytes)) && group.kind == kind {
                same = Some(place);
            }
        }
        match same.and_then(|place| groups.get_mut(place)) {
            Some(group) => group.environments.push(environment),
            None => groups.push(Group { kind, bytes, environments: vec![environment] }),
        }
    }
    let labelled =
        |(place, group): (usize, Group)| EqualGroup { label: label(place), environments: group.environments };
    Ok(EqualValues { key, groups: groups.into_iter().enumerate().map(labelled).collect() })
}

/// A, B, C, …; numbers where an operator allows more environments than there are letters.
fn label(place: usize) -> String {
    ('A'..='Z').nth(place).map_or_else(|| (place + 1).to_string(), String::from)
}

/// Opens what the service has under the key, own or inherited, and writes that down.
async fn opened(
    w: &mut Work,
    column: &Column,
    key: &str,
) -> Result<Option<(SecretType, Zeroizing<Vec<u8>>)>> {
    let found = entries::effective(w, &column.service, Kind::Secret, key).await?;
    let Some((entry, inherited)) = found.filter(|(entry, _)| entry.active_version > 0) else {
        return Ok(None);
    };
    let version = entries::version(w, entry.id, entry.active_version).await?;
    let value = secrets::open_version(w, entry.service_id, entry.id, version).await?;
    let inherited_from = column.service.umbrella_slug.as_deref().filter(|_| inherited);
    let details = json!({ "how": "environment grid", "version": entry.active_version,
        "inherited_from": inherited_from });
    w.record(Action::SecretCompare, &column.service.target().with_name(key), details).await?;
    Ok(Some(value))
}
