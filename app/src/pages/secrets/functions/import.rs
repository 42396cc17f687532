//! Importing a text: what it would change, and changing it, all of it or nothing.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::import::ImportReport;
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;

/// What an import would do. Keys and reasons, never values.
#[server(prefix = "/_fn", endpoint = "preview_import")]
pub async fn preview_import(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    text: String,
) -> Result<ImportReport, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    Ok(nexus_backend::secrets::import(&nexus, &actor, &path, request(text, true, String::new())).await?)
}

#[server(prefix = "/_fn", endpoint = "import_secrets")]
pub async fn import_secrets(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    text: String,
    #[server(default)] description: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let report =
        nexus_backend::secrets::import(&nexus, &actor, &path, request(text, false, description)).await?;
    Ok(Done::new(imported(&report)))
}

#[cfg(feature = "ssr")]
fn request(text: String, dry_run: bool, description: String) -> nexus_domain::import::ImportRequest {
    use nexus_domain::import::{ImportFormat, ImportRequest};
    ImportRequest { format: ImportFormat::Auto, text, dry_run, description: super::filled(description) }
}

/// What an import did, in one sentence.
#[cfg(feature = "ssr")]
fn imported(report: &ImportReport) -> String {
    use crate::components::time::{count, number};
    if report.new + report.changed == 0 {
        return "Nothing to import: every value is as it was".to_owned();
    }
    let mut text = format!("Imported {}", count(report.new, "new secret"));
    if report.changed > 0 {
        text.push_str(&format!(", {} changed", number(report.changed)));
    }
    if report.unchanged > 0 {
        text.push_str(&format!("; {} as they were", number(report.unchanged)));
    }
    text
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_import_says_what_it_did() {
        let report = |new, changed, unchanged| ImportReport {
            dry_run: false,
            items: vec![],
            new,
            changed,
            unchanged,
            invalid: 0,
        };
        assert_eq!(imported(&report(2, 1, 3)), "Imported 2 new secrets, 1 changed; 3 as they were");
        assert_eq!(imported(&report(0, 0, 4)), "Nothing to import: every value is as it was");
    }
}
