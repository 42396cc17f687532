//! Values on their way in: read from text or base64, checked, and kept where they are wiped.

use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_domain::secret::{MAX_FILE_BYTES, MAX_TEXT_BYTES, SecretType};
use nexus_domain::{Code, Refusal};
use zeroize::Zeroizing;

/// A value and its type. It has no `Debug`.
pub(crate) struct Value {
    pub kind: SecretType,
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Value {
    /// Reads a value from the two ways to send one. `usual` is the type when none is named.
    pub fn read(
        value: Option<String>,
        value_base64: Option<String>,
        kind: Option<SecretType>,
        usual: SecretType,
    ) -> Result<Self> {
        let (value, value_base64) = (value.map(Zeroizing::new), value_base64.map(Zeroizing::new));
        let kind =
            kind.unwrap_or(if value_base64.is_some() && value.is_none() { SecretType::File } else { usual });
        let bytes = match (value, value_base64) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("value", "Either value or value_base64, not both"));
            }
            (None, None) => return Err(Error::invalid("value", "A value is needed")),
            (Some(text), None) => Zeroizing::new(text.as_bytes().to_vec()),
            (None, Some(text)) => {
                let decoded = STANDARD.decode(text.as_bytes());
                Zeroizing::new(decoded.map_err(|_| Error::invalid("value_base64", "This is not base64"))?)
            }
        };
        let value = Self { kind, bytes };
        value.check()?;
        Ok(value)
    }

    pub fn text(text: &str) -> Result<Self> {
        Self::read(Some(text.to_owned()), None, Some(SecretType::Text), SecretType::Text)
    }

    /// A value of so many bytes in the place of one that is not opened, for what is undone again.
    pub fn stand_in(kind: SecretType, size: i64) -> Self {
        let size = usize::try_from(size).unwrap_or(0).min(MAX_FILE_BYTES);
        Self { kind, bytes: Zeroizing::new(vec![b'x'; size]) }
    }

    fn check(&self) -> Result<()> {
        let size = self.bytes.len();
        if size == 0 {
            return Err(Error::invalid("value", "A value is needed; an empty one is refused"));
        }
        let (limit, words) = match self.kind {
            SecretType::Text => (MAX_TEXT_BYTES, "A text is at most 64 KiB"),
            SecretType::File => (MAX_FILE_BYTES, "A file is at most 1 MiB"),
        };
        if size > limit {
            let message = format!("{words}; this has {size} bytes");
            return Err(Refusal::new(Code::TooLarge, message.clone()).with("value", message).into());
        }
        if self.kind == SecretType::Text {
            let text = std::str::from_utf8(&self.bytes)
                .map_err(|_| Error::invalid("value", "This is not text; store it as a file"))?;
            let stray = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
            if let Some(stray) = stray {
                let rule = format!(
                    "A text holds no control characters (U+{:04X} is one); store it as a file",
                    u32::from(stray)
                );
                return Err(Error::invalid("value", rule));
            }
        }
        Ok(())
    }

    pub fn size(&self) -> i64 {
        i64::try_from(self.bytes.len()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(value: Result<Value>) -> Refusal {
        value.err().expect("refused").refusal()
    }

    fn text(value: &str) -> Result<Value> {
        Value::read(Some(value.to_owned()), None, None, SecretType::Text)
    }

    #[test]
    fn a_text_of_64_kib_fits_and_one_byte_more_does_not() {
        assert!(text(&"a".repeat(MAX_TEXT_BYTES)).is_ok());
        assert_eq!(refusal(text(&"a".repeat(MAX_TEXT_BYTES + 1))).code, Code::TooLarge);
    }

    #[test]
    fn a_file_of_1_mib_fits_and_one_byte_more_does_not() {
        let file = |size| {
            Value::read(None, Some(STANDARD.encode(vec![0; size])), Some(SecretType::File), SecretType::Text)
        };
        assert!(file(MAX_FILE_BYTES).is_ok());
        assert_eq!(refusal(file(MAX_FILE_BYTES + 1)).code, Code::TooLarge);
    }

    #[test]
    fn empty_and_control_characters_are_refused_at_the_field_and_unicode_is_fine() {
        for bad in ["", "a\0b", "\u{1b}[31m", "\u{7f}"] {
            assert!(refusal(text(bad)).field("value").is_some(), "{bad:?}");
        }
        for good in ["ключ 🔑", "line\nline\r\n\ttab", " "] {
            assert!(text(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn one_way_to_send_a_value_and_base64_is_a_file_unless_said_otherwise() {
        assert!(Value::read(Some("a".into()), Some("YQ==".into()), None, SecretType::Text).is_err());
        assert!(Value::read(None, None, None, SecretType::Text).is_err());
        assert!(Value::read(None, Some("not base64!".into()), None, SecretType::Text).is_err());
        let file = Value::read(None, Some("AAE=".into()), None, SecretType::Text);
        assert!(file.is_ok_and(|file| (file.kind, file.size()) == (SecretType::File, 2)));
    }
}
