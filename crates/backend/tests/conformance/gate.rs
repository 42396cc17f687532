//! The gate: every use case, asked by everybody, against one table of expectations.
//!
//! A row names an act on a shared environment and who may do it. `ok` goes through, `no` is
//! forbidden, `--` answers as if there were nothing; each use case runs in a world of its own, so
//! that one that goes through changes nothing for the next actor.

use crate::world::{Outcome, World, everything, new_secret, new_service, new_version, path};
use nexus_backend::gate::Actor;
use nexus_backend::services::ListServices;
use nexus_backend::{
    Result, audit, dev_environments, environments, keys, people, projects, secrets, services, tenants,
};
use nexus_domain::Code;
use nexus_domain::audit::AuditFilter;
use nexus_domain::environment::{EnvironmentPatch, NewEnvironment, OnConflict};
use nexus_domain::keys::{RotateRequest, Slot};
use nexus_domain::project::{NewProject, ProjectPatch, TenantPatch};
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::secret::SecretPatch;
use nexus_domain::service::{ServiceKind, ServicePatch, ServicePath};
use nexus_domain::timestamp::MINUTE;

both![
    every_role_may_do_what_the_table_says_in_live,
    every_role_may_do_what_the_table_says_in_develop,
    scopes_cut_an_environment_key_down,
    another_tenants_things_answer_like_missing_ones,
    a_key_of_one_environment_sees_no_other,
    acts_that_show_or_end_things_need_a_fresh_sign_in,
    finance_has_nothing_inside_projects,
    a_developer_sees_keys_and_types_in_develop,
    a_publishable_key_manages_nothing,
    missing_and_hidden_projects_answer_alike_in_the_audit_log,
    a_new_project_does_not_inherit_the_log_of_an_old_one,
    losses_are_told_to_those_who_may_delete,
];

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

/// Every use case on a service, by name.
async fn on_service(w: &World, actor: &Actor, at: &ServicePath, act: &str) -> &'static str {
    let n = &w.nexus;
    match act {
        "project.get" => word(projects::get(n, actor, &at.project).await),
        "project.update" => word(projects::update(n, actor, &at.project, ProjectPatch::default()).await),
        "project.losses" => word(projects::losses(n, actor, &at.project).await),
        "project.delete" => word(projects::delete(n, actor, &at.project).await),
        "dev.get" => word(dev_environments::get(n, actor, &at.project).await),
        "dev.create" => word(dev_environments::create(n, actor, &at.project).await),
        "service.list" => word(services::list(n, actor, &at.project, ListServices::default()).await),
        "service.get" => word(services::get(n, actor, at).await),
        "service.counterparts" => word(services::counterparts(n, actor, at).await),
        "service.umbrellas" => word(services::umbrellas(n, actor, at).await),
        "service.linked" => word(services::linked(n, actor, at).await),
        "service.create" => {
            let new = new_service("another", &at.environment, ServiceKind::Backend, false);
            word(services::create(n, actor, &at.project, new).await)
        }
        "service.update" => word(services::update(n, actor, at, ServicePatch::default()).await),
        "service.losses" => word(services::losses(n, actor, at).await),
        "service.delete" => word(services::delete(n, actor, at).await),
        "umbrella.link" => word(services::link(n, actor, at, "shared").await),
        "umbrella.unlink" => word(services::unlink(n, actor, at).await),
        "key.list" => word(keys::list(n, actor, at).await),
        "key.rotate" => word(keys::rotate(n, actor, at, Slot::Primary, RotateRequest::default()).await),
        "key.revoke" => word(keys::revoke(n, actor, at, Slot::Primary).await),
        "secret.list" => word(secrets::list(n, actor, at, everything()).await),
        "secret.counts" => word(secrets::counts(n, actor, at).await),
        "secret.row" => word(secrets::row(n, actor, at, "A").await),
        "secret.history" => word(secrets::history(n, actor, at, "A").await),
        "secret.uses" => word(secrets::uses(n, actor, at, "A").await),
        "secret.deleted" => word(secrets::deleted(n, actor, at).await),
        "secret.reveal" => word(secrets::reveal(n, actor, at, "A", None).await),
        "secret.diff" => word(secrets::diff(n, actor, at, "A", 1, 2).await),
        "secret.export" => word(secrets::export(n, actor, at).await),
        "secret.preview" => word(secrets::import(n, actor, at, crate::secrets::env("N=1", true)).await),
        "secret.import" => word(secrets::import(n, actor, at, crate::secrets::env("N=1", false)).await),
        "secret.create" => word(secrets::create(n, actor, at, new_secret("N", "n")).await),
        "secret.version" => word(secrets::add_version(n, actor, at, "A", new_version("3")).await),
        "secret.patch" => word(secrets::patch(n, actor, at, "A", SecretPatch::default()).await),
        "secret.restore" => word(secrets::restore(n, actor, at, "A", 1, None).await),
        "secret.destroy" => word(secrets::destroy(n, actor, at, "A", 1).await),
        "secret.delete" => word(secrets::delete(n, actor, at, "A", None).await),
        "secret.undelete" => word(secrets::undelete(n, actor, at, "GONE").await),
        "audit.project" => {
            let filter = AuditFilter { project: Some(at.project.clone()), ..AuditFilter::default() };
            word(audit::list(n, actor, filter, None, 10).await)
        }
        "audit.export" => {
            let filter = AuditFilter { project: Some(at.project.clone()), ..AuditFilter::default() };
            word(audit::export(n, actor, filter).await)
        }
        "audit.tenant" => word(audit::list(n, actor, AuditFilter::default(), None, 10).await),
        "audit.verify" => word(audit::verify(n, actor).await),
        "tenant.get" => word(tenants::get(n, actor).await),
        "tenant.update" => word(tenants::update(n, actor, TenantPatch::default()).await),
        "environment.list" => word(environments::list(n, actor).await),
        "environment.create" => {
            let new = NewEnvironment { slug: "qa".into(), name: None };
            word(environments::create(n, actor, new).await)
        }
        "environment.update" => {
            word(environments::update(n, actor, "staging", EnvironmentPatch::default()).await)
        }
        "environment.losses" => word(environments::losses(n, actor, "staging").await),
        "environment.delete" => word(environments::delete(n, actor, "staging").await),
        "project.create" => {
            let new = NewProject { name: "another".into(), slug: None, tier: None };
            word(projects::create(n, actor, new).await)
        }
        _ => panic!("the table names {act}, which is no act"),
    }
}

/// Acts that end things come last, most destructive at the very end, and what one may have taken
/// away is put back for the next actor.
async fn put_back(w: &World, at: &ServicePath) {
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
    keys::rotate(n, o, at, Slot::Primary, RotateRequest::default()).await.fine();
    if environments::get(n, o, "staging").await.is_err() {
        environments::create(n, o, NewEnvironment { slug: "staging".into(), name: None }).await.fine();
    }
    let _ = environments::delete(n, o, "qa").await;
    let _ = projects::delete(n, o, "another").await;
}

/// Owner, manager, developer, tester, viewer, finance, a member without a role here.
const TABLE: &[(&str, [&str; 7])] = &[
    ("tenant.get", ["ok", "ok", "ok", "ok", "ok", "ok", "ok"]),
    ("tenant.update", ["ok", "no", "no", "no", "no", "no", "no"]),
    ("environment.list", ["ok", "ok", "ok", "ok", "ok", "ok", "ok"]),
    ("environment.update", ["ok", "no", "no", "no", "no", "no", "no"]),
    ("environment.losses", ["ok", "no", "no", "no", "no", "no", "no"]),
    ("project.get", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("project.update", ["ok", "no", "no", "no", "no", "--", "--"]),
    ("project.losses", ["ok", "no", "no", "no", "no", "--", "--"]),
    ("dev.get", ["ok", "ok", "ok", "no", "no", "--", "--"]),
    ("service.list", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("service.get", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("service.counterparts", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("service.umbrellas", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("service.linked", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("service.update", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("service.losses", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("key.list", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.list", ["ok", "ok", "dv", "no", "no", "--", "--"]),
    ("secret.counts", ["ok", "ok", "dv", "no", "no", "--", "--"]),
    ("secret.row", ["ok", "ok", "dv", "no", "no", "--", "--"]),
    ("secret.history", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.uses", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.deleted", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.reveal", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.diff", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.export", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.preview", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.patch", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("audit.project", ["ok", "ok", "no", "ok", "no", "--", "--"]),
    ("audit.export", ["ok", "ok", "no", "ok", "no", "--", "--"]),
    ("audit.tenant", ["ok", "no", "no", "no", "no", "no", "no"]),
    ("audit.verify", ["ok", "no", "no", "no", "no", "no", "no"]),
    // From here on they change what the next actor finds.
    ("dev.create", ["ok", "ok", "ok", "no", "no", "--", "--"]),
    ("environment.create", ["ok", "no", "no", "no", "no", "no", "no"]),
    ("environment.delete", ["ok", "no", "no", "no", "no", "no", "no"]),
    ("project.create", ["ok", "no", "no", "no", "no", "no", "no"]),
    ("service.create", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("umbrella.link", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("umbrella.unlink", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("key.rotate", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("key.revoke", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.import", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.create", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.version", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.restore", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.destroy", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.undelete", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.delete", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("service.delete", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("project.delete", ["ok", "no", "no", "no", "no", "--", "--"]),
];

const FIRST_CHANGE: &str = "dev.create";

async fn everybody(w: &World) -> [Actor; 7] {
    let role = async |role| w.member("shop", role).await;
    [
        w.owner.clone(),
        role(ProjectRole::Manager).await,
        role(ProjectRole::Developer).await,
        role(ProjectRole::Tester).await,
        role(ProjectRole::Viewer).await,
        w.person("finance@acme.test", TenantRole::Finance).await,
        w.person("member@acme.test", TenantRole::Member).await,
    ]
}

async fn check_table(w: &World, environment: &str) {
    w.project("shop").await;
    let at = path("shop", environment, "api");
    put_back(w, &at).await;
    // Those whose role goes with the project get it back by their own name.
    let roles = [
        None,
        Some(ProjectRole::Manager),
        Some(ProjectRole::Developer),
        Some(ProjectRole::Tester),
        Some(ProjectRole::Viewer),
        None,
        None,
    ];
    let actors = everybody(w).await;
    let mut changing = false;
    for (act, row) in TABLE {
        changing |= *act == FIRST_CHANGE;
        for ((actor, expected), role) in actors.iter().zip(row).zip(roles) {
            let expected = match *expected {
                "dv" if environment == "develop" => "ok",
                "dv" => "no",
                other => other,
            };
            let found = on_service(w, actor, &at, act).await;
            assert_eq!(found, expected, "{} does {act} in {environment}", actor.label());
            if changing && found == "ok" {
                put_back(w, &at).await;
                if let Some(role) = role {
                    w.give_role(actor, "shop", role).await;
                }
            }
        }
    }
    w.nexus.settled().await;
}

async fn every_role_may_do_what_the_table_says_in_live(w: &World) {
    check_table(w, "live").await;
}

async fn every_role_may_do_what_the_table_says_in_develop(w: &World) {
    check_table(w, "develop").await;
}

/// Every act and the scope that an environment key needs for it besides being valid.
const SCOPES: &[(&str, Option<Scope>)] = &[
    ("tenant.get", None),
    ("environment.list", None),
    ("tenant.update", Some(Scope::AdminAll)),
    ("environment.update", Some(Scope::WriteEnvironments)),
    ("project.get", Some(Scope::ReadProjects)),
    ("project.update", Some(Scope::WriteProjects)),
    ("service.list", Some(Scope::ReadServices)),
    ("service.get", Some(Scope::ReadServices)),
    ("service.update", Some(Scope::WriteServices)),
    ("key.list", Some(Scope::ReadKeys)),
    ("secret.list", Some(Scope::ReadSecrets)),
    ("secret.history", Some(Scope::ReadSecrets)),
    ("secret.reveal", Some(Scope::ReadSecrets)),
    ("secret.export", Some(Scope::ReadSecrets)),
    ("secret.preview", Some(Scope::ReadSecrets)),
    ("audit.project", Some(Scope::ReadAudit)),
    ("audit.tenant", Some(Scope::ReadAudit)),
    ("audit.verify", Some(Scope::ReadAudit)),
    ("secret.patch", Some(Scope::WriteSecrets)),
    ("secret.version", Some(Scope::WriteSecrets)),
    ("secret.restore", Some(Scope::WriteSecrets)),
    ("secret.create", Some(Scope::WriteSecrets)),
    ("secret.destroy", Some(Scope::WriteSecrets)),
    ("secret.undelete", Some(Scope::WriteSecrets)),
    ("secret.delete", Some(Scope::WriteSecrets)),
    ("umbrella.unlink", Some(Scope::WriteServices)),
    ("umbrella.link", Some(Scope::WriteServices)),
    ("service.create", Some(Scope::WriteServices)),
    ("key.rotate", Some(Scope::WriteKeys)),
    ("key.revoke", Some(Scope::WriteKeys)),
    ("service.delete", Some(Scope::WriteServices)),
    ("project.delete", Some(Scope::WriteProjects)),
];

async fn scopes_cut_an_environment_key_down(w: &World) {
    w.project("shop").await;
    let at = path("shop", "staging", "api");
    for (act, needed) in SCOPES {
        let all_others: Vec<Scope> =
            Scope::ALL.iter().copied().filter(|s| Some(*s) != *needed && *s != Scope::AdminAll).collect();
        put_back(w, &at).await;
        let (_, without) = w.environment_key("staging", &all_others).await;
        let expected = if needed.is_some() { "no" } else { "ok" };
        assert_eq!(on_service(w, &without, &at, act).await, expected, "{act} with every scope but its own");
        let scopes: Vec<Scope> = needed.iter().copied().collect();
        let (_, with) = w.environment_key("staging", &scopes).await;
        let expected = if *act == "project.delete" { "no" } else { "ok" };
        if *act == "project.delete" {
            w.service("shop", "live", "elsewhere").await;
        }
        assert_eq!(on_service(w, &with, &at, act).await, expected, "{act} with its scope alone");
    }
    // Writing takes the right to write even where it begins with a look at what is there.
    let (_, reader) = w.environment_key("staging", &[Scope::ReadSecrets]).await;
    assert_eq!(on_service(w, &reader, &at, "secret.import").await, "no");
    let (_, both) = w.environment_key("staging", &[Scope::ReadSecrets, Scope::WriteSecrets]).await;
    assert_eq!(on_service(w, &both, &at, "secret.import").await, "ok");
}

async fn another_tenants_things_answer_like_missing_ones(w: &World) {
    let at = path("shop", "live", "api");
    w.project("shop").await;
    put_back(w, &at).await;
    let rival = w.rival().await;
    let missing = path("missing", "live", "api");
    for (act, _) in
        TABLE.iter().filter(|(act, _)| !act.starts_with("tenant.") && !act.starts_with("environment."))
    {
        if ["audit.project", "audit.export", "audit.tenant", "audit.verify", "project.create"].contains(act) {
            continue;
        }
        for actor in [&rival.owner, &rival.operator] {
            assert_eq!(on_service(w, actor, &at, act).await, "--", "{act}");
            assert_eq!(on_service(w, actor, &missing, act).await, "--", "{act}");
        }
    }
    let filter = AuditFilter { project: Some("shop".into()), ..AuditFilter::default() };
    assert!(audit::list(&w.nexus, &rival.owner, filter, None, 100).await.fine().data.is_empty());
    let theirs = audit::list(&w.nexus, &rival.owner, AuditFilter::default(), None, 100).await.fine().data;
    assert!(theirs.iter().all(|row| row.event == "tenant.created" || row.outcome == "denied"), "{theirs:?}");
    people::person(&w.nexus, w.owner_id, w.now(), "rival", None).await.map(|_| ()).refused_as(Code::NotFound);
    dev_environments::import(&w.nexus, &rival.owner, "shop", OnConflict::Skip)
        .await
        .refused_as(Code::NotFound);
}

async fn a_key_of_one_environment_sees_no_other(w: &World) {
    let at = path("shop", "live", "api");
    w.project("shop").await;
    put_back(w, &at).await;
    let all: Vec<Scope> = Scope::ALL.iter().copied().filter(|s| *s != Scope::AdminAll).collect();
    let (_, key) = w.environment_key("develop", &all).await;
    let n = &w.nexus;
    let slugs = |list: Vec<nexus_domain::environment::Environment>| {
        list.into_iter().map(|e| e.slug).collect::<Vec<_>>()
    };
    assert_eq!(slugs(environments::list(n, &key).await.fine()), ["develop"]);
    environments::get(n, &key, "live").await.refused_as(Code::NotFound);
    environments::update(n, &key, "live", EnvironmentPatch::default()).await.refused_as(Code::NotFound);
    environments::delete(n, &key, "staging").await.refused_as(Code::NotFound);
    for (act, _) in TABLE.iter().filter(|(act, _)| {
        ["service.", "umbrella.", "key.", "secret."].iter().any(|family| act.starts_with(family))
            && !["service.list", "service.create"].contains(act)
    }) {
        assert_eq!(on_service(w, &key, &at, act).await, "--", "{act}");
    }
    for environment in ["live", "staging", "nowhere"] {
        let new = new_service("x", environment, ServiceKind::Backend, false);
        services::create(n, &key, "shop", new).await.refused_as(Code::Forbidden);
    }
    let new = nexus_domain::service::NewService {
        environment: None,
        ..new_service("own", "", ServiceKind::Backend, false)
    };
    assert_eq!(services::create(n, &key, "shop", new).await.fine().environment, "develop");
    let groups = services::list(n, &key, "shop", ListServices::default()).await.fine();
    assert_eq!(groups.len(), 1);
    w.service("shop", "develop", "api").await;
    let found = services::counterparts(n, &key, &path("shop", "develop", "api")).await.fine();
    assert_eq!(slugs(found), ["develop"]);
    let log = audit::list(n, &key, AuditFilter::default(), None, 200).await.fine().data;
    assert!(!log.is_empty() && log.iter().all(|row| row.environment.as_deref() == Some("develop")));
    projects::delete(n, &key, "shop").await.refused_as(Code::Forbidden);
    let made = environments::create(n, &key, NewEnvironment { slug: "qa".into(), name: None }).await.fine();
    assert_eq!(made.slug, "qa");
    let (_, admin) = w.environment_key("develop", &[Scope::AdminAll]).await;
    assert_eq!(environments::list(n, &admin).await.fine().len(), 4);
    secrets::reveal(n, &admin, &at, "A", None).await.fine();
}

async fn acts_that_show_or_end_things_need_a_fresh_sign_in(w: &World) {
    let at = path("shop", "live", "api");
    w.project("shop").await;
    put_back(w, &at).await;
    dev_environments::create(&w.nexus, &w.owner, "shop").await.fine();
    let fresh = [
        "secret.reveal",
        "secret.diff",
        "secret.export",
        "secret.destroy",
        "key.rotate",
        "audit.export",
        "service.delete",
        "environment.delete",
        "project.delete",
    ];
    let stale = w.owner.clone();
    w.pass(5 * MINUTE + 1);
    let before = w.events().await.len();
    for act in fresh {
        let n = &w.nexus;
        let code = match act {
            "secret.reveal" => secrets::reveal(n, &stale, &at, "A", None).await.map(|_| ()),
            "secret.diff" => secrets::diff(n, &stale, &at, "A", 1, 2).await.map(|_| ()),
            "secret.export" => secrets::export(n, &stale, &at).await.map(|_| ()),
            "secret.destroy" => secrets::destroy(n, &stale, &at, "A", 1).await,
            "key.rotate" => {
                keys::rotate(n, &stale, &at, Slot::Primary, RotateRequest::default()).await.map(|_| ())
            }
            "audit.export" => audit::export(n, &stale, AuditFilter::default()).await.map(|_| ()),
            "service.delete" => services::delete(n, &stale, &at).await.map(|_| ()),
            "environment.delete" => environments::delete(n, &stale, "staging").await.map(|_| ()),
            _ => projects::delete(n, &stale, "shop").await.map(|_| ()),
        };
        code.refused_as(Code::StepUpRequired);
    }
    dev_environments::delete(&w.nexus, &stale, "shop").await.refused_as(Code::StepUpRequired);
    assert_eq!(w.events().await.len(), before, "nothing was done, and nobody was denied");
    let again = w.signed_in_again(&stale).await;
    assert_eq!(on_service(w, &again, &at, "secret.reveal").await, "ok");
    assert_eq!(on_service(w, &stale, &at, "secret.version").await, "ok", "writing needs none");
    let (_, key) = w.environment_key("live", &[Scope::ReadSecrets]).await;
    w.pass(60 * MINUTE);
    assert_eq!(on_service(w, &key, &at, "secret.reveal").await, "ok", "a key cannot sign in");
}

async fn finance_has_nothing_inside_projects(w: &World) {
    w.shop().await;
    let finance = w.person("finance@acme.test", TenantRole::Finance).await;
    w.give_role(&finance, "shop", ProjectRole::Manager).await;
    projects::get(&w.nexus, &finance, "shop").await.refused_as(Code::NotFound);
    assert!(projects::list(&w.nexus, &finance, "").await.fine().is_empty());
    let api = path("shop", "live", "api");
    secrets::list(&w.nexus, &finance, &api, everything()).await.refused_as(Code::NotFound);
}

async fn a_developer_sees_keys_and_types_in_develop(w: &World) {
    w.project("shop").await;
    let api = w.service("shop", "develop", "api").await;
    let new = nexus_domain::secret::NewSecret {
        note: Some("a note".into()),
        tags: Some(vec!["tag".into()]),
        description: Some("a description".into()),
        ..new_secret("A", "value")
    };
    secrets::create(&w.nexus, &w.owner, &api, new).await.fine();
    let developer = w.member("shop", ProjectRole::Developer).await;
    let rows = secrets::list(&w.nexus, &developer, &api, everything()).await.fine().data;
    assert_eq!(rows, [secrets::row(&w.nexus, &developer, &api, "A").await.fine()]);
    let row = &rows[0];
    assert_eq!((row.key.as_str(), row.kind), ("A", nexus_domain::secret::SecretType::Text));
    assert_eq!((row.note.as_str(), row.tags.len(), row.description.as_str()), ("", 0, ""));
    assert_eq!((row.updated_by.as_str(), row.size), ("", 0));
}

async fn a_publishable_key_manages_nothing(w: &World) {
    let at = path("shop", "live", "api");
    w.project("shop").await;
    put_back(w, &at).await;
    w.environment_key("live", &[Scope::AdminAll]).await;
    w.execute("UPDATE environment_keys SET type = 'publishable'").await;
    let other = w.another_process().await;
    let (text, _) = w.environment_key("live", &[Scope::AdminAll]).await;
    w.execute("UPDATE environment_keys SET type = 'publishable'").await;
    let key = nexus_backend::credentials::authenticate(&other, &text, None).await.expect("valid").actor;
    for (act, _) in TABLE {
        assert_ne!(on_service(w, &key, &at, act).await, "ok", "{act}");
    }
    other.db.close().await;
}

async fn missing_and_hidden_projects_answer_alike_in_the_audit_log(w: &World) {
    w.project("shop").await;
    let member = w.person("member@acme.test", TenantRole::Member).await;
    let ask = async |project: &str| {
        let filter = AuditFilter { project: Some(project.into()), ..AuditFilter::default() };
        audit::list(&w.nexus, &member, filter, None, 10).await.refused()
    };
    assert_eq!(ask("shop").await, ask("missing").await);
}

async fn a_new_project_does_not_inherit_the_log_of_an_old_one(w: &World) {
    let api = w.shop().await;
    w.write(&api, "OLD", "1").await;
    projects::delete(&w.nexus, &w.owner, "shop").await.fine();
    w.pass(MINUTE);
    w.project("shop").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let filter = AuditFilter { project: Some("shop".into()), ..AuditFilter::default() };
    let seen = audit::list(&w.nexus, &manager, filter.clone(), None, 100).await.fine().data;
    assert_eq!(seen.iter().map(|row| row.event.as_str()).collect::<Vec<_>>(), ["project.created"]);
    let all = audit::list(&w.nexus, &w.owner, filter, None, 100).await.fine().data;
    assert!(all.len() > 3, "a tenant's owner sees the whole of it");
}

async fn losses_are_told_to_those_who_may_delete(w: &World) {
    w.shop().await;
    let member = w.person("member@acme.test", TenantRole::Member).await;
    environments::losses(&w.nexus, &member, "live").await.refused_as(Code::Forbidden);
    projects::losses(&w.nexus, &member, "shop").await.refused_as(Code::NotFound);
    assert_eq!(environments::losses(&w.nexus, &w.owner, "live").await.fine().services, 1);
}
