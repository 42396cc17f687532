//! Each cell of the table of roles, tried by a person in that role: the rows are those of
//! `nexus_domain::rights`, and so are the expectations. What a row is made of stands here as use cases.

use super::{perform, put_back, word};
use crate::world::{Outcome, World, new_config, new_flag, new_secret, new_service, path};
use nexus_backend::gate::Actor;
use nexus_backend::services::ListServices;
use nexus_backend::{
    Result, audit, configs, dev_environments, flags, keys, members, projects, secrets, services, tiers,
};
use nexus_domain::audit::AuditFilter;
use nexus_domain::flag::Toggle;
use nexus_domain::keys::{RotateRequest, Slot};
use nexus_domain::member::{NewProjectMember, ProjectMemberPatch};
use nexus_domain::project::{ProjectPatch, Tier};
use nexus_domain::rights::{Cell, RIGHTS, Right};
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::timestamp::MINUTE;
use serde_json::json;

/// A scenario for each row, and the list of the rows that have one.
macro_rules! rows {
    ($($name:ident: $action:literal, $acts:expr;)+) => {
        $(async fn $name(w: &World) {
            check(w, $action, &$acts).await;
        })+
        both![$($name,)+ everything_inside_the_own, somebody_elses, the_tester_reads_no_secret_events];
        const ROWS: &[&str] = &[$($action,)+ OWN, FOREIGN];
    };
}

rows! {
    see_the_project: "see the project, its services, members and usage",
        ["project.get", "service.list", "service.get", "member.list", "usage"];
    project_settings: "project settings, tier, delete",
        ["project.update", "project.tier", "project.losses", "project.delete"];
    change_role_remove_member: "change role, remove member",
        ["member.losses", "member.change", "member.remove"];
    invite_members: "invite members", ["member.add", "member.add_owner"];
    services_and_umbrellas: "create, edit, delete service; link umbrella (shared env)",
        ["service.update", "service.create", "umbrella.unlink", "umbrella.link", "service.delete"];
    service_keys: "create, rotate, revoke service keys; workload identity rules",
        ["key.list", "key.rotate", "key.revoke"];
    read_configs_and_flags: "read configs and flags", ["config.list", "config.row", "flag.list"];
    write_configs_and_flags: "write configs and flags (shared env)",
        ["config.create", "config.update", "config.delete", "flag.create"];
    list_secrets: "list secret keys and metadata (shared env)", ["secret.list", "secret.row", "secret.history"];
    reveal_secrets: "reveal secret values (shared env)", ["secret.reveal", "secret.diff", "secret.export"];
    write_secrets: "write secrets (shared env)",
        ["secret.create", "secret.version", "secret.restore", "secret.delete"];
    make_an_own_environment: "make an own developer environment", ["dev.create"];
    audit_of_the_project: "audit log of the project", ["audit.project", "audit.export"];
    of_the_tenant: "environments, environment keys, webhooks, OAuth apps (tenant owners only)",
        ["tenant.update", "environment.update", "environment.create", "environment.delete", "project.create",
         "audit.tenant"];
}

const OWN: &str = "everything inside the own developer environment";
const FOREIGN: &str = "see or touch somebody else's developer environment";

/// What an owner of another tenant does in their own one, whatever project they name.
const ALSO_ELSEWHERE: [&str; 2] =
    ["environments, environment keys, webhooks, OAuth apps (tenant owners only)", "audit log of the project"];

#[test]
fn every_row_of_the_table_is_tried() {
    let missing: Vec<_> = RIGHTS.iter().filter(|right| !ROWS.contains(&right.action)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Names the cell in the output of the test.
#[expect(clippy::print_stdout, reason = "the output of a test names each cell that it tried")]
fn said(cell: &str) {
    println!("{cell}");
}

fn right(action: &str) -> &'static Right {
    RIGHTS.iter().find(|right| right.action == action).unwrap_or_else(|| panic!("no row is called {action}"))
}

/// A column: how the person is called, what they are in the project, and who they are.
struct Column {
    name: String,
    role: Option<ProjectRole>,
    tenant: TenantRole,
    actor: Actor,
}

/// Everybody: an owner of the tenant, each project role, finance, a member of no project, and the owner
/// of another tenant.
async fn everybody(w: &World) -> Vec<Column> {
    let column = |name: &str, role, tenant, actor| Column { name: name.to_owned(), role, tenant, actor };
    let owner = w.signed_in_again(&w.owner).await;
    let mut all = vec![column("owner of the tenant", Some(ProjectRole::Owner), TenantRole::Owner, owner)];
    for role in ProjectRole::ALL {
        let actor = w.member("shop", *role).await;
        all.push(column(role.as_str(), Some(*role), TenantRole::Member, actor));
    }
    let finance = w.person("finance@acme.test", TenantRole::Finance).await;
    w.give_role(&finance, "shop", ProjectRole::Owner).await;
    all.push(column("finance", None, TenantRole::Finance, finance));
    let member = w.person("somebody@acme.test", TenantRole::Member).await;
    all.push(column("member of no project", None, TenantRole::Member, member));
    all.push(column("another tenant", None, TenantRole::Owner, w.rival().await.owner));
    all
}

/// What the cell says of an act, in the words of the gate's tables.
fn expected(right: &Right, column: &Column, act: &str, environment: &str) -> &'static str {
    let of_tenant = right.action.contains("tenant owners only");
    if column.tenant == TenantRole::Finance && act == "usage" {
        // The tenant role has that by itself.
        return "ok";
    }
    let Some(role) = column.role else {
        return if of_tenant { "no" } else { "--" };
    };
    let allowed = match right.of(role) {
        Cell::No | Cell::NamesOnly => false,
        Cell::Yes | Cell::NoSecretEvents => true,
        Cell::NotOwners => act != "member.add_owner",
        Cell::KeysInDevelop => environment == "develop" && act != "secret.history",
        Cell::TenantOwners => column.tenant == TenantRole::Owner,
    };
    if allowed { "ok" } else { "no" }
}

async fn check(w: &World, action: &str, acts: &[&str]) {
    let right = right(action);
    w.project("shop").await;
    let columns = everybody(w).await;
    let guest = w.person("guest@acme.test", TenantRole::Member).await;
    let newcomer = w.person("newcomer@acme.test", TenantRole::Member).await;
    let environments: &[&str] =
        if action.contains("(shared env)") { &["live", "develop"] } else { &["live"] };
    for environment in environments {
        let at = path("shop", environment, "api");
        prepare(w, &at, &columns, &guest).await;
        for act in acts {
            for column in &columns {
                if column.name == "another tenant" && ALSO_ELSEWHERE.contains(&right.action) {
                    continue;
                }
                let found = word(attempt(w, &column.actor, &at, act, [&guest, &newcomer]).await);
                let expected = expected(right, column, act, environment);
                said(&format!("{action} × {}: {act} in {environment} is {found}", column.name));
                assert_eq!(found, expected, "{action} × {}: {act} in {environment}", column.name);
                if found == "ok" {
                    prepare(w, &at, &columns, &guest).await;
                }
            }
        }
    }
}

/// Puts back what an act may have taken away.
async fn prepare(w: &World, at: &ServicePath, columns: &[Column], guest: &Actor) {
    put_back(w, at).await;
    for column in columns.iter().filter(|column| column.tenant == TenantRole::Member) {
        if let Some(role) = column.role {
            w.give_role(&column.actor, "shop", role).await;
        }
    }
    w.give_role(guest, "shop", ProjectRole::Viewer).await;
    let finance = columns.iter().find(|column| column.name == "finance").expect("finance");
    w.give_role(&finance.actor, "shop", ProjectRole::Owner).await;
    w.execute(
        "DELETE FROM project_members
         WHERE user_id IN (SELECT id FROM users WHERE email = 'newcomer@acme.test')",
    )
    .await;
    let owner = w.signed_in_again(&w.owner).await;
    let _ = flags::delete(&w.nexus, &owner, at, "fresh", None).await;
}

/// The acts that the gate's tables do not have, and all of theirs.
async fn attempt(w: &World, actor: &Actor, at: &ServicePath, act: &str, on: [&Actor; 2]) -> Result<()> {
    let n = &w.nexus;
    let [guest, newcomer] = on.map(|it| it.user().expect("a person"));
    let add = async |role| {
        let new = NewProjectMember { email: "newcomer@acme.test".into(), role };
        members::add(n, actor, &at.project, new).await.map(drop)
    };
    match act {
        "usage" => tiers::usage(n, actor, &at.project, None).await.map(drop),
        "project.tier" => {
            let patch = ProjectPatch { tier: Some(Tier::L), ..ProjectPatch::default() };
            projects::update(n, actor, &at.project, patch).await.map(drop)
        }
        "member.list" => members::list_in_project(n, actor, &at.project).await.map(drop),
        "member.losses" => members::losses_in_project(n, actor, &at.project, guest).await.map(drop),
        "member.change" => {
            let patch = ProjectMemberPatch { role: Some(ProjectRole::Tester) };
            members::change_in_project(n, actor, &at.project, guest, patch).await.map(drop)
        }
        "member.remove" => members::remove_from_project(n, actor, &at.project, guest).await.map(drop),
        "member.add" => add(ProjectRole::Viewer).await,
        "member.add_owner" => {
            assert_ne!(guest, newcomer);
            add(ProjectRole::Owner).await
        }
        "flag.list" => flags::list(n, actor, at, crate::world::everything()).await.map(drop),
        "flag.create" => {
            let new = crate::world::flag("fresh", json!({ "state": "on" }));
            flags::create(n, actor, at, new).await.map(drop)
        }
        _ => perform(w, actor, at, act).await,
    }
}

/// Everything there is to do in an environment of one's own, once each.
async fn all_of(w: &World, actor: &Actor, at: &ServicePath) -> [&'static str; 11] {
    let n = &w.nexus;
    let service = new_service("other", &at.environment, ServiceKind::Backend, false);
    [
        word(services::create(n, actor, "shop", service).await),
        word(services::get(n, actor, at).await),
        word(secrets::create(n, actor, at, new_secret("NEW", "1")).await),
        word(secrets::history(n, actor, at, "A").await),
        word(secrets::reveal(n, actor, at, "A", None).await),
        word(configs::create(n, actor, at, new_config("NEW", "1")).await),
        word(flags::toggle(n, actor, at, "beta", Toggle::default()).await),
        word(flags::list(n, actor, at, crate::world::everything()).await),
        word(keys::rotate(n, actor, at, Slot::Primary, RotateRequest::default()).await),
        word(dev_environments::losses(n, actor, "shop").await),
        word(services::delete(n, actor, at).await),
    ]
}

/// A developer environment with one service and something of each kind in it.
async fn own_environment(w: &World, actor: &Actor) -> ServicePath {
    let n = &w.nexus;
    let own = dev_environments::create(n, actor, "shop").await.fine().environment.slug;
    let service = new_service("api", &own, ServiceKind::Backend, false);
    services::create(n, actor, "shop", service).await.fine();
    let at = path("shop", &own, "api");
    secrets::create(n, actor, &at, new_secret("A", "1")).await.fine();
    let beta = crate::world::flag("beta", json!({ "state": "off" }));
    flags::create(n, actor, &at, beta).await.fine();
    at
}

async fn everything_inside_the_own(w: &World) {
    w.project("shop").await;
    for role in ProjectRole::ALL {
        // Made as a developer, so that those who may have none have one too.
        let actor = w.member("shop", *role).await;
        w.give_role(&actor, "shop", ProjectRole::Developer).await;
        let at = own_environment(w, &actor).await;
        w.give_role(&actor, "shop", *role).await;
        let expected = if right(OWN).of(*role) == Cell::Yes { "ok" } else { "no" };
        let found = all_of(w, &actor, &at).await;
        said(&format!("{OWN} × {role}: {found:?}"));
        assert!(found.iter().all(|found| *found == expected), "{OWN} × {role}: {found:?}");
    }
}

async fn somebody_elses(w: &World) {
    w.project("shop").await;
    let theirs = w.person("theirs@acme.test", TenantRole::Member).await;
    w.give_role(&theirs, "shop", ProjectRole::Developer).await;
    let at = own_environment(w, &theirs).await;
    for column in everybody(w).await {
        let wanted = ListServices { dev_envs: true, ..ListServices::default() };
        let listed = services::list(&w.nexus, &column.actor, "shop", wanted).await;
        let names = listed.is_ok_and(|groups| {
            groups.iter().any(|group| group.closed && group.environment.slug == at.environment)
        });
        let sees = column.role.is_some_and(|role| right(FOREIGN).of(role) == Cell::NamesOnly);
        said(&format!("{FOREIGN} × {}: sees its name: {names}", column.name));
        assert_eq!(names, sees, "{FOREIGN} × {}", column.name);
        let expected = if sees { "no" } else { "--" };
        for act in
            ["service.get", "secret.list", "secret.reveal", "config.list", "key.list", "service.delete"]
        {
            let found = word(perform(w, &column.actor, &at, act).await);
            assert_eq!(found, expected, "{FOREIGN} × {}: {act}", column.name);
        }
    }
}

async fn the_tester_reads_no_secret_events(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    new_flag(w, &api, "beta", json!({ "state": "on" })).await;
    w.pass(MINUTE);
    for role in ProjectRole::ALL {
        let cell = right("audit log of the project").of(*role);
        let actor = w.member("shop", *role).await;
        let filter = AuditFilter { project: Some("shop".into()), ..AuditFilter::default() };
        let Ok(page) = audit::list(&w.nexus, &actor, filter, None, 200).await else {
            assert_eq!(cell, Cell::No, "{role}");
            continue;
        };
        let any = |family: &str| page.data.iter().any(|row| row.event.starts_with(family));
        said(&format!("audit log of the project × {role}: secret events: {}", any("secret.")));
        assert!(any("flag."), "{role}");
        assert_eq!(any("secret."), cell == Cell::Yes, "{role}");
    }
}
