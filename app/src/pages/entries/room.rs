//! What the tier of a project allows, said where it matters: that one more would be refused, before the
//! form for it is filled in, and that something is read-only.

use crate::address::service_params;
use crate::components::Badge;
use crate::components::badge::Tone;
use crate::page::aside;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::service::ServicePath;
use nexus_domain::tier::Room;

#[server(prefix = "/_fn", endpoint = "read_room")]
pub async fn read_room(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    kind: String,
) -> Result<Room, Refused> {
    use nexus_backend::entries::Kind;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let kinds = [Kind::Secret, Kind::Config, Kind::Flag];
    let kind = kinds.into_iter().find(|known| known.as_str() == kind);
    let kind = kind.ok_or_else(|| nexus_domain::Refusal::invalid("kind", "secret, config or flag"))?;
    Ok(nexus_backend::tiers::room_for_entry(&nexus, &actor, &path, kind).await?)
}

/// Why another entry of this kind (`secret`, `config`, `flag`) would be refused; nothing where it
/// would not. Put it on top of the form.
#[component]
pub fn NoRoom(kind: &'static str) -> impl IntoView {
    let here = service_params();
    aside(
        move || {
            let ServicePath { project, environment, service } = here.path();
            ReadRoom { tenant: here.tenant.get(), project, environment, service, kind: kind.to_owned() }
        },
        |room: Room| room.obstacle.map(|why| view! { <p class="note note-amber">{why}</p> }).into_any(),
    )
}

/// A badge for what the tier does not reach; the reason on hover, and in words in the open row.
#[component]
pub fn ReadOnlyBadge(why: Option<String>) -> impl IntoView {
    why.map(
        |why| view! { <span class="read-only" title=why><Badge text="READ-ONLY" tone=Tone::Amber/></span> },
    )
    .into_any()
}
