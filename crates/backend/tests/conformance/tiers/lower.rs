//! Lowering a tier deletes nothing: the newest above the cap are read-only, may be deleted, and say
//! why.

use super::{assert_quota, fill, set_tier, shop};
use crate::secrets::env;
use crate::world::{Outcome, World, new_config, new_secret, new_value, new_version};
use nexus_backend::gate::Actor;
use nexus_backend::snapshot::{self, Answer};
use nexus_backend::{configs, secrets, services};
use nexus_domain::Refusal;
use nexus_domain::config::ConfigRow;
use nexus_domain::entry::EntryPatch;
use nexus_domain::keys::Access;
use nexus_domain::project::Tier;
use nexus_domain::service::ServicePath;
use nexus_domain::tier::Quota;
use serde_json::Value;

both![
    the_newest_above_the_cap_are_read_only,
    every_write_of_what_is_read_only_is_refused,
    configs_above_the_cap_are_read_only_too,
    what_is_read_only_is_still_read_revealed_and_synced,
    deleting_makes_room_from_the_oldest_on,
    an_import_that_would_write_what_is_read_only_writes_nothing,
    what_is_inherited_is_marked_where_it_is_written,
    a_higher_tier_lifts_it_at_once,
    a_change_of_tier_is_audited_and_reaches_programs,
];

const WHY: &str = "Read-only: tier free allows 20 secrets, and this one is newer; tier xs allows more";

/// 22 secrets in a project that was lowered to a tier for 20.
async fn lowered(w: &World) -> ServicePath {
    let api = shop(w, Tier::Xl).await;
    fill(w, &api, 1..=22).await;
    set_tier(w, Tier::Free).await;
    api
}

async fn read_only_keys(w: &World, path: &ServicePath) -> Vec<String> {
    let rows = w.list(path).await.data;
    rows.into_iter().filter(|row| row.read_only.is_some()).map(|row| row.key).collect()
}

async fn the_newest_above_the_cap_are_read_only(w: &World) {
    let api = lowered(w).await;
    let rows = w.list(&api).await.data;
    assert_eq!(rows.len(), 22);
    for row in rows {
        let expected = ["S21", "S22"].contains(&row.key.as_str()).then_some(WHY);
        assert_eq!(row.read_only.as_deref(), expected, "{}", row.key);
    }
}

#[track_caller]
fn refused<T>(outcome: nexus_backend::Result<T>) {
    let Refusal { message, .. } = assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
    assert_eq!(message, WHY);
}

async fn every_write_of_what_is_read_only_is_refused(w: &World) {
    let api = shop(w, Tier::Xl).await;
    fill(w, &api, 1..=22).await;
    w.rewrite(&api, "S21", "w").await;
    w.rewrite(&api, "S01", "w").await;
    set_tier(w, Tier::Free).await;
    let (n, owner) = (&w.nexus, &w.owner);
    let before = w.events().await.len();
    refused(secrets::add_version(n, owner, &api, "S21", new_version("x")).await);
    refused(secrets::restore(n, owner, &api, "S21", 1, None).await);
    let rename = || EntryPatch { key: Some("NEW".into()), ..EntryPatch::default() };
    refused(secrets::patch(n, owner, &api, "S21", rename()).await);
    let note = || EntryPatch { note: Some("A note".into()), ..EntryPatch::default() };
    refused(secrets::patch(n, owner, &api, "S21", note()).await);
    let (_, program) = w.service_key(&api, Access::ReadWrite).await;
    refused(snapshot::put(n, &program, "S21", new_version("x")).await);
    assert_eq!(w.events_after(before).await, ["key.rotated"], "nothing was done");
    assert_eq!(w.value(&api, "S21").await, "w");
    // The oldest go on as before.
    w.rewrite(&api, "S01", "x").await;
    secrets::restore(n, owner, &api, "S01", 1, None).await.fine();
    secrets::patch(n, owner, &api, "S01", note()).await.fine();
    // A value that leaked can be destroyed, and the secret deleted.
    let owner = w.signed_in_again(owner).await;
    secrets::destroy(n, &owner, &api, "S21", 1, None).await.fine();
    secrets::delete(n, &owner, &api, "S21", None).await.fine();
    refused_undelete(w, &owner, &api).await;
}

async fn refused_undelete(w: &World, owner: &Actor, api: &ServicePath) {
    let outcome = secrets::undelete(&w.nexus, owner, api, "S21").await;
    assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
}

async fn configs_above_the_cap_are_read_only_too(w: &World) {
    let api = shop(w, Tier::Xl).await;
    for number in 1..=51 {
        w.set(&api, &format!("C{number}"), "1").await;
    }
    set_tier(w, Tier::Free).await;
    let (n, owner) = (&w.nexus, &w.owner);
    assert_quota(
        configs::update(n, owner, &api, "C51", new_value("2")).await,
        Quota::Configs,
        50,
        Some(Tier::Xs),
    );
    let row: ConfigRow = configs::row(n, owner, &api, "C51").await.fine();
    assert!(row.read_only.is_some_and(|why| why.contains("50 configs")));
    configs::update(n, owner, &api, "C50", new_value("2")).await.fine();
    configs::delete(n, owner, &api, "C50", None).await.fine();
    configs::update(n, owner, &api, "C51", new_value("2")).await.fine();
    assert_quota(
        configs::create(n, owner, &api, new_config("X", "1")).await,
        Quota::Configs,
        50,
        Some(Tier::Xs),
    );
}

async fn what_is_read_only_is_still_read_revealed_and_synced(w: &World) {
    let api = lowered(w).await;
    assert_eq!(w.value(&api, "S22").await, "v");
    let (_, key) = w.service_key(&api, Access::Read).await;
    let Answer::Fresh { body, .. } = snapshot::sync(&w.nexus, &key, None).await.fine() else {
        panic!("asked without a tag")
    };
    let read: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(read["secrets"].as_object().map(serde_json::Map::len), Some(22));
    assert_eq!(read["secrets"]["S22"]["value"], "v");
}

async fn deleting_makes_room_from_the_oldest_on(w: &World) {
    let api = lowered(w).await;
    secrets::delete(&w.nexus, &w.owner, &api, "S01", None).await.fine();
    assert_eq!(read_only_keys(w, &api).await, ["S22"]);
    w.rewrite(&api, "S21", "w").await;
    secrets::delete(&w.nexus, &w.owner, &api, "S22", None).await.fine();
    assert!(read_only_keys(w, &api).await.is_empty());
    let outcome = secrets::create(&w.nexus, &w.owner, &api, new_secret("X", "v")).await;
    assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
    secrets::delete(&w.nexus, &w.owner, &api, "S02", None).await.fine();
    w.write(&api, "X", "v").await;
}

async fn an_import_that_would_write_what_is_read_only_writes_nothing(w: &World) {
    let api = lowered(w).await;
    refused(secrets::import(&w.nexus, &w.owner, &api, env("S01=x\nS22=x\n", false)).await);
    assert_eq!(w.value(&api, "S01").await, "v");
    // What is unchanged is not written.
    let report = secrets::import(&w.nexus, &w.owner, &api, env("S01=x\nS22=v\n", false)).await.fine();
    assert_eq!((report.changed, report.unchanged), (1, 1));
}

async fn what_is_inherited_is_marked_where_it_is_written(w: &World) {
    let api = shop(w, Tier::Xl).await;
    let shared = w.umbrella("shop", "develop", "shared").await;
    services::link(&w.nexus, &w.owner, &api, "shared").await.fine();
    fill(w, &shared, 1..=21).await;
    set_tier(w, Tier::Free).await;
    assert_eq!(read_only_keys(w, &shared).await, ["S21"]);
    assert!(read_only_keys(w, &api).await.is_empty());
    // An override is one more.
    let outcome = secrets::create(&w.nexus, &w.owner, &api, new_secret("S01", "own")).await;
    assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
}

async fn a_higher_tier_lifts_it_at_once(w: &World) {
    let api = lowered(w).await;
    set_tier(w, Tier::Xs).await;
    assert!(read_only_keys(w, &api).await.is_empty());
    w.rewrite(&api, "S22", "w").await;
    w.write(&api, "X", "v").await;
}

async fn a_change_of_tier_is_audited_and_reaches_programs(w: &World) {
    let api = shop(w, Tier::Xl).await;
    let revision = || async { services::get(&w.nexus, &w.owner, &api).await.fine().revision };
    let (first, before) = (revision().await, w.events().await.len());
    set_tier(w, Tier::S).await;
    assert!(revision().await > first, "flags are evaluated by what the project may use");
    assert_eq!(w.events_after(before).await, ["project.updated"]);
    let (second, before) = (revision().await, w.events().await.len());
    set_tier(w, Tier::S).await;
    assert_eq!((revision().await, w.events_after(before).await.len()), (second, 0));
}
