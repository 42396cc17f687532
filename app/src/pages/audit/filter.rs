//! The filter of the audit log, as it stands in the address and in forms.

use nexus_domain::audit::AuditFilter;
use nexus_domain::{Refusal, Timestamp, timestamp};
use serde::{Deserialize, Serialize};

/// The fields of the filter form; empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterFields {
    pub project: String,
    pub service: String,
    pub event: String,
    pub actor: String,
    /// A day, `2026-11-21`, from its beginning.
    pub from: String,
    /// A day, to its end.
    pub to: String,
}

impl FilterFields {
    /// What the log is asked; a date that is none is refused at its field.
    pub fn parse(self) -> Result<AuditFilter, Refusal> {
        Ok(AuditFilter {
            project: optional(self.project),
            service: optional(self.service),
            actor: optional(self.actor),
            event: optional(self.event),
            from: day(self.from, "from")?,
            to: day(self.to, "to")?.map(|at| at.plus(timestamp::DAY_MICROS - 1)),
        })
    }

    /// Whether anything is filtered, besides the project that a tab is about.
    pub fn is_empty(&self) -> bool {
        [&self.service, &self.event, &self.actor, &self.from, &self.to].iter().all(|field| field.is_empty())
    }
}

/// What stands in a field, if anything does.
pub fn optional(text: String) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The day in a field; refused there where it is none.
pub fn day(text: String, field: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = optional(text) else { return Ok(None) };
    let wrong = || Refusal::invalid(field, "A day like 2026-11-21");
    Timestamp::parse(&text).map(Some).ok_or_else(wrong)
}

/// The families of events that the form offers: value and text.
pub const FAMILIES: [(&str, &str); 21] = [
    ("", "All events"),
    ("secret.", "Secrets"),
    ("secret.reveal", "Secrets: reveals"),
    ("config.", "Configs"),
    ("flag.", "Flags"),
    ("key.", "API keys"),
    ("identity", "Workload identity"),
    ("workload_session.", "Workload sessions"),
    ("oauth_", "OAuth apps"),
    ("service.", "Services"),
    ("umbrella.", "Umbrella links"),
    ("project.", "Projects"),
    ("environment.", "Environments"),
    ("dev_environment.", "Developer environments"),
    ("tenant.", "Tenant"),
    ("member.", "Members"),
    ("invitation.", "Invitations"),
    ("user.", "Sign-in"),
    ("sign_in.", "How members sign in"),
    ("provider.", "Providers of sign-in"),
    ("audit.", "Audit log"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_day_is_whole_and_a_wrong_day_is_refused() {
        let fields =
            FilterFields { from: "2026-11-20".into(), to: "2026-11-21".into(), ..FilterFields::default() };
        let filter = fields.parse().expect("a filter");
        let (from, to) = (filter.from.expect("from"), filter.to.expect("to"));
        assert_eq!(to.0 - from.0, 2 * timestamp::DAY_MICROS - 1);
        let wrong = FilterFields { to: "yesterday".into(), ..FilterFields::default() };
        assert!(wrong.parse().expect_err("refused").field("to").is_some());
    }
}
