//! What only the console asks about flags: where a key is, and whether rules and rollouts count.

use crate::world::{Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::{flags, projects};
use nexus_domain::flag::NewFlag;
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::service::ServicePath;

both![
    flags_are_found_by_a_part_of_their_key_by_those_who_may_read_them,
    whoever_may_read_flags_is_told_whether_rules_count,
];

async fn flag(w: &World, service: &ServicePath, key: &str) {
    let new = NewFlag { key: key.into(), ..NewFlag::default() };
    flags::create(&w.nexus, &w.owner, service, new).await.fine();
}

async fn found(w: &World, actor: &Actor, q: &str) -> Vec<String> {
    let found = flags::find(&w.nexus, actor, q, 10).await.fine();
    found.into_iter().map(|it| format!("{}/{}/{}", it.path.environment, it.path.service, it.key)).collect()
}

async fn flags_are_found_by_a_part_of_their_key_by_those_who_may_read_them(w: &World) {
    let rival = w.rival().await;
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&api, "checkout-token", "a secret is no flag").await;
    flag(w, &api, "new-checkout").await;
    flag(w, &shared, "CHECKOUT_v2").await;
    flag(w, &api, "checkout-gone").await;
    flags::delete(&w.nexus, &w.owner, &api, "checkout-gone", None).await.fine();
    let both = ["live/shared/CHECKOUT_v2", "live/api/new-checkout"];
    assert_eq!(found(w, &w.owner, "checkOUT").await, both);
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    assert_eq!(found(w, &viewer, "checkout").await, both);
    let stranger = w.person("stranger@acme.test", TenantRole::Member).await;
    assert!(found(w, &stranger, "checkout").await.is_empty());
    assert!(found(w, &rival.owner, "checkout").await.is_empty());
}

async fn whoever_may_read_flags_is_told_whether_rules_count(w: &World) {
    let api = w.shop().await;
    let tier = projects::get(&w.nexus, &w.owner, "shop").await.fine().tier;
    assert_eq!(tier.as_str(), "xl");
    assert!(flags::targeting_active(&w.nexus, &w.owner, &api).await.fine());
    let stranger = w.person("stranger@acme.test", TenantRole::Member).await;
    assert!(flags::targeting_active(&w.nexus, &stranger, &api).await.is_err());
}
