//! The address is the state: filters, toggles, the open row, inline forms and dialogs are in the
//! query, so that they are links, survive a reload and work without JavaScript. This reads it and
//! writes the links that change it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
use nexus_domain::service::ServicePath;

/// A parameter of the path, for example the tenant's slug. Empty where the route has none.
pub fn param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get(name).unwrap_or_default())
}

/// A parameter of the query; `None` when it is absent, empty for a bare `?new`.
pub fn query(name: &'static str) -> Memo<Option<String>> {
    let query = use_query_map();
    Memo::new(move |_| query.read().get(name))
}

/// Whether the query has a parameter.
pub fn has(name: &'static str) -> Memo<bool> {
    let query = use_query_map();
    Memo::new(move |_| query.read().get(name).is_some())
}

/// The address of the page, and links to its neighbours.
#[derive(Clone, Copy)]
pub struct Address {
    path: Memo<String>,
    query: Memo<ParamsMap>,
}

/// The address of the page that is shown.
pub fn address() -> Address {
    Address { path: use_location().pathname, query: use_query_map() }
}

impl Address {
    /// This page with these changes of the query: `None` removes a parameter. Tracks the address.
    pub fn with(self, changes: &[(&'static str, Option<&str>)]) -> String {
        let mut query = self.query.get();
        for (name, value) in changes {
            query.remove(name);
            if let Some(value) = value {
                query.insert(*name, (*value).to_owned());
            }
        }
        let mut address = self.path.get();
        let mut separator = '?';
        for (name, value) in query {
            address.push(separator);
            push_encoded(&mut address, &name);
            address.push('=');
            push_encoded(&mut address, &value);
            separator = '&';
        }
        address
    }

    /// This page without these parameters: where "Cancel" goes.
    pub fn without(self, names: &[&'static str]) -> String {
        let changes: Vec<_> = names.iter().map(|name| (*name, None)).collect();
        self.with(&changes)
    }

    /// The hidden fields that keep the rest of the query when a search form is sent.
    pub fn others(self, name: &str) -> Vec<(String, String)> {
        let query = self.query.get();
        query.into_iter().filter(|(other, _)| other != name).map(|(n, v)| (n.into_owned(), v)).collect()
    }
}

/// Writes a name or value of a query. What may stand there as it is stays readable, so that both
/// halves write the same address (RFC 3986, section 2.3).
fn push_encoded(address: &mut String, text: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/@".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or('0');
            address.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// Goes somewhere in the browser without a reload. Take it while the component is made.
pub fn navigator() -> impl Fn(&str, bool) + Clone + Send + Sync + 'static {
    let navigate = use_navigate();
    move |to: &str, replace: bool| {
        navigate(to, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
    }
}

/// Pages of a tenant that are about one environment, named by `?environment=`. Without a tenant in front
/// they lead to the one that was used last.
pub const OF_ONE_ENVIRONMENT: [&str; 5] = ["api-keys", "runs", "metrics", "usage", "webhooks"];

/// The address of a tenant's part of the console.
pub fn tenant_url(tenant: &str, rest: &str) -> String {
    format!("/t/{tenant}/{rest}")
}

/// The address of a project's part of the console; `rest` is empty or begins with `/`.
pub fn project_url(tenant: &str, project: &str, rest: &str) -> String {
    format!("/t/{tenant}/projects/{project}{rest}")
}

/// The address of a tab of a service; `secrets`, `keys` or `settings`.
pub fn service_url(tenant: &str, path: &ServicePath, tab: &str) -> String {
    let ServicePath { project, environment, service } = path;
    format!("/t/{tenant}/projects/{project}/{environment}/{service}/{tab}")
}

/// Where a service's page is, from the route's parameters.
#[derive(Clone, Copy)]
pub struct ServiceParams {
    pub tenant: Memo<String>,
    project: Memo<String>,
    environment: Memo<String>,
    service: Memo<String>,
}

pub fn service_params() -> ServiceParams {
    ServiceParams {
        tenant: param("tenant"),
        project: param("project"),
        environment: param("environment"),
        service: param("service"),
    }
}

impl ServiceParams {
    /// The way to the service. Tracks the address.
    pub fn path(self) -> ServicePath {
        ServicePath {
            project: self.project.get(),
            environment: self.environment.get(),
            service: self.service.get(),
        }
    }

    pub fn url(self, tab: &str) -> String {
        service_url(&self.tenant.get(), &self.path(), tab)
    }
}

impl ServiceParams {
    /// The way to the service, without following the address.
    pub fn path_now(self) -> ServicePath {
        untrack(|| self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::push_encoded;

    #[test]
    fn a_query_is_encoded_where_it_has_to_be() {
        let mut text = String::new();
        push_encoded(&mut text, "dev_envs a&b=ü%");
        assert_eq!(text, "dev_envs%20a%26b%3D%C3%BC%25");
    }
}
