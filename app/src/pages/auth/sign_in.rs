//! Signing in and out.

use super::Card;
use super::with_provider::SignInWithProvider;
use crate::address::{has, query};
use crate::components::{Field, FormError, Hidden, PostForm, Submit};
use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// Opens a session under a new id, or leads to the second step.
#[server(prefix = "/_fn", endpoint = "sign_in")]
pub async fn sign_in(
    email: String,
    password: String,
    #[server(default)] next: String,
) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let entered = nexus_backend::people::sign_in(&here.nexus, &email, password.into(), here.ip).await?;
    super::entered(&here, entered, &next).await
}

/// Ends the session.
#[server(prefix = "/_fn", endpoint = "sign_out")]
pub async fn sign_out() -> Result<Done, Refused> {
    crate::server::sign_out(&crate::server::here()?).await?;
    Ok(Done::default().to("/sign-in"))
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let (next, tenant, lost) = (query("next"), query("tenant"), has("lost"));
    view! {
        <Card title="Sign in">
            {move || lost.get().then(|| view! {
                <p class="lead" role="alert">"That sign-in was used already, took too long, or began in another browser. Begin again."</p>
            })}
            <SignInWithProvider tenant next/>
            <PostForm action=SignIn::PATH class="stack">
                <Hidden name="next" value=Signal::derive(move || next.get().unwrap_or_default())/>
                <Field label="Email" name="email" kind="email" autocomplete="username webauthn" required=true autofocus=true/>
                <Field label="Password" name="password" kind="password" autocomplete="current-password" required=true/>
                <FormError/>
                <Submit label="Sign in"/>
            </PostForm>
            {crate::parts::later(crate::parts::PASSKEY_SIGN_IN)}
            <p class="hint"><a class="link" href="/forgot">"Forgot your password?"</a></p>
        </Card>
    }
}
