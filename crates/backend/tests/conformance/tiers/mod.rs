//! Tiers: what a project may have, what happens at the cap and above it, and add-ons.

mod addons;
mod caps;
mod developer;
mod lower;
mod services;
mod usage;

use crate::world::{Outcome, World, new_service};
use nexus_backend::store::Db;
use nexus_backend::tiers::Catalogue;
use nexus_backend::{Nexus, Parts, Settings, projects, services as use_cases};
use nexus_domain::project::{NewProject, Project, ProjectPatch, Tier};
use nexus_domain::service::{Service, ServiceKind, ServicePath};
use nexus_domain::tier::{BillingMode, Quota};
use nexus_domain::{Code, Refusal};
use serde_json::{Value, json};
use std::sync::Arc;

/// The project `shop` of this tier with the backend service `api` in `develop`.
pub(crate) async fn shop(w: &World, tier: Tier) -> ServicePath {
    let new = NewProject { name: "Shop".into(), slug: Some("shop".into()), tier: Some(tier) };
    projects::create(&w.nexus, &w.owner, new).await.fine();
    w.service("shop", "develop", "api").await
}

pub(crate) async fn set_tier(w: &World, tier: Tier) -> Project {
    let patch = ProjectPatch { tier: Some(tier), ..ProjectPatch::default() };
    projects::update(&w.nexus, &w.owner, "shop", patch).await.fine()
}

/// Secrets `S01`, `S02`, … in this order.
async fn fill(w: &World, path: &ServicePath, numbers: std::ops::RangeInclusive<i32>) {
    for number in numbers {
        w.write(path, &format!("S{number:02}"), "v").await;
    }
}

/// Another service in this environment.
async fn attempt(w: &World, environment: &str, slug: &str) -> nexus_backend::Result<Service> {
    let new = new_service(slug, environment, ServiceKind::Backend, false);
    use_cases::create(&w.nexus, &w.owner, "shop", new).await
}

/// The details of a refusal for a quota.
#[track_caller]
fn assert_quota<T>(
    outcome: nexus_backend::Result<T>,
    quota: Quota,
    limit: i64,
    tier: Option<Tier>,
) -> Refusal {
    let refusal = outcome.refused_as(Code::QuotaExceeded);
    let mut expected = json!({ "quota": quota, "limit": limit });
    if let Some(tier) = tier {
        expected["tier"] = json!(tier);
    }
    assert_eq!(Value::Object(refusal.details.clone()), expected);
    refusal
}

/// Another process on the same database, with a catalogue of its own.
async fn process_with(w: &World, catalogue: Catalogue) -> Nexus {
    let settings = Settings { catalogue, ..Settings::self_hosted("https://nexus.test").fine() };
    Nexus::open(Parts {
        db: Db::open(&w.database.location()).await.fine(),
        root: nexus_backend::crypto::RootKey::parse(crate::world::ROOT_KEY).fine(),
        clock: w.clock.clone(),
        random: Arc::new(nexus_backend::crypto::SystemRandom),
        settings,
    })
    .await
    .fine()
}

fn hosted() -> Catalogue {
    Catalogue::embedded(BillingMode::Hosted).fine()
}
