//! The question for the password as a page, for browsers without JavaScript; with it the dialog
//! in `components::password` asks.

use super::Card;
use super::with_provider::ProviderButtons;
use crate::address::query;
use crate::components::{Field, FormError, Hidden, PostForm, Submit};
use crate::done::{Done, local_path};
use crate::page::page;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::sign_in::{OfferedProvider, Purpose};
use serde::{Deserialize, Serialize};

/// Makes the sign-in fresh again, under a new session id.
#[server(prefix = "/_fn", endpoint = "step_up")]
pub async fn step_up(password: String, #[server(default)] next: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let user = here.signed_in().await?.user;
    let at = nexus_backend::people::step_up(&here.nexus, user, password.into(), here.ip).await?;
    crate::server::fresh(&here, at).await?;
    let done = Done::default();
    Ok(match local_path(&next) {
        Some(next) => done.to(next),
        None => done,
    })
}

/// How the person who is signed in can confirm that it is them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Means {
    pub password: bool,
    pub providers: Vec<OfferedProvider>,
}

#[server(prefix = "/_fn", endpoint = "read_step_up_means")]
pub async fn read_step_up_means() -> Result<Means, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let means = nexus_backend::sign_in::step_up_means(&here.nexus, opened).await?;
    Ok(Means { password: means.password, providers: means.providers })
}

#[component]
pub fn StepUpPage() -> impl IntoView {
    let next = query("next");
    let back = move || next.get().filter(|next| local_path(next).is_some()).unwrap_or_else(|| "/".to_owned());
    let back = Signal::derive(back);
    view! {
        <Card title="Confirm that it is you"
            text="You signed in more than five minutes ago, and this needs a fresh sign-in. Then do it once more.">
            {page(|| ReadStepUpMeans {}, move |means| view! { <Ways means back/> }.into_any())}
        </Card>
    }
}

#[component]
fn Ways(means: Means, back: Signal<String>) -> impl IntoView {
    let Means { password, providers } = means;
    let stranded = (!password && providers.is_empty()).then(|| {
        view! { <p>"You have no password, and what you sign in with cannot confirm it. Sign out and in again."</p> }
    });
    let buttons = (!providers.is_empty()).then(
        || view! { <ProviderButtons providers purpose=Purpose::StepUp label="Confirm with" next=back/> },
    );
    let form = password.then(|| {
        view! {
            <PostForm action=StepUp::PATH class="stack">
                <Hidden name="next" value=back/>
                <Field label="Password" name="password" kind="password" autocomplete="current-password" required=true
                    autofocus=true/>
                <FormError/>
                <div class="actions"><a class="button" href=back>"Cancel"</a><Submit label="Continue"/></div>
            </PostForm>
        }
    });
    let cancel =
        (!password).then(|| view! { <div class="actions"><a class="button" href=back>"Cancel"</a></div> });
    view! { {form} {stranded} {buttons} <super::passkey::PasskeyStepUp next=back/> {cancel} }.into_any()
}
