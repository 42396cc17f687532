//! What a form's server function answers, and what the session keeps for a browser without
//! JavaScript: one notice, or one refusal with what was typed. Never a secret value.

use nexus_domain::Refusal;
use serde::{Deserialize, Serialize};

/// The answer to a form that was accepted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Done {
    /// One sentence for the toast; empty for none.
    pub notice: String,
    /// The local path to go to; where the form says so, or stay, when absent.
    pub to: Option<String>,
    /// Another server to go to: a provider of sign-in. Only the server says so, never a form.
    pub leave: Option<String>,
    /// Whether the frame around the page (tenant, projects) shows something else now.
    pub frame: bool,
    pub undo: Option<Undo>,
}

/// The form that takes back what was just done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// The path of a server function.
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Done {
    pub fn new(notice: impl Into<String>) -> Self {
        Self { notice: notice.into(), ..Self::default() }
    }

    #[must_use]
    pub fn to(mut self, path: impl Into<String>) -> Self {
        self.to = Some(path.into());
        self
    }

    #[must_use]
    pub fn and_frame(mut self) -> Self {
        self.frame = true;
        self
    }

    #[must_use]
    pub fn or_undo(mut self, action: &str, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.undo = Some(Undo { action: action.to_owned(), fields });
        self
    }
}

/// What one page finds in the session, once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flash {
    pub done: Option<Done>,
    pub refused: Option<RefusedForm>,
}

/// A form that was refused, so that it comes back as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedForm {
    /// The path of its server function.
    pub action: String,
    pub refusal: Refusal,
    /// What was typed, except secret values.
    pub typed: Vec<(String, String)>,
}

/// The hidden field that tells two forms of one action apart.
pub const FORM_ID: &str = "_form";
/// The hidden field that says where to go when the form was accepted.
pub const FORM_TO: &str = "_to";

impl RefusedForm {
    pub fn typed(&self, name: &str) -> Option<&str> {
        self.typed.iter().find(|(typed, _)| typed == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is about the form with that action and id.
    pub fn is_of(&self, action: &str, id: &str) -> bool {
        self.action == action && self.typed(FORM_ID).unwrap_or_default() == id
    }
}

/// A path that stays on this instance, from something that came from outside.
pub fn local_path(text: &str) -> Option<&str> {
    let local = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !nexus_domain::slug::has_control(text);
    local.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_instance_are_followed() {
        for path in ["/", "/t/acme/projects?q=a%2Fb", "/step-up?next=/t/acme"] {
            assert_eq!(local_path(path), Some(path));
        }
        for path in
            ["", "t/acme", "//evil.test", "/\\evil.test", "https://evil.test", "javascript:x", "/a\nb"]
        {
            assert_eq!(local_path(path), None, "{path:?}");
        }
    }
}
