//! Names of AWS: the role that a rule pins, and the caller that STS names.

use super::claims::TokenClaims;
use serde_json::{Value, json};

/// The name of a role: `arn:aws:iam::<account>:role/<path and name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn {
    pub partition: String,
    pub account: String,
    /// Without its path: names are unique in an account, and sessions do not tell the path.
    pub name: String,
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// What IAM allows in names, and nothing that looks like a pattern.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'=' | b',' | b'.' | b'@' | b'-'))
}

/// Partition, account and what follows, of an ARN without a region.
fn parts<'a>(arn: &'a str, service: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, partition, named, region) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (account, rest) = (parts.next()?, parts.next()?);
    let known = matches!(partition, "aws" | "aws-us-gov" | "aws-cn");
    (scheme == "arn" && known && named == service && region.is_empty() && is_account(account))
        .then_some((partition, account, rest))
}

impl RoleArn {
    pub fn parse(text: &str) -> Option<Self> {
        let (partition, account, rest) = parts(text, "iam")?;
        let path = rest.strip_prefix("role/")?;
        let name = path.rsplit('/').next()?;
        let path_fits = path.len() <= 512 && path.split('/').all(is_name);
        (is_name(name) && path_fits).then(|| Self {
            partition: partition.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl std::fmt::Display for RoleArn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "arn:{}:iam::{}:role/{}", self.partition, self.account, self.name)
    }
}

/// Whom STS named: a session of a role, and nobody else. People and their long-lived keys are no workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsCaller {
    pub role: RoleArn,
    /// The role's own id (`AROA…`), which another role of the same name does not have.
    pub role_id: String,
    pub session: String,
}

impl AwsCaller {
    /// From the three things that `GetCallerIdentity` answers; they have to agree.
    pub fn new(arn: &str, account: &str, user_id: &str) -> Option<Self> {
        let (partition, own, rest) = parts(arn, "sts")?;
        let (name, session) = rest.strip_prefix("assumed-role/")?.split_once('/')?;
        let (role_id, same) = user_id.split_once(':')?;
        let id_fits = role_id.starts_with("AROA")
            && role_id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        (own == account && same == session && is_name(name) && is_name(session) && id_fits).then(|| Self {
            role: RoleArn { partition: partition.to_owned(), account: own.to_owned(), name: name.to_owned() },
            role_id: role_id.to_owned(),
            session: session.to_owned(),
        })
    }

    /// What a rule can pin of it.
    pub fn claims(&self) -> TokenClaims {
        let claims = json!({
            "account": self.role.account, "arn": self.role.to_string(), "role_id": self.role_id,
            "session": self.session,
        });
        match claims {
            Value::Object(claims) => TokenClaims(claims),
            _ => TokenClaims::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_with_or_without_its_path() {
        let role = RoleArn::parse("arn:aws:iam::123456789012:role/team/a/Deploy").expect("a role");
        assert_eq!(role.to_string(), "arn:aws:iam::123456789012:role/Deploy");
        for text in [
            "arn:aws:iam::123456789012:user/Ana",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:iam::*:role/Deploy",
            "arn:aws:iam::12345678901:role/Deploy",
            "arn:aws:iam:eu-west-1:123456789012:role/Deploy",
            "arn:aws:sts::123456789012:assumed-role/Deploy/s",
            "arn:evil:iam::123456789012:role/Deploy",
            "arn:aws:iam::123456789012:role//Deploy",
            "arn:aws:iam::123456789012:role/Deploy:x",
            "arn:aws:iam::123456789012",
            "",
        ] {
            assert_eq!(RoleArn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_session_of_a_role_is_a_caller() {
        let arn = "arn:aws:sts::123456789012:assumed-role/Deploy/i-0abc";
        let caller = AwsCaller::new(arn, "123456789012", "AROAEXAMPLEID:i-0abc").expect("a caller");
        assert_eq!(caller.claims().text("arn"), Some("arn:aws:iam::123456789012:role/Deploy"));
        assert_eq!(caller.claims().text("role_id"), Some("AROAEXAMPLEID"));
        for (arn, account, id) in [
            (arn, "210987654321", "AROAEXAMPLEID:i-0abc"),
            (arn, "123456789012", "AROAEXAMPLEID:other"),
            (arn, "123456789012", "AIDAEXAMPLEID:i-0abc"),
            (arn, "123456789012", "AROAEXAMPLEID"),
            ("arn:aws:iam::123456789012:user/Ana", "123456789012", "AIDAEXAMPLEID"),
            ("arn:aws:iam::123456789012:root", "123456789012", "123456789012"),
            ("arn:aws:sts::123456789012:federated-user/Ana", "123456789012", "123456789012:Ana"),
            ("arn:aws:sts::123456789012:assumed-role/Deploy", "123456789012", "AROAEXAMPLEID:"),
            ("arn:aws:sts::123456789012:assumed-role/a/Deploy/s", "123456789012", "AROAEXAMPLEID:s"),
        ] {
            assert_eq!(AwsCaller::new(arn, account, id), None, "{arn} {account} {id}");
        }
    }
}
