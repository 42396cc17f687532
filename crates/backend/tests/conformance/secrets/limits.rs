//! How large things may be.

use super::import::env;
use crate::world::{Outcome, World, new_secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_backend::{secrets, services};
use nexus_domain::Code;
use nexus_domain::secret::{NewSecret, SecretType};
use nexus_domain::service::ServicePath;
use nexus_domain::snapshot::MAX_SNAPSHOT_BYTES;

both![
    a_text_has_64_kib_and_a_file_1_mib,
    a_value_is_needed_and_sent_one_way,
    a_snapshot_stays_within_16_mib,
    a_write_on_the_umbrella_counts_for_every_linked_service,
    what_is_overridden_does_not_count_twice,
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

/// Lets the secret count for as much as a snapshot may hold, less a kilobyte. What is checked is the
/// stored size, so that no test has to write 16 MiB.
async fn fill(w: &World, path: &ServicePath) {
    w.write(path, "LARGE", "x").await;
    let size = MAX_SNAPSHOT_BYTES - 1024;
    let service = services::get(&w.nexus, &w.owner, path).await.fine().id;
    let of_service =
        format!("SELECT id FROM entries WHERE key = 'LARGE' AND service_id = {}", w.database.id(service.0));
    w.execute(&format!("UPDATE entry_versions SET size = {size} WHERE entry_id IN ({of_service})")).await;
}

fn over(refusal: nexus_domain::Refusal) {
    assert_eq!(refusal.details.get("quota"), Some(&"snapshot_bytes".into()), "{refusal:?}");
    assert_eq!(refusal.details.get("limit"), Some(&MAX_SNAPSHOT_BYTES.into()));
}

async fn a_snapshot_stays_within_16_mib(w: &World) {
    let api = w.shop().await;
    fill(w, &api).await;
    let kilobyte = "x".repeat(1024);
    let outcome = secrets::create(&w.nexus, &w.owner, &api, new_secret("A", &kilobyte)).await;
    over(outcome.refused_as(Code::QuotaExceeded));
    let text = format!("SMALL=fits\nLARGER={kilobyte}\n");
    over(secrets::import(&w.nexus, &w.owner, &api, env(&text, false)).await.refused_as(Code::QuotaExceeded));
    assert_eq!(w.list(&api).await.data.len(), 1, "nothing of it was written");
    w.write(&api, "SMALL", "fits").await;
}

async fn a_write_on_the_umbrella_counts_for_every_linked_service(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    fill(w, &api).await;
    let large = new_secret("A", &"x".repeat(1024));
    over(secrets::create(&w.nexus, &w.owner, &shared, large.clone()).await.refused_as(Code::QuotaExceeded));
    w.write(&shared, "SMALL", "fits").await;
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    secrets::create(&w.nexus, &w.owner, &shared, large).await.fine();
}

async fn what_is_overridden_does_not_count_twice(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    fill(w, &shared).await;
    w.write(&api, "LARGE", "own").await;
    let large = new_secret("A", &"x".repeat(2048));
    secrets::create(&w.nexus, &w.owner, &api, large).await.fine();
}

async fn a_link_that_would_pass_16_mib_is_refused(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    fill(w, &api).await;
    w.write(&shared, "A", &"x".repeat(1024)).await;
    over(services::link(&w.nexus, &w.owner, &api, "shared").await.refused_as(Code::QuotaExceeded));
}

async fn large_files_count_by_their_hash(w: &World) {
    let api = w.shop().await;
    let base64 = STANDARD.encode(vec![7; 1024 * 1024]);
    for n in 0..4 {
        let key = format!("F{n}");
        let new = NewSecret { key, value_base64: Some(base64.clone()), ..NewSecret::default() };
        secrets::create(&w.nexus, &w.owner, &api, new).await.fine();
    }
    fill(w, &api).await;
    w.write(&api, "SMALL", "fits").await;
}
