//! A percentage in steps of 0.001 %: a number like `12.5` on the wire, thousandths in memory, so
//! that no rounding decides who is inside.

use super::BUCKETS;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// From 0 to 100 %, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Percentage(u32);

const RULE: &str = "a percentage is a number from 0 to 100 with at most 3 decimals, like 12.5";

impl Percentage {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(BUCKETS);

    /// From thousandths of a percent: 12,500 is 12.5 %.
    pub const fn from_thousandths(thousandths: u32) -> Option<Self> {
        if thousandths <= BUCKETS { Some(Self(thousandths)) } else { None }
    }

    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// Whether somebody in this bucket is inside. A larger percentage keeps all who were.
    pub const fn holds(self, bucket: u32) -> bool {
        bucket < self.0
    }

    /// Reads what people type into a form: `25`, `12.5`, `0.001 %`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix('%').unwrap_or(text).trim_end();
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 3 {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let decimals: u32 = format!("{decimals:0<3}").parse().ok()?;
        Self::from_thousandths(whole.checked_mul(1000)?.checked_add(decimals)?)
    }

    fn from_number(number: f64) -> Option<Self> {
        if !(0.0..=100.0).contains(&number) {
            return None;
        }
        // Within the range, so the cast loses nothing but what the comparison then finds.
        let percentage = Self((number * 1000.0).round() as u32);
        (percentage.number() == number).then_some(percentage)
    }

    fn number(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// `12.5`, without a sign for percent.
impl std::fmt::Display for Percentage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, decimals) = (self.0 / 1000, self.0 % 1000);
        if decimals == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{decimals:03}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl Serialize for Percentage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            serializer.serialize_u32(self.0 / 1000)
        } else {
            serializer.serialize_f64(self.number())
        }
    }
}

impl<'de> Deserialize<'de> for Percentage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::from_number(number).ok_or_else(|| de::Error::custom(RULE))
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use super::{Percentage, RULE};
    use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
    use utoipa::openapi::{RefOr, Schema};

    impl utoipa::ToSchema for Percentage {}
    impl utoipa::PartialSchema for Percentage {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::Number))
                .minimum(Some(0))
                .maximum(Some(100))
                .description(Some(RULE))
                .into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_reads_back_as_itself() {
        for thousandths in 0..=BUCKETS {
            let percentage = Percentage::from_thousandths(thousandths).expect("in range");
            let wire = serde_json::to_string(&percentage).expect("JSON");
            assert_eq!(wire, percentage.to_string());
            assert_eq!(serde_json::from_str::<Percentage>(&wire).expect("reads back"), percentage);
            assert_eq!(Percentage::parse(&wire), Some(percentage));
        }
    }

    #[test]
    fn what_is_no_percentage_is_refused() {
        for wire in [
            "-0.001", "-1", "100.001", "101", "1e300", "0.0001", "33.3333", "NaN", "null", "\"50\"", "true",
            "[50]", "1e400",
        ] {
            assert!(serde_json::from_str::<Percentage>(wire).is_err(), "{wire}");
        }
        for typed in ["", "%", "-1", "100.001", "1.", ".5", "0.0001", "NaN", "1e1", "４", "99999999999"] {
            assert_eq!(Percentage::parse(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn other_ways_of_writing_the_same_number_are_the_same_percentage() {
        for wire in ["12.5", "12.500", "1.25e1", "125e-1"] {
            assert_eq!(
                serde_json::from_str::<Percentage>(wire).expect("reads"),
                Percentage(12_500),
                "{wire}"
            );
        }
        assert_eq!(Percentage::parse(" 12.5 % "), Some(Percentage(12_500)));
        assert_eq!(serde_json::from_str::<Percentage>("-0.0").expect("reads"), Percentage::NONE);
    }
}
