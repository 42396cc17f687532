//! The table of roles on a page: for one person, a column for each of their projects; or a column for
//! each role. The rows are the ones that the gate decides by.

use leptos::prelude::*;
use nexus_domain::member::Member;
use nexus_domain::rights::{Cell, RIGHTS, TENANT_RIGHTS};
use nexus_domain::role::{ProjectRole, TenantRole};

/// What one person may do.
#[component]
pub fn MemberRights(member: Member) -> impl IntoView {
    let role = member.role;
    let columns: Vec<(String, ProjectRole)> = match role {
        TenantRole::Owner => vec![("every project".to_owned(), ProjectRole::Owner)],
        TenantRole::Finance => Vec::new(),
        TenantRole::Member => {
            member.projects.into_iter().filter_map(|it| Some((it.project, it.role?))).collect()
        }
    };
    let in_tenant = TENANT_RIGHTS
        .iter()
        .filter(|right| right.of(role))
        .map(|right| view! { <li>{right.action}</li> })
        .collect_view();
    let inside = if columns.is_empty() {
        view! { <p>"Nothing inside projects."</p> }.into_any()
    } else {
        view! { <RightsTable columns owner_of_tenant=role == TenantRole::Owner/> }.into_any()
    };
    view! {
        <p><b>{member.email}</b>", "{role.as_str()}" of the tenant:"</p>
        <ul class="lost">{in_tenant}</ul>
        {inside}
    }
    .into_any()
}

/// What each role allows in a project.
#[component]
pub fn RoleRights() -> impl IntoView {
    let columns = ProjectRole::ALL.iter().map(|role| (String::new(), *role)).collect();
    view! { <RightsTable columns owner_of_tenant=false/> }.into_any()
}

/// One column for each of these: a name, and a role.
#[component]
fn RightsTable(columns: Vec<(String, ProjectRole)>, owner_of_tenant: bool) -> impl IntoView {
    let heads = columns
        .iter()
        .map(|(name, role)| {
            let role = role.as_str();
            view! { <th scope="col">{name.clone()}<small>{role}</small></th> }
        })
        .collect_view();
    let rows = RIGHTS
        .iter()
        .map(|right| {
            let cells = columns
                .iter()
                .map(|(_, role)| match right.of(*role) {
                    Cell::No => view! { <td class="faint">"no"</td> }.into_any(),
                    Cell::TenantOwners if owner_of_tenant => view! { <td>"yes"</td> }.into_any(),
                    Cell::TenantOwners => {
                        view! { <td class="faint">"only owners of the tenant"</td> }.into_any()
                    }
                    cell => view! { <td>{cell.words()}</td> }.into_any(),
                })
                .collect_view();
            view! { <tr><th scope="row">{right.action}</th>{cells}</tr> }
        })
        .collect_view();
    view! {
        <div class="rights-box" tabindex="0" role="region" aria-label="Rights">
            <table class="rights">
                <thead><tr><th scope="col">"In a project"</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
