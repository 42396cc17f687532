//! The environment grid: counterparts side by side, equality of secrets, promotion.

mod compare;
mod promote;
mod table;

use crate::world::{World, path};
use nexus_backend::grid::{GridQuery, Which};
use nexus_domain::grid::{EntryKind, GridFilter};
use nexus_domain::service::ServicePath;

/// `api` of `shop` in `develop`, `staging` and `live`.
async fn three(w: &World) -> [ServicePath; 3] {
    w.project("shop").await;
    for environment in ["develop", "staging", "live"] {
        w.service("shop", environment, "api").await;
    }
    ["develop", "staging", "live"].map(|environment| path("shop", environment, "api"))
}

fn api() -> Which {
    Which { project: "shop".into(), service: "api".into(), kind: None }
}

fn of(kind: EntryKind) -> GridQuery {
    GridQuery { kind, filter: GridFilter::All, q: String::new(), cursor: None, limit: 50 }
}
