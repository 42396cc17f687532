//! The guide's page about roles holds the table of roles, as it is in force. To write it anew:
//! `NEXUS_WRITE_DOCS=1 cargo test -p nexus-domain --test roles`.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use nexus_domain::rights::{RIGHTS, TENANT_RIGHTS};
use nexus_domain::role::{ProjectRole, TenantRole};
use std::fmt::Write as _;
use std::path::Path;

fn head(first: &str, roles: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<&str> = roles.collect();
    let line = "|---".repeat(names.len() + 1);
    format!("| {first} | {} |\n{line}|\n", names.join(" | "))
}

fn in_projects() -> String {
    let mut table = head("in a project", ProjectRole::ALL.iter().map(|role| role.as_str()));
    for right in RIGHTS {
        let cells: Vec<&str> = ProjectRole::ALL.iter().map(|role| right.of(*role).words()).collect();
        let _infallible = writeln!(table, "| {} | {} |", right.action, cells.join(" | "));
    }
    table
}

fn in_the_tenant() -> String {
    let mut table = head("in the tenant", TenantRole::ALL.iter().map(|role| role.as_str()));
    for right in TENANT_RIGHTS {
        let cell = |role: &TenantRole| if right.of(*role) { "yes" } else { "" };
        let cells: Vec<&str> = TenantRole::ALL.iter().map(cell).collect();
        let _infallible = writeln!(table, "| {} | {} |", right.action, cells.join(" | "));
    }
    table
}

/// What stands between the marks of a table, and what it is to be.
fn replaced(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).expect("where the table begins");
    let (_, after) = rest.split_once(&end).expect("where it ends");
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_guide_has_the_table_that_is_in_force() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/roles.md");
    let page = std::fs::read_to_string(&file).expect("docs/guide/roles.md");
    let right = replaced(&page, "project roles", &in_projects());
    let right = replaced(&right, "tenant roles", &in_the_tenant());
    #[expect(clippy::disallowed_methods, reason = "how a person says that the page is to be written")]
    let write_it = std::env::var("NEXUS_WRITE_DOCS").is_ok();
    if write_it {
        std::fs::write(&file, right).expect("written");
        return;
    }
    assert_eq!(page, right, "docs/guide/roles.md is stale; NEXUS_WRITE_DOCS=1 writes it anew");
}
