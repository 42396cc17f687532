//! The page on which a person lets an app act for them, or does not. What is asked stands in the query, which
//! is read anew when the answer comes: nothing of it is believed because a form repeats it.

use super::Card;
use crate::components::{Badge, FormError, Hidden, PostForm, Tone};
use crate::done::Done;
use crate::page::{page, set_status};
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_location;
use nexus_domain::oauth::{AppShown, ConsentRequest, ScopeInWords};
use serde::{Deserialize, Serialize};

/// What the page does; one of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    /// Ask.
    pub asked: Option<ConsentRequest>,
    /// Say what is wrong, and send nobody anywhere.
    pub refused: Option<String>,
    /// Go back to the app with what is wrong.
    pub leave: Option<String>,
}

/// What the query of the page asks for.
#[server(prefix = "/_fn", endpoint = "read_consent")]
pub async fn read_consent(#[server(default)] query: String) -> Result<Consent, Refused> {
    use nexus_backend::oauth::authorize::{Look, look};
    let here = crate::server::here()?;
    let opened = here.user().await?;
    Ok(match look(&here.nexus, opened, &query, Some(here.ip)).await? {
        Look::Consent(asked) => Consent { asked: Some(*asked), ..Consent::default() },
        Look::Refused(refusal) => Consent { refused: Some(refusal.message), ..Consent::default() },
        Look::Redirect(to) => Consent { leave: Some(to), ..Consent::default() },
        Look::SignIn { .. } => {
            return Err(nexus_domain::Refusal::new(nexus_domain::Code::Unauthorized, "Sign in first").into());
        }
    })
}

/// The answer: `allow`, or anything else for no. Either leads back to the app.
#[server(prefix = "/_fn", endpoint = "decide_consent")]
pub async fn decide_consent(
    #[server(default)] query: String,
    #[server(default)] answer: String,
) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let allow = answer == ALLOW;
    let to =
        nexus_backend::oauth::authorize::decide(&here.nexus, opened, &query, allow, Some(here.ip)).await?;
    Ok(Done { leave: Some(to), ..Done::default() })
}

/// The answer that allows.
pub const ALLOW: &str = "allow";

#[component]
pub fn ConsentPage() -> impl IntoView {
    let search = use_location().search;
    let query = Memo::new(move |_| search.with(|search| search.trim_start_matches('?').to_owned()));
    page(
        move || ReadConsent { query: query.get() },
        move |consent| {
            let Consent { asked, refused, leave } = consent;
            if let Some(to) = leave {
                return view! { <Leave to/> }.into_any();
            }
            match asked {
                Some(asked) => view! { <Question asked query/> }.into_any(),
                None => view! { <Refusal text=refused.unwrap_or_default()/> }.into_any(),
            }
        },
    )
}

#[component]
fn Refusal(text: String) -> impl IntoView {
    set_status(400);
    view! {
        <Card title="This request cannot be answered" text>
            <p class="hint">"Nothing was sent to anybody. Tell whoever runs the app; a link that somebody sent to you may not be what it says it is."</p>
            <a class="button" href="/">"To Nexus"</a>
        </Card>
    }
    .into_any()
}

/// On the way back to the app; the server sends browsers there before this page is made.
#[component]
fn Leave(to: String) -> impl IntoView {
    let goal = to.clone();
    Effect::new(move |_| {
        // Where the browser refuses to navigate, the link is there.
        let _refused = window().location().set_href(&goal);
    });
    view! {
        <Card title="Back to the app">
            <a class="button" href=to rel="external">"Go on"</a>
        </Card>
    }
    .into_any()
}

#[component]
fn Question(asked: ConsentRequest, query: Memo<String>) -> impl IntoView {
    let ConsentRequest { app, person, tenant_name, scopes, redirect_to, .. } = asked;
    view! {
        <Card title=format!("Let {} act for you?", app.name)>
            <AppHead app/>
            <p>"As "<b class="wrap">{person}</b>" in "<b>{tenant_name}</b>", it wants to:"</p>
            <ScopeList scopes/>
            <p class="hint">"It never gets more than you may do yourself, and you can end it at any time under Your account, Connected apps. You go back to "<span class="mono wrap">{redirect_to}</span>"."</p>
            <PostForm action=DecideConsent::PATH class="stack">
                <Hidden name="query" value=query/>
                <FormError/>
                <div class="actions">
                    <button type="submit" class="button" name="answer" value="refuse">"Do not allow"</button>
                    <button type="submit" class="button button-primary" name="answer" value=ALLOW>"Allow"</button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}

/// Whose app it is.
#[component]
pub fn AppHead(app: AppShown) -> impl IntoView {
    let AppShown { name, owner, homepage, logo, built_in } = app;
    let owner = match (built_in, owner) {
        (true, _) => view! { "Part of Nexus" }.into_any(),
        (_, Some(owner)) => view! { "Registered by "<span class="wrap">{owner}</span> }.into_any(),
        (_, None) => ().into_any(),
    };
    view! {
        <div class="oauth-app">
            <AppLogo name=name.clone() logo/>
            <div>
                <b class="wrap">{name}</b>
                <small>{owner}</small>
                {homepage.map(|href| {
                    let shown = href.clone();
                    view! { <small><a href=href rel="external noreferrer" target="_blank" class="wrap">{shown}</a></small> }
                })}
            </div>
        </div>
    }
    .into_any()
}

/// The app's picture, or its first letter.
#[component]
pub fn AppLogo(name: String, logo: Option<String>) -> impl IntoView {
    let letter: String = name.chars().take(1).collect::<String>().to_uppercase();
    match logo {
        Some(src) => view! { <img class="oauth-logo" src=src alt="" width="40" height="40"/> }.into_any(),
        None => view! { <span class="oauth-logo" aria-hidden="true">{letter}</span> }.into_any(),
    }
}

/// What an app may do, each in a sentence; what changes something or shows secrets is marked.
#[component]
pub fn ScopeList(scopes: Vec<ScopeInWords>) -> impl IntoView {
    let rows = scopes
        .into_iter()
        .map(|scope| {
            let grave = scope.is_grave.then(|| {
                let text = if scope.scope.as_str().starts_with("read:") { "SECRETS" } else { "CHANGES" };
                view! { <Badge text tone=Tone::Amber/> }
            });
            view! { <li><span>{scope.words}" "{grave}</span><small class="mono">{scope.scope.as_str()}</small></li> }
        })
        .collect_view();
    view! { <ul class="oauth-scopes">{rows}</ul> }.into_any()
}
