//! `.env` texts as people paste them, and as an export writes them.
//!
//! `KEY=value`, with `export` in front or not; `#` comments; single quotes and backticks keep their
//! content as it is, double quotes know ``\n \r \t \" \\ \$ \` ``, quoted values may span lines. Nothing
//! is expanded: `$HOME` stays `$HOME`. In an export's notes (`#nexus: `) stand keys that are no names of
//! variables.

use super::{Found, Given};
use crate::entries::export::NOTE;
use nexus_domain::export::variable;
use zeroize::Zeroizing;

pub(super) fn parse(text: &str) -> Vec<Found> {
    let text = Zeroizing::new(text.replace("\r\n", "\n"));
    let mut reader = Reader { rest: &text, line: 1, named: None };
    let mut found = Vec::new();
    while let Some(pair) = reader.next_pair() {
        found.push(pair);
    }
    found
}

struct Reader<'a> {
    rest: &'a str,
    line: i64,
    /// The key that a note gives to the next line.
    named: Option<&'a str>,
}

impl<'a> Reader<'a> {
    /// The rest of the present line; the reader goes on behind it.
    fn take_line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += 1;
        line
    }

    fn next_pair(&mut self) -> Option<Found> {
        while !self.rest.is_empty() {
            let at = self.line;
            let line = self.rest.split('\n').next().unwrap_or_default();
            let trimmed = line.trim_start();
            if let Some(note) = line.strip_prefix(NOTE) {
                self.take_line();
                if let Some((key, value)) = note.split_once('=') {
                    return Some(Found { line: Some(at), key: key.to_owned(), value: hidden(value) });
                }
                self.named = Some(note.trim());
                continue;
            }
            if trimmed.trim().is_empty() || trimmed.starts_with('#') {
                self.take_line();
                continue;
            }
            let Some((name, _)) = line.split_once('=') else {
                self.take_line();
                let reason = "There is no = in this line".to_owned();
                return Some(Found { line: Some(at), key: shown(line), value: Err(reason) });
            };
            let key = name.trim();
            let key = key.strip_prefix("export ").map_or(key, str::trim_start);
            let key = self.named.take().filter(|named| variable(named) == key).unwrap_or(key).to_owned();
            self.rest = self.rest.get(name.len() + 1..).unwrap_or_default();
            return Some(Found { line: Some(at), key, value: self.value().map(Given::Text) });
        }
        None
    }

    fn value(&mut self) -> Result<Zeroizing<String>, String> {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => self.quoted(quote),
            _ => {
                let line = self.take_line();
                let end = line.find(" #").or_else(|| line.find("\t#")).unwrap_or(line.len());
                let bare = line.get(..end).unwrap_or(line);
                let bare = if bare.starts_with('#') { "" } else { bare };
                Ok(Zeroizing::new(bare.trim_end().to_owned()))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Zeroizing<String>, String> {
        let mut value = Zeroizing::new(String::new());
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.line += lines_in(self.rest.get(..at));
                self.rest = self.rest.get(at + c.len_utf8()..).unwrap_or_default();
                let behind = self.take_line().trim();
                return if behind.is_empty() || behind.starts_with('#') {
                    Ok(value)
                } else {
                    Err("Something stands behind the closing quote".into())
                };
            }
            if c == '\\' && quote == '"' {
                match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 'r')) => value.push('\r'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, c @ ('"' | '\\' | '$' | '`'))) => value.push(c),
                    Some((_, other)) => value.extend(['\\', other]),
                    None => break,
                }
            } else {
                value.push(c);
            }
        }
        self.take_line();
        Err("The closing quote is missing".into())
    }
}

/// A value in a note: a JSON string.
fn hidden(value: &str) -> Result<Given, String> {
    let text = serde_json::from_str(value).map_err(|_| "This note of an export is broken".to_owned())?;
    Ok(Given::Text(Zeroizing::new(text)))
}

fn lines_in(text: Option<&str>) -> i64 {
    let lines = text.unwrap_or_default().bytes().filter(|b| *b == b'\n').count();
    i64::try_from(lines).unwrap_or(0)
}

/// A stray line, cut short: it may be the end of a value whose quote was forgotten.
fn shown(line: &str) -> String {
    line.trim().chars().take(3).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &str) -> Vec<(String, Result<String, String>)> {
        parse(text)
            .into_iter()
            .map(|f| (f.key, f.value.and_then(Given::plain).map(|v| v.to_string())))
            .collect()
    }

    fn ok(key: &str, value: &str) -> (String, Result<String, String>) {
        (key.into(), Ok(value.into()))
    }

    #[test]
    fn the_forms_that_people_paste_are_read() {
        let text = "# a comment\n\nA=1\nexport B = two words # why\nC='$HOME #1'\nD=\"a\\nb \\\"q\\\"\"\nE=`x`\r\nF=\nG=a#b\nH=#c";
        let expected = vec![
            ok("A", "1"),
            ok("B", "two words"),
            ok("C", "$HOME #1"),
            ok("D", "a\nb \"q\""),
            ok("E", "x"),
            ok("F", ""),
            ok("G", "a#b"),
            ok("H", ""),
        ];
        assert_eq!(pairs(text), expected);
    }

    #[test]
    fn a_quoted_value_spans_lines_and_the_next_key_keeps_its_line_number() {
        let found = parse("PEM=\"-----BEGIN\nabc\n-----END\"\nNEXT=1");
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [Some(1), Some(4)]);
        let value = found.into_iter().next().expect("a pair").value.and_then(Given::plain);
        assert_eq!(value.expect("a value").as_str(), "-----BEGIN\nabc\n-----END");
    }

    #[test]
    fn broken_lines_say_what_is_wrong_and_do_not_show_a_value() {
        assert_eq!(pairs("hunter2secret"), vec![("hun…".into(), Err("There is no = in this line".into()))]);
        assert!(pairs("A=\"open").iter().all(|(_, v)| v.is_err()));
        assert!(pairs("A='x' y").iter().all(|(_, v)| v.is_err()));
    }

    #[test]
    fn a_note_of_an_export_names_the_key_of_the_next_line_or_holds_a_value() {
        let text = "#nexus: a.b\na_b=1\n#nexus: c.d\nother=2\n#nexus: e.f=\"\\u0027 $(x)\"\n#nexus: g=broken";
        let broken = ("g".to_owned(), Err("This note of an export is broken".to_owned()));
        assert_eq!(pairs(text), [ok("a.b", "1"), ok("other", "2"), ok("e.f", "' $(x)"), broken]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            parse(&text);
        }
    }
}
