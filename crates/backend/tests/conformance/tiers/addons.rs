//! Add-ons: who adds them, when what they unlock is active, and what it costs.

use super::{hosted, process_with, set_tier, shop};
use crate::world::{Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::{services, tiers};
use nexus_domain::Code;
use nexus_domain::project::Tier;
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::tier::{Addon, BillingMode, Inclusion, ProjectAddon};

both![
    an_add_on_is_added_once_and_taken_away,
    adding_and_removing_reaches_programs,
    a_tier_decides_whether_it_is_active,
    a_tier_without_it_refuses_it_and_names_the_one_that_has_it,
    only_project_owners_change_add_ons,
    prices_are_shown_where_somebody_is_billed,
    of_many_that_add_it_one_does,
];

async fn state(w: &World, addon: Addon) -> ProjectAddon {
    let usage = tiers::usage(&w.nexus, &w.owner, "shop", None).await.fine();
    usage.addons.into_iter().find(|it| it.addon == addon).expect("every add-on is listed")
}

async fn add(w: &World, actor: &Actor, addon: Addon) -> nexus_backend::Result<ProjectAddon> {
    tiers::add(&w.nexus, actor, "shop", addon).await
}

async fn remove(w: &World, actor: &Actor, addon: Addon) -> nexus_backend::Result<ProjectAddon> {
    tiers::remove(&w.nexus, actor, "shop", addon).await
}

async fn an_add_on_is_added_once_and_taken_away(w: &World) {
    shop(w, Tier::S).await;
    let before = w.events().await.len();
    assert!(!state(w, Addon::AbTesting).await.active);
    let added = add(w, &w.owner, Addon::AbTesting).await.fine();
    assert_eq!((added.added, added.active, added.inclusion), (true, true, Inclusion::Addon));
    assert_eq!(add(w, &w.owner, Addon::AbTesting).await.fine(), added);
    assert!(!state(w, Addon::Security).await.added);
    assert!(!remove(w, &w.owner, Addon::AbTesting).await.fine().active);
    remove(w, &w.owner, Addon::AbTesting).await.refused_as(Code::NotFound);
    assert_eq!(w.events_after(before).await, ["project.addon_added", "project.addon_removed"]);
}

async fn adding_and_removing_reaches_programs(w: &World) {
    let api = shop(w, Tier::S).await;
    let revision = || async { services::get(&w.nexus, &w.owner, &api).await.fine().revision };
    let first = revision().await;
    add(w, &w.owner, Addon::AbTesting).await.fine();
    let second = revision().await;
    remove(w, &w.owner, Addon::AbTesting).await.fine();
    assert!(first < second && second < revision().await);
}

async fn a_tier_decides_whether_it_is_active(w: &World) {
    shop(w, Tier::L).await;
    let now = state(w, Addon::AbTesting).await;
    assert_eq!((now.added, now.active, now.inclusion), (false, true, Inclusion::Included));
    // Kept for a lower tier.
    add(w, &w.owner, Addon::AbTesting).await.fine();
    for (tier, active) in [(Tier::M, true), (Tier::Xs, false), (Tier::S, true)] {
        set_tier(w, tier).await;
        let now = state(w, Addon::AbTesting).await;
        assert_eq!((now.added, now.active), (true, active), "{tier}");
    }
    remove(w, &w.owner, Addon::AbTesting).await.fine();
    assert!(!state(w, Addon::AbTesting).await.active);
}

async fn a_tier_without_it_refuses_it_and_names_the_one_that_has_it(w: &World) {
    shop(w, Tier::Free).await;
    let refusal = add(w, &w.owner, Addon::AbTesting).await.refused_as(Code::Conflict);
    assert_eq!(refusal.field("addon"), Some("Tier free does not have A/B testing; tier s does"));
    assert!(add(w, &w.owner, Addon::Security).await.fine().active);
}

async fn only_project_owners_change_add_ons(w: &World) {
    shop(w, Tier::S).await;
    for role in [ProjectRole::Manager, ProjectRole::Developer, ProjectRole::Tester, ProjectRole::Viewer] {
        let actor = w.member("shop", role).await;
        add(w, &actor, Addon::Security).await.refused_as(Code::Forbidden);
        remove(w, &actor, Addon::Security).await.refused_as(Code::Forbidden);
    }
    let strangers = [
        w.person("max@acme.test", TenantRole::Member).await,
        w.person("fay@acme.test", TenantRole::Finance).await,
        w.rival().await.owner,
    ];
    for stranger in strangers {
        add(w, &stranger, Addon::Security).await.refused_as(Code::NotFound);
    }
    let (_, reader) = w.environment_key("live", &[Scope::ReadProjects, Scope::ReadUsage]).await;
    add(w, &reader, Addon::Security).await.refused_as(Code::Forbidden);
    let lead = w.member("shop", ProjectRole::Owner).await;
    add(w, &lead, Addon::Security).await.fine();
    // It would change what services in other environments live by.
    let (_, writer) = w.environment_key("live", &[Scope::WriteProjects]).await;
    remove(w, &writer, Addon::Security).await.refused_as(Code::Forbidden);
    let (_, admin) = w.environment_key("live", &[Scope::AdminAll]).await;
    remove(w, &admin, Addon::Security).await.fine();
}

async fn prices_are_shown_where_somebody_is_billed(w: &World) {
    shop(w, Tier::S).await;
    let here = tiers::list(&w.nexus, &w.owner).await.fine();
    assert_eq!(here.billing_mode, BillingMode::SelfHosted);
    assert!(here.data.iter().all(|tier| tier.price_usd == 0));
    assert_eq!(state(w, Addon::AbTesting).await.price_usd, 0);
    let process = process_with(w, hosted()).await;
    let there = tiers::list(&process, &w.owner).await.fine();
    assert_eq!(there.data.iter().map(|tier| tier.price_usd).collect::<Vec<_>>(), [0, 9, 29, 99, 299, 999]);
    let usage = tiers::usage(&process, &w.owner, "shop", None).await.fine();
    assert_eq!(usage.addons.iter().map(|addon| addon.price_usd).collect::<Vec<_>>(), [5, 10]);
    process.db.close().await;
}

async fn of_many_that_add_it_one_does(w: &World) {
    shop(w, Tier::S).await;
    let before = w.events().await.len();
    let outcomes = futures::future::join_all((0..10).map(|_| add(w, &w.owner, Addon::Security))).await;
    assert!(outcomes.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(w.events_after(before).await, ["project.addon_added"]);
}
