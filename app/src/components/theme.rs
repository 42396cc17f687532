//! The theme: light, dark, or what the system says. It is kept in a cookie, so that the server
//! renders the right one before any script runs.

use crate::components::form::PostForm;
use crate::components::icon::{Glyph, Icon};
use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

pub const THEMES: [(&str, &str, Glyph); 3] =
    [("light", "Light", Glyph::Sun), ("dark", "Dark", Glyph::Moon), ("system", "System", Glyph::Laptop)];

/// The theme that a cookie's value names; `system` for anything else.
pub fn known(theme: &str) -> &'static str {
    THEMES.iter().find(|(value, ..)| *value == theme).map_or("system", |(value, ..)| *value)
}

/// Keeps the choice in a cookie for a year.
#[server(prefix = "/_fn", endpoint = "set_theme")]
pub async fn set_theme(theme: String) -> Result<Done, Refused> {
    let cookie = format!("theme={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", known(&theme));
    if let (Some(options), Ok(cookie)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::HeaderValue::from_str(&cookie))
    {
        options.append_header(http::header::SET_COOKIE, cookie);
    }
    Ok(Done::default())
}

/// Shows a theme in the open page; the cookie is the server's.
pub fn show(theme: &str) {
    if let Some(root) = document().document_element() {
        // The page's own element takes any attribute.
        let _always = root.set_attribute("data-theme", theme);
    }
}

/// The switch.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let buttons = THEMES
        .into_iter()
        .map(|(value, label, glyph)| {
            let show = move |_| show(value);
            view! {
                <button type="submit" name="theme" value=value data-theme-choice=value on:click=show>
                    <Icon glyph/>{label}
                </button>
            }
        })
        .collect_view();
    view! {
        <PostForm action=SetTheme::PATH class="theme-switch">
            <span class="menu-label" id="theme-label">"Theme"</span>
            <div class="segments" role="group" aria-labelledby="theme-label">{buttons}</div>
        </PostForm>
    }
    .into_any()
}
