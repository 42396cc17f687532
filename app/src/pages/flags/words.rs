//! A flag in words: how it is targeted in its row, and its rules as sentences.

#[cfg(feature = "ssr")]
use nexus_domain::Timestamp;
use nexus_domain::flag::Operator;
#[cfg(feature = "ssr")]
use nexus_domain::flag::{Condition, FlagDefinition, FlagState, Percentage, Serve, Targeting};
#[cfg(feature = "ssr")]
use serde_json::Value;

/// A rule as sentences.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RuleWords {
    pub id: String,
    pub description: String,
    pub when: String,
    pub serves: String,
}

#[cfg(feature = "ssr")]
/// Who gets it, in the few words of a row.
pub fn targeting(definition: &FlagDefinition, now: Timestamp, targeting: Targeting) -> String {
    let whom = whom(definition, targeting);
    match (definition.state, definition.schedule().is_enabled(now)) {
        (FlagState::Off, _) => "off for everybody".to_owned(),
        (FlagState::On, _) => whom,
        (FlagState::Scheduled, true) => match definition.ends_at {
            Some(end) => format!("{whom}, off {}", end.until(now)),
            None => whom,
        },
        (FlagState::Scheduled, false) => match definition.starts_at.filter(|start| now < *start) {
            Some(start) => format!("scheduled: on {}", start.until(now)),
            None => "its schedule is over".to_owned(),
        },
    }
}

#[cfg(feature = "ssr")]
fn whom(definition: &FlagDefinition, targeting: Targeting) -> String {
    if targeting == Targeting::Ignored || !definition.has_targeting() {
        return "everybody".to_owned();
    }
    let rules = match definition.rules.len() {
        0 => None,
        1 => Some("1 rule".to_owned()),
        count => Some(format!("{count} rules")),
    };
    let rollout = definition.rollout.as_ref().map(|rollout| {
        let share = rollout.percentage.unwrap_or(Percentage::ALL);
        if rollout.split.is_empty() { format!("{share} %") } else { format!("{share} % split") }
    });
    rules.into_iter().chain(rollout).collect::<Vec<_>>().join(" · ")
}

#[cfg(feature = "ssr")]
pub fn rules(definition: &FlagDefinition) -> Vec<RuleWords> {
    let rule = |rule: &nexus_domain::flag::Rule| RuleWords {
        id: rule.id.clone(),
        description: rule.description.clone(),
        when: rule.when.as_ref().map_or_else(|| "everybody".to_owned(), condition),
        serves: serves(&rule.serve, definition),
    };
    definition.rules.iter().map(rule).collect()
}

#[cfg(feature = "ssr")]
/// What is served to those whom no rule matches.
pub fn otherwise(definition: &FlagDefinition) -> String {
    match (&definition.rollout, definition.rules.is_empty()) {
        (Some(rollout), _) => serves(rollout, definition),
        (None, true) => definition.on_variant.clone(),
        (None, false) => definition.off_variant.clone(),
    }
}

#[cfg(feature = "ssr")]
fn serves(serve: &Serve, definition: &FlagDefinition) -> String {
    let what = if serve.split.is_empty() {
        serve.variant.clone().unwrap_or_else(|| definition.on_variant.clone())
    } else {
        let part = |part: &nexus_domain::flag::Weighted| format!("{} {}", part.weight, part.variant);
        serve.split.iter().map(part).collect::<Vec<_>>().join(" : ")
    };
    match serve.percentage {
        None => what,
        Some(share) => format!("{what} for {share} %, {} for the others", definition.off_variant),
    }
}

#[cfg(feature = "ssr")]
/// A condition as a sentence; groups inside of groups in brackets.
pub fn condition(condition: &Condition) -> String {
    let (parts, between) = match condition {
        Condition { all: Some(parts), .. } => (parts, " and "),
        Condition { any: Some(parts), .. } => (parts, " or "),
        comparison => return self::comparison(comparison),
    };
    let part = |part: &Condition| match part.attribute {
        Some(_) => self::condition(part),
        None => format!("({})", self::condition(part)),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(between)
}

#[cfg(feature = "ssr")]
fn comparison(it: &Condition) -> String {
    let attribute = it.attribute.as_deref().unwrap_or_default();
    match (it.op, &it.value) {
        (Some(Operator::Exists), Value::Bool(false)) => format!("{attribute} is missing"),
        (Some(Operator::Exists), _) => format!("{attribute} is there"),
        (Some(op), Value::Array(values)) => {
            let values = values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
            format!("{attribute} {} {values}", verb(op))
        }
        (Some(op), value) => format!("{attribute} {} {value}", verb(op)),
        (None, _) => attribute.to_owned(),
    }
}

/// What stands between an attribute and a value.
pub const fn verb(op: Operator) -> &'static str {
    match op {
        Operator::Eq => "is",
        Operator::Ne => "is not",
        Operator::In => "is one of",
        Operator::NotIn => "is none of",
        Operator::Gt => ">",
        Operator::Gte => "≥",
        Operator::Lt => "<",
        Operator::Lte => "≤",
        Operator::Contains => "contains",
        Operator::StartsWith => "starts with",
        Operator::EndsWith => "ends with",
        Operator::Matches => "matches",
        Operator::Exists => "exists",
    }
}

#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::timestamp::DAY_MICROS;

    fn words(json: &str) -> String {
        let definition = FlagDefinition::parse(json).expect("a definition");
        targeting(&definition, Timestamp::parse("2026-11-21").expect("a day"), Targeting::Active)
    }

    #[test]
    fn a_row_says_who_gets_it() {
        assert_eq!(words(r#"{"state":"off","rollout":{"percentage":5}}"#), "off for everybody");
        assert_eq!(words(r#"{"state":"on"}"#), "everybody");
        let rule = r#"{"id":"a","serve":{}},{"id":"b","serve":{}}"#;
        assert_eq!(
            words(&format!(r#"{{"state":"on","rules":[{rule}],"rollout":{{"percentage":25}}}}"#)),
            "2 rules · 25 %"
        );
        assert_eq!(
            words(r#"{"state":"scheduled","starts_at":"2026-11-24T00:00:00Z"}"#),
            "scheduled: on in 3 days"
        );
        assert_eq!(
            words(r#"{"state":"scheduled","ends_at":"2026-11-24T00:00:00Z"}"#),
            "everybody, off in 3 days"
        );
        assert_eq!(
            words(r#"{"state":"scheduled","ends_at":"2026-11-20T00:00:00Z"}"#),
            "its schedule is over"
        );
    }

    #[test]
    fn without_ab_testing_everybody_gets_it() {
        let definition =
            FlagDefinition::parse(r#"{"state":"on","rollout":{"percentage":5}}"#).expect("a definition");
        assert_eq!(targeting(&definition, Timestamp(DAY_MICROS), Targeting::Ignored), "everybody");
    }

    #[test]
    fn rules_read_like_sentences() {
        let definition = FlagDefinition::parse(
            r#"{"state":"on","rules":[{"id":"a","serve":{"percentage":50},"when":{"all":[
                {"attribute":"plan","op":"in","value":["pro","team"]},
                {"any":[{"attribute":"age","op":"gte","value":18},{"attribute":"adult","op":"exists"}]}]}}]}"#,
        )
        .expect("a definition");
        let rules = rules(&definition);
        let rule = rules.first().expect("a rule");
        assert_eq!(rule.when, r#"plan is one of "pro", "team" and (age ≥ 18 or adult is there)"#);
        assert_eq!(rule.serves, "on for 50 %, off for the others");
        assert_eq!(otherwise(&definition), "off");
    }
}
