//! The router, and what stands around every page: toasts, the connection, the question for the
//! password, the keyboard.

use crate::components::keyboard;
use crate::components::password::PasswordDialog;
use crate::components::state::Failure;
use crate::components::toast::{Connection, Toasts};
use crate::done::Flash;
use crate::live::Live;
use crate::page::set_status;
use crate::pages::auth::{reset::ResetPage, setup::SetUpPage, sign_in::SignInPage, step_up::StepUpPage};
use crate::pages::frame::Frame;
use crate::pages::project::{ProjectFrame, audit::ProjectAuditTab, settings::ProjectSettingsTab};
use crate::pages::service::{ServiceFrame, keys::KeysTab, settings::ServiceSettingsTab};
use crate::pages::{audit, projects, secrets, services, settings};
use crate::title;
use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};
use nexus_domain::Refusal;

/// The console.
#[component]
pub fn App() -> impl IntoView {
    provide_context(Live::new(SharedValue::new(kept_flash).into_inner()));
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
            <Route path=path!("/sign-in") view=SignInPage ssr=Async/>
            <Route path=path!("/setup") view=SetUpPage ssr=Async/>
            <Route path=path!("/step-up") view=StepUpPage ssr=Async/>
            <Route path=path!("/reset/:token") view=ResetPage ssr=Async/>
            <ParentRoute path=path!("/t/:tenant") view=Frame ssr=Async>
                <Route path=path!("/projects") view=projects::ProjectsPage ssr=Async/>
                <Route path=path!("/audit") view=audit::AuditPage ssr=Async/>
                <Route path=path!("/settings") view=settings::SettingsPage ssr=Async/>
                <ParentRoute path=path!("/projects/:project/:environment/:service") view=ServiceFrame ssr=Async>
                    <Route path=path!("/secrets") view=secrets::SecretsTab ssr=Async/>
                    <Route path=path!("/keys") view=KeysTab ssr=Async/>
                    <Route path=path!("/settings") view=ServiceSettingsTab ssr=Async/>
                </ParentRoute>
                <ParentRoute path=path!("/projects/:project") view=ProjectFrame ssr=Async>
                    <Route path=path!("/") view=services::ServicesTab ssr=Async/>
                    <Route path=path!("/audit") view=ProjectAuditTab ssr=Async/>
                    <Route path=path!("/settings") view=ProjectSettingsTab ssr=Async/>
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
    let path = use_location().pathname;
    let live = crate::live::live();
    keyboard::listen();
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        document().set_title(&title::of(&path));
        if let Some(root) = document().document_element() {
            // The page's own element takes any attribute.
            let _always = root.set_attribute("data-js", "");
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
