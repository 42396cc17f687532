//! The page `/api/docs`: the OpenAPI document as plain HTML that needs no script.

use super::assets;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Writes the page from the document.
pub(super) fn write(document: &Value) -> String {
    let mut by_tag: BTreeMap<&str, String> = BTreeMap::new();
    for (path, methods) in entries(document.pointer("/paths")) {
        // The endpoint-relative twins of the service API say nothing new.
        if path.starts_with("/s/") {
            continue;
        }
        for (method, operation) in entries(Some(methods)) {
            let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or("Other");
            by_tag.entry(tag).or_default().push_str(&call(document, method, path, operation));
        }
    }
    let mut sections = String::new();
    let mut contents = String::new();
    for (tag, calls) in &by_tag {
        let anchor = tag.to_lowercase().replace(' ', "-");
        let _infallible = write!(contents, "<li><a href=\"#{anchor}\">{}</a></li>", escape(tag));
        let _infallible =
            write!(sections, "<section id=\"{anchor}\"><h2>{}</h2>{calls}</section>", escape(tag));
    }
    let css = assets::path(&assets::site().css);
    format!(
        "<!DOCTYPE html><html lang=\"en\" data-theme=\"system\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>API · Nexus</title>\
         <link rel=\"stylesheet\" href=\"{css}\"></head><body class=\"api-docs\"><main id=\"main\"><h1>Nexus API</h1>\
         <p>Every call takes <code>Authorization: Bearer …</code>: a key of an environment (<code>nx_…</code>) for the \
         management API under <code>/api/v1</code>, a key of a service (<code>sk_live_…</code>, <code>pk_live_…</code>) \
         for the service API, which also stands at each service's endpoint, <code>/s/…/v1</code>. Errors are \
         <code>{{\"code\", \"message\", \"details\"?, \"request_id\"}}</code>. For programs: \
         <a href=\"/api/openapi.json\">openapi.json</a>.</p><nav aria-label=\"Contents\"><ul>{contents}</ul></nav>\
         {sections}</main></body></html>"
    )
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn call(document: &Value, method: &str, path: &str, operation: &Value) -> String {
    let text = |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let mut html = format!(
        "<article class=\"api-call\"><h3><span class=\"api-method\">{}</span> <code>{}</code></h3><p>{}</p>",
        escape(&method.to_uppercase()),
        escape(path),
        escape(&format!("{} {}", text("/summary"), text("/description")))
    );
    let parameters = operation.pointer("/parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten().filter(|p| p.get("in") != Some(&Value::from("path"))) {
        let part = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
        let _infallible = write!(
            html,
            "<p class=\"api-field\"><code>{}</code> <span class=\"muted\">{}{}</span> {}</p>",
            escape(part("name")),
            escape(part("in")),
            escape(&limits(parameter.get("schema").unwrap_or(&Value::Null))),
            escape(part("description"))
        );
    }
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
        let _infallible = write!(html, "<p class=\"api-label\">Body</p>{}", fields(document, schema));
        html.push_str(&operation.get("requestBody").map(example).unwrap_or_default());
    }
    for (status, answer) in
        entries(operation.pointer("/responses")).filter(|(status, _)| status.starts_with('2'))
    {
        let shape =
            answer.pointer("/content/application~1json/schema").map(|schema| fields(document, schema));
        let _infallible =
            write!(html, "<p class=\"api-label\">{}</p>{}", escape(status), shape.unwrap_or_default());
        html.push_str(&example(answer));
    }
    html.push_str(&refusals(document, operation));
    html.push_str("</article>");
    html
}

/// The example of a body, as it would be sent.
fn example(body: &Value) -> String {
    let content = entries(body.get("content")).find_map(|(_, content)| content.get("example"));
    let Some(example) = content else { return String::new() };
    let text = match example {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    format!(
        "<details class=\"api-example\"><summary>Example</summary><pre><code>{}</code></pre></details>",
        escape(&text)
    )
}

/// The codes by which a call may be refused, by their status.
fn refusals(document: &Value, operation: &Value) -> String {
    let refused = entries(operation.pointer("/responses")).filter_map(|(status, response)| {
        let codes = resolve(document, response).get("x-codes")?.as_array()?;
        let codes: Vec<&str> = codes.iter().filter_map(Value::as_str).collect();
        Some(format!("{} <code>{}</code>", escape(status), escape(&codes.join(" "))))
    });
    format!(
        "<p class=\"api-field\"><span class=\"muted\">Refusals:</span> {}</p>",
        refused.collect::<Vec<_>>().join(" · ")
    )
}

/// The limits of a field or parameter, in brackets.
fn limits(schema: &Value) -> String {
    let of = |name: &str| schema.get(name).filter(|value| !value.is_null()).map(|value| value.to_string());
    let range = |least: Option<String>, most: Option<String>, what: &str| match (least, most) {
        (None, None) => None,
        (Some(least), None) => Some(format!("at least {least}{what}")),
        (None, Some(most)) => Some(format!("at most {most}{what}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most}{what}")),
    };
    let parts = [
        range(of("minLength"), of("maxLength"), " characters"),
        range(of("minItems"), of("maxItems"), " items"),
        range(of("minimum"), of("maximum"), ""),
        schema.get("pattern").and_then(Value::as_str).map(str::to_owned),
    ];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
}

/// The fields of a schema, one level deep.
fn fields(document: &Value, schema: &Value) -> String {
    let mut html = String::new();
    let schema = resolve(document, schema);
    let parts = schema.get("allOf").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        html.push_str(&fields(document, part));
    }
    for (name, field) in entries(schema.get("properties")) {
        let described = field.get("description").and_then(Value::as_str).unwrap_or_default();
        let _infallible = write!(
            html,
            "<p class=\"api-field\"><code>{}</code> <span class=\"muted\">{}</span> {}</p>",
            escape(name),
            escape(&format!("{}{}", type_of(field), limits(field))),
            escape(described)
        );
    }
    html
}

/// Follows a reference, also one that may be null.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let direct = schema.get("$ref").and_then(Value::as_str);
    let nested = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let reference = direct.or_else(|| nested.filter_map(|it| it.get("$ref").and_then(Value::as_str)).next());
    reference.and_then(|reference| document.pointer(reference.trim_start_matches('#'))).unwrap_or(schema)
}

fn type_of(field: &Value) -> String {
    let name = |schema: &Value| {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|it| it.rsplit('/').next());
        match (reference, schema.get("type")) {
            (Some(reference), _) => reference.to_owned(),
            (None, Some(Value::String(kind))) => kind.clone(),
            (None, Some(Value::Array(kinds))) => {
                kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
            }
            _ => String::new(),
        }
    };
    match field.get("oneOf").and_then(Value::as_array) {
        Some(choices) => choices.iter().map(name).collect::<Vec<_>>().join(" or "),
        None if field.get("type") == Some(&Value::from("array")) => {
            format!("list of {}", field.get("items").map(name).unwrap_or_default())
        }
        None => name(field),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
