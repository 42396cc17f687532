//! The list: pages, filters, search and the numbers beside them.

use crate::world::{Outcome, World, everything};
use nexus_backend::secrets::{self, ListSecrets};
use nexus_domain::secret::{SecretCounts, SecretPatch, SourceFilter};
use nexus_domain::timestamp::HOUR;
use nexus_domain::{Code, page};

both![
    pages_follow_each_other_without_gaps_or_doubles,
    keys_sort_the_same_on_both_databases,
    a_cursor_is_what_a_page_gave_out,
    filters_and_their_numbers_agree,
    a_search_looks_at_key_note_and_tags,
    a_search_takes_every_character_as_itself,
    a_persons_views_count_once_an_hour,
    lists_by_a_key_count_every_time,
];

async fn pages_follow_each_other_without_gaps_or_doubles(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let text = |from: usize| (from..from + 260).map(|n| format!("K{n:04}=v\n")).collect::<String>();
    secrets::import(&w.nexus, &w.owner, &api, super::import::env(&text(0), false)).await.fine();
    secrets::import(&w.nexus, &w.owner, &shared, super::import::env(&text(240), false)).await.fine();
    let mut seen = Vec::new();
    let mut query = ListSecrets { limit: 50, ..everything() };
    loop {
        let page = secrets::list(&w.nexus, &w.owner, &api, query.clone()).await.fine();
        assert!(page.data.len() <= 50);
        seen.extend(page.data.into_iter().map(|row| row.key));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    let all: Vec<_> = (0..500).map(|n| format!("K{n:04}")).collect();
    assert_eq!(seen, all, "own and inherited in one order, each once");
    let counts = secrets::counts(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(counts, SecretCounts { all: 500, own: 260, inherited: 240, overridden: 20, needs_value: 0 });
    let exact = ListSecrets { limit: 500, ..everything() };
    assert_eq!(secrets::list(&w.nexus, &w.owner, &api, exact).await.fine().next_cursor, None);
}

async fn keys_sort_the_same_on_both_databases(w: &World) {
    let api = w.shop().await;
    for key in ["b", "A", "a", "B", "a.b", "a-b", "a_b", "a:b", "a1", "Z9"] {
        w.write(&api, key, "v").await;
    }
    let keys = w.keys_listed(&api, everything()).await;
    assert_eq!(keys, ["A", "B", "Z9", "a", "a-b", "a.b", "a1", "a:b", "a_b", "b"]);
}

async fn a_cursor_is_what_a_page_gave_out(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "v").await;
    for text in ["", "A", "0", "a\0b", "ключ", "%"] {
        let query = ListSecrets { cursor: Some(text.into()), ..everything() };
        let refusal = secrets::list(&w.nexus, &w.owner, &api, query).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field("cursor").is_some(), "{text:?}");
    }
    // Whoever makes one up as we do gets no more than a list.
    for (place, found) in [("", 1), ("A", 0), ("0", 1), ("a\0b", 0), ("ключ", 0), ("%", 1)] {
        let query = ListSecrets { cursor: Some(page::cursor(place)), ..everything() };
        assert_eq!(w.keys_listed(&api, query).await.len(), found, "{place:?}");
    }
    for limit in [0, -1, i64::MIN, i64::MAX] {
        let query = ListSecrets { limit, ..everything() };
        assert!(secrets::list(&w.nexus, &w.owner, &api, query).await.is_ok(), "{limit}");
    }
}

async fn filters_and_their_numbers_agree(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    for key in ["BOTH", "THEIRS", "WAITING"] {
        w.write(&shared, key, "s").await;
    }
    for key in ["BOTH", "MINE"] {
        w.write(&api, key, "m").await;
    }
    w.without_value(&api, "WAITING").await;
    w.without_value(&api, "EMPTY").await;
    w.without_value(&shared, "NOTHING").await;
    let expected: [(SourceFilter, &[&str]); 5] = [
        (SourceFilter::All, &["BOTH", "EMPTY", "MINE", "THEIRS", "WAITING"]),
        (SourceFilter::Own, &["BOTH", "EMPTY", "MINE", "WAITING"]),
        (SourceFilter::Inherited, &["THEIRS"]),
        (SourceFilter::Overridden, &["BOTH"]),
        (SourceFilter::NeedsValue, &["EMPTY", "WAITING"]),
    ];
    for (source, keys) in expected {
        assert_eq!(w.keys_listed(&api, ListSecrets { source, ..everything() }).await, keys, "{source}");
    }
    let counts = secrets::counts(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(counts, SecretCounts { all: 5, own: 4, inherited: 1, overridden: 1, needs_value: 2 });
}

async fn search(w: &World, path: &nexus_domain::service::ServicePath, q: &str) -> Vec<String> {
    w.keys_listed(path, ListSecrets { q: q.into(), ..everything() }).await
}

async fn a_search_looks_at_key_note_and_tags(w: &World) {
    let api = w.shop().await;
    for key in ["STRIPE_KEY", "B", "C", "D"] {
        w.write(&api, key, "the value is not searched").await;
    }
    let annotate = |note: &str, tags: &[&str]| SecretPatch {
        note: Some(note.into()),
        tags: Some(tags.iter().map(|t| (*t).into()).collect()),
        ..SecretPatch::default()
    };
    secrets::patch(&w.nexus, &w.owner, &api, "B", annotate("From the Stripe console", &[])).await.fine();
    secrets::patch(&w.nexus, &w.owner, &api, "C", annotate("", &["payments", "stripe"])).await.fine();
    secrets::patch(&w.nexus, &w.owner, &api, "D", annotate("Ключ от склада", &["Größe"])).await.fine();
    assert_eq!(search(w, &api, "stripe").await, ["B", "C", "STRIPE_KEY"]);
    assert_eq!(search(w, &api, "  STRIPE ").await, ["B", "C", "STRIPE_KEY"]);
    assert_eq!(search(w, &api, "Ключ").await, ["D"]);
    assert_eq!(search(w, &api, "Größe").await, ["D"]);
    assert!(search(w, &api, "searched").await.is_empty());
}

async fn a_search_takes_every_character_as_itself(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A_B", "v").await;
    w.write(&api, "AxB", "v").await;
    let patch = SecretPatch { tags: Some(vec!["50%".into(), r"a\b".into()]), ..SecretPatch::default() };
    secrets::patch(&w.nexus, &w.owner, &api, "AxB", patch).await.fine();
    assert_eq!(search(w, &api, "a_b").await, ["A_B"]);
    assert_eq!(search(w, &api, "%").await, ["AxB"]);
    assert_eq!(search(w, &api, r"\").await, ["AxB"]);
    for nothing in ["[", "\"", ",", "'", "a\0b", "]", &"%".repeat(100_000)] {
        assert!(search(w, &api, nothing).await.is_empty(), "{nothing:?}");
    }
}

async fn a_persons_views_count_once_an_hour(w: &World) {
    let api = w.shop().await;
    let before = w.events().await.len();
    w.list(&api).await;
    w.list(&api).await;
    assert_eq!(w.events_after(before).await, ["secret.list"]);
    w.pass(HOUR);
    w.list(&api).await;
    assert_eq!(w.events_after(before).await, ["secret.list", "secret.list"]);
}

async fn lists_by_a_key_count_every_time(w: &World) {
    use nexus_domain::role::Scope;
    let api = w.shop().await;
    let (_, key) = w.environment_key("live", &[Scope::ReadSecrets]).await;
    let before = w.events().await.len();
    for _ in 0..3 {
        secrets::list(&w.nexus, &key, &api, everything()).await.fine();
    }
    assert_eq!(w.events_after(before).await, ["secret.list"; 3]);
}
