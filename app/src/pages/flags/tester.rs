//! The Run Tester page of a project: what any flags of a service give any context, and why. Nothing of it
//! counts as an evaluation, and the question stands in the address.

use super::explain::{ContextFields, refused_at};
use super::explanation::{Steps, Told};
use super::functions::{Place, ReadTester, TesterData};
use crate::address::{param, project_url, query};
use crate::components::badge::Tone;
use crate::components::get_form::GetForm;
use crate::components::icon::Glyph;
use crate::components::{Badge, Empty};
use crate::page::tab;
use leptos::prelude::*;

const FIELDS: [&str; 4] = ["at", "keys", "user", "attributes"];

#[component]
pub fn TesterTab() -> impl IntoView {
    let (tenant, project) = (param("tenant"), param("project"));
    let [at, keys, user, attributes] = FIELDS.map(query);
    tab(
        move || ReadTester {
            tenant: tenant.get(),
            project: project.get(),
            at: at.get(),
            keys: keys.get(),
            user: user.get(),
            attributes: attributes.get(),
        },
        move |data: TesterData| view! { <Page data/> }.into_any(),
    )
}

#[component]
fn Page(data: TesterData) -> impl IntoView {
    let TesterData { places, at, told, targeting } = data;
    if places.is_empty() {
        let text = "The Run Tester tells what the flags of a service give a user, and why. This project has no service yet.";
        return view! { <Empty glyph=Glyph::Flag title="Nothing to try" text/> }.into_any();
    }
    let refusal = told.as_ref().and_then(|told| told.as_ref().err().cloned());
    let keys = query("keys").get_untracked();
    let results = told.and_then(Result::ok).map(|told| view! { <Results told at=at.clone()/> });
    let ignored = (!targeting).then(|| {
        view! { <p class="note">"This project has no A/B testing: rules and rollouts do not count, here as for programs."</p> }
    });
    view! {
        {ignored}
        <section class="card panel tester" aria-label="Context">
            <h2>"Run Tester"</h2>
            <p>"What would this user get, and why? Nothing of it counts as an evaluation."</p>
            <GetForm label="Run Tester" class="stack" of=&FIELDS>
                <div class="columns">
                    <Places places at/>
                    <div class="field">
                        <label for="tester-keys">"Flags"</label>
                        <div class="control mono"><input id="tester-keys" name="keys" value=keys placeholder="all of them"
                            autocomplete="off" spellcheck="false" autocapitalize="off"/></div>
                        <p class="hint">"Keys, separated by commas. Leave it empty for all flags"</p>
                        {refused_at(refusal.as_ref(), "keys")}
                    </div>
                </div>
                <ContextFields refusal/>
                <div class="actions"><button type="submit" class="button button-primary">"Run"</button></div>
            </GetForm>
        </section>
        {results}
    }
    .into_any()
}

/// The services by environment.
#[component]
fn Places(places: Vec<Place>, at: String) -> impl IntoView {
    let groups = places
        .into_iter()
        .map(|place| {
            let options = place
                .services
                .into_iter()
                .map(|(value, name)| {
                    let selected = value == at;
                    view! { <option value=value selected=selected>{name}</option> }
                })
                .collect_view();
            view! { <optgroup label=place.environment>{options}</optgroup> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for="tester-at">"Environment and service"</label>
            <div class="control control-select"><select id="tester-at" name="at">{groups}</select></div>
        </div>
    }
    .into_any()
}

#[component]
fn Results(told: Vec<Told>, at: String) -> impl IntoView {
    if told.is_empty() {
        return view! { <p class="none" role="status">"This service has no flags."</p> }.into_any();
    }
    let (tenant, project) = (param("tenant"), param("project"));
    let flags = project_url(&tenant.get_untracked(), &project.get_untracked(), &format!("/{at}/flags?open="));
    let rows = told.into_iter().map(|told| row(told, &flags)).collect_view();
    view! {
        <div class="card">
            <table class="table tester-table">
                <thead><tr>
                    <th scope="col">"Flag"</th><th scope="col">"Value"</th><th scope="col">"Variant"</th>
                    <th scope="col">"Reason"</th><th scope="col">"Why"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(told: Told, flags: &str) -> AnyView {
    let Told { key, value, variant, enabled, reason, steps } = told;
    let last = steps.last().map(|step| step.text.clone()).unwrap_or_default();
    view! {
        <tr data-row>
            <td><a class="row-link mono" href=format!("{flags}{key}")>{key.clone()}</a></td>
            <td data-label="Value"><code class="strong wrap">{value}</code></td>
            <td data-label="Variant" class="mono">{variant}</td>
            <td data-label="Reason"><Badge text=reason tone=if enabled { Tone::Green } else { Tone::Plain }/></td>
            <td data-label="Why">
                <details class="why"><summary aria-label=format!("Why {key}")>{last}</summary><Steps steps/></details>
            </td>
        </tr>
    }
    .into_any()
}
