//! A service without flags: what they are, the next step, and how a program reads one.

use super::Facts;
use crate::address::address;
use crate::components::icon::Glyph;
use crate::components::{Empty, Snippet};
use crate::pages::entries::Pager;
use leptos::prelude::*;
use nexus_domain::service::Service;

#[component]
pub fn NoFlags(service: Service, facts: Facts) -> impl IntoView {
    let here = address();
    let text = if service.umbrella {
        "A flag is a switch in a running program: off, on, on from a certain moment, or on for some. What this umbrella \
         holds, every linked service inherits at once; its own flags win."
    } else {
        "A flag is a switch in a running program: off, on, on from a certain moment, or on for some of its users. One \
         press turns it off everywhere, without a deployment."
    };
    let button = facts.may_write.then(|| {
        view! {
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll>
                "Make the first flag"
            </a>
        }
    });
    let example = service.endpoint.map(|endpoint| {
        let ofrep = format!(
            "curl -X POST -H \"Authorization: Bearer $NEXUS_KEY\" -H \"Content-Type: application/json\" \\\n  \
             -d '{{\"context\":{{\"targetingKey\":\"user-1\"}}}}' \\\n  {endpoint}/ofrep/v1/evaluate/flags/new-checkout"
        );
        let evaluate = format!(
            "curl -X POST -H \"Authorization: Bearer $NEXUS_KEY\" -H \"Content-Type: application/json\" \\\n  \
             -d '{{\"keys\":[\"new-checkout\"],\"user_id\":\"user-1\"}}' \\\n  {endpoint}/v1/evaluate"
        );
        view! {
            <p class="hint">"Then a program asks for it with a key of this service, by OpenFeature:"</p>
            <Snippet text=ofrep label="Copy the OpenFeature command"/>
            <p class="hint">"or several at once as true and false:"</p>
            <Snippet text=evaluate label="Copy the evaluate command"/>
        }
    });
    view! {
        <Empty glyph=Glyph::Flag title="No flag yet" text>{button}{example}</Empty>
        <Pager next_cursor=None deleted="Deleted flags"/>
    }
    .into_any()
}
