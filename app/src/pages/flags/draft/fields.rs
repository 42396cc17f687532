//! Reads the fields of a form by their names: `rules[0][serve][split][1][weight]`. The server has serde
//! for that; in the browser its reader of forms would weigh more than the form.

use super::{Draft, PartDraft, RuleDraft, ServeDraft, VariantDraft, WeightDraft};

/// Rows beyond this are no rows of ours.
const MOST: usize = 1_000;

impl Draft {
    /// Out of the body of a form, in the browser.
    pub fn of_body(body: &str) -> Self {
        let mut draft = Self::default();
        for (name, value) in body.split('&').filter_map(|pair| pair.split_once('=')) {
            draft.put(&decoded(name), &decoded(value));
        }
        draft
    }

    /// Out of the fields of a form that was refused, with the row that it asked for.
    pub fn of_fields(fields: &[(String, String)]) -> Self {
        let mut draft = Self::default();
        for (name, value) in fields {
            draft.put(name, value);
        }
        if let Some((_, act)) = fields.iter().find(|(name, _)| name == "act") {
            draft.apply(act);
        }
        draft
    }

    /// Fields that are not part of a definition are left alone.
    fn put(&mut self, name: &str, value: &str) {
        let words: Vec<&str> = name.split(['[', ']']).filter(|word| !word.is_empty()).collect();
        let field = match words.as_slice() {
            ["state"] => Some(&mut self.state),
            ["starts_at"] => Some(&mut self.starts_at),
            ["ends_at"] => Some(&mut self.ends_at),
            ["kind"] => Some(&mut self.kind),
            ["on_variant"] => Some(&mut self.on_variant),
            ["off_variant"] => Some(&mut self.off_variant),
            ["variants", at, rest] => row(&mut self.variants, at).and_then(|it| it.field(rest)),
            ["rules", at, rest @ ..] => row(&mut self.rules, at).and_then(|it| it.field(rest)),
            ["rollout", rest @ ..] => self.rollout.field(rest),
            _ => None,
        };
        if let Some(field) = field {
            value.clone_into(field);
        }
    }
}

impl VariantDraft {
    fn field(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "name" => Some(&mut self.name),
            "value" => Some(&mut self.value),
            _ => None,
        }
    }
}

impl RuleDraft {
    fn field(&mut self, name: &[&str]) -> Option<&mut String> {
        match name {
            ["id"] => Some(&mut self.id),
            ["description"] => Some(&mut self.description),
            ["join"] => Some(&mut self.join),
            ["nested"] => Some(&mut self.nested),
            ["said"] => Some(&mut self.said),
            ["parts", at, rest] => row(&mut self.parts, at).and_then(|it| it.field(rest)),
            ["serve", rest @ ..] => self.serve.field(rest),
            _ => None,
        }
    }
}

impl PartDraft {
    fn field(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "attribute" => Some(&mut self.attribute),
            "op" => Some(&mut self.op),
            "value" => Some(&mut self.value),
            _ => None,
        }
    }
}

impl ServeDraft {
    fn field(&mut self, name: &[&str]) -> Option<&mut String> {
        match name {
            ["what"] => Some(&mut self.what),
            ["percentage"] => Some(&mut self.percentage),
            ["split", at, rest] => row(&mut self.split, at).and_then(|it| it.field(rest)),
            _ => None,
        }
    }
}

impl WeightDraft {
    fn field(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "variant" => Some(&mut self.variant),
            "weight" => Some(&mut self.weight),
            _ => None,
        }
    }
}

/// The row with that number, made where it is not there yet.
fn row<'r, T: Default>(rows: &'r mut Vec<T>, at: &str) -> Option<&'r mut T> {
    let at = at.parse::<usize>().ok().filter(|at| *at < MOST)?;
    while rows.len() <= at {
        rows.push(T::default());
    }
    rows.get_mut(at)
}

/// A name or value as a form writes it. Only the browser has bodies to read.
fn decoded(text: &str) -> String {
    if !cfg!(feature = "hydrate") {
        return text.to_owned();
    }
    js_sys::decode_uri_component(&text.replace('+', " ")).map(String::from).unwrap_or_default()
}
