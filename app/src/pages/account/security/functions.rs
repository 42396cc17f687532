//! The server functions of a person's second factors.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::factor::{Challenge, Factors, NewTotp, RecoveryCodes};
use nexus_domain::{PasskeyId, Timestamp};
use serde::{Deserialize, Serialize};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Security {
    pub factors: Factors,
    /// Whether this session was opened with a second factor, or has shown one since.
    pub shown: bool,
    /// The tenants that require one, by name.
    pub required_by: Vec<String>,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_security")]
pub async fn read_security() -> Result<Security, Refused> {
    use nexus_backend::people::factors;
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    Ok(Security {
        factors: factors::of(&here.nexus, opened.user).await?,
        shown: opened.proof.second_factor,
        required_by: factors::required_by(&here.nexus, opened.user).await?,
        now: here.nexus.now(),
    })
}

/// Makes a secret for an authenticator app. The only answer that holds it.
#[server(prefix = "/_fn", endpoint = "begin_totp")]
pub async fn begin_totp() -> Result<NewTotp, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    Ok(nexus_backend::people::factors::totp::begin(&here.nexus, opened, here.ip).await?)
}

/// Makes the new secret count, by a right code; answers with recovery codes where there were none.
#[server(prefix = "/_fn", endpoint = "activate_totp")]
pub async fn activate_totp(code: String) -> Result<RecoveryCodes, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    let codes = nexus_backend::people::factors::totp::activate(&here.nexus, opened, &code, here.ip).await?;
    showed(&here, opened).await?;
    Ok(codes)
}

#[server(prefix = "/_fn", endpoint = "remove_totp")]
pub async fn remove_totp() -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    nexus_backend::people::factors::totp::remove(&here.nexus, opened, here.ip).await?;
    Ok(Done::new("The authenticator app is removed"))
}

/// Makes a new set in place of the old one. Shown in this answer and never again.
#[server(prefix = "/_fn", endpoint = "new_recovery_codes")]
pub async fn new_recovery_codes() -> Result<RecoveryCodes, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    Ok(nexus_backend::people::factors::new_recovery_codes(&here.nexus, opened, here.ip).await?)
}

/// Asks the browser for a new passkey.
#[server(prefix = "/_fn", endpoint = "ask_new_passkey")]
pub async fn ask_new_passkey() -> Result<Challenge, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    Ok(nexus_backend::people::factors::passkeys::begin(&here.nexus, opened, here.ip).await?)
}

/// Registers the passkey that answered; answers with recovery codes where there were none.
#[server(prefix = "/_fn", endpoint = "add_passkey")]
pub async fn add_passkey(token: String, answer: String, name: String) -> Result<RecoveryCodes, Refused> {
    use nexus_backend::people::factors::passkeys;
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    let codes = passkeys::add(&here.nexus, opened, &token, &answer, &name, here.ip).await?;
    showed(&here, opened).await?;
    Ok(codes)
}

#[server(prefix = "/_fn", endpoint = "remove_passkey")]
pub async fn remove_passkey(passkey: PasskeyId) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    let name =
        nexus_backend::people::factors::passkeys::remove(&here.nexus, opened, passkey, here.ip).await?;
    Ok(Done::new(format!("The passkey {name} is removed")))
}

/// Shows a code in a session that was opened without a second factor.
#[server(prefix = "/_fn", endpoint = "show_second_factor")]
pub async fn show_second_factor(code: String) -> Result<Done, Refused> {
    use nexus_backend::people::{self, factors::Answer};
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let proof = people::show_second_factor(&here.nexus, opened, Answer::Code(code), here.ip).await?;
    crate::server::proved(&here, proof).await?;
    Ok(Done::new("Your second factor is shown; this session has it now"))
}

/// Whoever just set up a factor showed it.
#[cfg(feature = "ssr")]
async fn showed(here: &crate::server::Here, opened: nexus_backend::people::Opened) -> Result<(), Refused> {
    use nexus_backend::people::Proof;
    if opened.proof.second_factor {
        return Ok(());
    }
    crate::server::proved(here, Proof { second_factor: true, ..opened.proof }).await
}
