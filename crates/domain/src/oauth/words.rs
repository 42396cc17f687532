//! What each scope says to people who are asked to allow it.

use crate::role::{Scope, Scopes};
use serde::{Deserialize, Serialize};

/// A scope with its sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeInWords {
    pub scope: Scope,
    pub words: String,
    /// Whether it changes something, or shows secrets.
    pub is_grave: bool,
}

/// The scopes with their sentences, in the order of the product.
pub fn in_words(scopes: &Scopes) -> Vec<ScopeInWords> {
    let shown = |scope: &Scope| ScopeInWords {
        scope: *scope,
        words: sentence(*scope).to_owned(),
        is_grave: is_grave(*scope),
    };
    Scope::ALL.iter().filter(|scope| scopes.has(**scope)).map(shown).collect()
}

/// Whether a scope changes something, or shows secrets.
pub fn is_grave(scope: Scope) -> bool {
    scope == Scope::ReadSecrets || !scope.as_str().starts_with("read:")
}

/// What somebody allows with a scope. It is never more than what they may do themselves.
pub const fn sentence(scope: Scope) -> &'static str {
    match scope {
        Scope::ReadUsers => "See the members and their roles",
        Scope::WriteUsers => "Invite and remove members, and change their roles",
        Scope::ReadPayments => "See invoices and prices",
        Scope::WritePayments => "Change what is paid for",
        Scope::ReadMessages => "See the messages that webhooks sent",
        Scope::WriteMessages => "Send messages of webhooks again",
        Scope::ReadProjects => "See the projects",
        Scope::WriteProjects => "Make, change and delete projects",
        Scope::ReadServices => "See the services",
        Scope::WriteServices => "Make, change and delete services, and your developer environments",
        Scope::WriteEnvironments => "Make, change and delete environments",
        Scope::ReadKeys => "See which keys, identities and apps there are, never their values",
        Scope::WriteKeys => "Make, rotate and revoke keys, identities and apps",
        Scope::ReadConfigs => "Read configs",
        Scope::WriteConfigs => "Write and delete configs",
        Scope::ReadFlags => "Read flags",
        Scope::WriteFlags => "Switch, change and delete flags",
        Scope::ReadSecrets => "Read secrets with their values",
        Scope::WriteSecrets => "Write and delete secrets",
        Scope::ReadRuns => "See runs and what they gave",
        Scope::WriteRuns => "Start runs",
        Scope::ReadUsage => "See usage and quotas",
        Scope::ReadWebhooks => "See the webhooks",
        Scope::WriteWebhooks => "Make, change and delete webhooks",
        Scope::ReadAudit => "Read the audit log",
        Scope::AdminAll => "Everything, in every environment",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_scope_has_a_sentence_of_its_own() {
        let sentences: HashSet<&str> = Scope::ALL.iter().map(|scope| sentence(*scope)).collect();
        assert_eq!(sentences.len(), Scope::ALL.len());
    }

    #[test]
    fn what_changes_something_or_shows_secrets_is_grave() {
        let shown = in_words(&Scopes(vec![Scope::WriteFlags, Scope::ReadFlags, Scope::ReadSecrets]));
        let grave: Vec<(Scope, bool)> = shown.iter().map(|it| (it.scope, it.is_grave)).collect();
        let expected = [(Scope::ReadFlags, false), (Scope::WriteFlags, true), (Scope::ReadSecrets, true)];
        assert_eq!(grave, expected);
    }
}
