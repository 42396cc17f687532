//! The pages without a tenant around them: set-up, sign-in, a new password, and the question for
//! the password where there is no JavaScript.

pub mod consent;
pub mod device;
pub mod forgot;
pub mod invitation;
pub mod passkey;
pub mod reset;
pub mod second;
pub mod setup;
pub mod sign_in;
pub mod step_up;
pub mod verify;
pub mod with_provider;

use crate::components::icon::Mark;
use leptos::prelude::*;

/// A page of one form.
#[component]
pub fn Card(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: String,
    children: Children,
) -> impl IntoView {
    view! {
        <main id="main" class="alone" tabindex="-1">
            <div class="card-page">
                <p class="brand"><Mark/>"Nexus"</p>
                <h1>{title}</h1>
                {(!text.is_empty()).then(|| view! { <p class="lead">{text}</p> })}
                {children()}
            </div>
        </main>
    }
    .into_any()
}

/// Opens the session of somebody who was let in and says where they land, or leads to the second step
/// on the way there. Every server function that signs people in ends with this.
#[cfg(feature = "ssr")]
pub(crate) async fn entered(
    here: &crate::server::Here,
    entered: nexus_backend::people::Entered,
    next: &str,
) -> Result<crate::done::Done, crate::refused::Refused> {
    use crate::done::{Done, local_path};
    let done = Done::default();
    Ok(match (crate::server::enter(here, entered).await?, local_path(next)) {
        (Some(signed_in), _) => done.to(landing(&signed_in, next)).and_frame(),
        (None, None) => done.to("/sign-in/second"),
        (None, Some(next)) => {
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            done.to(format!("/sign-in/second?next={next}"))
        }
    })
}

/// Where a person lands after signing in.
#[cfg(feature = "ssr")]
pub(crate) fn landing(signed_in: &nexus_backend::people::SignedIn, next: &str) -> String {
    match (crate::done::local_path(next), &signed_in.last_tenant) {
        (Some(next), _) => next.to_owned(),
        (None, Some(tenant)) => format!("/t/{tenant}/projects"),
        (None, None) => "/".to_owned(),
    }
}
