//! What can go wrong in a use case, and how much of it a caller may learn.
//!
//! `Error` keeps the inner cause for the log; `refusal` is all that leaves the process, and it holds
//! no text of a library, no SQL and no secret.

use crate::work::Target;
use nexus_domain::{Code, Refusal};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An attempt that the gate refused; written to the audit log once a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub event: &'static str,
    /// The tenant, or the way to the thing: `project` or `project/environment/service`, in slugs.
    pub target: String,
    pub in_project: bool,
    /// The caller may not know that the thing exists, so that the answer is 404.
    pub hidden: bool,
    /// The field of the body that named the thing, where one did and the thing is hidden: the answer is that
    /// of a name that nothing has.
    pub named_by: Option<&'static str>,
}

impl Denial {
    /// Of an act on the tenant itself.
    pub fn on_tenant(event: &'static str, tenant: &str) -> Self {
        Self { event, target: tenant.to_owned(), in_project: false, hidden: false, named_by: None }
    }

    /// Of an act inside a project.
    pub fn in_project(event: &'static str, target: &str) -> Self {
        Self { event, target: target.to_owned(), in_project: true, hidden: false, named_by: None }
    }

    /// What the row about it is about.
    pub(crate) fn about(&self) -> Target<'_> {
        let named = Target::named(&self.target);
        if !self.in_project {
            return named;
        }
        // No slug holds a slash.
        let mut parts = self.target.split('/');
        Target { project: parts.next(), environment: parts.next(), service: parts.next(), ..named }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule said no: the caller learns exactly this.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("denied: {0:?}")]
    Denied(Denial),
    /// A unique index said no where the use case did not look first.
    #[error("two changes collided")]
    Collision,
    #[error("the disk is full")]
    StorageFull,
    #[error("the database does not answer")]
    Unavailable,
    #[error("the audit log cannot be written")]
    AuditUnavailable,
    #[error("database: {0}")]
    Database(#[source] sqlx::Error),
    /// The program cannot start like this; the sentence is for the operator.
    #[error("{0}")]
    Startup(String),
    /// The master key does not belong to this database (exit code 78).
    #[error("{0}")]
    WrongRootKey(String),
    /// A stored value that this program cannot read. It takes nothing from its neighbours.
    #[error("unreadable: {0}")]
    Unreadable(&'static str),
    /// Something that cannot be unless the database was tampered with or the code is wrong.
    #[error("impossible: {0}")]
    Impossible(&'static str),
}

impl Error {
    pub fn invalid(field: &str, rule: impl Into<String>) -> Self {
        Self::Refused(Refusal::invalid(field, rule))
    }

    pub fn not_found() -> Self {
        Self::Refused(Refusal::not_found())
    }

    /// The same where a field of the body named what was not found: the caller is told which field, and no
    /// more of what is hidden than of what is missing.
    pub(crate) fn named_by(self, field: &'static str) -> Self {
        match self {
            Self::Refused(refusal) if refusal.code == Code::NotFound => Self::Refused(nothing_named(field)),
            Self::Denied(denial) if denial.hidden => Self::Denied(Denial { named_by: Some(field), ..denial }),
            other => other,
        }
    }

    /// What the caller is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Denied(denial) if denial.hidden => {
                denial.named_by.map_or_else(Refusal::not_found, nothing_named)
            }
            Self::Denied(_) => Refusal::new(Code::Forbidden, "Your role does not allow this"),
            Self::Collision => {
                Refusal::new(Code::Conflict, "Somebody changed this at the same moment; try again")
            }
            Self::StorageFull => Refusal::new(Code::StorageFull, "The disk of the server is full"),
            Self::Unavailable => Refusal::new(Code::Unavailable, "The database does not answer"),
            Self::AuditUnavailable => Refusal::new(Code::AuditUnavailable, "The audit log cannot be written"),
            Self::Database(_)
            | Self::Startup(_)
            | Self::WrongRootKey(_)
            | Self::Unreadable(_)
            | Self::Impossible(_) => Refusal::new(Code::Internal, "Something went wrong on the server"),
        }
    }
}

fn nothing_named(field: &str) -> Refusal {
    Refusal::invalid(field, "There is nothing of this name")
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let refusal = error.refusal();
        if refusal.code.status() >= 500 {
            tracing::error!(%error, "a use case failed");
        }
        refusal
    }
}
