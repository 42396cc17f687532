//! Comparing two versions of a secret. It shows both values, so it is an audited reveal.

use super::{open_service, open_version};
use crate::entries::{self, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::secret::{DiffLine, DiffOp, SecretDiff, SecretType};
use nexus_domain::service::ServicePath;
use serde_json::json;
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// A comparison that takes longer than this is cut short to a coarser one.
const PATIENCE: Duration = Duration::from_millis(200);

/// Compares two versions, line by line where both are text.
pub async fn diff(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    key: &str,
    from: i64,
    to: i64,
) -> Result<SecretDiff> {
    let (path, key) = (path.clone(), key.to_owned());
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretReveal).await?;
                let found = entries::effective(w, &service, Kind::Secret, &key).await?;
                let (entry, _) = found.ok_or_else(Error::not_found)?;
                let mut sides = Vec::with_capacity(2);
                for number in [from, to] {
                    let version = entries::version(w, entry.id, number).await?;
                    sides.push(open_version(w, entry.service_id, entry.id, version).await?);
                }
                let [(from_kind, before), (to_kind, after)] = sides.as_slice() else {
                    return Err(Error::Impossible("two sides of a comparison"));
                };
                let both_text = (*from_kind, *to_kind) == (SecretType::Text, SecretType::Text);
                let lines = match (std::str::from_utf8(before), std::str::from_utf8(after)) {
                    (Ok(before), Ok(after)) if both_text => lines(before, after),
                    _ => Vec::new(),
                };
                let size = |bytes: &[u8]| i64::try_from(bytes.len()).unwrap_or(i64::MAX);
                let diff = SecretDiff {
                    key: key.clone(),
                    from,
                    to,
                    equal: from_kind == to_kind && before.as_slice() == after.as_slice(),
                    from_size: size(before),
                    to_size: size(after),
                    lines,
                };
                let row_details = json!({ "how": "compared", "from": from, "to": to });
                w.record(Action::SecretReveal, &service.target().with_name(&key), row_details).await?;
                Ok(diff)
            })
        })
        .await
}

fn lines(before: &str, after: &str) -> Vec<DiffLine> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    diff.iter_all_changes()
        .map(|change| DiffLine {
            op: match change.tag() {
                ChangeTag::Equal => DiffOp::Same,
                ChangeTag::Insert => DiffOp::Added,
                ChangeTag::Delete => DiffOp::Removed,
            },
            text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
        })
        .collect()
}
