//! The forms of a rule: a new one for a provider that the address names (`?provider=`), so that exactly the
//! claims of its kind are asked for; and what can be changed of one that is there.

use super::claims::ClaimFields;
use super::provider_form::{Cards, Lifetime};
use super::sessions::{Hiddens, Place, place_of};
use super::{ChangeIdentity, CreateIdentity, ProviderChoice};
use crate::address::{ServiceParams, address};
use crate::components::{Choice, Field, FormActions, FormError, PostForm};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::keys::Access;
use nexus_domain::workload::{Identity, RuleClaims};

/// Whose word the new rule takes, as links.
#[component]
pub fn Choose(providers: Vec<ProviderChoice>) -> impl IntoView {
    let here = address();
    let links = providers
        .into_iter()
        .map(|provider| {
            let id = provider.id.to_string();
            view! {
                <a class="wif-kind" href=move || here.with(&[("provider", Some(&id)), ("new", None)]) data-noscroll>
                    <b>{provider.name}</b><small>{provider.kind.name()}</small>
                </a>
            }
        })
        .collect_view();
    view! { <Cards label="New identity" title="Whose word does the rule take?" links=links.into_any()/> }
}

#[component]
pub fn NewIdentityForm(
    here: ServiceParams,
    provider: ProviderChoice,
    /// The parameter of the address that shows it.
    shown_by: &'static str,
) -> impl IntoView {
    let address = address();
    let mut place: Place = place_of(here);
    place.push(("provider", provider.id.to_string()));
    let label = format!("New identity by {}", provider.name);
    view! {
        <section class="card inline-form wif-form" aria-label=label>
            <PostForm action=CreateIdentity::PATH id="new" to=address.without(&["provider", "new"]) class="stack">
                <Hiddens place/>
                <h2>{format!("A program that {} vouches for", provider.name)}</h2>
                <Field label="Name" name="name" required=true autofocus=true placeholder="deploy workflow" hint="Which program it is, so that you find it again"/>
                <ClaimFields kind=provider.kind pinned=RuleClaims::new()/>
                <MayDo access=Access::Read lifetime=None/>
                <FormError/>
                <FormActions shown_by label="Create" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
pub fn EditIdentityForm(here: ServiceParams, identity: Identity) -> impl IntoView {
    let address = address();
    let id = identity.id.to_string();
    let mut place: Place = place_of(here);
    place.push(("identity", id.clone()));
    let label = format!("Change {}", identity.name);
    view! {
        <section class="card inline-form wif-form" aria-label=label>
            <PostForm action=ChangeIdentity::PATH id to=address.without(&["edit"]) class="stack">
                <Hiddens place/>
                <h2>{identity.name.clone()}</h2>
                <p class="hint">{format!("{} vouches for it. Where the claims change, the sessions that it has let in end.", identity.provider_name)}</p>
                <Field label="Name" name="name" value=identity.name required=true autofocus=true/>
                <ClaimFields kind=identity.kind pinned=identity.claims/>
                <MayDo access=identity.access lifetime=identity.max_lifetime/>
                <FormError/>
                <FormActions shown_by="edit" label="Save" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn MayDo(access: Access, lifetime: Option<i64>) -> impl IntoView {
    let options = vec![(Access::Read.as_str(), "Read"), (Access::ReadWrite.as_str(), "Read and write")];
    view! {
        <div class="columns">
            <Choice label="It may" name="access" options value=access.as_str()
                hint="With write: also write and delete this service’s own secrets"/>
            <Lifetime seconds=lifetime as_provider=true/>
        </div>
    }
    .into_any()
}
