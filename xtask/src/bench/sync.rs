//! The snapshot of a service, warm: fresh and not modified, beside a bare route.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value as Json};

use super::{
    baseline::Baseline,
    instance::Server,
    load::{Target, compare},
    page::{Figure, Value},
};

/// The share of the bare route's requests that the program has to reach.
const SYNC_SHARE: f64 = 0.5;
const NOT_MODIFIED_SHARE: f64 = 0.7;

/// # Errors
/// When the program does not answer as it should, or wrk fails.
pub fn measure(wrk: &Path, bare: &Path, server: &Server, key: &str) -> Result<Vec<Figure>> {
    let fresh = Target::get(server.address, "/v1/sync", &format!("Bearer {key}"));
    let answer = fresh.answer()?;
    let secrets = answer.json()?.get("secrets").and_then(Json::as_object).map_or(0, Map::len);
    ensure!(secrets == super::SYNCED, "the snapshot has {secrets} secrets");
    let etag = answer.header("etag").context("a snapshot without an ETag")?.to_owned();
    let not_modified = fresh.clone().with("If-None-Match", &etag);
    let bare = Baseline::start(bare, &fresh, &answer)?;
    let mut figures = Vec::new();
    for (what, target, share) in
        [("GET /v1/sync, 20 secrets", fresh, SYNC_SHARE), ("the same, 304", not_modified, NOT_MODIFIED_SHARE)]
    {
        let rates = compare(wrk, &target, &bare.target(&target))?;
        figures.push(Figure::of(&format!("{what}: the bare route"), Value::Rate(rates.other)));
        figures.push(Figure::of(&format!("{what}: Nexus"), Value::Rate(rates.program)));
        let named = format!("{what}: share of the bare route");
        figures.push(Figure::at_least(&named, Value::Share(rates.share), Value::Share(share)));
    }
    Ok(figures)
}
