//! How long configs become once what they name is replaced, by lengths alone: a write is refused whose
//! values would never reach a program, and no secret is opened for that.
//!
//! What a text gains inside of a JSON string is not counted, because that takes the text. So nothing is
//! refused that would fit.

use crate::config::{ConfigType, ConfigValue};
use crate::json;
use crate::scope::Scope;
use crate::template::{self, Piece, Reference, ReferenceKind};
use std::collections::{BTreeMap, HashMap};

/// A value taken apart: what stands in it, and how often it names what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    fixed: usize,
    named: BTreeMap<Reference, usize>,
}

impl Template {
    pub fn of(value: &ConfigValue) -> Self {
        let mut template = Self::default();
        if value.kind != ConfigType::Json {
            template.add(value.text(), str::len);
            return template;
        }
        let json = value.text();
        template.fixed = json.len();
        for at in json::leaves(json) {
            let raw = json.get(at).unwrap_or_default();
            let Some(text) = json::unquoted(raw).filter(|text| text.contains("{{")) else { continue };
            template.fixed = template.fixed.saturating_sub(raw.len()) + 2;
            template.add(&text, json::escaped_len);
        }
        template
    }

    /// What does not read as a template is taken as text; it was checked when it was written.
    fn add(&mut self, text: &str, length: impl Fn(&str) -> usize) {
        let Ok(pieces) = template::parse(text) else {
            self.fixed += length(text);
            return;
        };
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.fixed += length(text),
                Piece::Reference(reference) => *self.named.entry(reference).or_default() += 1,
            }
        }
    }
}

/// The length of each template, each computed once behind those that it names. `plain` says how long
/// everything else is that they name. What leads in a circle is not among them.
pub fn lengths<'a>(
    scope: &Scope,
    templates: &'a BTreeMap<&str, &Template>,
    plain: impl Fn(&Reference) -> usize,
) -> HashMap<&'a str, usize> {
    let mut lengths: HashMap<&str, usize> = HashMap::new();
    for key in scope.order().sorted {
        let Some((key, template)) = templates.get_key_value(key) else { continue };
        let mut length = template.fixed;
        for (reference, times) in &template.named {
            let config = (reference.kind == ReferenceKind::Config)
                .then(|| lengths.get(reference.key.as_str()).copied())
                .flatten();
            let one = config.unwrap_or_else(|| plain(reference));
            length = length.saturating_add(one.saturating_mul(*times));
        }
        lengths.insert(key, length);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonText;

    fn value(json: &str) -> ConfigValue {
        let json: JsonText = serde_json::from_str(json).expect("JSON");
        ConfigValue::read(None, &json).expect("a value")
    }

    fn measured(configs: &[(&str, &str)]) -> HashMap<String, usize> {
        let values: Vec<(&str, ConfigValue)> =
            configs.iter().map(|(key, json)| (*key, value(json))).collect();
        let mut scope = Scope::default();
        let mut parsed = Vec::new();
        for (key, value) in &values {
            scope.put_config(*key, value.references().expect("references"));
            parsed.push((*key, Template::of(value)));
        }
        let templates = parsed.iter().map(|(key, template)| (*key, template)).collect();
        let plain = |it: &Reference| if it.kind == ReferenceKind::Secret { 10 } else { 4 };
        lengths(&scope, &templates, plain).into_iter().map(|(key, it)| (key.to_owned(), it)).collect()
    }

    #[test]
    fn lengths_are_those_of_what_stands_there_and_of_what_is_named() {
        let lengths = measured(&[
            ("A", r#""ab{{config:B}}{{config:B}}""#),
            ("B", r#""x{{secret:S}}""#),
            ("J", r#"["\"{{flag:F}}", 1]"#),
            ("CIRCLE", r#""{{config:CIRCLE}}""#),
        ]);
        assert_eq!(lengths["B"], 11);
        assert_eq!(lengths["A"], 24);
        assert_eq!(lengths["J"], r#"["\"true", 1]"#.len());
        assert!(!lengths.contains_key("CIRCLE"));
    }

    /// Each level is a thousand times the one below; the last would pass every number.
    #[test]
    fn a_bomb_is_measured_and_not_made() {
        let names: Vec<String> = (0..8).map(|n| format!("C{n}")).collect();
        let texts: Vec<String> =
            (0..8).map(|n| format!("\"{}\"", format!("{{{{config:C{}}}}}", n + 1).repeat(1000))).collect();
        let mut configs: Vec<(&str, &str)> =
            names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
        configs.push(("C8", r#""0123456789""#));
        let lengths = measured(&configs);
        assert_eq!(lengths["C7"], 10_000);
        assert_eq!(lengths["C0"], usize::MAX);
    }
}
