//! A row: a route, and the valid call that speaks for it.

use crate::world::apps::{CALLBACK, asking};
use crate::world::{Ask, Keys, ORIGIN, World, encoded};
use serde_json::Value;

pub struct Call {
    /// `GET /api/v1/projects/{project}`
    pub route: String,
    /// What this row is about, where a route has several.
    pub note: &'static str,
    at: Vec<(&'static str, &'static str)>,
    query: &'static str,
    body: Body,
}

enum Body {
    None,
    Json(Value),
    /// A server function's fields, as the script sends them.
    Fields,
    /// A form, as the browser sends it.
    Form,
}

/// What stands in the paths and fields unless a row says otherwise.
const USUAL: [(&str, &str); 7] = [
    ("tenant", "acme"),
    ("project", "shop"),
    ("environment", "live"),
    ("service", "api"),
    ("key", "TOKEN"),
    ("slot", "primary"),
    ("n", "1"),
];

/// What is only known once the database is seeded.
fn secret_of(keys: &Keys, name: &str) -> Option<String> {
    match name {
        "{endpoint}" => Some(keys.endpoint.clone()),
        "{web_endpoint}" => Some(keys.web_endpoint.clone()),
        "{reset}" => Some(keys.reset.clone()),
        "{viewer}" => Some(keys.viewer.clone()),
        "{address}" => Some(keys.address.clone()),
        // Another one for each call, because what is asked for one address is counted.
        "{anybody}" => Some(format!("{}@acme.test", uuid::Uuid::new_v4().simple())),
        "{invitation}" => Some(keys.invitation.clone()),
        "{invitation_token}" => Some(keys.invitation_token.clone()),
        "{api_key}" => Some(keys.api_key.clone()),
        "{app}" => Some(keys.apps.app.clone()),
        "{public_app}" => Some(keys.apps.public_app.clone()),
        "{refresh}" => Some(keys.apps.refresh.clone()),
        "{asking}" => Some(asking(&keys.apps.app, CALLBACK, "read:flags")),
        "{mail}" => Some(keys.mail.clone()),
        _ => None,
    }
}

pub fn rest(route: &str) -> Call {
    Call { route: route.to_owned(), note: "", at: Vec::new(), query: "", body: Body::None }
}

pub fn function(name: &str) -> Call {
    Call { body: Body::Fields, ..rest(&format!("POST /_fn/{name}")) }
}

impl Call {
    pub fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// Another value in the path or the fields.
    pub fn at(mut self, name: &'static str, value: &'static str) -> Self {
        self.at.push((name, value));
        self
    }

    pub fn query(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }

    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    pub fn form(mut self) -> Self {
        self.body = Body::Form;
        self
    }

    pub fn name(&self) -> String {
        if self.note.is_empty() { self.route.clone() } else { format!("{} ({})", self.route, self.note) }
    }

    fn value(&self, keys: &Keys, name: &str) -> String {
        let own = self.at.iter().rev().chain(USUAL.iter()).find(|(it, _)| *it == name);
        let value = own.unwrap_or_else(|| panic!("{} has no {name}", self.route)).1;
        secret_of(keys, value).unwrap_or_else(|| value.to_owned())
    }

    fn path(&self, keys: &Keys) -> String {
        let path = self.route.split(' ').nth(1).expect("a method and a path");
        let mut filled = String::new();
        for part in path.split('{') {
            match part.split_once('}') {
                Some((name, rest)) => filled.push_str(&(encoded(&self.value(keys, name)) + rest)),
                None => filled.push_str(part),
            }
        }
        if self.query.is_empty() { filled } else { format!("{filled}?{}", self.query) }
    }

    pub fn ask<'w>(&self, world: &'w World) -> Ask<'w> {
        let keys = world.keys;
        let ask = world.ask(self.route.split(' ').next().expect("a method"), &self.path(keys));
        let mut names: Vec<&str> = USUAL.iter().chain(&self.at).map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        let values: Vec<(&str, String)> = names.iter().map(|name| (*name, self.value(keys, name))).collect();
        let fields: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match &self.body {
            Body::None => ask,
            Body::Json(body) => ask.json(body.clone()),
            Body::Fields => ask.header("accept", "application/json").fields(&fields),
            Body::Form => ask.header("origin", ORIGIN).header("host", "nexus.test").fields(&fields),
        }
    }
}
