//! What can be done with a flag besides giving it another definition.

#[cfg(feature = "ssr")]
use super::tab;
use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos::server_fn::ServerFn;
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;

/// The kill switch. Switching on is sent with the version that the person saw; switching off always
/// works, whatever happened meanwhile.
#[server(prefix = "/_fn", endpoint = "toggle_flag")]
pub async fn toggle_flag(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    enabled: bool,
    #[server(default)] expected_version: Option<i64>,
) -> Result<Done, Refused> {
    use nexus_domain::flag::Toggle;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let before = nexus_backend::flags::row(&nexus, &actor, &path, &key).await?;
    let toggle = Toggle { enabled: Some(enabled), expected_version: expected_version.filter(|_| enabled) };
    let row = nexus_backend::flags::toggle(&nexus, &actor, &path, &key, toggle).await?;
    let word = if enabled { "on" } else { "off" };
    if row.version == before.version {
        return Ok(Done::new(format!("{key} was {word} already")));
    }
    // A schedule that ended with this comes back too: the version before is restored.
    let (old, new) = (before.version.to_string(), row.version.to_string());
    let fields = [
        ("tenant", tenant.as_str()),
        ("project", &path.project),
        ("environment", &path.environment),
        ("service", &path.service),
        ("key", &key),
        ("version", &old),
        ("expected_version", &new),
    ];
    Ok(Done::new(format!("{key} is {word} now")).or_undo(RestoreFlagVersion::PATH, &fields))
}

/// Renames a flag (`flag` is its key until now) and replaces its note and tags.
#[server(prefix = "/_fn", endpoint = "edit_flag")]
pub async fn edit_flag(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    flag: String,
    expected_version: i64,
    key: String,
    #[server(default)] note: String,
    #[server(default)] tags: String,
) -> Result<Done, Refused> {
    use nexus_domain::entry::EntryPatch;
    use nexus_domain::flag::FlagPatch;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let entry = EntryPatch {
        key: Some(key.trim().to_owned()),
        note: Some(note),
        tags: Some(crate::pages::entries::typed_tags(&tags)),
        expected_version: Some(expected_version),
    };
    let patch = FlagPatch { entry, ..FlagPatch::default() };
    let row = nexus_backend::flags::patch(&nexus, &actor, &path, &flag, patch).await?;
    let notice = if row.key == flag { "Saved".to_owned() } else { format!("{flag} is {} now", row.key) };
    let notice = crate::pages::entries::with_warning(notice, row.warning);
    Ok(Done::new(notice).to(tab(&tenant, &path, &format!("?open={}", row.key))))
}

#[server(prefix = "/_fn", endpoint = "restore_flag_version")]
pub async fn restore_flag_version(
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
    let row = nexus_backend::flags::restore(&nexus, &actor, &path, &key, version, expected).await?;
    Ok(Done::new(format!("{key} is at v{} now, as it was at v{version}", row.version)))
}

#[server(prefix = "/_fn", endpoint = "destroy_flag_version")]
pub async fn destroy_flag_version(
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
    nexus_backend::flags::destroy(&nexus, &actor, &path, &key, version, None).await?;
    Ok(Done::new(format!("v{version} of {key} is destroyed")))
}

#[server(prefix = "/_fn", endpoint = "delete_flag")]
pub async fn delete_flag(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    expected_version: i64,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    nexus_backend::flags::delete(&nexus, &actor, &path, &key, Some(expected_version)).await?;
    let fields = [
        ("tenant", tenant.as_str()),
        ("project", &path.project),
        ("environment", &path.environment),
        ("service", &path.service),
        ("key", &key),
    ];
    Ok(Done::new(format!("{key} is deleted")).or_undo(UndeleteFlag::PATH, &fields))
}

#[server(prefix = "/_fn", endpoint = "undelete_flag")]
pub async fn undelete_flag(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    nexus_backend::flags::undelete(&nexus, &actor, &path, &key).await?;
    Ok(Done::new(format!("{key} is back")))
}
