//! Services above the cap, and services in environments that the tier lacks.

use super::{assert_quota, attempt, set_tier, shop};
use crate::world::{Outcome, World, new_config, new_secret, new_version, path};
use nexus_backend::keys;
use nexus_backend::services::{self, ListServices};
use nexus_backend::{configs, environments, secrets, snapshot};
use nexus_domain::environment::NewEnvironment;
use nexus_domain::keys::{Access, RotateRequest, Slot};
use nexus_domain::project::Tier;
use nexus_domain::service::{ServicePatch, ServicePath};
use nexus_domain::tier::Quota;

both![
    a_tier_decides_which_environments_are_used,
    an_environment_of_ones_own_takes_a_tier_with_all,
    services_above_the_cap_are_read_only,
    a_service_where_the_tier_does_not_reach_is_read_only,
    an_umbrella_above_the_cap_can_be_emptied_and_deleted,
];

async fn a_tier_decides_which_environments_are_used(w: &World) {
    shop(w, Tier::Free).await;
    let refusal = assert_quota(attempt(w, "live", "a").await, Quota::Environments, 1, Some(Tier::Xs));
    assert_eq!(refusal.message, "Tier free does not have the environment live; tier xs has it");
    assert_quota(attempt(w, "staging", "a").await, Quota::Environments, 1, Some(Tier::S));
    set_tier(w, Tier::Xs).await;
    attempt(w, "live", "a").await.fine();
    assert_quota(attempt(w, "staging", "a").await, Quota::Environments, 2, Some(Tier::S));
    set_tier(w, Tier::S).await;
    attempt(w, "staging", "a").await.fine();
}

async fn an_environment_of_ones_own_takes_a_tier_with_all(w: &World) {
    shop(w, Tier::S).await;
    environments::create(
        &w.nexus,
        &w.owner,
        NewEnvironment { slug: "qa".into(), ..NewEnvironment::default() },
    )
    .await
    .fine();
    assert_quota(attempt(w, "qa", "a").await, Quota::Environments, 3, Some(Tier::M));
    set_tier(w, Tier::M).await;
    attempt(w, "qa", "a").await.fine();
}

/// Every write in the service is refused for this reason; reading goes on.
async fn assert_read_only(w: &World, service: &ServicePath, quota: Quota, limit: i64, tier: Tier) {
    let (n, owner, tier) = (&w.nexus, &w.signed_in_again(&w.owner).await, Some(tier));
    let why = services::get(n, owner, service).await.fine().read_only.expect("a reason");
    let row = secrets::row(n, owner, service, "A").await.fine();
    assert_eq!(row.read_only.as_ref(), Some(&why));
    let refusal =
        assert_quota(secrets::create(n, owner, service, new_secret("X", "v")).await, quota, limit, tier);
    assert_eq!(refusal.message, why);
    assert_quota(secrets::add_version(n, owner, service, "A", new_version("x")).await, quota, limit, tier);
    assert_quota(configs::create(n, owner, service, new_config("X", "1")).await, quota, limit, tier);
    let rename = ServicePatch { name: Some("New name".into()), ..ServicePatch::default() };
    assert_quota(services::update(n, owner, service, rename).await, quota, limit, tier);
    let (_, program) = w.service_key(service, Access::ReadWrite).await;
    assert_quota(snapshot::put(n, &program, "A", new_version("x")).await, quota, limit, tier);
    snapshot::sync(n, &program, None).await.fine();
    assert_eq!(w.value(service, "A").await, "v");
    // A key that leaked can be replaced and revoked.
    keys::rotate(n, owner, service, Slot::Primary, RotateRequest::default()).await.fine();
    keys::revoke(n, owner, service, Slot::Primary).await.fine();
    // And everything can go.
    secrets::delete(n, owner, service, "A", None).await.fine();
    assert_quota(secrets::undelete(n, owner, service, "A").await, quota, limit, tier);
    services::delete(n, owner, service).await.fine();
}

async fn services_above_the_cap_are_read_only(w: &World) {
    let api = shop(w, Tier::Xl).await;
    for slug in ["b", "c", "d"] {
        let service = w.service("shop", "develop", slug).await;
        w.write(&service, "A", "v").await;
    }
    set_tier(w, Tier::Free).await;
    let groups = services::list(&w.nexus, &w.owner, "shop", ListServices::default()).await.fine();
    let marked: Vec<_> = groups
        .iter()
        .flat_map(|group| &group.services)
        .filter_map(|service| service.read_only.as_ref().map(|why| (service.slug.as_str(), why.as_str())))
        .collect();
    let why = "Read-only: tier free allows 3 services, and this one is newer; tier xs allows more";
    assert_eq!(marked, [("d", why)]);
    w.write(&api, "A", "v").await;
    w.rewrite(&path("shop", "develop", "c"), "A", "w").await;
    assert_read_only(w, &path("shop", "develop", "d"), Quota::Services, 3, Tier::Xs).await;
    assert_quota(attempt(w, "develop", "e").await, Quota::Services, 3, Some(Tier::Xs));
}

async fn a_service_where_the_tier_does_not_reach_is_read_only(w: &World) {
    let develop = shop(w, Tier::Xl).await;
    let live = w.service("shop", "live", "api").await;
    w.write(&live, "A", "v").await;
    set_tier(w, Tier::Free).await;
    w.write(&develop, "A", "v").await;
    assert_read_only(w, &live, Quota::Environments, 1, Tier::Xs).await;
}

async fn an_umbrella_above_the_cap_can_be_emptied_and_deleted(w: &World) {
    let api = shop(w, Tier::Xl).await;
    w.service("shop", "develop", "b").await;
    w.service("shop", "develop", "c").await;
    let shared = w.umbrella("shop", "develop", "shared").await;
    services::link(&w.nexus, &w.owner, &api, "shared").await.fine();
    let late = w.service("shop", "develop", "late").await;
    set_tier(w, Tier::Free).await;
    let outcome = services::link(&w.nexus, &w.owner, &late, "shared").await;
    assert_quota(outcome, Quota::Services, 3, Some(Tier::Xs));
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    services::delete(&w.nexus, &w.signed_in_again(&w.owner).await, &shared).await.fine();
}
