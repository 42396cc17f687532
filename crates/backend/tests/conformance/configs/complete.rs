//! Keys for somebody who types a reference.

use crate::world::{Outcome, World, new_flag};
use nexus_backend::gate::Actor;
use nexus_backend::{configs, secrets};
use nexus_domain::Code;
use nexus_domain::completion::{CompletionSource, MAX_COMPLETIONS};
use nexus_domain::role::{ProjectRole, Scope};
use nexus_domain::secret::NewSecret;
use nexus_domain::service::ServicePath;
use nexus_domain::template::Reference;
use serde_json::json;

both![
    own_and_inherited_keys_of_every_kind_are_offered,
    what_was_typed_narrows_by_kind_and_beginning,
    secrets_are_for_backend_services_and_marked_for_who_may_not_reveal,
    names_that_lead_nowhere_are_told,
    many_keys_are_cut,
];

async fn offered(w: &World, actor: &Actor, path: &ServicePath, typed: &str) -> Vec<String> {
    let answer = configs::complete(&w.nexus, actor, path, Some(typed), Vec::new()).await.fine();
    let shown = |choice: &nexus_domain::completion::Completion| {
        let inherited = if choice.source == CompletionSource::Inherited { " inherited" } else { "" };
        let barred = if choice.may_refer { "" } else { " barred" };
        format!("{}:{}{inherited}{barred}", choice.kind, choice.key)
    };
    answer.choices.iter().map(shown).collect()
}

async fn shop(w: &World) -> (ServicePath, ServicePath) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "PASSWORD", "x").await;
    w.set(&shared, "HOST", "\"db\"").await;
    w.set(&api, "HOST", "\"own\"").await;
    w.set(&api, "PORT", "1").await;
    new_flag(w, &shared, "beta", json!({ "state": "on" })).await;
    (api, shared)
}

async fn own_and_inherited_keys_of_every_kind_are_offered(w: &World) {
    let (api, _) = shop(w).await;
    let all = ["config:HOST", "config:PORT", "flag:beta inherited", "secret:PASSWORD inherited"];
    assert_eq!(offered(w, &w.owner, &api, "").await, all);
    let file = NewSecret { key: "FILE".into(), value_base64: Some("AAE=".into()), ..NewSecret::default() };
    secrets::create(&w.nexus, &w.owner, &api, file).await.fine();
    assert_eq!(offered(w, &w.owner, &api, "").await, all, "a file is no text");
}

async fn what_was_typed_narrows_by_kind_and_beginning(w: &World) {
    let (api, _) = shop(w).await;
    for (typed, found) in [
        ("config:", ["config:HOST", "config:PORT"].as_slice()),
        ("config:ho", &["config:HOST"]),
        ("config:OST", &[]),
        ("config:%", &[]),
        ("sec", &["secret:PASSWORD inherited"]),
        ("p", &["config:PORT", "secret:PASSWORD inherited"]),
        ("env:", &[]),
    ] {
        assert_eq!(offered(w, &w.owner, &api, typed).await, found, "{typed}");
    }
}

async fn secrets_are_for_backend_services_and_marked_for_who_may_not_reveal(w: &World) {
    let (api, _) = shop(w).await;
    let (_, blind) = w.environment_key("live", &[Scope::WriteConfigs]).await;
    assert_eq!(offered(w, &blind, &api, "").await, ["config:HOST", "config:PORT"]);
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    let refused = configs::complete(&w.nexus, &viewer, &api, Some(""), Vec::new()).await;
    refused.refused_as(Code::Forbidden);
    let web = w.frontend("shop", "live", "web").await;
    w.set(&web, "TITLE", "\"x\"").await;
    assert_eq!(offered(w, &w.owner, &web, "").await, ["config:TITLE"]);
}

async fn names_that_lead_nowhere_are_told(w: &World) {
    let (api, _) = shop(w).await;
    let named = ["config:HOST", "config:NO", "secret:PASSWORD", "secret:NO", "flag:beta", "flag:BETA"];
    let named = named.map(|name| Reference::try_from(name.to_owned()).expect("a name")).to_vec();
    let answer = configs::complete(&w.nexus, &w.owner, &api, None, named).await.fine();
    let missing: Vec<String> = answer.missing.iter().map(ToString::to_string).collect();
    assert_eq!(
        (answer.choices.len(), missing),
        (0, ["config:NO", "secret:NO", "flag:BETA"].map(String::from).to_vec())
    );
}

async fn many_keys_are_cut(w: &World) {
    let api = w.shop().await;
    let text = (0..600).map(|n| format!("K{n}=1")).collect::<Vec<_>>().join("\n");
    configs::import(&w.nexus, &w.owner, &api, crate::secrets::env(&text, false)).await.fine();
    assert_eq!(offered(w, &w.owner, &api, "").await.len(), MAX_COMPLETIONS);
    assert_eq!(offered(w, &w.owner, &api, "config:K599").await, ["config:K599"]);
}
