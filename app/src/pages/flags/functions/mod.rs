//! The server functions of the Flags tab: thin, one for each form.

mod change;
mod preview;
mod read;
mod save;
mod tester;

pub use change::*;
pub use preview::*;
pub use read::*;
pub use save::*;
pub use tester::*;

/// The address of the tab of a service.
#[cfg(feature = "ssr")]
fn tab(tenant: &str, path: &nexus_domain::service::ServicePath, rest: &str) -> String {
    crate::address::service_url(tenant, path, &format!("flags{rest}"))
}
