//! The export dialog. What it saves never passes through a page: the browser's half asks for it and
//! hands it to the browser as a file.

use super::{ExportSecrets, Facts, desk};
use crate::address::{address, has, navigator};
use crate::call::{invoke, spawn};
use crate::components::Dialog;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::count;
use crate::live::live;
use crate::pages::entries::ExportChoices;
use crate::pages::entries::file::save_as;
use leptos::prelude::*;
use nexus_domain::export::{Collision, ExportFormat};
use nexus_domain::secret::SecretCounts;

/// The dialog, while the address asks for it and as soon as its data is there: what was chosen in it
/// would not survive being shown anew.
#[component]
pub fn Export(facts: Facts, counts: SecretCounts, collisions: Option<Vec<Collision>>) -> impl IntoView {
    let asked = has("export");
    move || {
        let collisions = collisions.clone().filter(|_| asked.get() && facts.may_reveal);
        collisions.map(|collisions| view! { <Question counts collisions/> })
    }
}

#[component]
fn Question(counts: SecretCounts, collisions: Vec<Collision>) -> impl IntoView {
    let format = RwSignal::new(ExportFormat::Env);
    let choose = Callback::new(move |word: String| {
        format.set(ExportFormat::parse(&word).unwrap_or(ExportFormat::Env));
    });
    let (desk, live) = (desk(), live());
    let here = address();
    let navigate = navigator();
    let close = here.without(&["export"]);
    let goal = close.clone();
    let save = move |_| {
        let (tenant, project, environment, service) = desk.place();
        let format = format.get_untracked();
        let name = format.file_name(&service, &environment);
        let format = format.as_str().to_owned();
        let args = ExportSecrets { tenant, project, environment, service, format };
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
                    <p>{count(counts.all, "secret")}" of this service, own and inherited, as a file. Secrets of type file and keys
                        without a value are not in it; comments name them, but for JSON, which has none."</p>
                    <p>"It reveals every value: it asks for a recent sign-in, and the audit log will say that you did it."</p>
                </div>
                <ExportChoices collisions on_change=choose/>
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
