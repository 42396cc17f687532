//! Developer environments: outside of the project's quotas, with the same caps for themselves.

use super::{assert_quota, fill, set_tier, shop};
use crate::world::{Outcome, World, new_secret, new_service, new_version, path};
use nexus_backend::gate::Actor;
use nexus_backend::{dev_environments, secrets, services};
use nexus_domain::environment::OnConflict;
use nexus_domain::project::Tier;
use nexus_domain::role::ProjectRole;
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::tier::Quota;

both![
    it_counts_for_itself_on_every_tier,
    services_in_it_have_a_cap_too,
    an_import_over_its_cap_copies_nothing,
    replacing_what_is_there_needs_no_room,
    above_its_cap_the_newest_are_read_only,
];

/// A developer of the shop with `api` in an environment of their own.
async fn developer(w: &World) -> (Actor, ServicePath) {
    let dev = w.member("shop", ProjectRole::Developer).await;
    dev_environments::create(&w.nexus, &dev, "shop").await.fine();
    services::create(
        &w.nexus,
        &dev,
        "shop",
        new_service("api", "dev_developer", ServiceKind::Backend, false),
    )
    .await
    .fine();
    (dev, path("shop", "dev_developer", "api"))
}

async fn write(w: &World, actor: &Actor, path: &ServicePath, key: &str) -> nexus_backend::Result<()> {
    secrets::create(&w.nexus, actor, path, new_secret(key, "v")).await.map(|_| ())
}

async fn it_counts_for_itself_on_every_tier(w: &World) {
    let api = shop(w, Tier::Free).await;
    fill(w, &api, 1..=20).await;
    let (dev, own) = developer(w).await;
    for n in 0..20 {
        write(w, &dev, &own, &format!("D{n}")).await.fine();
    }
    assert_quota(write(w, &dev, &own, "X").await, Quota::Secrets, 20, Some(Tier::Xs));
    // And the project does not pay for it.
    secrets::delete(&w.nexus, &w.owner, &api, "S01", None).await.fine();
    write(w, &w.owner, &api, "X").await.fine();
}

async fn services_in_it_have_a_cap_too(w: &World) {
    shop(w, Tier::Free).await;
    let (dev, _) = developer(w).await;
    let make = |slug: &'static str| {
        let new = new_service(slug, "dev_developer", ServiceKind::Backend, false);
        services::create(&w.nexus, &dev, "shop", new)
    };
    make("b").await.fine();
    make("c").await.fine();
    assert_quota(make("d").await, Quota::Services, 3, Some(Tier::Xs));
    w.service("shop", "develop", "b").await;
}

async fn an_import_over_its_cap_copies_nothing(w: &World) {
    let api = shop(w, Tier::Free).await;
    w.set(&api, "PORT", "1").await;
    fill(w, &api, 1..=5).await;
    let (dev, own) = developer(w).await;
    for n in 0..16 {
        write(w, &dev, &own, &format!("D{n}")).await.fine();
    }
    let import = || dev_environments::import(&w.nexus, &dev, "shop", OnConflict::Skip);
    assert_quota(import().await, Quota::Secrets, 20, Some(Tier::Xs));
    let in_own = "SELECT COUNT(*) FROM entries n JOIN services s ON s.id = n.service_id
                  JOIN environments e ON e.id = s.environment_id WHERE e.kind = 'developer'";
    assert_eq!(w.number(in_own).await, 16);
    secrets::delete(&w.nexus, &dev, &own, "D0", None).await.fine();
    assert_eq!(import().await.fine().secrets_created, 5);
}

async fn replacing_what_is_there_needs_no_room(w: &World) {
    let api = shop(w, Tier::Free).await;
    fill(w, &api, 1..=20).await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    dev_environments::create(&w.nexus, &manager, "shop").await.fine();
    let import = |how| dev_environments::import(&w.nexus, &manager, "shop", how);
    assert_eq!(import(OnConflict::Skip).await.fine().secrets_created, 20);
    assert_eq!(import(OnConflict::Overwrite).await.fine().secrets_updated, 20);
    assert_eq!(import(OnConflict::Version).await.fine().secrets_updated, 20);
}

async fn above_its_cap_the_newest_are_read_only(w: &World) {
    shop(w, Tier::Xl).await;
    let (dev, own) = developer(w).await;
    for n in 1..=21 {
        write(w, &dev, &own, &format!("D{n}")).await.fine();
    }
    set_tier(w, Tier::Free).await;
    let update = |key: &'static str| secrets::add_version(&w.nexus, &dev, &own, key, new_version("w"));
    assert_quota(update("D21").await, Quota::Secrets, 20, Some(Tier::Xs));
    update("D20").await.fine();
    assert!(secrets::row(&w.nexus, &dev, &own, "D21").await.fine().read_only.is_some());
}
