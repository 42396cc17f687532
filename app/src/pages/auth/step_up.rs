//! The question for the password as a page, for browsers without JavaScript; with it the dialog
//! in `components::password` asks.

use super::Card;
use crate::address::query;
use crate::components::{Field, FormError, Hidden, PostForm, Submit};
use crate::done::{Done, local_path};
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

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

#[component]
pub fn StepUpPage() -> impl IntoView {
    let next = query("next");
    let back = move || next.get().filter(|next| local_path(next).is_some()).unwrap_or_else(|| "/".to_owned());
    view! {
        <Card title="Confirm that it is you"
            text="You signed in more than five minutes ago, and this needs a fresh sign-in. Then do it once more.">
            <PostForm action=StepUp::PATH class="stack">
                <Hidden name="next" value=Signal::derive(back)/>
                <Field label="Password" name="password" kind="password" autocomplete="current-password" required=true
                    autofocus=true/>
                <FormError/>
                <div class="actions"><a class="button" href=back>"Cancel"</a><Submit label="Continue"/></div>
            </PostForm>
            <super::passkey::PasskeyStepUp next=Signal::derive(back)/>
        </Card>
    }
}
