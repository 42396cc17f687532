//! The settings of a project: name, how long deleted secrets can be restored, tier and usage, deletion.

use crate::address::{address, param, query};
use crate::components::{Confirm, Field, FormError, Hidden, PostForm, Submit};
use crate::done::Done;
use crate::page::tab;
use crate::pages::losses::Lost;
use crate::pages::project::tiers::TierSections;
use crate::pages::project::{ReadProject, SHARED};
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::project::{Losses, Project};
use nexus_domain::rights::holders;
use nexus_domain::role::Permission;

#[server(prefix = "/_fn", endpoint = "update_project")]
pub async fn update_project(
    tenant: String,
    project: String,
    name: String,
    undelete_days: String,
) -> Result<Done, Refused> {
    use nexus_domain::{Refusal, project::ProjectPatch};
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let days =
        undelete_days.trim().parse().map_err(|_| Refusal::invalid("undelete_days", "A number of days"))?;
    let patch = ProjectPatch { name: Some(name), tier: None, undelete_days: Some(days) };
    nexus_backend::projects::update(&nexus, &actor, &project, patch).await?;
    Ok(Done::new("Saved").and_frame())
}

#[server(prefix = "/_fn", endpoint = "read_project_losses")]
pub async fn read_project_losses(tenant: String, project: String) -> Result<Losses, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::projects::losses(&nexus, &actor, &project).await?)
}

#[server(prefix = "/_fn", endpoint = "delete_project")]
pub async fn delete_project(tenant: String, project: String, typed: String) -> Result<Done, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    crate::pages::losses::confirmed(&typed, &project)?;
    nexus_backend::projects::delete(&nexus, &actor, &project).await?;
    let to = crate::address::tenant_url(&tenant, "projects");
    Ok(Done::new(format!("Project {project} is deleted")).to(to).and_frame())
}

#[component]
pub fn ProjectSettingsTab() -> impl IntoView {
    let (tenant, project) = (param("tenant"), param("project"));
    tab(
        move || ReadProject { tenant: tenant.get(), project: project.get() },
        move |data| {
            if data.role.allows(Permission::ProjectManage, SHARED) {
                view! {
                    <General tenant project=data.clone()/>
                    <TierSections tenant project may_change=true/>
                    <Deletion tenant project=data/>
                }
                .into_any()
            } else {
                view! {
                    <p class="none">{format!("Only {} change the settings of a project.", holders(Permission::ProjectManage))}</p>
                    <TierSections tenant project may_change=false/>
                }
                .into_any()
            }
        },
    )
}

#[component]
fn General(tenant: Memo<String>, project: Project) -> impl IntoView {
    view! {
        <section class="card panel">
            <h2>"General"</h2>
            <PostForm action=UpdateProject::PATH class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="project" value=project.slug.clone()/>
                <Field label="Name" name="name" value=project.name required=true/>
                <p class="field-fixed"><span>"Slug"</span><code>{project.slug}</code>
                    <span class="hint">"Permanent: it stands in addresses and in programs"</span></p>
                <Field label="Days that a deleted secret can be restored" name="undelete_days" kind="number"
                    value=project.undelete_days.to_string() hint="7 at least"/>
                <FormError/>
                <div class="actions"><Submit label="Save"/></div>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn Deletion(tenant: Memo<String>, project: Project) -> impl IntoView {
    let here = address();
    let confirm = query("confirm");
    let slug = StoredValue::new(project.slug);
    let dialog = move || {
        let slug = slug.get_value();
        let fields = vec![("tenant", tenant.get()), ("project", slug.clone())];
        let asked = slug.clone();
        view! {
            <Confirm title=format!("Delete {}?", project.name) action=DeleteProject::PATH label="Delete the project"
                danger=true close=here.without(&["confirm"]) fields typed=slug>
                {tab(
                    move || ReadProjectLosses { tenant: tenant.get(), project: asked.clone() },
                    |losses| view! { <Lost losses nothing="There is nothing in it."/> }.into_any(),
                )}
                <p>"Programs that read its services get no answer from then on. This cannot be undone."</p>
            </Confirm>
        }
    };
    let open = move || (confirm.read().as_deref() == Some("delete")).then(&dialog);
    view! {
        <section class="card panel panel-danger">
            <h2>"Delete this project"</h2>
            <p>"With everything in it, in every environment, for good."</p>
            <div class="actions">
                <a class="button button-danger" href=move || here.with(&[("confirm", Some("delete"))]) data-noscroll>
                    "Delete…"
                </a>
            </div>
        </section>
        {open}
    }
    .into_any()
}
