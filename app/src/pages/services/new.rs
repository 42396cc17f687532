//! The inline form for a new service or umbrella service.

use super::CreateService;
use crate::address::query;
use crate::components::{Choice, Field, FormActions, FormError, Hidden, Pick, PostForm};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::environment::Environment;
use nexus_domain::slug;
use nexus_domain::tier::Room;

/// The form, while the address asks for it (`?new=service`, `?new=umbrella`).
#[component]
pub fn NewService(
    tenant: Memo<String>,
    project: Memo<String>,
    environments: Vec<Environment>,
    rooms: Vec<Room>,
) -> impl IntoView {
    let asked = query("new");
    let (environments, rooms) = (StoredValue::new(environments), StoredValue::new(rooms));
    move || {
        let environments = environments.get_value();
        asked.get().filter(|_| !environments.is_empty()).map(|what| {
            let umbrella = what == "umbrella";
            view! { <Form tenant project environments rooms=rooms.get_value() umbrella/> }
        })
    }
}

#[component]
fn Form(
    tenant: Memo<String>,
    project: Memo<String>,
    environments: Vec<Environment>,
    rooms: Vec<Room>,
    umbrella: bool,
) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let derived = Signal::derive(move || slug::from_name(&name.read()));
    let title = if umbrella { "New umbrella" } else { "New service" };
    let placeholder = if umbrella { "Shared" } else { "Checkout API" };
    let obstacle = obstacle(&environments, &rooms);
    let first = first_with_room(&environments, &rooms);
    let options = environments.into_iter().map(|it| option(it, &rooms)).collect();
    let what = if umbrella {
        "Services of the same project, kind and environment can link to it and inherit what it holds."
    } else {
        "Backend services hold secrets; frontend services never do. The kind cannot be changed later."
    };
    view! {
        <section class="card inline-form" aria-label=title>
            <PostForm action=CreateService::PATH id=if umbrella { "umbrella" } else { "" } class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="project" value=project/>
                {umbrella.then(|| view! { <input type="hidden" name="umbrella" value="true"/> })}
                {obstacle.map(|why| view! { <p class="note note-amber">{why}</p> })}
                <div class="columns">
                    <Field label="Name" name="name" required=true autofocus=true placeholder=placeholder
                        on_input=Callback::new(move |text| name.set(text))/>
                    <Field label="Slug" name="slug" mono=true placeholder=derived
                        hint="Stands in addresses and never changes. Made from the name when left empty"/>
                    <Choice label="Kind" name="kind" options=vec![("backend", "Backend"), ("frontend", "Frontend")]
                        value="backend" hint=what/>
                    <Pick label="Environment" name="environment" options value=first
                        hint="A service is in one environment; make it again in another to have a counterpart"/>
                </div>
                <FormError/>
                <FormActions shown_by="new" label="Create" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

/// Why there is no room for another one in this environment, if there is none.
fn lacking<'r>(environment: &Environment, rooms: &'r [Room]) -> Option<&'r Room> {
    let here = |room: &&Room| room.environment.as_ref() == Some(&environment.slug);
    rooms.iter().find(here).filter(|room| room.obstacle.is_some())
}

/// The environment as a choice, with what the tier lacks for it.
fn option(environment: Environment, rooms: &[Room]) -> (String, String) {
    let text = match lacking(&environment, rooms).map(|room| room.lifted_by) {
        None => environment.name,
        Some(None) => format!("{} (no room)", environment.name),
        Some(Some(tier)) => format!("{} (needs tier {tier})", environment.name),
    };
    (environment.slug, text)
}

fn first_with_room(environments: &[Environment], rooms: &[Room]) -> String {
    let first = environments.iter().find(|it| lacking(it, rooms).is_none());
    first.map(|it| it.slug.clone()).unwrap_or_default()
}

/// Said on top where no environment has room.
fn obstacle(environments: &[Environment], rooms: &[Room]) -> Option<String> {
    let obstacles: Option<Vec<&Room>> = environments.iter().map(|it| lacking(it, rooms)).collect();
    // The one for `develop`, which every tier has, speaks of the number of services.
    let said = obstacles?.into_iter().filter_map(|room| room.obstacle.clone());
    said.reduce(|first, other| if other.contains("used up") { other } else { first })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::project::Tier;

    fn environment(slug: &str) -> Environment {
        let made = format!(
            r#"{{"id":"00000000-0000-0000-0000-000000000000","slug":"{slug}","name":"{slug}","kind":"environment",
                "created_at":"2026-11-21T08:00:00.000000Z"}}"#
        );
        serde_json::from_str(&made).expect("an environment")
    }

    fn room(slug: &str, obstacle: Option<&str>, lifted_by: Option<Tier>) -> Room {
        Room { environment: Some(slug.into()), obstacle: obstacle.map(str::to_owned), lifted_by }
    }

    #[test]
    fn environments_without_room_are_marked_and_not_chosen_first() {
        let environments = [environment("live"), environment("develop")];
        let rooms = [room("live", Some("no"), Some(Tier::Xs)), room("develop", None, None)];
        assert_eq!(option(environment("live"), &rooms).1, "live (needs tier xs)");
        assert_eq!(option(environment("develop"), &rooms).1, "develop");
        assert_eq!(first_with_room(&environments, &rooms), "develop");
        assert_eq!(obstacle(&environments, &rooms), None);
    }

    #[test]
    fn where_nothing_has_room_the_quota_is_said_on_top() {
        let environments = [environment("live"), environment("develop")];
        let rooms =
            [room("live", Some("not in tier"), None), room("develop", Some("they are used up"), None)];
        assert_eq!(option(environment("live"), &rooms).1, "live (no room)");
        assert_eq!(obstacle(&environments, &rooms).as_deref(), Some("they are used up"));
    }
}
