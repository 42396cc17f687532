//! The inline form for a new service or umbrella service.

use super::CreateService;
use crate::address::{address, query};
use crate::components::{Choice, Field, FormError, Hidden, Pick, PostForm, Submit};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::environment::Environment;
use nexus_domain::slug;

/// The form, while the address asks for it (`?new=service`, `?new=umbrella`).
#[component]
pub fn NewService(
    tenant: Memo<String>,
    project: Memo<String>,
    environments: Vec<Environment>,
) -> impl IntoView {
    let asked = query("new");
    let environments = StoredValue::new(environments);
    move || {
        let environments = environments.get_value();
        asked.get().filter(|_| !environments.is_empty()).map(|what| {
            let umbrella = what == "umbrella";
            view! { <Form tenant project environments umbrella/> }
        })
    }
}

#[component]
fn Form(
    tenant: Memo<String>,
    project: Memo<String>,
    environments: Vec<Environment>,
    umbrella: bool,
) -> impl IntoView {
    let here = address();
    let name = RwSignal::new(String::new());
    let derived = Signal::derive(move || slug::from_name(&name.read()));
    let title = if umbrella { "New umbrella" } else { "New service" };
    let placeholder = if umbrella { "Shared" } else { "Checkout API" };
    let options = environments.into_iter().map(|it| (it.slug, it.name)).collect();
    let what = if umbrella {
        "Services of the same project, kind and environment can link to it and inherit what it holds."
    } else {
        "Backend services hold secrets; frontend services never do. The kind cannot be changed later."
    };
    view! {
        <section class="card inline-form" aria-label=title>
            <PostForm action=CreateService::PATH id=if umbrella { "umbrella" } else { "" } class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="project" value=project/>
                {umbrella.then(|| view! { <input type="hidden" name="umbrella" value="true"/> })}
                <div class="columns">
                    <Field label="Name" name="name" required=true autofocus=true placeholder=placeholder
                        on_input=Callback::new(move |text| name.set(text))/>
                    <Field label="Slug" name="slug" mono=true placeholder=derived
                        hint="Stands in addresses and never changes. Made from the name when left empty"/>
                    <Choice label="Kind" name="kind" options=vec![("backend", "Backend"), ("frontend", "Frontend")]
                        value="backend" hint=what/>
                    <Pick label="Environment" name="environment" options
                        hint="A service is in one environment; make it again in another to have a counterpart"/>
                </div>
                <FormError/>
                <div class="actions">
                    <a class="button button-quiet" href=move || here.without(&["new"]) data-noscroll
                        title="Cancel (Esc)" aria-keyshortcuts="Escape">"Cancel"</a>
                    <Submit label="Create" key="⏎"/>
                </div>
            </PostForm>
        </section>
    }
    .into_any()
}
