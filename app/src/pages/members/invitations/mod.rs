//! Who is invited to a tenant, or to a project of it, and inviting. The page is for owners and, with `?project=`, for
//! whoever may invite to that project.

mod form;
mod functions;
mod link;

pub use functions::*;

use crate::address::{address, has, param, query};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::Until;
use crate::components::{Ago, Badge, Confirm, Empty, FormError, Hidden, PostForm};
use crate::page::page;
use form::InviteForm;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use link::{Ask, Shown};
use nexus_domain::Timestamp;
use nexus_domain::invitation::{Invitation, InvitationLink, InvitationState, MailState};
use nexus_domain::role::TenantRole;

#[component]
pub fn InvitationsTab() -> impl IntoView {
    let (tenant, project, cursor) = (param("tenant"), query("project"), query("cursor"));
    let link = RwSignal::new(None::<InvitationLink>);
    // What came of the addresses stays until it is put away: a toast would take it along.
    let told = RwSignal::new(String::new());
    view! {
        {move || Some(told.get()).filter(|text| !text.is_empty()).map(|text| view! {
            <div class="note told" role="status">
                <span>{text}</span>
                <button type="button" class="button button-icon" aria-label="Dismiss" on:click=move |_| told.set(String::new())>
                    <Icon glyph=Glyph::Close/>
                </button>
            </div>
        })}
        {page(
            move || ReadInvitations { tenant: tenant.get(), project: project.get(), cursor: cursor.get() },
            move |data: InvitationsData| view! { <List tenant data told link/> }.into_any(),
        )}
        {move || link.get().map(|made| view! { <Shown made link/> })}
    }
}

#[component]
fn List(
    tenant: Memo<String>,
    data: InvitationsData,
    told: RwSignal<String>,
    link: RwSignal<Option<InvitationLink>>,
) -> impl IntoView {
    let here = address();
    let (new, copy, confirm) = (has("new"), query("copy"), query("confirm"));
    let InvitationsData { rows, next_cursor, project, tenant: whole, projects, mails, now } = data;
    let about = project.clone();
    let options = StoredValue::new((projects, project));
    let form = move || {
        new.get().then(|| {
            let (projects, project) = options.get_value();
            view! { <InviteForm tenant whole projects project told/> }
        })
    };
    let table = match rows.is_empty() {
        true => view! { <Nobody/> }.into_any(),
        false => {
            let rows =
                rows.clone().into_iter().map(|(row, may)| view! { <Row tenant row may now/> }).collect_view();
            view! { <Table rows=rows.into_any()/> }.into_any()
        }
    };
    let rows = StoredValue::new(rows);
    let asked = move |id: Option<String>| {
        let id = id?;
        let known = |rows: &Vec<(Invitation, bool)>| {
            rows.iter().find(|(row, may)| *may && row.id.to_string() == id).map(|(row, _)| row.clone())
        };
        rows.with_value(known)
    };
    let copying = move || asked(copy.get()).map(|row| view! { <Ask tenant row link/> });
    let revoking = move || asked(confirm.get()).map(|row| view! { <Revoke tenant row/> });
    view! {
        <div class="bar">
            <p class="lead">{lead(about.as_deref())}</p>
            <span class="grow"></span>
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll
                title="Invite (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"Invite"</a>
        </div>
        {(!mails).then(|| view! {
            <p class="note note-amber">
                "No mail server is configured, so nothing is sent: copy the link of each invitation and hand it on. Owners find the
                mails themselves in the outbox."
            </p>
        })}
        {form}
        {table}
        {next_cursor.map(|cursor| view! {
            <nav class="pager" aria-label="Pages">
                <a class="button" href=move || here.with(&[("cursor", Some(&cursor))])>"Older"<Icon glyph=Glyph::Arrow/></a>
            </nav>
        })}
        {copying}
        {revoking}
    }
    .into_any()
}

fn lead(project: Option<&str>) -> String {
    match project {
        Some(project) => format!("Who is invited to {project}. A link works once, for 72 hours."),
        None => "Who is invited, and to what. A link works once, for 72 hours.".to_owned(),
    }
}

#[component]
fn Nobody() -> impl IntoView {
    let here = address();
    view! {
        <Empty glyph=Glyph::People title="Nobody is invited"
            text="Invite people by their addresses. Each gets a mail with a link, signs up or in, and has the roles that you chose.">
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll>"Invite somebody"</a>
        </Empty>
    }
    .into_any()
}

#[component]
fn Table(rows: AnyView) -> impl IntoView {
    view! {
        <div class="card">
            <table class="table invitations">
                <thead><tr>
                    <th scope="col">"Address"</th><th scope="col">"Roles"</th><th scope="col">"State"</th>
                    <th scope="col">"Invited"</th><th scope="col"><span class="visually-hidden">"Change"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(tenant: Memo<String>, row: Invitation, may: bool, now: Timestamp) -> impl IntoView {
    let here = address();
    let id = StoredValue::new(row.id.to_string());
    let email = row.email.clone();
    let again = format!("Resend the invitation of {email}");
    let buttons = may.then(|| {
        view! {
            <a class="button button-small needs-js" data-noscroll aria-label=format!("Copy a link for {email}")
                href=move || id.with_value(|id| here.with(&[("copy", Some(id))]))><Icon glyph=Glyph::Link/>"Copy link"</a>
            <PostForm action=ResendInvitation::PATH id=id.get_value()>
                <Hidden name="tenant" value=tenant/>
                <Hidden name="id" value=id.get_value()/>
                <FormError/>
                <button type="submit" class="button button-small" aria-label=again>"Resend"</button>
            </PostForm>
            <a class="button button-icon" data-noscroll title="Revoke" aria-label=format!("Revoke the invitation of {email}")
                href=move || id.with_value(|id| here.with(&[("confirm", Some(id))]))><Icon glyph=Glyph::Trash/></a>
        }
    });
    view! {
        <tr data-row data-key=row.email.clone()>
            <td class="strong">{row.email.clone()}</td>
            <td data-label="Roles">{roles(&row)}</td>
            <td data-label="State"><State row=row.clone() now/></td>
            <td data-label="Invited" class="muted"><div><Ago at=row.sent_at now/>{format!(" by {}", row.invited_by)}</div></td>
            <td class="row-actions"><div class="row-buttons">{buttons}</div></td>
        </tr>
    }
    .into_any()
}

/// `member · shop: developer`
fn roles(row: &Invitation) -> String {
    let mut text = match row.tenant_role {
        TenantRole::Member if !row.projects.is_empty() => String::new(),
        role => role.as_str().to_owned(),
    };
    for grant in &row.projects {
        if !text.is_empty() {
            text.push_str(" · ");
        }
        text.push_str(&grant.project);
        text.push_str(": ");
        text.push_str(grant.role.as_str());
    }
    text
}

#[component]
fn State(row: Invitation, now: Timestamp) -> impl IntoView {
    let tone = match row.state {
        InvitationState::Pending => Tone::Blue,
        InvitationState::Accepted => Tone::Green,
        InvitationState::Expired => Tone::Amber,
        InvitationState::Revoked => Tone::Plain,
    };
    let ends = (row.state == InvitationState::Pending)
        .then(|| view! { <span class="faint">" ends "<Until at=row.expires_at now/></span> });
    // A mail that arrived is no news; one that did not is.
    let mail = row.mail.filter(|mail| row.state.is_open() && *mail != MailState::Sent).map(|mail| {
        let tone =
            if matches!(mail, MailState::Bounced | MailState::Failed) { Tone::Red } else { Tone::Amber };
        view! { " "<Badge text=format!("MAIL {}", mail.label()) tone/> }
    });
    let problem = row.problem.map(|problem| view! { <span class="faint said">{problem}</span> });
    view! { <div><Badge text=row.state.label() tone/>{mail}{ends}{problem}</div> }.into_any()
}

#[component]
fn Revoke(tenant: Memo<String>, row: Invitation) -> impl IntoView {
    let here = address();
    let fields = vec![("tenant", tenant.get_untracked()), ("id", row.id.to_string())];
    view! {
        <Confirm title=format!("Revoke the invitation of {}?", row.email) action=RevokeInvitation::PATH label="Revoke"
            danger=true close=here.without(&["confirm"]) fields>
            <p>"Its link is dead at once. You can invite the address again at any time."</p>
        </Confirm>
    }
    .into_any()
}
