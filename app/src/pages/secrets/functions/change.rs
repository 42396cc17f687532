//! Making, changing, deleting and undeleting secrets. The forms carry a value in and never out.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;

#[server(prefix = "/_fn", endpoint = "create_secret")]
pub async fn create_secret(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    #[server(default)] kind: String,
    #[server(default)] value: String,
    #[server(default)] value_base64: String,
    #[server(default)] description: String,
) -> Result<Done, Refused> {
    use super::filled;
    use nexus_domain::secret::{NewSecret, SecretType};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let new = NewSecret {
        key: key.trim().to_owned(),
        value: filled(value),
        value_base64: filled(value_base64),
        kind: SecretType::parse(&kind),
        description: filled(description),
        ..NewSecret::default()
    };
    let row = nexus_backend::secrets::create(&nexus, &actor, &path, new).await?;
    let to = super::tab(&tenant, &path, &format!("?created={}", row.key));
    Ok(Done::new(crate::pages::entries::with_warning(format!("{} is created", row.key), row.warning)).to(to))
}

#[server(prefix = "/_fn", endpoint = "add_secret_version")]
pub async fn add_secret_version(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    expected_version: i64,
    #[server(default)] kind: String,
    #[server(default)] value: String,
    #[server(default)] value_base64: String,
    #[server(default)] description: String,
) -> Result<Done, Refused> {
    use super::filled;
    use nexus_domain::secret::{NewSecretVersion, SecretType};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let new = NewSecretVersion {
        value: filled(value),
        value_base64: filled(value_base64),
        kind: SecretType::parse(&kind),
        description: filled(description),
        expected_version: Some(expected_version),
    };
    let row = nexus_backend::secrets::add_version(&nexus, &actor, &path, &key, new).await?;
    Ok(Done::new(format!("{key} is at v{} now", row.version)))
}

/// Renames a secret (`secret` is its key until now) and replaces its note and tags.
#[server(prefix = "/_fn", endpoint = "edit_secret")]
pub async fn edit_secret(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    secret: String,
    expected_version: i64,
    key: String,
    #[server(default)] note: String,
    #[server(default)] tags: String,
) -> Result<Done, Refused> {
    use nexus_domain::secret::SecretPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let patch = SecretPatch {
        key: Some(key.trim().to_owned()),
        note: Some(note),
        tags: Some(tags.split(',').map(|tag| tag.trim().to_owned()).collect()),
        expected_version: Some(expected_version),
    };
    let row = nexus_backend::secrets::patch(&nexus, &actor, &path, &secret, patch).await?;
    let notice = if row.key == secret { "Saved".to_owned() } else { format!("{secret} is {} now", row.key) };
    let to = super::tab(&tenant, &path, &format!("?open={}", row.key));
    Ok(Done::new(crate::pages::entries::with_warning(notice, row.warning)).to(to))
}

#[server(prefix = "/_fn", endpoint = "restore_secret_version")]
pub async fn restore_secret_version(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    version: i64,
    expected_version: i64,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let expected = Some(expected_version);
    let row = nexus_backend::secrets::restore(&nexus, &actor, &path, &key, version, expected).await?;
    Ok(Done::new(format!("{key} is at v{} now, with the value of v{version}", row.version)))
}

#[server(prefix = "/_fn", endpoint = "destroy_secret_version")]
pub async fn destroy_secret_version(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    version: i64,
    typed: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    crate::pages::losses::confirmed(&typed, &format!("v{version}"))?;
    let path = ServicePath { project, environment, service };
    nexus_backend::secrets::destroy(&nexus, &actor, &path, &key, version, None).await?;
    Ok(Done::new(format!("v{version} of {key} is destroyed")))
}

#[server(prefix = "/_fn", endpoint = "delete_secret")]
pub async fn delete_secret(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    expected_version: i64,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    nexus_backend::secrets::delete(&nexus, &actor, &path, &key, Some(expected_version)).await?;
    Ok(undoable(&tenant, &path, &key, format!("{key} is deleted")))
}

/// Deletes several; `keys` are separated by spaces. What is gone already counts as deleted by
/// somebody else and is left out of the undo.
#[server(prefix = "/_fn", endpoint = "delete_secrets")]
pub async fn delete_secrets(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    keys: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let keys = keys.split_whitespace().map(str::to_owned).collect();
    let deleted = nexus_backend::secrets::delete_several(&nexus, &actor, &path, keys).await?;
    let amount = i64::try_from(deleted.len()).unwrap_or(i64::MAX);
    let verb = if amount == 1 { "is" } else { "are" };
    let notice = format!("{} {verb} deleted", crate::components::time::count(amount, "secret"));
    Ok(undoable(&tenant, &path, &deleted.join(" "), notice))
}

#[cfg(feature = "ssr")]
fn undoable(tenant: &str, path: &ServicePath, keys: &str, notice: String) -> Done {
    use leptos::server_fn::ServerFn;
    let fields = [
        ("tenant", tenant),
        ("project", &path.project),
        ("environment", &path.environment),
        ("service", &path.service),
        ("keys", keys),
    ];
    Done::new(notice).or_undo(UndeleteSecrets::PATH, &fields)
}

/// Brings deleted secrets back; `keys` are separated by spaces.
#[server(prefix = "/_fn", endpoint = "undelete_secrets")]
pub async fn undelete_secrets(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    keys: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let asked = keys.split_whitespace().map(str::to_owned).collect();
    let back = nexus_backend::secrets::undelete_several(&nexus, &actor, &path, asked).await?;
    let notice = match back.as_slice() {
        [one] => format!("{} is back", one.key),
        several => format!("{} secrets are back", several.len()),
    };
    Ok(Done::new(notice))
}
