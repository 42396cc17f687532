//! The environments of a tenant: which there are, one more, their names and engines, and their end.

mod functions;

pub use functions::*;

use crate::address::{address, param, query};
use crate::components::badge::Tone;
use crate::components::environment::keys_url;
use crate::components::icon::{Glyph, Icon};
use crate::components::{Ago, Badge, Confirm, Field, FormActions, FormError, Hidden, Pick, PostForm};
use crate::page::{page, tab};
use crate::pages::losses::Lost;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::environment::{Environment, EnvironmentKind, EnvironmentRoom};

#[component]
pub fn EnvironmentsPage() -> impl IntoView {
    let tenant = param("tenant");
    page(
        move || ReadEnvironments { tenant: tenant.get() },
        move |data| {
            let EnvironmentsData { environments, room, engines, may_manage, now } = data;
            view! {
                <div class="title"><h1>"Environments"</h1></div>
                <p class="lead">"Stages of the whole tenant, apart from one another: each has services, values and API keys of its own."</p>
                <List tenant environments room engines may_manage now/>
            }
            .into_any()
        },
    )
}

#[component]
fn List(
    tenant: Memo<String>,
    environments: Vec<Environment>,
    room: EnvironmentRoom,
    engines: Vec<String>,
    may_manage: bool,
    now: Timestamp,
) -> impl IntoView {
    let here = address();
    let (new, edit, confirm) = (query("new"), query("edit"), query("confirm"));
    let engines = StoredValue::new(engines);
    let rows = environments
        .iter()
        .cloned()
        .map(|environment| view! { <Row tenant environment engines may_manage edit now/> })
        .collect_view();
    let environments = StoredValue::new(environments);
    let deletion = move || {
        let slug = confirm.get().filter(|_| may_manage)?;
        let known = environments.with_value(|all| all.iter().find(|it| it.slug == slug).cloned());
        known.map(|environment| view! { <Deletion tenant environment/> })
    };
    let add = (may_manage && !room.is_full()).then(|| {
        view! {
            <a class="button" href=move || here.with(&[("new", Some(""))]) data-noscroll
                title="New environment (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New environment"</a>
        }
    });
    let used = format!("Besides Production there are {} of {}.", room.used, room.cap);
    let full = (may_manage && room.is_full()).then(|| {
        view! {
            <p class="note note-amber" role="status">
                <Icon glyph=Glyph::Alert/>
                "There is no room for another one. Delete one that nobody needs, or ask whoever runs this instance for more."
            </p>
        }
    });
    view! {
        <section class="card panel" aria-label="Environments">
            <div class="panel-head">
                <p>{used}" Which of them a project may use is decided by its tier."</p>
                {add}
            </div>
            {full}
            {move || (may_manage && new.read().is_some() && !room.is_full()).then(|| {
                view! { <NewEnvironmentForm tenant with_key=new.read().as_deref() == Some(WITH_KEY)/> }
            })}
            <table class="table">
                <thead><tr>
                    <th scope="col">"Name"</th><th scope="col">"Slug"</th><th scope="col">"Made"</th>
                    <th scope="col"><span class="visually-hidden">"Change"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
        {deletion}
    }
    .into_any()
}

#[component]
fn NewEnvironmentForm(tenant: Memo<String>, with_key: bool) -> impl IntoView {
    let here = address();
    let then = if with_key { WITH_KEY } else { "" };
    view! {
        <PostForm action=CreateEnvironment::PATH to=here.without(&["new"]) class="stack inline-part">
            <Hidden name="tenant" value=tenant/>
            <Hidden name="then" value=Signal::stored(then.to_owned())/>
            <div class="columns">
                <Field label="Slug" name="slug" mono=true required=true autofocus=true placeholder="preview"
                    hint="1 to 16 lower-case letters, digits and _; stands in keys and never changes"/>
                <Field label="Name" name="name" placeholder="Preview" hint="What people read. The slug when left empty"/>
            </div>
            <FormError/>
            <FormActions shown_by="new" label="Create" key="⏎"/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn Row(
    tenant: Memo<String>,
    environment: Environment,
    engines: StoredValue<Vec<String>>,
    may_manage: bool,
    edit: Memo<Option<String>>,
    now: Timestamp,
) -> impl IntoView {
    let here = address();
    let slug = StoredValue::new(environment.slug.clone());
    let live = environment.kind == EnvironmentKind::Live;
    let legacy = environment.kind == EnvironmentKind::LegacyTest;
    let (name, pin) = (environment.name.clone(), environment.pinned_engine_version.clone());
    let editing = move || may_manage && slug.with_value(|slug| edit.read().as_deref() == Some(slug.as_str()));
    let shown = move || {
        let name = name.clone();
        if editing() {
            let (slug, engines, pin) = (slug.get_value(), engines.get_value(), pin.clone());
            view! { <Rename tenant slug name engines pin/> }.into_any()
        } else {
            let badge = live.then(|| view! { <Badge text="LIVE" tone=Tone::Green/> });
            let sandbox = legacy.then(|| view! { <Badge text="LEGACY" tone=Tone::Plain/> });
            let pin = pin.clone().map(|pin| view! { <span class="muted">"engine "{pin}</span> });
            view! { <span class="strong">{name}</span>{badge}{sandbox}" "{pin} }.into_any()
        }
    };
    let label = format!("Change {}", environment.name);
    let keys_label = format!("API keys of {}", environment.name);
    let delete_label = format!("Delete {}", environment.name);
    let buttons = may_manage.then(|| {
        view! {
            <a class="button button-icon" title="API keys" aria-label=keys_label
                href=move || keys_url(&tenant.get(), &slug.get_value())><Icon glyph=Glyph::Key/></a>
            <a class="button button-icon" data-noscroll title="Change (e)" aria-label=label aria-keyshortcuts="e"
                href=move || slug.with_value(|slug| here.with(&[("edit", Some(slug))]))><Icon glyph=Glyph::Pencil/></a>
            {(!live).then(|| view! {
                <a class="button button-icon" data-noscroll title="Delete" aria-label=delete_label
                    href=move || slug.with_value(|slug| here.with(&[("confirm", Some(slug))]))><Icon glyph=Glyph::Trash/></a>
            })}
        }
    });
    view! {
        <tr data-row data-key=slug.get_value()>
            <td>{shown}</td>
            <td data-label="Slug" class="mono">{environment.slug}</td>
            <td data-label="Made" class="muted"><Ago at=environment.created_at now/></td>
            <td class="row-actions">{buttons}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Rename(
    tenant: Memo<String>,
    slug: String,
    name: String,
    engines: Vec<String>,
    pin: Option<String>,
) -> impl IntoView {
    let here = address();
    let newest = (UNPINNED.to_owned(), "The newest".to_owned());
    let options = std::iter::once(newest).chain(engines.into_iter().map(|it| (it.clone(), it))).collect();
    view! {
        <PostForm action=RenameEnvironment::PATH id=slug.clone() to=here.without(&["edit"]) class="in-row">
            <Hidden name="tenant" value=tenant/>
            <Hidden name="environment" value=slug/>
            <Field label="Name" name="name" value=name autofocus=true/>
            <Pick label="Evaluation engine" name="pinned_engine_version" options value=pin.unwrap_or(UNPINNED.to_owned())
                hint="What evaluates its flags. A pin keeps it as it is when a newer one comes"/>
            <FormError/>
            <FormActions shown_by="edit" label="Save"/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn Deletion(tenant: Memo<String>, environment: Environment) -> impl IntoView {
    let here = address();
    let slug = environment.slug;
    let asked = slug.clone();
    let fields = vec![("tenant", tenant.get_untracked()), ("environment", slug.clone())];
    view! {
        <Confirm title=format!("Delete {}?", environment.name) action=DeleteEnvironment::PATH
            label="Delete the environment" danger=true close=here.without(&["confirm"]) fields typed=slug>
            {tab(
                move || ReadEnvironmentLosses { tenant: tenant.get(), environment: asked.clone() },
                |losses| view! { <Lost losses nothing="There is nothing in it."/> }.into_any(),
            )}
            <p>"Its API keys stop working with it. An environment with services in it is kept: delete those first. This cannot be undone."</p>
        </Confirm>
    }
    .into_any()
}
