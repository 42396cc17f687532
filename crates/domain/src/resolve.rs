//! Resolving templates: every config of a service at once, each computed once.
//!
//! A value is measured before it is written, so that what would be too large costs no more than
//! reading its template: neither time nor memory grows with what a template would become.

use crate::config::{ConfigType, ConfigValue};
use crate::json;
use crate::scope::Scope;
use crate::template::{self, MAX_DEPTH, Piece, Reference, ReferenceKind, Unresolved};
use std::collections::{BTreeMap, HashMap};

/// A resolved value is at most this many bytes.
pub const MAX_RESOLVED_BYTES: usize = 1024 * 1024;

/// Where the values of what is no config come from.
pub trait Values {
    /// The text of a secret.
    fn secret(&self, key: &str) -> Result<&str, Unresolved>;
    /// The plain state of a flag, without targeting.
    fn flag(&self, key: &str) -> Result<bool, Unresolved>;
}

/// A value with nothing left to replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub value: ConfigValue,
    /// It holds a secret.
    pub tainted: bool,
}

/// What became of each config.
pub type Outcome<'a> = BTreeMap<&'a str, Result<Resolved, Unresolved>>;

/// Resolves all configs of a scope. `budget` is how many bytes all that have references may become
/// together; those that would pass it are `too_large`, and smaller ones behind them may still fit.
pub fn resolve<'a>(
    scope: &'a Scope,
    configs: &'a BTreeMap<String, ConfigValue>,
    values: &'a dyn Values,
    budget: usize,
) -> Outcome<'a> {
    let order = scope.order();
    let mut work = Work { scope, values, done: BTreeMap::new(), lengths: HashMap::new(), budget };
    for &key in &order.sorted {
        let Some(value) = configs.get(key) else {
            work.done.insert(key, Err(scope.absence(key)));
            continue;
        };
        let too_deep = order.heights.get(key).is_some_and(|height| *height > MAX_DEPTH);
        let outcome = if too_deep { Err(Unresolved::TooLarge) } else { work.one(value) };
        work.done.insert(key, outcome);
    }
    for key in configs.keys().filter(|key| !order.heights.contains_key(key.as_str())) {
        work.done.insert(key, Err(Unresolved::Cycle));
    }
    work.done
}

struct Work<'a> {
    scope: &'a Scope,
    values: &'a dyn Values,
    done: Outcome<'a>,
    /// How many bytes what is named takes inside of a JSON string.
    lengths: HashMap<Reference, usize>,
    budget: usize,
}

impl<'a> Work<'a> {
    fn one(&mut self, value: &ConfigValue) -> Result<Resolved, Unresolved> {
        if !value.has_braces() {
            return Ok(Resolved { value: value.clone(), tainted: false });
        }
        let (text, tainted, named) = match value.kind {
            ConfigType::Json => self.json(value.text())?,
            _ => self.string(value.text())?,
        };
        if named {
            self.budget = self.budget.checked_sub(text.len()).ok_or(Unresolved::TooLarge)?;
        }
        Ok(Resolved { value: ConfigValue::stored(value.kind, text), tainted })
    }

    fn string(&mut self, text: &str) -> Result<(String, bool, bool), Unresolved> {
        let pieces = pieces(text)?;
        let mut length = 0;
        for piece in &pieces {
            length += match piece {
                Piece::Text(text) => text.len(),
                Piece::Reference(reference) => self.text(reference)?.len(),
            };
        }
        self.check(length)?;
        let mut out = String::with_capacity(length);
        let (mut tainted, mut named) = (false, false);
        for piece in &pieces {
            out.push_str(self.piece(piece)?);
            tainted |= self.taints(piece);
            named |= matches!(piece, Piece::Reference(_));
        }
        Ok((out, tainted, named))
    }

    /// Everything but the strings that hold references stays as it was written.
    fn json(&mut self, json: &str) -> Result<(String, bool, bool), Unresolved> {
        let mut leaves = Vec::new();
        let mut length = json.len();
        for at in json::leaves(json) {
            let raw = json.get(at.clone()).unwrap_or_default();
            let Some(text) = json::unquoted(raw).filter(|text| text.contains("{{")) else { continue };
            length -= raw.len();
            length += 2 + self.escaped(&text)?;
            leaves.push((at, text));
        }
        self.check(length)?;
        let mut out = String::with_capacity(length);
        let (mut copied, mut tainted, mut named) = (0, false, false);
        for (at, text) in leaves {
            let (resolved, has_secret, has_name) = self.string(&text)?;
            out.push_str(json.get(copied..at.start).unwrap_or_default());
            out.push_str(&json::quoted(&resolved));
            copied = at.end;
            tainted |= has_secret;
            named |= has_name;
        }
        out.push_str(json.get(copied..).unwrap_or_default());
        Ok((out, tainted, named))
    }

    fn check(&self, length: usize) -> Result<(), Unresolved> {
        if length > MAX_RESOLVED_BYTES.min(self.budget) { Err(Unresolved::TooLarge) } else { Ok(()) }
    }

    /// How many bytes a text becomes inside of a JSON string.
    fn escaped(&mut self, text: &str) -> Result<usize, Unresolved> {
        let mut length = 0;
        for piece in pieces(text)? {
            length += match piece {
                Piece::Text(text) => json::escaped_len(text),
                Piece::Reference(reference) => match self.lengths.get(&reference) {
                    Some(length) => *length,
                    None => {
                        let length = json::escaped_len(self.text(&reference)?);
                        self.lengths.insert(reference, length);
                        length
                    }
                },
            };
        }
        Ok(length)
    }

    fn piece<'s>(&'s self, piece: &'s Piece<'_>) -> Result<&'s str, Unresolved> {
        match piece {
            Piece::Text(text) => Ok(text),
            Piece::Reference(reference) => self.text(reference),
        }
    }

    /// What a reference is replaced by.
    fn text(&self, reference: &Reference) -> Result<&str, Unresolved> {
        match reference.kind {
            ReferenceKind::Secret => self.values.secret(&reference.key),
            ReferenceKind::Flag => {
                self.values.flag(&reference.key).map(|on| if on { "true" } else { "false" })
            }
            ReferenceKind::Config => match self.done.get(reference.key.as_str()) {
                Some(Ok(resolved)) => Ok(resolved.value.text()),
                Some(Err(code)) => Err(*code),
                None => Err(self.scope.absence(&reference.key)),
            },
        }
    }

    fn taints(&self, piece: &Piece<'_>) -> bool {
        match piece {
            Piece::Text(_) => false,
            Piece::Reference(it) if it.kind == ReferenceKind::Secret => true,
            Piece::Reference(it) => {
                it.kind == ReferenceKind::Config
                    && matches!(self.done.get(it.key.as_str()), Some(Ok(resolved)) if resolved.tainted)
            }
        }
    }
}

/// What is stored was checked when it was written.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Unresolved> {
    template::parse(text).map_err(|_| Unresolved::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonText;
    use crate::scope::Standing;
    use proptest::prelude::*;

    struct Few;

    impl Values for Few {
        fn secret(&self, key: &str) -> Result<&str, Unresolved> {
            match key {
                "S" => Ok("s\"3\n{{config:A}}"),
                "FILE" => Err(Unresolved::NotText),
                "EMPTY" => Err(Unresolved::NeedsValue),
                _ => Err(Unresolved::Missing),
            }
        }
        fn flag(&self, key: &str) -> Result<bool, Unresolved> {
            match key {
                "ON" => Ok(true),
                "OFF" => Ok(false),
                _ => Err(Unresolved::Missing),
            }
        }
    }

    const BUDGET: usize = 16 * MAX_RESOLVED_BYTES;

    fn resolved(
        configs: &[(&str, &str)],
        budget: usize,
    ) -> BTreeMap<String, Result<(String, bool), Unresolved>> {
        let (mut scope, mut values) = (Scope::default(), BTreeMap::new());
        scope.put_secret("S", Standing::Text);
        scope.put_config_without_value("LATER");
        for (key, json) in configs {
            let json: JsonText = serde_json::from_str(json).expect("JSON");
            let value = ConfigValue::read(None, &json).expect("a value");
            scope.put_config(*key, value.references().expect("references"));
            values.insert((*key).to_owned(), value);
        }
        let outcome = resolve(&scope, &values, &Few, budget);
        let shown =
            |it: Result<Resolved, Unresolved>| it.map(|it| (it.value.json().as_str().to_owned(), it.tainted));
        outcome.into_iter().map(|(key, it)| (key.to_owned(), shown(it))).collect()
    }

    fn of(configs: &[(&str, &str)], key: &str) -> Result<(String, bool), Unresolved> {
        resolved(configs, BUDGET).remove(key).expect("an outcome")
    }

    #[test]
    fn references_are_replaced_once_and_whatever_comes_of_it_is_text() {
        let configs = [
            ("A", r#""{{config:HOST}}:{{config:PORT}}/{{flag:ON}}{{flag:OFF}}""#),
            ("HOST", r#""db""#),
            ("PORT", "5432.0"),
            ("B", r#""\\{{ {{secret:S}}""#),
            ("C", r#""{{config:B}}""#),
        ];
        assert_eq!(of(&configs, "A"), Ok((r#""db:5432.0/truefalse""#.into(), false)));
        let b = serde_json::to_string("{{ s\"3\n{{config:A}}").expect("JSON");
        assert_eq!(of(&configs, "B"), Ok((b.clone(), true)));
        assert_eq!(of(&configs, "C"), Ok((b, true)));
    }

    #[test]
    fn in_json_only_strings_change_and_stay_strings() {
        let json = r#"{ "{{secret:S}}" : 1.50, "u": [ "{{config:J}}", "{{secret:S}}" ], "n":-0 }"#;
        let expected = r#"{ "{{secret:S}}" : 1.50, "u": [ "{\"a\":1}", "s\"3\n{{config:A}}" ], "n":-0 }"#;
        let expected = expected.replace("s\"3\n", r#"s\"3\n"#);
        assert_eq!(of(&[("A", json), ("J", r#"{"a":1}"#)], "A"), Ok((expected, true)));
    }

    #[test]
    fn what_cannot_be_resolved_is_left_out_and_its_neighbours_are_not() {
        let configs = [
            ("A", r#""{{config:B}}""#),
            ("B", r#""{{config:A}}""#),
            ("C", r#""{{secret:GONE}}""#),
            ("D", r#""{{secret:FILE}}""#),
            ("E", r#"["{{secret:EMPTY}}"]"#),
            ("F", r#""{{config:E}}""#),
            ("G", r#""{{config:LATER}}""#),
            ("H", r#""{{config:A}}""#),
            ("Z", "1"),
        ];
        let all = resolved(&configs, BUDGET);
        let codes =
            ["cycle", "cycle", "missing", "not_text", "needs_value", "needs_value", "needs_value", "cycle"];
        for (key, code) in ["A", "B", "C", "D", "E", "F", "G", "H"].into_iter().zip(codes) {
            assert_eq!(all[key].as_ref().map_err(|code| code.as_str()), Err(code), "{key}");
        }
        assert_eq!(all["Z"], Ok(("1".into(), false)));
        assert_eq!(all["LATER"], Err(Unresolved::NeedsValue));
    }

    /// Each level is a thousand times the one below: written out, the last would be 10²⁴ bytes.
    #[test]
    fn a_bomb_of_templates_costs_no_more_than_reading_it() {
        let level = |below: &str| {
            serde_json::to_string(&format!("{{{{config:{below}}}}}").repeat(1000)).expect("JSON")
        };
        let in_json = |below: &str| {
            serde_json::to_string(&vec![format!("{{{{config:{below}}}}}"); 1000]).expect("JSON")
        };
        let texts: Vec<(String, String)> = (1..8)
            .map(|n| {
                let below = format!("C{}", n - 1);
                (format!("C{n}"), if n % 2 == 0 { in_json(&below) } else { level(&below) })
            })
            .collect();
        let mut configs = vec![("C0", r#""0123456789""#), ("NEIGHBOUR", r#""{{config:C0}}""#)];
        configs.extend(texts.iter().map(|(key, text)| (key.as_str(), text.as_str())));
        let all = resolved(&configs, BUDGET);
        assert_eq!(all["C1"].as_ref().map(|(text, _)| text.len()), Ok(10_002));
        for n in 2..8 {
            assert_eq!(all[&format!("C{n}")], Err(Unresolved::TooLarge), "{n}");
        }
        assert!(all["NEIGHBOUR"].is_ok());
    }

    #[test]
    fn all_together_stay_inside_of_the_budget() {
        let big = serde_json::to_string(&"x".repeat(60_000)).expect("JSON");
        let ten = serde_json::to_string(&"{{config:BIG}}".repeat(10)).expect("JSON");
        let names: Vec<String> = (0..100).map(|n| format!("C{n:02}")).collect();
        let mut configs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), ten.as_str())).collect();
        configs.extend([("BIG", big.as_str()), ("SMALL", r#""{{flag:ON}}""#)]);
        let all = resolved(&configs, 6_000_100);
        let fits = |key: &&String| all[key.as_str()].is_ok();
        assert_eq!(names.iter().filter(fits).count(), 10);
        assert!(all["BIG"].is_ok() && all["SMALL"].is_ok());
    }

    /// The same by plain recursion.
    fn naive(configs: &[Vec<usize>], n: usize, left: usize) -> Result<String, Unresolved> {
        let left = left.checked_sub(1).ok_or(Unresolved::Cycle)?;
        let parts: Vec<_> = configs[n].iter().map(|next| naive(configs, *next, left)).collect();
        if parts.contains(&Err(Unresolved::Cycle)) {
            return Err(Unresolved::Cycle);
        }
        Ok(format!("<{n}{}>", parts.into_iter().collect::<Result<String, _>>()?))
    }

    proptest! {
        #[test]
        fn resolving_is_what_plain_recursion_says(
            edges in proptest::collection::vec(proptest::collection::vec(0usize..6, 0..3), 6),
        ) {
            let keys: Vec<String> = (0..6).map(|n| format!("C{n}")).collect();
            let texts: Vec<String> = edges.iter().enumerate().map(|(n, next)| {
                let names: String = next.iter().map(|m| format!("{{{{config:C{m}}}}}")).collect();
                serde_json::to_string(&format!("<{n}{names}>")).expect("JSON")
            }).collect();
            let configs: Vec<_> = keys.iter().zip(&texts).map(|(k, t)| (k.as_str(), t.as_str())).collect();
            let all = resolved(&configs, BUDGET);
            for (n, key) in keys.iter().enumerate() {
                let expected = naive(&edges, n, 7).map(|text| (serde_json::to_string(&text).expect("JSON"), false));
                prop_assert_eq!(&all[key.as_str()], &expected);
            }
        }
    }
}
