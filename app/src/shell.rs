//! The HTML document around the console, and the policy that says what it may load. Only the
//! server has it; the browser's half begins inside `<body>`.

use crate::app::App;
use crate::components::theme;
use crate::parts::Page;
use crate::server::FormTargets;
use crate::title;
use axum::http::request::Parts;
use http::header::{self, HeaderName, HeaderValue};
use leptos::nonce::{Nonce, use_nonce};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use std::collections::HashMap;

/// The addresses of the site's files.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The module script; its default export takes `{ module_or_path }`, then `hydrate()` is called.
    pub js: String,
    pub wasm: String,
    /// The WASM that pages need besides, by part.
    pub parts: HashMap<String, Vec<String>>,
    pub css: String,
    pub favicon: String,
}

/// The whole document.
pub fn shell(site: Shell) -> impl IntoView {
    let nonce = use_nonce();
    let parts = use_context::<Parts>();
    let targets = parts.as_ref().and_then(|parts| parts.extensions.get::<FormTargets>()).cloned();
    set_headers(nonce.as_ref(), &targets.unwrap_or_default());
    let path = parts.as_ref().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
    let Shell { js, wasm, parts: files, css, favicon } = site;
    let start = format!(
        "import init, {{ hydrate }} from \"{js}\"; init({{ module_or_path: \"{wasm}\" }}).then(() => hydrate());"
    );
    let preloads = std::iter::once(wasm)
        .chain(files_of(&path, &files))
        .map(|href| {
            view! { <link rel="preload" href=href r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/> }
        })
        .collect_view();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=parts.as_ref().map_or("system", chosen_theme)>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="description" content="Secrets, typed configs and feature flags of a team, in one place."/>
                <title inner_html=as_text(&title::of(&path))></title>
                <link rel="icon" type="image/svg+xml" href=favicon/>
                <link rel="stylesheet" href=css/>
                <link rel="modulepreload" href=js nonce=nonce.clone()/>
                {preloads}
                <script type="module" nonce=nonce>{start}</script>
            </head>
            <body><App/></body>
        </html>
    }
}

/// A text as HTML. A title holds text only, so that the mark which hydration finds a text by would be read there.
fn as_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The files of the part that the page at an address needs.
fn files_of(path: &str, parts: &HashMap<String, Vec<String>>) -> Vec<String> {
    Page::at(path).and_then(Page::part).and_then(|part| parts.get(part)).cloned().unwrap_or_default()
}

/// The theme that the request's cookie names.
fn chosen_theme(parts: &Parts) -> &'static str {
    let cookies = parts.headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let chosen = cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("theme="))
        .unwrap_or_default();
    theme::known(chosen)
}

/// Every page may load what this instance serves, run the script with this answer's nonce, and
/// nothing else. A form may end up at the providers of sign-in that the page offers.
fn set_headers(nonce: Option<&Nonce>, targets: &FormTargets) {
    let (Some(options), Some(nonce)) = (use_context::<ResponseOptions>(), nonce) else { return };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; object-src 'none'; \
         form-action 'self'{targets}; frame-ancestors 'none'"
    );
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_SECURITY_POLICY, &policy), (header::CACHE_CONTROL, "no-store")];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            options.insert_header(name, value);
        }
    }
}
