//! Which platform this is, by variables that only it sets. Nothing is asked here, so that a laptop waits for
//! nobody.

use super::aws::Chain;
use super::{Source, WorkloadIdentity};
use crate::Error;
use std::path::{Path, PathBuf};

/// Where a pod finds the token that is projected for Nexus.
const PROJECTED: &str = "/var/run/secrets/nexus/token";

type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;
type Exists<'a> = &'a dyn Fn(&Path) -> bool;

/// A platform in the order of recognition: its word, its name in sentences, its provider's kind, and how
/// it is recognised or, where it was asked for, found.
struct Platform {
    word: &'static str,
    name: &'static str,
    kind: Option<&'static str>,
    find: fn(Variable<'_>, Exists<'_>, asked: bool) -> Option<Source>,
    /// What has to be there.
    needs: &'static str,
}

const PLATFORMS: &[Platform] = &[
    Platform {
        word: "file",
        name: "a token file",
        kind: None,
        find: |variable, _, _| Some(Source::File(PathBuf::from(variable("NEXUS_TOKEN_FILE")?))),
        needs: "NEXUS_TOKEN_FILE names no file",
    },
    Platform {
        word: "gitlab",
        name: "GitLab",
        kind: Some("gitlab"),
        find: |variable, _, asked| {
            let here = asked || variable("GITLAB_CI").is_some();
            here.then(|| variable("NEXUS_ID_TOKEN")).flatten().map(token)
        },
        needs: "NEXUS_ID_TOKEN is not set: name it under id_tokens of the job",
    },
    Platform {
        word: "token",
        name: "NEXUS_ID_TOKEN",
        kind: None,
        find: |variable, _, _| variable("NEXUS_ID_TOKEN").map(token),
        needs: "NEXUS_ID_TOKEN is not set",
    },
    Platform {
        word: "github",
        name: "GitHub Actions",
        kind: Some("github"),
        find: |variable, _, _| {
            let url = variable("ACTIONS_ID_TOKEN_REQUEST_URL")?;
            Some(Source::Github { url, token: variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?.into() })
        },
        needs: "the job may ask for no token: give it the permission `id-token: write`",
    },
    Platform {
        word: "kubernetes",
        name: "Kubernetes",
        kind: Some("kubernetes"),
        find: |variable, exists, asked| {
            let file = variable("NEXUS_TOKEN_FILE").map_or_else(|| PathBuf::from(PROJECTED), PathBuf::from);
            (asked || exists(&file)).then_some(Source::File(file))
        },
        needs: "",
    },
    Platform {
        word: "eks",
        name: "AWS EKS",
        kind: Some("kubernetes"),
        find: |variable, _, _| Some(Source::File(PathBuf::from(variable("AWS_WEB_IDENTITY_TOKEN_FILE")?))),
        needs: "AWS_WEB_IDENTITY_TOKEN_FILE is not set",
    },
    Platform {
        word: "aks",
        name: "Azure AKS",
        kind: Some("kubernetes"),
        find: |variable, _, _| Some(Source::File(PathBuf::from(variable("AZURE_FEDERATED_TOKEN_FILE")?))),
        needs: "AZURE_FEDERATED_TOKEN_FILE is not set",
    },
    Platform {
        word: "azure",
        name: "Azure",
        kind: Some("azure"),
        find: |variable, _, asked| {
            let client = variable("AZURE_CLIENT_ID");
            match (variable("IDENTITY_ENDPOINT"), variable("IDENTITY_HEADER")) {
                (Some(endpoint), Some(header)) => {
                    Some(Source::AzureApp { endpoint, header: header.into(), client })
                }
                _ => asked.then(|| Source::Azure {
                    host: variable("AZURE_POD_IDENTITY_AUTHORITY_HOST")
                        .unwrap_or_else(|| "http://169.254.169.254".to_owned()),
                    client,
                }),
            }
        },
        needs: "",
    },
    Platform {
        word: "aws_iam",
        name: "AWS IAM",
        kind: Some("aws_iam"),
        find: |variable, _, asked| Chain::find(variable, asked).map(|chain| Source::AwsIam(Box::new(chain))),
        needs: "there are no AWS credentials, and AWS_EC2_METADATA_DISABLED is set",
    },
    Platform {
        word: "aws_oidc",
        name: "AWS STS",
        kind: Some("aws_oidc"),
        find: |variable, _, asked| {
            let chain = asked.then(|| Chain::find(variable, asked)).flatten();
            chain.map(|chain| Source::AwsOidc(Box::new(chain)))
        },
        needs: "there are no AWS credentials, and AWS_EC2_METADATA_DISABLED is set",
    },
    Platform {
        word: "gcp",
        name: "Google Cloud",
        kind: Some("gcp"),
        find: |variable, _, asked| {
            let host = variable("GCE_METADATA_HOST");
            let here = ["K_SERVICE", "CLOUD_RUN_JOB"].iter().any(|name| variable(name).is_some());
            (asked || here || host.is_some())
                .then(|| Source::Gcp { host: host.unwrap_or_else(|| "169.254.169.254".to_owned()) })
        },
        needs: "",
    },
];

fn token(text: String) -> Source {
    Source::Variable("NEXUS_ID_TOKEN", text.into())
}

/// The platform that was asked for, or the first one that is recognised.
pub(super) fn recognise(
    variable: Variable<'_>,
    exists: Exists<'_>,
) -> Result<Option<WorkloadIdentity>, Error> {
    let asked = variable("NEXUS_IDENTITY_PLATFORM");
    let found = match &asked {
        Some(word) => Some(asked_for(word, variable, exists)?),
        None => PLATFORMS.iter().find_map(|it| Some((it, (it.find)(variable, exists, false)?))),
    };
    Ok(found.map(|(platform, source)| WorkloadIdentity {
        source,
        platform: platform.name,
        kind: platform.kind,
        provider: variable("NEXUS_IDENTITY_PROVIDER"),
        audience: variable("NEXUS_AUDIENCE"),
    }))
}

fn asked_for(
    word: &str,
    variable: Variable<'_>,
    exists: Exists<'_>,
) -> Result<(&'static Platform, Source), Error> {
    let platform = PLATFORMS.iter().find(|platform| platform.word == word).ok_or_else(|| {
        let words: Vec<&str> = PLATFORMS.iter().map(|platform| platform.word).collect();
        Error::Invalid(format!("NEXUS_IDENTITY_PLATFORM is one of {}", words.join(", ")))
    })?;
    let source = (platform.find)(variable, exists, true);
    let missing = || Error::NoIdentity { platform: platform.name, problem: platform.needs.to_owned() };
    source.map(|source| (platform, source)).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// What is recognised with these variables (and the projected file, where it is said to be there).
    fn found(variables: &[(&str, &str)], projected: bool) -> Option<&'static str> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let variable = |name: &str| variables.get(name).map(|&value| value.to_owned());
        let found =
            recognise(&variable, &|path| projected && path == Path::new(PROJECTED)).expect("no error");
        found.map(|identity| identity.platform)
    }

    /// Everything that somebody could set, in the order in which it counts.
    const ORDER: &[(&[(&str, &str)], &str)] = &[
        (&[("NEXUS_IDENTITY_PLATFORM", "aws_iam")], "AWS IAM"),
        (&[("NEXUS_TOKEN_FILE", "/a")], "a token file"),
        (&[("NEXUS_ID_TOKEN", "a"), ("GITLAB_CI", "true")], "GitLab"),
        (&[("NEXUS_ID_TOKEN", "a")], "NEXUS_ID_TOKEN"),
        (
            &[("ACTIONS_ID_TOKEN_REQUEST_URL", "https://a"), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "b")],
            "GitHub Actions",
        ),
        (&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/a")], "AWS EKS"),
        (&[("AZURE_FEDERATED_TOKEN_FILE", "/a")], "Azure AKS"),
        (&[("IDENTITY_ENDPOINT", "http://localhost"), ("IDENTITY_HEADER", "a")], "Azure"),
        (&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/a")], "AWS IAM"),
        (&[("K_SERVICE", "a")], "Google Cloud"),
    ];

    #[test]
    fn what_is_first_in_the_order_is_what_counts() {
        for (at, (_, expected)) in ORDER.iter().enumerate() {
            let all: Vec<(&str, &str)> = ORDER.iter().skip(at).flat_map(|(them, _)| *them).copied().collect();
            // GitLab's own variable makes a token one of GitLab's, so it stands alone with those below it.
            let all: Vec<_> =
                all.into_iter().filter(|(name, _)| *expected == "GitLab" || *name != "GITLAB_CI").collect();
            assert_eq!(found(&all, false), Some(*expected));
        }
        let projected_first: Vec<(&str, &str)> =
            ORDER.iter().skip(5).flat_map(|(them, _)| *them).copied().collect();
        assert_eq!(found(&projected_first, true), Some("Kubernetes"));
        assert_eq!(found(ORDER[4].0, true), Some("GitHub Actions"));
    }

    #[test]
    fn a_laptop_is_no_platform_whatever_clouds_somebody_works_with() {
        let laptop = [
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "a"),
            ("AWS_PROFILE", "a"),
            ("AWS_REGION", "eu-central-1"),
            ("AZURE_CLIENT_ID", "a"),
            ("GOOGLE_CLOUD_PROJECT", "a"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/a"),
            ("KUBERNETES_SERVICE_HOST", "a"),
            ("KUBECONFIG", "/a"),
            ("GITHUB_TOKEN", "a"),
            ("IDENTITY_ENDPOINT", "http://localhost"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://a"),
            ("NEXUS_IDENTITY_PROVIDER", "a"),
        ];
        assert_eq!(found(&laptop, false), None);
    }

    #[test]
    fn a_platform_that_is_asked_for_and_not_there_is_an_error_that_says_what_it_needs() {
        for word in ["file", "gitlab", "token", "github", "eks", "aks"] {
            let variable = |name: &str| (name == "NEXUS_IDENTITY_PLATFORM").then(|| word.to_owned());
            let error = recognise(&variable, &|_| false).expect_err(word);
            assert!(matches!(&error, Error::NoIdentity { problem, .. } if problem.len() > 10), "{error}");
        }
        for word in ["kubernetes", "azure", "aws_iam", "aws_oidc", "gcp"] {
            let variable = |name: &str| (name == "NEXUS_IDENTITY_PLATFORM").then(|| word.to_owned());
            assert!(recognise(&variable, &|_| false).expect("asked for").is_some(), "{word}");
        }
        let variable = |name: &str| (name == "NEXUS_IDENTITY_PLATFORM").then(|| "GitHub".to_owned());
        assert!(matches!(recognise(&variable, &|_| false), Err(Error::Invalid(_))));
    }
}
