//! Schemas: what each keyword lets pass, what is refused, and that nothing takes for ever.

use super::{MAX_PLACES, Schema};
use nexus_domain::json::JsonText;
use serde_json::{Value, json};

fn text(value: &Value) -> JsonText {
    serde_json::from_str(&value.to_string()).expect("JSON")
}

fn read(schema: &Value) -> Schema {
    Schema::read(&text(schema)).expect("a schema")
}

/// What is wrong with a value; empty where it fits.
fn wrong(schema: &Value, value: &Value) -> String {
    match read(schema).check(&value.to_string()) {
        Ok(()) => String::new(),
        Err(refusal) => refusal.field("value").expect("a rule").to_owned(),
    }
}

fn refused(schema: &Value) -> String {
    let refusal = Schema::read(&text(schema)).expect_err("refused");
    refusal.field("schema").expect("a rule").to_owned()
}

#[test]
fn every_keyword_lets_pass_what_fits_and_nothing_else() {
    for (schema, fits, does_not) in [
        (json!(true), json!(1), None),
        (json!(false), Value::Null, Some(json!(1))),
        (json!({ "type": "integer" }), json!(1.0), Some(json!(1.5))),
        (json!({ "type": ["string", "null"] }), json!(null), Some(json!(1))),
        (json!({ "enum": [1, { "a": [2.0] }] }), json!({ "a": [2] }), Some(json!(2))),
        (json!({ "const": { "b": 1, "a": 2 } }), json!({ "a": 2, "b": 1 }), Some(json!({ "a": 2 }))),
        (json!({ "minimum": 1, "exclusiveMaximum": 3 }), json!(1), Some(json!(3))),
        (json!({ "maximum": 1, "exclusiveMinimum": 0 }), json!(1), Some(json!(0))),
        (json!({ "multipleOf": 0.01 }), json!(19.99), Some(json!(0.015))),
        (json!({ "minLength": 2, "maxLength": 2 }), json!("üü"), Some(json!("ü"))),
        (json!({ "pattern": "^a+$" }), json!("aa"), Some(json!("ab"))),
        (json!({ "minItems": 1, "maxItems": 1 }), json!([1]), Some(json!([]))),
        (json!({ "uniqueItems": true }), json!([1, 2]), Some(json!([1, 1.0]))),
        (
            json!({ "prefixItems": [{ "type": "string" }], "items": false }),
            json!(["a"]),
            Some(json!(["a", 1])),
        ),
        (json!({ "contains": { "const": 1 }, "maxContains": 1 }), json!([1, 2]), Some(json!([1, 1]))),
        (json!({ "minProperties": 1, "maxProperties": 1 }), json!({ "a": 1 }), Some(json!({}))),
        (json!({ "required": ["a"] }), json!({ "a": 1 }), Some(json!({ "b": 1 }))),
        (json!({ "dependentRequired": { "a": ["b"] } }), json!({ "b": 1 }), Some(json!({ "a": 1 }))),
        (json!({ "dependentSchemas": { "a": { "required": ["b"] } } }), json!({}), Some(json!({ "a": 1 }))),
        (
            json!({ "properties": { "a": { "type": "number" } }, "patternProperties": { "^x": true },
                "additionalProperties": false }),
            json!({ "a": 1, "xy": 2 }),
            Some(json!({ "b": 1 })),
        ),
        (json!({ "propertyNames": { "maxLength": 1 } }), json!({ "a": 1 }), Some(json!({ "ab": 1 }))),
        (json!({ "allOf": [{ "minimum": 1 }, { "maximum": 2 }] }), json!(1), Some(json!(3))),
        (json!({ "anyOf": [{ "const": 1 }, { "const": 2 }] }), json!(2), Some(json!(3))),
        (json!({ "oneOf": [{ "minimum": 1 }, { "maximum": 2 }] }), json!(0), Some(json!(1))),
        (json!({ "not": { "type": "null" } }), json!(1), Some(json!(null))),
        (
            json!({ "if": { "const": 1 }, "then": { "type": "string" }, "else": { "type": "number" } }),
            json!(2),
            Some(json!(1)),
        ),
        (
            json!({ "$defs": { "n": { "$anchor": "num", "type": "number" } }, "items": { "$ref": "#num" } }),
            json!([1]),
            Some(json!(["a"])),
        ),
        (json!({ "format": "email", "title": "Anything", "unheardOf": 1 }), json!("no mail"), None),
    ] {
        if schema != json!(false) {
            assert_eq!(wrong(&schema, &fits), "", "{schema} with {fits}");
        }
        if let Some(value) = does_not {
            assert_ne!(wrong(&schema, &value), "", "{schema} with {value}");
        }
    }
}

#[test]
fn a_tree_is_checked_by_a_schema_that_names_itself() {
    let schema = json!({ "type": "object", "required": ["name"],
        "properties": { "children": { "items": { "$ref": "#" } } } });
    assert_eq!(wrong(&schema, &json!({ "name": 1, "children": [{ "name": 2 }] })), "");
    assert_eq!(
        wrong(&schema, &json!({ "name": 1, "children": [{ "name": 2, "children": [{}] }] })),
        "/children/0/children/0 lacks name"
    );
}

#[test]
fn places_are_named_and_at_most_twenty() {
    let schema = json!({ "properties": { "limits": { "items": { "type": "number" } } } });
    assert_eq!(wrong(&schema, &json!({ "limits": ["a", 1] })), "/limits/0 is not a number");
    let many: Vec<&str> = vec!["a"; 100];
    assert_eq!(wrong(&schema, &json!({ "limits": many })).split("; ").count(), MAX_PLACES);
    assert_eq!(wrong(&json!({ "type": "object" }), &json!([])), "The whole value is not an object");
    assert_eq!(
        wrong(&json!({ "properties": { "a/b~": false } }), &json!({ "a/b~": 1 })),
        "/a~1b~0 may not be there"
    );
}

#[test]
fn a_schema_that_makes_no_sense_is_refused_at_its_place() {
    for (schema, said) in [
        (json!(1), "The whole: a schema is"),
        (json!({ "properties": { "a": { "type": "text" } } }), "/properties/a/type: null, boolean"),
        (json!({ "items": [1] }), "/items: a schema is"),
        (json!({ "minLength": -1 }), "/minLength: a whole number"),
        (json!({ "multipleOf": 0 }), "/multipleOf: a number above 0"),
        (json!({ "pattern": "(?=a)" }), "/pattern: no regular expression of linear time"),
        (json!({ "required": [1] }), "/required: a list of names"),
        (json!({ "$ref": "#/$defs/none" }), "/$ref: this leads nowhere"),
        (json!({ "$schema": "http://json-schema.org/draft-07/schema#" }), "/$schema: the dialect"),
        (json!({ "items": { "$id": "x" } }), "/items/$id: only a whole schema"),
        (json!({ "unevaluatedProperties": false }), "/unevaluatedProperties: this keyword is not known"),
        (json!({ "$dynamicRef": "#a" }), "/$dynamicRef: this keyword is not known"),
    ] {
        let rule = refused(&schema);
        assert!(rule.starts_with(said) || rule.contains(said), "{schema}: {rule}");
    }
}

#[test]
fn nothing_outside_of_the_schema_is_followed() {
    for target in
        ["https://example.com/schema.json", "file:///etc/passwd", "other.json", "//host/x", "urn:x:y"]
    {
        assert!(refused(&json!({ "$ref": target })).contains("only references inside"), "{target}");
    }
}

#[test]
fn bombs_end_after_a_bounded_number_of_steps() {
    let given_up = "takes too many steps";
    assert!(wrong(&json!({ "$ref": "#" }), &json!(1)).contains(given_up));
    let circle = json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } }, "$ref": "#/$defs/a" });
    assert!(wrong(&circle, &json!(1)).contains(given_up));
    // Each level asks twice for the one below: two to the sixtieth questions.
    let twice = json!({ "anyOf": [{ "items": { "$ref": "#" } , "minItems": 1 }, { "items": { "$ref": "#" }, "minItems": 1 }] });
    let mut deep = json!([]);
    for _ in 0..60 {
        deep = json!([deep]);
    }
    assert!(wrong(&twice, &deep).contains(given_up));
    let mut laughs = serde_json::Map::new();
    for n in 0..40 {
        let next = format!("#/$defs/l{}", n + 1);
        laughs.insert(format!("l{n}"), json!({ "allOf": [{ "$ref": next }, { "$ref": next }] }));
    }
    laughs.insert("l40".into(), json!({ "type": "number" }));
    assert!(wrong(&json!({ "$defs": laughs, "$ref": "#/$defs/l0" }), &json!(1)).contains(given_up));
}

#[test]
fn what_is_large_and_honest_is_still_checked() {
    let all: Vec<Value> = vec![json!({}); 20_000];
    assert_eq!(wrong(&json!({ "allOf": all }), &json!(1)), "");
    let numbers: Vec<u32> = (0..40_000).collect();
    let schema = json!({ "uniqueItems": true, "items": { "type": "integer", "minimum": 0 } });
    assert_eq!(wrong(&schema, &json!(numbers)), "");
}

#[test]
fn what_is_too_large_is_refused_before_it_is_built() {
    let all: Vec<Value> = vec![json!({}); 100_000];
    assert!(refused(&json!({ "allOf": all })).contains("64 KiB"));
    let mut deep = json!({});
    for _ in 0..40 {
        deep = json!({ "not": { "not": deep } });
    }
    assert!(refused(&deep).contains("deep"));
    assert!(refused(&json!({ "pattern": "a".repeat(2000) })).contains("regular expressions"));
    assert!(refused(&json!({ "pattern": "(a{100}){100}(b{100}){100}" })).contains("too large"));
    let many: serde_json::Map<String, Value> = (0..200).map(|n| (format!("^{n}"), json!(true))).collect();
    assert!(refused(&json!({ "patternProperties": many })).contains("at most 100"));
    let twice: JsonText = serde_json::from_str(r#"{"type":"null","type":"null"}"#).expect("JSON");
    assert!(Schema::read(&twice).is_err());
}
