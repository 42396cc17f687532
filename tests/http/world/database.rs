//! The database behind an instance, for what no use case does or shows.

use super::World;
use nexus_backend::Nexus;
use nexus_backend::store::Db;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, SqlitePool};
use uuid::Uuid;

/// An id as SQLite reads it in a statement.
pub fn id(id: Uuid) -> String {
    format!("x'{}'", id.simple())
}

/// What `put_back` puts back.
const TABLES: &[&str] = &[
    "totp_secrets",
    "recovery_codes",
    "passkeys",
    "passkey_challenges",
    "second_steps",
    "users",
    "memberships",
    "sessions",
    "one_time_links",
    "known_devices",
    "mails",
    "projects",
    "project_members",
    "project_addons",
    "environments",
    "services",
    "service_keys",
    "environment_keys",
    "environment_key_old_values",
    "identity_providers",
    "workload_identities",
    "workload_sessions",
    "entries",
    "entry_versions",
    "invitations",
    "invitation_projects",
    "mails",
    "sign_in_providers",
    "identities",
    "sign_in_flows",
    "mail_domains",
    "idempotency_keys",
    "oauth_apps",
    "oauth_grants",
    "oauth_tokens",
    "oauth_codes",
    "oauth_devices",
];

fn pool(nexus: &Nexus) -> &SqlitePool {
    match &nexus.db {
        Db::Sqlite { write, .. } => write,
        Db::Postgres { .. } => panic!("these tests run on SQLite"),
    }
}

/// Runs statements of the test's own.
pub async fn execute(nexus: &Nexus, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool(nexus)).await.expect("a statement of the test");
}

/// The first column of each row, as text.
pub async fn texts(nexus: &Nexus, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(pool(nexus)).await.expect("texts")
}

impl World {
    pub async fn execute(&self, sql: &str) {
        execute(&self.nexus, sql).await;
    }

    pub async fn texts(&self, sql: &str) -> Vec<String> {
        texts(&self.nexus, sql).await
    }

    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(pool(&self.nexus))
            .await
            .expect("a number")
    }

    /// The newest events of the tenant's audit log, newest first: `secret.reveal done`.
    pub async fn events(&self, tenant: &str) -> Vec<String> {
        self.nexus.settled().await;
        self.texts(&format!(
            "SELECT event || ' ' || outcome FROM audit_log
             WHERE tenant_id = (SELECT id FROM tenants WHERE slug = '{tenant}') ORDER BY seq DESC"
        ))
        .await
    }

    /// Puts everything back as it was seeded, but for the audit log, which only grows (and goes with its tenant). The change
    /// numbers go on, so that no cache takes the old state for the new one.
    pub async fn put_back(&self) {
        let seeded = self.folder.path().join("seeded.db");
        if !seeded.exists() {
            std::fs::write(&seeded, &super::template().database).expect("a copy");
        }
        let options =
            SqliteConnectOptions::new().filename(self.folder.path().join("nexus.db")).foreign_keys(false);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("a connection");
        let tables: String = TABLES
            .iter()
            .map(|table| format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM seeded.{table};"))
            .collect();
        let sql = format!(
            "ATTACH '{}' AS seeded; BEGIN IMMEDIATE; {tables}
             DELETE FROM tenants WHERE id NOT IN (SELECT id FROM seeded.tenants);
             DELETE FROM tenant_keys WHERE tenant_id NOT IN (SELECT id FROM tenants);
             DELETE FROM audit_log WHERE tenant_id NOT IN (SELECT id FROM tenants);
             INSERT OR IGNORE INTO tenants SELECT * FROM seeded.tenants;
             INSERT OR IGNORE INTO tenant_keys SELECT * FROM seeded.tenant_keys;
             INSERT OR IGNORE INTO audit_log SELECT * FROM seeded.audit_log;
             UPDATE tenants SET seq = seq + 1, requires_second_factor = 0, allowed_cidrs = '[]', name = (SELECT name FROM seeded.tenants s WHERE s.id = tenants.id);
             COMMIT;",
            seeded.display()
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("put back");
        connection.close().await.expect("closed");
        self.nexus.follow().await.expect("followed");
    }

    /// What a refused call may not change: everything but the audit log and what is only counted.
    pub async fn fingerprint(&self) -> String {
        const PARTS: &[(&str, &str)] = &[
            (
                "tenants",
                "hex(id) || slug || name || environment_cap || requires_second_factor || requires_provider || allowed_cidrs",
            ),
            ("users", "hex(id) || email || coalesce(password_hash, '')"),
            ("memberships", "hex(tenant_id) || hex(user_id) || role || handle"),
            ("sessions", "hex(id_hash) || coalesce(hex(user_id), '')"),
            ("one_time_links", "hex(token_hash)"),
            ("totp_secrets", "hex(user_id) || active || hex(sealed)"),
            ("recovery_codes", "hex(code_hash)"),
            ("passkeys", "hex(id) || name"),
            ("passkey_challenges", "hex(token_hash)"),
            ("second_steps", "hex(token_hash)"),
            ("projects", "hex(id) || slug || name || tier || undelete_days || updated_at"),
            ("project_members", "hex(project_id) || hex(user_id) || role"),
            ("project_addons", "hex(project_id) || addon"),
            ("environments", "hex(id) || slug || name || coalesce(imported_at, '')"),
            ("services", "hex(id) || name || coalesce(hex(umbrella_id), '') || changed_seq || updated_at"),
            ("service_keys", "hex(id) || slot || access || superseded || coalesce(expires_at, '')"),
            (
                "environment_keys",
                "hex(id) || key_id || name || coalesce(revoked_at, '') || coalesce(signing_made_at, '')",
            ),
            ("environment_key_old_values", "key_id || expires_at"),
            ("identity_providers", "hex(id) || name || audience || max_lifetime"),
            ("workload_identities", "hex(id) || name || claims || access"),
            ("workload_sessions", "hex(id) || key_id"),
            (
                "entries",
                "hex(id) || key || type || active_version || note || tags || coalesce(deleted_at, '')",
            ),
            ("invitations", "hex(token_mac) || coalesce(accepted_at, '') || coalesce(revoked_at, '')"),
            ("invitation_projects", "hex(invitation_id) || hex(project_id) || role"),
            ("mails", "hex(id) || state || coalesce(opened_at, '')"),
            ("entry_versions", "hex(entry_id) || number || coalesce(destroyed_at, '')"),
            ("sign_in_providers", "hex(id) || name || client_id || enabled"),
            ("identities", "hex(provider_id) || subject || hex(user_id)"),
            ("sign_in_flows", "hex(state_hash)"),
            ("idempotency_keys", "hex(key_mac) || coalesce(status, '')"),
            (
                "oauth_apps",
                "hex(id) || name || scopes || redirect_uris || enabled || coalesce(secret_key_id, '')",
            ),
            ("oauth_grants", "hex(id) || hex(user_id)"),
            ("oauth_tokens", "key_id || coalesce(used_at, '')"),
            ("oauth_codes", "hex(code_hash) || coalesce(hex(grant_id), '')"),
            ("oauth_devices", "hex(device_hash) || state"),
            ("mail_domains", "hex(tenant_id) || domain || coalesce(joins_as, '') || projects"),
        ];
        let parts = PARTS.iter().map(|(table, row)| {
            format!(
                "SELECT coalesce(group_concat(x), '') AS y FROM (SELECT {row} AS x FROM {table} ORDER BY 1)"
            )
        });
        let parts: Vec<String> = parts.collect();
        let sql = format!("SELECT group_concat(y, ';') FROM ({})", parts.join(" UNION ALL "));
        self.texts(&sql).await.concat()
    }
}
