//! The providers of sign-in of the whole instance, as they stand in the settings:
//! `NEXUS_SIGN_IN_PROVIDERS='[{kind="google",client_id="…",client_secret="…"}]'`, or tables
//! `[[sign_in_providers]]` in the file.

use anyhow::Context as _;
use nexus_backend::sign_in::InstanceProvider;
use nexus_domain::sign_in::{ProviderKind, check_client_id, check_issuer, check_provider_name};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeSet;

/// One of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInProvider {
    pub kind: ProviderKind,
    /// What identities hang on: it never changes. The kind where there is one of it.
    pub key: Option<String>,
    /// What stands on the button.
    pub name: Option<String>,
    /// Where it is; for Google and GitHub known.
    #[serde(default)]
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
}

impl SignInProvider {
    fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(self.kind.as_str())
    }

    fn checked(&self) -> anyhow::Result<InstanceProvider> {
        anyhow::ensure!(!self.client_secret.expose_secret().trim().is_empty(), "client_secret is empty");
        Ok(InstanceProvider {
            key: self.key().to_owned(),
            kind: self.kind,
            name: check_provider_name(self.name.as_deref().unwrap_or(self.kind.name()))?,
            issuer: check_issuer(self.kind, &self.issuer)?,
            client_id: check_client_id(&self.client_id)?,
            client_secret: self.client_secret.expose_secret().trim().into(),
        })
    }
}

pub(super) fn checked(given: &[SignInProvider]) -> anyhow::Result<Vec<InstanceProvider>> {
    let mut keys = BTreeSet::new();
    given
        .iter()
        .map(|provider| {
            let key = provider.key();
            anyhow::ensure!(keys.insert(key), "sign_in_providers: two have the key {key}; give each its own");
            provider.checked().with_context(|| format!("sign_in_providers: {key}"))
        })
        .collect()
}

/// Without their secrets.
pub(super) fn shown(given: &[SignInProvider]) -> String {
    let names: Vec<_> =
        given.iter().map(|provider| format!("{} ({})", provider.key(), provider.kind)).collect();
    if names.is_empty() { "(none)".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;

    fn settings(text: &str) -> Settings {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("nexus.toml");
        std::fs::write(&file, text).expect("written");
        Settings::read(Some(&file)).expect("settings")
    }

    const GOOGLE: &str =
        "[[sign_in_providers]]\nkind = \"google\"\nclient_id = \"g\"\nclient_secret = \"hunter2\"\n";

    #[test]
    fn providers_are_read_from_the_file_and_shown_without_their_secrets() {
        let oidc = "[[sign_in_providers]]\nkind = \"oidc\"\nkey = \"work\"\nname = \"Work\"\nclient_id = \"n\"\n\
                    client_secret = \"hunter3\"\nissuer = \"https://login.example.com\"\n";
        let settings = settings(&format!("{GOOGLE}{oidc}"));
        let found = settings.sign_in_providers().expect("fine");
        assert_eq!(found[0].issuer, "https://accounts.google.com");
        assert_eq!((found[0].name.as_str(), found[1].name.as_str()), ("Google", "Work"));
        assert_ne!(found[0].id(), found[1].id());
        let shown = settings.shown()["sign_in_providers"].clone();
        assert_eq!(shown, "google (google), work (oidc)");
        assert!(!format!("{settings:?}").contains("hunter"));
    }

    #[test]
    fn what_is_wrong_with_a_provider_is_said_at_start() {
        let complaint =
            |text: &str| format!("{:#}", settings(text).sign_in_providers().expect_err("refused"));
        assert!(complaint(&format!("{GOOGLE}{GOOGLE}")).contains("two have the key google"));
        let oidc = "[[sign_in_providers]]\nkind = \"oidc\"\nclient_id = \"n\"\nclient_secret = \"s\"\n";
        assert!(complaint(oidc).contains("issuer"));
        assert!(complaint(&GOOGLE.replace("hunter2", " ")).contains("client_secret"));
    }

    #[test]
    fn networks_of_the_way_out_are_read() {
        let rules =
            settings("egress_allow = \"10.0.0.0/8, 192.0.2.1\"\negress_http = true").egress().expect("fine");
        assert_eq!((rules.allowed.len(), rules.plain_http), (2, true));
        assert!(settings("egress_allow = \"everywhere\"").egress().is_err());
    }
}
