//! Exporting configs as a file: the stored text of each, with its references. As plain a read as the
//! list.

use super::open_version;
use crate::Result;
use crate::entries::{self, Exported, ExportedValue, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services::{self, Resolved};
use crate::work::Work;
use nexus_domain::action::Action;
use nexus_domain::config::ConfigType;
use nexus_domain::export::{Collision, ExportFormat, collisions};
use nexus_domain::service::ServicePath;
use zeroize::Zeroizing;

/// Every config of the service, own and inherited.
pub async fn export(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    format: ExportFormat,
) -> Result<String> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigRead).await?;
                let keys = entries::every_key(w, &service, Kind::Config).await?;
                let mut exported = Vec::with_capacity(keys.len());
                for key in keys {
                    let value = value(w, &service, &key).await?;
                    exported.push(Exported { key, value });
                }
                Ok(entries::export_text(format, &exported))
            })
        })
        .await
}

async fn value(w: &mut Work, service: &Resolved, key: &str) -> Result<ExportedValue> {
    let found = entries::effective(w, service, Kind::Config, key).await?;
    let Some((entry, _)) = found.filter(|(entry, _)| entry.active_version > 0) else {
        return Ok(ExportedValue::Absent("needs a value".into()));
    };
    let value = open_version(&entries::version(w, entry.id, entry.active_version).await?)?;
    Ok(match value.kind {
        ConfigType::String => ExportedValue::Text(Zeroizing::new(value.text().to_owned())),
        _ => ExportedValue::Json(value.json()),
    })
}

/// The keys that meet as environment variables.
pub async fn collisions_of(nexus: &Nexus, actor: &Actor, path: &ServicePath) -> Result<Vec<Collision>> {
    let path = path.clone();
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, Action::ConfigRead).await?;
                let keys = entries::every_key(w, &service, Kind::Config).await?;
                Ok(collisions(keys.iter().map(String::as_str)))
            })
        })
        .await
}
