//! The console: pages, components and server functions.
//!
//! One source for both halves: the server renders every page whole (feature `ssr`), the browser
//! takes over where it can (feature `hydrate`). State is in the address, changes are forms, and
//! every page works before and without JavaScript, apart from what shows or makes a secret.

#![allow(
    clippy::too_many_arguments,
    reason = "a server function has one argument for each field of its form"
)]
// The router's nested types are deeper than the compiler's default.
#![recursion_limit = "256"]

#[cfg(not(any(erase_components, doc)))]
compile_error!(
    "Built without the flags of .cargo/config.toml: RUSTFLAGS replaces them; add `--cfg erase_components` to it"
);

pub mod address;
pub mod app;
pub mod call;
pub mod components;
pub mod done;
pub mod focus;
pub mod json;
pub mod live;
pub mod page;
pub mod pages;
pub mod parts;
pub mod passkey;
pub mod refused;
pub mod title;

#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod shell;

pub use app::App;
#[cfg(feature = "ssr")]
pub use shell::{Shell, shell};

/// Where the browser's half begins.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        let path = leptos::prelude::window().location().pathname().unwrap_or_default();
        for page in [parts::Page::at(&path), parts::Page::inside(&path)].into_iter().flatten() {
            if page.load().await.is_err() {
                // Without its code the page stays as the server sent it: its links and forms work.
                return;
            }
        }
        leptos::mount::hydrate_body(App);
    });
}
