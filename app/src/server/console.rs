//! The routes of the console, ready to be mounted: pages, server functions, the download of the
//! audit log, and the few addresses that only redirect.

use super::{callback, export, functions, redirects};
use crate::address::OF_ONE_ENVIRONMENT;
use crate::app::App;
use crate::shell::{Shell, shell};
use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use leptos::config::LeptosOptions;
use leptos::prelude::provide_context;
use leptos_axum::{
    AxumRouteListing, LeptosRoutes, generate_route_list_with_exclusions, render_app_async_with_context,
};
use nexus_backend::Nexus;
use std::sync::OnceLock;

/// What the console needs from the program.
#[derive(Clone)]
pub struct Console {
    pub nexus: Nexus,
    pub shell: Shell,
}

/// The pages of the console, and the addresses of the server functions, which leptos then leaves alone.
/// Listed once in a process: while leptos walks through the router for its
/// list, no resource loads in any thread (`IS_SUPPRESSING_RESOURCE_LOAD`), and a page that is being
/// answered meanwhile would wait for ever.
pub fn pages() -> &'static [AxumRouteListing] {
    static PAGES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    PAGES.get_or_init(|| {
        // Not the server functions: one door answers for all of them.
        let functions = server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()).collect();
        generate_route_list_with_exclusions(App, Some(functions))
    })
}

/// The console's routes. The program puts these layers around them: sessions
/// (`tower_sessions::SessionManagerLayer`), CSRF, and [`super::ClientIp`] as an extension.
pub fn router(console: Console) -> Router {
    let Console { nexus, shell: site } = console;
    let context = {
        let nexus = nexus.clone();
        move || provide_context(nexus.clone())
    };
    let document = move || shell(site.clone());
    let options = LeptosOptions::builder().output_name("nexus").build();
    let before = from_fn_with_state(nexus.clone(), redirects::before_page);
    let missing = render_app_async_with_context(context.clone(), document.clone());
    let missing = move |request| missing(request);
    let pages = Router::<LeptosOptions>::new()
        .leptos_routes_with_context(&options, pages().to_vec(), context, document)
        .fallback(missing.layer(before.clone()))
        .route_layer(before)
        .with_state(options);
    let mut redirecting = Router::new();
    for page in OF_ONE_ENVIRONMENT {
        redirecting = redirecting.route(&format!("/{page}"), get(redirects::of_tenant_used_last));
    }
    redirecting
        .route("/", get(redirects::start))
        .route("/sign-in/callback", get(callback::back_from_provider))
        .route("/t/{tenant}", get(redirects::tenant))
        .route("/t/{tenant}/projects/{project}/{environment}/{service}", get(redirects::service))
        .route("/t/{tenant}/audit/export", post(export::audit))
        .route("/t/{tenant}/projects/{project}/{environment}/{service}/configs/export", get(export::configs))
        .route("/_fn/{name}", post(functions::handle))
        .with_state(nexus)
        .merge(pages)
}
