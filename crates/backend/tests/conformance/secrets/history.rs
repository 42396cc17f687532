//! Versions: numbered, never reused, one of them ACTIVE.

use crate::world::{Outcome, World, new_version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_backend::secrets;
use nexus_domain::Code;
use nexus_domain::page::Asked;
use nexus_domain::secret::{DiffOp, NewSecretVersion, SecretType};

both![
    every_write_is_a_new_version_and_the_newest_is_active,
    an_old_version_is_revealed_by_its_number,
    restoring_makes_a_new_version_with_the_old_value,
    destroying_wipes_the_value_and_burns_the_number,
    the_active_version_cannot_be_destroyed,
    what_is_destroyed_is_neither_restored_nor_compared_nor_revealed,
    two_versions_are_compared_line_by_line,
    files_are_compared_by_content_only,
    a_secret_may_become_a_file_and_its_old_text_still_opens,
    numbers_out_of_range_are_simply_missing,
];

async fn every_write_is_a_new_version_and_the_newest_is_active(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    w.pass(10);
    let manager = w.member("shop", nexus_domain::role::ProjectRole::Manager).await;
    let described =
        NewSecretVersion { description: Some("Rotated after Q2 audit".into()), ..new_version("22") };
    let row = secrets::add_version(&w.nexus, &manager, &api, "A", described).await.fine();
    assert_eq!((row.version, row.description.as_str()), (2, "Rotated after Q2 audit"));
    let history = secrets::history(&w.nexus, &w.owner, &api, "A").await.fine();
    let (mut numbers, mut next) = (Vec::new(), None::<String>);
    loop {
        let asked = Asked::new(Some(1), next.as_deref()).expect("a cursor");
        let page = secrets::versions(&w.nexus, &w.owner, &api, "A", asked).await.fine();
        assert_eq!(page.data.len(), 1);
        numbers.extend(page.data.iter().map(|version| version.version));
        next = page.next_cursor;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(numbers, history.iter().map(|version| version.version).collect::<Vec<_>>());
    let seen: Vec<_> = history.iter().map(|v| (v.version, v.active, v.size, v.created_by.as_str())).collect();
    assert_eq!(seen, [(2, true, 2, "manager@acme.test"), (1, false, 1, "ana@acme.test")]);
    assert_eq!((history[0].created_at, history[1].created_at), (w.now(), w.now().plus(-10)));
    for bad in ["x".repeat(501), "two\nlines".into()] {
        let bad = NewSecretVersion { description: Some(bad), ..new_version("3") };
        let refusal = secrets::add_version(&w.nexus, &w.owner, &api, "A", bad).await.refused();
        assert!(refusal.field("description").is_some());
    }
}

async fn an_old_version_is_revealed_by_its_number(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    w.rewrite(&api, "A", "2").await;
    let old = secrets::reveal(&w.nexus, &w.owner, &api, "A", Some(1)).await.fine();
    assert_eq!((old.value.as_deref(), old.version), (Some("1"), 1));
}

async fn restoring_makes_a_new_version_with_the_old_value(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "one").await;
    w.rewrite(&api, "A", "two").await;
    let row = secrets::restore(&w.nexus, &w.owner, &api, "A", 1, Some(2)).await.fine();
    assert_eq!((row.version, row.description.as_str()), (3, "Restored from v1"));
    assert_eq!(w.value(&api, "A").await, "one");
    assert_eq!(w.events().await.last().map(String::as_str), Some("secret.reveal"));
}

async fn destroying_wipes_the_value_and_burns_the_number(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "one").await;
    w.rewrite(&api, "A", "two").await;
    secrets::destroy(&w.nexus, &w.owner, &api, "A", 1, None).await.fine();
    let wiped =
        "SELECT COUNT(*) FROM entry_versions WHERE number = 1 AND payload IS NULL AND wrapped_key IS NULL";
    assert_eq!(w.number(wiped).await, 1);
    let history = secrets::history(&w.nexus, &w.owner, &api, "A").await.fine();
    assert_eq!(history.iter().map(|v| (v.version, v.destroyed)).collect::<Vec<_>>(), [(2, false), (1, true)]);
    assert_eq!(w.rewrite(&api, "A", "three").await.version, 3);
    assert_eq!(w.value(&api, "A").await, "three");
}

async fn the_active_version_cannot_be_destroyed(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "one").await;
    secrets::destroy(&w.nexus, &w.owner, &api, "A", 1, None).await.refused_as(Code::Conflict);
    assert_eq!(w.value(&api, "A").await, "one");
}

async fn what_is_destroyed_is_neither_restored_nor_compared_nor_revealed(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "one").await;
    w.rewrite(&api, "A", "two").await;
    let (n, o) = (&w.nexus, &w.owner);
    secrets::destroy(n, o, &api, "A", 1, None).await.fine();
    secrets::restore(n, o, &api, "A", 1, None).await.refused_as(Code::Conflict);
    secrets::diff(n, o, &api, "A", 1, 2).await.refused_as(Code::Conflict);
    secrets::reveal(n, o, &api, "A", Some(1)).await.refused_as(Code::Conflict);
    secrets::destroy(n, o, &api, "A", 1, None).await.refused_as(Code::Conflict);
}

async fn two_versions_are_compared_line_by_line(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "same\nold\n").await;
    w.rewrite(&api, "A", "same\nnew\n").await;
    let diff = secrets::diff(&w.nexus, &w.owner, &api, "A", 1, 2).await.fine();
    let lines: Vec<_> = diff.lines.iter().map(|l| (l.op, l.text.as_str())).collect();
    assert_eq!(lines, [(DiffOp::Same, "same"), (DiffOp::Removed, "old"), (DiffOp::Added, "new")]);
    assert!(!diff.equal);
    assert!(secrets::diff(&w.nexus, &w.owner, &api, "A", 2, 2).await.fine().equal);
    assert_eq!(w.events().await.last().map(String::as_str), Some("secret.reveal"), "it shows both values");
}

async fn files_are_compared_by_content_only(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "text").await;
    let file =
        NewSecretVersion { value_base64: Some(STANDARD.encode("text")), ..NewSecretVersion::default() };
    secrets::add_version(&w.nexus, &w.owner, &api, "A", file).await.fine();
    let diff = secrets::diff(&w.nexus, &w.owner, &api, "A", 1, 2).await.fine();
    assert_eq!((diff.lines.len(), diff.equal, diff.from_size, diff.to_size), (0, false, 4, 4));
}

async fn a_secret_may_become_a_file_and_its_old_text_still_opens(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "text").await;
    let file =
        NewSecretVersion { value_base64: Some(STANDARD.encode([0, 1])), ..NewSecretVersion::default() };
    let row = secrets::add_version(&w.nexus, &w.owner, &api, "A", file).await.fine();
    assert_eq!(row.kind, SecretType::File);
    let old = secrets::reveal(&w.nexus, &w.owner, &api, "A", Some(1)).await.fine();
    assert_eq!((old.kind, old.value.as_deref()), (SecretType::Text, Some("text")));
    assert_eq!(secrets::restore(&w.nexus, &w.owner, &api, "A", 1, None).await.fine().kind, SecretType::Text);
}

async fn numbers_out_of_range_are_simply_missing(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "one").await;
    let (n, o) = (&w.nexus, &w.owner);
    for number in [0, 2, -1, i64::MAX, i64::MIN] {
        secrets::reveal(n, o, &api, "A", Some(number)).await.refused_as(Code::NotFound);
        secrets::restore(n, o, &api, "A", number, None).await.refused_as(Code::NotFound);
        secrets::destroy(n, o, &api, "A", number, None).await.refused_as(Code::NotFound);
        secrets::diff(n, o, &api, "A", 1, number).await.refused_as(Code::NotFound);
    }
}
