//! The filter of the API log, as it stands in the address and in the form.

use crate::pages::audit::filter::{day, optional};
use nexus_domain::request_log::{RequestFilter, StatusFilter};
use nexus_domain::{Refusal, timestamp};
use serde::{Deserialize, Serialize};

/// The fields of the form; empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestFields {
    /// An id, or a shown prefix or an address from its beginning.
    pub key: String,
    pub method: String,
    /// `404`, or `4xx` for a class.
    pub status: String,
    pub ip: String,
    /// A day, from its beginning.
    pub from: String,
    /// A day, to its end.
    pub to: String,
}

/// The names of the fields in the address.
pub const FIELDS: &[&str] = &["key", "method", "status", "ip", "from", "to", "cursor"];

pub const METHODS: [(&str, &str); 6] = [
    ("", "All methods"),
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
];

/// The classes that the form offers, and the statuses that people look for.
pub const STATUSES: [(&str, &str); 8] = [
    ("", "All answers"),
    ("2xx", "Answered (2xx)"),
    ("304", "Unchanged (304)"),
    ("4xx", "Refused (4xx)"),
    ("401", "Wrong key (401)"),
    ("403", "Not allowed (403)"),
    ("429", "Limited (429)"),
    ("5xx", "Failed (5xx)"),
];

impl RequestFields {
    /// What the log is asked; what cannot be read is refused at its field.
    pub fn parse(self) -> Result<RequestFilter, Refusal> {
        let status = match optional(self.status) {
            None => None,
            Some(text) => {
                let wrong = || Refusal::invalid("status", "A status like 404, or a class like 4xx");
                Some(StatusFilter::parse(&text).ok_or_else(wrong)?)
            }
        };
        Ok(RequestFilter {
            key: optional(self.key),
            environment: None,
            method: optional(self.method),
            status,
            ip: optional(self.ip),
            from: day(self.from, "from")?,
            to: day(self.to, "to")?.map(|at| at.plus(timestamp::DAY_MICROS - 1)),
        })
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_refused_at_its_field() {
        let refused = |fields: RequestFields| fields.parse().expect_err("refused");
        assert!(
            refused(RequestFields { status: "4x".into(), ..Default::default() }).field("status").is_some()
        );
        assert!(refused(RequestFields { to: "soon".into(), ..Default::default() }).field("to").is_some());
        let fields =
            RequestFields { key: " sk_live_1f0c ".into(), status: "4xx".into(), ..Default::default() };
        let filter = fields.parse().expect("a filter");
        assert_eq!(filter.key.as_deref(), Some("sk_live_1f0c"));
        assert_eq!(filter.status, Some(StatusFilter { least: 400, most: 499 }));
        assert!(STATUSES.iter().skip(1).all(|(value, _)| StatusFilter::parse(value).is_some()));
    }
}
