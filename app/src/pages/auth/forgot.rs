//! Asking for a link to set a new password. The answer is the same for every address.

use super::Card;
use crate::address::has;
use crate::components::{Field, FormError, PostForm, Submit};
use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// Sends a link to the address, if an account has it.
#[server(prefix = "/_fn", endpoint = "forgot_password")]
pub async fn forgot_password(email: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    nexus_backend::people::forgot(&here.nexus, &email, here.ip).await?;
    Ok(Done::default().to("/forgot?sent"))
}

#[component]
pub fn ForgotPage() -> impl IntoView {
    let sent = has("sent");
    let shown = move || match sent.get() {
        true => view! { <Sent/> }.into_any(),
        false => view! { <Ask/> }.into_any(),
    };
    shown.into_any()
}

#[component]
fn Ask() -> impl IntoView {
    view! {
        <Card title="A new password" text="We send a link to your address. With it you choose a new one.">
            <PostForm action=ForgotPassword::PATH class="stack">
                <Field label="Email" name="email" kind="email" autocomplete="username" required=true autofocus=true/>
                <FormError/>
                <Submit label="Send the link"/>
            </PostForm>
            <p class="hint"><a class="link" href="/sign-in">"Back to the sign-in page"</a></p>
        </Card>
    }
    .into_any()
}

#[component]
fn Sent() -> impl IntoView {
    view! {
        <Card title="Look into your mail"
            text="If an account has this address, a link is on its way. It works once and for an hour.">
            <p class="hint">"Nothing there after some minutes? Look among the unwanted mail. Where no mail is sent from
                here, whoever runs this instance can make a link for you."</p>
            <a class="button" href="/sign-in">"To the sign-in page"</a>
        </Card>
    }
    .into_any()
}
