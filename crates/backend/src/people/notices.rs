//! What a person is told by mail about the own account, and the letters with links that work once.
//!
//! These mails belong to no tenant: a link that opens an account, or a word about it, is not for the
//! owners of one tenant that the person happens to be in.

use crate::mail::{Letter, Mail};
use crate::nexus::Nexus;
use nexus_domain::Timestamp;
use std::net::IpAddr;

/// Kinds of mail, for lists and logs, and to count how many went to an address.
pub(super) const RESET: &str = "password_link";
pub(super) const ADDRESS: &str = "address_link";

fn mail(to: &str, kind: &'static str, letter: Letter) -> Mail {
    Mail { to: to.to_owned(), tenant: None, kind, letter }
}

/// What to do where it was somebody else.
fn not_you(nexus: &Nexus) -> String {
    format!(
        "If this was not you, set a new password at {}/forgot at once: it ends every session and every link of \
         your account. Then tell whoever runs this instance.",
        nexus.settings.public_url
    )
}

fn when_and_where(now: Timestamp, ip: IpAddr) -> String {
    format!("This was on {}, from {ip}.", now.exact())
}

/// The link with which a person sets a new password.
pub(super) fn password_link(nexus: &Nexus, to: &str, token: &str, ip: IpAddr, now: Timestamp) -> Mail {
    let letter = Letter {
        subject: "A new password for Nexus".into(),
        paragraphs: vec![
            "Somebody asked for a new password for your account. If it was you, choose one by this link.".into(),
            when_and_where(now, ip),
        ],
        button: Some(("Choose a new password".into(), format!("{}/reset/{token}", nexus.settings.public_url))),
        small: vec![
            "The link works once and for an hour. If it was not you, there is nothing to do: your password stays as it is.".into(),
        ],
    };
    mail(to, RESET, letter)
}

/// The link that proves an address: the own one, or the one that is to take its place.
pub(super) fn address_link(nexus: &Nexus, to: &str, token: &str, account: &str) -> Mail {
    let what = match to == account {
        true => "Confirm that this is the address of your account.".to_owned(),
        false => format!("Confirm that this is to be the new address of the account {account}."),
    };
    let letter = Letter {
        subject: "Confirm your address for Nexus".into(),
        paragraphs: vec![what],
        button: Some(("Confirm the address".into(), format!("{}/verify/{token}", nexus.settings.public_url))),
        small: vec![
            "The link works once and for a day. If you know nothing of this, there is nothing to do.".into(),
        ],
    };
    mail(to, ADDRESS, letter)
}

/// To the address that is to be given up.
pub(super) fn address_asked(nexus: &Nexus, to: &str, new: &str, ip: IpAddr, now: Timestamp) -> Mail {
    let letter = Letter {
        subject: "Your address is about to change".into(),
        paragraphs: vec![
            format!(
                "The address of your account is to be {new}. Until that is confirmed there, this one stays."
            ),
            when_and_where(now, ip),
        ],
        button: None,
        small: vec![not_you(nexus)],
    };
    mail(to, "address_asked", letter)
}

/// To the address that was given up.
pub(super) fn address_changed(to: &str, new: &str, ip: IpAddr, now: Timestamp) -> Mail {
    let letter = Letter {
        subject: "Your address has changed".into(),
        paragraphs: vec![
            format!("The address of your account is {new} from now on. This one opens nothing any more."),
            when_and_where(now, ip),
        ],
        button: None,
        small: vec![
            "If this was not you, tell an owner of your tenant and whoever runs this instance at once: they can end the access of the account.".into(),
        ],
    };
    mail(to, "address_changed", letter)
}

/// After a new password, however it was set.
pub(super) fn password_changed(nexus: &Nexus, to: &str, ip: IpAddr, now: Timestamp) -> Mail {
    let letter = Letter {
        subject: "Your password has changed".into(),
        paragraphs: vec![
            "Your account has a new password, and every other session of it was ended.".into(),
            when_and_where(now, ip),
        ],
        button: None,
        small: vec![not_you(nexus)],
    };
    mail(to, "password_changed", letter)
}

/// After signing in from a device that was not seen before.
pub(super) fn new_device(nexus: &Nexus, to: &str, device: &str, ip: IpAddr, now: Timestamp) -> Mail {
    let letter = Letter {
        subject: "A new sign-in to your account".into(),
        paragraphs: vec![
            format!("Somebody signed in to your account with {device}, which was not seen there before."),
            when_and_where(now, ip),
        ],
        button: Some(("See your sessions".into(), format!("{}/account/sessions", nexus.settings.public_url))),
        small: vec![not_you(nexus)],
    };
    mail(to, "new_device", letter)
}
