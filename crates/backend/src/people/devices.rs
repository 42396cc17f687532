//! Devices that a person has signed in from. A sign-in from one that was not seen before is told to the
//! person by mail. A device is a browser on a system in a network, which is coarse on purpose: an update
//! or a new address in the same network is no news. What is kept of it is a MAC.

use super::notices;
use super::sessions::Around;
use crate::nexus::Nexus;
use crate::store::{Tx, on, sql};
use crate::{Result, mail};
use nexus_domain::{Timestamp, UserId, device, timestamp};
use std::net::IpAddr;

/// A device that was not seen for so long is forgotten.
const REMEMBERED: i64 = 400 * timestamp::DAY_MICROS;

/// Notes that somebody signed in; the person is told when that is a device which was not seen before. The
/// very first one is no news: the person has just made the account with it.
pub(super) async fn greet(
    nexus: &Nexus,
    tx: &mut Tx,
    user: UserId,
    around: &Around,
    now: Timestamp,
) -> Result<()> {
    let Some(ip) = around.ip else { return Ok(()) };
    let words = device::in_words(around.user_agent.as_deref().unwrap_or_default());
    let mark = nexus.keyring.mac("device", format!("{user} {} {words}", network(ip)).as_bytes())?;
    let known: Vec<(Vec<u8>,)> =
        on!(*tx, |c| sqlx::query_as(sql!("SELECT mark FROM known_devices WHERE user_id = $1"))
            .bind(user)
            .fetch_all(c)
            .await)?;
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO known_devices (user_id, mark, seen_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, mark) DO UPDATE SET seen_at = excluded.seen_at"
    ))
    .bind(user)
    .bind(mark.as_slice())
    .bind(now)
    .execute(c)
    .await
    .map(|_| ()))?;
    let is_news = !known.is_empty() && !known.iter().any(|(seen,)| seen.as_slice() == mark.as_slice());
    let row: Option<(String,)> = match is_news {
        true => on!(*tx, |c| sqlx::query_as(sql!("SELECT email FROM users WHERE id = $1"))
            .bind(user)
            .fetch_optional(c)
            .await)?,
        false => None,
    };
    if let Some((email,)) = row {
        let mail = notices::new_device(nexus, &email, &words, ip, now);
        mail::queue(nexus, tx, &mail, now).await?;
    }
    Ok(())
}

/// Forgets devices that were not seen for long.
pub(super) async fn forget(tx: &mut Tx, now: Timestamp) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM known_devices WHERE seen_at <= $1"))
        .bind(now.plus(-REMEMBERED))
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Where an address is, as coarse as providers hand them out: the first two bytes of an IPv4 address, the
/// first /32 of an IPv6 one.
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            format!("{a}.{b}")
        }
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            format!("{a:x}:{b:x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_in_one_network() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.77.9"));
        assert_ne!(of("192.0.2.1"), of("192.1.2.1"));
        assert_eq!(of("2001:db8:1::1"), of("2001:db8:2::9"));
        assert_ne!(of("2001:db8::1"), of("2001:db9::1"));
    }
}
