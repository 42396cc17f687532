//! The settings of a tenant: its name, and its end.

mod functions;

pub use functions::*;

use crate::address::{address, param, query};
use crate::components::{Confirm, Field, FormError, Hidden, PostForm, Submit};
use crate::page::{page, tab};
use crate::pages::losses::Lost;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
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

/// What the address says while the deletion is being confirmed.
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
