//! Copying a link. Links are not stored, so this makes a new one, and the answer that holds it stays in the browser's
//! memory: it needs JavaScript.

use super::CopyInvitation;
use crate::address::{address, navigator};
use crate::call::{invoke, spawn};
use crate::components::{Copy, Dialog};
use crate::live::live;
use leptos::prelude::*;
use nexus_domain::invitation::{Invitation, InvitationLink};

/// The question before a link is made.
#[component]
pub fn Ask(tenant: Memo<String>, row: Invitation, link: RwSignal<Option<InvitationLink>>) -> impl IntoView {
    let (live, navigate, here) = (live(), navigator(), address());
    let close = here.without(&["copy"]);
    let refused = RwSignal::new(String::new());
    let (id, goal) = (row.id.to_string(), close.clone());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let args = CopyInvitation { tenant: tenant.get_untracked(), id: id.clone() };
        let (navigate, goal) = (navigate.clone(), goal.clone());
        spawn(async move {
            match invoke(live, args).await {
                Ok(made) => {
                    let _gone = link.try_set(Some(made));
                    navigate(&goal, true);
                    live.reload(false);
                }
                Err(refusal) => {
                    let _gone = refused.try_set(refusal.message);
                }
            }
        });
    };
    view! {
        <Dialog title=format!("A link for {}", row.email) close=close.clone()>
            <form class="stack" on:submit=submit>
                <p class="dialog-text">
                    "Links are not stored, so this makes a new one, for another 72 hours. The one that was sent before stops working.
                    Whoever has the link can accept: hand it to nobody else."
                </p>
                <div class="form-error" role="alert">
                    {move || Some(refused.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
                </div>
                <div class="actions">
                    <a class="button" href=close data-noscroll>"Cancel"</a>
                    <button type="submit" class="button button-primary">"Make a link"</button>
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}

/// The new link, once.
#[component]
pub fn Shown(made: InvitationLink, link: RwSignal<Option<InvitationLink>>) -> impl IntoView {
    view! {
        <Dialog title="Copy the link now" class="dialog-wide" on_close=move |()| link.set(None)>
            <div class="stack">
                <p class="dialog-text">
                    {format!("For {}, once, until {}.", made.email, made.expires_at.exact())}
                </p>
                <div class="new-key"><code>{made.link.clone()}</code><Copy text=made.link label="Copy the link"/></div>
                <div class="actions">
                    <button type="button" class="button button-primary" autofocus=true on:click=move |_| link.set(None)>
                        "I have copied it"
                    </button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
