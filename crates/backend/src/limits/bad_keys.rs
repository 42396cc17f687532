//! Presenting a credential: whom it belongs to is asked of `credentials`; here bad ones are counted,
//! those in quarantine are refused before anything else, and the API log hears of all of them.
//!
//! A bad key is counted the same whether its id is known or not. A text that is no key is counted by
//! its address alone.

use super::quarantine;
use crate::credentials::{self, Credential, authenticate};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::request_log::{Caller, Visit};
use crate::streams;
use crate::{Error, Result};
use nexus_domain::{Code, credential};
use std::net::IpAddr;

/// Bad secrets per address (IPv6: per /64), key id and minute, before the two are put into quarantine.
pub const BAD_KEYS: u32 = 100;

/// Whom a presented credential belongs to.
pub async fn present(nexus: &Nexus, text: &str, ip: IpAddr, visit: Option<&Visit>) -> Result<Credential> {
    if nexus.quarantines.any() {
        let (key_id, shown) = named(text);
        let pair = quarantine::pair(ip, key_id);
        if let Err(refusal) = nexus.quarantines.check(&pair, nexus.now()) {
            note_refused(visit, shown, credentials::owner_of(nexus, key_id).as_ref());
            return Err(refusal.into());
        }
    }
    match authenticate(nexus, text, Some(ip)).await {
        Ok(credential) => {
            note(visit, &credential.actor);
            Ok(credential)
        }
        // In a box, so that the many requests that need none of it do not carry it around.
        Err(Error::Refused(refusal)) if refusal.code == Code::Unauthorized => {
            Err(Box::pin(bad(nexus, text, ip, visit, refusal.into())).await)
        }
        Err(error) => {
            // It is a key, and may not be used from here, or nobody could find out.
            let (key_id, shown) = named(text);
            note_refused(visit, shown, credentials::owner_of(nexus, key_id).as_ref());
            Err(error)
        }
    }
}

/// The same for the credential in the address of a stream. It is a MAC that ends by itself, so it names no key
/// that could be guessed.
pub async fn present_address(
    nexus: &Nexus,
    text: &str,
    ip: IpAddr,
    visit: Option<&Visit>,
) -> Result<Credential> {
    let found = streams::authenticate(nexus, text, Some(ip)).await;
    match &found {
        Ok(credential) => note(visit, &credential.actor),
        Err(_) => note_refused(visit, STREAM.to_owned(), None),
    }
    found
}

/// How a refused address of a stream stands in the log.
const STREAM: &str = "stream address";
/// How a text that is no key stands in the log: nothing of it is repeated.
const NO_KEY: &str = "no key";

/// The key id of a text, and how it is shown.
fn named(text: &str) -> (&str, String) {
    match credential::parse(text) {
        Some(parsed) => (parsed.key_id, credential::shown(parsed.prefix, parsed.key_id)),
        None => ("", NO_KEY.to_owned()),
    }
}

fn note(visit: Option<&Visit>, actor: &Actor) {
    if let (Some(visit), Some(caller)) = (visit, Caller::known(actor)) {
        visit.is_from(caller);
    }
}

fn note_refused(visit: Option<&Visit>, shown: String, meant: Option<&Actor>) {
    if let Some(visit) = visit {
        visit.is_from(Caller::refused(shown, meant));
    }
}

/// Counts a credential that was refused; after too many the answer is another one.
async fn bad(nexus: &Nexus, text: &str, ip: IpAddr, visit: Option<&Visit>, error: Error) -> Error {
    let ((key_id, shown), now) = (named(text), nexus.now());
    let owner = credentials::owner_of(nexus, key_id);
    note_refused(visit, shown.clone(), owner.as_ref());
    match nexus.limits.bad_key(ip, key_id, now).await {
        Ok(count) if count < BAD_KEYS => error,
        // The last one that is looked at.
        Ok(BAD_KEYS) => {
            quarantine::begin(nexus, quarantine::pair(ip, key_id), shown, owner);
            error
        }
        // It came at the same moment, or is counted on another process that has not said so yet.
        Ok(_) => quarantine::refusal(now.plus(quarantine::LENGTH), now).into(),
        Err(error) => error,
    }
}
