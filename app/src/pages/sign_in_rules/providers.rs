//! The tenant's own providers of sign-in: list, form, test.

use super::{AddProvider, ChangeProvider, EnableProvider, RemoveProvider, TestProvider};
use crate::address::{address, query};
use crate::components::badge::Tone;
use crate::components::time::number;
use crate::components::{Ago, Badge, Confirm, Copy, Field, FormActions, FormError, Hidden, PostForm};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::sign_in::{Provider, ProviderKind};

#[component]
pub fn Providers(
    tenant: Memo<String>,
    providers: Vec<Provider>,
    redirect_uri: String,
    now: Timestamp,
) -> impl IntoView {
    let here = address();
    let (new, edit, confirm) = (query("new"), query("edit"), query("confirm"));
    let known = StoredValue::new(providers.clone());
    let form = move || {
        let kind = ProviderKind::parse(&new.get()?)?;
        Some(view! { <New tenant kind/> })
    };
    let dialog = move || {
        let id = confirm.get()?;
        let found = known.with_value(|all| all.iter().find(|it| it.id.to_string() == id).cloned());
        found.map(|provider| view! { <Removal tenant provider/> })
    };
    let presets = ProviderKind::ALL
        .iter()
        .map(|kind| {
            let word = kind.as_str();
            view! { <a class="button" href=move || here.with(&[("new", Some(word)), ("edit", None)]) data-noscroll>"Add "{kind.name()}</a> }
        })
        .collect_view();
    let none = providers.is_empty().then(|| {
        view! { <p class="none">"None yet. With one, members sign in where their work account is."</p> }
    });
    let rows = providers.into_iter().map(|provider| view! { <Row tenant provider edit now/> }).collect_view();
    let copied = redirect_uri.clone();
    view! {
        <section class="card panel" aria-label="Providers">
            <h2>"Providers"</h2>
            <p>"What one of them opens is this tenant and no other. Tell it this redirect address:"</p>
            <p class="redirect"><code>{redirect_uri}</code><Copy text=copied label="Copy the redirect address"/></p>
            <div class="actions">{presets}</div>
            {form}
            {none}
            <ul class="lines">{rows}</ul>
        </section>
        {dialog}
    }
    .into_any()
}

#[component]
fn New(tenant: Memo<String>, kind: ProviderKind) -> impl IntoView {
    let here = address();
    let issuer = match kind {
        ProviderKind::Google => None,
        ProviderKind::Github => Some("https://github.com, or your own GitHub Enterprise server"),
        ProviderKind::Oidc => Some("What the provider calls issuer, letter by letter"),
    };
    // Made inside of the form, which it has to know.
    let issuer = move || {
        issuer.map(|hint| {
            let value = kind.issuer().unwrap_or_default();
            view! { <Field label="Issuer" name="issuer" mono=true value=value placeholder="https://login.example.com" hint=hint/> }
        })
    };
    view! {
        <PostForm action=AddProvider::PATH id="new" to=here.without(&["new"]) class="stack inline-part">
            <Hidden name="tenant" value=tenant/>
            <Hidden name="kind" value=Signal::stored(kind.to_string())/>
            <Field label="Name" name="name" value=kind.name() required=true autofocus=true hint="Stands on the button"/>
            {issuer()}
            <Field label="Client id" name="client_id" mono=true required=true/>
            <Field label="Client secret" name="client_secret" kind="password" required=true hint="Kept sealed, never shown again"/>
            <FormError/>
            <FormActions shown_by="new" label="Add"/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn Row(
    tenant: Memo<String>,
    provider: Provider,
    edit: Memo<Option<String>>,
    now: Timestamp,
) -> impl IntoView {
    let here = address();
    let id = StoredValue::new(provider.id.to_string());
    let shown = StoredValue::new(provider.clone());
    let editing =
        move || (edit.get()? == id.get_value()).then(|| view! { <Edit tenant provider=shown.get_value()/> });
    let (state, tone) = if provider.enabled { ("ENABLED", Tone::Green) } else { ("DISABLED", Tone::Plain) };
    let people = people(provider.people);
    let (edit_label, remove_label) =
        (format!("Change {}", provider.name), format!("Remove {}", provider.name));
    let test = (provider.kind != ProviderKind::Github).then(|| {
        let issuer = provider.issuer.clone();
        view! {
            <PostForm action=TestProvider::PATH id=id.get_value()>
                <Hidden name="tenant" value=tenant/>
                <Hidden name="issuer" value=Signal::stored(issuer)/>
                <button type="submit" class="button">"Test"</button>
                <FormError/>
            </PostForm>
        }
    });
    view! {
        <li data-row>
            <span class="strong">{provider.name}</span>
            <Badge text=state tone/>
            <span class="muted mono">{provider.issuer}</span>
            <span class="faint">{people}", added "<Ago at=provider.created_at now/></span>
            <span class="actions">
                {test}
                <PostForm action=EnableProvider::PATH id=id.get_value()>
                    <Hidden name="tenant" value=tenant/>
                    <Hidden name="provider" value=Signal::stored(id.get_value())/>
                    <Hidden name="enabled" value=Signal::stored((!provider.enabled).to_string())/>
                    <button type="submit" class="button">{if provider.enabled { "Disable" } else { "Enable" }}</button>
                    <FormError/>
                </PostForm>
                <a class="button" href=move || here.with(&[("edit", Some(&id.get_value())), ("new", None)]) data-noscroll
                    aria-label=edit_label>"Change"</a>
                <a class="button" href=move || here.with(&[("confirm", Some(&id.get_value()))]) data-noscroll
                    aria-label=remove_label>"Remove…"</a>
            </span>
            {editing}
        </li>
    }
    .into_any()
}

#[component]
fn Edit(tenant: Memo<String>, provider: Provider) -> impl IntoView {
    let here = address();
    let id = provider.id.to_string();
    view! {
        <PostForm action=ChangeProvider::PATH id=id.clone() to=here.without(&["edit"]) class="stack inline-part">
            <Hidden name="tenant" value=tenant/>
            <Hidden name="provider" value=Signal::stored(id)/>
            <Field label="Name" name="name" value=provider.name required=true autofocus=true/>
            <Field label="Client id" name="client_id" mono=true value=provider.client_id required=true/>
            <Field label="Client secret" name="client_secret" kind="password" hint="Leave it empty to keep the one that is there"/>
            <FormError/>
            <FormActions shown_by="edit" label="Save"/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn Removal(tenant: Memo<String>, provider: Provider) -> impl IntoView {
    let here = address();
    let fields = vec![("tenant", tenant.get_untracked()), ("provider", provider.id.to_string())];
    let verb = if provider.people == 1 { "signs" } else { "sign" };
    let signing_in = format!("{} {verb} in", people(provider.people));
    view! {
        <Confirm title=format!("Remove {}?", provider.name) action=RemoveProvider::PATH label="Remove the provider"
            danger=true close=here.without(&["confirm"]) fields>
            <p>{signing_in}" with it. They stay members, but have to sign in another way; sessions that it opened are over at
                once. This cannot be undone."</p>
        </Confirm>
    }
    .into_any()
}

/// `1 person`, `2 people`.
fn people(amount: i64) -> String {
    if amount == 1 { "1 person".to_owned() } else { format!("{} people", number(amount)) }
}
