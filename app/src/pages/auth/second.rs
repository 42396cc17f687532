//! The second step of signing in: a one-time code, a recovery code or a passkey. Codes work without
//! JavaScript.

use super::Card;
use crate::address::query;
use crate::components::{Field, FormError, Hidden, PostForm, Submit};
use crate::done::Done;
use crate::page::page;
use crate::passkey::PasskeyButton;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::factor::{Challenge, SecondStepWays};

/// With what the second step may be taken; none when its time is over.
#[server(prefix = "/_fn", endpoint = "read_second_step")]
pub async fn read_second_step() -> Result<Option<SecondStepWays>, Refused> {
    let here = crate::server::here()?;
    let token = crate::server::second_step(&here).await?;
    Ok(nexus_backend::people::second_step_ways(&here.nexus, &token).await?)
}

/// Takes the second step by a code, and opens the session under a new id.
#[server(prefix = "/_fn", endpoint = "second_step")]
pub async fn second_step(code: String, #[server(default)] next: String) -> Result<Done, Refused> {
    take(nexus_backend::people::factors::Answer::Code(code), &next).await
}

/// Asks the passkeys of whoever is on the way in.
#[server(prefix = "/_fn", endpoint = "ask_second_step_passkey")]
pub async fn ask_second_step_passkey() -> Result<Challenge, Refused> {
    use nexus_backend::people::factors::passkeys;
    let here = crate::server::here()?;
    let token = crate::server::second_step(&here).await?;
    Ok(passkeys::ask_for_second_step(&here.nexus, &token, here.ip).await?)
}

/// Takes the second step by a passkey.
#[server(prefix = "/_fn", endpoint = "second_step_with_passkey")]
pub async fn second_step_with_passkey(
    token: String,
    answer: String,
    #[server(default)] next: String,
) -> Result<Done, Refused> {
    take(nexus_backend::people::factors::Answer::Passkey { token, answer }, &next).await
}

#[cfg(feature = "ssr")]
async fn take(answer: nexus_backend::people::factors::Answer, next: &str) -> Result<Done, Refused> {
    use nexus_backend::people::{self, Entered};
    let here = crate::server::here()?;
    let token = crate::server::second_step(&here).await?;
    let signed_in = people::second_step(&here.nexus, &token, answer, here.ip).await?;
    super::entered(&here, Entered::In(signed_in), next).await
}

#[component]
pub fn SecondStepPage() -> impl IntoView {
    page(
        || ReadSecondStep {},
        |ways| {
            match ways {
            Some(ways) => view! { <Step ways/> }.into_any(),
            None => view! {
                <Card title="That took too long" text="The second step is open for five minutes after the first.">
                    <a class="button button-primary" href="/sign-in">"Sign in again"</a>
                </Card>
            }
            .into_any(),
        }
        },
    )
}

#[component]
fn Step(ways: SecondStepWays) -> impl IntoView {
    let next = query("next");
    let next = Signal::derive(move || next.get().unwrap_or_default());
    let passkey = ways.passkey.then(|| {
        view! {
            <PasskeyButton label="Use a passkey" ask=AskSecondStepPasskey::PATH answer=SecondStepWithPasskey::PATH next/>
            <p class="note no-js">"Passkeys need JavaScript."</p>
        }
    });
    let (label, hint) = match (ways.totp, ways.recovery_code) {
        (true, true) => ("Code", "Six digits from your authenticator app, or one of your recovery codes"),
        (true, false) => ("Code", "Six digits from your authenticator app"),
        (false, _) => ("Recovery code", "One of the ten that you kept, like k3f9q0-7mx2d1"),
    };
    let codes = (ways.totp || ways.recovery_code).then(|| {
        view! {
            <PostForm action=SecondStep::PATH class="stack">
                <Hidden name="next" value=next/>
                <Field label name="code" hint mono=true required=true autofocus=ways.totp autocomplete="one-time-code"/>
                <FormError/>
                <Submit label="Sign in"/>
            </PostForm>
        }
    });
    view! {
        <Card title="One more step" text="Your account asks for a second factor.">
            {passkey}
            {codes}
            <p class="hint">"Lost all of them? Whoever runs this instance can take your second factors away."</p>
            <p><a href="/sign-in">"Sign in as somebody else"</a></p>
        </Card>
    }
    .into_any()
}
