//! YAML texts: one mapping of keys and values, as YAML 1.2 reads it (so that `NO` is a text). Read
//! event by event and never by calling itself. What a value of JSON cannot be is refused: aliases,
//! which can grow without bound, tags, and numbers that are none.

use super::yaml_words::{Meaning, word};
use super::{Found, Given};
use crate::{Error, Result};
use nexus_domain::import::MAX_IMPORT_KEYS;
use nexus_domain::json::{JsonText, MAX_JSON_DEPTH};
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use serde_json::value::RawValue;
use std::borrow::Cow;
use zeroize::Zeroizing;

const ALIAS: &str = "An alias (*name) is not read: write the value itself";
const TAG: &str = "A tag (!name) is not read";
const INFINITE: &str = "NaN and infinity are no values";
const DEEP: &str = "A value is nested at most 64 deep";

pub(super) fn parse(text: &str) -> Result<Vec<Found>> {
    let mut events = Events { parser: Parser::new_from_str(text), line: 1 };
    while let Event::StreamStart | Event::DocumentStart(_) = events.peek()? {
        events.next()?;
    }
    match events.next()? {
        Event::MappingStart(..) => {}
        Event::StreamEnd => return Ok(Vec::new()),
        Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() => return Ok(Vec::new()),
        _ => return Err(events.refused("This is not a YAML mapping")),
    }
    let mut found = Vec::new();
    loop {
        let event = events.next()?;
        let line = i64::try_from(events.line).ok();
        let key = match event {
            Event::MappingEnd => break,
            Event::Scalar(key, ..) => key.into_owned(),
            _ => return Err(events.refused("A key is a text")),
        };
        let value = value(&mut events)?;
        found.push(Found { line, key, value });
        if found.len() > MAX_IMPORT_KEYS {
            return Ok(found);
        }
    }
    match (events.next()?, events.next()?) {
        (Event::DocumentEnd, Event::StreamEnd) => Ok(found),
        _ => Err(events.refused("Only one YAML document is read")),
    }
}

struct Events<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Where the last event began.
    line: usize,
}

impl<'a> Events<'a> {
    fn peek(&mut self) -> Result<Event<'a>> {
        match self.parser.peek() {
            Some(Ok((event, _))) => Ok(event.clone()),
            Some(Err(error)) => Err(broken(error.marker().line(), error.marker().col())),
            None => Ok(Event::StreamEnd),
        }
    }

    fn next(&mut self) -> Result<Event<'a>> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => Err(broken(error.marker().line(), error.marker().col())),
            None => Ok(Event::StreamEnd),
        }
    }

    fn refused(&self, rule: &str) -> Error {
        Error::invalid("text", format!("{rule} (line {})", self.line))
    }
}

/// The place alone: the library's words may hold a piece of a value.
fn broken(line: usize, column: usize) -> Error {
    Error::invalid("text", format!("This is not YAML (line {line}, column {})", column + 1))
}

/// The value that comes next, or why it is none.
fn value(events: &mut Events<'_>) -> Result<Result<Given, String>> {
    let mut tree = Tree::default();
    match events.next()? {
        Event::Scalar(text, style, _, tag) => return Ok(scalar(text, style, tag.as_deref())),
        Event::Alias(_) => return Ok(Err(ALIAS.into())),
        first => tree.take(first),
    }
    while !tree.open.is_empty() {
        // What is too deep is not looked at further: the rest of the text may be as deep.
        if tree.open.len() > MAX_JSON_DEPTH {
            return Err(events.refused(DEEP));
        }
        let event = events.next()?;
        if event == Event::StreamEnd {
            break;
        }
        tree.take(event);
    }
    if let Some(problem) = tree.problem {
        return Ok(Err(problem));
    }
    Ok(raw(tree.json.to_string()).map(Given::Json))
}

fn raw(json: String) -> Result<Box<RawValue>, String> {
    RawValue::from_string(json).map_err(|_| "This value cannot be read".to_owned())
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Result<Given, String> {
    let text = Zeroizing::new(text.into_owned());
    match meaning(&text, style, tag)? {
        Meaning::Text => raw(JsonText::of_text(&text).as_str().to_owned()).map(Given::Json),
        Meaning::Null => raw("null".into()).map(Given::Json),
        Meaning::Json(json) => Ok(Given::Word { text, json: raw(json) }),
        Meaning::Infinite => Ok(Given::Word { text, json: Err(INFINITE.into()) }),
    }
}

fn meaning(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Meaning, String> {
    match tag {
        None if style == ScalarStyle::Plain => Ok(word(text)),
        None => Ok(Meaning::Text),
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(Meaning::Text),
        Some(_) => Err(TAG.into()),
    }
}

/// Lists and maps, as JSON while they come.
#[derive(Default)]
struct Tree {
    json: Zeroizing<String>,
    open: Vec<Open>,
    problem: Option<String>,
}

/// A list or a map that has not ended.
struct Open {
    is_map: bool,
    /// Keys and values so far.
    parts: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Scalar(text, style, _, tag) => self.leaf(&text, style, tag.as_deref()),
            Event::Alias(_) => self.refuse(ALIAS),
            Event::SequenceStart(_, tag) => self.begin(false, tag.as_deref()),
            Event::MappingStart(_, tag) => self.begin(true, tag.as_deref()),
            Event::SequenceEnd | Event::MappingEnd => {
                let is_map = self.open.pop().is_some_and(|open| open.is_map);
                self.json.push(if is_map { '}' } else { ']' });
            }
            _ => self.refuse("This value cannot be read"),
        }
    }

    fn refuse(&mut self, problem: &str) {
        self.problem.get_or_insert_with(|| problem.to_owned());
    }

    /// Punctuation before the next part; says whether that is the key of a map.
    fn part(&mut self) -> bool {
        let Some(open) = self.open.last_mut() else { return false };
        let is_key = open.is_map && open.parts % 2 == 0;
        match open.parts {
            0 => {}
            _ if open.is_map && !is_key => self.json.push(':'),
            _ => self.json.push(','),
        }
        open.parts = open.parts.saturating_add(1);
        is_key
    }

    fn begin(&mut self, is_map: bool, tag: Option<&Tag>) {
        if self.part() {
            self.refuse("A key is a text");
        }
        let own = if is_map { "map" } else { "seq" };
        if tag.is_some_and(|tag| !(tag.is_yaml_core_schema() && tag.suffix == own)) {
            self.refuse(TAG);
        }
        self.json.push(if is_map { '{' } else { '[' });
        self.open.push(Open { is_map, parts: 0 });
    }

    fn leaf(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>) {
        let is_key = self.part();
        match meaning(text, style, tag) {
            Ok(Meaning::Json(json)) if !is_key => self.json.push_str(&json),
            Ok(Meaning::Null) if !is_key => self.json.push_str("null"),
            Ok(Meaning::Infinite) if !is_key => self.refuse(INFINITE),
            Ok(_) => self.json.push_str(JsonText::of_text(text).as_str()),
            Err(problem) => self.refuse(&problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    /// A value as text, and as JSON; or why it is none.
    type Both = Result<(String, String), String>;

    fn read(text: &str) -> Vec<(String, Both)> {
        let both = |given| match given {
            Given::Text(text) => (text.to_string(), String::new()),
            Given::Json(json) => (String::new(), json.get().to_owned()),
            Given::Word { text, json } => {
                (text.to_string(), json.map_or_else(|why| why, |json| json.get().to_owned()))
            }
        };
        parse(text).expect("YAML").into_iter().map(|found| (found.key, found.value.map(both))).collect()
    }

    fn json_of(word: &str) -> String {
        let mut found = read(&format!("K: {word}"));
        found.pop().expect("a pair").1.expect("a value").1
    }

    #[test]
    fn words_and_quotes_are_told_apart() {
        for (word, json) in [
            ("NO", "\"NO\""),
            ("1.50", "1.50"),
            ("~", "null"),
            ("'1'", "\"1\""),
            ("!!str 1", "\"1\""),
            (".inf", INFINITE),
            ("{a: [1, no, {\"b\":~}]}", r#"{"a":[1,"no",{"b":null}]}"#),
            ("[]", "[]"),
        ] {
            assert_eq!(json_of(word), json, "{word}");
        }
    }

    #[test]
    fn blocks_and_line_numbers_are_read() {
        let text = "# first\na: |\n  one\n  two\nb:\n  - x: 1\n    y: z\nc: plain # why\n";
        let found = parse(text).expect("YAML");
        let lines: Vec<_> = found.iter().map(|found| (found.key.as_str(), found.line)).collect();
        assert_eq!(lines, [("a", Some(2)), ("b", Some(5)), ("c", Some(8))]);
        let values: Vec<String> =
            read(text).into_iter().map(|(_, value)| value.expect("a value").1).collect();
        assert_eq!(values, ["\"one\\ntwo\\n\"", r#"[{"x":1,"y":"z"}]"#, "\"plain\""]);
    }

    #[test]
    fn what_json_cannot_say_is_refused_by_key() {
        for (text, problem) in [
            ("a: &x 1\nb: *x", ALIAS),
            ("a: &x [1]\nb: [*x, *x]", ALIAS),
            ("b: !!binary aGk=", TAG),
            ("b: !secret x", TAG),
            ("b: [!x 1]", TAG),
            ("b: [.nan]", INFINITE),
            ("b: {[1]: 2}", "A key is a text"),
        ] {
            let (key, value) = read(text).pop().expect("a pair");
            assert_eq!((key.as_str(), value.expect_err("refused").as_str()), ("b", problem), "{text}");
        }
    }

    #[test]
    fn what_is_no_mapping_is_refused() {
        for text in [
            "- a",
            "just words",
            "a: 1\n---\nb: 2",
            "? [a]\n: 1",
            "*x: 1",
            "a: b: c",
            "a: \"open",
            "a:\n\tb: 1",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        for text in ["", "# nothing", "---\n", "--- {}\n"] {
            assert!(parse(text).expect("YAML").is_empty(), "{text:?}");
        }
    }

    #[test]
    fn hostile_texts_take_no_time() {
        let deep = 100_000;
        let bomb: String = (1..9).fold("a0: &a0 [x,x]\n".to_owned(), |text, n| {
            let before = vec![format!("*a{}", n - 1); 9].join(",");
            format!("{text}a{n}: &a{n} [{before}]\n")
        });
        let nested: String = (0..1_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        let keys: String = (0..100_000).map(|n| format!("k{n}: 1\n")).collect();
        let mut texts = vec![bomb, nested, keys];
        let pieces = [
            "[", "{", "a: [", "- ", "? ", "{a: ", "&a ", "!t ", "\"", "'", "|", "\n", "#", "a: &a ",
            "a: *a\n",
        ];
        texts.extend(pieces.map(|piece| format!("k: {}", piece.repeat(deep))));
        let pieces = ["%", "--- ", "\\", ": ", "a,", "a b ", "\n a", "\t", "\n# c", "\n\n k: |\n  x"];
        texts.extend(pieces.map(|piece| format!("k: {}", piece.repeat(deep))));
        let inside = ["a,", "a: 1,", "{},", "? a,", "\"a\",", "\n", "[1],", "a b ", "&a 1,", "#\n"];
        texts.extend(inside.map(|piece| format!("k: [{}]", piece.repeat(deep))));
        texts.extend(["a", "\\x41", "\\\n", " ", "\n"].map(|piece| format!("k: \"{}\"", piece.repeat(deep))));
        for text in texts {
            let start = Instant::now();
            let read = parse(&text).map(|found| found.len());
            let shown: String = text.chars().take(12).collect();
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{shown:?}: {:?} in {:?}",
                read.is_ok(),
                start.elapsed()
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([ -~]|[-:#\\[\\]{}&*!|>'\"%@`,? \n\t\r]|\\PC){0,60}") {
            let _read = parse(&text);
        }

        #[test]
        fn any_text_in_json_quotes_is_that_text(text: String) {
            let quoted = JsonText::of_text(&text);
            let found = read(&format!("K: {}", quoted.as_str()));
            // What YAML does not print may be refused, never misread.
            for (_, value) in found {
                prop_assert_eq!(&value.expect("a value").1, quoted.as_str());
            }
        }
    }
}
