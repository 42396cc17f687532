//! Making, listing, rotating and revoking.

use super::{make, new_key, opened, publishable};
use crate::world::{Outcome, World};
use nexus_backend::environments;
use nexus_backend::keys::environment;
use nexus_domain::environment::NewEnvironment;
use nexus_domain::environment_key::{MAX_KEYS, NewEnvironmentKey, RotateEnvironmentKey};
use nexus_domain::role::{Scope, TenantRole};
use nexus_domain::timestamp::{HOUR, MINUTE};
use nexus_domain::{Code, KeyId};
use uuid::Uuid;

both![
    a_key_is_shown_once_and_listed_without_its_value,
    without_scopes_a_key_gets_all_but_admin,
    bad_input_names_its_field_and_makes_nothing,
    only_owners_of_the_tenant_make_keys_and_a_stale_sign_in_does_not,
    a_rotated_key_lives_through_its_grace_time_and_no_longer,
    whoever_rotates_twice_keeps_what_still_runs,
    a_revoked_key_is_dead_at_once_and_gone_from_the_list,
    an_expired_key_is_listed_and_opens_nothing,
    revocation_and_rotation_reach_another_process,
    keys_of_another_tenant_are_not_there,
    slugs_that_look_like_parts_of_others_are_told_apart,
    one_changed_or_missing_character_opens_nothing,
    an_environment_has_so_many_keys_and_no_more,
    the_legacy_sandbox_has_keys_and_does_not_count,
    an_operator_raises_how_many_environments_there_may_be,
];

async fn refused(w: &World, text: &str) {
    let refusal = w.present(text).await.refused_as(Code::Unauthorized);
    assert_eq!(refusal.message, "Missing or invalid API key");
}

async fn rotate(w: &World, id: KeyId, grace: i64) -> String {
    let owner = w.signed_in_again(&w.owner).await;
    let request = RotateEnvironmentKey { grace_hours: Some(grace) };
    environment::rotate(&w.nexus, &owner, id, request).await.fine().key
}

async fn a_key_is_shown_once_and_listed_without_its_value(w: &World) {
    let made = make(w, new_key("develop", Some(&[Scope::ReadFlags]))).await;
    assert!(made.key.starts_with("nx_develop_") && made.key.len() == 75);
    assert_eq!(made.about.prefix, made.key[..15]);
    assert!(!format!("{made:?}").contains(&made.key));
    let listed = environment::list(&w.nexus, &w.owner, Some("develop")).await.fine();
    assert_eq!(listed, std::slice::from_ref(&made.about));
    assert_eq!((listed[0].created_by.as_str(), listed[0].created_at), ("ana@acme.test", w.now()));
    assert!(environment::list(&w.nexus, &w.owner, Some("live")).await.fine().is_empty());
    assert_eq!(environment::list(&w.nexus, &w.owner, None).await.fine().len(), 1);
    assert_eq!(environment::get(&w.nexus, &w.owner, made.about.id).await.fine(), made.about);
    assert_eq!(w.events().await.last().map(String::as_str), Some("key.created"));
    for (place, bytes) in w.dump().await {
        assert!(!String::from_utf8_lossy(&bytes).contains(&made.key[27..50]), "{place}");
    }
}

async fn without_scopes_a_key_gets_all_but_admin(w: &World) {
    let (made, actor) = opened(w, new_key("live", None)).await;
    assert!(!made.about.scopes.contains(&Scope::AdminAll));
    assert_eq!(made.about.scopes.len(), Scope::ALL.len() - 1);
    environments::update(&w.nexus, &actor, "live", Default::default()).await.fine();
}

async fn bad_input_names_its_field_and_makes_nothing(w: &World) {
    let new = || new_key("live", None);
    let past = Some(w.now());
    let cidrs = |text: &str| Some(vec![text.to_owned()]);
    for (new, field) in [
        (NewEnvironmentKey { name: "  ".into(), ..new() }, "name"),
        (NewEnvironmentKey { environment: None, ..new() }, "environment"),
        (NewEnvironmentKey { scopes: Some(vec![Scope::ReadFlags]), ..publishable("live") }, "scopes"),
        (NewEnvironmentKey { allowed_cidrs: cidrs("10.0.0.1/8"), ..new() }, "allowed_cidrs"),
        (NewEnvironmentKey { expires_at: past, ..new() }, "expires_at"),
    ] {
        let refusal = environment::create(&w.nexus, &w.owner, new).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field(field).is_some(), "{field}: {refusal}");
    }
    let nowhere = environment::create(&w.nexus, &w.owner, new_key("nowhere", None)).await;
    assert!(nowhere.refused_as(Code::InvalidRequest).field("environment").is_some());
    assert!(environment::list(&w.nexus, &w.owner, None).await.fine().is_empty());
}

async fn only_owners_of_the_tenant_make_keys_and_a_stale_sign_in_does_not(w: &World) {
    let made = make(w, new_key("live", None)).await;
    for role in [TenantRole::Finance, TenantRole::Member] {
        let person = w.person(&format!("{role}@acme.test"), role).await;
        environment::create(&w.nexus, &person, new_key("live", None)).await.refused_as(Code::Forbidden);
        environment::list(&w.nexus, &person, None).await.refused_as(Code::Forbidden);
        environment::revoke(&w.nexus, &person, made.about.id).await.refused_as(Code::Forbidden);
    }
    w.pass(5 * MINUTE + 1);
    let owner = &w.owner;
    environment::create(&w.nexus, owner, new_key("live", None)).await.refused_as(Code::StepUpRequired);
    let request = RotateEnvironmentKey::default();
    environment::rotate(&w.nexus, owner, made.about.id, request).await.refused_as(Code::StepUpRequired);
    environment::sign(&w.nexus, owner, made.about.id).await.refused_as(Code::StepUpRequired);
    environment::revoke(&w.nexus, owner, made.about.id).await.fine();
}

async fn a_rotated_key_lives_through_its_grace_time_and_no_longer(w: &World) {
    let made = make(w, new_key("live", None)).await;
    let new = rotate(w, made.about.id, 2).await;
    w.present(&made.key).await.fine();
    w.present(&new).await.fine();
    let listed = environment::get(&w.nexus, &w.owner, made.about.id).await.fine();
    assert_eq!(listed.old_key_prefix.as_deref(), Some(&made.key[..12]));
    assert_eq!(listed.old_key_expires_at, Some(w.now().plus(2 * HOUR)));
    w.pass(2 * HOUR - 1);
    w.present(&made.key).await.fine();
    w.pass(1);
    refused(w, &made.key).await;
    w.present(&new).await.fine();
    let listed = environment::get(&w.nexus, &w.owner, made.about.id).await.fine();
    assert_eq!(listed.old_key_prefix, None);
    let newest = rotate(w, made.about.id, 0).await;
    refused(w, &new).await;
    w.present(&newest).await.fine();
    for grace in [-1, 721] {
        let request = RotateEnvironmentKey { grace_hours: Some(grace) };
        let owner = w.signed_in_again(&w.owner).await;
        let refusal = environment::rotate(&w.nexus, &owner, made.about.id, request).await.refused();
        assert!(refusal.field("grace_hours").is_some());
    }
}

async fn whoever_rotates_twice_keeps_what_still_runs(w: &World) {
    let made = make(w, new_key("live", None)).await;
    let second = rotate(w, made.about.id, 24).await;
    w.pass(HOUR);
    let third = rotate(w, made.about.id, 24).await;
    for key in [&made.key, &second, &third] {
        w.present(key).await.fine();
    }
    let listed = environment::get(&w.nexus, &w.owner, made.about.id).await.fine();
    assert_eq!(listed.old_key_prefix.as_deref(), Some(&second[..12]), "the newest of the old ones");
    w.pass(23 * HOUR);
    refused(w, &made.key).await;
    w.present(&second).await.fine();
    let fourth = rotate(w, made.about.id, 0).await;
    for key in [&second, &third] {
        refused(w, key).await;
    }
    w.present(&fourth).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM environment_key_old_values").await, 0);
}

async fn a_revoked_key_is_dead_at_once_and_gone_from_the_list(w: &World) {
    let (made, actor) = opened(w, new_key("live", None)).await;
    let second = rotate(w, made.about.id, 24).await;
    environment::revoke(&w.nexus, &w.owner, made.about.id).await.fine();
    refused(w, &made.key).await;
    refused(w, &second).await;
    environment::revoke(&w.nexus, &w.owner, made.about.id).await.refused_as(Code::NotFound);
    assert!(environment::list(&w.nexus, &w.owner, None).await.fine().is_empty());
    assert_eq!(w.events().await.last().map(String::as_str), Some("key.revoked"));
    // Whoever came with it a moment ago gives nothing away any more.
    environment::create(&w.nexus, &actor, new_key("live", None)).await.refused_as(Code::Forbidden);
}

async fn an_expired_key_is_listed_and_opens_nothing(w: &World) {
    let expires_at = Some(w.now().plus(HOUR));
    let made = make(w, NewEnvironmentKey { expires_at, ..new_key("live", None) }).await;
    let second = rotate(w, made.about.id, 24).await;
    let listed = environment::get(&w.nexus, &w.owner, made.about.id).await.fine();
    assert_eq!(listed.old_key_expires_at, expires_at);
    w.pass(HOUR);
    refused(w, &made.key).await;
    refused(w, &second).await;
    assert_eq!(environment::list(&w.nexus, &w.owner, None).await.fine().len(), 1);
    let owner = w.signed_in_again(&w.owner).await;
    let request = RotateEnvironmentKey::default();
    environment::rotate(&w.nexus, &owner, made.about.id, request).await.refused_as(Code::Conflict);
}

async fn revocation_and_rotation_reach_another_process(w: &World) {
    let (one, two) = (make(w, new_key("live", None)).await, make(w, new_key("live", None)).await);
    let other = w.another_process().await;
    let there = async |text: &str| {
        nexus_backend::credentials::authenticate(&other, text, None).await.map(|found| found.actor)
    };
    there(&one.key).await.fine();
    there(&two.key).await.fine();
    environment::revoke(&w.nexus, &w.owner, one.about.id).await.fine();
    let new = rotate(w, two.about.id, 0).await;
    other.follow().await.fine();
    there(&one.key).await.refused_as(Code::Unauthorized);
    there(&two.key).await.refused_as(Code::Unauthorized);
    there(&new).await.fine();
    other.db.close().await;
}

async fn keys_of_another_tenant_are_not_there(w: &World) {
    let rival = w.rival().await;
    let made = make(w, new_key("live", None)).await;
    let id = made.about.id;
    environment::get(&w.nexus, &rival.owner, id).await.refused_as(Code::NotFound);
    environment::revoke(&w.nexus, &rival.owner, id).await.refused_as(Code::NotFound);
    environment::sign(&w.nexus, &rival.owner, id).await.refused_as(Code::NotFound);
    let request = RotateEnvironmentKey::default();
    environment::rotate(&w.nexus, &rival.owner, id, request).await.refused_as(Code::NotFound);
    assert!(environment::list(&w.nexus, &rival.owner, None).await.fine().is_empty());
    environment::revoke(&w.nexus, &w.owner, KeyId(Uuid::now_v7())).await.refused_as(Code::NotFound);
}

async fn slugs_that_look_like_parts_of_others_are_told_apart(w: &World) {
    for slug in ["a", "a_b"] {
        let new = NewEnvironment { slug: slug.into(), ..NewEnvironment::default() };
        environments::create(&w.nexus, &w.owner, new).await.fine();
    }
    let (a, in_a) = opened(w, new_key("a", None)).await;
    let (b, in_b) = opened(w, new_key("a_b", None)).await;
    assert!(a.key.starts_with("nx_a_") && b.key.starts_with("nx_a_b_"));
    let slugs = async |actor| {
        let all = environments::list(&w.nexus, actor).await.fine();
        all.into_iter().map(|environment| environment.slug).collect::<Vec<_>>()
    };
    assert_eq!((slugs(&in_a).await, slugs(&in_b).await), (vec!["a".to_owned()], vec!["a_b".to_owned()]));
    refused(w, &a.key.replace("nx_a_", "nx_a_b_")).await;
    refused(w, &b.key.replace("nx_a_b_", "nx_a_")).await;
}

async fn one_changed_or_missing_character_opens_nothing(w: &World) {
    for new in [new_key("live", None), publishable("live")] {
        let key = make(w, new).await.key;
        for at in [0, 3, 8, 20, 40, key.len() - 1] {
            let other = if key.as_bytes()[at] == b'0' { '1' } else { '0' };
            let mut changed = key.clone();
            changed.replace_range(at..=at, &other.to_string());
            refused(w, &changed).await;
            refused(w, &key[..at]).await;
        }
        refused(w, &format!("{key}0")).await;
        w.present(&key).await.fine();
    }
}

async fn an_environment_has_so_many_keys_and_no_more(w: &World) {
    let made = make(w, new_key("live", None)).await;
    let (tenant, now) = (w.database.id(w.tenant.0), w.now().0);
    for n in 1..MAX_KEYS {
        let id = w.database.id(Uuid::now_v7());
        w.execute(&format!(
            "INSERT INTO environment_keys (tenant_id, id, environment_id, name, type, scopes, key_id, mac, created_at,
                 created_by)
             SELECT {tenant}, {id}, environment_id, 'n', 'secret', '[]', 'filler{n}', mac, {now}, 'x'
             FROM environment_keys WHERE name = 'ci'"
        ))
        .await;
    }
    let refusal = environment::create(&w.nexus, &w.owner, new_key("live", None)).await.refused();
    assert_eq!((refusal.code, refusal.field("quota")), (Code::QuotaExceeded, Some("keys")));
    make(w, new_key("develop", None)).await;
    environment::revoke(&w.nexus, &w.owner, made.about.id).await.fine();
    make(w, new_key("live", None)).await;
}

async fn the_legacy_sandbox_has_keys_and_does_not_count(w: &World) {
    environments::enable_test(&w.nexus, &w.owner).await.refused_as(Code::Forbidden);
    assert!(environments::enable_test(&w.nexus, &w.operator).await.fine());
    assert!(!environments::enable_test(&w.nexus, &w.operator).await.fine());
    let (made, actor) = opened(w, new_key("test", None)).await;
    assert!(made.key.starts_with("nx_test_"));
    assert_eq!(environments::list(&w.nexus, &actor).await.fine()[0].slug, "test");
    let room = environments::room(&w.nexus, &w.owner).await.fine();
    assert_eq!((room.used, room.cap), (2, 5));
    let reserved = NewEnvironment { slug: "test".into(), ..NewEnvironment::default() };
    let refusal = environments::create(&w.nexus, &w.owner, reserved).await.refused();
    assert!(refusal.field("slug").is_some());
}

async fn an_operator_raises_how_many_environments_there_may_be(w: &World) {
    let make = async |slug: &str| {
        let new = NewEnvironment { slug: slug.into(), ..NewEnvironment::default() };
        environments::create(&w.nexus, &w.owner, new).await
    };
    for slug in ["one", "two", "three"] {
        make(slug).await.fine();
    }
    let refusal = make("four").await.refused_as(Code::QuotaExceeded);
    assert_eq!(refusal.field("quota"), Some("environments"));
    environments::set_cap(&w.nexus, &w.owner, 6).await.refused_as(Code::Forbidden);
    environments::set_cap(&w.nexus, &w.operator, -1).await.refused_as(Code::InvalidRequest);
    environments::set_cap(&w.nexus, &w.operator, 6).await.fine();
    make("four").await.fine();
    make("five").await.refused_as(Code::QuotaExceeded);
    environments::set_cap(&w.nexus, &w.operator, 0).await.fine();
    assert!(environments::room(&w.nexus, &w.owner).await.fine().is_full());
    for slug in ["live", "draft", "dup", "seventeen_letters", "a__b", "dev_x"] {
        make(slug).await.refused();
    }
}
