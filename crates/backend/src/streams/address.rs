//! Addresses of streams for clients that cannot send headers (`EventSource` in a browser). Such an
//! address holds a credential of its own: `<key id>.<hour>.<HMAC>`, over the id of the key, its
//! service and the hour; of a key of an environment with the service behind the key. It opens streams
//! of that service and nothing else, in that hour and the next, for as long as the key itself is valid.

use crate::Result;
use crate::credentials::{self, Credential};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{single, sql};
use nexus_domain::{Code, KeyId, Refusal, ServiceId};
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The address of the OFREP stream of the service that the key reads: the same within an hour. A
/// signed token, a session and an app have none, because an address would outlive them.
pub fn address(nexus: &Nexus, actor: &Actor) -> Result<Option<String>> {
    let (key, service) = (KeyId(actor.id().unwrap_or_default()), actor.reader()?.service);
    let hour = nexus.now().hour();
    let id = match &actor.who {
        Who::EnvironmentKey { token: Some(_), .. } | Who::WorkloadSession { .. } | Who::OauthGrant { .. } => {
            return Ok(None);
        }
        Who::EnvironmentKey { .. } => format!("{}.{}", key.0.simple(), service.0.simple()),
        _ => key.0.simple().to_string(),
    };
    let mac = hex::encode(mac(nexus, key, service, hour)?);
    let origin = &nexus.settings.public_url;
    Ok(Some(format!("{origin}/ofrep/v1/stream?credential={id}.{hour}.{mac}")))
}

fn mac(nexus: &Nexus, key: KeyId, service: ServiceId, hour: i64) -> Result<[u8; 32]> {
    let mut text = Vec::with_capacity(40);
    text.extend_from_slice(key.0.as_bytes());
    text.extend_from_slice(service.0.as_bytes());
    text.extend_from_slice(&hour.to_be_bytes());
    nexus.keyring.mac("stream", &text)
}

/// Whom the credential of such an address stands for.
pub async fn authenticate(nexus: &Nexus, text: &str, ip: Option<IpAddr>) -> Result<Credential> {
    let refused = || Refusal::new(Code::Unauthorized, "This address is no longer valid: ask for another one");
    let Parsed { key, service: named, hour, mac: given } = parse(text).ok_or_else(refused)?;
    let now = nexus.now().hour();
    if hour != now && hour != now - 1 {
        return Err(refused().into());
    }
    let service = match named {
        Some(service) => Some(service),
        None => service_of(nexus, key).await?,
    };
    // An unknown key is compared like a known one.
    let compared = service.unwrap_or(ServiceId(Uuid::nil()));
    let matches = bool::from(mac(nexus, key, compared, hour)?.ct_eq(&given));
    if service.is_none() || !matches {
        return Err(refused().into());
    }
    credentials::of_stream(nexus, key, named, ip).await?.ok_or_else(|| refused().into())
}

/// The service of a service key.
async fn service_of(nexus: &Nexus, key: KeyId) -> Result<Option<ServiceId>> {
    let row: Option<(ServiceId,)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!("SELECT service_id FROM service_keys WHERE id = $1"))
            .bind(key)
            .fetch_optional(pool)
            .await)?;
    Ok(row.map(|(service,)| service))
}

struct Parsed {
    key: KeyId,
    service: Option<ServiceId>,
    hour: i64,
    mac: [u8; 32],
}

fn parse(text: &str) -> Option<Parsed> {
    let parts: Vec<&str> = text.splitn(5, '.').collect();
    let (key, service, hour, mac) = match parts.as_slice() {
        [key, hour, mac] => (key, None, hour, mac),
        [key, service, hour, mac] => (key, Some(ServiceId(Uuid::try_parse(service).ok()?)), hour, mac),
        _ => return None,
    };
    if hour.len() > 12 {
        return None;
    }
    let (key, mac) = (KeyId(Uuid::try_parse(key).ok()?), hex::decode(mac).ok()?.try_into().ok()?);
    Some(Parsed { key, service, hour: hour.parse().ok()?, mac })
}
