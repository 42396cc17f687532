//! The form of an app: what it is called, where it may send people back to, what it may ask for.

use super::{CreateOauthApp, ShownApp, UpdateOauthApp};
use crate::address::{address, navigator};
use crate::call::spawn;
use crate::components::scopes::ScopeBoxes;
use crate::components::{Choice, Field, FormActions, FormError, Hidden, PostForm};
use crate::json;
use crate::live::live;
use crate::pages::auth::consent::AppLogo;
use crate::pages::entries::file::{encode, read};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::oauth::{MAX_LOGO_BYTES, OauthApp};
use nexus_domain::role::Scope;
use wasm_bindgen::JsCast;

/// What a new app may ask for unless somebody chooses: enough to show something, and nothing that is secret.
const AT_FIRST: [Scope; 4] = [Scope::ReadProjects, Scope::ReadServices, Scope::ReadConfigs, Scope::ReadFlags];

#[component]
pub fn NewApp(tenant: Memo<String>, made: RwSignal<Option<ShownApp>>) -> impl IntoView {
    let (live, navigate, here) = (live(), navigator(), address());
    let close = here.without(&["new"]);
    let on_answer = Callback::new(move |text: String| {
        let _gone = made.try_set(json::read(&text));
        navigate(&close, true);
        live.reload(false);
    });
    view! {
        <p class="note no-js">"The secret of an app is shown once and never stored in a page, so registering one needs JavaScript."</p>
        <section class="card inline-form needs-js" aria-label="New app">
            <PostForm action=CreateOauthApp::PATH class="stack" on_answer>
                <Hidden name="tenant" value=tenant/>
                <Choice label="Type" name="kind" value="confidential"
                    options=vec![("confidential", "Confidential"), ("public", "Public")]
                    hint="Confidential runs on a server and keeps a secret. Public runs on somebody’s device or in a browser and has none. It stays so for ever."/>
                <Fields app=None/>
                <FormError/>
                <FormActions shown_by="new" label="Register"/>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
pub fn EditApp(tenant: Memo<String>, app: OauthApp) -> impl IntoView {
    let close = address().without(&["edit"]);
    let (id, name) = (app.id.to_string(), app.name.clone());
    view! {
        <section class="card inline-form" aria-label=format!("Edit {name}")>
            <PostForm action=UpdateOauthApp::PATH id=id.clone() to=close class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="id" value=Signal::stored(id)/>
                <Fields app=Some(app)/>
                <FormError/>
                <FormActions shown_by="edit" label="Save"/>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn Fields(app: Option<OauthApp>) -> impl IntoView {
    let (name, uris, homepage, device_flow, scopes, logo) = match app {
        Some(app) => (
            app.name,
            app.redirect_uris.join("\n"),
            app.homepage.unwrap_or_default(),
            app.device_flow,
            app.scopes,
            app.logo,
        ),
        None => (String::new(), String::new(), String::new(), false, AT_FIRST.to_vec(), None),
    };
    let offered: Vec<Scope> = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::AdminAll).collect();
    view! {
        <div class="columns">
            <Field label="Name" name="name" value=name.clone() required=true autofocus=true placeholder="Deployer"
                hint="People read it when they are asked"/>
            <Field label="Homepage" name="homepage" kind="url" value=homepage placeholder="https://app.example.com"/>
        </div>
        <Field label="Redirect URIs" name="redirect_uris" value=uris multiline=true mono=true
            placeholder="https://app.example.com/callback"
            hint="One a line; compared letter by letter. https, or http on the person’s own machine; a public app may have a scheme of its own with a dot in it"/>
        <label class="option">
            <input type="checkbox" name="device_flow" value="true" checked=device_flow/>
            <span>"Device flow"<small>"For a command line or a device: the person types a code instead of being sent back"</small></span>
        </label>
        <ScopeBoxes legend="It may ask for" offered checked=scopes/>
        <Logo name logo/>
    }
    .into_any()
}

/// The picture of an app. A file is read in the browser and travels as base64, so it needs JavaScript.
#[component]
fn Logo(name: String, logo: Option<String>) -> impl IntoView {
    let (base64, problem) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let has_one = logo.is_some();
    let chosen = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        spawn(async move {
            let fits = |bytes: &Vec<u8>| bytes.len() <= MAX_LOGO_BYTES;
            let (text, wrong) = match read(&file).await {
                Ok(bytes) if fits(&bytes) => (encode(&bytes), String::new()),
                Ok(_) => (String::new(), format!("A logo is at most {} KiB", MAX_LOGO_BYTES / 1024)),
                Err(wrong) => (String::new(), wrong),
            };
            // The form may be gone by now.
            let _gone = (base64.try_set(text), problem.try_set(wrong));
        });
    };
    let remove = has_one.then(|| {
        view! { <label class="option"><input type="checkbox" name="remove_logo" value="true"/><span>"Take the logo away"</span></label> }
    });
    view! {
        <div class="field needs-js">
            <label for="oauth-logo">"Logo"</label>
            <div class="oauth-logo-field">
                <AppLogo name logo/>
                <input id="oauth-logo" type="file" accept="image/png,image/jpeg,image/webp" aria-describedby="oauth-logo-hint oauth-logo-error"
                    on:change=chosen/>
            </div>
            <p class="hint" id="oauth-logo-hint">"PNG, JPEG or WebP, square, at most 32 KiB"</p>
            <div class="field-error" id="oauth-logo-error" aria-live="polite">
                {move || Some(problem.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
            </div>
            <textarea name="logo_base64" hidden aria-hidden="true" tabindex="-1" prop:value=base64></textarea>
        </div>
        {remove}
    }
    .into_any()
}
