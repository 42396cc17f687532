//! Service keys and environment keys: made, shown once, rotated, revoked, refused.

use crate::world::{Outcome, World};
use nexus_backend::gate::{Actor, Who};
use nexus_backend::{credentials, keys, services, snapshot};
use nexus_domain::Code;
use nexus_domain::credential::compose;
use nexus_domain::keys::{Access, RotateRequest, RotatedKey, Slot};
use nexus_domain::role::{Scope, Scopes};
use nexus_domain::service::ServicePath;
use nexus_domain::timestamp::HOUR;

both![
    both_slots_are_listed_and_a_key_is_shown_once,
    both_slots_are_valid_at_the_same_time,
    a_rotated_key_lives_through_its_grace_time,
    a_key_rotated_without_grace_is_dead_at_once,
    revoking_ends_every_value_of_the_slot,
    a_slot_keeps_its_access,
    a_frontends_key_is_public_and_only_reads,
    an_umbrella_has_no_keys,
    grace_time_is_bounded,
    everything_wrong_is_refused_alike,
    the_prefix_is_part_of_the_key,
    a_key_is_stored_as_a_mac,
    revocation_reaches_another_process,
    an_environment_key_opens_its_environment,
    an_environment_keys_expiry_and_revocation_hold_at_once,
    only_the_operator_makes_environment_keys,
];

async fn rotate(w: &World, path: &ServicePath, slot: Slot, grace: i64) -> RotatedKey {
    let owner = w.signed_in_again(&w.owner).await;
    let request = RotateRequest { grace_hours: Some(grace), access: None };
    keys::rotate(&w.nexus, &owner, path, slot, request).await.fine()
}

async fn refused(w: &World, text: &str) {
    let refusal = w.present(text).await.refused_as(Code::Unauthorized);
    assert_eq!(refusal.message, "Missing or invalid API key");
    assert!(refusal.details.is_empty());
}

async fn both_slots_are_listed_and_a_key_is_shown_once(w: &World) {
    let api = w.shop().await;
    let empty = keys::list(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(
        empty.iter().map(|k| (k.slot, k.prefix.clone())).collect::<Vec<_>>(),
        [(Slot::Primary, None), (Slot::Secondary, None)]
    );
    let made = rotate(w, &api, Slot::Primary, 24).await;
    assert!(made.key.starts_with("sk_live_") && made.key.len() == 72);
    assert_eq!(made.prefix, made.key[..12]);
    assert_eq!((made.access, made.old_key_expires_at), (Access::Read, None));
    let listed = &keys::list(&w.nexus, &w.owner, &api).await.fine()[0];
    assert_eq!(listed.prefix.as_deref(), Some(made.prefix.as_str()));
    assert_eq!((listed.created_by.as_deref(), listed.created_at), (Some("ana@acme.test"), Some(w.now())));
    assert!(!format!("{made:?}").contains(&made.key));
    assert_eq!(w.events().await.last().map(String::as_str), Some("key.rotated"));
}

async fn both_slots_are_valid_at_the_same_time(w: &World) {
    let api = w.shop().await;
    let one = rotate(w, &api, Slot::Primary, 24).await;
    let two = rotate(w, &api, Slot::Secondary, 24).await;
    w.present(&one.key).await.fine();
    w.present(&two.key).await.fine();
}

async fn a_rotated_key_lives_through_its_grace_time(w: &World) {
    let api = w.shop().await;
    let old = rotate(w, &api, Slot::Primary, 24).await;
    let new = rotate(w, &api, Slot::Primary, 2).await;
    assert_eq!(new.old_key_expires_at, Some(w.now().plus(2 * HOUR)));
    let listed = &keys::list(&w.nexus, &w.owner, &api).await.fine()[0];
    assert_eq!(listed.old_key_prefix.as_deref(), Some(old.prefix.as_str()));
    assert_eq!(listed.old_key_expires_at, new.old_key_expires_at);
    w.pass(2 * HOUR - 1);
    w.present(&old.key).await.fine();
    w.pass(1);
    refused(w, &old.key).await;
    w.present(&new.key).await.fine();
    assert_eq!(keys::list(&w.nexus, &w.owner, &api).await.fine()[0].old_key_prefix, None);
}

async fn a_key_rotated_without_grace_is_dead_at_once(w: &World) {
    let api = w.shop().await;
    let old = rotate(w, &api, Slot::Primary, 24).await;
    w.present(&old.key).await.fine();
    let new = rotate(w, &api, Slot::Primary, 0).await;
    assert_eq!(new.old_key_expires_at, None);
    refused(w, &old.key).await;
    w.present(&new.key).await.fine();
}

async fn revoking_ends_every_value_of_the_slot(w: &World) {
    let api = w.shop().await;
    let old = rotate(w, &api, Slot::Primary, 24).await;
    let new = rotate(w, &api, Slot::Primary, 24).await;
    let other = rotate(w, &api, Slot::Secondary, 24).await;
    for key in [&old, &new, &other] {
        w.present(&key.key).await.fine();
    }
    keys::revoke(&w.nexus, &w.owner, &api, Slot::Primary).await.fine();
    refused(w, &old.key).await;
    refused(w, &new.key).await;
    w.present(&other.key).await.fine();
    keys::revoke(&w.nexus, &w.owner, &api, Slot::Primary).await.refused_as(Code::NotFound);
}

async fn a_slot_keeps_its_access(w: &World) {
    let api = w.shop().await;
    let request = RotateRequest { grace_hours: None, access: Some(Access::ReadWrite) };
    keys::rotate(&w.nexus, &w.owner, &api, Slot::Primary, request).await.fine();
    assert_eq!(rotate(w, &api, Slot::Primary, 24).await.access, Access::ReadWrite);
    assert_eq!(rotate(w, &api, Slot::Secondary, 24).await.access, Access::Read);
}

async fn a_frontends_key_is_public_and_only_reads(w: &World) {
    w.project("shop").await;
    let web = w.frontend("shop", "live", "web").await;
    let made = rotate(w, &web, Slot::Primary, 24).await;
    assert!(made.key.starts_with("pk_live_"));
    let request = RotateRequest { grace_hours: None, access: Some(Access::ReadWrite) };
    let refusal =
        keys::rotate(&w.nexus, &w.owner, &web, Slot::Primary, request).await.refused_as(Code::InvalidRequest);
    assert!(refusal.field("access").is_some());
}

async fn an_umbrella_has_no_keys(w: &World) {
    let (_, shared) = w.shop_with_umbrella().await;
    keys::list(&w.nexus, &w.owner, &shared).await.refused_as(Code::Conflict);
    let request = RotateRequest::default();
    keys::rotate(&w.nexus, &w.owner, &shared, Slot::Primary, request).await.refused_as(Code::Conflict);
    keys::revoke(&w.nexus, &w.owner, &shared, Slot::Primary).await.refused_as(Code::Conflict);
}

async fn grace_time_is_bounded(w: &World) {
    let api = w.shop().await;
    for hours in [-1, 721, i64::MAX, i64::MIN] {
        let request = RotateRequest { grace_hours: Some(hours), access: None };
        let refusal = keys::rotate(&w.nexus, &w.owner, &api, Slot::Primary, request).await.refused();
        assert!(refusal.field("grace_hours").is_some(), "{hours}");
    }
}

async fn everything_wrong_is_refused_alike(w: &World) {
    let api = w.shop().await;
    let key = rotate(w, &api, Slot::Primary, 24).await.key;
    let unknown = compose("sk_live_", [7; 8], [7; 20]);
    let mut id = [0; 8];
    for (n, byte) in id.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&key[8 + 2 * n..10 + 2 * n], 16).unwrap();
    }
    let same_id_other_secret = compose("sk_live_", id, [7; 20]);
    let mistyped = key.replace(|c| c == key.as_bytes()[40] as char, "0");
    for wrong in [
        "",
        "sk_live_",
        &key[..40],
        &mistyped,
        &key.to_uppercase(),
        &format!("{key} "),
        &unknown,
        &same_id_other_secret,
        "Bearer x",
        "ключ",
        "\0",
        &"a".repeat(10_000),
    ] {
        if *wrong != key {
            refused(w, wrong).await;
        }
    }
    w.present(&key).await.fine();
    services::delete(&w.nexus, &w.owner, &api).await.fine();
    refused(w, &key).await;
}

/// The same id and secret under another prefix, with its own check digits: only the MAC can tell.
async fn the_prefix_is_part_of_the_key(w: &World) {
    let api = w.shop().await;
    let key = rotate(w, &api, Slot::Primary, 24).await.key;
    let byte = |at: usize| u8::from_str_radix(&key[8 + 2 * at..10 + 2 * at], 16).unwrap();
    let (id, secret) = (std::array::from_fn(byte), std::array::from_fn(|n| byte(n + 8)));
    assert_eq!(compose("sk_live_", id, secret), key);
    for prefix in ["pk_live_", "nx_live_", "nx_develop_"] {
        refused(w, &compose(prefix, id, secret)).await;
        w.present(&key).await.fine();
    }
}

async fn a_key_is_stored_as_a_mac(w: &World) {
    let api = w.shop().await;
    let key = rotate(w, &api, Slot::Primary, 24).await.key;
    let (environment, _) = w.environment_key("live", &[Scope::AdminAll]).await;
    let secrets = [key[24..64].to_owned(), environment[24..64].to_owned()];
    for (place, bytes) in w.dump().await {
        let text = String::from_utf8_lossy(&bytes);
        assert!(secrets.iter().all(|secret| !text.contains(&secret[..16])), "{place}");
    }
}

async fn revocation_reaches_another_process(w: &World) {
    let api = w.shop().await;
    let key = rotate(w, &api, Slot::Primary, 24).await.key;
    let other = w.another_process().await;
    let there: Actor = credentials::authenticate(&other, &key, None).await.fine().actor;
    snapshot::sync(&other, &there, None).await.fine();
    w.nexus.settled().await;
    keys::revoke(&w.nexus, &w.owner, &api, Slot::Primary).await.fine();
    other.follow().await.fine();
    credentials::authenticate(&other, &key, None)
        .await
        .map(|found| found.actor)
        .refused_as(Code::Unauthorized);
    other.db.close().await;
}

async fn an_environment_key_opens_its_environment(w: &World) {
    let (text, actor) = w.environment_key("develop", &[Scope::ReadServices]).await;
    assert!(text.starts_with("nx_develop_") && text.len() == 75);
    let Who::EnvironmentKey { environment_slug, scopes, prefix, publishable, .. } = &actor.who else {
        panic!("{actor:?}")
    };
    assert_eq!((environment_slug.as_str(), *publishable), ("develop", false));
    assert_eq!((scopes, prefix.as_str()), (&Scopes(vec![Scope::ReadServices]), &text[..15]));
    assert_eq!(actor.tenant, w.tenant);
}

async fn an_environment_keys_expiry_and_revocation_hold_at_once(w: &World) {
    let (text, _) = w.environment_key("live", &[Scope::AdminAll]).await;
    let at = w.now().plus(HOUR).0;
    w.execute(&format!("UPDATE environment_keys SET expires_at = {at}")).await;
    w.execute("UPDATE tenants SET name = name").await;
    let other = w.another_process().await;
    w.pass(HOUR - 1);
    credentials::authenticate(&other, &text, None).await.map(|found| found.actor).fine();
    w.pass(1);
    credentials::authenticate(&other, &text, None)
        .await
        .map(|found| found.actor)
        .refused_as(Code::Unauthorized);
    let (text, _) = w.environment_key("live", &[Scope::AdminAll]).await;
    w.execute(&format!("UPDATE environment_keys SET revoked_at = {}", w.now().0)).await;
    credentials::authenticate(&other, &text, None)
        .await
        .map(|found| found.actor)
        .refused_as(Code::Unauthorized);
    other.db.close().await;
}

async fn only_the_operator_makes_environment_keys(w: &World) {
    let (_, key) = w.environment_key("live", &[Scope::WriteEnvironments]).await;
    for actor in [&w.owner, &key] {
        let outcome = credentials::make_environment_key(&w.nexus, actor, "live", "x", Scopes::admin()).await;
        outcome.map(|made| made.shown).refused_as(Code::Forbidden);
    }
}
