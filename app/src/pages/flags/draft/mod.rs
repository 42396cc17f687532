//! A flag's definition as it stands in the fields of a form: nothing but texts, row by row. The same
//! names of fields are read by the server (a form that is sent), by the page that shows a refused form
//! again, and by the browser (a preview while one types).
//!
//! Variants are named by their number everywhere in the form, so that whoever renames one does not
//! have to look for those who serve it.

mod act;
mod fields;
#[cfg(feature = "ssr")]
mod of_definition;
#[cfg(feature = "ssr")]
mod scalar;
#[cfg(feature = "ssr")]
mod to_definition;

#[cfg(feature = "ssr")]
pub use scalar::typed_value;

use nexus_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// What a form for a flag holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub state: String,
    /// `2026-11-25T10:00`, UTC.
    pub starts_at: String,
    pub ends_at: String,
    /// The type of the variants.
    pub kind: String,
    /// None for a plain boolean flag, whose variants are `on` and `off`.
    pub variants: Vec<VariantDraft>,
    /// The number of the variant.
    pub on_variant: String,
    pub off_variant: String,
    pub rules: Vec<RuleDraft>,
    pub rollout: ServeDraft,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantDraft {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleDraft {
    pub id: String,
    pub description: String,
    /// `all` or `any` of its parts.
    pub join: String,
    /// Its comparisons; none means everybody.
    pub parts: Vec<PartDraft>,
    /// Conditions with groups in groups, as JSON. A form keeps them as they are.
    pub nested: String,
    /// The same in words, only to be shown.
    pub said: String,
    pub serve: ServeDraft,
}

/// A comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartDraft {
    pub attribute: String,
    pub op: String,
    pub value: String,
}

/// What a rule or the rollout serves, and to how many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServeDraft {
    /// The number of a variant, [`ServeDraft::SPLIT`], [`ServeDraft::NOTHING`] (a rollout only), or
    /// empty for the variant that is served when the flag is on.
    pub what: String,
    /// Empty for all.
    pub percentage: String,
    pub split: Vec<WeightDraft>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WeightDraft {
    /// The number of the variant.
    pub variant: String,
    /// Empty for no part.
    pub weight: String,
}

impl ServeDraft {
    pub const SPLIT: &'static str = "split";
    pub const NOTHING: &'static str = "nothing";
}

impl Draft {
    pub fn is_scheduled(&self) -> bool {
        self.state == "scheduled"
    }

    /// When its schedule begins and ends, as far as that can be read.
    pub fn moments(&self) -> [Option<Timestamp>; 2] {
        [&self.starts_at, &self.ends_at].map(|text| moment(text))
    }

    /// What its variants are called, by number.
    pub fn names(&self) -> Vec<String> {
        match self.variants.as_slice() {
            [] => vec!["on".to_owned(), "off".to_owned()],
            variants => variants.iter().map(|variant| variant.name.clone()).collect(),
        }
    }

    /// The name of the variant with that number.
    #[cfg(feature = "ssr")]
    fn named(&self, number: &str) -> Option<String> {
        self.names().into_iter().nth(number.parse().ok()?)
    }
}

/// A field for date and time, in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    match text.trim() {
        text if text.len() == 16 => Timestamp::parse(&format!("{text}:00Z")),
        text if text.len() == 19 => Timestamp::parse(&format!("{text}Z")),
        text => Timestamp::parse(text),
    }
}

impl RuleDraft {
    /// How a comparison is called in the definition.
    pub fn when_path(&self, rule: &str, at: usize) -> String {
        match (self.parts.len(), self.join.as_str()) {
            (1, _) => format!("{rule}.when"),
            (_, "any") => format!("{rule}.when.any[{at}]"),
            _ => format!("{rule}.when.all[{at}]"),
        }
    }
}

#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::flag::FlagDefinition;

    pub fn definition(json: &str) -> FlagDefinition {
        FlagDefinition::parse(json).expect("a definition")
    }

    const LARGE: &str = r##"{
        "state": "scheduled", "starts_at": "2026-11-25T10:00:00Z",
        "variants": [{"name": "blue", "value": "#00f"}, {"name": "green", "value": "5"}, {"name": "red", "value": ""}],
        "on_variant": "green", "off_variant": "blue",
        "rules": [
            {"id": "staff", "when": {"attribute": "email", "op": "ends_with", "value": "@acme.test"}, "serve": {"variant": "red"}},
            {"id": "pro", "description": "Half of those who pay", "serve": {"percentage": 50},
             "when": {"all": [{"attribute": "plan", "op": "in", "value": ["pro", "a, b", "7"]}, {"attribute": "age", "op": "gte", "value": 18},
                              {"attribute": "beta", "op": "eq", "value": true}, {"attribute": "zip", "op": "ne", "value": "01234"},
                              {"attribute": "gone", "op": "exists", "value": false}, {"attribute": "n", "op": "not_in", "value": [1, 2.5]}]}},
            {"id": "odd", "when": {"any": [{"all": [{"attribute": "a", "op": "exists"}]}, {"attribute": "b", "op": "exists"}]}, "serve": {}},
            {"id": "rest", "serve": {"split": [{"variant": "green", "weight": 3}, {"variant": "blue", "weight": 1}]}}
        ],
        "rollout": {"percentage": 12.5, "variant": "green"}
    }"##;

    #[test]
    fn a_definition_goes_through_a_form_and_stays_the_same() {
        for json in [
            LARGE,
            r#"{"state":"off"}"#,
            r#"{"state":"on","rollout":{"percentage":0.001}}"#,
            r#"{"state":"on","variants":[{"name":"a","value":1e3},{"name":"b","value":-0.5}],"on_variant":"a","off_variant":"b"}"#,
            r#"{"state":"on","variants":[{"name":"a","value":{"x":[1]}},{"name":"b","value":[]}],"on_variant":"b","off_variant":"a"}"#,
            r#"{"state":"on","variants":[{"name":"on","value":false},{"name":"off","value":true}]}"#,
            r#"{"state":"off","ends_at":"2027-01-02T03:04:05Z"}"#,
        ] {
            let definition = definition(json);
            let draft = Draft::of(&definition);
            assert_eq!(draft.definition().expect("fits"), definition, "{draft:#?}");
            let body = serde_qs::to_string(&draft).expect("a form");
            let fields: Vec<(String, String)> =
                form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            assert_eq!(Draft::of_fields(&fields), draft, "{body}");
            let on_the_server = serde_qs::Config::new(5, false).deserialize_str::<Draft>(&body);
            assert_eq!(on_the_server.expect("a draft"), draft, "{body}");
        }
    }

    #[test]
    fn a_refused_form_comes_back_with_the_row_that_it_asked_for() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = [
            pair("tenant", "acme"),
            pair("state", "on"),
            pair("rules[0][id]", "a&b"),
            pair("rules[0][parts][0][attribute]", "plan"),
            pair("rules[0][serve][split][0][weight]", "7"),
            pair("act", "rule.add"),
            pair("rules[999999][id]", "far"),
            pair("rules[0][odd]", "x"),
            pair("rollout", "x"),
        ];
        let draft = Draft::of_fields(&fields);
        assert_eq!((draft.rules.len(), draft.state.as_str()), (2, "on"));
        let first = draft.rules.first().expect("a rule");
        assert_eq!(first.id, "a&b");
        assert_eq!(first.parts.first().map(|part| part.attribute.as_str()), Some("plan"));
        assert_eq!(first.serve.split.first().map(|part| part.weight.as_str()), Some("7"));
    }
}
