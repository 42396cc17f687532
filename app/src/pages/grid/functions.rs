//! The server functions of the environment grid. Reading it opens no secret; comparing secrets is a
//! reveal and therefore a call of its own, whose answer stays in the browser.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::grid::{Counterparts, EqualValues, Grid, PromoteReport};
use nexus_domain::{Refusal, Timestamp};
use serde::{Deserialize, Serialize};

/// How many keys stand on one page.
#[cfg(feature = "ssr")]
const PAGE: i64 = 50;

/// So much of a value stands in its cell.
#[cfg(feature = "ssr")]
const SHOWN_CHARS: usize = 60;

/// The tab's data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridData {
    /// What there is to choose from; the first one is shown unless the address names another.
    pub services: Vec<Counterparts>,
    /// Which of them is shown, as the address calls it.
    pub chosen: String,
    pub grid: Option<Grid>,
    /// Why there is no grid of what the address names.
    pub refused: Option<Refusal>,
    pub now: Timestamp,
}

/// `service` is a slug, or `frontend:slug` where a backend service has the same.
#[server(prefix = "/_fn", endpoint = "read_grid")]
pub async fn read_grid(
    tenant: String,
    project: String,
    #[server(default)] service: Option<String>,
    #[server(default)] kind: Option<String>,
    #[server(default)] filter: Option<String>,
    #[server(default)] q: Option<String>,
    #[server(default)] cursor: Option<String>,
    /// The key whose config is being edited, with its whole text.
    #[server(default)]
    edit: Option<String>,
) -> Result<GridData, Refused> {
    use nexus_backend::grid::{self, GridQuery};
    use nexus_domain::Code;
    use nexus_domain::grid::{EntryKind, GridFilter};
    use nexus_domain::service::ServiceKind;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let services = grid::services(&nexus, &actor, &project).await?;
    let now = nexus.now();
    let several = |it: &&Counterparts| it.environments.len() > 1;
    let first = services.iter().find(several).or(services.first()).map(super::name_of);
    let Some(service) = service.filter(|it| !it.is_empty()).or(first) else {
        return Ok(GridData { services, chosen: String::new(), grid: None, refused: None, now });
    };
    let kind = kind.as_deref().and_then(EntryKind::parse).unwrap_or(EntryKind::Config);
    // Whoever comes from the secrets of another service finds what this one may have.
    let frontend = super::named(&services, &service).is_some_and(|it| it.kind == ServiceKind::Frontend);
    let kind = if frontend && kind == EntryKind::Secret { EntryKind::Config } else { kind };
    let chosen = super::named(&services, &service).map_or_else(|| service.clone(), super::name_of);
    let query = GridQuery {
        kind,
        filter: filter.as_deref().and_then(GridFilter::parse).unwrap_or(GridFilter::All),
        q: q.unwrap_or_default(),
        cursor,
        limit: PAGE,
    };
    match grid::table(&nexus, &actor, which(project, &service), query).await {
        Ok(grid) => {
            let grid = Some(shortened(grid, edit.as_deref()));
            Ok(GridData { services, chosen, grid, refused: None, now })
        }
        Err(error) => {
            let refusal = error.refusal();
            // The rest of the tab leads on: to another kind, or to another service.
            let here = [Code::Forbidden, Code::NotFound].contains(&refusal.code);
            if here {
                Ok(GridData { services, chosen, grid: None, refused: Some(refusal), now })
            } else {
                Err(error.into())
            }
        }
    }
}

/// As much of each value as its cell shows; the whole one of the key that is being edited.
#[cfg(feature = "ssr")]
fn shortened(mut grid: Grid, edit: Option<&str>) -> Grid {
    let rows = grid.rows.iter_mut().filter(|row| edit != Some(row.key.as_str()));
    for text in rows.flat_map(|row| &mut row.cells).filter_map(|cell| cell.text.as_mut()) {
        if text.chars().nth(SHOWN_CHARS).is_some() {
            *text = text.chars().take(SHOWN_CHARS).chain(['…']).collect();
        }
    }
    grid
}

#[cfg(feature = "ssr")]
fn which(project: String, service: &str) -> nexus_backend::grid::Which {
    let (kind, slug) = super::kind_and_slug(service);
    nexus_backend::grid::Which { project, service: slug.to_owned(), kind }
}

/// Which environments hold the same value, by key; `keys` with spaces between them.
#[server(prefix = "/_fn", endpoint = "compare_grid_secrets")]
pub async fn compare_grid_secrets(
    tenant: String,
    project: String,
    service: String,
    keys: String,
) -> Result<Vec<EqualValues>, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let keys = keys.split_whitespace().map(str::to_owned).collect();
    Ok(nexus_backend::grid::compare(&nexus, &actor, which(project, &service), keys).await?)
}

/// What a promotion would do, without opening a secret.
#[server(prefix = "/_fn", endpoint = "read_promotion")]
pub async fn read_promotion(
    tenant: String,
    project: String,
    service: String,
    kind: String,
    from: String,
    to: String,
    keys: String,
) -> Result<PromoteReport, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let (path, request) = promotion(project, &service, &kind, from, to, &keys)?;
    Ok(nexus_backend::grid::preview(&nexus, &actor, &path, request).await?)
}

/// Promotes; `keys` are `KEY@n`, where n is the version that the target had in the preview.
#[server(prefix = "/_fn", endpoint = "promote_entries")]
pub async fn promote_entries(
    tenant: String,
    project: String,
    service: String,
    kind: String,
    from: String,
    to: String,
    keys: String,
    #[server(default)] description: String,
) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let (path, request) = promotion(project, &service, &kind, from, to, &keys)?;
    let description = Some(description).filter(|text| !text.trim().is_empty());
    let request = nexus_domain::grid::PromoteRequest { description, ..request };
    let report = nexus_backend::grid::promote(&nexus, &actor, &path, request).await?;
    Ok(Done::new(promoted(&report)))
}

#[cfg(feature = "ssr")]
fn promotion(
    project: String,
    service: &str,
    kind: &str,
    from: String,
    to: String,
    keys: &str,
) -> Result<(nexus_domain::service::ServicePath, nexus_domain::grid::PromoteRequest), Refused> {
    use nexus_domain::grid::{EntryKind, PromoteRequest};
    use nexus_domain::service::ServicePath;
    let kind = EntryKind::parse(kind).ok_or_else(|| Refusal::invalid("kind", "secret, config or flag"))?;
    let mut request = PromoteRequest { to, ..PromoteRequest::default() };
    for word in keys.split_whitespace() {
        let (key, version) = word.split_once('@').unwrap_or((word, ""));
        let name = format!("{kind}:{key}");
        if let Ok(version) = version.parse() {
            request.expected_versions.insert(name.clone(), version);
        }
        request.keys.push(name);
    }
    let service = service.split_once(':').map_or(service, |(_, slug)| slug).to_owned();
    Ok((ServicePath { project, environment: from, service }, request))
}

/// What a promotion did, in one sentence.
#[cfg(feature = "ssr")]
fn promoted(report: &PromoteReport) -> String {
    use crate::components::time::{count, number};
    let written = report.new + report.changed;
    if written == 0 {
        return format!("Nothing to promote: {} has all of it already", report.to);
    }
    let rest = match report.unchanged {
        0 => String::new(),
        unchanged => format!("; {} as they were", number(unchanged)),
    };
    format!("{} promoted from {} to {}{rest}", count(written, "key"), report.from, report.to)
}

/// The kill switch of a flag in one environment. Switching on is sent with the version that the
/// person saw; switching off always works, whatever happened meanwhile.
#[server(prefix = "/_fn", endpoint = "switch_grid_flag")]
pub async fn switch_grid_flag(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    key: String,
    enabled: bool,
    expected_version: i64,
) -> Result<Done, Refused> {
    use nexus_domain::flag::Toggle;
    use nexus_domain::service::ServicePath;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let toggle =
        Toggle { enabled: Some(enabled), expected_version: Some(expected_version).filter(|_| enabled) };
    nexus_backend::flags::toggle(&nexus, &actor, &path, &key, toggle).await?;
    let word = if enabled { "on" } else { "off" };
    Ok(Done::new(format!("{key} is {word} in {} now", path.environment)))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_promotion_says_what_it_did() {
        let report = |new, changed, unchanged| PromoteReport {
            dry_run: false,
            from: "develop".into(),
            to: "staging".into(),
            items: vec![],
            new,
            changed,
            unchanged,
            invalid: 0,
        };
        assert_eq!(promoted(&report(2, 1, 3)), "3 keys promoted from develop to staging; 3 as they were");
        assert_eq!(promoted(&report(1, 0, 0)), "1 key promoted from develop to staging");
        assert_eq!(promoted(&report(0, 0, 4)), "Nothing to promote: staging has all of it already");
    }

    #[test]
    fn keys_travel_with_the_version_that_was_looked_at() {
        let read = promotion(
            "shop".into(),
            "frontend:web",
            "config",
            "develop".into(),
            "live".into(),
            "A@3 b:c@0 D",
        );
        let (path, request) = read.expect("a promotion");
        assert_eq!((path.service.as_str(), path.environment.as_str()), ("web", "develop"));
        assert_eq!(request.keys, ["config:A", "config:b:c", "config:D"]);
        let versions: Vec<_> = request.expected_versions.into_iter().collect();
        assert_eq!(versions, [("config:A".to_owned(), 3), ("config:b:c".to_owned(), 0)]);
    }
}
