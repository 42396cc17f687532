//! Comparing two versions of a secret. It shows both values, so it is an audited reveal.

use super::{open_service, open_version};
use crate::entries::{self, Kind, Side, compare};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::secret::{SecretDiff, SecretType};
use nexus_domain::service::ServicePath;
use serde_json::json;

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
                let side = |version, kind: SecretType, bytes| Side {
                    version,
                    kind: kind.as_str(),
                    bytes,
                    is_text: kind == SecretType::Text,
                };
                let diff = compare(&key, &side(from, *from_kind, before), &side(to, *to_kind, after));
                let row_details = json!({ "how": "compared", "from": from, "to": to });
                w.record(Action::SecretReveal, &service.target().with_name(&key), row_details).await?;
                Ok(diff)
            })
        })
        .await
}
