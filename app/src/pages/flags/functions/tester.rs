//! What the Run Tester page asks.

use crate::pages::flags::explanation::Told;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Refusal;
use serde::{Deserialize, Serialize};

/// Where flags can be tried, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TesterData {
    pub places: Vec<Place>,
    /// The service that was chosen, as `environment/service`.
    pub at: String,
    /// What the context gets, once one was sent; or what is wrong with it.
    pub told: Option<Result<Vec<Told>, Refusal>>,
    /// Whether rules and rollouts count in this project.
    pub targeting: bool,
}

/// An environment that the person may see, with its services.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub environment: String,
    /// `environment/service`, and both names as they are shown.
    pub services: Vec<(String, String)>,
}

#[server(prefix = "/_fn", endpoint = "read_tester")]
pub async fn read_tester(
    tenant: String,
    project: String,
    /// `environment/service`
    #[server(default)]
    at: Option<String>,
    /// Keys with commas or spaces between them; all flags where it is empty.
    #[server(default)]
    keys: Option<String>,
    #[server(default)] user: Option<String>,
    #[server(default)] attributes: Option<String>,
) -> Result<TesterData, Refused> {
    use nexus_backend::services::{self, ListServices};
    use nexus_domain::service::ServicePath;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let wanted = ListServices { environment: None, dev_envs: true, q: String::new() };
    let groups = services::list(&nexus, &actor, &project, wanted).await?;
    let open = groups.into_iter().filter(|group| !group.closed && !group.services.is_empty());
    let places: Vec<Place> = open.map(place).collect();
    let first = places.first().and_then(|place| place.services.first()).map(|(at, _)| at.clone());
    let asked = at.is_some();
    let mut data = TesterData { at: at.or(first).unwrap_or_default(), places, told: None, targeting: true };
    let Some((environment, service)) = data.at.split_once('/') else { return Ok(data) };
    let path = ServicePath { project, environment: environment.to_owned(), service: service.to_owned() };
    data.targeting = nexus_backend::flags::targeting_active(&nexus, &actor, &path).await?;
    if asked {
        let texts = [keys, user, attributes].map(Option::unwrap_or_default);
        data.told = Some(run(&nexus, &actor, &path, texts).await);
    }
    Ok(data)
}

#[cfg(feature = "ssr")]
fn place(group: nexus_domain::service::ServiceGroup) -> Place {
    let environment = group.environment;
    let service = |service: nexus_domain::service::Service| {
        (format!("{}/{}", environment.slug, service.slug), format!("{} · {}", service.name, environment.name))
    };
    let services = group.services.into_iter().map(service).collect();
    Place { environment: environment.name, services }
}

#[cfg(feature = "ssr")]
async fn run(
    nexus: &nexus_backend::Nexus,
    actor: &nexus_backend::gate::Actor,
    path: &nexus_domain::service::ServicePath,
    [keys, user, attributes]: [String; 3],
) -> Result<Vec<Told>, Refusal> {
    let context = crate::pages::flags::context::typed(&user, &attributes)?;
    let keys = keys.split([',', ' ', '\n']).map(str::trim).filter(|key| !key.is_empty());
    let request = nexus_backend::flags::TestRequest { keys: keys.map(str::to_owned).collect(), context };
    let told = nexus_backend::flags::test(nexus, actor, path, request).await;
    let told = told.map_err(|error| Refused::from(error).0)?;
    Ok(told.into_iter().map(Told::of).collect())
}
