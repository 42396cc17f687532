//! Granting needs holding: what a key may not give.

use super::{make, new_key, opened, publishable};
use crate::world::{Outcome, World};
use nexus_backend::keys::environment;
use nexus_domain::Code;
use nexus_domain::environment_key::{NewEnvironmentKey, RotateEnvironmentKey};
use nexus_domain::role::Scope;
use nexus_domain::timestamp::HOUR;

both![
    a_key_gives_no_scope_that_it_lacks,
    a_key_gives_none_for_another_environment_without_admin,
    a_key_gives_none_that_lives_longer_or_comes_from_elsewhere,
    a_key_learns_no_value_of_a_key_that_holds_more,
    without_the_scope_nothing_is_made_and_it_is_in_the_audit_log,
];

const MAKER: [Scope; 3] = [Scope::ReadKeys, Scope::WriteKeys, Scope::ReadFlags];

async fn a_key_gives_no_scope_that_it_lacks(w: &World) {
    let (_, key) = opened(w, new_key("live", Some(&MAKER))).await;
    let n = &w.nexus;
    environment::create(n, &key, new_key("live", Some(&[Scope::ReadFlags]))).await.fine();
    environment::create(n, &key, NewEnvironmentKey { environment: None, ..new_key("", Some(&[])) })
        .await
        .fine();
    for scopes in [Some(&[Scope::ReadConfigs][..]), Some(&[Scope::AdminAll]), None] {
        environment::create(n, &key, new_key("live", scopes)).await.refused_as(Code::Forbidden);
    }
    // A publishable key reads configs too.
    environment::create(n, &key, publishable("live")).await.refused_as(Code::Forbidden);
    let (_, wide) = opened(w, new_key("live", None)).await;
    environment::create(n, &wide, publishable("live")).await.fine();
    environment::create(n, &wide, new_key("live", None)).await.fine();
    environment::create(n, &wide, new_key("live", Some(&[Scope::AdminAll])))
        .await
        .refused_as(Code::Forbidden);
}

async fn a_key_gives_none_for_another_environment_without_admin(w: &World) {
    let (_, wide) = opened(w, new_key("live", None)).await;
    for other in ["develop", "nowhere"] {
        environment::create(&w.nexus, &wide, new_key(other, None)).await.refused_as(Code::Forbidden);
    }
    let there = make(w, new_key("develop", Some(&[]))).await;
    environment::get(&w.nexus, &wide, there.about.id).await.refused_as(Code::NotFound);
    environment::revoke(&w.nexus, &wide, there.about.id).await.refused_as(Code::NotFound);
    environment::list(&w.nexus, &wide, Some("develop")).await.refused_as(Code::NotFound);
    assert_eq!(environment::list(&w.nexus, &wide, None).await.fine().len(), 1);
    let (_, admin) = opened(w, new_key("live", Some(&[Scope::AdminAll]))).await;
    environment::create(&w.nexus, &admin, new_key("develop", Some(&[Scope::AdminAll]))).await.fine();
    assert_eq!(environment::list(&w.nexus, &admin, None).await.fine().len(), 4);
    environment::revoke(&w.nexus, &admin, there.about.id).await.fine();
}

async fn a_key_gives_none_that_lives_longer_or_comes_from_elsewhere(w: &World) {
    let end = w.now().plus(HOUR);
    let cidrs = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    let bound = NewEnvironmentKey {
        expires_at: Some(end),
        allowed_cidrs: cidrs(&["10.0.0.0/8"]),
        ..new_key("live", None)
    };
    let made = make(w, bound).await;
    let from = "10.1.1.1".parse().ok();
    let found = nexus_backend::credentials::authenticate(&w.nexus, &made.key, from).await;
    let key = found.map(|found| found.actor).fine();
    let new = |expires_at, allowed_cidrs| NewEnvironmentKey {
        expires_at,
        allowed_cidrs,
        ..new_key("live", Some(&[Scope::ReadFlags]))
    };
    let narrow = || cidrs(&["10.2.0.0/16"]);
    environment::create(&w.nexus, &key, new(Some(end), narrow())).await.fine();
    for (expires_at, networks) in [
        (None, narrow()),
        (Some(end.plus(1)), narrow()),
        (Some(end), None),
        (Some(end), cidrs(&["10.2.0.0/16", "11.0.0.0/16"])),
        (Some(end), cidrs(&["0.0.0.0/0"])),
    ] {
        environment::create(&w.nexus, &key, new(expires_at, networks)).await.refused_as(Code::Forbidden);
    }
}

async fn a_key_learns_no_value_of_a_key_that_holds_more(w: &World) {
    let (_, key) = opened(w, new_key("live", Some(&MAKER))).await;
    let wider = make(w, new_key("live", None)).await;
    let narrower = make(w, new_key("live", Some(&[Scope::ReadFlags]))).await;
    let (n, request) = (&w.nexus, RotateEnvironmentKey::default());
    environment::rotate(n, &key, wider.about.id, request.clone()).await.refused_as(Code::Forbidden);
    environment::sign(n, &key, wider.about.id).await.refused_as(Code::Forbidden);
    environment::rotate(n, &key, narrower.about.id, request).await.fine();
    environment::sign(n, &key, narrower.about.id).await.fine();
    let public = make(w, publishable("live")).await;
    environment::sign(n, &w.owner, public.about.id).await.refused_as(Code::Conflict);
    // Ending one gives nothing away.
    environment::revoke(n, &key, wider.about.id).await.fine();
}

async fn without_the_scope_nothing_is_made_and_it_is_in_the_audit_log(w: &World) {
    let (_, reader) = opened(w, new_key("live", Some(&[Scope::ReadKeys]))).await;
    let (made, public) = opened(w, publishable("live")).await;
    let before = w.events().await.len();
    for actor in [&reader, &public] {
        environment::create(&w.nexus, actor, new_key("live", Some(&[]))).await.refused_as(Code::Forbidden);
        environment::revoke(&w.nexus, actor, made.about.id).await.refused_as(Code::Forbidden);
    }
    environment::list(&w.nexus, &public, None).await.refused_as(Code::Forbidden);
    let events = w.events_after(before).await;
    assert!(events.contains(&"key.created denied".to_owned()), "{events:?}");
    assert!(events.iter().all(|event| event.ends_with(" denied")), "{events:?}");
}
