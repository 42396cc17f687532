//! The export dialog: a link with a format. Reading configs changes nothing, so it works without
//! JavaScript.

use crate::address::{ServiceParams, address, has, service_url};
use crate::components::Dialog;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::count;
use crate::pages::entries::ExportChoices;
use leptos::prelude::*;
use nexus_domain::export::Collision;

/// The dialog, while the address asks for it and as soon as its data is there: what was chosen in it
/// would not survive being shown anew.
#[component]
pub fn Export(here: ServiceParams, all: i64, collisions: Option<Vec<Collision>>) -> impl IntoView {
    let asked = has("export");
    move || {
        let collisions = collisions.clone().filter(|_| asked.get());
        collisions.map(|collisions| view! { <Question at=here all collisions/> })
    }
}

#[component]
fn Question(at: ServiceParams, all: i64, collisions: Vec<Collision>) -> impl IntoView {
    let close = address().without(&["export"]);
    let action = service_url(&at.tenant.get_untracked(), &at.path_now(), "configs/export");
    view! {
        <Dialog title="Export configs" close=close.clone()>
            <form method="get" action=action class="stack">
                <p class="dialog-text">{count(all, "config")}" of this service, own and inherited, with their references as
                    they were written."</p>
                <ExportChoices collisions/>
                <div class="actions">
                    <a class="button button-quiet" href=close data-noscroll>"Close"</a>
                    <button type="submit" class="button button-primary"><Icon glyph=Glyph::Download/>"Download"</button>
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}
