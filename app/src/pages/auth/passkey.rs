//! Signing in with a passkey, and confirming with one that it is still the same person. It needs
//! JavaScript, so it stands beside the forms that do not.

use crate::address::query;
use crate::done::Done;
use crate::live::live;
use crate::page::aside;
use crate::pages::account::security::ReadSecurity;
use crate::passkey::PasskeyButton;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::factor::Challenge;

/// Asks any passkey of this instance who is there.
#[server(prefix = "/_fn", endpoint = "ask_passkey")]
pub async fn ask_passkey() -> Result<Challenge, Refused> {
    let here = crate::server::here()?;
    Ok(nexus_backend::people::factors::passkeys::ask_who(&here.nexus, here.ip).await?)
}

/// Signs in whoever the passkey belongs to.
#[server(prefix = "/_fn", endpoint = "sign_in_with_passkey")]
pub async fn sign_in_with_passkey(
    token: String,
    answer: String,
    #[server(default)] next: String,
) -> Result<Done, Refused> {
    use nexus_backend::people::factors::passkeys;
    let here = crate::server::here()?;
    let entered = passkeys::sign_in(&here.nexus, &token, &answer, here.ip).await?;
    super::entered(&here, entered, &next).await
}

/// Asks the passkeys of the person who is signed in.
#[server(prefix = "/_fn", endpoint = "ask_own_passkey")]
pub async fn ask_own_passkey() -> Result<Challenge, Refused> {
    let here = crate::server::here()?;
    let user = here.signed_in().await?.user;
    Ok(nexus_backend::people::factors::passkeys::ask_of(&here.nexus, user, here.ip).await?)
}

/// Makes the sign-in fresh again, under a new session id. A passkey is a second factor too, so that the
/// session has shown one from then on.
#[server(prefix = "/_fn", endpoint = "step_up_with_passkey")]
pub async fn step_up_with_passkey(
    token: String,
    answer: String,
    #[server(default)] next: String,
) -> Result<Done, Refused> {
    use nexus_backend::people::{Proof, factors::passkeys};
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let at = passkeys::step_up(&here.nexus, opened.user, &token, &answer, here.ip).await?;
    crate::server::fresh(&here, at).await?;
    crate::server::proved(&here, Proof { second_factor: true, ..opened.proof }).await?;
    let done = Done::default();
    Ok(match crate::done::local_path(&next) {
        Some(next) => done.to(next),
        None => done,
    })
}

/// The button of the sign-in page, where passkeys can work at all.
#[component]
pub fn PasskeySignIn() -> impl IntoView {
    let next = query("next");
    let next = Signal::derive(move || next.get().unwrap_or_default());
    crate::passkey::may_work().then(|| {
        view! {
            <PasskeyButton label="Sign in with a passkey" ask=AskPasskey::PATH answer=SignInWithPasskey::PATH next
                offered=true/>
        }
    })
}

/// The button of the dialog that asks for the password, for those who have a passkey.
#[component]
pub fn PasskeyConfirm() -> impl IntoView {
    let live = live();
    aside(
        || ReadSecurity {},
        move |data| {
            let done = Callback::new(move |()| live.answer_password(true));
            let button = data.factors.passkeys_work().then(|| {
            view! {
                <PasskeyButton label="Use a passkey" ask=AskOwnPasskey::PATH answer=StepUpWithPasskey::PATH on_done=done/>
            }
        });
            button.into_any()
        },
    )
}

/// The button of the page that asks for the password, for those who have a passkey.
#[component]
pub fn PasskeyStepUp(next: Signal<String>) -> impl IntoView {
    aside(
        || ReadSecurity {},
        move |data| {
            let button = data.factors.passkeys_work().then(|| {
            view! {
                <PasskeyButton label="Use a passkey" ask=AskOwnPasskey::PATH answer=StepUpWithPasskey::PATH next/>
            }
        });
            button.into_any()
        },
    )
}
