//! Second factors as they travel: what a person has set up, what is shown once, and how a code is read
//! however it was typed.

use crate::{PasskeyId, Timestamp};
use serde::{Deserialize, Serialize};

/// How many recovery codes make a set.
pub const RECOVERY_CODES: usize = 10;
/// Digits of a one-time code.
pub const CODE_DIGITS: usize = 6;
/// Characters of a recovery code, without the dash that is shown in the middle.
pub const RECOVERY_CHARS: usize = 12;
/// The alphabet of recovery codes (Crockford): no character looks like another one.
pub const RECOVERY_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What a person has set up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Factors {
    /// Since when an authenticator app makes codes, where one does.
    pub totp_since: Option<Timestamp>,
    pub recovery_codes_left: u32,
    pub passkeys: Vec<PasskeyRow>,
    pub has_password: bool,
    /// Why passkeys do not work on this instance, where they do not.
    pub no_passkeys: Option<String>,
}

impl Factors {
    pub const fn has_second_factor(&self) -> bool {
        self.totp_since.is_some() || !self.passkeys.is_empty()
    }

    /// Whether there is a passkey, and this instance can ask it.
    pub const fn passkeys_work(&self) -> bool {
        !self.passkeys.is_empty() && self.no_passkeys.is_none()
    }
}

/// A passkey as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PasskeyRow {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// A new secret for an authenticator app: shown once, active after the first right code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTotp {
    /// In base32, for typing.
    pub secret: String,
    /// `otpauth://…`, for an app on the same device.
    pub link: String,
    /// The same link as a QR code: the path of an SVG…
    pub qr_path: String,
    /// …and how many squares it is wide, margin included.
    pub qr_size: u32,
}

/// Never in a log.
impl std::fmt::Debug for NewTotp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewTotp([redacted])")
    }
}

/// What is shown once after a factor was added or a new set was made; empty where the old set stays.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes(pub Vec<String>);

/// Never in a log.
impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodes([redacted])")
    }
}

/// A question to a passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Names the question, for one answer.
    pub token: String,
    /// What the browser hands to the passkey, as JSON (WebAuthn, `parse…OptionsFromJSON`).
    pub options: String,
}

/// What somebody who has to take the second step may take it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondStepWays {
    pub totp: bool,
    pub passkey: bool,
    pub recovery_code: bool,
}

/// What a tenant requires of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    pub required: bool,
    /// How many members have no second factor of their own.
    pub members_without: u32,
}

/// A code that was typed.
#[derive(Clone, PartialEq, Eq)]
pub enum Typed {
    /// Six digits of an authenticator app.
    OneTime(String),
    /// A recovery code, folded to how it is stored.
    Recovery(String),
}

/// Reads a code however it was typed: with spaces or dashes, in full-width characters, in capitals,
/// or with letters that look like a digit. `None` where it is none.
pub fn read_code(text: &str) -> Option<Typed> {
    let mut folded = String::new();
    for c in text.chars() {
        match c {
            c if c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–' | '—' | '−' | '－' | '\u{200b}') =>
                {}
            c => folded.push(half_width(c).to_ascii_lowercase()),
        }
        // Longer than anything that is taken.
        if folded.len() > 64 {
            return None;
        }
    }
    if folded.len() == CODE_DIGITS && folded.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Typed::OneTime(folded));
    }
    let folded: String = folded
        .chars()
        .map(|c| match c {
            'i' | 'l' => '1',
            'o' => '0',
            c => c,
        })
        .collect();
    let fits = folded.len() == RECOVERY_CHARS && folded.bytes().all(|byte| RECOVERY_ALPHABET.contains(&byte));
    fits.then_some(Typed::Recovery(folded))
}

/// The full-width forms of ASCII (U+FF01 to U+FF5E) as themselves.
fn half_width(c: char) -> char {
    match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// A recovery code as it is shown.
pub fn shown(code: &str) -> String {
    let (front, back) = code.split_at_checked(RECOVERY_CHARS / 2).unwrap_or((code, ""));
    format!("{front}-{back}")
}

/// Checks the name of a passkey.
pub fn check_passkey_name(name: &str) -> Result<String, crate::Refusal> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 60 || crate::slug::has_control(name) {
        return Err(crate::Refusal::invalid("name", "1 to 60 characters, so that you know it again"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_one_time_code_is_read_however_it_was_typed() {
        for typed in ["123456", " 123 456 ", "123-456", "１２３４５６", "１２３　４５６", "1 2 3 4 5 6\n"]
        {
            assert!(read_code(typed) == Some(Typed::OneTime("123456".into())), "{typed:?}");
        }
    }

    #[test]
    fn a_recovery_code_is_read_with_and_without_its_dash_and_in_capitals() {
        for typed in ["k3f9q0-7mx2d1", "K3F9QO-7MX2DL", "k3f9q07mx2di", "K3F9Q0 7MX2D1", "k3f9q0–7mx2d1"] {
            assert!(read_code(typed) == Some(Typed::Recovery("k3f9q07mx2d1".into())), "{typed:?}");
        }
        assert_eq!(shown("k3f9q07mx2d1"), "k3f9q0-7mx2d1");
    }

    #[test]
    fn anything_else_is_no_code() {
        let long = "1".repeat(10_000);
        for typed in
            ["", "12345", "1234567", "abc", "k3f9q0-7mx2d", "k3f9q0-7mx2du", "₁₂₃₄₅₆", "१२३४५६", &long]
        {
            assert!(read_code(typed).is_none(), "{typed:?}");
        }
    }

    #[test]
    fn what_is_shown_once_is_in_no_log() {
        let codes = format!("{:?}", RecoveryCodes(vec!["k3f9q0-7mx2d1".into()]));
        let (secret, link, qr_path) = ("JBSWY3DP".into(), "otpauth://JBSWY3DP".into(), "M0 0h7".into());
        let totp = format!("{:?}", NewTotp { secret, link, qr_path, qr_size: 33 });
        assert!(!codes.contains("k3f9") && !totp.contains("JBSW") && !totp.contains("M0"));
    }

    #[test]
    fn a_passkey_has_a_name_that_fits_a_row() {
        assert_eq!(check_passkey_name(" Laptop ").expect("fine"), "Laptop");
        for name in ["", "  ", "a\nb", &"x".repeat(61)] {
            assert!(check_passkey_name(name).is_err(), "{name:?}");
        }
    }
}
