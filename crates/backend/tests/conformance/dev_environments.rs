//! Developer environments: one's own, free inside, closed to everybody else.

use crate::world::{Outcome, World, everything, new_flag, new_secret, new_service, new_value, path};
use nexus_backend::gate::Actor;
use nexus_backend::services::{self, ListServices};
use nexus_backend::{configs, dev_environments, flags, keys, secrets};
use nexus_domain::Code;
use nexus_domain::environment::{DevImport, EnvironmentKind, OnConflict};
use nexus_domain::export::ExportFormat;
use nexus_domain::flag::Toggle;
use nexus_domain::keys::{RotateRequest, Slot};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::secret::SecretPatch;
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::timestamp::MINUTE;
use serde_json::json;

both![
    a_developer_makes_one_and_is_free_in_it,
    there_is_one_per_person_and_project,
    testers_viewers_and_keys_have_none,
    develop_comes_along_whole,
    a_manager_gets_the_values_and_each_is_an_audited_reveal,
    values_come_along_after_a_fresh_sign_in_only,
    configs_come_along_and_lead_to_what_came_along,
    flags_come_along_with_rules_and_rollout,
    losses_count_flags,
    importing_again_skips,
    importing_again_overwrites,
    importing_again_adds_versions,
    importing_again_fills_what_still_needs_a_value,
    a_service_of_another_kind_stops_the_whole_import,
    note_and_tags_stay_behind_for_who_may_not_see_them,
    an_own_link_survives_another_import,
    somebody_elses_is_closed_to_everybody,
    the_list_shows_ones_own_and_owners_see_names,
    it_goes_with_everything_in_it,
];

async fn developer(w: &World) -> Actor {
    w.member("shop", ProjectRole::Developer).await
}

async fn dev_path(w: &World, actor: &Actor, service: &str) -> ServicePath {
    let own = dev_environments::get(&w.nexus, actor, "shop").await.fine().expect("an environment");
    path("shop", &own.environment.slug, service)
}

async fn import(w: &World, actor: &Actor, on_conflict: OnConflict) -> DevImport {
    dev_environments::import(&w.nexus, actor, "shop", on_conflict).await.fine()
}

async fn a_developer_makes_one_and_is_free_in_it(w: &World) {
    w.project("shop").await;
    let dev = developer(w).await;
    assert_eq!(dev_environments::get(&w.nexus, &dev, "shop").await.fine(), None);
    let own = dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    assert_eq!(
        (own.environment.slug.as_str(), own.environment.kind),
        ("dev_developer", EnvironmentKind::Developer)
    );
    let new = new_service("api", "dev_developer", ServiceKind::Backend, false);
    services::create(&w.nexus, &dev, "shop", new).await.fine();
    let api = path("shop", "dev_developer", "api");
    secrets::create(&w.nexus, &dev, &api, new_secret("A", "mine")).await.fine();
    assert_eq!(w.value_for(&dev, &api, "A").await, "mine");
    keys::rotate(&w.nexus, &dev, &api, Slot::Primary, RotateRequest::default()).await.fine();
    secrets::export(&w.nexus, &dev, &api, ExportFormat::Env).await.fine();
    services::delete(&w.nexus, &dev, &api).await.fine();
}

async fn there_is_one_per_person_and_project(w: &World) {
    w.project("shop").await;
    let dev = developer(w).await;
    let first = dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    let before = w.events().await.len();
    assert_eq!(dev_environments::create(&w.nexus, &dev, "shop").await.fine(), first);
    assert_eq!(w.events().await.len(), before);
    w.project("blog").await;
    w.give_role(&dev, "blog", ProjectRole::Developer).await;
    let other = dev_environments::create(&w.nexus, &dev, "blog").await.fine();
    assert_eq!(other.environment.slug, first.environment.slug, "unique within the project only");
    assert_ne!(other.environment.id, first.environment.id);
}

async fn testers_viewers_and_keys_have_none(w: &World) {
    w.project("shop").await;
    for role in [ProjectRole::Tester, ProjectRole::Viewer] {
        let actor = w.member("shop", role).await;
        dev_environments::create(&w.nexus, &actor, "shop").await.refused_as(Code::Forbidden);
    }
    let stranger = w.person("stranger@acme.test", TenantRole::Member).await;
    dev_environments::create(&w.nexus, &stranger, "shop").await.refused_as(Code::NotFound);
    let (_, key) = w.environment_key("live", &[nexus_domain::role::Scope::AdminAll]).await;
    dev_environments::create(&w.nexus, &key, "shop").await.refused_as(Code::Forbidden);
    dev_environments::create(&w.nexus, &w.operator, "shop").await.refused_as(Code::Forbidden);
}

/// In `develop`: `api` linked to `shared`, and a frontend; one secret each in the first two.
async fn develop(w: &World) -> (ServicePath, ServicePath) {
    w.project("shop").await;
    let shared = w.umbrella("shop", "develop", "shared").await;
    let api = w.service("shop", "develop", "api").await;
    w.frontend("shop", "develop", "web").await;
    services::link(&w.nexus, &w.owner, &api, "shared").await.fine();
    w.write(&shared, "SHARED", "from the umbrella").await;
    w.write(&api, "OWN", "from api").await;
    (api, shared)
}

async fn develop_comes_along_whole(w: &World) {
    develop(w).await;
    let dev = developer(w).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    let done = import(w, &dev, OnConflict::Skip).await;
    assert_eq!((done.services_created, done.secrets_created, done.needs_value), (3, 2, 2));
    let own = dev_environments::get(&w.nexus, &dev, "shop").await.fine().expect("still there");
    assert_eq!((own.services, own.imported_at), (3, Some(w.now())));
    let api = dev_path(w, &dev, "api").await;
    let copy = services::get(&w.nexus, &dev, &api).await.fine();
    assert_eq!(copy.linked_umbrella.as_deref(), Some("shared"));
    let rows = secrets::list(&w.nexus, &dev, &api, everything()).await.fine().data;
    assert_eq!(rows.iter().map(|r| (r.key.as_str(), r.needs_value)).collect::<Vec<_>>(), [("OWN", true)]);
    assert!(!w.events().await.contains(&"secret.reveal".to_owned()), "no value was copied");
    secrets::add_version(&w.nexus, &dev, &api, "OWN", crate::world::new_version("mine")).await.fine();
    assert_eq!(w.value_for(&dev, &api, "OWN").await, "mine");
}

async fn a_manager_gets_the_values_and_each_is_an_audited_reveal(w: &World) {
    develop(w).await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    dev_environments::create(&w.nexus, &manager, "shop").await.fine();
    let before = w.events().await.len();
    let done = import(w, &manager, OnConflict::Skip).await;
    assert_eq!((done.secrets_created, done.needs_value), (2, 0));
    assert_eq!(w.events_after(before).await, ["secret.reveal", "secret.reveal", "dev_environment.imported"]);
    let api = dev_path(w, &manager, "api").await;
    assert_eq!(w.value_for(&manager, &api, "OWN").await, "from api");
    assert_eq!(w.value_for(&manager, &api, "SHARED").await, "from the umbrella");
}

async fn values_come_along_after_a_fresh_sign_in_only(w: &World) {
    develop(w).await;
    let (dev, manager) = (developer(w).await, w.member("shop", ProjectRole::Manager).await);
    for actor in [&dev, &manager] {
        dev_environments::create(&w.nexus, actor, "shop").await.fine();
    }
    w.pass(5 * MINUTE + 1);
    import(w, &dev, OnConflict::Skip).await;
    let stale = dev_environments::import(&w.nexus, &manager, "shop", OnConflict::Skip).await;
    stale.refused_as(Code::StepUpRequired);
    let fresh = w.signed_in_again(&manager).await;
    assert_eq!(import(w, &fresh, OnConflict::Skip).await.secrets_created, 2);
}

async fn a_second_import(w: &World, on_conflict: OnConflict) -> (Actor, ServicePath, DevImport) {
    let (api, _) = develop(w).await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    dev_environments::create(&w.nexus, &manager, "shop").await.fine();
    import(w, &manager, OnConflict::Skip).await;
    w.rewrite(&api, "OWN", "newer").await;
    w.write(&api, "ADDED", "new").await;
    let done = import(w, &manager, on_conflict).await;
    let copy = dev_path(w, &manager, "api").await;
    assert_eq!(w.value_for(&manager, &copy, "ADDED").await, "new");
    (manager, copy, done)
}

async fn configs_come_along_and_lead_to_what_came_along(w: &World) {
    let api = w.service_in_develop().await;
    w.write(&api, "S", "develops").await;
    w.set(&api, "HOST", "\"db\"").await;
    w.set(&api, "URL", "\"{{config:HOST}}/{{secret:S}}\"").await;
    let dev = developer(w).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    assert_eq!(import(w, &dev, OnConflict::Skip).await.configs_copied, 2);
    let mine = dev_path(w, &dev, "api").await;
    let url = configs::row(&w.nexus, &dev, &mine, "URL").await.fine();
    assert_eq!(
        (url.references.len(), url.tainted, url.description.as_str()),
        (2, true, "Imported from develop")
    );
    configs::delete(&w.nexus, &dev, &mine, "HOST", None).await.refused_as(Code::InUse);
    configs::update(&w.nexus, &dev, &mine, "HOST", new_value("\"mine\"")).await.fine();
    let again = import(w, &dev, OnConflict::Skip).await;
    assert_eq!((again.configs_copied, again.configs_skipped), (0, 2));
    import(w, &dev, OnConflict::Version).await;
    let host = configs::row(&w.nexus, &dev, &mine, "HOST").await.fine();
    assert_eq!((host.version, host.value.expect("a value").as_str()), (3, "\"db\""));
    import(w, &dev, OnConflict::Overwrite).await;
    assert_eq!(configs::row(&w.nexus, &dev, &mine, "HOST").await.fine().version, 1);
}

async fn flags_come_along_with_rules_and_rollout(w: &World) {
    let api = w.service_in_develop().await;
    let rules =
        json!([{ "id": "team", "when": { "attribute": "plan", "op": "eq", "value": "pro" }, "serve": {} }]);
    let fields = json!({ "state": "on", "rules": rules, "rollout": { "percentage": 25 }, "note": "why" });
    let original = new_flag(w, &api, "beta", fields).await;
    new_flag(w, &api, "dark", json!({ "state": "off" })).await;
    w.set(&api, "MODE", "\"{{flag:beta}}\"").await;
    let dev = developer(w).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    assert_eq!(import(w, &dev, OnConflict::Skip).await.flags_copied, 2);
    let mine = dev_path(w, &dev, "api").await;
    let row = async || flags::row(&w.nexus, &dev, &mine, "beta").await.fine();
    let copy = row().await;
    assert_eq!((&copy.definition, copy.note.as_str()), (&original.definition, "why"));
    assert_eq!((copy.version, copy.description.as_str()), (1, "Imported from develop"));
    let off = Toggle { enabled: Some(false), expected_version: None };
    flags::toggle(&w.nexus, &dev, &mine, "beta", off).await.fine();
    let again = import(w, &dev, OnConflict::Skip).await;
    assert_eq!((again.flags_copied, again.flags_skipped, row().await.enabled), (0, 2, false));
    import(w, &dev, OnConflict::Version).await;
    assert_eq!((row().await.version, row().await.enabled), (3, true));
    import(w, &dev, OnConflict::Overwrite).await;
    assert_eq!(row().await.version, 1);
}

async fn losses_count_flags(w: &World) {
    let api = w.service_in_develop().await;
    new_flag(w, &api, "beta", json!({ "state": "on" })).await;
    w.set(&api, "HOST", "\"db\"").await;
    let losses = services::losses(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!((losses.configs, losses.flags, losses.secrets), (1, 1, 0));
}

async fn importing_again_skips(w: &World) {
    let (manager, copy, done) = a_second_import(w, OnConflict::Skip).await;
    assert_eq!((done.secrets_created, done.secrets_skipped, done.secrets_updated), (1, 2, 0));
    assert_eq!(w.value_for(&manager, &copy, "OWN").await, "from api");
}

async fn importing_again_overwrites(w: &World) {
    let (manager, copy, done) = a_second_import(w, OnConflict::Overwrite).await;
    assert_eq!((done.secrets_created, done.secrets_skipped, done.secrets_updated), (1, 0, 2));
    assert_eq!(w.value_for(&manager, &copy, "OWN").await, "newer");
    assert_eq!(secrets::history(&w.nexus, &manager, &copy, "OWN").await.fine().len(), 1, "it starts anew");
}

async fn importing_again_adds_versions(w: &World) {
    let (manager, copy, done) = a_second_import(w, OnConflict::Version).await;
    assert_eq!((done.secrets_created, done.secrets_skipped, done.secrets_updated), (1, 0, 2));
    assert_eq!(w.value_for(&manager, &copy, "OWN").await, "newer");
    assert_eq!(secrets::history(&w.nexus, &manager, &copy, "OWN").await.fine().len(), 2);
}

async fn importing_again_fills_what_still_needs_a_value(w: &World) {
    develop(w).await;
    let person = developer(w).await;
    dev_environments::create(&w.nexus, &person, "shop").await.fine();
    import(w, &person, OnConflict::Skip).await;
    assert_eq!(import(w, &person, OnConflict::Overwrite).await.needs_value, 2, "still nothing to fill in");
    w.give_role(&person, "shop", ProjectRole::Manager).await;
    let done = import(w, &person, OnConflict::Skip).await;
    assert_eq!((done.secrets_updated, done.needs_value), (2, 0));
    let copy = dev_path(w, &person, "api").await;
    assert_eq!(w.value_for(&person, &copy, "OWN").await, "from api");
}

async fn a_service_of_another_kind_stops_the_whole_import(w: &World) {
    develop(w).await;
    let dev = developer(w).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    let new = new_service("web", "dev_developer", ServiceKind::Backend, false);
    services::create(&w.nexus, &dev, "shop", new).await.fine();
    let refusal = dev_environments::import(&w.nexus, &dev, "shop", OnConflict::Overwrite).await;
    assert!(refusal.refused_as(Code::Conflict).message.contains("web"));
    let own = dev_environments::get(&w.nexus, &dev, "shop").await.fine().expect("there");
    assert_eq!((own.services, own.imported_at), (1, None), "nothing of it was done");
}

async fn note_and_tags_stay_behind_for_who_may_not_see_them(w: &World) {
    let (api, _) = develop(w).await;
    let patch =
        SecretPatch { note: Some("ask Bo".into()), tags: Some(vec!["db".into()]), ..SecretPatch::default() };
    secrets::patch(&w.nexus, &w.owner, &api, "OWN", patch).await.fine();
    for (role, note) in [(ProjectRole::Developer, ""), (ProjectRole::Manager, "ask Bo")] {
        let actor = w.member("shop", role).await;
        dev_environments::create(&w.nexus, &actor, "shop").await.fine();
        import(w, &actor, OnConflict::Skip).await;
        let copy = dev_path(w, &actor, "api").await;
        let row = secrets::row(&w.nexus, &actor, &copy, "OWN").await.fine();
        assert_eq!((row.note.as_str(), row.tags.is_empty()), (note, note.is_empty()), "{role}");
    }
}

async fn an_own_link_survives_another_import(w: &World) {
    develop(w).await;
    let dev = developer(w).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    import(w, &dev, OnConflict::Skip).await;
    let api = dev_path(w, &dev, "api").await;
    services::unlink(&w.nexus, &dev, &api).await.fine();
    import(w, &dev, OnConflict::Skip).await;
    assert_eq!(services::get(&w.nexus, &dev, &api).await.fine().linked_umbrella, None);
    import(w, &dev, OnConflict::Overwrite).await;
    assert!(services::get(&w.nexus, &dev, &api).await.fine().linked_umbrella.is_some());
}

async fn somebody_elses_is_closed_to_everybody(w: &World) {
    w.project("shop").await;
    let dev = developer(w).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    let new = new_service("api", "dev_developer", ServiceKind::Backend, false);
    services::create(&w.nexus, &dev, "shop", new.clone()).await.fine();
    let api = path("shop", "dev_developer", "api");
    secrets::create(&w.nexus, &dev, &api, new_secret("A", "mine")).await.fine();
    let other = w.person("other@acme.test", TenantRole::Member).await;
    w.give_role(&other, "shop", ProjectRole::Developer).await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let (_, key) = w.environment_key("live", &[nexus_domain::role::Scope::AdminAll]).await;
    let actors = [
        (&other, Code::NotFound),
        (&manager, Code::NotFound),
        (&w.owner, Code::Forbidden),
        (&key, Code::Forbidden),
        (&w.operator, Code::Forbidden),
    ];
    for (actor, code) in actors {
        let n = &w.nexus;
        services::get(n, actor, &api).await.refused_as(code);
        services::losses(n, actor, &api).await.refused_as(code);
        services::delete(n, actor, &api).await.refused_as(code);
        services::counterparts(n, actor, &api).await.refused_as(code);
        services::linked(n, actor, &api).await.refused_as(code);
        secrets::list(n, actor, &api, everything()).await.refused_as(code);
        secrets::row(n, actor, &api, "A").await.refused_as(code);
        secrets::counts(n, actor, &api).await.refused_as(code);
        secrets::history(n, actor, &api, "A").await.refused_as(code);
        secrets::uses(n, actor, &api, "A").await.refused_as(code);
        secrets::deleted(n, actor, &api).await.refused_as(code);
        secrets::reveal(n, actor, &api, "A", None).await.refused_as(code);
        secrets::export(n, actor, &api, ExportFormat::Env).await.refused_as(code);
        secrets::create(n, actor, &api, new_secret("B", "b")).await.refused_as(code);
        keys::list(n, actor, &api).await.refused_as(code);
        let there = services::create(n, actor, "shop", new.clone()).await.refused();
        let mut nowhere = new.clone();
        nowhere.environment = Some("dev_nobody".into());
        let nowhere = services::create(n, actor, "shop", nowhere).await.refused();
        assert_eq!(there, nowhere, "making a service there answers like an environment that is not there");
    }
}

async fn the_list_shows_ones_own_and_owners_see_names(w: &World) {
    w.project("shop").await;
    let dev = developer(w).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    let new = new_service("api", "dev_developer", ServiceKind::Backend, false);
    services::create(&w.nexus, &dev, "shop", new).await.fine();
    let shown = async |actor: &Actor| {
        let wanted = ListServices { dev_envs: true, ..ListServices::default() };
        let groups = services::list(&w.nexus, actor, "shop", wanted).await.fine();
        let dev = groups.into_iter().find(|g| g.environment.kind == EnvironmentKind::Developer);
        dev.map(|g| (g.yours, g.closed, g.services.len()))
    };
    assert_eq!(shown(&dev).await, Some((true, false, 1)));
    assert_eq!(shown(&w.owner).await, Some((false, true, 0)));
    let manager = w.member("shop", ProjectRole::Manager).await;
    assert_eq!(shown(&manager).await, None);
    let (_, confined) = w.environment_key("live", &[nexus_domain::role::Scope::ReadServices]).await;
    assert_eq!(shown(&confined).await, None, "a key of one environment sees no other");
    let without = services::list(&w.nexus, &dev, "shop", ListServices::default()).await.fine();
    assert!(without.iter().all(|g| g.environment.kind != EnvironmentKind::Developer));
}

async fn it_goes_with_everything_in_it(w: &World) {
    develop(w).await;
    let dev = developer(w).await;
    dev_environments::delete(&w.nexus, &dev, "shop").await.refused_as(Code::NotFound);
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    import(w, &dev, OnConflict::Skip).await;
    let losses = dev_environments::losses(&w.nexus, &dev, "shop").await.fine();
    assert_eq!((losses.services, losses.secrets), (3, 2));
    assert_eq!(dev_environments::delete(&w.nexus, &dev, "shop").await.fine(), losses);
    assert_eq!(dev_environments::get(&w.nexus, &dev, "shop").await.fine(), None);
    assert_eq!(w.number("SELECT COUNT(*) FROM services").await, 3, "those of develop");
}
