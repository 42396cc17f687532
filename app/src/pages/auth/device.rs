//! Letting a command-line tool or a device in: the person types the code that it shows, reads what it asks for,
//! and says in which tenant. The page only shows; the form's answer uses the code up.

use super::Card;
use super::consent::{ALLOW, AppHead, ScopeList};
use crate::address::{has, query};
use crate::components::field::IN_A_NEW_PAGE;
use crate::components::time::Until;
use crate::components::{Ago, FormError, Hidden, Pick, PostForm};
use crate::done::Done;
use crate::page::page;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::oauth::DeviceRequest;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceData {
    /// What waits under the code.
    pub asked: Option<DeviceRequest>,
    /// What is wrong with the code.
    pub refused: Option<String>,
    pub now: Timestamp,
}

/// What waits under a code. Changes nothing.
#[server(prefix = "/_fn", endpoint = "read_device")]
pub async fn read_device(#[server(default)] user_code: String) -> Result<DeviceData, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let now = here.nexus.now();
    if user_code.is_empty() {
        return Ok(DeviceData { asked: None, refused: None, now });
    }
    match nexus_backend::oauth::device::look(&here.nexus, opened, &user_code, here.ip).await {
        Ok(asked) => Ok(DeviceData { asked: Some(asked), refused: None, now }),
        Err(nexus_backend::Error::Refused(refusal)) => match refusal.field("user_code") {
            Some(wrong) => Ok(DeviceData { asked: None, refused: Some(wrong.to_owned()), now }),
            None => Err(refusal.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// The answer: `allow` in a tenant, or anything else for no.
#[server(prefix = "/_fn", endpoint = "decide_device")]
pub async fn decide_device(
    user_code: String,
    #[server(default)] tenant: String,
    #[server(default)] answer: String,
) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let allow = answer == ALLOW;
    nexus_backend::oauth::device::decide(&here.nexus, opened, &user_code, &tenant, allow, here.ip).await?;
    Ok(match allow {
        true => Done::default().to("/device?let_in"),
        false => Done::new("It is not let in").to("/device"),
    })
}

#[component]
pub fn DevicePage() -> impl IntoView {
    let (code, let_in) = (query("user_code"), has("let_in"));
    page(
        move || ReadDevice { user_code: code.get().unwrap_or_default() },
        move |data| {
            if let_in.get() {
                return view! { <LetIn/> }.into_any();
            }
            let typed = code.get_untracked().unwrap_or_default();
            match data.asked {
                Some(asked) => view! { <Question asked now=data.now/> }.into_any(),
                None => view! { <Code typed refused=data.refused/> }.into_any(),
            }
        },
    )
}

#[component]
fn LetIn() -> impl IntoView {
    view! {
        <Card title="It is let in" text="Go back to it: it goes on by itself in a moment. This page can be closed.">
            <a class="button" href="/account/apps">"Your connected apps"</a>
        </Card>
    }
    .into_any()
}

/// The form for the code. It asks for a page, so it is sent with GET.
#[component]
fn Code(typed: String, refused: Option<String>) -> impl IntoView {
    view! {
        <Card title="Let a device in" text="Type the code that your command line or device shows.">
            <form method="get" action="/device" class="stack">
                <div class="field">
                    <label for="user_code">"Code"</label>
                    <div class="control mono">
                        <input id="user_code" name="user_code" value=typed placeholder="BCDF-GHJK" autocomplete="off" autocapitalize="characters"
                            spellcheck="false" aria-required="true" autofocus=IN_A_NEW_PAGE
                            aria-invalid=refused.is_some().then_some("true") aria-describedby="user_code-error"/>
                    </div>
                    <div class="field-error" id="user_code-error" role="alert">{refused.map(|text| view! { <p>{text}</p> })}</div>
                </div>
                <div class="actions"><button type="submit" class="button button-primary">"Go on"</button></div>
            </form>
        </Card>
    }
    .into_any()
}

#[component]
fn Question(asked: DeviceRequest, now: Timestamp) -> impl IntoView {
    let DeviceRequest { user_code, app, person, tenants, scopes, asked_from, asked_at, expires_at } = asked;
    let built_in = app.built_in;
    let only = match tenants.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    let none = tenants.is_empty();
    let options: Vec<(String, String)> =
        tenants.into_iter().map(|tenant| (tenant.slug, tenant.name)).collect();
    let chosen = StoredValue::new(options);
    let code = user_code.clone();
    let tenant = move || match only.clone() {
        Some(only) => view! {
            <Hidden name="tenant" value=Signal::stored(only.slug)/>
            <p>"In "<b>{only.name}</b>" it wants to:"</p>
        }
        .into_any(),
        None => {
            view! { <Pick label="In which tenant?" name="tenant" options=chosen.get_value()/> }.into_any()
        }
    };
    let reach = built_in.then(|| {
        view! { <p class="hint">"It sees your own developer environments, and no environment that you share with others."</p> }
    });
    let from = asked_from.map(|ip| view! { " from "<span class="mono">{ip}</span> });
    if none {
        return view! {
            <Card title="There is no tenant to let it into" text="You belong to no tenant, or this session opens none of them.">
                <a class="button" href="/account/tenants">"To your tenants"</a>
            </Card>
        }
        .into_any();
    }
    view! {
        <Card title=format!("Let {} in?", app.name)>
            <AppHead app/>
            <p class="device-code" aria-label="Code"><code>{user_code}</code></p>
            <p>"Go on only if this is the code that your own device shows right now. It asked "<Ago at=asked_at now/>{from}", and waits until "<Until at=expires_at now/>"."</p>
            <PostForm action=DecideDevice::PATH class="stack">
                <Hidden name="user_code" value=Signal::stored(code)/>
                {tenant()}
                <ScopeList scopes/>
                {reach}
                <p class="hint">"It acts as "<b class="wrap">{person}</b>" and never gets more than you may do yourself. You can end it under Your account, Connected apps."</p>
                <FormError/>
                <div class="actions">
                    <button type="submit" class="button" name="answer" value="refuse">"Do not let it in"</button>
                    <button type="submit" class="button button-primary" name="answer" value=ALLOW>"Let it in"</button>
                </div>
            </PostForm>
        </Card>
    }
    .into_any()
}
