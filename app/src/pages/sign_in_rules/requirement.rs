//! Whether members have to sign in with the tenant's own provider.

use super::RequireProvider;
use crate::components::badge::Tone;
use crate::components::{Badge, FormError, Hidden, PostForm, Submit};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

#[component]
pub fn Requirement(
    tenant: Memo<String>,
    required: bool,
    came_by_own: bool,
    has_providers: bool,
) -> impl IntoView {
    let (state, tone) = if required { ("REQUIRED", Tone::Green) } else { ("NOT REQUIRED", Tone::Plain) };
    let text = match (required, came_by_own, has_providers) {
        (true, ..) => "Sessions that were opened in another way do not open this tenant. API keys go on.",
        (false, true, _) => {
            "From then on, sessions that were opened in another way do not open this tenant, at once. \
                             API keys go on."
        }
        (false, false, true) => "To require it, sign in with it first: so nobody locks themself out.",
        (false, false, false) => "Add a provider first.",
    };
    let label = if required { "Lift the requirement" } else { "Require it" };
    let form = (required || came_by_own).then(|| {
        view! {
            <PostForm action=RequireProvider::PATH class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="required" value=Signal::stored((!required).to_string())/>
                <FormError/>
                <div class="actions"><Submit label/></div>
            </PostForm>
        }
    });
    let way_in = (!required && !came_by_own && has_providers).then(|| {
        let href = move || format!("/sign-in?tenant={}", tenant.get());
        view! { <div class="actions"><a class="button" href=href rel="external">"Sign in with it"</a></div> }
    });
    view! {
        <section class="card panel" aria-label="Requirement">
            <h2>"Own provider "<Badge text=state tone/></h2>
            <p>{text}</p>
            {form}
            {way_in}
        </section>
    }
    .into_any()
}
