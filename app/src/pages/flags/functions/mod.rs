//! The server functions of the Flags tab: thin, one for each form.

mod change;
mod read;
mod save;

pub use change::*;
pub use read::*;
pub use save::*;

/// The address of the tab of a service.
#[cfg(feature = "ssr")]
fn tab(tenant: &str, path: &nexus_domain::service::ServicePath, rest: &str) -> String {
    crate::address::service_url(tenant, path, &format!("flags{rest}"))
}
