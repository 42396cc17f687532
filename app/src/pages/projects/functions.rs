//! The server functions of the projects page.

use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::project::Project;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectsData {
    pub projects: Vec<Project>,
    pub may_create: bool,
    pub now: Timestamp,
}

#[server(prefix = "/_fn", endpoint = "read_projects")]
pub async fn read_projects(tenant: String) -> Result<ProjectsData, Refused> {
    use nexus_domain::role::Permission;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let projects = nexus_backend::projects::list(&nexus, &actor, "").await?;
    let may_create = crate::server::tenant_allows(&actor, Permission::ProjectCreate);
    Ok(ProjectsData { projects, may_create, now: nexus.now() })
}

#[server(prefix = "/_fn", endpoint = "create_project")]
pub async fn create_project(
    tenant: String,
    name: String,
    #[server(default)] slug: String,
) -> Result<Done, Refused> {
    use nexus_domain::project::NewProject;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let new = NewProject { name, slug: Some(slug).filter(|slug| !slug.is_empty()), tier: None };
    let project = nexus_backend::projects::create(&nexus, &actor, new).await?;
    let to = crate::address::project_url(&tenant, &project.slug, "");
    Ok(Done::new(format!("Project {} is there", project.name)).to(to).and_frame())
}
