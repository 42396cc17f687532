//! Browser sessions: idle after what the adapter says, over after a day, and never back.

use crate::world::{Outcome, World};
use nexus_backend::people::sessions::{self, ABSOLUTE, Around, Stored};
use nexus_domain::timestamp::HOUR;

both![
    a_session_is_created_loaded_and_saved,
    an_idle_session_has_ended,
    a_busy_session_ends_after_a_day,
    a_session_that_ended_stays_ended,
    an_id_is_stored_as_its_hash,
    the_sweep_forgets_what_has_ended_and_nothing_else,
];

fn stored(w: &World, data: &str) -> Stored {
    Stored { user: Some(w.owner_id), data: data.into(), expires_at: w.now().plus(HOUR) }
}

async fn a_session_is_created_loaded_and_saved(w: &World) {
    assert_eq!(sessions::load(&w.nexus, b"id").await.fine(), None);
    let session = stored(w, "{\"a\":1}");
    assert!(sessions::create(&w.nexus, b"id", session.clone(), Around::default()).await.fine());
    assert_eq!(sessions::load(&w.nexus, b"id").await.fine(), Some(session));
    assert!(
        !sessions::create(&w.nexus, b"id", stored(w, "{}"), Around::default()).await.fine(),
        "the id exists"
    );
    let changed = Stored { user: None, ..stored(w, "{\"a\":2}") };
    sessions::save(&w.nexus, b"id", changed.clone(), Around::default()).await.fine();
    assert_eq!(sessions::load(&w.nexus, b"id").await.fine(), Some(changed));
}

async fn an_idle_session_has_ended(w: &World) {
    sessions::create(&w.nexus, b"id", stored(w, "{}"), Around::default()).await.fine();
    w.pass(HOUR - 1);
    assert!(sessions::load(&w.nexus, b"id").await.fine().is_some());
    w.pass(1);
    assert_eq!(sessions::load(&w.nexus, b"id").await.fine(), None);
    sessions::save(&w.nexus, b"id", stored(w, "{}"), Around::default()).await.fine();
    assert_eq!(sessions::load(&w.nexus, b"id").await.fine(), None, "a late save does not wake it");
}

async fn a_busy_session_ends_after_a_day(w: &World) {
    sessions::create(&w.nexus, b"id", stored(w, "{}"), Around::default()).await.fine();
    for _ in 0..47 {
        w.pass(HOUR / 2);
        sessions::save(&w.nexus, b"id", stored(w, "{}"), Around::default()).await.fine();
    }
    w.pass(HOUR / 2 - 1);
    assert!(sessions::load(&w.nexus, b"id").await.fine().is_some());
    w.pass(1);
    assert_eq!(sessions::load(&w.nexus, b"id").await.fine(), None);
    sessions::save(&w.nexus, b"id", stored(w, "{}"), Around::default()).await.fine();
    assert_eq!(sessions::load(&w.nexus, b"id").await.fine(), None);
}

async fn a_session_that_ended_stays_ended(w: &World) {
    sessions::create(&w.nexus, b"id", stored(w, "{}"), Around::default()).await.fine();
    sessions::delete(&w.nexus, b"id").await.fine();
    sessions::save(&w.nexus, b"id", stored(w, "{}"), Around::default()).await.fine();
    assert_eq!(sessions::load(&w.nexus, b"id").await.fine(), None);
    sessions::delete(&w.nexus, b"id").await.fine();
}

async fn an_id_is_stored_as_its_hash(w: &World) {
    sessions::create(&w.nexus, b"a very secret session id", stored(w, "{}"), Around::default()).await.fine();
    for (place, bytes) in w.dump().await {
        assert!(!bytes.windows(11).any(|part| part == b"very secret"), "{place}");
    }
}

async fn the_sweep_forgets_what_has_ended_and_nothing_else(w: &World) {
    sessions::create(&w.nexus, b"old", stored(w, "{}"), Around::default()).await.fine();
    w.pass(HOUR);
    sessions::create(&w.nexus, b"new", stored(w, "{}"), Around::default()).await.fine();
    sessions::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM sessions").await, 1);
    let far = Stored { expires_at: w.now().plus(10 * ABSOLUTE), ..stored(w, "{}") };
    sessions::save(&w.nexus, b"new", far, Around::default()).await.fine();
    w.pass(ABSOLUTE);
    sessions::sweep(&w.nexus).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM sessions").await, 0);
}
