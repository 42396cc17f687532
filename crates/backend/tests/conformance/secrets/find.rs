//! Finding secrets across services.

use crate::world::{Outcome, World, path};
use nexus_backend::gate::Actor;
use nexus_backend::{dev_environments, secrets};
use nexus_domain::role::{ProjectRole, TenantRole};

both![
    keys_are_found_by_a_part_wherever_they_are,
    nobody_finds_what_they_may_not_see,
    an_empty_text_finds_nothing,
];

async fn found(w: &World, actor: &Actor, q: &str) -> Vec<String> {
    let found = secrets::find(&w.nexus, actor, q, 10).await.fine();
    found.into_iter().map(|it| format!("{}/{}/{}", it.path.environment, it.path.service, it.key)).collect()
}

async fn keys_are_found_by_a_part_wherever_they_are(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&api, "DATABASE_URL", "a").await;
    w.write(&shared, "old.database", "b").await;
    w.write(&shared, "GONE_DATABASE", "c").await;
    secrets::delete(&w.nexus, &w.owner, &shared, "GONE_DATABASE", None).await.fine();
    assert_eq!(found(w, &w.owner, " dataBASE ").await, ["live/api/DATABASE_URL", "live/shared/old.database"]);
    assert_eq!(found(w, &w.owner, "_").await, ["live/api/DATABASE_URL"], "a sign is itself");
    assert_eq!(secrets::find(&w.nexus, &w.owner, "data", 1).await.fine().len(), 1);
}

async fn nobody_finds_what_they_may_not_see(w: &World) {
    let rival = w.rival().await;
    w.project("shop").await;
    for environment in ["live", "develop"] {
        let api = w.service("shop", environment, "api").await;
        w.write(&api, "TOKEN", "a").await;
    }
    dev_environments::create(&w.nexus, &w.owner, "shop").await.fine();
    let own = w.service("shop", "dev_ana", "mine").await;
    assert_eq!(own, path("shop", "dev_ana", "mine"));
    w.write(&own, "TOKEN", "b").await;
    assert_eq!(found(w, &w.owner, "token").await.len(), 3);
    let manager = w.member("shop", ProjectRole::Manager).await;
    assert_eq!(found(w, &manager, "token").await, ["develop/api/TOKEN", "live/api/TOKEN"]);
    let developer = w.member("shop", ProjectRole::Developer).await;
    assert_eq!(found(w, &developer, "token").await, ["develop/api/TOKEN"]);
    let stranger = w.person("stranger@acme.test", TenantRole::Member).await;
    assert!(found(w, &stranger, "token").await.is_empty());
    assert!(found(w, &rival.owner, "token").await.is_empty());
}

async fn an_empty_text_finds_nothing(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "a").await;
    for nothing in ["", "   ", "\0"] {
        assert!(found(w, &w.owner, nothing).await.is_empty(), "{nothing:?}");
    }
}
