//! The configs that have a secret in their values: links to them, and what they keep from being done.

use crate::address::{service_params, service_url};
use leptos::prelude::*;
use nexus_domain::secret::ReferringConfig;
use nexus_domain::service::ServicePath;

/// A link to each.
#[component]
pub fn Referring(configs: Vec<ReferringConfig>) -> impl IntoView {
    let at = service_params();
    let (tenant, here) = (at.tenant.get_untracked(), at.path_now());
    let links = configs
        .into_iter()
        .enumerate()
        .map(|(index, ReferringConfig { service, key })| {
            let name = if service == here.service { key.clone() } else { format!("{service}/{key}") };
            let path = ServicePath { service, ..here.clone() };
            let href = service_url(&tenant, &path, &format!("configs?open={key}"));
            let comma = if index > 0 { ", " } else { "" };
            view! { {comma}<a class="link mono" href=href>{name}</a> }
        })
        .collect_view();
    view! { <span class="wrap">{links}</span> }.into_any()
}
