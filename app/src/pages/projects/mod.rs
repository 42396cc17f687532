//! The projects of a tenant: the list, and making one.

mod functions;

pub use functions::*;

use crate::address::{address, has, param, project_url, query};
use crate::components::icon::{Glyph, Icon};
use crate::components::search::folded;
use crate::components::time::{count, number};
use crate::components::{Ago, Badge, Empty, Field, FormActions, FormError, Hidden, PostForm, Search};
use crate::page::page;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::project::Project;
use nexus_domain::{Timestamp, slug};

#[component]
pub fn ProjectsPage() -> impl IntoView {
    let tenant = param("tenant");
    page(move || ReadProjects { tenant: tenant.get() }, move |data| view! { <List tenant data/> }.into_any())
}

#[component]
fn List(tenant: Memo<String>, data: ProjectsData) -> impl IntoView {
    let here = address();
    let asked = has("new");
    let ProjectsData { projects, may_create, now } = data;
    let none = projects.is_empty();
    let new = move || (may_create && asked.get()).then(|| view! { <NewProjectForm tenant/> });
    let button = may_create.then(|| {
        view! {
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll
                title="New project (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New project"</a>
        }
    });
    view! {
        <div class="title"><h1>"Projects"</h1></div>
        <p class="lead">"A project is one product, with its services, secrets and the people who work on it."</p>
        <div class="bar">
            {(!none).then(|| view! { <Search label="Search projects"/> })}
            <span class="grow"></span>
            {button}
        </div>
        {new}
        {if none {
            view! { <NoProjects may_create/> }.into_any()
        } else {
            view! { <Table tenant projects now/> }.into_any()
        }}
    }
    .into_any()
}

#[component]
fn NoProjects(may_create: bool) -> impl IntoView {
    let here = address();
    let text = if may_create {
        "Make a project for each product. Its services come next, and they hold the secrets."
    } else {
        "You were not added to a project of this tenant yet. An owner can do that."
    };
    view! {
        <Empty glyph=Glyph::Box title="No project yet" text>
            {may_create.then(|| view! {
                <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll>
                    "Make the first project"
                </a>
            })}
        </Empty>
    }
    .into_any()
}

#[component]
fn Table(tenant: Memo<String>, projects: Vec<Project>, now: Timestamp) -> impl IntoView {
    let q = query("q");
    let rows = move || {
        let q = folded(&q.get().unwrap_or_default());
        let fits =
            |project: &&Project| folded(&project.name).contains(&q) || project.slug.contains(q.as_str());
        let found: Vec<_> = projects.iter().filter(fits).cloned().collect();
        if found.is_empty() {
            return view! { <p class="none" role="status">"No project has that in its name."</p> }.into_any();
        }
        let rows = found.into_iter().map(|project| view! { <Row tenant project now/> }).collect_view();
        view! {
            <div class="card">
                <table class="table">
                    <thead><tr>
                        <th scope="col">"Project"</th><th scope="col">"Tier"</th><th scope="col">"Services"</th>
                        <th scope="col">"Secrets"</th><th scope="col">"Your role"</th><th scope="col">"Changed"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    rows.into_any()
}

#[component]
fn Row(tenant: Memo<String>, project: Project, now: Timestamp) -> impl IntoView {
    let slug = project.slug.clone();
    view! {
        <tr data-row>
            <td>
                <a class="row-link" href=move || project_url(&tenant.get(), &slug, "")>{project.name}</a>
                <span class="faint mono">{project.slug}</span>
            </td>
            <td data-label="Tier"><Badge text=project.tier.as_str().to_ascii_uppercase()/></td>
            <td data-label="Services" class="mono">{number(project.services)}</td>
            <td data-label="Secrets" class="mono">{number(project.secrets)}</td>
            <td data-label="Your role" class="muted">{project.role.as_str()}</td>
            <td data-label="Changed" class="muted"><Ago at=project.updated_at now/></td>
        </tr>
    }
    .into_any()
}

/// The inline form on top of the list.
#[component]
fn NewProjectForm(tenant: Memo<String>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let derived = Signal::derive(move || slug::from_name(&name.read()));
    view! {
        <section class="card inline-form" aria-label="New project">
            <PostForm action=CreateProject::PATH class="stack">
                <Hidden name="tenant" value=tenant/>
                <div class="columns">
                    <Field label="Name" name="name" required=true autofocus=true placeholder="Shop"
                        on_input=Callback::new(move |text| name.set(text))/>
                    <Field label="Slug" name="slug" mono=true placeholder=derived
                        hint="Stands in addresses and never changes. Made from the name when left empty"/>
                </div>
                <FormError/>
                <FormActions shown_by="new" label="Create" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

/// `7 services · 41 secrets`
pub fn summary(project: &Project) -> String {
    let mut text = count(project.services, "service");
    text.push_str(" · ");
    text.push_str(&count(project.secrets, "secret"));
    text
}
