//! Codes of an authenticator app (TOTP, RFC 6238): SHA-1, six digits, half a minute, and one step of
//! grace on either side. The secret is sealed and bound to its person. A step is good once: the last
//! one that was taken is remembered, and only a later one is taken.

use super::letters::News;
use super::{FIELD, Opened, Seqs, after_removal, email_of, may_change, recovery, saw, tell};
use crate::crypto::Aad;
use crate::nexus::Nexus;
use crate::store::{Tx, on, single, sql};
use crate::{Error, Result, crypto};
use nexus_domain::factor::{NewTotp, RecoveryCodes, Typed, read_code};
use nexus_domain::{Code, Refusal, Timestamp, UserId, timestamp};
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write as _;
use std::net::IpAddr;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

/// The time between seeing a new secret and giving the first code.
pub(super) const SET_UP_LIFE: i64 = 30 * timestamp::MINUTE;

/// RFC 4226 recommends 160 bits.
type SecretBytes = [u8; 20];

/// Seconds in a step (RFC 6238).
const STEP: i64 = 30;
/// How far a clock is looked for that is off, in steps: a little more than a day, for the wrong time
/// zone in every direction.
const CLOCK_OFF: i64 = 26 * 120;

fn codes(secret: &SecretBytes) -> Totp {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_skew(1)
        .with_secret(Secret::new_stack(*secret))
        .build_noncompliant()
}

/// The step whose code this is, at most one away from `now`.
fn matching_step(secret: &SecretBytes, digits: &str, now: Timestamp) -> Option<i64> {
    let seconds = u64::try_from(now.0 / timestamp::SECOND).ok()?;
    codes(secret).check(digits, seconds).and_then(|step| i64::try_from(step).ok())
}

fn aad(user: UserId) -> Aad {
    Aad::new("nexus/totp/v1").id(user.0)
}

fn unseal(nexus: &Nexus, user: UserId, sealed: &[u8]) -> Result<Zeroizing<SecretBytes>> {
    let bytes = nexus.keyring.open_for_people(&aad(user), sealed)?;
    let bytes = SecretBytes::try_from(bytes.as_slice());
    bytes.map(Zeroizing::new).map_err(|_| Error::Impossible("a TOTP secret of another length"))
}

/// Since when a person's app makes codes.
pub(super) async fn since(nexus: &Nexus, user: UserId) -> Result<Option<Timestamp>> {
    let row: Option<(Timestamp,)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT created_at FROM totp_secrets WHERE user_id = $1 AND active"
    ))
    .bind(user)
    .fetch_optional(pool)
    .await)?;
    Ok(row.map(|(at,)| at))
}

async fn stored(nexus: &Nexus, user: UserId, active: bool) -> Result<Option<(Vec<u8>, Timestamp)>> {
    Ok(single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT sealed, created_at FROM totp_secrets WHERE user_id = $1 AND active = $2"
    ))
    .bind(user)
    .bind(active)
    .fetch_optional(pool)
    .await)?)
}

/// The step of a code that is right at this moment. It is not consumed yet.
pub(super) async fn step_of(nexus: &Nexus, user: UserId, digits: &str) -> Result<Option<i64>> {
    let Some((sealed, _)) = stored(nexus, user, true).await? else { return Ok(None) };
    let secret = unseal(nexus, user, &sealed)?;
    Ok(matching_step(&secret, digits, nexus.now()))
}

/// Consumes a step; `false` when it, or a later one, was taken before.
pub(super) async fn take(tx: &mut Tx, user: UserId, step: i64) -> Result<bool> {
    let rows = on!(*tx, |c| sqlx::query(sql!(
        "UPDATE totp_secrets SET last_step = $2 WHERE user_id = $1 AND active AND last_step < $2"
    ))
    .bind(user)
    .bind(step)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Makes a secret for an app. It counts from the first right code on; until then the one before does.
pub async fn begin(nexus: &Nexus, opened: Opened, ip: IpAddr) -> Result<NewTotp> {
    nexus.limits.request(ip, nexus.now()).await?;
    may_change(nexus, opened).await?;
    let (user, now) = (opened.user, nexus.now());
    let email = email_of(nexus, user).await?;
    let secret: Zeroizing<SecretBytes> = Zeroizing::new(crypto::random(nexus.keyring.random())?);
    let sealed = nexus.keyring.seal_for_people(&aad(user), secret.as_slice())?;
    nexus
        .write(move |tx| {
            Box::pin(async move {
                on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO totp_secrets (user_id, active, sealed, last_step, created_at)
                     VALUES ($1, FALSE, $2, 0, $3)
                     ON CONFLICT (user_id, active) DO UPDATE SET sealed = $2, last_step = 0, created_at = $3"
                ))
                .bind(user)
                .bind(sealed)
                .bind(now)
                .execute(c)
                .await
                .map(|_| ()))?;
                Ok(())
            })
        })
        .await?;
    shown_once(&secret, &email)
}

/// Makes the new secret the one that counts, when the code is right; answers with recovery codes where
/// the person has none yet.
pub async fn activate(nexus: &Nexus, opened: Opened, code: &str, ip: IpAddr) -> Result<RecoveryCodes> {
    let begun = nexus.now();
    nexus.limits.request(ip, begun).await?;
    may_change(nexus, opened).await?;
    let user = opened.user;
    let email = email_of(nexus, user).await?;
    nexus.limits.attempt(ip, &email, begun).await?;
    let (sealed, made) = stored(nexus, user, false).await?.ok_or_else(nothing_to_activate)?;
    if begun.0 - made.0 > SET_UP_LIFE {
        return Err(nothing_to_activate());
    }
    let secret = unseal(nexus, user, &sealed)?;
    let Some(Typed::OneTime(digits)) = read_code(code) else {
        return Err(Error::invalid(FIELD, "The six digits that the app shows"));
    };
    let step = matching_step(&secret, &digits, begun)
        .ok_or_else(|| Error::invalid(FIELD, why_wrong(&secret, &digits, begun)))?;
    let handle = nexus.clone();
    let (codes, seqs): (RecoveryCodes, Seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                make_active(tx, user, &sealed, step).await?;
                let codes = recovery::make_first(&handle, tx, user, begun).await?;
                let seqs = tell(&handle, tx, user, &News::TotpAdded, ip, begun).await?;
                Ok((codes, seqs))
            })
        })
        .await?;
    saw(nexus, seqs);
    nexus.limits.succeeded(ip, &email, begun, nexus.now()).await?;
    Ok(codes)
}

fn nothing_to_activate() -> Error {
    Refusal::new(Code::Conflict, "This QR code is over, or another one took its place; begin again").into()
}

/// Exactly the secret whose code was checked: another one may have been begun meanwhile.
async fn make_active(tx: &mut Tx, user: UserId, sealed: &[u8], step: i64) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM totp_secrets WHERE user_id = $1 AND active"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    let rows = on!(*tx, |c| {
        sqlx::query(sql!(
        "UPDATE totp_secrets SET active = TRUE, last_step = $3 WHERE user_id = $1 AND NOT active AND sealed = $2"
    ))
    .bind(user)
    .bind(sealed)
    .bind(step)
    .execute(c)
    .await
    .map(|done| done.rows_affected())
    })?;
    if rows == 1 { Ok(()) } else { Err(nothing_to_activate()) }
}

/// Why the first code does not fit. Only here, where the person sees the secret anyway: later an answer
/// that tells of other times would help those who guess.
fn why_wrong(secret: &SecretBytes, digits: &str, now: Timestamp) -> String {
    let codes = codes(secret);
    let current = now.0 / timestamp::SECOND / STEP;
    let is_of = |step: i64| {
        u64::try_from(step.saturating_mul(STEP)).is_ok_and(|at| codes.generate(at).to_string() == digits)
    };
    let off = (2..=CLOCK_OFF).find_map(|away| match (is_of(current + away), is_of(current - away)) {
        (true, _) => Some((away, "ahead")),
        (_, true) => Some((away, "behind")),
        _ => None,
    });
    match off {
        Some((away, direction)) => format!(
            "This is a code of another time: the clock of your device is about {} {direction}. Let it set the time by itself, and try the next code",
            in_words(away * STEP)
        ),
        None => "This code does not fit. Scan the QR code once more, or type the code that the app shows now"
            .to_owned(),
    }
}

fn in_words(seconds: i64) -> String {
    let minutes = (seconds + 30) / 60;
    match minutes {
        ..=1 => "a minute".to_owned(),
        2..=89 => format!("{minutes} minutes"),
        _ => format!("{} hours", (minutes + 30) / 60),
    }
}

/// Takes the app away.
pub async fn remove(nexus: &Nexus, opened: Opened, ip: IpAddr) -> Result<()> {
    may_change(nexus, opened).await?;
    let (handle, user, now) = (nexus.clone(), opened.user, nexus.now());
    let seqs = nexus
        .write(move |tx| {
            Box::pin(async move {
                if !delete(tx, user).await? {
                    return Err(Error::not_found());
                }
                after_removal(tx, user).await?;
                tell(&handle, tx, user, &News::TotpRemoved, ip, now).await
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(())
}

/// `false` when no app was active.
pub(super) async fn delete(tx: &mut Tx, user: UserId) -> Result<bool> {
    let active: Vec<(bool,)> =
        on!(*tx, |c| sqlx::query_as(sql!("DELETE FROM totp_secrets WHERE user_id = $1 RETURNING active"))
            .bind(user)
            .fetch_all(c)
            .await)?;
    Ok(active.into_iter().any(|(active,)| active))
}

/// The secret in the three ways in which an app takes it: as text, as a link, and as a picture of it.
fn shown_once(secret: &SecretBytes, email: &str) -> Result<NewTotp> {
    let secret = base32(secret);
    let account: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    let link = format!(
        "otpauth://totp/Nexus:{account}?secret={secret}&issuer=Nexus&algorithm=SHA1&digits=6&period=30"
    );
    let qr = QrCode::encode_text(&link, QrCodeEcc::Medium)
        .map_err(|_| Error::Impossible("an otpauth link too long for a QR code"))?;
    let (qr_path, qr_size) = drawn(&qr);
    Ok(NewTotp { secret, link, qr_path, qr_size })
}

/// The margin that a reader needs around a QR code, in squares.
const QUIET: i32 = 4;

/// One path: a run of dark squares in a row is one rectangle.
fn drawn(qr: &QrCode) -> (String, u32) {
    let mut path = String::new();
    for y in 0..qr.size() {
        let mut x = 0;
        while x < qr.size() {
            let from = x;
            while x < qr.size() && qr.get_module(x, y) {
                x += 1;
            }
            if x > from {
                let (left, top, wide) = (from + QUIET, y + QUIET, x - from);
                // Writing into a string cannot fail.
                let _never = write!(path, "M{left} {top}h{wide}v1h-{wide}z");
            }
            x += 1;
        }
    }
    (path, u32::try_from(qr.size() + 2 * QUIET).unwrap_or(0))
}

/// Base32 (RFC 4648) of 20 bytes, which need no padding.
fn base32(bytes: &SecretBytes) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let bits = five.iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        for place in (0..8).rev() {
            let index = usize::try_from((bits >> (place * 5)) & 31).unwrap_or_default();
            text.extend(ALPHABET.get(index).copied().map(char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const RFC: &SecretBytes = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * timestamp::SECOND)
    }

    /// The table has eight digits; six are the last six of them.
    #[test]
    fn the_test_vectors_of_rfc_6238() {
        for (seconds, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(matching_step(RFC, digits, at(seconds)), Some(seconds / STEP), "{seconds}");
        }
    }

    #[test]
    fn one_step_of_grace_on_either_side_and_no_more() {
        let digits = "005924";
        let step = 1_234_567_890 / STEP;
        for away in [-1, 0, 1] {
            assert_eq!(matching_step(RFC, digits, at((step + away) * STEP)), Some(step), "{away}");
        }
        for away in [-2, 2] {
            assert_eq!(matching_step(RFC, digits, at((step + away) * STEP)), None, "{away}");
        }
    }

    #[test]
    fn a_clock_that_is_an_hour_off_is_told_so() {
        let now = 1_234_567_890;
        assert_eq!(matching_step(RFC, "005924", at(now + 3600)), None);
        assert!(why_wrong(RFC, "005924", at(now - 3600)).contains("about 60 minutes ahead"));
        assert!(why_wrong(RFC, "005924", at(now + 3600)).contains("about 60 minutes behind"));
        assert!(why_wrong(RFC, "005924", at(now + 5 * 3600)).contains("about 5 hours behind"));
        assert!(why_wrong(RFC, "000000", at(now)).contains("does not fit"));
    }

    #[test]
    fn a_secret_is_written_like_rfc_4648_says() {
        assert_eq!(base32(RFC), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn the_link_names_the_account_and_the_picture_has_a_margin() {
        let new = shown_once(RFC, "ana+x@acme.test").expect("a link");
        assert!(
            new.link.starts_with("otpauth://totp/Nexus:ana%2Bx%40acme.test?secret=GEZDGNBV"),
            "{}",
            new.link
        );
        assert!(new.link.ends_with("&issuer=Nexus&algorithm=SHA1&digits=6&period=30"));
        // The finder pattern in the first corner: seven dark squares, behind the margin.
        assert!(new.qr_path.starts_with("M4 4h7v1h-7z"), "{}", new.qr_path);
        assert!(new.qr_size > 2 * 4 + 21);
    }
}
