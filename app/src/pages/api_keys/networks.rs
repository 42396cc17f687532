//! From where the tenant's credentials are taken.

use super::SetNetworks;
use crate::components::{Field, FormError, Hidden, PostForm, Submit};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

#[component]
pub fn NetworksPanel(
    tenant: Memo<String>,
    environment: StoredValue<String>,
    networks: Vec<String>,
    may_change: bool,
) -> impl IntoView {
    let everywhere = networks.is_empty();
    let value = networks.join("\n");
    let body = if may_change {
        view! {
            <PostForm action=SetNetworks::PATH class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="environment" value=Signal::stored(environment.get_value())/>
                <Field label="Networks" name="allowed_cidrs" multiline=true mono=true value about="networks"
                    placeholder="203.0.113.0/24"
                    hint="One a line, IPv4 or IPv6; what follows # is a remark. Empty: from everywhere"/>
                <FormError/>
                <div class="actions"><Submit label="Save"/></div>
            </PostForm>
        }
        .into_any()
    } else if everywhere {
        view! { <p class="none">"From everywhere."</p> }.into_any()
    } else {
        view! { <pre class="api-networks" tabindex="0"><code>{value}</code></pre> }.into_any()
    };
    view! {
        <section class="card panel" aria-label="Allowed networks">
            <h2>"Allowed networks"</h2>
            <p>"Every key and token of this tenant, of services too, is taken from these networks alone; anywhere else it is refused, and open streams end. People who sign in with a browser are let in from everywhere."</p>
            {body}
        </section>
    }
    .into_any()
}
