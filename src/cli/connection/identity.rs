//! Workload identity at the command line: the variables by which a platform is recognised, and the options
//! that say the same.

use super::variable;
use nexus_client::WorkloadIdentity;

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Workload identity (where there is no key)")]
pub(super) struct Platform {
    /// The provider: its id, as it stands on its page.
    #[arg(long, env = "NEXUS_IDENTITY_PROVIDER")]
    identity_provider: Option<String>,
    /// The platform, where it is not to be recognised by its variables: file, gitlab, token, github,
    /// kubernetes, eks, aks, azure, aws_oidc, aws_iam or gcp. Virtual machines of Google Cloud, AWS and Azure have to
    /// be named, because asking whether this is one would keep every laptop waiting.
    #[arg(long, env = "NEXUS_IDENTITY_PLATFORM")]
    identity_platform: Option<String>,
    /// Whom the platform's token is for; by default `<address of Nexus>/wif/<provider>`.
    #[arg(long, env = "NEXUS_AUDIENCE")]
    audience: Option<String>,
    /// A file with the platform's token.
    #[arg(long, env = "NEXUS_TOKEN_FILE")]
    token_file: Option<String>,
}

impl Platform {
    /// The identity that this program has, if its platform is recognised. Where somebody asked for one, there has
    /// to be one.
    pub fn recognise(&self) -> Result<Option<WorkloadIdentity>, nexus_client::Error> {
        let said = |name: &str| match name {
            "NEXUS_IDENTITY_PROVIDER" => self.identity_provider.clone(),
            "NEXUS_IDENTITY_PLATFORM" => self.identity_platform.clone(),
            "NEXUS_AUDIENCE" => self.audience.clone(),
            "NEXUS_TOKEN_FILE" => self.token_file.clone(),
            _ => variable(name),
        };
        let said = |name: &str| said(name).filter(|value| !value.is_empty());
        if said("NEXUS_IDENTITY_PROVIDER").is_some() || said("NEXUS_AUDIENCE").is_some() {
            return WorkloadIdentity::detect_with(&said).map(Some);
        }
        WorkloadIdentity::recognise(&said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_a_provider_is_not_led_to_something_else() {
        let provider = Some("0197a5f0-0000-7000-8000-000000000001".to_owned());
        let args = Platform { identity_provider: provider.clone(), ..Platform::default() };
        assert!(args.recognise().is_err());
        let file = Some("/var/run/token".to_owned());
        let args = Platform { identity_provider: provider, token_file: file, ..Platform::default() };
        assert_eq!(args.recognise().expect("fine").expect("a platform").platform(), "a token file");
        let args = Platform { identity_platform: Some("laptop".to_owned()), ..Platform::default() };
        assert!(args.recognise().is_err());
    }
}
