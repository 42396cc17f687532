//! The server functions of the account: the password, the address, and the sessions of a person.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::account::{Account, OpenSessions};

/// The address, and whether there is a password.
#[server(prefix = "/_fn", endpoint = "read_profile")]
pub async fn read_profile() -> Result<Account, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    Ok(nexus_backend::people::account(&here.nexus, opened.user).await?)
}

/// Sets a new password. Every other session ends, and this one goes on under a new id.
#[server(prefix = "/_fn", endpoint = "change_password")]
pub async fn change_password(#[server(default)] current: String, password: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    let (current, password) = (current.into(), password.into());
    let at = nexus_backend::people::change_password(&here.nexus, opened, current, password, here.ip).await?;
    crate::server::fresh(&here, at).await?;
    Ok(Done::new("Your password is changed; you are signed out everywhere else"))
}

/// Sends a link to another address.
#[server(prefix = "/_fn", endpoint = "change_address")]
pub async fn change_address(email: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    nexus_backend::people::change_address(&here.nexus, opened, &email, here.ip).await?;
    Ok(Done::new("A link is on its way to the new address; until it is followed, the one you have stays"))
}

/// Takes back the change of the address that waits.
#[server(prefix = "/_fn", endpoint = "withdraw_address")]
pub async fn withdraw_address() -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    nexus_backend::people::withdraw_address(&here.nexus, opened.user, here.ip).await?;
    Ok(Done::new("Your address stays as it is"))
}

/// Sends a link to the address of the account, to prove it.
#[server(prefix = "/_fn", endpoint = "send_verification")]
pub async fn send_verification() -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    nexus_backend::people::send_verification(&here.nexus, opened, here.ip).await?;
    Ok(Done::new("A link is on its way to your address"))
}

/// Where the person is signed in.
#[server(prefix = "/_fn", endpoint = "read_sessions")]
pub async fn read_sessions() -> Result<OpenSessions, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    Ok(nexus_backend::people::open_sessions::list(&here.nexus, opened.user, &here.session_id()).await?)
}

/// Ends one session.
#[server(prefix = "/_fn", endpoint = "end_session")]
pub async fn end_session(handle: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    nexus_backend::people::open_sessions::end(&here.nexus, opened.user, &handle, here.ip).await?;
    Ok(Done::new("The session is ended"))
}

/// Ends all sessions but this one.
#[server(prefix = "/_fn", endpoint = "end_other_sessions")]
pub async fn end_other_sessions() -> Result<Done, Refused> {
    use nexus_backend::people::open_sessions;
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    let ended = open_sessions::end_others(&here.nexus, opened.user, &here.session_id(), here.ip).await?;
    Ok(Done::new(match ended {
        0 => "There was no other session".to_owned(),
        1 => "The other session is ended".to_owned(),
        more => format!("{more} other sessions are ended"),
    }))
}
