//! Copying a link. Links are not stored, so this makes a new one, and the answer that holds it stays in the browser's
//! memory: it needs JavaScript.

use super::CopyInvitation;
use crate::address::address;
use crate::components::{AskOnce, ShownOnce};
use leptos::prelude::*;
use nexus_domain::invitation::{Invitation, InvitationLink};

/// The question before a link is made.
#[component]
pub fn Ask(tenant: Memo<String>, row: Invitation, link: RwSignal<Option<InvitationLink>>) -> impl IntoView {
    let id = row.id.to_string();
    let asked = move || CopyInvitation { tenant: tenant.get_untracked(), id: id.clone() };
    view! {
        <AskOnce title=format!("A link for {}", row.email) close=address().without(&["copy"]) label="Make a link" asked made=link>
            <p class="dialog-text">
                "Links are not stored, so this makes a new one, for another 72 hours. The one that was sent before stops working.
                Whoever has the link can accept: hand it to nobody else."
            </p>
        </AskOnce>
    }
}

/// The new link, once.
#[component]
pub fn Shown(made: InvitationLink, link: RwSignal<Option<InvitationLink>>) -> impl IntoView {
    let about = format!("For {}, once, until {}.", made.email, made.expires_at.exact());
    view! { <ShownOnce what="link" value=made.link done=Callback::new(move |()| link.set(None))>{about}</ShownOnce> }
}
