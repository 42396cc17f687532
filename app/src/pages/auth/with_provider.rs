//! Buttons of providers: to sign in, to connect one, to confirm that it is you. A button is a form, because the
//! way to a provider begins with something that is remembered; the answer leads to the provider.

use crate::components::{FormError, Hidden, PostForm};
use crate::done::Done;
use crate::page::aside;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::sign_in::{OfferedProvider, Purpose};

/// The providers that a sign-in page offers; with a tenant, that tenant's own too.
#[server(prefix = "/_fn", endpoint = "read_offered_providers")]
pub async fn read_offered_providers(
    #[server(default)] tenant: String,
) -> Result<Vec<OfferedProvider>, Refused> {
    let here = crate::server::here()?;
    let tenant = Some(tenant.as_str()).filter(|tenant| !tenant.is_empty());
    Ok(nexus_backend::sign_in::offered(&here.nexus, tenant).await?)
}

/// Begins the way to a provider.
#[server(prefix = "/_fn", endpoint = "start_with_provider")]
pub async fn start_with_provider(
    provider: String,
    purpose: Purpose,
    #[server(default)] tenant: String,
    #[server(default)] next: String,
) -> Result<Done, Refused> {
    use crate::server::{BROWSER, unavailable};
    use nexus_backend::sign_in::{Start, browser_secret, parse_id};
    let here = crate::server::here()?;
    let known = here.session.get::<String>(BROWSER).await.map_err(unavailable)?;
    let browser = match &known {
        Some(browser) => browser.clone(),
        None => browser_secret(&here.nexus)?,
    };
    let next = crate::done::local_path(&next).unwrap_or_default().to_owned();
    let start = Start {
        provider: parse_id(&provider)?,
        purpose,
        back: back(purpose, &tenant, &next),
        next: if next.is_empty() { after(purpose).to_owned() } else { next },
        opened: here.user().await?,
        browser: browser.clone().into(),
        ip: here.ip,
    };
    let leave = nexus_backend::sign_in::start(&here.nexus, start).await?;
    if known.is_none() {
        here.session.insert(BROWSER, browser).await.map_err(unavailable)?;
    }
    Ok(Done { leave: Some(leave), ..Done::default() })
}

/// Where it ends when nothing else was asked for.
#[cfg(feature = "ssr")]
const fn after(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn | Purpose::Join => "",
        Purpose::Link => "/account/connections",
        Purpose::StepUp => "/",
    }
}

/// The page with the button, to come back to when it does not work.
#[cfg(feature = "ssr")]
fn back(purpose: Purpose, tenant: &str, next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("tenant", tenant), ("next", next)].into_iter().filter(|(_, value)| !value.is_empty()))
        .finish();
    let with_query = |page: &str| if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") };
    match purpose {
        Purpose::SignIn => with_query("/sign-in"),
        Purpose::StepUp => with_query("/step-up"),
        Purpose::Link => "/account/connections".to_owned(),
        Purpose::Join => next.to_owned(),
    }
}

/// The buttons of the providers that are offered to sign in, where there are any.
#[component]
pub fn SignInWithProvider(tenant: Memo<Option<String>>, next: Memo<Option<String>>) -> impl IntoView {
    aside(
        move || ReadOfferedProviders { tenant: tenant.get().unwrap_or_default() },
        move |providers| {
            let some = !providers.is_empty();
            some.then(|| {
                view! {
                    <ProviderButtons providers purpose=Purpose::SignIn label="Continue with"
                        tenant=Signal::derive(move || tenant.get().unwrap_or_default())
                        next=Signal::derive(move || next.get().unwrap_or_default())/>
                    <p class="or" aria-hidden="true"><span>"or"</span></p>
                }
            })
            .into_any()
        },
    )
}

/// A button for each provider, in one form.
#[component]
pub fn ProviderButtons(
    providers: Vec<OfferedProvider>,
    purpose: Purpose,
    /// In front of the provider's name.
    label: &'static str,
    #[prop(optional, into)] tenant: Signal<String>,
    #[prop(optional, into)] next: Signal<String>,
) -> impl IntoView {
    let buttons = providers
        .into_iter()
        .map(|provider| {
            view! {
                <button type="submit" class="button" name="provider" value=provider.id.to_string()>
                    {label}" "{provider.name}
                </button>
            }
        })
        .collect_view();
    view! {
        <PostForm action=StartWithProvider::PATH class="providers">
            <Hidden name="purpose" value=Signal::stored(purpose.to_string())/>
            <Hidden name="tenant" value=tenant/>
            <Hidden name="next" value=next/>
            <FormError/>
            {buttons}
        </PostForm>
    }
    .into_any()
}
