//! What a tenant has: shorthands for the use cases that most scenarios begin with, and for what
//! they look at in the end.

use super::{Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::secrets::{self, ListSecrets};
use nexus_backend::{configs, flags, projects, services};
use nexus_domain::config::{ConfigRow, NewConfig, NewConfigVersion};
use nexus_domain::flag::{FlagRow, NewFlag};
use nexus_domain::json::JsonText;
use nexus_domain::page::Page;
use nexus_domain::project::NewProject;
use nexus_domain::secret::{NewSecret, NewSecretVersion, SecretRow, SourceFilter};
use nexus_domain::service::{NewService, ServiceKind, ServicePath};

pub fn path(project: &str, environment: &str, service: &str) -> ServicePath {
    ServicePath { project: project.into(), environment: environment.into(), service: service.into() }
}

pub fn new_service(slug: &str, environment: &str, kind: ServiceKind, umbrella: bool) -> NewService {
    NewService {
        name: slug.to_owned(),
        slug: Some(slug.to_owned()),
        kind,
        environment: Some(environment.to_owned()),
        umbrella,
    }
}

pub fn new_secret(key: &str, value: &str) -> NewSecret {
    NewSecret { key: key.into(), value: Some(value.into()), ..NewSecret::default() }
}

pub fn new_version(value: &str) -> NewSecretVersion {
    NewSecretVersion { value: Some(value.into()), ..NewSecretVersion::default() }
}

/// A JSON value, as it is written here.
pub fn json(text: &str) -> JsonText {
    serde_json::from_str(text).expect("JSON")
}

/// A config with this JSON value.
pub fn new_config(key: &str, value: &str) -> NewConfig {
    NewConfig { key: key.into(), value: Some(json(value)), ..NewConfig::default() }
}

/// Another JSON value.
pub fn new_value(value: &str) -> NewConfigVersion {
    NewConfigVersion { value: Some(json(value)), ..NewConfigVersion::default() }
}

/// A flag with these fields.
pub fn flag(key: &str, fields: serde_json::Value) -> NewFlag {
    let mut fields = fields;
    fields["key"] = key.into();
    serde_json::from_value(fields).expect("a flag")
}

/// Makes a flag as the owner.
pub async fn new_flag(w: &World, path: &ServicePath, key: &str, fields: serde_json::Value) -> FlagRow {
    flags::create(&w.nexus, &w.owner, path, flag(key, fields)).await.fine()
}

pub fn everything() -> ListSecrets {
    ListSecrets { source: SourceFilter::All, q: String::new(), cursor: None, limit: 200 }
}

impl World {
    pub async fn project(&self, slug: &str) {
        let new = NewProject { name: slug.into(), slug: Some(slug.into()), tier: None };
        projects::create(&self.nexus, &self.owner, new).await.fine();
    }

    async fn make(&self, project: &str, new: NewService) -> ServicePath {
        let made = services::create(&self.nexus, &self.owner, project, new).await.fine();
        path(project, &made.environment, &made.slug)
    }

    /// A backend service.
    pub async fn service(&self, project: &str, environment: &str, slug: &str) -> ServicePath {
        self.make(project, new_service(slug, environment, ServiceKind::Backend, false)).await
    }

    pub async fn frontend(&self, project: &str, environment: &str, slug: &str) -> ServicePath {
        self.make(project, new_service(slug, environment, ServiceKind::Frontend, false)).await
    }

    /// A backend umbrella.
    pub async fn umbrella(&self, project: &str, environment: &str, slug: &str) -> ServicePath {
        self.make(project, new_service(slug, environment, ServiceKind::Backend, true)).await
    }

    /// The project `shop` with the backend service `api` in `live`.
    pub async fn shop(&self) -> ServicePath {
        self.project("shop").await;
        self.service("shop", "live", "api").await
    }

    /// The service `api` of `shop` in `develop`.
    pub async fn service_in_develop(&self) -> ServicePath {
        self.project("shop").await;
        self.service("shop", "develop", "api").await
    }

    /// The shop with an umbrella `shared` that `api` is linked to: `(api, shared)`.
    pub async fn shop_with_umbrella(&self) -> (ServicePath, ServicePath) {
        let api = self.shop().await;
        let shared = self.umbrella("shop", "live", "shared").await;
        services::link(&self.nexus, &self.owner, &api, "shared").await.fine();
        (api, shared)
    }

    /// Makes a secret as the owner.
    pub async fn write(&self, path: &ServicePath, key: &str, value: &str) -> SecretRow {
        secrets::create(&self.nexus, &self.owner, path, new_secret(key, value)).await.fine()
    }

    /// Adds a version as the owner.
    pub async fn rewrite(&self, path: &ServicePath, key: &str, value: &str) -> SecretRow {
        secrets::add_version(&self.nexus, &self.owner, path, key, new_version(value)).await.fine()
    }

    /// Makes a config with this JSON value as the owner.
    pub async fn set(&self, path: &ServicePath, key: &str, value: &str) -> ConfigRow {
        configs::create(&self.nexus, &self.owner, path, new_config(key, value)).await.fine()
    }

    /// Gives a config another JSON value as the owner.
    pub async fn reset(&self, path: &ServicePath, key: &str, value: &str) -> ConfigRow {
        configs::update(&self.nexus, &self.owner, path, key, new_value(value)).await.fine()
    }

    /// The value that the owner sees.
    pub async fn value(&self, path: &ServicePath, key: &str) -> String {
        self.value_for(&self.owner, path, key).await
    }

    /// The value that this person sees, after signing in.
    pub async fn value_for(&self, actor: &Actor, path: &ServicePath, key: &str) -> String {
        let actor = self.signed_in_again(actor).await;
        secrets::reveal(&self.nexus, &actor, path, key, None).await.fine().value.expect("a text")
    }

    /// The first page of everything, as the owner sees it.
    pub async fn list(&self, path: &ServicePath) -> Page<SecretRow> {
        secrets::list(&self.nexus, &self.owner, path, everything()).await.fine()
    }

    pub async fn keys_listed(&self, path: &ServicePath, query: ListSecrets) -> Vec<String> {
        let page = secrets::list(&self.nexus, &self.owner, path, query).await.fine();
        page.data.into_iter().map(|row| row.key).collect()
    }

    /// Every event in the tenant's audit log, oldest first: `secret.reveal` or `secret.reveal denied`.
    pub async fn events(&self) -> Vec<String> {
        self.nexus.settled().await;
        let tenant = self.database.id(self.tenant.0);
        let sql = "CASE outcome WHEN 'done' THEN event ELSE event || ' ' || outcome END";
        self.texts(&format!("SELECT {sql} FROM audit_log WHERE tenant_id = {tenant} ORDER BY seq")).await
    }

    /// The events since the last call of `events` that gave `before` of them.
    pub async fn events_after(&self, before: usize) -> Vec<String> {
        self.events().await.split_off(before)
    }
}

impl World {
    /// A secret without a value, as an import of `develop` leaves it for who may not reveal.
    pub async fn without_value(&self, path: &ServicePath, key: &str) {
        let (tenant, id) = (self.database.id(self.tenant.0), self.database.id(uuid::Uuid::now_v7()));
        let service = services::get(&self.nexus, &self.owner, path).await.fine().id;
        self.execute(&format!(
            "INSERT INTO entries (tenant_id, id, service_id, kind, key, type, active_version, last_version, note,
                 tags, created_at, updated_at, updated_by)
             VALUES ({tenant}, {id}, {}, 'secret', '{key}', 'text', 0, 0, '', '', {now}, {now}, 'x')",
            self.database.id(service.0),
            now = self.now().0
        ))
        .await;
    }

    /// Every sealed value and wrapped key of the database.
    pub async fn sealed(&self) -> Vec<Vec<u8>> {
        let all = self.dump().await;
        let mut sealed: Vec<_> = all
            .into_iter()
            .filter(|(place, _)| place.starts_with("entry_versions.payload") || place.contains("wrapped_key"))
            .map(|(_, bytes)| bytes)
            .collect();
        sealed.sort();
        sealed
    }
}
