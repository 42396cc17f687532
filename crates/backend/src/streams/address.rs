//! Addresses of streams for clients that cannot send headers (`EventSource` in a browser). Such an
//! address holds a credential of its own: `<key id>.<hour>.<HMAC>`, over the id of the key, its
//! service and the hour. It opens streams of that service and nothing else, in that hour and the
//! next, for as long as the key itself is valid.

use crate::credentials::{self, Credential};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::store::{single, sql};
use crate::{Error, Result};
use nexus_domain::{Code, KeyId, Refusal, ServiceId};
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The address of the OFREP stream of the key's service: the same within an hour.
pub fn address(nexus: &Nexus, actor: &Actor) -> Result<String> {
    let Who::ServiceKey { id, service, .. } = actor.who else { return Err(Error::not_found()) };
    let hour = nexus.now().hour();
    let mac = hex::encode(mac(nexus, id, service, hour)?);
    let (origin, id) = (&nexus.settings.public_url, id.0.simple());
    Ok(format!("{origin}/ofrep/v1/stream?credential={id}.{hour}.{mac}"))
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
    let (key, hour, given) = parse(text).ok_or_else(refused)?;
    let now = nexus.now().hour();
    if hour != now && hour != now - 1 {
        return Err(refused().into());
    }
    let row: Option<(String, String, ServiceId)> = single!(nexus.db, |pool| {
        sqlx::query_as(sql!(
        "SELECT k.key_id, s.kind, s.id FROM service_keys k JOIN services s ON s.id = k.service_id WHERE k.id = $1"
    ))
    .bind(key)
    .fetch_optional(pool)
    .await
    })?;
    // An unknown key is compared like a known one.
    let service = row.as_ref().map_or(ServiceId(Uuid::nil()), |(_, _, service)| *service);
    let matches = bool::from(mac(nexus, key, service, hour)?.ct_eq(&given));
    let Some((key_id, kind, _)) = row.filter(|_| matches) else { return Err(refused().into()) };
    credentials::of_service_key(nexus, &key_id, &kind, ip).await?.ok_or_else(|| refused().into())
}

fn parse(text: &str) -> Option<(KeyId, i64, [u8; 32])> {
    let mut parts = text.split('.');
    let (id, hour, mac) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || hour.len() > 12 {
        return None;
    }
    let id = Uuid::try_parse(id).ok()?;
    Some((KeyId(id), hour.parse().ok()?, hex::decode(mac).ok()?.try_into().ok()?))
}
