//! What a tenant's own provider opened is that tenant and nothing else.

use super::tenants::own_provider;
use super::{Scene, ip, opened_by, refusal};
use crate::world::{Outcome, TENANT, World};
use nexus_backend::people::{self, Opened, Reach};
use nexus_backend::sign_in;
use nexus_domain::Code;
use nexus_domain::role::TenantRole;
use nexus_domain::sign_in::Purpose;
use serde_json::json;

both![
    it_opens_that_tenant_only,
    it_changes_nothing_of_the_account,
    it_confirms_only_sessions_that_it_opened,
    who_is_not_in_the_tenant_is_not_let_in,
    a_provider_of_the_instance_opens_everything,
];

/// Puts the owner of the world's tenant into the rival's too.
async fn in_both(w: &World) {
    let rival = w.rival().await;
    let (tenant, user) = (w.database.id(rival.owner.tenant.0), w.database.id(w.owner_id.0));
    w.execute(&format!(
        "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at) VALUES ({tenant}, {user}, 'member', 'ana', 1)"
    ))
    .await;
}

async fn it_opens_that_tenant_only(w: &World) {
    let scene = Scene::new(w).await;
    let own = own_provider(w, &scene).await;
    in_both(w).await;
    w.execute("UPDATE users SET last_tenant = 'rival'").await;
    let signed_in = scene.sign_in(own.id).await.fine();
    assert_eq!(signed_in.last_tenant.as_deref(), Some(TENANT), "whatever was used last");
    let opened = opened_by(w, w.owner_id, own.id);
    people::person(&scene.nexus, opened, TENANT, None).await.fine();
    let elsewhere = people::person(&scene.nexus, opened, "rival", None).await.refused();
    let missing = people::person(&scene.nexus, opened, "nobodys", None).await.refused();
    assert_eq!(elsewhere, missing);
    let tenants = |opened: Opened| {
        let nexus = scene.nexus.clone();
        async move {
            let me = people::seen_by(&nexus, opened).await.fine().expect("an account");
            me.tenants.into_iter().map(|tenant| tenant.slug).collect::<Vec<_>>()
        }
    };
    assert_eq!(tenants(opened).await, [TENANT]);
    assert_eq!(tenants(Opened::by_password(w.owner_id, w.now())).await, [TENANT, "rival"]);
    w.execute("UPDATE sign_in_providers SET enabled = FALSE").await;
    assert!(tenants(opened).await.is_empty());
}

async fn it_changes_nothing_of_the_account(w: &World) {
    let scene = Scene::new(w).await;
    let own = own_provider(w, &scene).await;
    let opened = opened_by(w, w.owner_id, own.id);
    assert_eq!(people::reach(&scene.nexus, opened).await.fine(), Reach::Only(w.tenant));
    people::refuse_confined(&scene.nexus, opened).await.refused_as(Code::Forbidden);
    scene.begin(scene.id, Purpose::Link, Some(opened), "b").await.refused_as(Code::Forbidden);
    sign_in::disconnect(&scene.nexus, opened, own.id, ip()).await.refused_as(Code::Forbidden);
}

async fn it_confirms_only_sessions_that_it_opened(w: &World) {
    let scene = Scene::new(w).await;
    let own = own_provider(w, &scene).await;
    let by_password = Opened::by_password(w.owner_id, w.now());
    scene.begin(own.id, Purpose::StepUp, Some(by_password), "b").await.refused_as(Code::Forbidden);
    let by_own = opened_by(w, w.owner_id, own.id);
    scene.begin(own.id, Purpose::StepUp, Some(by_own), "b").await.fine();
    let offered = async |opened| -> Vec<_> {
        let means = sign_in::step_up_means(&scene.nexus, opened).await.fine();
        means.providers.into_iter().map(|provider| provider.id).collect()
    };
    assert!(offered(by_password).await.is_empty());
    assert_eq!(offered(by_own).await, [own.id]);
}

async fn who_is_not_in_the_tenant_is_not_let_in(w: &World) {
    let scene = Scene::new(w).await;
    let own = own_provider(w, &scene).await;
    let member = w.person("bob@acme.test", TenantRole::Member).await.user().expect("a person");
    scene.connect(w, own.id, member, "77").await;
    scene.sign_in(own.id).await.fine();
    let user = w.database.id(member.0);
    w.execute(&format!("DELETE FROM memberships WHERE user_id = {user}")).await;
    let removed = refusal(scene.sign_in(own.id).await);
    scene.provider.person(json!({ "sub": "nobody", "email": "nobody@corp.test" }));
    assert_eq!(removed, refusal(scene.sign_in(own.id).await));
}

async fn a_provider_of_the_instance_opens_everything(w: &World) {
    let scene = Scene::new(w).await;
    in_both(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    let opened = opened_by(w, w.owner_id, scene.id);
    assert_eq!(people::reach(&scene.nexus, opened).await.fine(), Reach::Everything);
    for tenant in [TENANT, "rival"] {
        people::person(&scene.nexus, opened, tenant, None).await.fine();
    }
    // In an instance that lacks it by now, it opens nothing.
    assert_eq!(people::reach(&w.nexus, opened).await.fine(), Reach::Nothing);
    people::person(&w.nexus, opened, TENANT, None).await.refused_as(Code::NotFound);
}
