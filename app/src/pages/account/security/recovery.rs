//! Recovery codes: how many are left, a new set, and the one moment in which a set is shown.

use super::{Made, NewRecoveryCodes};
use crate::call::{invoke, spawn};
use crate::components::icon::{Glyph, Icon};
use crate::components::time::count;
use crate::components::{Copy, Dialog};
use crate::live::live;
use crate::pages::entries::file::save_as;
use leptos::prelude::*;
use nexus_domain::factor::RecoveryCodes;

/// From how few on a new set is advised.
const FEW: u32 = 3;

#[component]
pub fn RecoveryPanel(left: u32, made: Made) -> impl IntoView {
    let live = live();
    let make = move |_| {
        spawn(async move {
            match invoke(live, NewRecoveryCodes {}).await {
                Ok(codes) => {
                    let _gone = made.0.try_set(Some(codes));
                    live.reload(false);
                }
                Err(refusal) => live.say(refusal.message),
            }
        });
    };
    let few = (left <= FEW).then(|| {
        view! { <p class="note note-amber">"Few are left. A new set takes the place of the old one."</p> }
    });
    view! {
        <section class="card panel" aria-label="Recovery codes">
            <h2>"Recovery codes"</h2>
            <p>"Each stands in once for a second factor that you have lost. "
                <strong>{count(i64::from(left), "code")}" left."</strong></p>
            {few}
            <div class="actions">
                <button type="button" class="button needs-js" on:click=make>"Make a new set"</button>
            </div>
        </section>
    }
    .into_any()
}

/// A new set, once.
#[component]
pub fn ShownOnce(codes: RecoveryCodes, made: Made) -> impl IntoView {
    let text = codes.0.join("\n");
    let file = format!("Recovery codes for Nexus. Each works once.\n\n{text}\n");
    let save = move |_| save_as("nexus-recovery-codes.txt", file.as_bytes());
    let rows = codes.0.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <Dialog title="Keep your recovery codes" on_close=move |()| made.0.set(None)>
            <div class="stack">
                <p class="dialog-text">"They are shown this once. Keep them where your devices are not: on paper, or in a
                    password manager. Each works once in place of a second factor."</p>
                <ul class="recovery-codes">{rows}</ul>
                <div class="actions">
                    <Copy text label="Copy all codes"/>
                    <button type="button" class="button" on:click=save><Icon glyph=Glyph::Download/>"Download"</button>
                    <button type="button" class="button button-primary" autofocus=true on:click=move |_| made.0.set(None)>
                        "I have kept them"
                    </button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
