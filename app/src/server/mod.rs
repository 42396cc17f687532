//! The server's half of the console: who is asking, sessions, and the routes that the program
//! mounts. It translates between HTTP and use cases, and holds no rules of its own.

mod callback;
mod consent;
mod console;
pub mod download;
mod export;
mod functions;
pub mod palette;
mod person;
mod redirects;

pub use callback::{FormTargets, Joining, joining, joining_as};
pub use console::{Console, pages, router};
pub use functions::{MAX_FORM, is_function};
pub(crate) use person::unavailable;
pub use person::{
    Here, enter, fresh, here, opened, person, proved, second_step, sign_in, sign_out, tenant_allows,
};
use std::net::IpAddr;

/// The address that a request came from, behind trusted proxies. The program puts it into the
/// extensions of every request.
#[derive(Debug, Clone, Copy)]
pub struct ClientIp(pub IpAddr);

/// Keys of the session's record.
pub(crate) const USER: &str = "user";
pub(crate) const SIGNED_IN_AT: &str = "signed_in_at";
pub(crate) const PROOF: &str = "proof";
pub(crate) const SECOND_STEP: &str = "second_step";
pub(crate) const TENANT: &str = "tenant";
pub(crate) const FLASH: &str = "flash";
/// The form that waits for the password. Beside the flash, which a wrong password replaces.
pub(crate) const WAITING: &str = "waiting";
/// What only this browser knows, so that nobody else comes back from a provider in its place.
pub(crate) const BROWSER: &str = "browser";
/// Who somebody is at a provider, while they accept an invitation.
pub(crate) const JOINING: &str = "joining";

/// Where a second factor is set up and shown.
const SECURITY_PAGE: &str = "/account/security";
