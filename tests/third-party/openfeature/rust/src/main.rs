//! OpenFeature's own provider for Rust: for each line on its input it evaluates every type and writes
//! one line of JSON. Address, key and context come as arguments.

use open_feature::provider::{FeatureProvider, ResolutionDetails};
use open_feature::{EvaluationContext, EvaluationError, StructValue, Value as Field};
use open_feature_ofrep::{OfrepOptions, OfrepProvider};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Map, Value, json};
use std::error::Error;
use std::io::{BufRead as _, stdin};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, key, context] = arguments.as_slice() else { return Err("address, key, context".into()) };
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {key}").parse()?);
    let options = OfrepOptions { base_url: base_url.clone(), headers, ..OfrepOptions::default() };
    let provider = OfrepProvider::new(options).await?;
    let who = context_of(&serde_json::from_str(context)?);
    for line in stdin().lock().lines() {
        line?;
        let answers = json!({
            "boolean": told(provider.resolve_bool_value("of-boolean", &who).await, Value::from),
            "text": told(provider.resolve_string_value("of-text", &who).await, Value::from),
            "integer": told(provider.resolve_int_value("of-integer", &who).await, Value::from),
            "float": told(provider.resolve_float_value("of-float", &who).await, Value::from),
            "object": told(provider.resolve_struct_value("of-object", &who).await, object),
            "missing": told(provider.resolve_bool_value("of-missing", &who).await, Value::from),
            "mismatch": told(provider.resolve_string_value("of-boolean", &who).await, Value::from),
        });
        println!("{answers}");
    }
    Ok(())
}

fn context_of(fields: &Map<String, Value>) -> EvaluationContext {
    let mut context = EvaluationContext::default();
    for (name, value) in fields {
        let text = value.as_str().unwrap_or_default().to_owned();
        context = match name.as_str() {
            "targetingKey" => context.with_targeting_key(text),
            _ => context.with_custom_field(name, text),
        };
    }
    context
}

fn told<T>(resolved: Result<ResolutionDetails<T>, EvaluationError>, value: impl Fn(T) -> Value) -> Value {
    match resolved {
        Ok(details) => json!({
            "value": value(details.value),
            "variant": details.variant,
            "reason": details.reason.map(|reason| format!("{reason:?}")),
        }),
        Err(error) => json!({ "error": format!("{:?}", error.code) }),
    }
}

fn object(object: StructValue) -> Value {
    object.fields.into_iter().map(|(name, value)| (name, field(value))).collect::<Map<_, _>>().into()
}

fn field(value: Field) -> Value {
    match value {
        Field::Bool(value) => value.into(),
        Field::Int(value) => value.into(),
        Field::Float(value) => value.into(),
        Field::String(value) => value.into(),
        Field::Array(values) => values.into_iter().map(field).collect(),
        Field::Struct(value) => object(value),
    }
}
