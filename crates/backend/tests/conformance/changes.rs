//! A change and its row in the audit log are one transaction: every change, by name, with what it
//! leaves behind, and with nothing at all where the row cannot be written.

use crate::gate::{perform, put_back, roles::TABLE};
use crate::world::{World, path};
use nexus_domain::Code;
use std::collections::BTreeMap;

both![every_change_leaves_its_row, a_change_without_its_row_is_no_change];

/// What each act leaves in the log. An act that is missing here leaves nothing.
const EVENTS: &[(&str, &[&str])] = &[
    ("secret.list", &["secret.list"]),
    ("secret.reveal", &["secret.reveal"]),
    ("secret.diff", &["secret.reveal"]),
    ("secret.export", &["secret.exported"]),
    ("secret.preview", &["secret.previewed"]),
    ("audit.export", &["audit.exported"]),
    ("dev.create", &["dev_environment.created"]),
    ("environment.create", &["environment.created"]),
    ("environment.delete", &["environment.deleted"]),
    ("project.create", &["project.created"]),
    ("service.create", &["service.created"]),
    ("umbrella.unlink", &["umbrella.unlinked"]),
    ("key.rotate", &["key.rotated"]),
    ("key.revoke", &["key.revoked"]),
    ("secret.import", &["secret.previewed", "secret.created"]),
    ("secret.create", &["secret.created"]),
    ("secret.version", &["secret.updated"]),
    ("secret.restore", &["secret.updated"]),
    ("secret.destroy", &["secret.destroyed"]),
    ("secret.undelete", &["secret.restored"]),
    ("secret.delete", &["secret.deleted"]),
    ("config.import", &["config.created"]),
    ("config.create", &["config.created"]),
    ("config.update", &["config.updated"]),
    ("config.restore", &["config.updated"]),
    ("config.destroy", &["config.destroyed"]),
    ("config.undelete", &["config.restored"]),
    ("config.delete", &["config.deleted"]),
    ("service.delete", &["service.deleted"]),
    ("project.delete", &["project.deleted"]),
];

fn events_of(act: &str) -> &'static [&'static str] {
    EVENTS.iter().find(|(name, _)| *name == act).map_or(&[], |(_, events)| events)
}

async fn every_change_leaves_its_row(w: &World) {
    w.project("shop").await;
    let at = path("shop", "live", "api");
    for (act, _) in TABLE {
        put_back(w, &at).await;
        let before = w.events().await.len();
        perform(w, &w.owner, &at, act).await.expect(act);
        assert_eq!(w.events_after(before).await, events_of(act), "{act}");
    }
}

/// All that is stored outside of the log: table, and its rows as a bag of values.
async fn state(w: &World) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut tables: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for (place, bytes) in w.dump().await {
        tables.entry(place).or_default().push(bytes);
    }
    for values in tables.values_mut() {
        values.sort();
    }
    tables.retain(|place, _| !place.starts_with("gone.") && !place.starts_with("audit_log."));
    tables
}

async fn a_change_without_its_row_is_no_change(w: &World) {
    w.project("shop").await;
    let at = path("shop", "live", "api");
    for (act, _) in TABLE.iter().filter(|(act, _)| !events_of(act).is_empty()) {
        put_back(w, &at).await;
        let before = state(w).await;
        w.execute("ALTER TABLE audit_log RENAME TO gone").await;
        let error = perform(w, &w.owner, &at, act).await.expect_err(act);
        w.execute("ALTER TABLE gone RENAME TO audit_log").await;
        // An export reads the log first, and finds that it is not there.
        let codes = [Code::AuditUnavailable, Code::Internal];
        assert!(codes.contains(&error.refusal().code), "{act}: {error:?}");
        assert!(*act == "audit.export" || error.refusal().code == Code::AuditUnavailable, "{act}: {error:?}");
        assert_eq!(state(w).await, before, "{act}");
    }
}
