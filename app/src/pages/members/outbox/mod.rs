//! The mail of a tenant: what is on its way, what came back, and what waits for somebody to take it by hand. The list
//! holds no text; that of a kept mail is shown once one proved who one is, in the browser's memory alone.

mod functions;

pub use functions::*;

use crate::address::{address, param, query};
use crate::call::{invoke, spawn};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::Until;
use crate::components::{Ago, Badge, Copy, Dialog, Empty, FormError, Hidden, PostForm};
use crate::live::live;
use crate::page::page;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::invitation::{MailState, OpenedMail, OutboxMail};

#[component]
pub fn OutboxTab() -> impl IntoView {
    let (tenant, cursor) = (param("tenant"), query("cursor"));
    let opened = RwSignal::new(None::<OpenedMail>);
    view! {
        {page(
            move || ReadOutbox { tenant: tenant.get(), cursor: cursor.get() },
            move |data: OutboxData| view! { <List tenant data opened/> }.into_any(),
        )}
        {move || opened.get().map(|mail| view! { <Text mail opened/> })}
    }
}

#[component]
fn List(tenant: Memo<String>, data: OutboxData, opened: RwSignal<Option<OpenedMail>>) -> impl IntoView {
    let here = address();
    let OutboxData { rows, next_cursor, mails, now } = data;
    if rows.is_empty() {
        let text = "Mail about this tenant, like invitations, is listed here for 30 days.";
        return view! { <Empty glyph=Glyph::Upload title="No mail yet" text/> }.into_any();
    }
    let rows = rows.into_iter().map(|row| view! { <Row tenant row mails opened now/> }).collect_view();
    view! {
        <p class="lead">"Mail about this tenant. What is about a person alone, like a new password, is not shown to owners."</p>
        {(!mails).then(|| view! {
            <p class="note note-amber">"No mail server is configured: mail is kept here to be handed on."</p>
        })}
        <div class="card">
            <table class="table outbox">
                <thead><tr>
                    <th scope="col">"To"</th><th scope="col">"About"</th><th scope="col">"State"</th>
                    <th scope="col">"Written"</th><th scope="col"><span class="visually-hidden">"Change"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {next_cursor.map(|cursor| view! {
            <nav class="pager" aria-label="Pages">
                <a class="button" href=move || here.with(&[("cursor", Some(&cursor))])>"Older"<Icon glyph=Glyph::Arrow/></a>
            </nav>
        })}
    }
    .into_any()
}

#[component]
fn Row(
    tenant: Memo<String>,
    row: OutboxMail,
    mails: bool,
    opened: RwSignal<Option<OpenedMail>>,
    now: Timestamp,
) -> impl IntoView {
    let live = live();
    let id = row.id.to_string();
    let kept = row.state == MailState::Kept;
    // One that is handed over at this moment has no problem yet.
    let waits = row.state == MailState::Queued && row.problem.is_some();
    let asked = id.clone();
    let open = move |_| {
        let args = OpenMail { tenant: tenant.get_untracked(), id: asked.clone() };
        spawn(async move {
            match invoke(live, args).await {
                Ok(mail) => {
                    let _gone = opened.try_set(Some(mail));
                    live.reload(false);
                }
                Err(refusal) => live.say(refusal.message),
            }
        });
    };
    let text = kept.then(|| {
        view! {
            <button type="button" class="button button-small needs-js" on:click=open
                aria-label=format!("Read the mail to {}", row.recipient)><Icon glyph=Glyph::Eye/>"Read"</button>
        }
    });
    let recipient = row.recipient.clone();
    let send = (mails && (kept || waits)).then(|| {
        view! {
            <PostForm action=ResendMail::PATH id=id.clone()>
                <Hidden name="tenant" value=tenant/>
                <Hidden name="id" value=id/>
                <FormError/>
                <button type="submit" class="button button-small" aria-label=format!("Send the mail to {recipient} now")>"Send now"</button>
            </PostForm>
        }
    });
    view! {
        <tr data-row data-key=row.recipient.clone()>
            <td class="strong">{row.recipient.clone()}</td>
            <td data-label="About" class="muted">{row.kind.clone()}</td>
            <td data-label="State"><State row=row.clone() now/></td>
            <td data-label="Written" class="muted"><Ago at=row.created_at now/></td>
            <td class="row-actions"><div class="row-buttons">{text}{send}</div></td>
        </tr>
    }
    .into_any()
}

#[component]
fn State(row: OutboxMail, now: Timestamp) -> impl IntoView {
    let tone = match row.state {
        MailState::Sent => Tone::Green,
        MailState::Queued => Tone::Blue,
        MailState::Kept => Tone::Amber,
        MailState::Bounced | MailState::Failed => Tone::Red,
    };
    let attempts = (row.attempts > 1).then(|| format!(" after {} attempts", row.attempts));
    let next = row.next_attempt_at.filter(|_| row.problem.is_some()).map(|at| {
        view! { <span class="faint">" next attempt "<Until at now/></span> }
    });
    let read = row.opened_at.map(|at| view! { <span class="faint">" read here "<Ago at now/></span> });
    let problem = row.problem.map(|problem| view! { <span class="faint said">{problem}</span> });
    view! { <div><Badge text=row.state.label() tone/>{attempts}{next}{read}{problem}</div> }.into_any()
}

#[component]
fn Text(mail: OpenedMail, opened: RwSignal<Option<OpenedMail>>) -> impl IntoView {
    view! {
        <Dialog title=mail.subject class="dialog-wide" on_close=move |()| opened.set(None)>
            <div class="stack">
                <p class="dialog-text">{format!("To {}. Whoever has a link in it can use it.", mail.recipient)}</p>
                <pre class="mail-text" tabindex="0">{mail.text.clone()}</pre>
                <div class="actions">
                    <Copy text=mail.text label="Copy the text"/>
                    <button type="button" class="button button-primary" autofocus=true on:click=move |_| opened.set(None)>
                        "Close"
                    </button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
