//! The gate: every use case, asked by everybody, against tables of expectations. `ok` goes through,
//! `no` is forbidden, `--` answers as if there were nothing.

mod cells;
mod hidden;
mod keys;
pub mod roles;

use crate::world::{
    Outcome, World, everything, new_config, new_secret, new_service, new_value, new_version, path,
};
use nexus_backend::gate::Actor;
use nexus_backend::services::ListServices;
use nexus_backend::{
    Result, audit, configs, dev_environments, environments, keys as service_keys, projects, secrets,
    services, tenants,
};
use nexus_domain::Code;
use nexus_domain::audit::AuditFilter;
use nexus_domain::environment::{EnvironmentPatch, NewEnvironment};
use nexus_domain::export::ExportFormat;
use nexus_domain::keys::{RotateRequest, Slot};
use nexus_domain::project::{NewProject, ProjectPatch, TenantPatch};
use nexus_domain::secret::SecretPatch;
use nexus_domain::service::{ServiceKind, ServicePatch, ServicePath};

/// What came of it, in the words of the table.
fn word<T>(outcome: Result<T>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(error) => match error.refusal().code {
            Code::Forbidden => "no",
            Code::NotFound => "--",
            code => panic!("neither allowed, forbidden nor hidden: {code:?} {error:?}"),
        },
    }
}

async fn on_service(w: &World, actor: &Actor, at: &ServicePath, act: &str) -> &'static str {
    word(perform(w, actor, at, act).await)
}

/// Every use case on a service, by name.
pub async fn perform(w: &World, actor: &Actor, at: &ServicePath, act: &str) -> Result<()> {
    let n = &w.nexus;
    match act {
        "project.get" => projects::get(n, actor, &at.project).await.map(drop),
        "project.update" => projects::update(n, actor, &at.project, ProjectPatch::default()).await.map(drop),
        "project.losses" => projects::losses(n, actor, &at.project).await.map(drop),
        "project.delete" => projects::delete(n, actor, &at.project).await.map(drop),
        "dev.get" => dev_environments::get(n, actor, &at.project).await.map(drop),
        "dev.create" => dev_environments::create(n, actor, &at.project).await.map(drop),
        "service.list" => services::list(n, actor, &at.project, ListServices::default()).await.map(drop),
        "service.get" => services::get(n, actor, at).await.map(drop),
        "service.counterparts" => services::counterparts(n, actor, at).await.map(drop),
        "service.umbrellas" => services::umbrellas(n, actor, at).await.map(drop),
        "service.linked" => services::linked(n, actor, at).await.map(drop),
        "service.create" => {
            let new = new_service("another", &at.environment, ServiceKind::Backend, false);
            services::create(n, actor, &at.project, new).await.map(drop)
        }
        "service.update" => services::update(n, actor, at, ServicePatch::default()).await.map(drop),
        "service.losses" => services::losses(n, actor, at).await.map(drop),
        "service.delete" => services::delete(n, actor, at).await.map(drop),
        "umbrella.link" => services::link(n, actor, at, "shared").await.map(drop),
        "umbrella.unlink" => services::unlink(n, actor, at).await.map(drop),
        "key.list" => service_keys::list(n, actor, at).await.map(drop),
        "key.rotate" => {
            service_keys::rotate(n, actor, at, Slot::Primary, RotateRequest::default()).await.map(drop)
        }
        "key.revoke" => service_keys::revoke(n, actor, at, Slot::Primary).await.map(drop),
        "secret.list" => secrets::list(n, actor, at, everything()).await.map(drop),
        "secret.counts" => secrets::counts(n, actor, at).await.map(drop),
        "secret.row" => secrets::row(n, actor, at, "A").await.map(drop),
        "secret.history" => secrets::history(n, actor, at, "A").await.map(drop),
        "secret.uses" => secrets::uses(n, actor, at, "A").await.map(drop),
        "secret.deleted" => secrets::deleted(n, actor, at).await.map(drop),
        "secret.reveal" => secrets::reveal(n, actor, at, "A", None).await.map(drop),
        "secret.diff" => secrets::diff(n, actor, at, "A", 1, 2).await.map(drop),
        "secret.export" => secrets::export(n, actor, at, ExportFormat::Env).await.map(drop),
        "secret.preview" => secrets::import(n, actor, at, crate::secrets::env("N=1", true)).await.map(drop),
        "secret.import" => secrets::import(n, actor, at, crate::secrets::env("N=1", false)).await.map(drop),
        "secret.create" => secrets::create(n, actor, at, new_secret("N", "n")).await.map(drop),
        "secret.version" => secrets::add_version(n, actor, at, "A", new_version("3")).await.map(drop),
        "secret.patch" => secrets::patch(n, actor, at, "A", SecretPatch::default()).await.map(drop),
        "secret.restore" => secrets::restore(n, actor, at, "A", 1, None).await.map(drop),
        "secret.destroy" => secrets::destroy(n, actor, at, "A", 1, None).await.map(drop),
        "secret.delete" => secrets::delete(n, actor, at, "A", None).await.map(drop),
        "secret.undelete" => secrets::undelete(n, actor, at, "GONE").await.map(drop),
        "config.list" => configs::list(n, actor, at, everything()).await.map(drop),
        "secret.collisions" => secrets::collisions_of(n, actor, at).await.map(drop),
        "config.export" => configs::export(n, actor, at, ExportFormat::Env).await.map(drop),
        "config.collisions" => configs::collisions_of(n, actor, at).await.map(drop),
        "config.counts" => configs::counts(n, actor, at).await.map(drop),
        "config.row" => configs::row(n, actor, at, "C").await.map(drop),
        "config.history" => configs::history(n, actor, at, "C").await.map(drop),
        "config.reading" => configs::version(n, actor, at, "C", 1).await.map(drop),
        "config.diff" => configs::diff(n, actor, at, "C", 1, 2).await.map(drop),
        "config.deleted" => configs::deleted(n, actor, at).await.map(drop),
        "config.preview" => configs::import(n, actor, at, crate::secrets::env("N=1", true)).await.map(drop),
        "config.patch" => configs::patch(n, actor, at, "C", SecretPatch::default()).await.map(drop),
        "config.import" => configs::import(n, actor, at, crate::secrets::env("N=1", false)).await.map(drop),
        "config.create" => configs::create(n, actor, at, new_config("N", "1")).await.map(drop),
        "config.update" => configs::update(n, actor, at, "C", new_value("3")).await.map(drop),
        "config.restore" => configs::restore(n, actor, at, "C", 1, None).await.map(drop),
        "config.destroy" => configs::destroy(n, actor, at, "C", 1, None).await.map(drop),
        "config.undelete" => configs::undelete(n, actor, at, "GONE").await.map(drop),
        "config.delete" => configs::delete(n, actor, at, "C", None).await.map(drop),
        "audit.project" => {
            let filter = AuditFilter { project: Some(at.project.clone()), ..AuditFilter::default() };
            audit::list(n, actor, filter, None, 10).await.map(drop)
        }
        "audit.export" => {
            let filter = AuditFilter { project: Some(at.project.clone()), ..AuditFilter::default() };
            audit::export(n, actor, filter).await.map(drop)
        }
        "audit.tenant" => audit::list(n, actor, AuditFilter::default(), None, 10).await.map(drop),
        "audit.verify" => audit::verify(n, actor).await.map(drop),
        "tenant.get" => tenants::get(n, actor).await.map(drop),
        "tenant.update" => tenants::update(n, actor, TenantPatch::default()).await.map(drop),
        "environment.list" => environments::list(n, actor).await.map(drop),
        "environment.create" => {
            let new = NewEnvironment { slug: "qa".into(), ..NewEnvironment::default() };
            environments::create(n, actor, new).await.map(drop)
        }
        "environment.update" => {
            environments::update(n, actor, "staging", EnvironmentPatch::default()).await.map(drop)
        }
        "environment.losses" => environments::losses(n, actor, "staging").await.map(drop),
        "environment.delete" => environments::delete(n, actor, "staging").await.map(drop),
        "project.create" => {
            let new = NewProject { name: "another".into(), slug: None, tier: None };
            projects::create(n, actor, new).await.map(drop)
        }
        _ => panic!("the table names {act}, which is no act"),
    }
}

/// Acts that end things come last, most destructive at the very end, and what one may have taken
/// away is put back for the next actor.
pub async fn put_back(w: &World, at: &ServicePath) {
    let n = &w.nexus;
    let owner = w.signed_in_again(&w.owner).await;
    let o = &owner;
    if projects::get(n, o, &at.project).await.is_err() {
        w.project(&at.project).await;
    }
    if services::get(n, o, &path(&at.project, &at.environment, "shared")).await.is_err() {
        w.umbrella(&at.project, &at.environment, "shared").await;
    }
    if services::get(n, o, at).await.is_err() {
        w.service(&at.project, &at.environment, &at.service).await;
    }
    let _ = services::delete(n, o, &path(&at.project, &at.environment, "another")).await;
    services::link(n, o, at, "shared").await.fine();
    let _ = secrets::delete(n, o, at, "N", None).await;
    if secrets::undelete(n, o, at, "A").await.is_err() && secrets::row(n, o, at, "A").await.is_err() {
        w.write(at, "A", "1").await;
    }
    if secrets::diff(n, o, at, "A", 1, 2).await.is_err() {
        secrets::delete(n, o, at, "A", None).await.fine();
        w.write(at, "A", "1").await;
        w.rewrite(at, "A", "2").await;
    }
    if secrets::row(n, o, at, "GONE").await.is_err() && secrets::undelete(n, o, at, "GONE").await.is_err() {
        w.write(at, "GONE", "g").await;
    }
    secrets::delete(n, o, at, "GONE", None).await.fine();
    put_back_configs(w, o, at).await;
    service_keys::rotate(n, o, at, Slot::Primary, RotateRequest::default()).await.fine();
    if environments::get(n, o, "staging").await.is_err() {
        environments::create(n, o, NewEnvironment { slug: "staging".into(), ..NewEnvironment::default() })
            .await
            .fine();
    }
    let _ = environments::delete(n, o, "qa").await;
    let _ = projects::delete(n, o, "another").await;
}

async fn put_back_configs(w: &World, owner: &Actor, at: &ServicePath) {
    let n = &w.nexus;
    let _ = configs::delete(n, owner, at, "N", None).await;
    if configs::diff(n, owner, at, "C", 1, 2).await.is_err() {
        let _ = configs::delete(n, owner, at, "C", None).await;
        w.set(at, "C", "1").await;
        w.reset(at, "C", "2").await;
    }
    if configs::row(n, owner, at, "GONE").await.is_err() {
        w.set(at, "GONE", "1").await;
    }
    configs::delete(n, owner, at, "GONE", None).await.fine();
}
