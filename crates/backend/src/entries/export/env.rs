//! `.env` files that bash, dotenv (npm), dotenvx and python-dotenv read alike, wherever one way to
//! write a value exists that all of them do. They agree on two: single quotes take everything as it
//! is, and double quotes take what none of them has a meaning for. Where no way fits all, the one
//! that most readers get right is taken and the others are named below it, in a comment. What no
//! reader gets right, what one of them would run as a command, and what would cost a neighbour its
//! value, stands in a comment that only Nexus reads.
//!
//! A key that is no name of a variable is written as one (`a.b` as `a_b`), with the key in a comment
//! above it, which Nexus reads too. Where two keys would be one variable, only a key that is spelled
//! like it becomes that variable. A test runs the real readers over what is written here.

use super::{Exported, Value};
use nexus_domain::export::{collisions, variable};
use nexus_domain::json::normal;

/// A comment that only Nexus reads: the key of the next line (`#nexus: a.b`), or a key and its value
/// as a JSON string (`#nexus: a.b="…"`).
pub(in crate::entries) const NOTE: &str = "#nexus: ";

/// Who reads `.env` files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Bash,
    Dotenv,
    Dotenvx,
    PythonDotenv,
}

impl Reader {
    const ALL: usize = 4;

    const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Dotenv => "dotenv",
            Self::Dotenvx => "dotenvx",
            Self::PythonDotenv => "python-dotenv",
        }
    }
}

pub(super) fn write(entries: &[Exported]) -> String {
    let met = collisions(entries.iter().map(|entry| entry.key.as_str()));
    let mut out = String::new();
    for collision in &met {
        out.push_str(&format!("# {}\n", collision.describe()));
    }
    for entry in entries {
        let key = entry.key.as_str();
        let text = match &entry.value {
            Value::Text(text) => text.as_str(),
            Value::Json(json) => &normal(json.as_str()),
            Value::Absent(why) => {
                out.push_str(&format!("# {key} {why}\n"));
                continue;
            }
        };
        let name = variable(key);
        let is_shared = met.iter().any(|it| it.variable.as_ref() == Some(&name));
        if is_shared && key != name {
            push_hidden(&mut out, key, text, "because another key would be the same variable");
        } else {
            push_pair(&mut out, key, &name, text);
        }
    }
    out
}

fn push_pair(out: &mut String, key: &str, name: &str, text: &str) {
    let single = in_single_quotes(text).map(|differ| (format!("'{text}'"), differ));
    let double = in_double_quotes(text).map(|differ| (format!("\"{}\"", escaped(text)), differ));
    let best = single.into_iter().chain(double).min_by_key(|(_, differ)| differ.len());
    let Some((value, differ)) = best.filter(|(_, differ)| differ.len() < Reader::ALL) else {
        return push_hidden(out, key, text, "because readers would get its value wrong, or run it");
    };
    if key != name {
        out.push_str(&format!("{NOTE}{key}\n"));
    }
    out.push_str(&format!("{name}={value}\n"));
    let mut names: Vec<&str> = differ.iter().copied().map(Reader::name).collect();
    // It took a closing quote behind a backslash for a part of the value, where a later one followed.
    if text.ends_with('\\') && !differ.contains(&Reader::PythonDotenv) {
        names.push("python-dotenv before 1.2.3");
    }
    if !names.is_empty() {
        // The quotes around the key end what dotenv and an older python-dotenv take for a value that goes
        // on: without them it would go on into the next value that has quotes, and that one be lost too.
        out.push_str(&format!(
            "# The value of \"{name}\" above is read differently by {}\n",
            names.join(", ")
        ));
    }
}

/// Out of every reader's sight but that of Nexus, in ASCII: some take U+2028 for the end of a line.
fn push_hidden(out: &mut String, key: &str, text: &str, why: &str) {
    out.push_str(&format!("# {key} stands in the next line for Nexus alone, {why}\n{NOTE}{key}=\""));
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(c) if (c.is_ascii_graphic() || c == ' ') && c != '"' && c != '\\' => out.push(c),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out.push_str("\"\n");
}

/// Who reads the text in single quotes as something else; none where it cannot stand there, or would
/// take a reader beyond the closing quote, as a backslash before that does.
fn in_single_quotes(text: &str) -> Option<Vec<Reader>> {
    if text.contains(['\'', '\r']) || text.ends_with('\\') {
        return None;
    }
    let mut differ = Vec::new();
    if is_resolved_by_dotenvx(text) {
        differ.push(Reader::Dotenvx);
    }
    // Two backslashes are one for it, and `${…}` is always replaced.
    if text.contains("\\\\") || has_braced_variable(text) {
        differ.push(Reader::PythonDotenv);
    }
    Some(differ)
}

/// Who reads the text in double quotes, [`escaped`], as something else; none where dotenvx would run
/// what it holds, whatever stands before the `$(`.
fn in_double_quotes(text: &str) -> Option<Vec<Reader>> {
    if text.contains("$(") {
        return None;
    }
    let mut differ = Vec::new();
    if text.contains('\r') {
        differ.push(Reader::Bash);
    }
    if text.contains(['\\', '"', '`', '$']) {
        differ.push(Reader::Dotenv);
    }
    if text.contains(['\\', '"', '`']) || is_resolved_by_dotenvx(text) {
        differ.push(Reader::Dotenvx);
    }
    if text.contains(['`', '$']) {
        differ.push(Reader::PythonDotenv);
    }
    Some(differ)
}

/// For double quotes: as bash wants it, but for the carriage return, which it knows no escape of.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '"' | '$' | '`' => out.extend(['\\', c]),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out
}

/// What dotenvx decrypts, or asks another program for.
fn is_resolved_by_dotenvx(text: &str) -> bool {
    ["encrypted:", "op://", "bw://"].iter().any(|prefix| text.starts_with(prefix))
}

/// `${NAME}` or `${NAME:-default}`, with any name.
fn has_braced_variable(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| {
        let inside = text.get(at + 2..).unwrap_or_default();
        let end = inside.find(['}', ':']).unwrap_or(inside.len());
        let behind = inside.get(end..).unwrap_or_default();
        behind.starts_with('}') || (behind.starts_with(":-") && behind.contains('}'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn file(pairs: &[(&str, &str)]) -> String {
        let entries: Vec<Exported> = pairs
            .iter()
            .map(|(key, value)| Exported {
                key: (*key).into(),
                value: Value::Text(Zeroizing::new((*value).into())),
            })
            .collect();
        write(&entries)
    }

    #[test]
    fn a_value_is_quoted_as_all_readers_take_it() {
        assert_eq!(file(&[("A", "$HOME \"x\" `y` #1")]), "A='$HOME \"x\" `y` #1'\n");
        assert_eq!(file(&[("A", "it's\nfine")]), "A=\"it's\nfine\"\n");
        assert_eq!(file(&[("A", "")]), "A=''\n");
    }

    #[test]
    fn where_readers_differ_they_are_named() {
        let note = |value, names: &str| {
            let file = file(&[("A", value)]);
            let says = format!("# The value of \"A\" above is read differently by {names}\n");
            assert!(file.ends_with(&says), "{file}");
        };
        note("a\\\\b", "python-dotenv");
        note("${HOME}", "python-dotenv");
        note("it's \"x\"", "dotenv, dotenvx");
        note("a\r\nb", "bash");
        note("encrypted:abc", "dotenvx");
    }

    /// What python-dotenv 1.2.2 takes for a value in double quotes: everything to the last quote that could
    /// be the closing one. What it then finds behind that is no end of a line, so that it says so and goes on
    /// with the next one.
    #[test]
    fn a_backslash_at_the_end_costs_no_neighbour() {
        for text in ["trail\\", "it's\\", "\\", "\\\\"] {
            let file = file(&[("A", text), ("B", "it's"), ("C", "plain")]);
            let first = file.lines().next().expect("a line");
            assert!(first.starts_with("A=\""), "{file}");
            let note = file.lines().nth(1).expect("a note");
            assert!(note.ends_with("python-dotenv before 1.2.3"), "{file}");
            assert!(note.contains("\"A\" above"), "what goes on ends in the note: {file}");
            assert!(file.ends_with("B=\"it's\"\nC='plain'\n"), "{file}");
        }
    }

    #[test]
    fn what_would_be_run_is_hidden() {
        let hidden = file(&[("A", "it's $(date)")]);
        assert!(hidden.ends_with("\n#nexus: A=\"it's $(date)\"\n"), "{hidden}");
    }

    #[test]
    fn a_key_that_is_no_name_is_written_as_one_unless_that_is_taken() {
        assert_eq!(file(&[("a.b", "1")]), "#nexus: a.b\na_b='1'\n");
        let both = file(&[("a.b", "1"), ("a_b", "2")]);
        assert!(both.starts_with("# a.b, a_b would all be the environment variable a_b\n"), "{both}");
        assert!(both.contains("\n#nexus: a.b=\"1\"\n") && both.ends_with("\na_b='2'\n"), "{both}");
    }
}
