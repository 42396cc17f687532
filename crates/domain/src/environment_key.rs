//! Environment keys as they travel: bound to one environment of a tenant for ever, of type secret or
//! publishable, each value shown once.

use crate::network::Networks;
use crate::role::{Scope, Scopes, words};
use crate::{KeyId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};

words! {
    /// What an environment key is for. A secret one is for the management API and for programs of one's own; a
    /// publishable one may stand in a client, and reads configs and flags of frontend services.
    KeyType { Secret = "secret", Publishable = "publishable", }
}

/// Keys of one environment that are not revoked.
pub const MAX_KEYS: i64 = 200;
/// A signed token ends so many microseconds ahead at most.
pub const MAX_TOKEN_LIFE: i64 = crate::timestamp::HOUR;

/// What stands for every environment, where one is chosen.
pub const ALL_ENVIRONMENTS: &str = "all";

/// A key and what is known of it; never its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvironmentKey {
    pub id: KeyId,
    pub name: String,
    pub environment: String,
    #[serde(rename = "type")]
    pub kind: KeyType,
    /// The shown prefix, for example `nx_dev_a3f2`.
    pub prefix: String,
    pub scopes: Vec<Scope>,
    /// From where it is taken; from everywhere when empty.
    pub allowed_cidrs: Vec<String>,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub created_by: String,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<String>,
    /// The shown prefix of the value that a rotation replaced and that is still valid.
    pub old_key_prefix: Option<String>,
    pub old_key_expires_at: Option<Timestamp>,
    /// When its signing secret was made, where it has one.
    pub signing_secret_made_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewEnvironmentKey {
    pub name: String,
    /// The key's own environment when absent; another one takes `admin:all`.
    #[serde(default)]
    pub environment: Option<String>,
    #[serde(rename = "type")]
    pub kind: KeyType,
    /// What a secret key may do: everything but `admin:all` when absent. A publishable key has none.
    #[serde(default)]
    pub scopes: Option<Vec<Scope>>,
    /// From where it is taken; from everywhere when absent or empty.
    #[serde(default)]
    pub allowed_cidrs: Option<Vec<String>>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl NewEnvironmentKey {
    /// The scopes that it asks for, each once.
    pub fn granted(&self) -> Result<Scopes, Refusal> {
        match (self.kind, &self.scopes) {
            (KeyType::Publishable, None) => Ok(Scopes::default()),
            (KeyType::Publishable, Some(scopes)) if scopes.is_empty() => Ok(Scopes::default()),
            (KeyType::Publishable, Some(_)) => {
                Err(Refusal::invalid("scopes", "A publishable key has no scopes"))
            }
            (KeyType::Secret, None) => Ok(Scopes::all_but_admin()),
            (KeyType::Secret, Some(scopes)) => {
                let given = |scope: &&Scope| scopes.contains(scope);
                Ok(Scopes(Scope::ALL.iter().filter(given).copied().collect()))
            }
        }
    }

    pub fn networks(&self) -> Result<Networks, Refusal> {
        Networks::read("allowed_cidrs", self.allowed_cidrs.as_deref().unwrap_or_default())
    }
}

/// A key just made: the only time that its value is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MadeEnvironmentKey {
    #[serde(flatten)]
    pub about: EnvironmentKey,
    pub key: String,
}

impl std::fmt::Debug for MadeEnvironmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadeEnvironmentKey({}…)", self.about.prefix)
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateEnvironmentKey {
    /// Hours that the old value stays valid; 24 by default, 0 revokes it now, 720 at most.
    #[serde(default)]
    pub grace_hours: Option<i64>,
}

/// What signs tokens for a key: the only time that it is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningSecret {
    /// The key's id: `kid` and `iss` of the tokens.
    pub id: KeyId,
    /// What HS256 takes, as it is written.
    pub signing_secret: String,
    /// `aud` of the tokens.
    pub audience: String,
    pub created_at: Timestamp,
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningSecret({})", self.id)
    }
}

/// What a token says (RFC 7662). Of one that is not valid here, nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Introspection {
    pub active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What it may do: scopes that its key has, and words that mean nothing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// The environment of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What an app's token may do: scopes with a space between two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The app that the token was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The address of the person it acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The id of the person it acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// `Bearer` for an access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(kind: KeyType, scopes: Option<&[Scope]>) -> NewEnvironmentKey {
        NewEnvironmentKey {
            name: "ci".into(),
            environment: None,
            kind,
            scopes: scopes.map(<[Scope]>::to_vec),
            allowed_cidrs: None,
            expires_at: None,
        }
    }

    #[test]
    fn without_scopes_a_secret_key_gets_all_but_admin_and_a_publishable_one_none() {
        let all = new(KeyType::Secret, None).granted().expect("scopes");
        assert!(!all.has(Scope::AdminAll) && all.0.len() == Scope::ALL.len() - 1);
        assert!(new(KeyType::Publishable, None).granted().expect("none").0.is_empty());
        assert!(new(KeyType::Publishable, Some(&[])).granted().expect("none").0.is_empty());
        let refusal = new(KeyType::Publishable, Some(&[Scope::ReadFlags])).granted().expect_err("none");
        assert!(refusal.field("scopes").is_some());
    }

    #[test]
    fn a_scope_that_stands_there_twice_is_given_once_and_none_are_none() {
        let twice = new(KeyType::Secret, Some(&[Scope::ReadFlags, Scope::ReadFlags]));
        assert_eq!(twice.granted().expect("scopes").0, [Scope::ReadFlags]);
        assert!(new(KeyType::Secret, Some(&[])).granted().expect("none").0.is_empty());
    }
}
