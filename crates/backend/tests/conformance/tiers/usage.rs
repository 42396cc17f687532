//! What is used: the numbers, under this tier and another, and who may read them.

use super::{fill, set_tier, shop};
use crate::world::{Outcome, World, new_secret, new_service, path};
use nexus_backend::entries::Kind;
use nexus_backend::{dev_environments, secrets, services, tiers};
use nexus_domain::Code;
use nexus_domain::project::Tier;
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::service::ServiceKind;
use nexus_domain::tier::{EnvironmentUse, ProjectUsage, Quota, QuotaUse};

both![
    usage_counts_what_is_there,
    usage_under_another_tier_says_what_would_be_read_only,
    an_own_developer_environment_stands_apart,
    everybody_in_the_project_and_finance_read_it,
    the_room_is_said_before_a_form_is_filled_in,
];

async fn usage(w: &World, under: Option<Tier>) -> ProjectUsage {
    tiers::usage(&w.nexus, &w.owner, "shop", under).await.fine()
}

fn used(usage: &ProjectUsage, quota: Quota) -> (i64, Option<i64>, i64) {
    let QuotaUse { used, limit, over, .. } = usage.quota(quota).expect("every quota is listed");
    (used, limit, over)
}

async fn usage_counts_what_is_there(w: &World) {
    let api = shop(w, Tier::S).await;
    let empty = usage(w, None).await;
    assert_eq!(used(&empty, Quota::Secrets), (0, Some(500), 0));
    let live = w.service("shop", "live", "api").await;
    fill(w, &api, 1..=3).await;
    fill(w, &live, 1..=2).await;
    secrets::delete(&w.nexus, &w.owner, &live, "S01", None).await.fine();
    w.set(&live, "PORT", "1").await;
    let now = usage(w, None).await;
    assert_eq!(now.tier, Tier::S);
    assert_eq!(used(&now, Quota::Environments), (2, Some(3), 0));
    assert_eq!(used(&now, Quota::Services), (2, Some(25), 0));
    assert_eq!(used(&now, Quota::Secrets), (4, Some(500), 0));
    assert_eq!(used(&now, Quota::Configs), (1, Some(1000), 0));
    assert_eq!(used(&now, Quota::Flags), (0, Some(200), 0));
    assert!(!now.is_over());
    set_tier(w, Tier::Xl).await;
    assert_eq!(used(&usage(w, None).await, Quota::Secrets), (4, None, 0));
}

async fn usage_under_another_tier_says_what_would_be_read_only(w: &World) {
    let api = shop(w, Tier::Xl).await;
    w.service("shop", "live", "api").await;
    fill(w, &api, 1..=22).await;
    let under = usage(w, Some(Tier::Free)).await;
    assert_eq!(under.tier, Tier::Free);
    assert_eq!(used(&under, Quota::Secrets), (22, Some(20), 2));
    assert_eq!(used(&under, Quota::Environments), (2, Some(1), 1));
    let environment = |slug: &str, allowed| EnvironmentUse { environment: slug.into(), services: 1, allowed };
    assert_eq!(under.environments, [environment("develop", true), environment("live", false)]);
    assert!(under.is_over());
    assert_eq!(usage(w, None).await.tier, Tier::Xl, "asking changes nothing");
}

async fn an_own_developer_environment_stands_apart(w: &World) {
    shop(w, Tier::Free).await;
    let dev = w.member("shop", ProjectRole::Developer).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    let new = new_service("api", "dev_developer", ServiceKind::Backend, false);
    services::create(&w.nexus, &dev, "shop", new).await.fine();
    let own = path("shop", "dev_developer", "api");
    secrets::create(&w.nexus, &dev, &own, new_secret("A", "v")).await.fine();
    let seen = tiers::usage(&w.nexus, &dev, "shop", None).await.fine();
    assert_eq!(used(&seen, Quota::Secrets), (0, Some(20), 0));
    assert_eq!(seen.developer_environments.len(), 1);
    let apart = &seen.developer_environments[0];
    assert_eq!(apart.environment, "dev_developer");
    let secrets = apart.quotas.iter().find(|quota| quota.quota == Quota::Secrets).expect("listed");
    assert_eq!((secrets.used, secrets.limit), (1, Some(20)));
    // Whose it is not learns nothing about it.
    let other = usage(w, None).await;
    assert!(other.developer_environments.is_empty());
    assert!(other.environments.iter().all(|it| it.environment == "develop"));
}

async fn everybody_in_the_project_and_finance_read_it(w: &World) {
    shop(w, Tier::S).await;
    let read = |actor| async move { tiers::usage(&w.nexus, &actor, "shop", None).await };
    for role in ProjectRole::ALL {
        read(w.member("shop", *role).await).await.fine();
    }
    let finance = w.person("fay@acme.test", TenantRole::Finance).await;
    read(finance.clone()).await.fine();
    tiers::usage(&w.nexus, &finance, "nothing", None).await.refused_as(Code::NotFound);
    read(w.person("max@acme.test", TenantRole::Member).await).await.refused_as(Code::NotFound);
    read(w.rival().await.owner).await.refused_as(Code::NotFound);
    let (_, key) = w.environment_key("live", &[Scope::ReadUsage]).await;
    let seen = read(key.clone()).await.fine();
    assert!(seen.environments.is_empty(), "a key of one environment learns of no other");
    let (_, blind) = w.environment_key("live", &[Scope::ReadServices]).await;
    read(blind.clone()).await.refused_as(Code::Forbidden);
    // The tiers themselves are no secret.
    for actor in [&finance, &key, &blind] {
        assert_eq!(tiers::list(&w.nexus, actor).await.fine().data.len(), 6);
    }
}

async fn the_room_is_said_before_a_form_is_filled_in(w: &World) {
    let api = shop(w, Tier::Free).await;
    let asked = api.clone();
    let room = |kind| {
        let room = tiers::room_for_entry(&w.nexus, &w.owner, &asked, kind);
        async { room.await.fine().obstacle }
    };
    fill(w, &api, 1..=19).await;
    assert_eq!(room(Kind::Secret).await, None);
    fill(w, &api, 20..=20).await;
    let why = "Tier free allows 20 secrets and they are used up; tier xs allows more";
    assert_eq!(room(Kind::Secret).await.as_deref(), Some(why));
    assert_eq!(room(Kind::Config).await, None);
    let rooms = tiers::rooms_for_service(&w.nexus, &w.owner, "shop").await.fine();
    let said: Vec<_> = rooms
        .iter()
        .map(|room| (room.environment.as_deref().unwrap_or_default(), room.obstacle.is_some()))
        .collect();
    assert_eq!(said, [("live", true), ("develop", false), ("staging", true)]);
}
