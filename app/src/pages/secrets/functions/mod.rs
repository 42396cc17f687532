//! The server functions of the Secrets tab. Reading the page never answers a value; revealing,
//! comparing and exporting do, each by a request of its own that is audited.

mod change;
mod import;
mod read;
mod reveal;

pub use change::*;
pub use import::*;
pub use read::*;
pub use reveal::*;

#[cfg(feature = "ssr")]
use nexus_domain::service::ServicePath;

/// The tab's address, with the rest of the query.
#[cfg(feature = "ssr")]
fn tab(tenant: &str, path: &ServicePath, query: &str) -> String {
    let mut url = crate::address::service_url(tenant, path, "secrets");
    url.push_str(query);
    url
}

/// A field that may be left empty.
#[cfg(feature = "ssr")]
fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
