//! The tenants of a person: open one, make another, leave one.

use crate::address::{address, has, query, tenant_url};
use crate::components::icon::{Glyph, Icon};
use crate::components::{Confirm, Field, FormActions, FormError, PostForm};
use crate::done::Done;
use crate::page::{page, tab};
use crate::pages::members::lost::LostEnvironments;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::member::{MemberLosses, Membership};
use nexus_domain::slug;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TenantsData {
    pub tenants: Vec<Membership>,
    /// Whether people make tenants here, or whoever runs the instance.
    pub may_create: bool,
}

#[server(prefix = "/_fn", endpoint = "read_tenants")]
pub async fn read_tenants() -> Result<TenantsData, Refused> {
    use nexus_backend::tenants::TenantCreation;
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let me = nexus_backend::people::seen_by(&here.nexus, opened).await?;
    let tenants = me.ok_or_else(nexus_domain::Refusal::not_found)?.tenants;
    let may_create = here.nexus.settings.tenant_creation == TenantCreation::Anyone;
    Ok(TenantsData { tenants, may_create })
}

#[server(prefix = "/_fn", endpoint = "create_tenant")]
pub async fn create_tenant(name: String, #[server(default)] slug: String) -> Result<Done, Refused> {
    use nexus_backend::tenants::{NewTenant, create};
    let here = crate::server::here()?;
    let opened = here.own_account().await?;
    let new = NewTenant { slug: Some(slug).filter(|slug| !slug.is_empty()), name };
    let slug = create(&here.nexus, opened, new, here.ip).await?;
    let to = tenant_url(&slug, "projects");
    Ok(Done::new(format!("Tenant {slug} is there, and you are its owner")).to(to).and_frame())
}

#[server(prefix = "/_fn", endpoint = "read_leaving")]
pub async fn read_leaving(tenant: String) -> Result<MemberLosses, Refused> {
    let (nexus, actor) = crate::server::person(&tenant).await?;
    Ok(nexus_backend::members::leaving(&nexus, &actor).await?)
}

/// Takes the slug, typed, because what goes with it does not come back.
#[server(prefix = "/_fn", endpoint = "leave_tenant")]
pub async fn leave_tenant(tenant: String, typed: String) -> Result<Done, Refused> {
    let here = crate::server::here()?;
    let opened = here.signed_in().await?;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    crate::pages::losses::confirmed(&typed, &tenant)?;
    nexus_backend::members::leave(&nexus, &actor).await?;
    let me = nexus_backend::people::seen_by(&nexus, opened).await?;
    here.forget_tenant(me.is_some()).await?;
    let done = Done::new(format!("You left {tenant}"));
    Ok(done.to(if me.is_some() { "/account/tenants" } else { "/sign-in" }))
}

#[component]
pub fn TenantsTab() -> impl IntoView {
    page(|| ReadTenants {}, |data| view! { <List data/> }.into_any())
}

#[component]
fn List(data: TenantsData) -> impl IntoView {
    let here = address();
    let new = has("new");
    let TenantsData { tenants, may_create } = data;
    let slugs = StoredValue::new(tenants.iter().map(|tenant| tenant.slug.clone()).collect::<Vec<_>>());
    let rows = tenants.into_iter().map(|tenant| view! { <Row tenant/> }).collect_view();
    let button = may_create.then(|| {
        view! {
            <a class="button button-primary" href=move || here.with(&[("new", Some(""))]) data-noscroll
                title="New tenant (n)" aria-keyshortcuts="n"><Icon glyph=Glyph::Plus/>"New tenant"</a>
        }
    });
    let instead = (!may_create).then(|| {
        view! { <p class="hint">"On this instance tenants are made by whoever runs it."</p> }
    });
    view! {
        <section class="card panel" aria-label="Tenants">
            <div class="panel-head">
                <div>
                    <h2>"Tenants"</h2>
                    <p>"A tenant is a company, a team or one person. What you may do in one says nothing about another."</p>
                </div>
                {button}
            </div>
            {instead}
            {move || (may_create && new.get()).then(|| view! { <NewTenantForm/> })}
            <table class="table">
                <thead><tr>
                    <th scope="col">"Tenant"</th><th scope="col">"Your role"</th>
                    <th scope="col"><span class="visually-hidden">"Change"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
        <Leaving slugs/>
    }
    .into_any()
}

#[component]
fn Row(tenant: Membership) -> impl IntoView {
    let here = address();
    let slug = StoredValue::new(tenant.slug.clone());
    let label = format!("Leave {}", tenant.name);
    view! {
        <tr data-row>
            <td>
                <a class="row-link" href=tenant_url(&tenant.slug, "projects")>{tenant.name}</a>
                <span class="faint mono">{tenant.slug}</span>
            </td>
            <td data-label="Your role" class="muted">{tenant.role.as_str()}</td>
            <td class="row-actions">
                <a class="button button-small button-quiet" data-noscroll aria-label=label
                    href=move || slug.with_value(|slug| here.with(&[("leave", Some(slug))]))>"Leave…"</a>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn NewTenantForm() -> impl IntoView {
    let name = RwSignal::new(String::new());
    let derived = Signal::derive(move || slug::from_name(&name.read()));
    view! {
        <PostForm action=CreateTenant::PATH class="stack inline-part">
            <div class="columns">
                <Field label="Name" name="name" required=true autofocus=true placeholder="Acme"
                    on_input=Callback::new(move |text| name.set(text))/>
                <Field label="Slug" name="slug" mono=true placeholder=derived
                    hint="Stands in addresses and never changes. Made from the name when left empty"/>
            </div>
            <FormError/>
            <FormActions shown_by="new" label="Create" key="⏎"/>
        </PostForm>
    }
    .into_any()
}

/// The question before somebody leaves.
#[component]
fn Leaving(slugs: StoredValue<Vec<String>>) -> impl IntoView {
    let here = address();
    let leave = query("leave");
    move || {
        let slug = leave.get().filter(|slug| slugs.with_value(|all| all.contains(slug)))?;
        let (asked, fields) = (slug.clone(), vec![("tenant", slug.clone())]);
        Some(view! {
            <Confirm title=format!("Leave {slug}?") action=LeaveTenant::PATH label="Leave" danger=true
                close=here.without(&["leave"]) fields typed=slug>
                {tab(
                    move || ReadLeaving { tenant: asked.clone() },
                    |losses| {
                        let account = losses.account == Some(true);
                        view! {
                            <LostEnvironments losses/>
                            {account.then(|| view! {
                                <p><b>"It is your only tenant: your account goes too."</b></p>
                            })}
                        }
                        .into_any()
                    },
                )}
                <p>"You lose every role in it at once. To come back, somebody has to invite you."</p>
            </Confirm>
        })
    }
}
