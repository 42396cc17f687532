//! What a key may do, in words.

use nexus_domain::role::Scope;

/// A scope as people read it.
pub const fn words(scope: Scope) -> &'static str {
    match scope {
        Scope::ReadUsers => "See members",
        Scope::WriteUsers => "Invite, change and remove members",
        Scope::ReadPayments => "See invoices",
        Scope::WritePayments => "Pay invoices",
        Scope::ReadMessages => "See webhook messages",
        Scope::WriteMessages => "Send webhook messages again",
        Scope::ReadProjects => "See projects",
        Scope::WriteProjects => "Make, change and delete projects",
        Scope::ReadServices => "See services",
        Scope::WriteServices => "Make, change and delete services",
        Scope::WriteEnvironments => "Make, change and delete environments",
        Scope::ReadKeys => "See keys",
        Scope::WriteKeys => "Make, rotate and revoke keys",
        Scope::ReadConfigs => "Read configs",
        Scope::WriteConfigs => "Write configs",
        Scope::ReadFlags => "Read flags",
        Scope::WriteFlags => "Write flags",
        Scope::ReadSecrets => "Read secrets",
        Scope::WriteSecrets => "Write secrets",
        Scope::ReadRuns => "See runs",
        Scope::WriteRuns => "Start runs",
        Scope::ReadUsage => "See usage",
        Scope::ReadWebhooks => "See webhooks",
        Scope::WriteWebhooks => "Make, change and delete webhooks",
        Scope::ReadAudit => "Read the audit log",
        Scope::AdminAll => "Everything, in every environment",
    }
}

/// What a key may do, in short.
pub fn summary(scopes: &[Scope]) -> String {
    match scopes {
        [] => "nothing".to_owned(),
        _ if scopes.contains(&Scope::AdminAll) => "everything, everywhere".to_owned(),
        _ if scopes.len() + 1 == Scope::ALL.len() => "everything but admin:all".to_owned(),
        [one] => one.as_str().to_owned(),
        [one, other] => format!("{one}, {other}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::role::Scopes;

    #[test]
    fn what_a_key_may_do_is_said_in_short() {
        assert_eq!(summary(&[]), "nothing");
        assert_eq!(summary(&Scopes::all_but_admin().0), "everything but admin:all");
        assert_eq!(summary(&[Scope::ReadFlags, Scope::AdminAll]), "everything, everywhere");
        assert_eq!(summary(&[Scope::ReadFlags, Scope::ReadConfigs]), "read:flags, read:configs");
        let three = [Scope::ReadFlags, Scope::ReadConfigs, Scope::ReadRuns];
        assert_eq!(summary(&three), "read:flags and 2 more");
    }

    #[test]
    fn no_two_scopes_have_the_same_words() {
        let all: std::collections::BTreeSet<_> = Scope::ALL.iter().map(|scope| words(*scope)).collect();
        assert_eq!(all.len(), Scope::ALL.len());
    }
}
