//! Making a flag and giving it another definition: by the fields of a form, or as JSON.

#[cfg(feature = "ssr")]
use super::tab;
use crate::done::Done;
#[cfg(feature = "ssr")]
use crate::pages::flags::draft::Draft;
use crate::pages::flags::draft::{RuleDraft, ServeDraft, VariantDraft};
use crate::refused::Refused;
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;

#[server(prefix = "/_fn", endpoint = "create_flag")]
pub async fn create_flag(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    #[server(default)] state: String,
    #[server(default)] starts_at: String,
    #[server(default)] ends_at: String,
    #[server(default)] description: String,
    #[server(default)] note: String,
) -> Result<Done, Refused> {
    use nexus_domain::flag::NewFlag;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let rollout = ServeDraft { what: ServeDraft::NOTHING.to_owned(), ..ServeDraft::default() };
    let new = NewFlag {
        key: key.trim().to_owned(),
        definition: Draft { state, starts_at, ends_at, rollout, ..Draft::default() }.definition()?,
        description: Some(description),
        note: Some(note),
        ..NewFlag::default()
    };
    let row = nexus_backend::flags::create(&nexus, &actor, &path, new).await?;
    let notice = crate::pages::entries::with_warning(format!("{} is created", row.key), row.warning);
    Ok(Done::new(notice).to(tab(&tenant, &path, &format!("?created={}", row.key))))
}

/// The form of a whole definition. `act` asks for another row instead of saving: a browser without
/// JavaScript gets its form back with that row.
#[server(prefix = "/_fn", endpoint = "save_flag")]
pub async fn save_flag(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    expected_version: i64,
    #[server(default)] act: String,
    #[server(default)] description: String,
    /// The rules and the rollout are not in the form: those that are stored stay.
    #[server(default)]
    keep_targeting: bool,
    #[server(default)] state: String,
    #[server(default)] starts_at: String,
    #[server(default)] ends_at: String,
    #[server(default)] kind: String,
    #[server(default)] variants: Vec<VariantDraft>,
    #[server(default)] on_variant: String,
    #[server(default)] off_variant: String,
    #[server(default)] rules: Vec<RuleDraft>,
    #[server(default)] rollout: ServeDraft,
) -> Result<Done, Refused> {
    use nexus_backend::flags;
    use nexus_domain::flag::NewFlagVersion;
    use nexus_domain::{Code, Refusal};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let stored = flags::row(&nexus, &actor, &path, &key).await?;
    if !act.is_empty() {
        let message = "The form has changed; nothing is saved yet";
        return Err(Refusal::new(Code::InvalidRequest, message).with("act", act).into());
    }
    let draft = Draft { state, starts_at, ends_at, kind, variants, on_variant, off_variant, rules, rollout };
    let mut definition = draft.definition()?;
    if keep_targeting {
        definition.rules = stored.definition.rules;
        definition.rollout = stored.definition.rollout;
    }
    let expected_version = Some(expected_version);
    let new = NewFlagVersion { definition, description: Some(description), expected_version };
    let row = flags::update(&nexus, &actor, &path, &key, new).await?;
    Ok(Done::new(format!("{key} is at v{} now", row.version)))
}

/// A whole definition as JSON.
#[server(prefix = "/_fn", endpoint = "save_flag_json")]
pub async fn save_flag_json(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    expected_version: i64,
    #[server(default)] definition: String,
    #[server(default)] description: String,
) -> Result<Done, Refused> {
    use nexus_domain::flag::{FlagDefinition, NewFlagVersion};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let new = NewFlagVersion {
        definition: FlagDefinition::parse(&definition)?,
        description: Some(description),
        expected_version: Some(expected_version),
    };
    let row = nexus_backend::flags::update(&nexus, &actor, &path, &key, new).await?;
    Ok(Done::new(format!("{key} is at v{} now", row.version)))
}

/// What is wrong with a definition: fields with the rules that they break. Changes nothing.
#[server(prefix = "/_fn", endpoint = "check_flag")]
pub async fn check_flag(
    tenant: String,
    #[server(default)] definition: String,
) -> Result<Vec<(String, String)>, Refused> {
    crate::server::person(&tenant).await?;
    let refusal = match nexus_domain::flag::FlagDefinition::parse(&definition) {
        Ok(_) => return Ok(Vec::new()),
        Err(refusal) => refusal,
    };
    let rule =
        |(field, rule): (String, serde_json::Value)| (field, rule.as_str().unwrap_or_default().to_owned());
    Ok(refusal.details.into_iter().map(rule).collect())
}
