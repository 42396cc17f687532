//! What is written to a person when a second factor changes: what happened, when it was somebody else,
//! and what to do then.

use crate::mail::{Letter, Mail};
use crate::nexus::Nexus;
use std::net::IpAddr;

/// What happened to the factors of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    TotpAdded,
    TotpRemoved,
    PasskeyAdded(String),
    PasskeyRemoved(String),
    RecoveryCodesMade,
    RecoveryCodeUsed { left: u32 },
    AllRemoved,
}

impl News {
    /// Its name in the audit log.
    pub(super) const fn event(&self) -> &'static str {
        match self {
            Self::TotpAdded => "user.totp_added",
            Self::TotpRemoved => "user.totp_removed",
            Self::PasskeyAdded(_) => "user.passkey_added",
            Self::PasskeyRemoved(_) => "user.passkey_removed",
            Self::RecoveryCodesMade => "user.recovery_codes_made",
            Self::RecoveryCodeUsed { .. } => "user.recovery_code_used",
            Self::AllRemoved => "user.second_factors_removed",
        }
    }

    /// The name of the passkey that it is about.
    pub(super) fn passkey(&self) -> Option<&str> {
        match self {
            Self::PasskeyAdded(name) | Self::PasskeyRemoved(name) => Some(name),
            _ => None,
        }
    }

    const fn subject(&self) -> &'static str {
        match self {
            Self::TotpAdded => "An authenticator app was added to your account",
            Self::TotpRemoved => "The authenticator app was removed from your account",
            Self::PasskeyAdded(_) => "A passkey was added to your account",
            Self::PasskeyRemoved(_) => "A passkey was removed from your account",
            Self::RecoveryCodesMade => "You have new recovery codes",
            Self::RecoveryCodeUsed { .. } => "A recovery code of your account was used",
            Self::AllRemoved => "The second factors of your account were removed",
        }
    }

    fn what(&self) -> String {
        match self {
            Self::TotpAdded => "From now on signing in asks for a code of the app.".to_owned(),
            Self::TotpRemoved => "Signing in asks for no code of the app any more.".to_owned(),
            Self::PasskeyAdded(name) => format!("From now on the passkey “{name}” signs you in."),
            Self::PasskeyRemoved(name) => format!("The passkey “{name}” signs you in no more."),
            Self::RecoveryCodesMade => {
                "Those from before work no more. Keep the new ones where your devices are not.".to_owned()
            }
            Self::RecoveryCodeUsed { left: 0 } => {
                "It was the last one. Make a new set before you need one.".to_owned()
            }
            Self::RecoveryCodeUsed { left: 1 } => "One is left.".to_owned(),
            Self::RecoveryCodeUsed { left } => format!("{left} are left."),
            Self::AllRemoved => {
                "Whoever runs this instance took away your authenticator app, passkeys and recovery codes. \
                 Set up a second factor again after you signed in."
                    .to_owned()
            }
        }
    }
}

/// The mail about it. It belongs to no tenant: it is between Nexus and the person.
pub(super) fn mail(nexus: &Nexus, to: String, news: &News, ip: Option<IpAddr>) -> Mail {
    let url = format!("{}/account/security", nexus.settings.public_url);
    let from = ip.map(|ip| format!("It was done from the address {ip}."));
    let letter = Letter {
        subject: news.subject().to_owned(),
        paragraphs: std::iter::once(news.what()).chain(from).collect(),
        button: Some(("Look at your second factors".to_owned(), url)),
        small: vec![
            "If this was not you, somebody else is in your account: change your password at once, end your \
             other sessions, and tell an owner of your tenant."
                .to_owned(),
        ],
    };
    Mail { to, tenant: None, kind: "second_factor", letter }
}
