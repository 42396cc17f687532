//! Figures with their limits, the table of them, and the page that it is written to.

use std::{fmt, fs, path::Path, time::Duration};

use anyhow::{Context, Result};

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

pub const SECOND: Value = Value::Milliseconds(1000.0);
pub const MEMORY: f64 = 50.0 * 1024.0 * 1024.0;

/// A number and what it counts.
#[derive(Clone, Copy)]
pub enum Value {
    /// Requests a second.
    Rate(f64),
    /// Of something else, 1.0 is all of it.
    Share(f64),
    Milliseconds(f64),
    Bytes(f64),
}

impl Value {
    fn number(self) -> f64 {
        match self {
            Self::Rate(number) | Self::Share(number) | Self::Milliseconds(number) | Self::Bytes(number) => {
                number
            }
        }
    }
}

/// A plain number where a value is wanted is one of bytes.
impl From<f64> for Value {
    fn from(bytes: f64) -> Self {
        Self::Bytes(bytes)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Rate(rate) => write!(f, "{rate:.0} / s"),
            Self::Share(share) => write!(f, "{share:.2} ×"),
            Self::Milliseconds(time) => write!(f, "{time:.1} ms"),
            Self::Bytes(bytes) if bytes < 1024.0 * 1024.0 => write!(f, "{:.1} KiB", bytes / 1024.0),
            Self::Bytes(bytes) => write!(f, "{:.1} MiB", bytes / 1024.0 / 1024.0),
        }
    }
}

enum Limit {
    AtLeast(Value),
    AtMost(Value),
    None,
}

/// One line of the table.
pub struct Figure {
    what: String,
    value: Value,
    limit: Limit,
}

impl Figure {
    /// A figure that has no limit of its own.
    pub fn of(what: &str, value: impl Into<Value>) -> Self {
        Self { what: what.to_owned(), value: value.into(), limit: Limit::None }
    }

    pub fn at_least(what: &str, value: impl Into<Value>, limit: impl Into<Value>) -> Self {
        Self { limit: Limit::AtLeast(limit.into()), ..Self::of(what, value) }
    }

    pub fn at_most(what: &str, value: impl Into<Value>, limit: impl Into<Value>) -> Self {
        Self { limit: Limit::AtMost(limit.into()), ..Self::of(what, value) }
    }

    /// Whether the limit holds.
    pub fn holds(&self) -> bool {
        match self.limit {
            Limit::AtLeast(limit) => self.value.number() >= limit.number(),
            Limit::AtMost(limit) => self.value.number() <= limit.number(),
            Limit::None => true,
        }
    }
}

/// # Errors
/// When the program is not there.
pub fn binary(program: &Path) -> Result<Figure> {
    let bytes = fs::metadata(program)?.len();
    Ok(Figure::of("the program, console included", bytes as f64))
}

pub fn slowest(times: &[Duration]) -> Value {
    Value::Milliseconds(times.iter().max().map_or(0.0, Duration::as_secs_f64) * 1000.0)
}

pub fn table(figures: &[Figure]) -> String {
    let mut table = String::from("| measured | figure | limit | |\n|---|---:|---:|---|\n");
    for figure in figures {
        let Figure { what, value, limit } = figure;
        let (limit, verdict) = match limit {
            Limit::None => (String::new(), ""),
            Limit::AtLeast(limit) => (format!("≥ {limit}"), verdict(figure)),
            Limit::AtMost(limit) => (format!("≤ {limit}"), verdict(figure)),
        };
        table.push_str(&format!("| {what} | {value} | {limit} | {verdict} |\n"));
    }
    table
}

fn verdict(figure: &Figure) -> &'static str {
    if figure.holds() { "holds" } else { "**does not hold**" }
}

/// Puts the table into the page.
///
/// # Errors
/// When the page has no place for it.
pub fn write(page: &Path, table: &str) -> Result<()> {
    let text = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let text =
        between_marks(&text, table).with_context(|| format!("no {BEGIN} … {END} in {}", page.display()))?;
    Ok(fs::write(page, text)?)
}

/// The page with a new table between the marks.
fn between_marks(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::{Figure, Value, between_marks, table};

    #[test]
    fn only_the_marked_block_changes() {
        let page = "a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n";
        assert_eq!(
            between_marks(page, "new\n").as_deref(),
            Some("a\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\nb\n")
        );
        assert_eq!(between_marks("no marks", "new\n"), None);
    }

    #[test]
    fn a_limit_says_whether_it_holds() {
        let slow = Figure::at_most("page", Value::Milliseconds(51.0), Value::Milliseconds(50.0));
        let fast = Figure::at_least("share", Value::Share(0.7), Value::Share(0.7));
        assert!(!slow.holds() && fast.holds());
        let table = table(&[slow, fast, Figure::of("size", 2048.0)]);
        assert!(table.contains("| page | 51.0 ms | ≤ 50.0 ms | **does not hold** |"), "{table}");
        assert!(table.contains("| size | 2.0 KiB |  |  |"), "{table}");
    }
}
