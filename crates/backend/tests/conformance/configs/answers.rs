//! Whoever lets a config lead to a secret answers for it, wherever it leads there: through an umbrella, a
//! link, or an override that goes.

use crate::world::{Outcome, World, new_config, new_value};
use nexus_backend::gate::Actor;
use nexus_backend::{audit, configs, services};
use nexus_domain::Code;
use nexus_domain::audit::AuditFilter;
use nexus_domain::entry::EntryPatch;
use nexus_domain::import::{ImportFormat, ImportRequest};
use nexus_domain::role::Scope;

both![
    an_umbrellas_config_leads_to_no_secret_of_an_heir_unanswered,
    what_an_heir_overrides_itself_is_no_matter_of_the_umbrella,
    a_link_leads_to_no_secret_unanswered,
    an_override_that_goes_uncovers_no_secret_unanswered,
];

/// A key that writes configs and services and may reveal nothing.
async fn writer(w: &World) -> Actor {
    let scopes = [Scope::ReadConfigs, Scope::WriteConfigs, Scope::ReadServices, Scope::WriteServices];
    w.environment_key("live", &scopes).await.1
}

/// The services and names of the rows about secrets that configs lead to.
async fn referred(w: &World) -> Vec<String> {
    w.nexus.settled().await;
    let rows = audit::list(&w.nexus, &w.owner, AuditFilter::default(), None, 200).await.fine().data;
    let rows = rows.into_iter().filter(|row| row.event == "secret.referred" && row.outcome == "done");
    let mut names: Vec<String> = rows
        .map(|row| format!("{}/{}", row.service.unwrap_or_default(), row.target.unwrap_or_default()))
        .collect();
    names.sort();
    names
}

async fn an_umbrellas_config_leads_to_no_secret_of_an_heir_unanswered(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&api, "S", "s3cret").await;
    w.set(&shared, "UB", "\"ub\"").await;
    w.set(&api, "UB", "\"{{secret:S}}\"").await;
    assert_eq!(referred(w).await, ["api/S"]);
    let writer = writer(w).await;
    let template = "\"{{config:UB}}\"";
    let create = configs::create(&w.nexus, &writer, &shared, new_config("UT", template)).await;
    create.refused_as(Code::Forbidden);
    for dry_run in [true, false] {
        let request = ImportRequest {
            format: ImportFormat::Json,
            text: format!("{{\"UT\": {template}}}"),
            dry_run,
            description: None,
        };
        configs::import(&w.nexus, &writer, &shared, request).await.refused_as(Code::Forbidden);
    }
    configs::row(&w.nexus, &w.owner, &shared, "UT").await.refused_as(Code::NotFound);
    w.set(&shared, "UT", template).await;
    assert_eq!(referred(w).await, ["api/S", "api/S"]);
    // Whatever leaves it in place answers too: a restored version, and a patch.
    w.reset(&shared, "UT", "\"plain\"").await;
    let restore = configs::restore(&w.nexus, &writer, &shared, "UT", 1, None).await;
    restore.refused_as(Code::Forbidden);
    configs::restore(&w.nexus, &w.owner, &shared, "UT", 1, None).await.fine();
    let note = || EntryPatch { note: Some("n".into()), ..EntryPatch::default() };
    configs::patch(&w.nexus, &writer, &shared, "UT", note()).await.refused_as(Code::Forbidden);
    configs::patch(&w.nexus, &w.owner, &shared, "UT", note()).await.fine();
    assert_eq!(referred(w).await, ["api/S"; 4]);
}

async fn what_an_heir_overrides_itself_is_no_matter_of_the_umbrella(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&api, "S", "s3cret").await;
    w.set(&shared, "HOST", "\"db\"").await;
    w.set(&api, "UT", "\"{{secret:S}}\"").await;
    let writer = writer(w).await;
    configs::create(&w.nexus, &writer, &shared, new_config("UT", "\"{{config:HOST}}\"")).await.fine();
    assert_eq!(referred(w).await, ["api/S"]);
}

async fn a_link_leads_to_no_secret_unanswered(w: &World) {
    let api = w.shop().await;
    let shared = w.umbrella("shop", "live", "shared").await;
    w.write(&api, "S", "s3cret").await;
    w.set(&api, "UB", "\"{{secret:S}}\"").await;
    w.write(&shared, "OWN", "of the umbrella").await;
    w.set(&shared, "PLAIN", "\"{{secret:OWN}}\"").await;
    let writer = writer(w).await;
    // What was answered for on the umbrella is inherited like its secrets.
    services::link(&w.nexus, &writer, &api, "shared").await.fine();
    services::unlink(&w.nexus, &writer, &api).await.fine();
    w.set(&shared, "UB", "\"ub\"").await;
    configs::create(&w.nexus, &writer, &shared, new_config("UT", "\"{{config:UB}}\"")).await.fine();
    services::link(&w.nexus, &writer, &api, "shared").await.refused_as(Code::Forbidden);
    let before = referred(w).await.len();
    services::link(&w.nexus, &w.owner, &api, "shared").await.fine();
    assert_eq!(referred(w).await.len(), before + 1);
    // An override of a secret counts too: the umbrella's config leads to another one now.
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    configs::delete(&w.nexus, &w.owner, &shared, "UT", None).await.fine();
    w.write(&api, "OWN", "of the service").await;
    services::link(&w.nexus, &writer, &api, "shared").await.refused_as(Code::Forbidden);
    services::link(&w.nexus, &w.owner, &api, "shared").await.fine();
    assert!(referred(w).await.contains(&"api/OWN".to_owned()));
}

async fn an_override_that_goes_uncovers_no_secret_unanswered(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "S", "s3cret").await;
    w.set(&shared, "UB", "\"{{secret:S}}\"").await;
    let writer = writer(w).await;
    configs::create(&w.nexus, &writer, &api, new_config("UB", "\"x\"")).await.fine();
    configs::create(&w.nexus, &writer, &api, new_config("MINE", "\"{{config:UB}}\"")).await.fine();
    configs::delete(&w.nexus, &writer, &api, "UB", None).await.refused_as(Code::Forbidden);
    let rename = || EntryPatch { key: Some("AWAY".into()), ..EntryPatch::default() };
    configs::patch(&w.nexus, &writer, &api, "UB", rename()).await.refused_as(Code::Forbidden);
    configs::update(&w.nexus, &writer, &api, "UB", new_value("\"y\"")).await.fine();
    configs::delete(&w.nexus, &w.owner, &api, "UB", None).await.fine();
    assert!(referred(w).await.contains(&"api/S".to_owned()));
}
