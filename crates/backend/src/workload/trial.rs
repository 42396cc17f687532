//! Trying a token out: every check, passed or failed, in words. It lets nobody in, uses nothing up, and never repeats
//! the token.

use super::verify::{Examined, examine};
use super::{Trusted, providers, rules};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::{Error, Result};
use nexus_domain::action::Action;
use nexus_domain::service::ServicePath;
use nexus_domain::workload::{RuleClaims, TokenReport, TokenTest, check_rule, suggest};
use nexus_domain::{IdentityId, IdentityProviderId};
use std::net::IpAddr;

/// Holds a token against a provider, without a rule.
pub async fn test_provider(
    nexus: &Nexus,
    actor: &Actor,
    id: IdentityProviderId,
    test: TokenTest,
    ip: IpAddr,
) -> Result<TokenReport> {
    let provider = nexus
        .read(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::IdentityTest)?;
                let tenant = w.actor.tenant;
                providers::one(w, id).await?.trusted(tenant)
            })
        })
        .await?;
    nexus.limits.request(ip, nexus.now()).await?;
    let examined = examine(nexus, &provider, &test.proof()?).await;
    Ok(report(&provider, None, examined))
}

/// Holds a token against a rule and its provider.
pub async fn test_rule(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    id: IdentityId,
    test: TokenTest,
    ip: IpAddr,
) -> Result<TokenReport> {
    let path = path.clone();
    let (provider, claims) = nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = rules::open_service(w, &path, Action::IdentityTest).await?;
                let rule = rules::one(w, service.id, id).await?;
                let tenant = w.actor.tenant;
                let provider = providers::one(w, rule.provider_id).await?.trusted(tenant)?;
                Ok::<_, Error>((provider, rule.claims()))
            })
        })
        .await?;
    nexus.limits.request(ip, nexus.now()).await?;
    let examined = examine(nexus, &provider, &test.proof()?).await;
    Ok(report(&provider, Some((id, claims)), examined))
}

fn report(provider: &Trusted, rule: Option<(IdentityId, RuleClaims)>, mut examined: Examined) -> TokenReport {
    let genuine = examined.passed();
    let suggested_claims = match genuine {
        true => suggest(provider.kind, &examined.claims),
        false => RuleClaims::new(),
    };
    if let Some((_, claims)) = &rule {
        examined.checks.extend(check_rule(provider.kind, claims, &examined.claims));
    }
    TokenReport {
        passed: examined.passed(),
        provider: provider.id,
        identity: rule.map(|(id, _)| id),
        checks: examined.checks,
        suggested_claims,
    }
}
