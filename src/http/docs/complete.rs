//! What the document says of every call beyond its handler's own words: a name, its parameters and their
//! limits, the scopes, the refusals, and examples. All of it comes from the code that decides about it.

use super::refusals::{self, About};
use super::{ErrorBody, IDEMPOTENCY_KEY, actions, examples, limits, replays};
use nexus_domain::Code;
use nexus_domain::role::Scope;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema as _;
use utoipa::openapi::OpenApi;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// POSTs of the management API that change nothing.
const ONLY_READ: [&str; 3] = [
    "/api/v1/identity-providers/{id}/test",
    "/api/v1/projects/{project}/services/{service}/identities/{id}/test",
    "/api/v1/projects/{project}/services/{service}/secrets:export",
];

/// The whole document.
pub(super) fn complete(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    tighten(&mut document);
    let known = document.clone();
    let mut refused = BTreeMap::new();
    let paths = document.pointer_mut("/paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for method in METHODS {
            if let Some(Value::Object(operation)) = item.get_mut(method) {
                let mut call = Call { document: &known, method, path, operation, refused: &mut refused };
                call.complete();
            }
        }
    }
    if let Some(Value::Object(responses)) = document.pointer_mut("/components/responses") {
        responses.clear();
        responses.extend(refused);
    }
    document
}

/// Limits of the fields that come in. A value that may be anything may be null too, so that two branches
/// would fit.
fn tighten(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        limit(name, schema);
        replays::complete(name, schema);
    }
    simplify(document);
}

fn limit(name: &str, schema: &mut Value) {
    for (field, of_field) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
    {
        if let (Some(Value::Object(more)), Value::Object(of_field)) = (limits::field(name, field), of_field) {
            of_field.extend(more);
        }
    }
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        limit(name, part);
    }
}

fn simplify(value: &mut Value) {
    let is_any = |choice: &Value| choice.get("$ref") == Some(&json!("#/components/schemas/JsonText"));
    let replaced =
        value.get("oneOf").and_then(Value::as_array).and_then(|choices| choices.iter().find(|it| is_any(it)));
    if let Some(any) = replaced.cloned() {
        *value = any;
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(simplify),
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// One call, while its part of the document is written.
struct Call<'a> {
    document: &'a Value,
    method: &'a str,
    path: &'a str,
    operation: &'a mut Map<String, Value>,
    /// The refusals that calls name, by the name in the document.
    refused: &'a mut BTreeMap<String, Value>,
}

impl Call<'_> {
    fn complete(&mut self) {
        self.operation.insert("operationId".into(), json!(self.name()));
        self.parameters();
        self.scopes();
        self.refusals();
        self.request_example();
        self.answer_examples();
    }

    /// `get_projects_project`: generated clients name their functions by it.
    fn name(&self) -> String {
        let short = self.path.trim_start_matches("/api/v1");
        let words = short.split(['/', '{', '}', '-', ':']).filter(|word| !word.is_empty());
        let words: Vec<&str> = std::iter::once(self.method).chain(words).collect();
        words.join("_")
    }

    fn parameters(&mut self) {
        let mut parameters = match self.operation.remove("parameters") {
            Some(Value::Array(parameters)) => parameters,
            _ => Vec::new(),
        };
        if self.path.contains("{endpoint_slug}") {
            let slug = json!({ "name": "endpoint_slug", "in": "path", "required": true, "schema": { "type": "string" } });
            parameters.insert(0, slug);
        }
        for parameter in &mut parameters {
            describe(parameter);
        }
        if self.is_kept() {
            parameters.push(json!({
                "name": IDEMPOTENCY_KEY, "in": "header", "required": false,
                "description": "A name of your own for this request. Sent again within 24 hours, it is answered as \
                                the first time and not carried out again.",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
                "example": "6f1c2a94-order-1207",
            }));
        }
        if !parameters.is_empty() {
            self.operation.insert("parameters".into(), parameters.into());
        }
    }

    /// Whether it takes an `Idempotency-Key`.
    fn is_kept(&self) -> bool {
        self.method == "post" && self.path.starts_with("/api/v1") && !ONLY_READ.contains(&self.path)
    }

    fn scopes(&mut self) {
        let Some(actions) = actions::of(self.method, self.path) else {
            let writes = ["put", "delete"].contains(&self.method);
            let access = if writes { "read_write" } else { "read" };
            let words = format!("Takes a key of the service with access `{access}`.");
            // The address of a stream is its credential.
            if self.operation.get("security") != Some(&json!([{}])) {
                self.operation.insert("x-required-access".into(), json!(access));
                self.say(&words);
            }
            return;
        };
        let scopes: Vec<&str> = actions::scopes(actions).into_iter().map(Scope::as_str).collect();
        let quoted: Vec<String> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
        let words = match quoted.as_slice() {
            [] => "Any secret key of the tenant may.".to_owned(),
            [one] => format!("Takes the scope {one}."),
            // One that is about whatever its body names takes the scopes of that.
            several if self.path.ends_with("/promote") => {
                format!("Takes the scopes of what it promotes: {}.", several.join(", "))
            }
            several => format!("Takes the scopes {}.", several.join(" and ")),
        };
        self.operation.insert("x-required-scopes".into(), json!(scopes));
        self.say(&words);
    }

    fn say(&mut self, words: &str) {
        let before = self.operation.get("description").and_then(Value::as_str).unwrap_or_default();
        let all = if before.is_empty() { words.to_owned() } else { format!("{before}\n\n{words}") };
        self.operation.insert("description".into(), all.into());
    }

    fn refusals(&mut self) {
        let has_body = self.operation.contains_key("requestBody");
        let about = About { method: self.method, path: self.path, has_body };
        let mut named = Vec::new();
        for (status, codes) in refusals::of(&about) {
            let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
            // One name for each set of codes, so that it is described once.
            let name = format!("Refused{status}_{}", words.join("_"));
            self.refused.entry(name.clone()).or_insert_with(|| refusal(&codes));
            named.push((status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") })));
        }
        if let Some(Value::Object(responses)) = self.operation.get_mut("responses") {
            responses.retain(|_, response| response.get("$ref").is_none());
            responses.extend(named);
        }
    }

    fn request_example(&mut self) {
        let Some(body) = self.operation.get_mut("requestBody") else { return };
        for content in
            body.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
        {
            let name = content.get("schema").map(Value::to_string).unwrap_or_default();
            let name =
                name.split("/schemas/").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            if let (Some(content), Some(example)) = (content.as_object_mut(), examples::request(name)) {
                content.insert("example".into(), example);
            }
        }
    }

    fn answer_examples(&mut self) {
        let document = self.document;
        let responses = self.operation.get_mut("responses").and_then(Value::as_object_mut);
        let responses = responses.into_iter().flatten();
        for (status, response) in responses.filter(|(_, response)| response.get("$ref").is_none()) {
            let words = match status.as_str() {
                "201" => "Made",
                "204" => "Done",
                "304" => "Nothing has changed",
                _ => "The answer",
            };
            if let Value::Object(response) = &mut *response {
                let said = response.get("description").and_then(Value::as_str).unwrap_or_default();
                if said.is_empty() {
                    response.insert("description".into(), words.into());
                }
            }
            let content = response.get_mut("content").and_then(Value::as_object_mut);
            for (kind, content) in content.into_iter().flatten() {
                let example = match (kind.as_str(), content.get("schema")) {
                    ("application/json", Some(schema)) if schema.get("$ref").is_some() => {
                        examples::of(document, schema)
                    }
                    // A file whose fields are the caller's.
                    ("application/json", _) => json!({ "PORT": 8080 }),
                    ("text/event-stream", _) => {
                        json!("event: config.updated\nid: 43\ndata: {\"revision\":43,\"key\":\"PORT\"}\n\n")
                    }
                    ("application/jsonl", _) => json!("{\"seq\":1,\"event\":\"project.created\"}\n"),
                    ("application/yaml", _) => json!("PORT: 8080\n"),
                    _ => json!("PORT=8080\n"),
                };
                if let Value::Object(content) = content {
                    content.insert("example".into(), example);
                }
            }
        }
    }
}

/// Completes a parameter with what its name means.
fn describe(parameter: &mut Value) {
    let text = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some((words, more)) = limits::parameter(&text("in"), &text("name")) else { return };
    let Value::Object(fields) = parameter else { return };
    if fields.get("description").and_then(Value::as_str).unwrap_or_default().is_empty() {
        fields.insert("description".into(), words.into());
    }
    let Value::Object(mut more) = more else { return };
    if let Some(example) = more.remove("example") {
        fields.insert("example".into(), example);
    }
    if let Some(Value::Object(schema)) = fields.get_mut("schema") {
        schema.extend(more);
    }
}

/// The refusals of one status.
fn refusal(codes: &[Code]) -> Value {
    let words: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.as_str(), refusals::meaning(*code))).collect();
    let first = codes.first().copied().unwrap_or(Code::Internal);
    json!({
        "description": format!("{}.", words.join("; ")),
        "x-codes": codes,
        "content": { "application/json": {
            "schema": { "$ref": format!("#/components/schemas/{}", ErrorBody::name()) },
            "example": {
                "code": first, "message": refusals::meaning(first),
                "request_id": "019aa4c27b1e7c3d9f102a6b8c0d4e5f",
            },
        } },
    })
}
