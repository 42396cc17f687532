//! The audit log of a project, as its tab.

use crate::pages::audit::ProjectAudit;
use leptos::prelude::*;

#[component]
pub fn ProjectAuditTab() -> impl IntoView {
    view! { <ProjectAudit/> }
}
