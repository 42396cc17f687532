//! One more tenant: made by somebody who has an account already and becomes its owner, or by whoever runs
//! the program for somebody.

use super::{Founding, add_person, found_in};
use crate::gate::{Actor, Who};
use crate::nexus::Nexus;
use crate::people::Opened;
use crate::store::{Tx, on, sql};
use crate::{Error, Result};
use nexus_domain::member::check_email;
use nexus_domain::role::TenantRole;
use nexus_domain::{Code, Refusal, UserId, slug};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use uuid::Uuid;

/// Who may make tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantCreation {
    /// Everybody who has an account.
    Anyone,
    /// Nobody but whoever runs the program.
    Operator,
}

impl TenantCreation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Operator => "operator",
        }
    }
}

#[derive(Debug, Clone)]
pub struct NewTenant {
    pub name: String,
    /// Made from the name when absent.
    pub slug: Option<String>,
}

/// Makes a tenant whose owner is the person who asks; answers with its slug.
pub async fn create(nexus: &Nexus, opened: Opened, new: NewTenant, ip: IpAddr) -> Result<String> {
    nexus.limits.request(ip, nexus.now()).await?;
    if nexus.settings.tenant_creation == TenantCreation::Operator {
        let message = "On this instance tenants are made by whoever runs it";
        return Err(Refusal::new(Code::Forbidden, message).into());
    }
    let name = slug::check_name(&new.name)?;
    let given = new.slug.filter(|slug| !slug.is_empty());
    let slug = given.unwrap_or_else(|| slug::from_name(&name));
    slug::check(&slug)?;
    let (handle, made, now) = (nexus.clone(), slug.clone(), nexus.now());
    let founded = nexus
        .write(move |tx| {
            Box::pin(async move {
                refuse_taken(tx, &slug).await?;
                let email = email_of(tx, opened.user).await?;
                let who = Who::Person {
                    user: opened.user,
                    email: email.clone(),
                    role: TenantRole::Owner,
                    signed_in_at: opened.signed_in_at,
                };
                let actor = |tenant| Actor { tenant, tenant_slug: slug.clone(), who, ip: Some(ip) };
                found_in(&handle, tx, &slug, &name, (opened.user, &email), actor, now).await
            })
        })
        .await;
    match founded {
        Ok(founded) => {
            nexus.saw_seq(founded.tenant, 1);
            Ok(made)
        }
        // Somebody took it at the same moment.
        Err(Error::Collision) => Err(taken().into()),
        Err(error) => Err(error),
    }
}

/// Makes a tenant for whoever runs the program: its owner is the person with that address, who may have
/// an account already. Says whether they are new.
pub async fn found_for(nexus: &Nexus, founding: Founding) -> Result<bool> {
    slug::check(&founding.slug)?;
    let founding = Founding {
        name: slug::check_name(&founding.name)?,
        email: check_email(&founding.email)?,
        ..founding
    };
    let (handle, now) = (nexus.clone(), nexus.now());
    let (founded, is_new) = nexus
        .write(move |tx| {
            Box::pin(async move {
                refuse_taken(tx, &founding.slug).await?;
                let known = user_of(tx, &founding.email).await?;
                let owner = known.unwrap_or_else(|| UserId(Uuid::now_v7()));
                if known.is_none() {
                    add_person(tx, owner, &founding, now).await?;
                }
                let Founding { slug, name, email, .. } = founding;
                let actor = |tenant| Actor::operator(tenant, slug.clone());
                let founded = found_in(&handle, tx, &slug, &name, (owner, &email), actor, now).await?;
                Ok((founded, known.is_none()))
            })
        })
        .await?;
    nexus.saw_seq(founded.tenant, 1);
    Ok(is_new)
}

async fn user_of(tx: &mut Tx, email: &str) -> Result<Option<UserId>> {
    let row: Option<(UserId,)> = on!(*tx, |c| sqlx::query_as(sql!("SELECT id FROM users WHERE email = $1"))
        .bind(email)
        .fetch_optional(c)
        .await)?;
    Ok(row.map(|(id,)| id))
}

fn taken() -> Refusal {
    Refusal::taken("slug", "A tenant with this slug exists")
}

async fn refuse_taken(tx: &mut Tx, slug: &str) -> Result<()> {
    let existing: Option<(i64,)> =
        on!(*tx, |c| sqlx::query_as(sql!("SELECT seq FROM tenants WHERE slug = $1"))
            .bind(slug)
            .fetch_optional(c)
            .await)?;
    existing.map_or(Ok(()), |_| Err(taken().into()))
}

async fn email_of(tx: &mut Tx, user: UserId) -> Result<String> {
    let row: Option<(String,)> = on!(*tx, |c| sqlx::query_as(sql!("SELECT email FROM users WHERE id = $1"))
        .bind(user)
        .fetch_optional(c)
        .await)?;
    row.map(|(email,)| email).ok_or_else(Error::not_found)
}
