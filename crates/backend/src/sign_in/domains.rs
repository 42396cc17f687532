//! The mail domains of a tenant. A domain is proved by a record that only whoever runs its DNS can publish;
//! before that, its rule lets nobody in.

use crate::crypto;
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::projects;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::sign_in::{MailDomain, ProjectGrant, check_joins_as, check_mail_domain};
use nexus_domain::{Code, ProjectId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;

/// A tenant has at most this many.
const MAX_DOMAINS: usize = 50;
const MAX_GRANTS: usize = 50;

/// What people of a domain become.
#[derive(Debug, Default)]
pub struct DomainRule {
    pub joins_as: Option<TenantRole>,
    pub projects: Vec<ProjectGrant>,
}

/// How a project of a rule is stored: by id, because a deleted project's slug is free again.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    pub project: ProjectId,
    pub role: ProjectRole,
}

#[derive(sqlx::FromRow)]
struct Row {
    domain: String,
    token: String,
    proved_at: Option<Timestamp>,
    joins_as: Option<String>,
    projects: String,
}

fn record(domain: &str) -> String {
    format!("_nexus.{domain}")
}

fn value(token: &str) -> String {
    format!("nexus-domain={token}")
}

async fn rows(w: &mut Work) -> Result<Vec<Row>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT domain, token, proved_at, joins_as, projects FROM mail_domains WHERE tenant_id = $1 ORDER BY domain"
    ))
    .bind(w.actor.tenant)
    .fetch_all(c)
    .await
    })?)
}

async fn one(w: &mut Work, domain: &str) -> Result<Row> {
    rows(w).await?.into_iter().find(|row| row.domain == domain).ok_or_else(Error::not_found)
}

async fn into_wire(w: &mut Work, row: Row) -> Result<MailDomain> {
    let grants: Vec<Grant> =
        serde_json::from_str(&row.projects).map_err(|_| Error::Impossible("the projects of a rule"))?;
    let mut projects = Vec::new();
    for Grant { project, role } in grants {
        let slug: Option<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
            "SELECT slug FROM projects WHERE tenant_id = $1 AND id = $2"
        ))
        .bind(w.actor.tenant)
        .bind(project)
        .fetch_optional(c)
        .await)?;
        projects.extend(slug.map(|(project,)| ProjectGrant { project, role }));
    }
    Ok(MailDomain {
        record: record(&row.domain),
        value: value(&row.token),
        domain: row.domain,
        proved_at: row.proved_at,
        joins_as: row.joins_as.as_deref().and_then(TenantRole::parse),
        projects,
    })
}

/// The tenant's mail domains, by name.
pub async fn domains(nexus: &Nexus, actor: &Actor) -> Result<Vec<MailDomain>> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::SignInRead)?;
                let mut found = Vec::new();
                for row in rows(w).await? {
                    found.push(into_wire(w, row).await?);
                }
                Ok(found)
            })
        })
        .await
}

/// Adds a domain, not proved yet, with the record that will prove it.
pub async fn add_domain(nexus: &Nexus, actor: &Actor, domain: &str) -> Result<MailDomain> {
    let domain = domain.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::DomainAdd)?;
                let domain = check_mail_domain(&domain)?;
                let existing = rows(w).await?;
                if existing.iter().any(|row| row.domain == domain) {
                    return Err(Refusal::taken("domain", "This domain is there already").into());
                }
                if existing.len() >= MAX_DOMAINS {
                    return Err(Refusal::new(
                        Code::Conflict,
                        format!("A tenant has at most {MAX_DOMAINS} domains"),
                    )
                    .into());
                }
                let token: [u8; 16] = crypto::random(w.nexus.keyring.random())?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "INSERT INTO mail_domains (tenant_id, domain, token, projects, created_at)
                     VALUES ($1, $2, $3, '[]', $4)"
                ))
                .bind(w.actor.tenant)
                .bind(domain.as_str())
                .bind(hex::encode(token))
                .bind(w.now)
                .execute(c)
                .await
                .map(|_| ()))?;
                w.record(Action::DomainAdd, &Target::named(&domain), json!({})).await?;
                let row = one(w, &domain).await?;
                into_wire(w, row).await
            })
        })
        .await
}

/// Looks for the record. DNS is asked between two transactions, so that no writer waits for it.
pub async fn prove_domain(nexus: &Nexus, actor: &Actor, domain: &str, ip: IpAddr) -> Result<MailDomain> {
    nexus.limits.request(ip, nexus.now()).await?;
    let domain = check_mail_domain(domain)?;
    let wanted = domain.clone();
    let row = nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::DomainProve)?;
                one(w, &wanted).await
            })
        })
        .await?;
    let published = nexus.settings.records.0.texts(record(&domain)).await.map_err(|error| {
        tracing::warn!(domain, %error, "a mail domain cannot be looked up");
        Error::invalid("domain", "The name servers do not answer right now; try again")
    })?;
    if !published.iter().any(|text| text.trim() == value(&row.token)) {
        return Err(Error::invalid(
            "domain",
            "The record is not there yet; it can take an hour until everybody sees it",
        ));
    }
    let token = row.token;
    nexus.change(actor, move |w| Box::pin(async move { proved(w, &domain, &token).await })).await
}

async fn proved(w: &mut Work, domain: &str, token: &str) -> Result<MailDomain> {
    w.authorise(Action::DomainProve)?;
    let rows = on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE mail_domains SET proved_at = $4 WHERE tenant_id = $1 AND domain = $2 AND token = $3"
    ))
    .bind(w.actor.tenant)
    .bind(domain)
    .bind(token)
    .bind(w.now)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if rows == 0 {
        return Err(Error::not_found());
    }
    w.record(Action::DomainProve, &Target::named(domain), json!({})).await?;
    let row = one(w, domain).await?;
    into_wire(w, row).await
}

/// Says what people of a domain become. Granting needs holding, and an owner holds every role.
pub async fn set_domain_rule(
    nexus: &Nexus,
    actor: &Actor,
    domain: &str,
    rule: DomainRule,
) -> Result<MailDomain> {
    let domain = domain.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::DomainAdd)?;
                let before = one(w, &domain).await?;
                let joins_as = check_joins_as(rule.joins_as)?;
                let grants = grants(w, &rule).await?;
                let stored = serde_json::to_string(&grants).map_err(|_| Error::Impossible("a rule is JSON"))?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE mail_domains SET joins_as = $3, projects = $4 WHERE tenant_id = $1 AND domain = $2"
                ))
                .bind(w.actor.tenant)
                .bind(before.domain.as_str())
                .bind(joins_as.map(TenantRole::as_str))
                .bind(stored)
                .execute(c)
                .await
                .map(|_| ()))?;
                let details = json!({ "joins_as": joins_as, "projects": rule.projects });
                w.record_event("domain.updated", &Target::named(&before.domain), details).await?;
                let row = one(w, &before.domain).await?;
                into_wire(w, row).await
            })
        })
        .await
}

async fn grants(w: &mut Work, rule: &DomainRule) -> Result<Vec<Grant>> {
    if rule.projects.len() > MAX_GRANTS {
        return Err(Error::invalid("projects", format!("At most {MAX_GRANTS} projects")));
    }
    if rule.joins_as == Some(TenantRole::Finance) && !rule.projects.is_empty() {
        return Err(Error::invalid("projects", "Finance has nothing to do inside projects"));
    }
    let mut grants: Vec<Grant> = Vec::new();
    for grant in &rule.projects {
        let project = projects::resolve(w, &grant.project, Action::ProjectRead).await?.id;
        if !grants.iter().any(|known| known.project == project) {
            grants.push(Grant { project, role: grant.role });
        }
    }
    Ok(grants)
}

/// Takes a domain away. Who joined by it stays.
pub async fn remove_domain(nexus: &Nexus, actor: &Actor, domain: &str) -> Result<()> {
    let domain = domain.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::DomainRemove)?;
                let row = one(w, &domain).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM mail_domains WHERE tenant_id = $1 AND domain = $2"
                ))
                .bind(w.actor.tenant)
                .bind(row.domain.as_str())
                .execute(c)
                .await
                .map(|_| ()))?;
                w.record(Action::DomainRemove, &Target::named(&row.domain), json!({})).await
            })
        })
        .await
}
