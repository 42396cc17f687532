//! Lists that come in pages.

use crate::Refusal;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

pub const DEFAULT_LIMIT: i64 = 50;
pub const MAX_LIMIT: i64 = 200;

/// One page of a list. `next_cursor` is opaque; absent on the last page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub data: Vec<T>,
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that fits on one page.
    pub const fn whole(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }
}

/// Which page of a list is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    limit: i64,
    /// The place of the last row of the page before.
    after: Option<String>,
}

impl Asked {
    /// `?limit=` and `?cursor=`, checked.
    pub fn new(asked: Option<i64>, cursor: Option<&str>) -> Result<Self, Refusal> {
        let after = cursor.map(|text| place(text).ok_or_else(no_cursor)).transpose()?;
        Ok(Self { limit: limit(asked)?, after })
    }

    /// The whole list on one page.
    pub const fn everything() -> Self {
        Self { limit: i64::MAX, after: None }
    }

    /// Behind which row the page begins, for a list whose rows have places of this type.
    pub fn after<T: FromStr>(&self) -> Result<Option<T>, Refusal> {
        self.after.as_ref().map(|text| text.parse().map_err(|_| no_cursor())).transpose()
    }

    /// How many rows to read: one more than fits says that the list goes on.
    pub const fn rows(&self) -> i64 {
        self.limit.saturating_add(1)
    }

    /// The page, of rows that were read from its beginning on.
    pub fn page<T>(&self, mut rows: Vec<T>, place: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let goes_on = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| goes_on).map(|row| cursor(&place(row)));
        Page { data: rows, next_cursor }
    }

    /// The page of a list that is short enough to be read as a whole. It is in the order of the rows' places,
    /// so that nothing is left out or comes twice, whatever comes and goes meanwhile.
    pub fn cut<T>(&self, mut rows: Vec<T>, place: impl Fn(&T) -> String) -> Page<T> {
        rows.sort_by_cached_key(&place);
        rows.retain(|row| self.after.as_ref().is_none_or(|after| place(row) > *after));
        self.page(rows, place)
    }
}

/// `next_cursor` for the row at this place. It says nothing to whoever gets it, so that a list may go by
/// something else one day.
pub fn cursor(place: &str) -> String {
    let digits: String = place.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}{:08x}", crc32fast::hash(place.as_bytes()))
}

/// The place that a cursor stands for; what [`cursor`] did not write is none.
pub fn place(text: &str) -> Option<String> {
    let (digits, _) = text.split_at_checked(text.len().checked_sub(8)?)?;
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    String::from_utf8(bytes?).ok().filter(|place| cursor(place) == text)
}

/// How a cursor is refused.
pub fn no_cursor() -> Refusal {
    Refusal::invalid("cursor", "Not a cursor of this list")
}

/// Checks `?limit=`: 50 when absent, 1 to 200 otherwise.
pub fn limit(asked: Option<i64>) -> Result<i64, Refusal> {
    match asked {
        None => Ok(DEFAULT_LIMIT),
        Some(n) if (1..=MAX_LIMIT).contains(&n) => Ok(n),
        Some(_) => Err(Refusal::invalid("limit", format!("1 to {MAX_LIMIT}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_tells_its_place_again_and_nothing_else_is_one() {
        for text in ["", "A", "a.b:c-d", "ключ", "live/api", "7"] {
            assert_eq!(place(&cursor(text)).as_deref(), Some(text));
        }
        let given = cursor("DB_URL");
        assert!(!given.contains("DB"), "{given}");
        for text in
            ["", "A", "DB_URL", "zzz", "00000000ff", "ключ", "4100000000", &given[1..], &given.to_uppercase()]
        {
            assert_eq!(place(text), None, "{text}");
        }
        assert!(Asked::new(None, Some("zzz")).expect_err("refused").field("cursor").is_some());
        let words = Asked::new(None, Some(&given)).expect("a cursor");
        assert!(words.after::<i64>().expect_err("of another list").field("cursor").is_some());
    }

    #[test]
    fn pages_of_a_short_list_hold_all_of_it_once_although_rows_come_and_go() {
        let mut rows = vec![5, 3, 9, 1, 7];
        let (mut seen, mut next) = (Vec::new(), None::<String>);
        loop {
            let asked = Asked::new(Some(2), next.as_deref()).expect("fine");
            let page = asked.cut(rows.clone(), |row| format!("{row:02}"));
            assert!(page.data.len() <= 2);
            seen.extend(page.data);
            // The last one that was shown goes, and one that was passed comes.
            rows.retain(|row| Some(row) != seen.last());
            rows.push(0);
            next = page.next_cursor;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1, 3, 5, 7, 9]);
        assert_eq!(Asked::everything().cut(vec![2, 1], |row| row.to_string()), Page::whole(vec![1, 2]));
    }
}
