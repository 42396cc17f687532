//! Who works in a project, and in which role: adding somebody of the tenant, changing, removing.

use super::SHARED;
use super::member_functions::{
    AddProjectMember, ChangeProjectMember, ProjectMembersData, ReadProjectMemberLosses, ReadProjectMembers,
    RemoveProjectMember,
};
use crate::address::{address, has, param, query, tenant_url};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::search::folded;
use crate::components::{
    Ago, Badge, Confirm, Dialog, Field, FormActions, FormError, Hidden, Pick, PostForm, Search,
};
use crate::page::tab;
use crate::pages::members::lost::LostEnvironments;
use crate::pages::members::rights::RoleRights;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::member::ProjectMember;
use nexus_domain::rights::holders;
use nexus_domain::role::{Permission, ProjectRole};
use nexus_domain::{Timestamp, UserId};

#[component]
pub fn ProjectMembersTab() -> impl IntoView {
    let (tenant, project) = (param("tenant"), param("project"));
    tab(
        move || ReadProjectMembers { tenant: tenant.get(), project: project.get() },
        move |data| view! { <Page tenant project data/> }.into_any(),
    )
}

/// The project that a form is about.
#[component]
fn Of(tenant: Memo<String>, project: Memo<String>) -> impl IntoView {
    view! {
        <Hidden name="tenant" value=tenant/>
        <Hidden name="project" value=project/>
    }
}

#[component]
fn Page(tenant: Memo<String>, project: Memo<String>, data: ProjectMembersData) -> impl IntoView {
    let ProjectMembersData { members, role, candidates, me, now } = data;
    let (q, new, edit) = (query("q"), has("new"), query("edit"));
    let may_add = role.allows(Permission::MemberInvite, SHARED);
    let may_change = role.allows(Permission::MemberManage, SHARED);
    let (all, candidates) = (StoredValue::new(members), StoredValue::new(candidates));
    let rows = move || {
        let q = folded(&q.get().unwrap_or_default());
        let found: Vec<_> =
            all.get_value().into_iter().filter(|member| member.email.contains(q.as_str())).collect();
        if found.is_empty() {
            return view! { <p class="none" role="status">"Nobody has that in their address."</p> }
                .into_any();
        }
        let rows = found
            .into_iter()
            .map(|member| view! { <Row tenant project member role may_change me edit now/> })
            .collect_view();
        view! {
            <div class="card">
                <table class="table members">
                    <thead><tr>
                        <th scope="col">"Member"</th><th scope="col">"Role"</th>
                        <th scope="col">"Developer environment"</th><th scope="col">"Added"</th>
                        <th scope="col"><span class="visually-hidden">"Change"</span></th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    // Who may not change anything here reads who may.
    let who = (!may_change).then(|| {
        let who = holders(Permission::MemberManage);
        view! { <p class="lead members-lead">{format!("Roles are changed, and members removed, by {who} of the project.")}</p> }
    });
    view! {
        {who}
        <Bar tenant project may_add/>
        {move || (may_add && new.get()).then(|| {
            view! { <AddForm tenant project role candidates=candidates.get_value()/> }
        })}
        {rows}
        <Dialogs tenant project all may_change/>
    }
    .into_any()
}

#[component]
fn Bar(tenant: Memo<String>, project: Memo<String>, may_add: bool) -> impl IntoView {
    let here = address();
    let invite = move || {
        let page = format!("members/invitations?project={}", project.get());
        tenant_url(&tenant.get(), &page)
    };
    view! {
        <div class="bar">
            <Search label="Search members"/>
            <a class="button button-quiet" href=move || here.with(&[("roles", Some(""))]) data-noscroll>
                <Icon glyph=Glyph::Shield/>"What may each role do?"</a>
            <span class="grow"></span>
            {may_add.then(|| view! {
                <a class="button" href=invite>"Invite by mail"</a>
                <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll
                    title="Add a member (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"Add a member"</a>
            })}
        </div>
    }
    .into_any()
}

/// The roles that somebody in this role may give.
fn options(role: ProjectRole) -> Vec<(String, String)> {
    let held = ProjectRole::ALL.iter().filter(|it| role.covers(**it));
    held.map(|it| (it.as_str().to_owned(), it.as_str().to_owned())).collect()
}

/// Somebody of the tenant, by address; owners of the tenant choose from those who are not here yet.
#[component]
fn AddForm(
    tenant: Memo<String>,
    project: Memo<String>,
    role: ProjectRole,
    candidates: Vec<String>,
) -> impl IntoView {
    let here = address();
    let who = if candidates.is_empty() {
        view! {
            <Field label="Address" name="email" kind="email" required=true autofocus=true placeholder="bo@example.com"
                hint="Of somebody who is in this tenant already"/>
        }
        .into_any()
    } else {
        let options = candidates.into_iter().map(|email| (email.clone(), email)).collect();
        view! { <Pick label="Address" name="email" options hint="Those who are in this tenant and not here yet"/> }
            .into_any()
    };
    let hint = "A developer gets a developer environment";
    view! {
        <section class="card inline-form" aria-label="Add a member">
            <PostForm action=AddProjectMember::PATH to=here.without(&["new"]) class="stack">
                <Of tenant project/>
                <div class="columns">
                    {who}
                    <Pick label="Role" name="role" options=options(role) value="developer" hint/>
                </div>
                <FormError/>
                <FormActions shown_by="new" label="Add" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn Row(
    tenant: Memo<String>,
    project: Memo<String>,
    member: ProjectMember,
    /// Of the one who looks.
    role: ProjectRole,
    may_change: bool,
    me: UserId,
    edit: Memo<Option<String>>,
    now: Timestamp,
) -> impl IntoView {
    let id = StoredValue::new(member.id.to_string());
    let may_change = may_change && !member.tenant_owner;
    let (theirs, has_environment) = (member.role, member.developer_environment.is_some());
    let tenant_owner = member.tenant_owner;
    let editing = move || may_change && id.with_value(|id| edit.read().as_deref() == Some(id.as_str()));
    let shown = move || {
        if editing() {
            view! { <ChangeRole tenant project id=id.get_value() role theirs has_environment/> }.into_any()
        } else {
            let badge = tenant_owner.then(|| view! { <Badge text="OF THE TENANT"/> });
            view! { <span class="strong">{theirs.as_str()}</span>{badge} }.into_any()
        }
    };
    let environment = member.developer_environment.map(|slug| view! { <code>{slug}</code> });
    let label = environment.is_some().then_some("Environment");
    view! {
        <tr data-row>
            <td><span class="strong">{member.email.clone()}</span>
                {(member.id == me).then(|| view! { <Badge text="YOU" tone=Tone::Accent/> })}</td>
            <td data-label="Role">{shown}</td>
            <td data-label=label>{environment}</td>
            <td data-label="Added" class="muted"><Ago at=member.created_at now/></td>
            <td class="row-actions">
                {may_change.then(|| view! { <Buttons id email=member.email/> })}
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn Buttons(id: StoredValue<String>, email: String) -> impl IntoView {
    let here = address();
    let link = move |name: &'static str| id.with_value(|id| here.with(&[(name, Some(id))]));
    view! {
        <a class="button button-icon" href=move || link("edit") data-noscroll title="Change the role (e)"
            aria-label=format!("Change the role of {email}") aria-keyshortcuts="e"><Icon glyph=Glyph::Pencil/></a>
        <a class="button button-icon" href=move || link("confirm") data-noscroll title="Remove"
            aria-label=format!("Remove {email}")><Icon glyph=Glyph::Trash/></a>
    }
    .into_any()
}

#[component]
fn ChangeRole(
    tenant: Memo<String>,
    project: Memo<String>,
    id: String,
    role: ProjectRole,
    theirs: ProjectRole,
    has_environment: bool,
) -> impl IntoView {
    let here = address();
    let hint = if has_environment {
        crate::pages::members::CLOSED
    } else {
        "It holds from the next thing that they do."
    };
    view! {
        <PostForm action=ChangeProjectMember::PATH id=id.clone() to=here.without(&["edit"]) class="in-row">
            <Of tenant project/>
            <Hidden name="member" value=id/>
            <Pick label="Role" name="role" options=options(role) value=theirs.as_str() hint/>
            <FormError/>
            <FormActions shown_by="edit" label="Save"/>
        </PostForm>
    }
    .into_any()
}

/// What each role may do, and the question before somebody is removed.
#[component]
fn Dialogs(
    tenant: Memo<String>,
    project: Memo<String>,
    all: StoredValue<Vec<ProjectMember>>,
    may_change: bool,
) -> impl IntoView {
    let here = address();
    let (roles, confirm) = (has("roles"), query("confirm"));
    let table = move || {
        roles.get().then(|| {
            view! {
                <Dialog title="What may each role do?" close=here.without(&["roles"]) class="dialog-wide">
                    <RoleRights/>
                </Dialog>
            }
        })
    };
    let removal = move || {
        let id = confirm.get().filter(|_| may_change)?;
        let email = all.with_value(|all| {
            all.iter().find(|it| it.id.to_string() == id && !it.tenant_owner).map(|it| it.email.clone())
        })?;
        let fields = vec![("tenant", tenant.get()), ("project", project.get()), ("member", id.clone())];
        Some(view! {
            <Confirm title=format!("Remove {email} from the project?") action=RemoveProjectMember::PATH label="Remove"
                danger=true close=here.without(&["confirm"]) fields>
                {tab(
                    move || ReadProjectMemberLosses {
                        tenant: tenant.get(),
                        project: project.get(),
                        member: id.clone(),
                    },
                    |losses| view! { <LostEnvironments losses/> }.into_any(),
                )}
                <p>"They stay in the tenant and in their other projects. What goes with them does not come back."</p>
            </Confirm>
        })
    };
    view! {
        {table}
        {removal}
    }
    .into_any()
}
