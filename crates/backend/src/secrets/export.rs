//! Exporting secrets as a file: an audited reveal of all of them.

use super::{open_service, open_version};
use crate::Result;
use crate::entries::{self, Exported, ExportedValue, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::Resolved;
use crate::work::Work;
use nexus_domain::action::Action;
use nexus_domain::export::{Collision, ExportFormat, collisions};
use nexus_domain::secret::SecretType;
use nexus_domain::service::ServicePath;
use serde_json::json;
use zeroize::Zeroizing;

/// Every text secret of the service, own and inherited. Secrets of type file, and keys without a
/// value, are named in comments where the format has them.
pub async fn export(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    format: ExportFormat,
) -> Result<String> {
    let path = path.clone();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretExport).await?;
                let keys = entries::every_key(w, &service, Kind::Secret).await?;
                let mut exported = Vec::with_capacity(keys.len());
                for key in keys {
                    let value = value(w, &service, &key).await?;
                    exported.push(Exported { key, value });
                }
                let details = json!({ "format": format, "secrets": exported.len() });
                w.record(Action::SecretExport, &service.target(), details).await?;
                Ok(entries::export_text(format, &exported))
            })
        })
        .await
}

async fn value(w: &mut Work, service: &Resolved, key: &str) -> Result<ExportedValue> {
    let found = entries::effective(w, service, Kind::Secret, key).await?;
    let Some((entry, _)) = found.filter(|(entry, _)| entry.active_version > 0) else {
        return Ok(ExportedValue::Absent("needs a value".into()));
    };
    let version = entries::version(w, entry.id, entry.active_version).await?;
    let (kind, bytes) = open_version(w, entry.service_id, entry.id, version).await?;
    Ok(match (kind, std::str::from_utf8(&bytes)) {
        (SecretType::Text, Ok(text)) => ExportedValue::Text(Zeroizing::new(text.to_owned())),
        _ => ExportedValue::Absent(format!("is a file of {} bytes", bytes.len())),
    })
}

/// The keys that meet as environment variables, for whoever may list them.
pub async fn collisions_of(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<Collision>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = open_service(w, &path, Action::SecretHistory).await?;
                let keys = entries::every_key(w, &service, Kind::Secret).await?;
                Ok(collisions(keys.iter().map(String::as_str)))
            })
        })
        .await
}
