//! The form that invites: addresses, the role in the tenant, and a role in each project.

use super::InviteMembers;
use crate::address::address;
use crate::components::form::form_state;
use crate::components::{Choice, Field, FormActions, FormError, Hidden, PostForm};
use crate::done::Done;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::role::ProjectRole;

#[component]
pub fn InviteForm(
    tenant: Memo<String>,
    /// Whether the tenant's own roles can be given.
    whole: bool,
    /// Slug, name, and the inviter's role.
    projects: Vec<(String, String, ProjectRole)>,
    /// The project that the page is about.
    project: Option<String>,
    told: RwSignal<String>,
) -> impl IntoView {
    let here = address();
    // One sentence is a toast's; what came of each address takes more.
    let done = Callback::new(move |done: Done| {
        let more = done.notice.contains(". ");
        told.set(if more { done.notice } else { String::new() });
    });
    let role = whole.then(|| {
        let options = vec![("member", "Member"), ("finance", "Finance"), ("owner", "Owner")];
        view! {
            <Choice label="Role in the tenant" name="tenant_role" options value="member"
                hint="Members see the projects that they were added to; finance sees billing and nothing inside projects; owners own all of it"/>
        }
    });
    let rows = projects
        .into_iter()
        .map(|(slug, name, held)| {
            let chosen = if project.as_deref() == Some(slug.as_str()) { "viewer" } else { "" };
            view! { <RoleIn slug name held chosen/> }
        })
        .collect_view();
    view! {
        <section class="card inline-form" aria-label="Invite">
            <PostForm action=InviteMembers::PATH to=here.without(&["new"]) class="stack" on_done=done>
                <Hidden name="tenant" value=tenant/>
                <Field label="Addresses" name="emails" multiline=true required=true autofocus=true about="invite"
                    hint="One or many, up to 1,000: one a line, or separated by commas or spaces"/>
                {role}
                <fieldset class="field choice">
                    <legend>"Roles in projects"</legend>
                    <div class="invite-roles">{rows}</div>
                    <ProjectsError/>
                </fieldset>
                <FormError/>
                <FormActions shown_by="new" label="Invite"/>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn ProjectsError() -> impl IntoView {
    let form = form_state();
    form.has_field("projects");
    let error = form.error("projects");
    view! {
        <div class="field-error" aria-live="polite">{move || error.get().map(|text| view! { <p>{text}</p> })}</div>
    }
    .into_any()
}

/// The role in one project: none, or one that the inviter may give.
#[component]
fn RoleIn(slug: String, name: String, held: ProjectRole, chosen: &'static str) -> impl IntoView {
    let form = form_state();
    let field = format!("roles[{slug}]");
    let id = form.id(&slug);
    let value = form.typed(&field).unwrap_or_else(|| chosen.to_owned());
    let given = ProjectRole::ALL.iter().filter(|role| held.may_invite_as(**role));
    let options = std::iter::once(("", "no role"))
        .chain(given.map(|role| (role.as_str(), role.as_str())))
        .map(|(option, text)| view! { <option value=option selected=option == value>{text}</option> })
        .collect_view();
    view! {
        <div class="invite-role">
            <label for=id.clone()>{name}</label>
            <div class="control control-select"><select id=id name=field>{options}</select></div>
        </div>
    }
    .into_any()
}
