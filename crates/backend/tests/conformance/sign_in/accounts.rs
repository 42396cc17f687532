//! One's own account: connecting, signing in, confirming, and not losing the last way in.

use super::{Scene, events, ip, opened_by, refusal, somebody};
use crate::world::{Outcome, World};
use futures::future::join_all;
use nexus_backend::people::{Means, Opened};
use nexus_backend::sign_in::{self, Arrived};
use nexus_domain::Code;
use nexus_domain::role::TenantRole;
use nexus_domain::sign_in::{ProviderKind, Purpose};
use nexus_domain::timestamp::{MINUTE, SECOND};
use serde_json::json;

both![
    what_is_connected_signs_in,
    an_address_alone_opens_nothing,
    what_somebody_else_has_cannot_be_connected,
    connecting_needs_a_fresh_sign_in,
    the_last_way_in_stays,
    of_fifty_returns_with_one_state_one_succeeds,
    another_browser_cannot_come_back_and_uses_nothing_up,
    a_flow_ends_after_ten_minutes,
    somebody_else_by_now_cannot_finish_what_another_began,
    a_step_up_needs_a_fresh_proof_of_the_same_person,
    github_tells_who_somebody_is_by_its_api,
    several_factors_at_the_provider_are_noted,
    nothing_secret_of_a_flow_is_stored_in_the_clear,
];

async fn what_is_connected_signs_in(w: &World) {
    let scene = Scene::new(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    // Whatever address it is now: the subject counts.
    scene.provider.person(somebody(json!({ "email": "other@else.test", "email_verified": false })));
    let signed_in = scene.sign_in(scene.id).await.fine();
    assert_eq!((signed_in.user, signed_in.proof.means), (w.owner_id, Means::Provider(scene.id)));
    assert_eq!((signed_in.signed_in_at, signed_in.last_tenant.as_deref()), (w.now(), Some("acme")));
    let events = events(w).await;
    assert!(events.ends_with(&["user.sign_in_connected".into(), "user.signed_in".into()]), "{events:?}");
    let connections = sign_in::connections(&scene.nexus, w.owner_id).await.fine();
    assert_eq!((connections.len(), connections[0].shown.as_str()), (1, "eve@corp.test"));
    // Once more does nothing.
    scene.connect(w, scene.id, w.owner_id, "42").await;
    assert_eq!(w.number("SELECT COUNT(*) FROM identities").await, 1);
}

async fn an_address_alone_opens_nothing(w: &World) {
    let scene = Scene::new(w).await;
    w.person("eve@corp.test", TenantRole::Member).await;
    let has_account = refusal(scene.sign_in(scene.id).await);
    scene.provider.person(somebody(json!({ "sub": "43", "email": "nobody@corp.test" })));
    let has_none = refusal(scene.sign_in(scene.id).await);
    assert_eq!(has_account.code, Code::Unauthorized);
    assert_eq!(has_account, has_none, "it does not tell whether an account has the address");
    assert_eq!(w.number("SELECT COUNT(*) FROM identities").await, 0);
}

async fn what_somebody_else_has_cannot_be_connected(w: &World) {
    let scene = Scene::new(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    let other = w.person("bob@acme.test", TenantRole::Member).await.user().expect("a person");
    let opened = Some(Opened::by_password(other, w.now()));
    scene.go(scene.id, Purpose::Link, opened).await.refused_as(Code::Conflict);
    assert_eq!(scene.sign_in(scene.id).await.fine().user, w.owner_id);
}

async fn connecting_needs_a_fresh_sign_in(w: &World) {
    let scene = Scene::new(w).await;
    let opened = Opened::by_password(w.owner_id, w.now());
    w.pass(6 * MINUTE);
    scene.begin(scene.id, Purpose::Link, Some(opened), "b").await.refused_as(Code::StepUpRequired);
    scene.begin(scene.id, Purpose::Link, None, "b").await.refused_as(Code::Unauthorized);
}

async fn the_last_way_in_stays(w: &World) {
    let scene = Scene::new(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    let opened = Opened::by_password(w.owner_id, w.now());
    let take = || sign_in::disconnect(&scene.nexus, opened, scene.id, ip());
    take().await.refused_as(Code::Conflict);
    w.execute("UPDATE users SET password_hash = 'a hash'").await;
    take().await.fine();
    take().await.refused_as(Code::NotFound);
    assert!(events(w).await.contains(&"user.sign_in_disconnected".to_owned()));
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
}

async fn of_fifty_returns_with_one_state_one_succeeds(w: &World) {
    let scene = Scene::new(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    let address = scene.begin(scene.id, Purpose::SignIn, None, "b").await.fine();
    let sent = scene.provider.agree(&address);
    let outcomes = join_all((0..50).map(|_| scene.come_back(&sent.state, &sent.code, None, "b"))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(scene.provider.script().asked["/token"], 2, "one for connecting, one for this");
}

async fn another_browser_cannot_come_back_and_uses_nothing_up(w: &World) {
    let scene = Scene::new(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    let address = scene.begin(scene.id, Purpose::SignIn, None, "mine").await.fine();
    let sent = scene.provider.agree(&address);
    scene.come_back(&sent.state, &sent.code, None, "another").await.refused_as(Code::NotFound);
    scene.come_back("a state that nobody made", &sent.code, None, "mine").await.refused_as(Code::NotFound);
    scene.come_back(&sent.state, &sent.code, None, "mine").await.fine();
    scene.come_back(&sent.state, &sent.code, None, "mine").await.refused_as(Code::NotFound);
}

async fn a_flow_ends_after_ten_minutes(w: &World) {
    let scene = Scene::new(w).await;
    let address = scene.begin(scene.id, Purpose::SignIn, None, "b").await.fine();
    let sent = scene.provider.agree(&address);
    w.pass(10 * MINUTE);
    scene.come_back(&sent.state, &sent.code, None, "b").await.refused_as(Code::NotFound);
    nexus_backend::people::sessions::sweep(&scene.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM sign_in_flows").await, 0);
}

async fn somebody_else_by_now_cannot_finish_what_another_began(w: &World) {
    let scene = Scene::new(w).await;
    let began = Some(Opened::by_password(w.owner_id, w.now()));
    let address = scene.begin(scene.id, Purpose::Link, began, "b").await.fine();
    let sent = scene.provider.agree(&address);
    let other = w.person("bob@acme.test", TenantRole::Member).await.user().expect("a person");
    let by_now = Some(Opened::by_password(other, w.now()));
    scene.come_back(&sent.state, &sent.code, by_now, "b").await.refused_as(Code::Conflict);
    assert_eq!(w.number("SELECT COUNT(*) FROM identities").await, 0);
}

async fn a_step_up_needs_a_fresh_proof_of_the_same_person(w: &World) {
    let scene = Scene::new(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    let opened = opened_by(w, w.owner_id, scene.id);
    w.pass(20 * MINUTE);
    let now = w.now().0 / SECOND;
    scene.provider.script().now = now;
    let address = scene.begin(scene.id, Purpose::StepUp, Some(opened), "b").await.fine();
    assert!(address.contains("max_age=0"), "{address}");
    for (claims, right) in [
        (json!({ "auth_time": now }), true),
        (json!({ "auth_time": now - 60 }), true),
        (json!({ "auth_time": now - 61 }), false),
        (json!({ "auth_time": null }), false),
        (json!({ "auth_time": now, "sub": "43" }), false),
    ] {
        scene.provider.person(somebody(claims.clone()));
        let outcome = scene.go(scene.id, Purpose::StepUp, Some(opened)).await;
        if right {
            let arrived = outcome.fine();
            assert!(matches!(arrived, Arrived::SteppedUp { at, .. } if at == w.now()), "{claims}");
        } else {
            outcome.refused_as(Code::Unauthorized);
        }
    }
    let events = events(w).await;
    assert_eq!(events.iter().filter(|event| *event == "user.step_up_failed").count(), 3);
}

async fn github_tells_who_somebody_is_by_its_api(w: &World) {
    let scene = Scene::with(w, ProviderKind::Github).await;
    let emails = json!([
        { "email": "old@corp.test", "primary": false, "verified": true },
        { "email": "Eve@Corp.test", "primary": true, "verified": true },
    ]);
    scene.provider.script().person = json!({ "user": { "id": 7, "login": "eve" }, "emails": emails });
    let opened = Some(Opened::by_password(w.owner_id, w.now()));
    scene.go(scene.id, Purpose::Link, opened).await.fine();
    assert_eq!(w.texts("SELECT subject FROM identities").await, ["7"]);
    // The name can be given to somebody else; the number cannot.
    scene.provider.script().person["user"] = json!({ "id": 8, "login": "eve" });
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    scene.provider.script().person["user"] = json!({ "id": 7, "login": "renamed" });
    assert_eq!(scene.sign_in(scene.id).await.fine().user, w.owner_id);
    // It cannot say when somebody signed in, so it confirms nobody.
    let opened = Some(opened_by(w, w.owner_id, scene.id));
    scene.begin(scene.id, Purpose::StepUp, opened, "b").await.refused_as(Code::Forbidden);
}

async fn several_factors_at_the_provider_are_noted(w: &World) {
    let scene = Scene::new(w).await;
    scene.connect(w, scene.id, w.owner_id, "42").await;
    assert!(!scene.sign_in(scene.id).await.fine().proof.second_factor);
    scene.provider.person(somebody(json!({ "amr": ["pwd", "mfa"] })));
    assert!(scene.sign_in(scene.id).await.fine().proof.second_factor);
}

async fn nothing_secret_of_a_flow_is_stored_in_the_clear(w: &World) {
    let scene = Scene::new(w).await;
    let address = scene.begin(scene.id, Purpose::SignIn, None, "the-browsers-own").await.fine();
    let sent = scene.provider.agree(&address);
    let query: std::collections::HashMap<_, _> =
        url::Url::parse(&address).expect("an address").query_pairs().into_owned().collect();
    for (place, bytes) in w.dump().await {
        for secret in [sent.state.as_str(), query["nonce"].as_str(), "the-browsers-own"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {place}");
        }
    }
}
