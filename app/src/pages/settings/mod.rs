//! The settings of a tenant: its name, its environments, and its end.

mod functions;

pub use functions::*;

use crate::address::{address, has, param, query};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::{Ago, Badge, Confirm, Field, FormActions, FormError, Hidden, Pick, PostForm, Submit};
use crate::page::{page, tab};
use crate::pages::losses::Lost;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::environment::{Environment, EnvironmentKind, SOFT_CAP};
use nexus_domain::project::Tenant;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let tenant = param("tenant");
    page(
        move || ReadSettings { tenant: tenant.get() },
        move |data| {
            view! {
                <div class="title"><h1>"Settings"</h1></div>
                <General slug=tenant tenant=data.tenant may_rename=data.may_rename/>
                <Environments tenant environments=data.environments engines=data.engines may_manage=data.may_manage
                    now=data.now/>
                {data.may_rename.then(|| view! { <TenantDeletion tenant/> })}
            }
            .into_any()
        },
    )
}

#[component]
fn General(slug: Memo<String>, tenant: Tenant, may_rename: bool) -> impl IntoView {
    let name = tenant.name.clone();
    let form = may_rename.then(|| {
        view! {
            <PostForm action=RenameTenant::PATH class="stack">
                <Hidden name="tenant" value=slug/>
                <Field label="Name" name="name" value=name required=true/>
                <FormError/>
                <div class="actions"><Submit label="Save"/></div>
            </PostForm>
        }
    });
    view! {
        <section class="card panel">
            <h2>"Tenant"</h2>
            {form}
            <dl class="facts">
                {(!may_rename).then(|| view! { <div><dt>"Name"</dt><dd>{tenant.name}</dd></div> })}
                <div><dt>"Slug"</dt><dd><code>{tenant.slug}</code>" permanent"</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn Environments(
    tenant: Memo<String>,
    environments: Vec<Environment>,
    engines: Vec<String>,
    may_manage: bool,
    now: Timestamp,
) -> impl IntoView {
    let here = address();
    let (new, edit, confirm) = (has("new"), query("edit"), query("confirm"));
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
    view! {
        <section class="card panel" aria-label="Environments">
            <div class="panel-head">
                <div>
                    <h2>"Environments"</h2>
                    <p>{format!("Stages of the whole tenant. Besides Production there may be {SOFT_CAP}. Which of them a project may use is decided by its tier.")}</p>
                </div>
                {may_manage.then(|| view! {
                    <a class="button" href=move || here.with(&[("new", Some(""))]) data-noscroll
                        title="New environment (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New environment"</a>
                })}
            </div>
            {move || (may_manage && new.get()).then(|| view! { <NewEnvironmentForm tenant/> })}
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
fn NewEnvironmentForm(tenant: Memo<String>) -> impl IntoView {
    let here = address();
    view! {
        <PostForm action=CreateEnvironment::PATH to=here.without(&["new"]) class="stack inline-part">
            <Hidden name="tenant" value=tenant/>
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
    let (name, pin) = (environment.name.clone(), environment.pinned_engine_version.clone());
    let editing = move || may_manage && slug.with_value(|slug| edit.read().as_deref() == Some(slug.as_str()));
    let shown = move || {
        let name = name.clone();
        if editing() {
            let (slug, engines, pin) = (slug.get_value(), engines.get_value(), pin.clone());
            view! { <Rename tenant slug name engines pin/> }.into_any()
        } else {
            let badge = live.then(|| view! { <Badge text="LIVE" tone=Tone::Green/> });
            let pin = pin.clone().map(|pin| view! { <span class="muted">"engine "{pin}</span> });
            view! { <span class="strong">{name}</span>{badge}" "{pin} }.into_any()
        }
    };
    let label = format!("Change {}", environment.name);
    let delete_label = format!("Delete {}", environment.name);
    let buttons = may_manage.then(|| {
        view! {
            <a class="button button-icon" data-noscroll title="Change (e)" aria-label=label aria-keyshortcuts="e"
                href=move || slug.with_value(|slug| here.with(&[("edit", Some(slug))]))><Icon glyph=Glyph::Pencil/></a>
            {(!live).then(|| view! {
                <a class="button button-icon" data-noscroll title="Delete" aria-label=delete_label
                    href=move || slug.with_value(|slug| here.with(&[("confirm", Some(slug))]))><Icon glyph=Glyph::Trash/></a>
            })}
        }
    });
    view! {
        <tr data-row>
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
            <p>"An environment with services in it is kept: delete those first. This cannot be undone."</p>
        </Confirm>
    }
    .into_any()
}

/// No environment has this slug: they are shorter.
const WHOLE_TENANT: &str = "the-whole-tenant";

#[component]
fn TenantDeletion(tenant: Memo<String>) -> impl IntoView {
    let here = address();
    let confirm = query("confirm");
    let dialog = move || {
        let slug = tenant.get();
        let fields = vec![("tenant", slug.clone())];
        view! {
            <Confirm title=format!("Delete {slug}?") action=DeleteTenant::PATH label="Delete the tenant" danger=true
                close=here.without(&["confirm"]) fields typed=slug>
                {tab(
                    move || ReadTenantLosses { tenant: tenant.get() },
                    |losses| view! { <Lost losses nothing="There is nothing in it."/> }.into_any(),
                )}
                <p>"Its audit log goes too, and the accounts of members who belong to no other tenant. Export the log
                    first if you have to keep it. Programs get no answer from then on. This cannot be undone."</p>
            </Confirm>
        }
    };
    let open = move || (confirm.read().as_deref() == Some(WHOLE_TENANT)).then(&dialog);
    view! {
        <section class="card panel panel-danger">
            <h2>"Delete this tenant"</h2>
            <p>"With every project, environment and member in it, for good."</p>
            <div class="actions">
                <a class="button button-danger" href=move || here.with(&[("confirm", Some(WHOLE_TENANT))]) data-noscroll>
                    "Delete…"
                </a>
            </div>
        </section>
        {open}
    }
    .into_any()
}
