//! What a program is, proved by the platform that it runs on instead of by a key: a signed token (or, on AWS,
//! a signed question), which Nexus exchanges for a session of at most an hour. The proof is asked for anew
//! each time, because platforms rotate it. Nothing here falls back: the platform that was recognised gives a
//! proof that is meant for Nexus, or there is an error that names it.

mod aws;
mod detect;
mod exchange;
mod file;
mod metadata;
mod sigv4;
#[cfg(test)]
mod tests;

pub(crate) use exchange::Exchange;

use crate::{Error, wire};
use reqwest::Url;
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;

/// Where the proof comes from.
#[derive(Clone)]
pub(crate) enum Source {
    File(PathBuf),
    /// A token in a variable of the environment, which stays as long as the job.
    Variable(&'static str, SecretString),
    Github {
        url: String,
        token: SecretString,
    },
    /// The metadata server of Google Cloud.
    Gcp {
        host: String,
    },
    /// The metadata service of a virtual machine of Azure.
    Azure {
        host: String,
        client: Option<String>,
    },
    /// App Service, Functions and Container Apps.
    AzureApp {
        endpoint: String,
        header: SecretString,
        client: Option<String>,
    },
    /// A token that STS signs.
    AwsOidc(Box<aws::Chain>),
    AwsIam(Box<aws::Chain>),
}

/// What a program presents instead of a key.
#[derive(Clone)]
pub struct WorkloadIdentity {
    pub(crate) source: Source,
    /// In words, for errors.
    pub(crate) platform: &'static str,
    /// The provider's kind, where the platform alone says it.
    pub(crate) kind: Option<&'static str>,
    pub(crate) provider: Option<String>,
    pub(crate) audience: Option<String>,
}

impl fmt::Debug for WorkloadIdentity {
    /// Without tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadIdentity")
            .field("platform", &self.platform)
            .field("provider", &self.provider)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl WorkloadIdentity {
    /// Recognises the platform by its variables, in this order:
    ///
    /// 1. `NEXUS_IDENTITY_PLATFORM`: that one and no other;
    /// 2. `NEXUS_TOKEN_FILE`: a file with a token;
    /// 3. `NEXUS_ID_TOKEN`: a token, for example of GitLab's `id_tokens`;
    /// 4. GitHub Actions: `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`;
    /// 5. Kubernetes: the file `/var/run/secrets/nexus/token`;
    /// 6. EKS: `AWS_WEB_IDENTITY_TOKEN_FILE`;
    /// 7. AKS: `AZURE_FEDERATED_TOKEN_FILE`;
    /// 8. Azure App Service, Functions, Container Apps: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`;
    /// 9. AWS ECS, EKS Pod Identity, Lambda: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`,
    ///    `AWS_LAMBDA_FUNCTION_NAME`;
    /// 10. Google Cloud Run and Functions: `K_SERVICE`, `CLOUD_RUN_JOB`; elsewhere `GCE_METADATA_HOST`.
    ///
    /// The metadata services of virtual machines (GCE, EC2, Azure) are asked only when 1 says so (`gcp`, `aws_iam`,
    /// `azure`), because nothing tells such a machine from a laptop but a question that nobody answers. So is
    /// AWS's STS for a signed token (`aws_oidc`), because AWS says what a program is in two ways.
    /// `NEXUS_IDENTITY_PROVIDER` names the provider, `NEXUS_AUDIENCE` the audience.
    ///
    /// # Errors
    /// Where no platform is recognised, and where the one that was asked for is not there.
    pub fn detect() -> Result<Self, Error> {
        Self::detect_with(&variable)
    }

    /// The same with other variables than this program's own.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    pub fn detect_with(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        Self::recognise(variable)?.ok_or_else(|| {
            Error::Invalid(
                "no platform is recognised here; NEXUS_IDENTITY_PLATFORM names one, NEXUS_TOKEN_FILE a file"
                    .into(),
            )
        })
    }

    /// The same, with nothing where no platform is recognised.
    ///
    /// # Errors
    /// Where the platform that was asked for is not there.
    pub fn recognise(variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, Error> {
        detect::recognise(variable, &|path| path.exists())
    }

    /// Names the provider: its id, as it stands on the provider's page.
    #[must_use]
    pub fn provider(mut self, id: impl Into<String>) -> Self {
        self.provider = Some(id.into());
        self
    }

    /// Whom the token has to be meant for, where that is not `https://<address of Nexus>/wif/<provider>`.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The platform, in words.
    pub const fn platform(&self) -> &'static str {
        self.platform
    }

    pub(crate) fn trouble(&self, problem: impl Into<String>) -> Error {
        Error::NoIdentity { platform: self.platform, problem: problem.into() }
    }

    /// The provider, as the exchange wants it: an id, or a kind.
    pub(crate) fn named(&self) -> Result<&str, Error> {
        self.provider.as_deref().or(self.kind).ok_or_else(|| {
            self.trouble("set NEXUS_IDENTITY_PROVIDER to the provider's id, which stands on its page")
        })
    }

    /// Whom a token is asked for.
    pub(crate) fn wanted_audience(&self, base: &Url) -> Result<String, Error> {
        if let Some(audience) = &self.audience {
            return Ok(audience.clone());
        }
        let id = self.provider.as_deref().filter(|id| is_id(id));
        id.map(|id| format!("{}{id}", audiences_of(base))).ok_or_else(|| {
            self.trouble(
                "set NEXUS_IDENTITY_PROVIDER to the provider's id, or NEXUS_AUDIENCE to its audience",
            )
        })
    }
}

/// Whether a provider is named by its id, and not by its kind.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// What the audiences of an instance begin with, unless somebody chose others.
pub(crate) fn audiences_of(base: &Url) -> String {
    wire::instance(base.as_str()).map(|url| format!("{url}wif/")).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a platform tells a program what it is by such variables")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
