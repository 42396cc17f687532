//! Moments in time: microseconds since the Unix epoch in the database and in memory, RFC 3339 in
//! UTC with microseconds on the wire. Text timestamps sort wrongly, so they are never stored.

use crate::civil::{self, Civil};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "sql", derive(sqlx::Type), sqlx(transparent))]
pub struct Timestamp(pub i64);

pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY_MICROS: i64 = 24 * HOUR;

impl Timestamp {
    /// This moment moved by `micros` (negative for the past); saturates at the ends of the range.
    #[must_use]
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// The number of whole minutes since the epoch: the window of limits and of counted denials.
    pub const fn minute(self) -> i64 {
        self.0.div_euclid(MINUTE)
    }

    /// The number of whole hours since the epoch: the window of counted reads.
    pub const fn hour(self) -> i64 {
        self.0.div_euclid(HOUR)
    }

    fn utc(self) -> Civil {
        Civil::of(self.0.clamp(MIN, MAX))
    }

    /// `2026-11-21T08:00:00.000000Z`
    pub fn rfc3339(self) -> String {
        self.utc().rfc3339()
    }

    /// `21 Nov 2026, 08:00:00 UTC`: what stands in the tooltip of a relative time.
    pub fn exact(self) -> String {
        self.utc().exact()
    }

    /// How long ago, in the words a person would use: `just now`, `4 min ago`, `yesterday`,
    /// `12 May 2026`.
    pub fn relative(self, now: Self) -> String {
        let ago = now.0.saturating_sub(self.0);
        match ago {
            ..45_000_000 => "just now".to_owned(),
            _ if ago < HOUR => format!("{} min ago", (ago / MINUTE).max(1)),
            _ if ago < DAY_MICROS => format!("{} h ago", ago / HOUR),
            _ if ago < 2 * DAY_MICROS => "yesterday".to_owned(),
            _ if ago < 14 * DAY_MICROS => format!("{} days ago", ago / DAY_MICROS),
            _ => self.utc().day(),
        }
    }

    /// How long until this moment, as a person would say it: `in 23 h`, `in 29 days`.
    pub fn until(self, now: Self) -> String {
        let left = self.0.saturating_sub(now.0);
        match left {
            ..=0 => "now".to_owned(),
            _ if left < HOUR => format!("in {} min", (left / MINUTE).max(1)),
            _ if left < 2 * DAY_MICROS => format!("in {} h", left / HOUR),
            // To the nearest: what was given for three days is not called two a moment later.
            _ => format!("in {} days", left.saturating_add(DAY_MICROS / 2) / DAY_MICROS),
        }
    }

    /// Reads any RFC 3339 time, or a plain date (midnight UTC).
    pub fn parse(text: &str) -> Option<Self> {
        let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        civil::parse(&full).map(Self)
    }
}

// The years 0001 to 9999: those that have four digits.
const MIN: i64 = -62_135_596_800 * SECOND;
const MAX: i64 = 253_402_300_799 * SECOND;

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use super::Timestamp;
    use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, SchemaType, Type};
    use utoipa::openapi::{KnownFormat, RefOr, Schema};

    impl utoipa::ToSchema for Timestamp {}
    impl utoipa::PartialSchema for Timestamp {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::String))
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_wire_form_reads_back_as_the_same_moment(micros in MIN..MAX) {
            prop_assert_eq!(Timestamp::parse(&Timestamp(micros).rfc3339()), Some(Timestamp(micros)));
        }

        #[test]
        fn wire_forms_sort_like_moments(a in 0..MAX, b in 0..MAX) {
            prop_assert_eq!(a.cmp(&b), Timestamp(a).rfc3339().cmp(&Timestamp(b).rfc3339()));
        }

        #[test]
        fn no_moment_panics(a: i64, b: i64) {
            let (a, b) = (Timestamp(a), Timestamp(b));
            let _ = (a.rfc3339(), a.exact(), a.relative(b), a.until(b));
        }
    }

    #[test]
    fn relative_times_use_everyday_words() {
        let now = Timestamp(1_800_000_000 * SECOND);
        assert_eq!(now.plus(-10 * SECOND).relative(now), "just now");
        assert_eq!(now.plus(-4 * MINUTE).relative(now), "4 min ago");
        assert_eq!(now.plus(-25 * HOUR).relative(now), "yesterday");
        assert_eq!(now.plus(-40 * DAY_MICROS).relative(now), "6 Dec 2026");
        assert_eq!(now.plus(24 * HOUR).until(now), "in 24 h");
        assert_eq!(now.plus(72 * HOUR - MINUTE).until(now), "in 3 days");
    }
}
