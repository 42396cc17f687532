//! What a session knows of the person who opened it: what the rules of a tenant ask about.

use nexus_domain::{ProviderId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    Password,
    /// Possession and a PIN or a finger in one: it is a second factor by itself.
    Passkey,
    Provider(ProviderId),
    /// A link that was sent by mail, or printed by whoever runs the program.
    Link,
}

/// What was proved when the session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub means: Means,
    /// Whether a second factor was shown.
    pub second_factor: bool,
}

impl Proof {
    pub const PASSWORD: Self = Self { means: Means::Password, second_factor: false };
    pub const LINK: Self = Self { means: Means::Link, second_factor: false };
}

/// The open session of a person: who, since when, and by what proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    pub user: UserId,
    /// When the person last proved who they are.
    pub signed_in_at: Timestamp,
    pub proof: Proof,
}

impl Opened {
    pub const fn by_password(user: UserId, signed_in_at: Timestamp) -> Self {
        Self { user, signed_in_at, proof: Proof::PASSWORD }
    }
}
