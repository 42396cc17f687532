//! Every statement of the crate, found in its source: each is marked, each is understood by both
//! engines, and each that touches what a tenant has names the tenant.

use crate::world::{World, prepare};
use nexus_backend::store::Db;
use sqlx::{AssertSqlSafe, Row};
use std::path::{Path, PathBuf};

both![
    every_statement_is_understood,
    no_statement_reads_a_whole_table_of_a_tenant,
    a_page_of_secrets_is_read_in_the_order_of_the_index,
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Each file with its name from `src/` on, without comments.
fn code() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a source");
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let name = path.strip_prefix(&root).expect("inside").display().to_string();
        (name, code.join("\n"))
    };
    sources(&root).into_iter().map(read).collect()
}

/// The literal that follows, plain or raw.
fn literal(text: &str) -> String {
    let text = text.trim_start();
    if let Some(raw) = text.strip_prefix("r\"") {
        return raw.split('"').next().expect("an end").to_owned();
    }
    let plain = text.strip_prefix('"').unwrap_or_else(|| panic!("no literal: {:.60}", text));
    let mut out = String::new();
    let mut chars = plain.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return out,
            '\\' => match chars.next().expect("an escape") {
                '\n' => {
                    let rest = chars.as_str().trim_start();
                    chars = rest.chars();
                }
                'n' => out.push('\n'),
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    panic!("a literal without an end")
}

/// Where it stands and what it says.
fn statements() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (file, code) in code() {
        for (at, _) in code.match_indices("sql!(") {
            let line = code[..at].matches('\n').count() + 1;
            found.push((format!("{file} (about line {line})"), literal(&code[at + "sql!(".len()..])));
        }
    }
    found
}

#[test]
fn every_query_is_given_a_marked_statement() {
    let mut calls = 0;
    for (file, code) in code().into_iter().filter(|(file, _)| !file.starts_with("store/")) {
        assert!(!code.contains("raw_sql"), "{file}");
        for (at, _) in code.match_indices("sqlx::query") {
            let call = &code[at..];
            let arguments = &call[call.find('(').expect("a call") + 1..];
            assert!(arguments.trim_start().starts_with("sql!("), "{file}: {:.80}", call);
            calls += 1;
        }
    }
    assert!(calls > 80, "only {calls} were found: does the search still work?");
}

#[test]
fn no_statement_is_put_together_at_run_time() {
    for (file, code) in code() {
        assert!(!code.contains("AssertSqlSafe") && !code.contains("QueryBuilder"), "{file}");
    }
}

async fn every_statement_is_understood(w: &World) {
    let statements = statements();
    assert!(statements.len() > 80, "only {} were found", statements.len());
    for (place, sql) in statements {
        if let Err(error) = prepare(&w.nexus.db, &sql).await {
            panic!("{place}: {error}\n{sql}");
        }
    }
}

/// What SQLite does for each statement, one step a line.
async fn plan(w: &World, sql: &str) -> Vec<String> {
    let Db::Sqlite { read, .. } = &w.nexus.db else { return Vec::new() };
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(read).await;
    rows.expect("a plan").iter().map(|row| row.get(3)).collect()
}

/// Work that goes through a whole table on purpose: in the background, or for somebody who looks for
/// a key in all of a tenant.
const SWEEPS: [&str; 13] = [
    "DELETE FROM idempotency_keys WHERE status",
    "DELETE FROM workload_sessions WHERE expires_at",
    "DELETE FROM used_requests",
    "DELETE FROM request_log WHERE id IN",
    "SELECT s.part, (SELECT CAST",
    "DELETE FROM invitations WHERE expires_at",
    "DELETE FROM audit_denials",
    "DELETE FROM sessions",
    "DELETE FROM mails WHERE updated_at",
    "UPDATE mails SET state = 'kept'",
    "SELECT id FROM mails WHERE next_attempt_at IS NOT NULL",
    "SELECT id, recipient, kind, state, attempts, next_attempt_at, problem, opened_at, created_at, updated_at\n         FROM mails ORDER BY id",
    "SELECT p.slug, e.slug, s.slug, n.key FROM entries n",
];

async fn no_statement_reads_a_whole_table_of_a_tenant(w: &World) {
    for (place, sql) in statements() {
        if SWEEPS.iter().any(|sweep| sql.starts_with(sweep)) {
            continue;
        }
        for step in plan(w, &sql).await {
            let scans = step.strip_prefix("SCAN ").is_some_and(|rest| {
                let name = rest.split(' ').next().unwrap_or_default();
                OF_A_TENANT.iter().any(|table| name == *table || table.starts_with(name) && name.len() == 1)
            });
            let large = step.contains("sqlite_autoindex_entries_2 (tenant_id=?)");
            assert!(!scans && !large, "{place}: {step}\n{sql}");
        }
    }
}

async fn a_page_of_secrets_is_read_in_the_order_of_the_index(w: &World) {
    let statements = statements();
    let (_, list) = statements.iter().find(|(_, sql)| sql.contains("AS in_umbrella")).expect("the list");
    let plan = plan(w, list).await;
    for half in ["own", "inherited"] {
        let inside = plan.iter().skip_while(|step| **step != format!("CO-ROUTINE {half}")).skip(1);
        let inside: Vec<_> = inside.take_while(|step| **step != format!("SCAN {half}")).collect();
        assert!(
            inside.iter().all(|step| step.starts_with("SEARCH") || step.starts_with("CORR")),
            "{plan:#?}"
        );
        assert_eq!(inside.is_empty(), w.database.folder().is_none(), "{plan:#?}");
    }
}

/// Tables whose rows belong to a tenant.
const OF_A_TENANT: &[&str] = &[
    "config_schemas",
    "projects",
    "project_members",
    "project_addons",
    "environments",
    "services",
    "service_keys",
    "environment_key_old_values",
    "environment_keys",
    "identity_providers",
    "workload_identities",
    "workload_sessions",
    "entries",
    "entry_versions",
    "entry_references",
    "flag_evaluations",
    "audit_log",
    "audit_denials",
    "read_counts",
    "tenant_keys",
    "invitations",
    "invitation_projects",
    "mails",
    "sign_in_providers",
    "mail_domains",
    "idempotency_keys",
    "quarantines",
    "request_log",
    "oauth_apps",
    "oauth_grants",
    "oauth_tokens",
    "oauth_codes",
    "oauth_devices",
];

/// Statements that look across tenants, each by its beginning, and why.
const ACROSS_TENANTS: &[(&str, &str)] = &[
    ("DELETE FROM invitations WHERE expires_at", "the sweep of old invitations"),
    ("SELECT k.id, k.tenant_id, t.slug AS tenant_slug", "the tenant of a credential comes from its row"),
    (
        "SELECT k.key_id, s.kind FROM service_keys",
        "the tenant of a stream's address comes from the row of its key",
    ),
    ("SELECT service_id FROM service_keys", "the tenant of a stream's address comes from the row of its key"),
    ("SELECT k.key_id, s.endpoint_slug", "the tenant of a stream's address comes from the row of its key"),
    (
        "SELECT s.id AS service",
        "an endpoint is unique in the instance; its tenant is compared with the key's",
    ),
    ("SELECT ws.id, ws.tenant_id, t.slug", "the tenant of a credential comes from its row"),
    ("SELECT s.id, s.tenant_id AS tenant", "the tenant of a program comes from the endpoint that it names"),
    ("DELETE FROM workload_sessions WHERE expires_at", "the sweep of sessions that are over"),
    ("DELETE FROM flag_evaluations WHERE day", "the sweep of old counters"),
    ("DELETE FROM entries WHERE final_at", "the purge of what is final everywhere"),
    ("DELETE FROM audit_denials WHERE minute", "the sweep of old counters"),
    ("SELECT COUNT(*) FROM tenants", "whether there is one"),
    (
        "SELECT t.id, t.name, u.email, m.role",
        "the tenant of a session's provider comes from its row, and is compared",
    ),
    ("SELECT tenant_id FROM sign_in_providers", "the tenant of a session's provider comes from its row"),
    ("SELECT tenant_id, name, kind, issuer", "the tenant of a provider that somebody comes back from"),
    (
        "SELECT p.id, p.name, p.kind FROM sign_in_providers",
        "what a tenant's sign-in page offers to everybody",
    ),
    ("SELECT p.kind, p.issuer FROM sign_in_providers", "where the forms of sign-in pages may end up"),
    ("SELECT i.provider_id, i.shown", "what a person signs in with, wherever"),
    ("SELECT id, seq, chain_head FROM tenants", "checkpoints of every tenant"),
    ("SELECT i.tenant_id, t.slug, t.name, i.id", "the tenant of a link comes from its row"),
    ("SELECT COUNT(*) FROM mails WHERE recipient", "how much mail one address got lately"),
    (
        "SELECT id, sealed FROM mails WHERE recipient",
        "what waits for one address, for whoever runs the program",
    ),
    ("SELECT network, key_id, expires_at FROM quarantines", "what every process refuses"),
    (
        "SELECT network, key_id, shown, reason, created_at, expires_at FROM quarantines\n         WHERE expires_at",
        "the operator's list",
    ),
    ("DELETE FROM quarantines WHERE expires_at", "the sweep of what is over"),
    ("DELETE FROM request_log WHERE id IN", "the log is kept as long as there is room for all"),
    ("SELECT s.part, (SELECT CAST", "how large the log is"),
    ("SELECT last_at, at, id", "the operator's list of what belongs to no tenant"),
    ("SELECT id FROM mails WHERE next_attempt_at", "what is due, whoever it is from"),
    ("DELETE FROM idempotency_keys WHERE expires_at", "the sweep of old answers"),
    ("DELETE FROM idempotency_keys WHERE status", "the start of the only server there is"),
    ("UPDATE mails SET attempts", "the sender takes what is due"),
    ("UPDATE mails SET state = $2", "the sender writes what came of it"),
    ("UPDATE mails SET state = 'kept'", "the sweep where there is no mail server"),
    ("DELETE FROM mails WHERE updated_at", "the sweep of old mails"),
    ("SELECT id, recipient, kind, state", "the operator's list"),
    ("SELECT recipient, sealed FROM mails", "the operator's look"),
    ("SELECT tenant_id, id, name, type, redirect_uris", "the tenant of an app comes from its row"),
    ("SELECT o.tenant_id, t.slug AS tenant_slug", "the tenant of a token comes from its row"),
    ("SELECT d.tenant_id, t.slug AS tenant_slug", "the tenant of a device comes from its row"),
    ("SELECT tenant_id, app_id, scopes, ip", "the tenant of a device comes from its row"),
    ("SELECT app_id, state, wait", "a device that asks is known by its code"),
    ("UPDATE oauth_devices SET polled_at", "a device that asks is known by its code"),
    ("SELECT COUNT(*) FROM oauth_devices WHERE ip", "how many devices of one address wait"),
    ("SELECT g.id, g.tenant_id, t.slug", "what a person lets apps do, wherever"),
    ("DELETE FROM oauth_grants WHERE user_id", "a new password ends everything of a person"),
    ("DELETE FROM oauth_codes WHERE user_id", "a new password ends everything of a person"),
    ("DELETE FROM oauth_devices WHERE user_id", "a new password ends everything of a person"),
    ("DELETE FROM oauth_grants WHERE expires_at", "the sweep of what is over"),
    ("DELETE FROM oauth_tokens WHERE expires_at", "the sweep of what is over"),
    ("DELETE FROM oauth_codes WHERE created_at", "the sweep of what is over"),
    ("DELETE FROM oauth_devices WHERE expires_at", "the sweep of what is over"),
];

#[test]
fn every_statement_on_what_a_tenant_has_names_the_tenant() {
    for (place, sql) in statements() {
        let words: Vec<&str> = sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        let touches = OF_A_TENANT.iter().any(|table| words.contains(table));
        let named = words.contains(&"tenant_id");
        let excused = ACROSS_TENANTS.iter().any(|(beginning, _)| sql.starts_with(beginning));
        assert!(!touches || named || excused, "{place}: {sql}");
        if sql.trim_start().starts_with("SELECT") && touches && !excused {
            assert!(sql.contains("tenant_id = $1"), "the tenant is bound first, {place}: {sql}");
        }
    }
}
