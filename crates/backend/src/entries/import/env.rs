//! `.env` texts: reading what people paste, and writing what the same rules read back.
//!
//! `KEY=value`, with `export` in front or not; `#` comments; single quotes and backticks keep their
//! content as it is, double quotes know `\n \r \t \" \\ \$`, quoted values may span lines. Nothing
//! is expanded: `$HOME` stays `$HOME`.

use super::{Found, Given};
use zeroize::Zeroizing;

pub(super) fn parse(text: &str) -> Vec<Found> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut reader = Reader { rest: &text, line: 1 };
    let mut found = Vec::new();
    while let Some(pair) = reader.next_pair() {
        found.push(pair);
    }
    found
}

struct Reader<'a> {
    rest: &'a str,
    line: i64,
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
            let key = key.strip_prefix("export ").map_or(key, str::trim_start).to_owned();
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
                    Some((_, c @ ('"' | '\\' | '$'))) => value.push(c),
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

fn lines_in(text: Option<&str>) -> i64 {
    let lines = text.unwrap_or_default().bytes().filter(|b| *b == b'\n').count();
    i64::try_from(lines).unwrap_or(0)
}

/// A stray line, cut short: it may be the end of a value whose quote was forgotten.
fn shown(line: &str) -> String {
    line.trim().chars().take(3).chain(['…']).collect()
}

/// A `.env` text being written.
#[derive(Default)]
pub(crate) struct EnvFile(Zeroizing<String>);

impl EnvFile {
    pub fn comment(&mut self, text: &str) {
        self.0.push_str(&format!("# {text}\n"));
    }

    /// Single quotes where they do, because every reader takes them literally; double quotes with
    /// escapes where the value has a single quote or a line end in it.
    pub fn pair(&mut self, key: &str, value: &str) {
        self.0.push_str(key);
        self.0.push('=');
        if value.contains(['\'', '\n', '\r']) {
            self.0.push('"');
            for c in value.chars() {
                match c {
                    '\n' => self.0.push_str("\\n"),
                    '\r' => self.0.push_str("\\r"),
                    '"' | '\\' | '$' => self.0.extend(['\\', c]),
                    c => self.0.push(c),
                }
            }
            self.0.push('"');
        } else {
            self.0.extend(["'", value, "'"]);
        }
        self.0.push('\n');
    }

    pub fn into_text(self) -> String {
        self.0.to_string()
    }
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

    proptest! {
        #[test]
        fn what_is_exported_reads_back_the_same(value in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}]{0,40}") {
            let mut file = EnvFile::default();
            file.comment("before");
            file.pair("KEY", &value);
            prop_assert_eq!(pairs(&file.into_text()), vec![ok("KEY", &value)]);
        }

        #[test]
        fn no_text_panics(text: String) {
            parse(&text);
        }
    }
}
