//! Who belongs to a tenant, and in which role: changing it, removing somebody, and what each may do.

use super::functions::{ChangeMember, MembersData, ReadMember, ReadMemberLosses, ReadMembers, RemoveMember};
use super::lost::LostEnvironments;
use super::rights::MemberRights;
use crate::address::{address, param, project_url, query};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::{
    Ago, Badge, Confirm, Dialog, FormActions, FormError, Hidden, Pick, PostForm, Search,
};
use crate::page::{page, tab};
use crate::pages::entries::Pager;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::member::{Member, MemberProject};
use nexus_domain::role::TenantRole;
use nexus_domain::{Timestamp, UserId};

#[component]
pub fn MembersTab() -> impl IntoView {
    let tenant = param("tenant");
    let (q, cursor) = (query("q"), query("cursor"));
    page(
        move || ReadMembers {
            tenant: tenant.get(),
            q: q.get().unwrap_or_default(),
            cursor: cursor.get().unwrap_or_default(),
        },
        move |data| view! { <List tenant data/> }.into_any(),
    )
}

#[component]
fn List(tenant: Memo<String>, data: MembersData) -> impl IntoView {
    let MembersData { members, next_cursor, me, now } = data;
    let edit = query("edit");
    let none = members.is_empty();
    let known = StoredValue::new(members.iter().map(|it| (it.id, it.email.clone())).collect::<Vec<_>>());
    let rows = members.into_iter().map(|member| view! { <Row tenant member me edit now/> }).collect_view();
    view! {
        <p class="lead members-lead">"Owners may do everything, in every project. Members work in the projects that they were added to.
            Finance sees bills and usage, and nothing inside projects."</p>
        <div class="bar"><Search label="Search members"/></div>
        {if none {
            view! { <p class="none" role="status">"Nobody has that in their address."</p> }.into_any()
        } else {
            view! {
                <div class="card">
                    <table class="table members">
                        <thead><tr>
                            <th scope="col">"Member"</th><th scope="col">"Role"</th><th scope="col">"Projects"</th>
                            <th scope="col">"Second factor"</th><th scope="col">"Last seen"</th>
                            <th scope="col"><span class="visually-hidden">"Change"</span></th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }
            .into_any()
        }}
        <Pager next_cursor deleted=""/>
        <Removal tenant known/>
        <May tenant/>
    }
    .into_any()
}

#[component]
fn Row(
    tenant: Memo<String>,
    member: Member,
    me: UserId,
    edit: Memo<Option<String>>,
    now: Timestamp,
) -> impl IntoView {
    let id = StoredValue::new(member.id.to_string());
    let is_me = member.id == me;
    let (role, has_environment) =
        (member.role, member.projects.iter().any(|it| it.developer_environment.is_some()));
    let editing = move || id.with_value(|id| edit.read().as_deref() == Some(id.as_str()));
    let shown = move || {
        if editing() {
            view! { <ChangeRole tenant id=id.get_value() role has_environment/> }.into_any()
        } else {
            view! { <span class="strong">{role.as_str()}</span> }.into_any()
        }
    };
    let factor = if member.second_factor { "yes" } else { "no" };
    let seen = match member.last_seen_at {
        Some(at) => view! { <Ago at now/> }.into_any(),
        None => view! { "never" }.into_any(),
    };
    view! {
        <tr data-row>
            <td><span class="strong">{member.email.clone()}</span>{is_me.then(|| view! { <Badge text="YOU" tone=Tone::Accent/> })}</td>
            <td data-label="Role">{shown}</td>
            <td data-label="Projects"><Projects tenant role projects=member.projects/></td>
            <td data-label="Second factor" class="muted">{factor}</td>
            <td data-label="Last seen" class="muted">{seen}</td>
            <td class="row-actions"><Buttons tenant id email=member.email is_me/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Buttons(tenant: Memo<String>, id: StoredValue<String>, email: String, is_me: bool) -> impl IntoView {
    let here = address();
    let link = move |name: &'static str| id.with_value(|id| here.with(&[(name, Some(id))]));
    let go = if is_me {
        let leave = move || format!("/account/tenants?leave={}", tenant.get());
        view! {
            <a class="button button-icon" href=leave title="Leave the tenant" aria-label="Leave the tenant">
                <Icon glyph=Glyph::Open/></a>
        }
        .into_any()
    } else {
        view! {
            <a class="button button-icon" href=move || link("confirm") data-noscroll title="Remove"
                aria-label=format!("Remove {email}")><Icon glyph=Glyph::Trash/></a>
        }
        .into_any()
    };
    view! {
        <a class="button button-icon" href=move || link("may") data-noscroll title="What may this person do?"
            aria-label=format!("What may {email} do?")><Icon glyph=Glyph::Shield/></a>
        <a class="button button-icon" href=move || link("edit") data-noscroll title="Change the role (e)"
            aria-label=format!("Change the role of {email}") aria-keyshortcuts="e"><Icon glyph=Glyph::Pencil/></a>
        {go}
    }
    .into_any()
}

/// Where somebody works, and as what; their developer environment beside it.
#[component]
fn Projects(tenant: Memo<String>, role: TenantRole, projects: Vec<MemberProject>) -> impl IntoView {
    let all = (role == TenantRole::Owner).then(|| view! { <li>"every project"</li> });
    let none = (all.is_none() && projects.is_empty()).then(|| view! { <li>"none"</li> });
    let items = projects
        .into_iter()
        .map(|it| {
            let href = project_url(&tenant.get_untracked(), &it.project, "/members");
            // A role that was given before somebody became owner of everything rests.
            let as_what = it.role.filter(|_| role != TenantRole::Owner).map(|role| format!(" {role}"));
            view! {
                <li>
                    <a class="link" href=href>{it.project}</a>{as_what}
                    {it.developer_environment.map(|slug| view! { " "<code>{slug}</code> })}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="member-projects">{all}{none}{items}</ul> }.into_any()
}

#[component]
fn ChangeRole(tenant: Memo<String>, id: String, role: TenantRole, has_environment: bool) -> impl IntoView {
    let here = address();
    let options = TenantRole::ALL.iter().map(|it| (it.as_str().to_owned(), it.as_str().to_owned())).collect();
    let hint = if has_environment { super::CLOSED } else { "It holds from the next thing that they do." };
    view! {
        <PostForm action=ChangeMember::PATH id=id.clone() to=here.without(&["edit"]) class="in-row">
            <Hidden name="tenant" value=tenant/>
            <Hidden name="member" value=id/>
            <Pick label="Tenant role" name="role" options value=role.as_str() hint/>
            <FormError/>
            <FormActions shown_by="edit" label="Save"/>
        </PostForm>
    }
    .into_any()
}

/// The question before somebody is removed.
#[component]
fn Removal(tenant: Memo<String>, known: StoredValue<Vec<(UserId, String)>>) -> impl IntoView {
    let here = address();
    let confirm = query("confirm");
    move || {
        let id = confirm.get()?;
        let email = known.with_value(|all| {
            all.iter().find(|(user, _)| user.to_string() == id).map(|(_, email)| email.clone())
        })?;
        let fields = vec![("tenant", tenant.get()), ("member", id.clone())];
        Some(view! {
            <Confirm title=format!("Remove {email}?") action=RemoveMember::PATH label="Remove" danger=true
                close=here.without(&["confirm"]) fields typed=email>
                {tab(
                    move || ReadMemberLosses { tenant: tenant.get(), member: id.clone() },
                    |losses| view! { <LostEnvironments losses/> }.into_any(),
                )}
                <p>"They lose every role in this tenant at once. Keys of shared services go on working: they belong to
                    services and not to people. If this is their only tenant, their account goes too."</p>
            </Confirm>
        })
    }
}

/// What a member may do, in each of their projects.
#[component]
fn May(tenant: Memo<String>) -> impl IntoView {
    let here = address();
    let may = query("may");
    move || {
        may.get().map(|id| {
            view! {
                <Dialog title="What may this person do?" close=here.without(&["may"]) class="dialog-wide">
                    {tab(
                        move || ReadMember { tenant: tenant.get(), member: id.clone() },
                        |member| view! { <MemberRights member/> }.into_any(),
                    )}
                </Dialog>
            }
        })
    }
}
