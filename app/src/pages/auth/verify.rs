//! Confirming an address by the link that was sent to it: the page only shows what it is about, sending
//! the form uses the link up.

use super::Card;
use crate::address::param;
use crate::components::{FormError, Hidden, PostForm, Submit};
use crate::done::Done;
use crate::page::page;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::account::AddressLink;

/// What a link would confirm. Changes nothing.
#[server(name = ReadAddressLink, prefix = "/_fn", endpoint = "address_link")]
pub async fn address_link(token: String) -> Result<Option<AddressLink>, Refused> {
    let here = crate::server::here()?;
    Ok(nexus_backend::people::address_link(&here.nexus, &token).await?)
}

/// Confirms the address. Opens no session: whoever has the mailbox need not be who is signed in.
#[server(prefix = "/_fn", endpoint = "confirm_address")]
pub async fn confirm_address(token: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let signed_in = here.user().await?.is_some();
    let email = nexus_backend::people::confirm_address(&here.nexus, &token, here.ip).await?;
    let done = Done::new(format!("{email} is confirmed")).and_frame();
    Ok(done.to(if signed_in { "/account" } else { "/sign-in" }))
}

#[component]
pub fn VerifyPage() -> impl IntoView {
    let token = param("token");
    page(
        move || ReadAddressLink { token: token.get() },
        move |link| {
            match link {
            Some(link) => view! { <Form token link/> }.into_any(),
            None => view! {
                <Card title="This link does not work"
                    text="It was used already, or its time is over. Ask for another on the page of your account.">
                    <a class="button" href="/account">"To your account"</a>
                </Card>
            }
            .into_any(),
        }
        },
    )
}

#[component]
fn Form(token: Memo<String>, link: AddressLink) -> impl IntoView {
    let AddressLink { email, account } = link;
    let text = match email == account {
        true => format!("{email} is the address of your account."),
        false => {
            format!("{email} becomes the address of the account {account}. You sign in with it from then on.")
        }
    };
    view! {
        <Card title="Confirm the address" text>
            <PostForm action=ConfirmAddress::PATH class="stack">
                <Hidden name="token" value=token/>
                <FormError/>
                <Submit label="Confirm"/>
            </PostForm>
        </Card>
    }
    .into_any()
}
