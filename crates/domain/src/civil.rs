//! The Gregorian calendar and the RFC 3339 form of a moment. Small, because browsers load it too,
//! and compared with the library `time` by its tests.

const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;
/// In 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: i64 = 146_097;
/// From 0000-03-01, where eras begin, to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment in UTC, taken apart.
pub(crate) struct Civil {
    year: i64,
    month: i64,
    day: i64,
    /// Of the day, in microseconds.
    time: i64,
}

impl Civil {
    /// From microseconds since 1970.
    pub fn of(micros: i64) -> Self {
        let (year, month, day) = date(micros.div_euclid(DAY));
        Self { year, month, day, time: micros.rem_euclid(DAY) }
    }

    /// `2026-11-21T08:00:00.000000Z`
    pub fn rfc3339(&self) -> String {
        let mut text = String::with_capacity(27);
        put(&mut text, self.year, 4);
        text.push('-');
        put(&mut text, self.month, 2);
        text.push('-');
        put(&mut text, self.day, 2);
        text.push('T');
        self.put_clock(&mut text);
        text.push('.');
        put(&mut text, self.time % SECOND, 6);
        text.push('Z');
        text
    }

    /// `21 Nov 2026`
    pub fn day(&self) -> String {
        let mut text = String::with_capacity(11);
        put(&mut text, self.day, if self.day < 10 { 1 } else { 2 });
        text.push(' ');
        let month = usize::try_from(self.month - 1).ok().and_then(|month| MONTHS.get(month));
        text.push_str(month.copied().unwrap_or_default());
        text.push(' ');
        put(&mut text, self.year, 4);
        text
    }

    /// `21 Nov 2026, 08:00:00 UTC`
    pub fn exact(&self) -> String {
        let mut text = self.day();
        text.push_str(", ");
        self.put_clock(&mut text);
        text.push_str(" UTC");
        text
    }

    fn put_clock(&self, text: &mut String) {
        let seconds = self.time / SECOND;
        put(text, seconds / 3600, 2);
        text.push(':');
        put(text, seconds / 60 % 60, 2);
        text.push(':');
        put(text, seconds % 60, 2);
    }
}

/// The last `digits` of a number, with zeros in front.
fn put(text: &mut String, number: i64, digits: u32) {
    for position in (0..digits).rev() {
        let digit = number.unsigned_abs() / 10_u64.pow(position) % 10;
        text.push(char::from(b'0' + digit as u8));
    }
}

/// Year, month and day from days since 1970. Years begin in March here, so that the day that comes
/// every fourth year is the last one.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_EPOCH;
    let (era, day) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// Days since 1970; `None` for a day that the calendar does not have.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let shifted = year - i64::from(month <= 2);
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let days = era * DAYS_OF_ERA + of_era - DAYS_TO_EPOCH;
    (date(days) == (year, month, day)).then_some(days)
}

/// Microseconds since 1970 of an RFC 3339 time, with any offset and any number of digits behind
/// the seconds; what is smaller than a microsecond is dropped.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let mut input = Input(text.as_bytes());
    let year = input.number(4)?;
    input.one_of(b"-")?;
    let month = input.number(2)?;
    input.one_of(b"-")?;
    let day = input.number(2)?;
    input.one_of(b"Tt ")?;
    let hour = input.number(2).filter(|hour| *hour < 24)?;
    input.one_of(b":")?;
    let minute = input.number(2).filter(|minute| *minute < 60)?;
    input.one_of(b":")?;
    let second = input.number(2).filter(|second| *second <= 60)?;
    let micros = if input.one_of(b".").is_some() { input.fraction()? } else { 0 };
    let offset = match input.one_of(b"Zz+-")? {
        sign @ (b'+' | b'-') => {
            let hours = input.number(2).filter(|hours| *hours < 24)?;
            input.one_of(b":")?;
            let minutes = input.number(2).filter(|minutes| *minutes < 60)?;
            let offset = hours * 60 + minutes;
            if sign == b'-' { -offset } else { offset }
        }
        _ => 0,
    };
    if !input.0.is_empty() {
        return None;
    }
    let minutes = days(year, month, day)? * 1440 + hour * 60 + minute - offset;
    if second < 60 {
        return Some((minutes * 60 + second) * SECOND + micros);
    }
    // A leap second, which clocks here do not have: the end of the second before it.
    let next = (minutes + 1) * 60 * SECOND;
    let is_end_of_month = next.rem_euclid(DAY) == 0 && date(next.div_euclid(DAY)).2 == 1;
    is_end_of_month.then_some(next - 1)
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        if !wanted.contains(first) {
            return None;
        }
        self.0 = rest;
        Some(*first)
    }

    fn digit(&mut self) -> Option<i64> {
        self.one_of(b"0123456789").map(|digit| i64::from(digit - b'0'))
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    fn fraction(&mut self) -> Option<i64> {
        let mut worth = SECOND / 10;
        let mut micros = self.digit()? * worth;
        while let Some(digit) = self.digit() {
            worth /= 10;
            micros += digit * worth;
        }
        Some(micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::format_description::{FormatItem, well_known::Rfc3339};
    use time::macros::format_description;
    use time::{Duration, OffsetDateTime};

    const WIRE: &[FormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    const EXACT: &[FormatItem<'_>] =
        format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC");

    fn library(text: &str) -> Option<i64> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).ok()
    }

    proptest! {
        #[test]
        fn moments_are_written_like_the_library_writes_them(micros in -62_135_596_800_000_000..253_402_300_799_999_999_i64) {
            let at = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(micros);
            let civil = Civil::of(micros);
            prop_assert_eq!(civil.rfc3339(), at.format(WIRE).expect("a year with four digits"));
            prop_assert_eq!(civil.exact(), at.format(EXACT).expect("a year with four digits"));
        }

        #[test]
        fn times_are_read_like_the_library_reads_them(
            text in r"[0-9]{3}[0-9]-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,12})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])"
        ) {
            prop_assert_eq!(parse(&text), library(&text), "{}", text);
        }

        #[test]
        fn seconds_before_a_new_month_may_leap(year in 0..9999_i32, month in 1..12_u8, hour in 0..24, offset in "[+-](0[0-9]|1[0-4]):(00|30)") {
            let last = time::util::days_in_month(time::Month::try_from(month).expect("a month"), year);
            for day in [last, 1] {
                let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:59:60.5{offset}");
                prop_assert_eq!(parse(&text), library(&text), "{}", text);
            }
            let text = format!("{year:04}-{month:02}-{last:02}T23:59:60Z");
            prop_assert!(parse(&text).is_some());
            prop_assert_eq!(parse(&text), library(&text), "{}", text);
        }

        #[test]
        fn what_is_no_time_is_not_read(text in r"\PC{0,30}") {
            prop_assert_eq!(parse(&text), library(&text));
        }
    }

    #[test]
    fn the_calendar_knows_its_leap_years() {
        assert!(parse("2024-02-29T00:00:00Z").is_some());
        assert!(parse("2100-02-29T00:00:00Z").is_none());
        assert!(parse("2000-02-29T00:00:00Z").is_some());
        assert!(parse("2026-00-10T00:00:00Z").is_none());
        assert!(parse("2026-13-10T00:00:00Z").is_none());
    }
}
