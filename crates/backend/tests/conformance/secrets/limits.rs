//! How large things may be.

use super::import::env;
use crate::world::{Outcome, World, new_secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_backend::{secrets, services};
use nexus_domain::Code;
use nexus_domain::secret::{NewSecret, SecretType};

both![
    a_text_has_64_kib_and_a_file_1_mib,
    a_value_is_needed_and_sent_one_way,
    a_snapshot_stays_within_16_mib,
    a_write_on_the_umbrella_counts_for_every_linked_service,
    a_link_that_would_pass_16_mib_is_refused,
    large_files_count_by_their_hash,
];

async fn a_text_has_64_kib_and_a_file_1_mib(w: &World) {
    let api = w.shop().await;
    w.write(&api, "FULL", &"x".repeat(65_536)).await;
    let refusal = secrets::create(&w.nexus, &w.owner, &api, new_secret("OVER", &"x".repeat(65_537))).await;
    assert!(refusal.refused_as(Code::TooLarge).field("value").is_some());
    let file = |size| NewSecret {
        key: "FILE".into(),
        value_base64: Some(STANDARD.encode(vec![0; size])),
        ..NewSecret::default()
    };
    secrets::create(&w.nexus, &w.owner, &api, file(1024 * 1024 + 1)).await.refused_as(Code::TooLarge);
    secrets::create(&w.nexus, &w.owner, &api, file(1024 * 1024)).await.fine();
}

async fn a_value_is_needed_and_sent_one_way(w: &World) {
    let api = w.shop().await;
    let create = |value: Option<&str>, base64: Option<&str>, kind| {
        let new = NewSecret {
            key: "A".into(),
            value: value.map(Into::into),
            value_base64: base64.map(Into::into),
            kind,
            ..NewSecret::default()
        };
        secrets::create(&w.nexus, &w.owner, &api, new)
    };
    create(None, None, None).await.refused_as(Code::InvalidRequest);
    create(Some(""), None, None).await.refused_as(Code::InvalidRequest);
    create(Some("a\0b"), None, None).await.refused_as(Code::InvalidRequest);
    create(Some("a"), Some("YQ=="), None).await.refused_as(Code::InvalidRequest);
    create(None, Some("not base64"), None).await.refused_as(Code::InvalidRequest);
    create(None, Some("//79"), Some(SecretType::Text)).await.refused_as(Code::InvalidRequest);
    assert!(w.list(&api).await.data.is_empty());
}

/// Sixteen texts of 64 KiB: one MiB, all in one import.
fn a_mebibyte(prefix: &str) -> String {
    (0..15).map(|n| format!("{prefix}{n}={}\n", "x".repeat(65_536))).collect()
}

async fn fill(w: &World, path: &nexus_domain::service::ServicePath, imports: usize) {
    for n in 0..imports {
        secrets::import(&w.nexus, &w.owner, path, env(&a_mebibyte(&format!("K{n}x")), false)).await.fine();
    }
}

fn over(refusal: nexus_domain::Refusal) {
    assert_eq!(refusal.details.get("quota"), Some(&"snapshot_bytes".into()), "{refusal:?}");
}

async fn a_snapshot_stays_within_16_mib(w: &World) {
    let api = w.shop().await;
    fill(w, &api, 17).await;
    let before = w.number("SELECT COUNT(*) FROM entry_versions").await;
    let outcome = secrets::import(&w.nexus, &w.owner, &api, env(&a_mebibyte("L"), false)).await;
    over(outcome.refused_as(Code::QuotaExceeded));
    assert_eq!(w.number("SELECT COUNT(*) FROM entry_versions").await, before, "nothing of it was written");
}

async fn a_write_on_the_umbrella_counts_for_every_linked_service(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    fill(w, &api, 17).await;
    let outcome = secrets::import(&w.nexus, &w.owner, &shared, env(&a_mebibyte("L"), false)).await;
    over(outcome.refused_as(Code::QuotaExceeded));
    w.write(&shared, "SMALL", "fits").await;
}

async fn a_link_that_would_pass_16_mib_is_refused(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    fill(w, &api, 17).await;
    secrets::import(&w.nexus, &w.owner, &shared, env(&a_mebibyte("L"), false)).await.fine();
    over(services::link(&w.nexus, &w.owner, &api, "shared").await.refused_as(Code::QuotaExceeded));
}

async fn large_files_count_by_their_hash(w: &World) {
    let api = w.shop().await;
    let base64 = STANDARD.encode(vec![7; 1024 * 1024]);
    for n in 0..18 {
        let key = format!("F{n}");
        let new = NewSecret { key, value_base64: Some(base64.clone()), ..NewSecret::default() };
        secrets::create(&w.nexus, &w.owner, &api, new).await.fine();
    }
}
