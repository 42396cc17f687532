//! The environment that a page is about: a menu of links on its top, so that it works without
//! JavaScript and can be shared. Live unless the address names another; what is not live is amber.

use crate::address::{address, tenant_url};
use crate::components::icon::{Glyph, Icon};
use crate::components::menu::Menu;
use leptos::prelude::*;
use nexus_domain::environment::{Environment, EnvironmentKind};
use nexus_domain::environment_key::ALL_ENVIRONMENTS;

/// The API keys of an environment.
pub fn keys_url(tenant: &str, environment: &str) -> String {
    tenant_url(tenant, &format!("api-keys?environment={environment}"))
}

/// The menu. `chosen` is a slug, or `all`.
#[component]
pub fn EnvironmentChoice(
    tenant: Memo<String>,
    environments: Vec<Environment>,
    chosen: String,
    /// Whether the person may make another one.
    may_create: bool,
) -> impl IntoView {
    let here = address();
    let current = environments.iter().find(|environment| environment.slug == chosen);
    let is_all = chosen == ALL_ENVIRONMENTS;
    let name = current.map_or_else(|| "All environments".to_owned(), |environment| environment.name.clone());
    let (class, state) = match current.map(|environment| environment.kind) {
        Some(EnvironmentKind::Live) => ("menu-env", None),
        None => ("menu-env", Some("read-only")),
        Some(_) => ("menu-env env-amber", Some("not live")),
    };
    let to = move |slug: &str| {
        here.with(&[
            ("environment", Some(slug)),
            ("new", None),
            ("rotate", None),
            ("sign", None),
            ("revoke", None),
        ])
    };
    let links = environments
        .iter()
        .map(|environment| {
            let current = (environment.slug == chosen).then_some("true");
            let slug = environment.slug.clone();
            view! {
                <a href=move || to(&slug) aria-current=current>
                    <span>{environment.name.clone()}</span><small class="mono">{environment.slug.clone()}</small>
                </a>
            }
        })
        .collect_view();
    let create = may_create.then(|| {
        view! {
            <a href=tenant_url(&tenant.get_untracked(), "environments?new=key")>
                <Icon glyph=Glyph::Plus/>"Create environment"
            </a>
        }
    });
    let button = view! {
        <span class="dot"></span><span>{name.clone()}</span>
        {state.map(|state| view! { <small>{state}</small> })}
        <Icon glyph=Glyph::Chevron/>
    }
    .into_any();
    view! {
        <Menu label=format!("Environment: {name}") class button>
            <p class="menu-label">"Environment"</p>
            {links}
            <a href=move || to(ALL_ENVIRONMENTS) aria-current=is_all.then_some("true")>
                <span>"All"</span><small>"read-only"</small>
            </a>
            {create}
        </Menu>
    }
    .into_any()
}
