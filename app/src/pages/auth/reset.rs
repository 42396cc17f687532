//! A new password by a one-time link: the page only shows the form, sending it uses the link up.

use super::Card;
use crate::address::param;
use crate::components::{Field, FormError, Hidden, PostForm, Submit};
use crate::done::Done;
use crate::page::page;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// Whether a link still works. Changes nothing.
#[server(prefix = "/_fn", endpoint = "reset_link")]
pub async fn reset_link(token: String) -> Result<bool, Refused> {
    let here = crate::server::here()?;
    Ok(nexus_backend::people::reset_info(&here.nexus, &token).await?)
}

/// Sets a new password, ends every session of the person, and opens one here, or leads to the second
/// step.
#[server(prefix = "/_fn", endpoint = "reset_password")]
pub async fn reset_password(token: String, password: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let entered =
        nexus_backend::people::reset_password(&here.nexus, &token, password.into(), here.ip).await?;
    let done = super::entered(&here, entered, "").await?;
    let notice = "Your password is changed; you are signed out everywhere else".to_owned();
    Ok(Done { notice, ..done })
}

#[component]
pub fn ResetPage() -> impl IntoView {
    let token = param("token");
    page(
        move || ResetLink { token: token.get() },
        move |works| {
            match works {
            true => view! { <Form token/> }.into_any(),
            false => view! {
                <Card title="This link does not work" text="It was used already, or its time is over. Ask for a new one.">
                    <a class="button" href="/forgot">"Ask for a new link"</a>
                </Card>
            }
            .into_any(),
        }
        },
    )
}

#[component]
fn Form(token: Memo<String>) -> impl IntoView {
    view! {
        <Card title="Choose a new password" text="You will be signed out everywhere else.">
            <PostForm action=ResetPassword::PATH class="stack">
                <Hidden name="token" value=token/>
                <Field label="New password" name="password" kind="password" autocomplete="new-password" required=true
                    autofocus=true hint="At least 8 characters"/>
                <FormError/>
                <Submit label="Change the password"/>
            </PostForm>
        </Card>
    }
    .into_any()
}
