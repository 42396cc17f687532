//! Roles: who may do what on a shared environment.

use super::{on_service, put_back};
use crate::world::{Outcome, World, everything, new_secret, path};
use nexus_backend::gate::Actor;
use nexus_backend::{audit, dev_environments, environments, keys, projects, secrets, services};
use nexus_domain::Code;
use nexus_domain::audit::AuditFilter;
use nexus_domain::export::ExportFormat;
use nexus_domain::keys::{RotateRequest, Slot};
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::timestamp::MINUTE;

both![
    every_role_may_do_what_the_table_says_in_live,
    every_role_may_do_what_the_table_says_in_develop,
    acts_that_show_or_end_things_need_a_fresh_sign_in,
    finance_has_nothing_inside_projects,
    a_developer_sees_keys_and_types_in_develop,
];

/// Owner, manager, developer, tester, viewer, finance, a member without a role here.
pub const TABLE: &[(&str, [&str; 7])] = &[
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
    ("secret.collisions", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.deleted", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.reveal", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.diff", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.export", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.preview", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("secret.patch", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("config.list", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.counts", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.row", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.history", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.reading", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.diff", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.export", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.collisions", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.deleted", ["ok", "ok", "ok", "ok", "ok", "--", "--"]),
    ("config.preview", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("config.patch", ["ok", "ok", "no", "no", "no", "--", "--"]),
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
    ("config.import", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("config.create", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("config.update", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("config.restore", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("config.destroy", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("config.undelete", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("config.delete", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("service.delete", ["ok", "ok", "no", "no", "no", "--", "--"]),
    ("project.delete", ["ok", "no", "no", "no", "no", "--", "--"]),
];

const FIRST_CHANGE: &str = "dev.create";

const ROLES: [ProjectRole; 4] =
    [ProjectRole::Manager, ProjectRole::Developer, ProjectRole::Tester, ProjectRole::Viewer];

async fn everybody(w: &World) -> [Actor; 7] {
    let person = async |role: ProjectRole| w.person(&format!("{role}@acme.test"), TenantRole::Member).await;
    let [manager, developer, tester, viewer] = ROLES;
    let everybody = [
        w.owner.clone(),
        person(manager).await,
        person(developer).await,
        person(tester).await,
        person(viewer).await,
        w.person("finance@acme.test", TenantRole::Finance).await,
        w.person("member@acme.test", TenantRole::Member).await,
    ];
    give_roles(w, &everybody).await;
    everybody
}

/// Roles go with the project, and come back with the next one.
async fn give_roles(w: &World, everybody: &[Actor; 7]) {
    for (actor, role) in everybody.iter().skip(1).zip(ROLES) {
        w.give_role(actor, "shop", role).await;
    }
}

async fn check_table(w: &World, environment: &str) {
    w.project("shop").await;
    let at = path("shop", environment, "api");
    put_back(w, &at).await;
    let actors = everybody(w).await;
    let mut changing = false;
    for (act, row) in TABLE {
        changing |= *act == FIRST_CHANGE;
        for (actor, expected) in actors.iter().zip(row) {
            let expected = match *expected {
                "dv" if environment == "develop" => "ok",
                "dv" => "no",
                other => other,
            };
            let found = on_service(w, actor, &at, act).await;
            assert_eq!(found, expected, "{} does {act} in {environment}", actor.label());
            if changing && found == "ok" {
                put_back(w, &at).await;
                give_roles(w, &actors).await;
            }
        }
    }
}

async fn every_role_may_do_what_the_table_says_in_live(w: &World) {
    check_table(w, "live").await;
}

async fn every_role_may_do_what_the_table_says_in_develop(w: &World) {
    check_table(w, "develop").await;
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
            "secret.export" => secrets::export(n, &stale, &at, ExportFormat::Env).await.map(|_| ()),
            "secret.destroy" => secrets::destroy(n, &stale, &at, "A", 1, None).await,
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
