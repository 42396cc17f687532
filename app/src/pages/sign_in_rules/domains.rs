//! The tenant's mail domains: the record that proves one, and what people with such an address become.

use super::{AddMailDomain, ProveMailDomain, RemoveMailDomain, SetDomainRule};
use crate::address::{address, query};
use crate::components::badge::Tone;
use crate::components::{Ago, Badge, Confirm, Copy, Field, FormError, Hidden, Pick, PostForm, Submit};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::role::ProjectRole;
use nexus_domain::sign_in::MailDomain;

#[component]
pub fn Domains(
    tenant: Memo<String>,
    domains: Vec<MailDomain>,
    projects: Vec<(String, String)>,
    now: Timestamp,
) -> impl IntoView {
    let leaving = query("leave");
    let known = StoredValue::new(domains.clone());
    let dialog = move || {
        let domain = leaving.get()?;
        let found = known.with_value(|all| all.iter().any(|it| it.domain == domain));
        found.then(|| view! { <Removal tenant domain/> })
    };
    let none = domains.is_empty().then(|| {
        view! { <p class="none">"None yet. With one, colleagues join by signing in, without an invitation."</p> }
    });
    let projects = StoredValue::new(projects);
    let items = domains.into_iter().map(|domain| view! { <Item tenant domain projects now/> }).collect_view();
    view! {
        <section class="card panel" aria-label="Mail domains">
            <h2>"Mail domains"</h2>
            <p>"Who signs in by a provider that vouches for an address of a proved domain joins by themselves."</p>
            <PostForm action=AddMailDomain::PATH class="stack">
                <Hidden name="tenant" value=tenant/>
                <Field label="Domain" name="domain" mono=true required=true placeholder="example.com"/>
                <FormError/>
                <div class="actions"><Submit label="Add"/></div>
            </PostForm>
            {none}
            {items}
        </section>
        {dialog}
    }
    .into_any()
}

#[component]
fn Item(
    tenant: Memo<String>,
    domain: MailDomain,
    projects: StoredValue<Vec<(String, String)>>,
    now: Timestamp,
) -> impl IntoView {
    let here = address();
    let name = StoredValue::new(domain.domain.clone());
    let remove_label = format!("Remove {}", domain.domain);
    let state = match domain.proved_at {
        Some(at) => {
            view! { <Badge text="PROVED" tone=Tone::Green/>" "<span class="faint"><Ago at now/></span> }
                .into_any()
        }
        None => view! { <Badge text="NOT PROVED" tone=Tone::Amber/> }.into_any(),
    };
    let proof = domain.proved_at.is_none().then(|| {
        let (record, value) = (domain.record.clone(), domain.value.clone());
        view! {
            <p>"Publish this TXT record, then prove it:"</p>
            <dl class="facts">
                <div><dt>"Name"</dt><dd><code>{record.clone()}</code><Copy text=record label="Copy the name of the record"/></dd></div>
                <div><dt>"Value"</dt><dd><code>{value.clone()}</code><Copy text=value label="Copy the value of the record"/></dd></div>
            </dl>
            <PostForm action=ProveMailDomain::PATH id=name.get_value() class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="domain" value=Signal::stored(name.get_value())/>
                <FormError/>
                <div class="actions"><Submit label="Prove it"/></div>
            </PostForm>
        }
    });
    view! {
        <article class="domain" aria-label=name.get_value()>
            <div class="domain-head">
                <h3>{name.get_value()}" "{state}</h3>
                <a class="button" href=move || here.with(&[("leave", Some(&name.get_value()))]) data-noscroll
                    aria-label=remove_label>"Remove…"</a>
            </div>
            {proof}
            <Rule tenant domain projects/>
        </article>
    }
    .into_any()
}

#[component]
fn Rule(
    tenant: Memo<String>,
    domain: MailDomain,
    projects: StoredValue<Vec<(String, String)>>,
) -> impl IntoView {
    let options =
        [("", "Nobody joins by it"), ("member", "They join as member"), ("finance", "They join as finance")];
    let options = options.into_iter().map(|(value, text)| (value.to_owned(), text.to_owned())).collect();
    let granted = domain.projects;
    let roles = projects
        .get_value()
        .into_iter()
        .map(|(slug, name)| {
            let role = granted.iter().find(|grant| grant.project == slug).map(|grant| grant.role);
            view! { <ProjectPick domain=domain.domain.clone() slug name role/> }
        })
        .collect_view();
    view! {
        <PostForm action=SetDomainRule::PATH id=domain.domain.clone() class="stack">
            <Hidden name="tenant" value=tenant/>
            <Hidden name="domain" value=Signal::stored(domain.domain.clone())/>
            <Pick label="People with such an address" name="joins_as" options
                value=domain.joins_as.map(|role| role.to_string()).unwrap_or_default()/>
            <details class="fold">
                <summary>"Roles in projects"</summary>
                <div class="columns">{roles}</div>
            </details>
            <FormError/>
            <div class="actions"><Submit label="Save"/></div>
        </PostForm>
    }
    .into_any()
}

/// What members who join are in one project.
#[component]
fn ProjectPick(domain: String, slug: String, name: String, role: Option<ProjectRole>) -> impl IntoView {
    let id = format!("{domain}-{slug}-role");
    let options = ProjectRole::ALL
        .iter()
        .filter(|it| **it != ProjectRole::Owner)
        .map(|it| view! { <option value=it.as_str() selected=Some(*it) == role>{it.as_str()}</option> })
        .collect_view();
    view! {
        <div class="field">
            <label for=id.clone()>{name}</label>
            <div class="control control-select">
                <select id=id name=format!("roles[{slug}]")>
                    <option value="" selected=role.is_none()>"not in it"</option>
                    {options}
                </select>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Removal(tenant: Memo<String>, domain: String) -> impl IntoView {
    let here = address();
    let fields = vec![("tenant", tenant.get_untracked()), ("domain", domain.clone())];
    view! {
        <Confirm title=format!("Remove {domain}?") action=RemoveMailDomain::PATH label="Remove the domain" danger=true
            close=here.without(&["leave"]) fields>
            <p>"Nobody joins by it any more. Who joined stays. To add it again, it has to be proved again."</p>
        </Confirm>
    }
    .into_any()
}
