//! What both export dialogs have: the choice of a format, and the keys that would be one environment
//! variable.

use crate::components::Choice;
use leptos::prelude::*;
use nexus_domain::export::Collision;

#[component]
pub fn ExportChoices(
    collisions: Vec<Collision>,
    /// Called with the format that was chosen.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    let options = vec![("env", ".env"), ("json", "JSON"), ("yaml", "YAML")];
    let choose = Callback::new(move |format| {
        if let Some(on_change) = on_change {
            on_change.run(format);
        }
    });
    let lines = collisions.iter().map(|it| view! { <li>{it.describe()}</li> }.into_any()).collect_view();
    let met = (!collisions.is_empty()).then(|| {
        view! {
            <section class="note note-amber collisions" aria-label="Keys of one environment variable">
                <p>"These keys become the same environment variable. JSON and YAML hold all of them; in a .env file only a key
                that is spelled like the variable is one, and Nexus alone reads the others."</p>
                <ul>{lines}</ul>
            </section>
        }
    });
    view! {
        <Choice label="Format" name="format" options value="env" on_change=choose
            hint="Each imports again as it is. A key like a.b is the variable a_b in a .env file"/>
        {met}
    }
    .into_any()
}
