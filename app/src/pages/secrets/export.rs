//! The export dialog. What it saves never passes through a page: the browser's half asks for it and
//! hands it to the browser as a file.

use super::file::save_as;
use super::{ExportSecrets, Facts, desk};
use crate::address::{address, has, navigator};
use crate::call::{invoke, spawn};
use crate::components::Dialog;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::count;
use crate::live::live;
use leptos::prelude::*;
use nexus_domain::secret::SecretCounts;

/// The dialog, while the address asks for it.
#[component]
pub fn Export(facts: Facts, counts: SecretCounts) -> impl IntoView {
    let asked = has("export");
    move || (asked.get() && facts.may_reveal).then(|| view! { <Question counts/> })
}

#[component]
fn Question(counts: SecretCounts) -> impl IntoView {
    let (desk, live) = (desk(), live());
    let here = address();
    let navigate = navigator();
    let close = here.without(&["export"]);
    let goal = close.clone();
    let save = move |_| {
        let (tenant, project, environment, service) = desk.place();
        let mut name = service.clone();
        name.push('.');
        name.push_str(&environment);
        name.push_str(".env");
        let args = ExportSecrets { tenant, project, environment, service };
        let (navigate, goal) = (navigate.clone(), goal.clone());
        spawn(async move {
            match invoke(live, args).await {
                Ok(text) => {
                    save_as(&name, text.as_bytes());
                    navigate(&goal, true);
                    live.say("Exported. Keep the file out of your repository");
                }
                Err(refusal) => live.say(refusal.message),
            }
        });
    };
    view! {
        <Dialog title="Export secrets" close=close.clone()>
            <div class="stack">
                <div class="dialog-text">
                    <p>{count(counts.all, "secret")}" of this service, own and inherited, as a "<code>".env"</code>
                        " file. Files and keys without a value stand in it as comments."</p>
                    <p>"It reveals every value: it asks for a recent sign-in, and the audit log will say that you did it."</p>
                </div>
                <p class="note no-js">"Exporting needs JavaScript."</p>
                <div class="actions">
                    <a class="button button-quiet" href=close data-noscroll>"Cancel"</a>
                    <button type="button" class="button button-primary needs-js" autofocus=true on:click=save>
                        <Icon glyph=Glyph::Download/>"Download"</button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
