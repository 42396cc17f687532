//! Whether a tenant requires a second factor of its members.

use crate::address::param;
use crate::components::badge::Tone;
use crate::components::time::count;
use crate::components::{Badge, FormError, Hidden, PostForm, Submit};
use crate::done::Done;
use crate::page::tab;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::factor::Requirement;

#[server(prefix = "/_fn", endpoint = "read_second_factor_rule")]
pub async fn read_second_factor_rule(tenant: String) -> Result<Requirement, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::people::factors::required(&nexus, &actor).await?)
}

#[server(prefix = "/_fn", endpoint = "require_second_factor")]
pub async fn require_second_factor(tenant: String, required: bool) -> Result<Done, Refused> {
    let opened = crate::server::here()?.signed_in().await?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    nexus_backend::people::factors::require(&nexus, &actor, opened, required).await?;
    Ok(Done::new(if required {
        "Every member needs a second factor from now on"
    } else {
        "A second factor is up to each member"
    }))
}

#[component]
pub fn SecondFactorRule() -> impl IntoView {
    let tenant = param("tenant");
    tab(
        move || ReadSecondFactorRule { tenant: tenant.get() },
        move |rule| view! { <Panel tenant rule/> }.into_any(),
    )
}

#[component]
fn Panel(tenant: Memo<String>, rule: Requirement) -> impl IntoView {
    let Requirement { required, members_without } = rule;
    let state = if required {
        view! { <p><Badge text="REQUIRED" tone=Tone::Green/>" Every member shows one when signing in."</p> }
            .into_any()
    } else {
        view! { <p>"A second factor is up to each member."</p> }.into_any()
    };
    let without = match members_without {
        0 => "Every member has one.".to_owned(),
        some => format!(
            "{} without one: they get in again once they have set one up on their account.",
            count(i64::from(some), "member")
        ),
    };
    let label = if required { "Stop requiring it" } else { "Require a second factor" };
    view! {
        <section class="card panel" aria-label="Second factor">
            <h2>"Second factor"</h2>
            {state}
            <p>{without}</p>
            <PostForm action=RequireSecondFactor::PATH class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="required" value=Signal::stored((!required).to_string())/>
                <FormError/>
                <div class="actions"><Submit label/></div>
            </PostForm>
        </section>
    }
    .into_any()
}
