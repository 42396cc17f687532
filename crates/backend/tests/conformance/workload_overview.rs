//! What a person is told before they act on providers and rules, and all sessions ended at once.

use crate::tiers::{set_tier, shop};
use crate::world::{Outcome, World};
use nexus_backend::{tiers, workload};
use nexus_domain::Code;
use nexus_domain::project::Tier;
use nexus_domain::role::ProjectRole;
use nexus_domain::service::ServicePath;
use nexus_domain::tier::Addon;
use nexus_domain::workload::{
    ClaimValue, IdentityProvider, IdentityProviderKind, NewIdentity, NewIdentityProvider,
};

both![
    the_rules_that_go_with_a_provider_are_named,
    a_project_without_workload_identity_says_so_before,
    ending_none_leaves_no_row_and_only_keepers_of_keys_may,
];

async fn provider(w: &World) -> IdentityProvider {
    let new = NewIdentityProvider::usual("GitHub", IdentityProviderKind::Github);
    workload::add_provider(&w.nexus, &w.owner, new).await.fine()
}

async fn rule(w: &World, path: &ServicePath, name: &str, provider: &IdentityProvider) {
    let pinned =
        ["repository_id", "repository_owner_id"].map(|claim| (claim.to_owned(), ClaimValue::from("7")));
    let new = NewIdentity {
        name: name.into(),
        provider: provider.id,
        claims: pinned.into(),
        access: None,
        max_lifetime: None,
    };
    workload::add_rule(&w.nexus, &w.owner, path, new).await.fine();
}

async fn the_rules_that_go_with_a_provider_are_named(w: &World) {
    let api = shop(w, Tier::L).await;
    let github = provider(w).await;
    assert!(workload::uses(&w.nexus, &w.owner, github.id).await.fine().is_empty());
    rule(w, &api, "release", &github).await;
    rule(w, &api, "deploy", &github).await;
    let named = workload::uses(&w.nexus, &w.owner, github.id).await.fine();
    assert_eq!(named, [("deploy".to_owned(), api.clone()), ("release".to_owned(), api.clone())]);
    let manager = w.member("shop", ProjectRole::Manager).await;
    workload::uses(&w.nexus, &manager, github.id).await.refused_as(Code::Forbidden);
    workload::remove_provider(&w.nexus, &w.owner, github.id).await.fine();
    workload::uses(&w.nexus, &w.owner, github.id).await.refused_as(Code::NotFound);
    assert!(workload::rules(&w.nexus, &w.owner, &api).await.fine().is_empty());
}

async fn a_project_without_workload_identity_says_so_before(w: &World) {
    let api = shop(w, Tier::M).await;
    let unavailable = async || workload::unavailable(&w.nexus, &w.owner, &api).await.fine();
    assert!(unavailable().await.is_some_and(|why| why.contains("Security add-on")));
    tiers::add(&w.nexus, &w.owner, "shop", Addon::Security).await.fine();
    assert_eq!(unavailable().await, None);
    tiers::remove(&w.nexus, &w.owner, "shop", Addon::Security).await.fine();
    set_tier(w, Tier::L).await;
    assert_eq!(unavailable().await, None);
}

async fn ending_none_leaves_no_row_and_only_keepers_of_keys_may(w: &World) {
    let api = shop(w, Tier::L).await;
    let before = w.events().await.len();
    assert_eq!(workload::end_sessions(&w.nexus, &w.owner).await.fine(), 0);
    assert_eq!(workload::end_sessions_of(&w.nexus, &w.owner, &api).await.fine(), 0);
    assert!(w.events_after(before).await.is_empty());
    let manager = w.member("shop", ProjectRole::Manager).await;
    let tester = w.member("shop", ProjectRole::Tester).await;
    assert_eq!(workload::end_sessions_of(&w.nexus, &manager, &api).await.fine(), 0);
    workload::end_sessions(&w.nexus, &manager).await.refused_as(Code::Forbidden);
    workload::end_sessions_of(&w.nexus, &tester, &api).await.refused_as(Code::Forbidden);
}
