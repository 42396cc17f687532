//! The mail that carries the link.

use super::Link;
use crate::mail::{Letter, Mail};
use crate::work::Work;
use nexus_domain::invitation::Grants;
use nexus_domain::role::TenantRole;

/// What the mail says.
pub(super) fn mail(w: &Work, tenant: &str, to: &str, grants: &Grants, link: &Link) -> Mail {
    // A key's prefix says nothing to whoever reads this.
    let (subject, first) = match w.actor.user() {
        Some(_) => {
            let from = w.actor.label();
            (format!("{from} invites you to {tenant} on Nexus"), format!("{from} invites you to {tenant}"))
        }
        None => (format!("You are invited to {tenant} on Nexus"), format!("You are invited to {tenant}")),
    };
    let letter = Letter {
        subject,
        paragraphs: vec![
            format!("{first}, whose secrets, configs and feature flags are kept with Nexus."),
            roles(tenant, grants),
        ],
        button: Some(("Accept the invitation".into(), link.url(&w.nexus))),
        small: vec![
            format!("The link works once, until {}.", link.expires_at.exact()),
            "If you did not expect this, do nothing: without you nothing happens.".into(),
        ],
    };
    Mail { to: to.to_owned(), tenant: Some(w.actor.tenant), kind: "invitation", letter }
}

fn roles(tenant: &str, grants: &Grants) -> String {
    let whole = match grants.tenant_role {
        TenantRole::Owner => format!("You would be an owner of {tenant}, and so of every project of it."),
        TenantRole::Finance => format!("You would see the billing of {tenant}."),
        TenantRole::Member => format!("You would be a member of {tenant}."),
    };
    if grants.projects.is_empty() {
        return whole;
    }
    let roles: Vec<String> =
        grants.projects.iter().map(|grant| format!("{} in {}", grant.role, grant.project)).collect();
    format!("{whole} Your roles in its projects: {}.", roles.join(", "))
}
