//! The core schema of YAML 1.2.2 (10.3.2): what a word without quotes means, as JSON. Numbers keep the
//! digits that were written.

/// What a scalar is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Text,
    Null,
    /// A number or a boolean.
    Json(String),
    Infinite,
}

pub(super) fn word(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
        "true" | "True" | "TRUE" => return Meaning::Json("true".into()),
        "false" | "False" | "FALSE" => return Meaning::Json("false".into()),
        ".nan" | ".NaN" | ".NAN" => return Meaning::Infinite,
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Meaning::Infinite;
    }
    let based = [("0x", 16), ("0o", 8)].into_iter().find_map(|(prefix, base)| {
        let digits =
            text.strip_prefix(prefix).filter(|digits| digits.bytes().all(|b| b.is_ascii_alphanumeric()))?;
        u128::from_str_radix(digits, base).ok()
    });
    if let Some(number) = based {
        return Meaning::Json(number.to_string());
    }
    match decimal(unsigned) {
        Some(number) if text.starts_with('-') => Meaning::Json(format!("-{number}")),
        Some(number) => Meaning::Json(number),
        None => Meaning::Text,
    }
}

/// A number as JSON writes it, with the digits that were written: `.5` is `0.5`, `1.` is `1.0`.
fn decimal(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => text.split_at_checked(at)?,
        None => (text, ""),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let power = exponent.get(1..).unwrap_or_default();
    let power = power.strip_prefix(['-', '+']).unwrap_or(power);
    let is_number = digits(whole)
        && digits(fraction.unwrap_or_default())
        && !(whole.is_empty() && fraction.unwrap_or_default().is_empty())
        && digits(power)
        && exponent.is_empty() == power.is_empty();
    if !is_number {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let fraction = fraction.map(|digits| format!(".{}", if digits.is_empty() { "0" } else { digits }));
    Some(format!("{whole}{}{exponent}", fraction.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_the_core_schema_says() {
        for text in
            ["NO", "on", "y", "1_000", "2026-11-21", "1e", ".", "12:30", "0x", "0xg", "--1", "+", "1.2.3"]
        {
            assert_eq!(word(text), Meaning::Text, "{text}");
        }
        for (text, json) in [
            ("True", "true"),
            ("FALSE", "false"),
            ("1.50", "1.50"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("007", "7"),
            ("+1", "1"),
            ("-0", "-0"),
            ("-.5e3", "-0.5e3"),
            ("1.", "1.0"),
            ("1E+05", "1E+05"),
        ] {
            assert_eq!(word(text), Meaning::Json(json.into()), "{text}");
        }
        for text in ["", "~", "null", "Null"] {
            assert_eq!(word(text), Meaning::Null, "{text}");
        }
        for text in [".inf", "-.INF", "+.Inf", ".NaN"] {
            assert_eq!(word(text), Meaning::Infinite, "{text}");
        }
    }
}
