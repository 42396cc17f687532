//! The tab of a service without secrets.

use super::Facts;
use crate::address::address;
use crate::components::icon::Glyph;
use crate::components::{Empty, Snippet};
use crate::pages::entries::Pager;
use leptos::prelude::*;
use nexus_domain::service::Service;

#[component]
pub fn NoSecrets(service: Service, facts: Facts) -> impl IntoView {
    let here = address();
    let text = if service.umbrella {
        "A secret is a password, a token, a certificate. What this umbrella holds, every linked service inherits at \
         once; its own values win."
    } else {
        "A secret is a password, a token, a certificate: encrypted here, versioned, and read by this service’s \
         programs with its key."
    };
    let button = facts.may_write.then(|| {
        view! {
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll>
                "Make the first secret"
            </a>
        }
    });
    let example = service.endpoint.map(|endpoint| {
        let text = format!("curl -H \"Authorization: Bearer $NEXUS_KEY\" \\\n  {endpoint}/v1/secrets/database_password");
        view! { <p class="hint">"Then a program reads it with a key of this service:"</p><Snippet text label="Copy the command"/> }
    });
    view! {
        <Empty glyph=Glyph::Lock title="No secret yet" text>{button}{example}</Empty>
        <Pager next_cursor=None deleted=facts.deleted_link()/>
    }
    .into_any()
}
