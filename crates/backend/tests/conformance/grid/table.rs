//! What stands in the grid, for whom, and what a look at it leaves behind.

use super::{api, of, three};
use crate::world::{Outcome, World, new_flag};
use nexus_backend::grid::{self, GridQuery, Which};
use nexus_backend::{dev_environments, environments, services};
use nexus_domain::Code;
use nexus_domain::environment::NewEnvironment;
use nexus_domain::grid::{CellState, EntryKind, Grid, GridFilter};
use nexus_domain::role::{ProjectRole, Scope};
use nexus_domain::service::ServiceKind;
use serde_json::json;

both![
    keys_stand_down_and_counterparts_across_with_live_last,
    what_is_inherited_missing_or_without_a_value_is_told_apart,
    gaps_and_differences_can_be_filtered,
    flags_show_their_state_and_how_they_are_targeted,
    secrets_show_versions_and_are_never_opened,
    what_a_role_does_not_see_is_said_and_not_taken_for_missing,
    developer_environments_and_other_kinds_of_service_are_no_counterparts,
    a_key_of_one_environment_sees_that_one_alone,
    another_tenant_finds_nothing,
    pages_hold_every_key_once_and_a_search_finds_it_everywhere,
    the_services_to_choose_from_are_named_once,
];

async fn look(w: &World, query: GridQuery) -> Grid {
    grid::table(&w.nexus, &w.owner, api(), query).await.fine()
}

fn states(grid: &Grid, key: &str) -> Vec<CellState> {
    let row = grid.rows.iter().find(|row| row.key == key).expect("a row");
    row.cells.iter().map(|cell| cell.state).collect()
}

fn keys(grid: &Grid) -> Vec<&str> {
    grid.rows.iter().map(|row| row.key.as_str()).collect()
}

async fn keys_stand_down_and_counterparts_across_with_live_last(w: &World) {
    let [develop, staging, live] = three(w).await;
    environments::create(
        &w.nexus,
        &w.owner,
        NewEnvironment { slug: "uat".into(), ..NewEnvironment::default() },
    )
    .await
    .fine();
    w.set(&develop, "PORT", "8080").await;
    w.set(&live, "PORT", "80").await;
    w.set(&staging, "HOST", "\"a {{config:PORT2}}\"".replace("{{config:PORT2}}", "b").as_str()).await;
    let grid = look(w, of(EntryKind::Config)).await;
    let columns: Vec<_> =
        grid.columns.iter().map(|column| (column.environment.as_str(), column.live)).collect();
    assert_eq!(columns, [("develop", false), ("staging", false), ("live", true)]);
    assert_eq!(grid.absent, ["uat"]);
    assert_eq!(keys(&grid), ["HOST", "PORT"]);
    let port = &grid.rows[1];
    let texts: Vec<_> = port.cells.iter().map(|cell| cell.text.as_deref()).collect();
    assert_eq!(texts, [Some("8080"), None, Some("80")]);
    assert!(port.gap && port.differs && grid.rows[0].gap && !grid.rows[0].differs);
    assert_eq!((port.cells[0].version, port.cells[0].kind.as_str()), (1, "number"));
    assert_eq!(port.cells[0].updated_by, "ana@acme.test");
}

async fn what_is_inherited_missing_or_without_a_value_is_told_apart(w: &World) {
    let [develop, staging, live] = three(w).await;
    let shared = w.umbrella("shop", "live", "shared").await;
    services::link(&w.nexus, &w.owner, &live, "shared").await.fine();
    w.write(&shared, "TOKEN", "one").await;
    w.write(&develop, "TOKEN", "two").await;
    w.without_value(&staging, "TOKEN").await;
    let grid = look(w, of(EntryKind::Secret)).await;
    assert_eq!(states(&grid, "TOKEN"), [CellState::Own, CellState::NeedsValue, CellState::Inherited]);
    assert_eq!(grid.columns[2].linked_umbrella.as_deref(), Some("shared"));
    assert!(grid.rows[0].gap && !grid.rows[0].differs);
    let which = Which { service: "shared".into(), ..api() };
    let umbrellas = grid::table(&w.nexus, &w.owner, which, of(EntryKind::Secret)).await.fine();
    assert_eq!((umbrellas.columns.len(), umbrellas.columns[0].linked_services), (1, 1));
    assert_eq!(umbrellas.absent.len(), 2);
}

async fn gaps_and_differences_can_be_filtered(w: &World) {
    let all = three(w).await;
    for (place, at) in all.iter().enumerate() {
        w.set(at, "SAME", "1").await;
        w.set(at, "OTHER", &place.to_string()).await;
    }
    w.set(&all[0], "ALONE", "true").await;
    let filtered = |filter| GridQuery { filter, ..of(EntryKind::Config) };
    assert_eq!(keys(&look(w, filtered(GridFilter::Gaps)).await), ["ALONE"]);
    assert_eq!(keys(&look(w, filtered(GridFilter::Different)).await), ["OTHER"]);
    assert_eq!(look(w, of(EntryKind::Config)).await.rows.len(), 3);
    // The same digits are another value where they are a string.
    w.set(&all[1], "ALONE", "\"true\"").await;
    assert_eq!(keys(&look(w, filtered(GridFilter::Different)).await), ["ALONE", "OTHER"]);
}

async fn flags_show_their_state_and_how_they_are_targeted(w: &World) {
    let [develop, _, live] = three(w).await;
    let rule = json!({ "id": "r", "when": { "attribute": "plan", "op": "eq", "value": "pro" }, "serve": {} });
    let fields = json!({ "state": "on", "rules": [rule], "rollout": { "percentage": 12.5 } });
    new_flag(w, &develop, "beta", fields).await;
    new_flag(w, &live, "beta", json!({ "state": "scheduled", "starts_at": "2030-01-01T00:00:00Z" })).await;
    let grid = look(w, of(EntryKind::Flag)).await;
    let [first, second, third] = grid.rows[0].cells.as_slice() else { panic!("three cells") };
    let flag = first.flag.as_ref().expect("a flag");
    assert_eq!((flag.enabled, flag.rules, flag.rollout.as_deref()), (true, 1, Some("12.5 %")));
    assert_eq!(second.state, CellState::Missing);
    let scheduled = third.flag.as_ref().expect("a flag");
    assert!(!scheduled.enabled && scheduled.starts_at.is_some());
    assert!(grid.rows[0].differs);
}

async fn secrets_show_versions_and_are_never_opened(w: &World) {
    let [develop, _, live] = three(w).await;
    w.write(&develop, "TOKEN", "one").await;
    w.write(&live, "TOKEN", "two").await;
    w.rewrite(&live, "TOKEN", "three").await;
    let before = w.events().await.len();
    let grid = look(w, of(EntryKind::Secret)).await;
    let versions: Vec<_> = grid.rows[0].cells.iter().map(|cell| cell.version).collect();
    assert_eq!(versions, [1, 0, 2]);
    assert!(grid.rows[0].cells.iter().all(|cell| cell.text.is_none()));
    // A list of each service, once an hour.
    assert_eq!(w.events_after(before).await, ["secret.list"; 3]);
    look(w, of(EntryKind::Secret)).await;
    assert_eq!(w.events_after(before).await.len(), 3);
}

async fn what_a_role_does_not_see_is_said_and_not_taken_for_missing(w: &World) {
    let all = three(w).await;
    for at in &all {
        w.write(at, "TOKEN", "one").await;
        w.set(at, "PORT", "1").await;
    }
    for role in [ProjectRole::Manager, ProjectRole::Developer, ProjectRole::Tester, ProjectRole::Viewer] {
        let actor = w.member("shop", role).await;
        let configs = grid::table(&w.nexus, &actor, api(), of(EntryKind::Config)).await.fine();
        let may_write = configs.columns.iter().all(|column| column.may_write);
        assert_eq!(may_write, role == ProjectRole::Manager, "{role}");
        let secrets = grid::table(&w.nexus, &actor, api(), of(EntryKind::Secret)).await;
        match role {
            ProjectRole::Manager => assert!(!secrets.fine().rows[0].gap),
            ProjectRole::Developer => {
                let secrets = secrets.fine();
                assert_eq!(states(&secrets, "TOKEN"), [CellState::Own, CellState::Hidden, CellState::Hidden]);
                assert!(!secrets.rows[0].gap && secrets.rows[0].cells[0].updated_by.is_empty());
                assert!(secrets.columns.iter().all(|column| !column.may_reveal));
            }
            _ => drop(secrets.refused_as(Code::Forbidden)),
        }
    }
}

async fn developer_environments_and_other_kinds_of_service_are_no_counterparts(w: &World) {
    w.project("shop").await;
    w.service("shop", "develop", "api").await;
    let other = w.frontend("shop", "live", "api").await;
    w.set(&other, "PORT", "80").await;
    let developer = w.member("shop", ProjectRole::Developer).await;
    dev_environments::create(&w.nexus, &developer, "shop").await.fine();
    let grid = grid::table(&w.nexus, &developer, api(), of(EntryKind::Config)).await.fine();
    assert_eq!((grid.columns.len(), grid.service_kind), (1, ServiceKind::Backend));
    assert_eq!(grid.absent, ["Staging", "Production"]);
    let frontend = Which { kind: Some(ServiceKind::Frontend), ..api() };
    let grid = grid::table(&w.nexus, &w.owner, frontend.clone(), of(EntryKind::Config)).await.fine();
    assert_eq!((grid.columns[0].environment.as_str(), keys(&grid)), ("live", vec!["PORT"]));
    let secrets = grid::table(&w.nexus, &w.owner, frontend, of(EntryKind::Secret)).await;
    secrets.refused_as(Code::ServiceKindMismatch);
    let missing = Which { service: "nothing".into(), ..api() };
    grid::table(&w.nexus, &w.owner, missing, of(EntryKind::Flag)).await.refused_as(Code::NotFound);
}

async fn a_key_of_one_environment_sees_that_one_alone(w: &World) {
    let [_, staging, _] = three(w).await;
    w.set(&staging, "PORT", "1").await;
    let scopes = [Scope::ReadProjects, Scope::ReadServices, Scope::ReadConfigs];
    let (_, key) = w.environment_key("staging", &scopes).await;
    let grid = grid::table(&w.nexus, &key, api(), of(EntryKind::Config)).await.fine();
    assert_eq!((grid.columns.len(), grid.absent.len(), grid.rows[0].gap), (1, 0, false));
    grid::table(&w.nexus, &key, api(), of(EntryKind::Flag)).await.refused_as(Code::Forbidden);
}

async fn another_tenant_finds_nothing(w: &World) {
    three(w).await;
    let rival = w.rival().await.owner;
    for kind in EntryKind::ALL {
        grid::table(&w.nexus, &rival, api(), of(*kind)).await.refused_as(Code::NotFound);
    }
    grid::services(&w.nexus, &rival, "shop").await.refused_as(Code::NotFound);
}

async fn pages_hold_every_key_once_and_a_search_finds_it_everywhere(w: &World) {
    let [develop, staging, live] = three(w).await;
    for n in 0..12 {
        w.set([&develop, &staging, &live][n % 3], &format!("K{n:02}"), "1").await;
    }
    w.set(&live, "K00", "2").await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = look(w, GridQuery { cursor, limit: 5, ..of(EntryKind::Config) }).await;
        seen.extend(page.rows.iter().map(|row| row.key.clone()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..12).map(|n| format!("K{n:02}")).collect::<Vec<_>>());
    let patch = nexus_domain::entry::EntryPatch { note: Some("pager".into()), ..Default::default() };
    nexus_backend::configs::patch(&w.nexus, &w.owner, &live, "K00", patch).await.fine();
    // Only live has the note; develop has the key all the same.
    let found = look(w, GridQuery { q: "PAGER".into(), ..of(EntryKind::Config) }).await;
    assert_eq!(states(&found, "K00"), [CellState::Own, CellState::Missing, CellState::Own]);
    assert_eq!(found.rows.len(), 1);
}

async fn the_services_to_choose_from_are_named_once(w: &World) {
    three(w).await;
    w.umbrella("shop", "live", "shared").await;
    w.frontend("shop", "live", "web").await;
    let named = grid::services(&w.nexus, &w.owner, "shop").await.fine();
    let named: Vec<_> = named.iter().map(|it| (it.slug.as_str(), it.environments.len())).collect();
    assert_eq!(named, [("api", 3), ("web", 1), ("shared", 1)]);
}
