//! What a service has from its umbrella, and what it overrides.

use crate::world::{Outcome, World, new_secret, new_version};
use nexus_backend::{secrets, services};
use nexus_domain::Code;
use nexus_domain::secret::{SecretCounts, SecretPatch};

both![
    an_inherited_secret_is_shown_with_its_umbrella,
    an_override_wins_and_deleting_it_uncovers_the_umbrellas_value,
    an_inherited_secret_is_changed_on_the_umbrella_only,
    a_secret_that_needs_a_value_overrides_nothing,
    a_change_on_the_umbrella_reaches_every_linked_service_at_once,
    the_history_of_an_inherited_secret_is_the_umbrellas,
    uses_name_the_services_that_inherit,
];

async fn an_inherited_secret_is_shown_with_its_umbrella(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "shared").await;
    let row = &w.list(&api).await.data[0];
    assert_eq!((row.inherited_from.as_deref(), row.overrides.as_deref()), (Some("shared"), None));
    assert_eq!(w.list(&shared).await.data[0].inherited_from, None);
    let value = secrets::reveal(&w.nexus, &w.owner, &api, "A", None).await.fine();
    assert_eq!((value.value.as_deref(), value.inherited_from.as_deref()), (Some("shared"), Some("shared")));
}

async fn an_override_wins_and_deleting_it_uncovers_the_umbrellas_value(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "shared").await;
    let own = w.write(&api, "A", "own").await;
    assert_eq!((own.version, own.overrides.as_deref(), own.inherited_from), (1, Some("shared"), None));
    assert_eq!(w.value(&api, "A").await, "own");
    assert_eq!(w.value(&shared, "A").await, "shared");
    secrets::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
    assert_eq!(w.value(&api, "A").await, "shared");
}

async fn an_inherited_secret_is_changed_on_the_umbrella_only(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "shared").await;
    let (n, o) = (&w.nexus, &w.owner);
    let patch = SecretPatch { key: Some("B".into()), ..SecretPatch::default() };
    for refusal in [
        secrets::add_version(n, o, &api, "A", new_version("x")).await.refused_as(Code::NotFound),
        secrets::patch(n, o, &api, "A", patch).await.refused_as(Code::NotFound),
        secrets::delete(n, o, &api, "A", None).await.refused_as(Code::NotFound),
        secrets::restore(n, o, &api, "A", 1, None).await.refused_as(Code::NotFound),
        secrets::destroy(n, o, &api, "A", 1, None).await.refused_as(Code::NotFound),
    ] {
        assert!(refusal.message.contains("shared"), "it says where: {refusal}");
    }
    assert_eq!(w.value(&shared, "A").await, "shared");
}

async fn a_secret_that_needs_a_value_overrides_nothing(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "shared").await;
    w.without_value(&api, "A").await;
    assert_eq!(w.value(&api, "A").await, "shared");
    let row = &w.list(&api).await.data[0];
    assert_eq!((row.needs_value, row.version, row.overrides.as_deref()), (true, 0, None));
    assert_eq!(w.rewrite(&api, "A", "own").await.version, 1, "its first write is v1");
    assert_eq!(w.value(&api, "A").await, "own");
    w.without_value(&api, "B").await;
    secrets::reveal(&w.nexus, &w.owner, &api, "B", None).await.refused_as(Code::NotFound);
    let again = secrets::create(&w.nexus, &w.owner, &api, new_secret("B", "x")).await;
    again.refused_as(Code::Conflict);
    let counts = secrets::counts(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(counts, SecretCounts { all: 2, own: 2, inherited: 0, overridden: 1, needs_value: 1 });
}

async fn a_change_on_the_umbrella_reaches_every_linked_service_at_once(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let worker = w.service("shop", "live", "worker").await;
    services::link(&w.nexus, &w.owner, &worker, "shared").await.fine();
    w.write(&shared, "A", "1").await;
    let before = services::get(&w.nexus, &w.owner, &worker).await.fine().revision;
    w.rewrite(&shared, "A", "2").await;
    for path in [&api, &worker] {
        assert_eq!(w.value(path, "A").await, "2");
        assert!(services::get(&w.nexus, &w.owner, path).await.fine().revision > before);
    }
}

async fn the_history_of_an_inherited_secret_is_the_umbrellas(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "1").await;
    w.rewrite(&shared, "A", "2").await;
    assert_eq!(secrets::history(&w.nexus, &w.owner, &api, "A").await.fine().len(), 2);
    assert!(!secrets::diff(&w.nexus, &w.owner, &api, "A", 1, 2).await.fine().equal);
}

async fn uses_name_the_services_that_inherit(w: &World) {
    let (_, shared) = w.shop_with_umbrella().await;
    let worker = w.service("shop", "live", "worker").await;
    services::link(&w.nexus, &w.owner, &worker, "shared").await.fine();
    w.write(&shared, "A", "1").await;
    w.write(&worker, "A", "own").await;
    let uses = secrets::uses(&w.nexus, &w.owner, &shared, "A").await.fine();
    assert_eq!((uses.inherited_by, uses.last_read_at), (vec!["api".to_owned()], None));
}
