//! The API log as it travels: which requests keys and sessions made.

use crate::Timestamp;
use crate::role::words;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

words! {
    /// What a request came with.
    CallerKind {
        ServiceKey = "service_key",
        EnvironmentKey = "environment_key",
        /// A program that its platform vouches for.
        WorkloadSession = "workload_session",
        /// An app that acts for a person.
        OauthGrant = "oauth_grant",
        /// A person in a browser.
        Session = "session",
        /// A credential that was refused: nobody's, a wrong secret, or one in quarantine.
        Unknown = "unknown",
    }
}

/// Equal requests within one minute. Never a query, a body, a header or a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoggedRequests {
    pub id: Uuid,
    /// The minute that they came in.
    pub minute: Timestamp,
    /// When the last one of them came.
    pub last_at: Timestamp,
    pub kind: CallerKind,
    /// The id of the key or the person; of the key that was meant where its secret was wrong.
    pub actor_id: Option<Uuid>,
    /// A shown prefix, or an address.
    pub actor: String,
    /// The environment of the key; empty where there is none.
    pub environment: String,
    pub ip: String,
    pub method: String,
    /// The route's pattern, for example `/v1/secrets/{key}`.
    pub route: String,
    pub status: i64,
    pub count: i64,
    /// How long all of them took together, in microseconds.
    pub total_micros: i64,
    /// How long the slowest one took, in microseconds.
    pub greatest_micros: i64,
}

/// Which requests to show. Absent means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// An id, or a shown prefix or address from its beginning.
    pub key: Option<String>,
    pub environment: Option<String>,
    pub method: Option<String>,
    pub status: Option<StatusFilter>,
    pub ip: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// One status, or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusFilter {
    pub least: i64,
    pub most: i64,
}

impl StatusFilter {
    /// `404`, or `4xx` for all that begin with 4.
    pub fn parse(text: &str) -> Option<Self> {
        let class = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
        match class {
            Some(class) => {
                let class: i64 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
                Some(Self { least: class * 100, most: class * 100 + 99 })
            }
            None => {
                let status = text.parse().ok().filter(|status| (100..=599).contains(status))?;
                Some(Self { least: status, most: status })
            }
        }
    }
}

/// An address and a key that are refused together for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// The address, or the network of one (IPv6: /64).
    pub network: String,
    /// The 16 hex digits that name the key; empty for texts that are no keys.
    pub key_id: String,
    /// The shown prefix of the key.
    pub shown: String,
    pub reason: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_or_a_class() {
        let bounds = |text| StatusFilter::parse(text).map(|filter| (filter.least, filter.most));
        assert_eq!(bounds("404"), Some((404, 404)));
        assert_eq!(bounds("4xx"), Some((400, 499)));
        assert_eq!(bounds("5XX"), Some((500, 599)));
        for wrong in
            ["", "xx", "0xx", "6xx", "99", "600", "-4xx", "44xx", "4x", "٤xx", "9999999999999999999xx"]
        {
            assert_eq!(bounds(wrong), None, "{wrong}");
        }
    }
}
