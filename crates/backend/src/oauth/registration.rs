//! What an app is registered with, checked by the same rules when it is made and when it is changed.

use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_domain::oauth::{AppType, MAX_LOGO_BYTES, MAX_REDIRECT_URIS, logo_type, redirect};
use nexus_domain::role::Scopes;

/// The longest address of a homepage.
const MAX_HOMEPAGE: usize = 512;

/// What an app is made of, checked.
pub(super) struct Checked {
    pub name: String,
    pub redirect_uris: Vec<String>,
    pub scopes: Scopes,
    pub homepage: Option<String>,
    pub logo: Option<Vec<u8>>,
    pub device_flow: bool,
}

/// Where answers may go: each once, and one at least where the app has no other way.
pub(super) fn check_redirect_uris(uris: &[String], kind: AppType, device_flow: bool) -> Result<()> {
    if uris.is_empty() && !device_flow {
        return Err(Error::invalid(
            "redirect_uris",
            "An app without the device flow has one redirect URI at least",
        ));
    }
    if uris.len() > MAX_REDIRECT_URIS {
        return Err(Error::invalid("redirect_uris", format!("At most {MAX_REDIRECT_URIS} redirect URIs")));
    }
    for (at, uri) in uris.iter().enumerate() {
        if let Some(fault) = redirect::fault(uri, kind) {
            return Err(Error::invalid("redirect_uris", fault));
        }
        if uris.iter().take(at).any(|before| before == uri) {
            return Err(Error::invalid("redirect_uris", "A redirect URI stands there twice"));
        }
    }
    Ok(())
}

/// An address that people can follow; an empty one is none.
pub(super) fn check_homepage(text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let rule = || Error::invalid("homepage", "A whole address, for example https://app.example.com");
    let fits = text.len() <= MAX_HOMEPAGE
        && text.starts_with("https://")
        && text.bytes().all(|b| b.is_ascii_graphic());
    let address = url::Url::parse(text).ok().filter(|_| fits).ok_or_else(rule)?;
    if !address.username().is_empty() || address.password().is_some() {
        return Err(rule());
    }
    Ok(Some(address.to_string()))
}

/// The bytes of a logo; an empty one is none.
pub(super) fn check_logo(text: Option<&str>) -> Result<Option<Vec<u8>>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let too_large = || Error::invalid("logo_base64", format!("At most {} KiB", MAX_LOGO_BYTES / 1024));
    if text.len() > MAX_LOGO_BYTES * 2 {
        return Err(too_large());
    }
    let bytes = STANDARD.decode(text).map_err(|_| Error::invalid("logo_base64", "This is not base64"))?;
    if bytes.len() > MAX_LOGO_BYTES {
        return Err(too_large());
    }
    match logo_type(&bytes) {
        Some(_) => Ok(Some(bytes)),
        None => Err(Error::invalid("logo_base64", "A PNG, JPEG or WebP picture")),
    }
}

/// A picture as an address that holds all of it.
pub(super) fn data_address(bytes: &[u8]) -> Option<String> {
    Some(format!("data:{};base64,{}", logo_type(bytes)?, STANDARD.encode(bytes)))
}
