//! Counting tests: from the closing lines of `cargo test` and from Playwright's report.

use std::{fmt, fs, ops::AddAssign, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Tally {
    /// Reads a line like `test result: ok. 3 passed; 1 failed; 0 ignored; 0 measured; …`; any
    /// other line counts nothing.
    pub fn from_cargo_line(line: &str) -> Self {
        let Some(counts) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
            .map(|(_, counts)| counts)
        else {
            return Self::default();
        };
        let count = |word: &str| {
            counts
                .split("; ")
                .filter_map(|part| part.split_once(' '))
                .find(|(_, label)| *label == word)
                .and_then(|(number, _)| number.parse().ok())
                .unwrap_or(0)
        };
        Self { passed: count("passed"), failed: count("failed"), skipped: count("ignored") }
    }

    /// Reads the totals of Playwright's JSON report.
    ///
    /// # Errors
    /// When there is no report, or it is of another shape.
    pub fn from_playwright_report(path: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Report {
            stats: Stats,
        }
        #[derive(Deserialize)]
        struct Stats {
            expected: u64,
            unexpected: u64,
            flaky: u64,
            skipped: u64,
        }
        let text = fs::read_to_string(path).context("the browser tests left no report")?;
        let Report { stats } =
            serde_json::from_str(&text).context("the browser tests' report is unreadable")?;
        Ok(Self {
            passed: stats.expected,
            // Nothing is tried twice, so nothing should be flaky; if it is, it failed.
            failed: stats.unexpected + stats.flaky,
            skipped: stats.skipped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn closing_lines_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; \
                    0 filtered out; finished in 0.10s";
        assert_eq!(Tally::from_cargo_line(line), Tally { passed: 12, failed: 3, skipped: 1 });
    }

    #[test]
    fn other_lines_are_not() {
        for line in ["", "test a::b ... ok", "running 3 tests", "test result: what"] {
            assert_eq!(Tally::from_cargo_line(line), Tally::default());
        }
    }

    #[test]
    fn the_last_line_has_the_agreed_form() {
        assert_eq!(Tally::default().to_string(), "0 passed, 0 failed, 0 skipped");
    }
}
