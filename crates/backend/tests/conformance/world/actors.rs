//! Who acts: people in each role, keys of each kind, and another tenant.

use super::{Outcome, World, database};
use nexus_backend::gate::Actor;
use nexus_backend::tenants::{self, Founding};
use nexus_backend::{credentials, keys, people};
use nexus_domain::keys::{Access, RotateRequest, Slot};
use nexus_domain::role::{ProjectRole, Scope, Scopes, TenantRole};
use nexus_domain::service::ServicePath;
use nexus_domain::{UserId, slug};
use uuid::Uuid;

/// A second tenant on the same instance.
pub struct Rival {
    pub owner: Actor,
    pub operator: Actor,
}

impl World {
    /// A person in the tenant, with no project role and no password.
    pub async fn person(&self, email: &str, role: TenantRole) -> Actor {
        let user = Uuid::now_v7();
        let (tenant, id) = (self.database.id(self.tenant.0), self.database.id(user));
        let (handle, now) = (slug::handle_from_email(email), self.now().0);
        self.execute(&format!("INSERT INTO users (id, email, created_at) VALUES ({id}, '{email}', {now})"))
            .await;
        self.execute(&format!(
            "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at)
             VALUES ({tenant}, {id}, '{role}', '{handle}', {now})"
        ))
        .await;
        self.as_person(UserId(user)).await
    }

    async fn as_person(&self, user: UserId) -> Actor {
        people::person(&self.nexus, people::Opened::by_password(user, self.now()), super::TENANT, None)
            .await
            .fine()
    }

    /// The same person, signed in this moment.
    pub async fn signed_in_again(&self, actor: &Actor) -> Actor {
        self.as_person(actor.user().expect("a person")).await
    }

    /// Gives a person a role in a project, in place of the one before.
    pub async fn give_role(&self, actor: &Actor, project: &str, role: ProjectRole) {
        let tenant = self.database.id(self.tenant.0);
        let user = self.database.id(actor.user().expect("a person").0);
        self.execute(&format!(
            "DELETE FROM project_members WHERE user_id = {user}
             AND project_id = (SELECT id FROM projects WHERE tenant_id = {tenant} AND slug = '{project}')"
        ))
        .await;
        self.execute(&format!(
            "INSERT INTO project_members (tenant_id, project_id, user_id, role, created_at)
             SELECT {tenant}, id, {user}, '{role}', {} FROM projects WHERE tenant_id = {tenant} AND slug = '{project}'",
            self.now().0
        ))
        .await;
    }

    /// A new member of the tenant with this role in the project: `developer@acme.test`, …
    pub async fn member(&self, project: &str, role: ProjectRole) -> Actor {
        let actor = self.person(&format!("{role}@acme.test"), TenantRole::Member).await;
        self.give_role(&actor, project, role).await;
        actor
    }

    /// Another tenant on the same instance.
    pub async fn rival(&self) -> Rival {
        let founding = Founding {
            slug: "rival".into(),
            name: "Rival".into(),
            email: "rita@rival.test".into(),
            password_hash: None,
        };
        let founded = tenants::found_another(&self.nexus, founding, None).await.fine();
        let owner = people::person(
            &self.nexus,
            people::Opened::by_password(founded.owner, self.now()),
            "rival",
            None,
        )
        .await
        .fine();
        Rival { owner, operator: founded.actor }
    }

    /// An environment key's text and the actor that it opens.
    pub async fn environment_key(&self, environment: &str, scopes: &[Scope]) -> (String, Actor) {
        let scopes = Scopes(scopes.to_vec());
        let made =
            credentials::make_environment_key(&self.nexus, &self.operator, environment, "ci", scopes).await;
        let text = made.fine().text;
        let actor = self.present(&text).await.fine();
        (text, actor)
    }

    /// A service key in the slot, and the actor that it opens.
    pub async fn service_key(&self, path: &ServicePath, access: Access) -> (String, Actor) {
        let slot = match access {
            Access::Read => Slot::Primary,
            Access::ReadWrite => Slot::Secondary,
        };
        let owner = self.signed_in_again(&self.owner).await;
        let request = RotateRequest { grace_hours: Some(0), access: Some(access) };
        let text = keys::rotate(&self.nexus, &owner, path, slot, request).await.fine().key;
        let actor = self.present(&text).await.fine();
        (text, actor)
    }

    /// Whom a credential belongs to.
    pub async fn present(&self, text: &str) -> nexus_backend::Result<Actor> {
        credentials::authenticate(&self.nexus, text, None).await.map(|found| found.actor)
    }

    pub async fn execute(&self, sql: &str) -> u64 {
        database::execute(&self.nexus.db, sql).await.expect("a statement of the test")
    }

    /// What the database says to a statement that it should refuse.
    pub async fn refused_sql(&self, sql: &str) -> String {
        database::execute(&self.nexus.db, sql).await.expect_err("refused by the database").to_string()
    }

    pub async fn number(&self, sql: &str) -> i64 {
        database::numbers(&self.nexus.db, sql).await[0]
    }

    pub async fn texts(&self, sql: &str) -> Vec<String> {
        database::texts(&self.nexus.db, sql).await
    }

    /// The bytes in the one row of a table.
    pub async fn bytes(&self, table: &str, column: &str) -> Vec<u8> {
        let place = format!("{table}.{column}");
        let mut rows = self.dump().await.into_iter().filter(|(at, _)| at.starts_with(&place));
        let (_, bytes) = rows.next().expect("a row");
        assert!(rows.next().is_none(), "one row");
        bytes
    }

    pub async fn set_blob(&self, table: &str, column: &str, bytes: &[u8]) {
        self.execute(&format!("UPDATE {table} SET {column} = {}", self.database.blob(bytes))).await;
    }

    pub async fn dump(&self) -> Vec<(String, Vec<u8>)> {
        database::dump(&self.nexus.db).await
    }
}
