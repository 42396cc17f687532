//! What the document says of an answer that shows a credential once: where the request was sent again with its
//! `Idempotency-Key`, the credential is left out and `replayed` says so.

use serde_json::{Map, Value, json};

/// Answers, and the field that is shown once.
const SHOWN_ONCE: [(&str, &str); 4] = [
    ("RotatedKey", "key"),
    ("MadeEnvironmentKey", "key"),
    ("SigningSecret", "signing_secret"),
    ("MadeOauthApp", "client_secret"),
];
const WORDS: &str =
    "Shown in the first answer alone: one that is replayed for an `Idempotency-Key` leaves it out.";

/// Completes the schema, if it is of such an answer.
pub(super) fn complete(name: &str, schema: &mut Value) {
    let field = SHOWN_ONCE.iter().find(|(answer, _)| *answer == name).map(|(_, field)| field);
    if let Some(field) = field {
        part(schema, field);
        for one in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
            part(one, field);
        }
    }
}

/// The part of a schema that has the field.
fn part(schema: &mut Value, field: &str) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    let Some(Value::Object(of_field)) = properties.get_mut(field) else { return };
    say(of_field);
    let replayed = json!({
        "type": "boolean", "const": true,
        "description": "There where this is the answer to a request that was sent again.",
    });
    properties.insert("replayed".into(), replayed);
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| name != field);
    }
}

fn say(of_field: &mut Map<String, Value>) {
    let before = of_field.get("description").and_then(Value::as_str).unwrap_or_default();
    let all = if before.is_empty() { WORDS.to_owned() } else { format!("{before} {WORDS}") };
    of_field.insert("description".into(), all.into());
}
