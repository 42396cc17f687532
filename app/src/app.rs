//! The router, and what stands around every page: toasts, the connection, the question for the
//! password, the keyboard.

use crate::components::keyboard;
use crate::components::password::PasswordDialog;
use crate::components::state::Failure;
use crate::components::toast::{Connection, Toasts};
use crate::done::Flash;
use crate::json::Sent;
use crate::live::Live;
use crate::page::set_status;
use crate::parts::Page;
use crate::title;
use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};
use nexus_domain::Refusal;

/// The console.
#[component]
pub fn App() -> impl IntoView {
    provide_context(Live::new(SharedValue::new_str(|| Sent(kept_flash())).into_inner().0));
    view! {
        <Router>
            <Follow/>
            <Connection/>
            <Pages/>
            <Toasts/>
            <PasswordDialog/>
        </Router>
    }
}

#[component]
fn Pages() -> impl IntoView {
    use SsrMode::Async;
    view! {
        <Routes fallback=NotFound>
            <Route path=path!("/sign-in") view=Page::SIGN_IN ssr=Async/>
            <Route path=path!("/setup") view=Page::SET_UP ssr=Async/>
            <Route path=path!("/sign-in/second") view=Page::SECOND_STEP ssr=Async/>
            <Route path=path!("/forgot") view=Page::FORGOT ssr=Async/>
            <Route path=path!("/verify/:token") view=Page::VERIFY ssr=Async/>
            <Route path=path!("/invitation/:token") view=Page::INVITATION ssr=Async/>
            <Route path=path!("/oauth/authorize") view=Page::CONSENT ssr=Async/>
            <Route path=path!("/device") view=Page::DEVICE ssr=Async/>
            <ParentRoute path=path!("/account") view=Page::ACCOUNT_FRAME ssr=Async>
                <Route path=path!("/") view=Page::PROFILE ssr=Async/>
                <Route path=path!("/security") view=Page::SECURITY ssr=Async/>
                <Route path=path!("/sessions") view=Page::SESSIONS ssr=Async/>
                <Route path=path!("/connections") view=Page::CONNECTIONS ssr=Async/>
                <Route path=path!("/apps") view=Page::CONNECTED_APPS ssr=Async/>
                <Route path=path!("/tenants") view=Page::TENANTS ssr=Async/>
            </ParentRoute>
            <Route path=path!("/step-up") view=Page::STEP_UP ssr=Async/>
            <Route path=path!("/reset/:token") view=Page::RESET ssr=Async/>
            <ParentRoute path=path!("/t/:tenant") view=Page::FRAME ssr=Async>
                <Route path=path!("/projects") view=Page::PROJECTS ssr=Async/>
                <Route path=path!("/audit") view=Page::AUDIT ssr=Async/>
                <Route path=path!("/api-log") view=Page::API_LOG ssr=Async/>
                <Route path=path!("/settings") view=Page::SETTINGS ssr=Async/>
                <Route path=path!("/environments") view=Page::ENVIRONMENTS ssr=Async/>
                <Route path=path!("/api-keys") view=Page::API_KEYS ssr=Async/>
                <Route path=path!("/oauth-apps") view=Page::OAUTH_APPS ssr=Async/>
                <Route path=path!("/identity-providers") view=Page::IDENTITY_PROVIDERS ssr=Async/>
                <Route path=path!("/sign-in") view=Page::SIGN_IN_RULES ssr=Async/>
                <ParentRoute path=path!("/members") view=Page::MEMBERS_FRAME ssr=Async>
                    <Route path=path!("/") view=Page::MEMBERS ssr=Async/>
                    <Route path=path!("/invitations") view=Page::INVITATIONS ssr=Async/>
                    <Route path=path!("/outbox") view=Page::OUTBOX ssr=Async/>
                </ParentRoute>
                <ParentRoute path=path!("/projects/:project/:environment/:service") view=Page::SERVICE ssr=Async>
                    <Route path=path!("/secrets") view=Page::SECRETS ssr=Async/>
                    <Route path=path!("/configs") view=Page::CONFIGS ssr=Async/>
                    <Route path=path!("/flags") view=Page::FLAGS ssr=Async/>
                    <Route path=path!("/keys") view=Page::KEYS ssr=Async/>
                    <Route path=path!("/identities") view=Page::IDENTITIES ssr=Async/>
                    <Route path=path!("/settings") view=Page::SERVICE_SETTINGS ssr=Async/>
                </ParentRoute>
                <ParentRoute path=path!("/projects/:project") view=Page::PROJECT ssr=Async>
                    <Route path=path!("/") view=Page::SERVICES ssr=Async/>
                    <Route path=path!("/tester") view=Page::TESTER ssr=Async/>
                    <Route path=path!("/grid") view=Page::GRID ssr=Async/>
                    <Route path=path!("/members") view=Page::PROJECT_MEMBERS ssr=Async/>
                    <Route path=path!("/audit") view=Page::PROJECT_AUDIT ssr=Async/>
                    <Route path=path!("/settings") view=Page::PROJECT_SETTINGS ssr=Async/>
                </ParentRoute>
            </ParentRoute>
        </Routes>
    }
    .into_any()
}

/// What the session kept for this page; read from the request's extensions on the server.
fn kept_flash() -> Flash {
    #[cfg(feature = "ssr")]
    {
        let parts = use_context::<axum::http::request::Parts>();
        parts.and_then(|parts| parts.extensions.get::<Flash>().cloned()).unwrap_or_default()
    }
    #[cfg(not(feature = "ssr"))]
    Flash::default()
}

/// Follows the address in the browser: the title, the focus, and the mark that scripts run.
#[component]
fn Follow() -> impl IntoView {
    let (path, search) = (use_location().pathname, use_location().search);
    let live = crate::live::live();
    keyboard::listen();
    Effect::new(move |before: Option<()>| {
        search.track();
        if before.is_some() {
            crate::focus::keep(live);
        }
    });
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        document().set_title(&title::of(&path));
        if let Some(root) = document().document_element() {
            // The page's own element takes any attribute.
            let _always = root.set_attribute("data-js", "");
        }
        if before.is_none() {
            live.hydrated.set(true);
        }
        if before.is_some_and(|before| before != path) {
            live.forget_flash();
            focus_main();
        }
        path
    });
}

/// After going to another page the focus is at its beginning, as after a load.
fn focus_main() {
    request_animation_frame(|| {
        use wasm_bindgen::JsCast;
        let main = document().get_element_by_id("main");
        if let Some(main) = main.and_then(|main| main.dyn_into::<web_sys::HtmlElement>().ok()) {
            // The main element can always take the focus.
            let _always = main.focus();
        }
    });
}

/// A path that no page has.
#[component]
fn NotFound() -> impl IntoView {
    set_status(404);
    view! { <main id="main" class="alone" tabindex="-1"><Failure refusal=Refusal::not_found()/></main> }
}
