//! Signals of changes: who hears of what, resuming, and how streams end.

use crate::world::{Outcome, World, new_flag};
use futures::StreamExt as _;
use nexus_backend::gate::Actor;
use nexus_backend::streams::{Event, Subscription, subscribe};
use nexus_backend::{flags, keys, secrets, services};
use nexus_domain::flag::Toggle;
use nexus_domain::keys::{Access, Slot};
use nexus_domain::timestamp::HOUR;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

both![
    a_change_is_told_with_its_key_and_revision,
    every_kind_of_entry_is_told,
    a_change_on_an_umbrella_is_told_to_its_heirs_and_nobody_else,
    a_change_of_another_service_is_not_told,
    an_import_of_many_keys_is_told_as_one,
    linking_and_tiers_are_told_as_a_new_snapshot,
    a_stream_resumes_after_the_revision_that_was_heard_last,
    whoever_hears_the_first_of_several_changes_is_told_the_others_later,
    a_revision_from_nowhere_is_told_to_ask_again,
    a_schedule_is_told_when_its_moment_comes,
    a_moment_that_passed_while_nobody_listened_is_told_on_coming_back,
    a_stream_that_begins_after_a_moment_is_told_only_the_next,
    a_change_of_the_whole_service_is_not_hidden_behind_one_of_a_key,
    so_many_moments_at_once_are_told_as_one,
    a_revoked_key_ends_its_streams,
    a_deleted_service_ends_its_streams,
    a_slow_reader_is_cut_off,
    a_change_in_another_process_is_told_once_it_is_heard_of,
    a_stream_that_is_dropped_is_forgotten,
    nobody_but_a_service_key_opens_a_stream,
    the_end_of_the_program_ends_every_stream,
];

/// Far more than any of this takes; what never comes shows as a failed test.
const DEADLINE: Duration = Duration::from_secs(20);

async fn listen(w: &World, actor: &Actor) -> Subscription {
    subscribe(&w.nexus, actor, None).await.fine()
}

async fn next(stream: &mut Subscription) -> Arc<Event> {
    tokio::time::timeout(DEADLINE, stream.next()).await.expect("in time").expect("an event")
}

async fn ended(stream: &mut Subscription) {
    let rest = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(DEADLINE, rest).await.expect("the end, in time");
}

async fn told(stream: &mut Subscription) -> (String, String) {
    let event = next(stream).await;
    (event.name.clone(), event.key.clone().unwrap_or_default())
}

fn pair(name: &str, key: &str) -> (String, String) {
    (name.to_owned(), key.to_owned())
}

async fn a_change_is_told_with_its_key_and_revision(w: &World) {
    let api = w.shop().await;
    new_flag(w, &api, "beta", json!({})).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    let before = stream.revision;
    flags::toggle(&w.nexus, &w.owner, &api, "beta", Toggle::default()).await.fine();
    let event = next(&mut stream).await;
    assert_eq!((event.name.as_str(), event.key.as_deref()), ("flag.toggled", Some("beta")));
    let revision = services::get(&w.nexus, &w.owner, &api).await.fine().revision;
    assert!(event.revision == revision && revision > before, "{event:?} {before}");
    assert_eq!(event.state, revision.to_string());
}

async fn every_kind_of_entry_is_told(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    w.write(&api, "S", "1").await;
    assert_eq!(told(&mut stream).await, pair("secret.created", "S"));
    w.rewrite(&api, "S", "2").await;
    assert_eq!(told(&mut stream).await, pair("secret.updated", "S"));
    w.set(&api, "C", "1").await;
    assert_eq!(told(&mut stream).await, pair("config.created", "C"));
    secrets::delete(&w.nexus, &w.owner, &api, "S", None).await.fine();
    assert_eq!(told(&mut stream).await, pair("secret.deleted", "S"));
    secrets::undelete(&w.nexus, &w.owner, &api, "S").await.fine();
    assert_eq!(told(&mut stream).await, pair("secret.restored", "S"));
}

async fn a_change_on_an_umbrella_is_told_to_its_heirs_and_nobody_else(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let other = w.service("shop", "live", "other").await;
    let ((_, key), (_, others)) =
        (w.service_key(&api, Access::Read).await, w.service_key(&other, Access::Read).await);
    let (mut heir, mut stranger) = (listen(w, &key).await, listen(w, &others).await);
    w.set(&shared, "C", "1").await;
    assert_eq!(told(&mut heir).await, pair("config.created", "C"));
    w.set(&other, "OWN", "1").await;
    assert_eq!(told(&mut stranger).await, pair("config.created", "OWN"));
}

async fn a_change_of_another_service_is_not_told(w: &World) {
    let api = w.shop().await;
    let twin = w.service("shop", "develop", "api").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    w.set(&twin, "THEIRS", "1").await;
    w.set(&api, "OURS", "1").await;
    assert_eq!(told(&mut stream).await, pair("config.created", "OURS"));
}

async fn an_import_of_many_keys_is_told_as_one(w: &World) {
    use nexus_domain::import::{ImportFormat, ImportRequest};
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    let text = (0..200).map(|n| format!("K{n}={n}\n")).collect();
    let request = ImportRequest { format: ImportFormat::Env, text, dry_run: false, description: None };
    secrets::import(&w.nexus, &w.owner, &api, request).await.fine();
    assert_eq!(told(&mut stream).await, pair("snapshot.updated", ""));
    w.set(&api, "NEXT", "1").await;
    assert_eq!(told(&mut stream).await, pair("config.created", "NEXT"), "and nothing of it again");
}

async fn linking_and_tiers_are_told_as_a_new_snapshot(w: &World) {
    let (api, _) = w.shop_with_umbrella().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(told(&mut stream).await, pair("snapshot.updated", ""));
    nexus_backend::tiers::add(&w.nexus, &w.owner, "shop", nexus_domain::tier::Addon::AbTesting).await.fine();
    assert_eq!(told(&mut stream).await, pair("snapshot.updated", ""));
}

async fn a_stream_resumes_after_the_revision_that_was_heard_last(w: &World) {
    let api = w.shop().await;
    w.set(&api, "A", "1").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let heard = services::get(&w.nexus, &w.owner, &api).await.fine().revision;
    w.set(&api, "B", "1").await;
    w.set(&api, "C", "1").await;
    let mut stream = subscribe(&w.nexus, &key, Some(&heard.to_string())).await.fine();
    assert_eq!(told(&mut stream).await, pair("config.created", "B"));
    assert_eq!(told(&mut stream).await, pair("config.created", "C"));
    let now = services::get(&w.nexus, &w.owner, &api).await.fine().revision;
    let mut stream = subscribe(&w.nexus, &key, Some(&now.to_string())).await.fine();
    w.set(&api, "D", "1").await;
    assert_eq!(told(&mut stream).await, pair("config.created", "D"), "nothing was missed");
}

async fn whoever_hears_the_first_of_several_changes_is_told_the_others_later(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    for name in ["A", "B", "C"] {
        w.set(&api, name, "1").await;
    }
    let mut heard = services::get(&w.nexus, &w.owner, &api).await.fine().revision - 3;
    for name in ["A", "B", "C"] {
        let mut stream = subscribe(&w.nexus, &key, Some(&heard.to_string())).await.fine();
        let event = next(&mut stream).await;
        assert_eq!(event.key.as_deref(), Some(name));
        heard = event.revision;
    }
}

async fn a_revision_from_nowhere_is_told_to_ask_again(w: &World) {
    let api = w.shop().await;
    w.set(&api, "A", "1").await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    for rubbish in ["999999999", "-5", "x", "", "9999999999999999999999"] {
        let mut stream = subscribe(&w.nexus, &key, Some(rubbish)).await.fine();
        let event = next(&mut stream).await;
        assert!(event.revision > 0, "{rubbish}");
    }
}

async fn a_schedule_is_told_when_its_moment_comes(w: &World) {
    let api = w.shop().await;
    let start = w.now().plus(HOUR);
    new_flag(w, &api, "sale", json!({ "state": "scheduled", "starts_at": start })).await;
    new_flag(w, &api, "other", json!({ "state": "on" })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    // What was told shows that the schedule is known.
    w.set(&api, "A", "1").await;
    assert_eq!(told(&mut stream).await, pair("config.created", "A"));
    w.pass(HOUR);
    let event = next(&mut stream).await;
    assert_eq!((event.name.as_str(), event.key.as_deref()), ("flag.toggled", Some("sale")));
    assert!(event.state.ends_with(".1"), "{}", event.state);
}

async fn a_moment_that_passed_while_nobody_listened_is_told_on_coming_back(w: &World) {
    let api = w.shop().await;
    let (start, end) = (w.now().plus(HOUR), w.now().plus(2 * HOUR));
    new_flag(w, &api, "sale", json!({ "state": "scheduled", "starts_at": start, "ends_at": end })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let stream = listen(w, &key).await;
    let (revision, begin) = (stream.revision, stream.begin.clone());
    assert_eq!(begin, revision.to_string(), "a number while no moment has passed");
    drop(stream);
    w.pass(HOUR);
    let mut stream = subscribe(&w.nexus, &key, Some(&begin)).await.fine();
    let event = next(&mut stream).await;
    assert_eq!((event.name.as_str(), event.key.as_deref()), ("flag.toggled", Some("sale")));
    assert_eq!((event.id.clone(), event.revision), (format!("{revision}.1"), revision));
    w.pass(HOUR);
    let live = next(&mut stream).await;
    assert_eq!((live.key.as_deref(), live.id.clone()), (Some("sale"), format!("{revision}.2")));
    drop(stream);
    let mut stream = subscribe(&w.nexus, &key, Some(&event.id)).await.fine();
    assert_eq!(next(&mut stream).await, live, "the second one, and not the first again");
    let mut stream = subscribe(&w.nexus, &key, Some(&live.id)).await.fine();
    w.set(&api, "A", "1").await;
    assert_eq!(told(&mut stream).await, pair("config.created", "A"), "nothing was missed");
    let mut stream = subscribe(&w.nexus, &key, Some(&event.id)).await.fine();
    assert_eq!(told(&mut stream).await, pair("config.created", "A"));
    assert_eq!(told(&mut stream).await, pair("flag.toggled", "sale"), "not hidden behind the change");
    let mut stream = subscribe(&w.nexus, &key, Some(&format!("{revision}.9"))).await.fine();
    assert_eq!(told(&mut stream).await, pair("config.created", "A"));
    assert_eq!(told(&mut stream).await, pair("snapshot.updated", ""), "more than there ever were");
}

async fn a_stream_that_begins_after_a_moment_is_told_only_the_next(w: &World) {
    let api = w.shop().await;
    let (start, end) = (w.now().plus(HOUR), w.now().plus(2 * HOUR));
    new_flag(w, &api, "sale", json!({ "state": "scheduled", "starts_at": start, "ends_at": end })).await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    w.pass(HOUR);
    let mut stream = listen(w, &key).await;
    assert_eq!(stream.begin, format!("{}.1", stream.revision));
    w.pass(HOUR);
    let event = next(&mut stream).await;
    assert_eq!((event.key.as_deref(), event.id.clone()), (Some("sale"), format!("{}.2", stream.revision)));
}

async fn a_change_of_the_whole_service_is_not_hidden_behind_one_of_a_key(w: &World) {
    let (api, _) = w.shop_with_umbrella().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let revision = async || services::get(&w.nexus, &w.owner, &api).await.fine().revision.to_string();
    let before = revision().await;
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    w.set(&api, "A", "1").await;
    let mut stream = subscribe(&w.nexus, &key, Some(&before)).await.fine();
    assert_eq!(told(&mut stream).await, pair("snapshot.updated", ""));
    let before = revision().await;
    nexus_backend::tiers::add(&w.nexus, &w.owner, "shop", nexus_domain::tier::Addon::AbTesting).await.fine();
    w.reset(&api, "A", "2").await;
    let mut stream = subscribe(&w.nexus, &key, Some(&before)).await.fine();
    assert_eq!(told(&mut stream).await, pair("snapshot.updated", ""));
}

async fn so_many_moments_at_once_are_told_as_one(w: &World) {
    let api = w.shop().await;
    let start = w.now().plus(HOUR);
    for n in 0..70 {
        new_flag(w, &api, &format!("f{n}"), json!({ "state": "scheduled", "starts_at": start })).await;
    }
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    w.pass(HOUR);
    assert_eq!(told(&mut stream).await, pair("snapshot.updated", ""));
}

async fn a_revoked_key_ends_its_streams(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (_, kept) = w.service_key(&api, Access::ReadWrite).await;
    let (mut stream, mut other) = (listen(w, &key).await, listen(w, &kept).await);
    keys::revoke(&w.nexus, &w.owner, &api, Slot::Primary).await.fine();
    ended(&mut stream).await;
    w.set(&api, "A", "1").await;
    assert_eq!(told(&mut other).await, pair("config.created", "A"));
}

async fn a_deleted_service_ends_its_streams(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    let owner = w.signed_in_again(&w.owner).await;
    services::delete(&w.nexus, &owner, &api).await.fine();
    ended(&mut stream).await;
}

async fn a_slow_reader_is_cut_off(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let (mut slow, mut quick) = (listen(w, &key).await, listen(w, &key).await);
    for n in 0..70 {
        w.set(&api, &format!("K{n}"), "1").await;
        next(&mut quick).await;
    }
    let mut heard = 0;
    while tokio::time::timeout(DEADLINE, slow.next()).await.expect("in time").is_some() {
        heard += 1;
    }
    assert!(heard <= 64, "{heard}");
    assert_eq!(w.nexus.streams.open(), 1);
}

async fn a_change_in_another_process_is_told_once_it_is_heard_of(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let other = w.another_process().await;
    let mut stream = subscribe(&other, &key, None).await.fine();
    w.set(&api, "A", "1").await;
    match w.database.listen_url() {
        // Heard of by a notification alone: nobody looks in this process.
        Some(url) => {
            let listener = other.clone();
            let task = tokio::spawn(async move { nexus_backend::streams::listen(&listener, &url).await });
            assert_eq!(
                told(&mut stream).await,
                pair("config.created", "A"),
                "found when it begins to listen"
            );
            w.set(&api, "B", "1").await;
            assert_eq!(told(&mut stream).await, pair("config.created", "B"), "by its notification");
            task.abort();
        }
        None => {
            other.follow().await.fine();
            assert_eq!(told(&mut stream).await, pair("config.created", "A"));
        }
    }
    drop(stream);
    other.db.close().await;
}

async fn a_stream_that_is_dropped_is_forgotten(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let streams = [listen(w, &key).await, listen(w, &key).await];
    assert_eq!(w.nexus.streams.open(), 2);
    drop(streams);
    assert_eq!(w.nexus.streams.open(), 0);
    let mut again = listen(w, &key).await;
    w.set(&api, "A", "1").await;
    assert_eq!(told(&mut again).await, pair("config.created", "A"));
}

async fn nobody_but_a_service_key_opens_a_stream(w: &World) {
    w.shop().await;
    assert!(subscribe(&w.nexus, &w.owner, None).await.is_err());
}

async fn the_end_of_the_program_ends_every_stream(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let mut stream = listen(w, &key).await;
    w.nexus.streams.close();
    ended(&mut stream).await;
    assert!(subscribe(&w.nexus, &key, None).await.is_err());
}
