//! What a person sees of the own account: the address, whether there is a password, and where somebody
//! is signed in. Nothing here opens anything: handles and addresses only.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// The address and the password of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub email: String,
    /// Whether a link that was sent to the address was followed.
    pub verified: bool,
    /// The address that takes its place once the link sent there is followed.
    pub pending: Option<PendingAddress>,
    /// Somebody who signs in with a provider or a passkey may have none.
    pub has_password: bool,
    pub now: Timestamp,
}

/// An address that waits to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAddress {
    pub email: String,
    /// When the link stops working.
    pub until: Timestamp,
}

/// What following a link would confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressLink {
    /// The address that the link was sent to.
    pub email: String,
    /// The address of the account as it is now: another one where this is a change.
    pub account: String,
}

/// One place where a person is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// Names it on the page; it opens nothing.
    pub handle: String,
    /// Whether it is the one that asks.
    pub this: bool,
    /// Browser and system, in words.
    pub device: String,
    pub ip: Option<String>,
    /// How it was opened, in words.
    pub by: String,
    /// When the person last proved who they are.
    pub signed_in_at: Timestamp,
    pub seen_at: Timestamp,
}

/// The sessions of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSessions {
    pub sessions: Vec<OpenSession>,
    pub now: Timestamp,
}
