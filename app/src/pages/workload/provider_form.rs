//! The forms of a provider: a new one, of a kind that the address names (`?kind=github`), so that only the
//! fields of that kind are asked for; and what can be changed of one that is there.

use super::snippets::{Pieces, on_platform};
use super::words::about;
use super::{ChangeIdentityProvider, CreateIdentityProvider};
use crate::address::address;
use crate::components::form::form_state;
use crate::components::{Choice, Field, FormActions, FormError, Hidden, Pick, PostForm};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::workload::{
    DEFAULT_LIFETIME, IdentityProvider, IdentityProviderKind as Kind, KeysFrom, MAX_LIFETIME, TokenAlgorithm,
};

/// Which kind of provider, as links.
#[component]
pub fn Kinds() -> impl IntoView {
    let here = address();
    let kinds = Kind::ALL
        .iter()
        .map(|kind| {
            let word = kind.as_str();
            view! {
                <a class="wif-kind" href=move || here.with(&[("kind", Some(word)), ("new", None)]) data-noscroll>
                    <b>{kind.name()}</b><small>{about(*kind)}</small>
                </a>
            }
        })
        .collect_view();
    view! { <Cards label="New provider" title="Where do your programs run?" links=kinds.into_any()/> }
}

/// A first choice in place of a form: each card is a link to the form that it opens.
#[component]
pub fn Cards(label: &'static str, title: &'static str, links: AnyView) -> impl IntoView {
    let here = address();
    view! {
        <section class="card inline-form" aria-label=label>
            <h2>{title}</h2>
            <div class="wif-kinds">{links}</div>
            <div class="actions">
                <a class="button button-quiet" href=move || here.without(&["new"]) data-noscroll
                    title="Cancel (Esc)" aria-keyshortcuts="Escape">"Cancel"</a>
            </div>
        </section>
    }
    .into_any()
}

#[component]
pub fn NewProvider(tenant: Memo<String>, kind: Kind, origin: String) -> impl IntoView {
    let here = address();
    // Made inside of the form, which it has to know.
    let issuer = move || {
        kind.has_tokens().then(|| {
            let usual = kind.usual_issuer().unwrap_or_default();
            let hint = format!("{}. Compared letter by letter", kind.issuer_hint());
            view! { <Field label="Issuer" name="issuer" mono=true value=usual hint/> }
        })
    };
    let audience = format!("{origin}/wif/<id of the provider>");
    view! {
        <section class="card inline-form wif-form" aria-label=format!("New provider: {}", kind.name())>
            <PostForm action=CreateIdentityProvider::PATH id="new" to=here.without(&["kind", "new"]) class="stack">
                <h2>{kind.name()}</h2>
                <p class="hint">{about(kind)}</p>
                <Hidden name="tenant" value=tenant/>
                <Hidden name="kind" value=Signal::stored(kind.to_string())/>
                <Field label="Name" name="name" value=kind.name() required=true autofocus=true hint="Stands beside every rule that takes its word"/>
                {issuer()}
                {kind.has_tokens().then(|| view! { <Keys keys=KeysFrom::Discovery jwks_url=String::new() uploaded=0/> })}
                <Field label="Audience" name="audience" mono=true placeholder=audience.clone()
                    hint=audience_hint(kind)/>
                <More kind lifetime=DEFAULT_LIFETIME algorithms=kind.usual_algorithms().to_vec()/>
                <details class="fold">
                    <summary>"What goes onto the platform"</summary>
                    <Pieces pieces=on_platform(kind, &audience)/>
                </details>
                <FormError/>
                <FormActions shown_by="kind" label="Create" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

const fn audience_hint(kind: Kind) -> &'static str {
    match kind {
        Kind::Azure => {
            "The aud claim of the tokens. Azure issues tokens only for what it knows: the Application ID URI or client id of an \
             app registration. Leave it empty to get an address that no other server has"
        }
        Kind::AwsIam => {
            "An address whose host stands in the signed header X-Nexus-Server-ID. Leave it empty for this instance’s own"
        }
        _ => "The aud claim of the tokens. Leave it empty to get an address that no other server has",
    }
}

#[component]
pub fn EditProvider(tenant: Memo<String>, provider: IdentityProvider) -> impl IntoView {
    let here = address();
    let (id, kind) = (provider.id.to_string(), provider.kind);
    let (from, url, uploaded) =
        (provider.keys, provider.jwks_url.unwrap_or_default(), provider.key_ids.len());
    // Made inside of the form, which it has to know.
    let keys = move || kind.has_tokens().then(|| view! { <Keys keys=from jwks_url=url uploaded/> });
    let fixed = kind.has_tokens().then(|| {
        view! {
            <p class="field-fixed"><span>"Issuer"</span><code>{provider.issuer.clone()}</code>
                <span class="hint">"Permanent: rules hang on it. Make another provider for another issuer"</span></p>
        }
    });
    let label = format!("Change {}", provider.name);
    view! {
        <section class="card inline-form wif-form" aria-label=label>
            <PostForm action=ChangeIdentityProvider::PATH id=id.clone() to=here.without(&["edit"]) class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="provider" value=Signal::stored(id)/>
                <Hidden name="keys_before" value=Signal::stored(from.to_string())/>
                <Field label="Name" name="name" value=provider.name.clone() required=true autofocus=true/>
                {fixed}
                {keys()}
                <Field label="Audience" name="audience" mono=true value=provider.audience.clone() required=true
                    hint="Tokens with another one are refused from then on"/>
                <More kind lifetime=provider.max_lifetime algorithms=provider.algorithms/>
                <FormError/>
                <FormActions shown_by="edit" label="Save" key="⏎"/>
            </PostForm>
        </section>
    }
    .into_any()
}

/// Where keys come from. What only one of the ways needs is shown with it by the style alone.
#[component]
fn Keys(
    keys: KeysFrom,
    jwks_url: String,
    /// How many are there already.
    uploaded: usize,
) -> impl IntoView {
    let options = vec![
        (KeysFrom::Discovery.as_str(), "The issuer says where"),
        (KeysFrom::JwksUrl.as_str(), "By address"),
        (KeysFrom::Uploaded.as_str(), "Uploaded"),
    ];
    let there = match uploaded {
        0 => "What the issuer has as JWKS. Public keys: nothing in it is secret. For issuers that Nexus cannot reach".to_owned(),
        keys => format!("{keys} are there. Left empty, they stay; otherwise these take their place"),
    };
    view! {
        <div class="stack wif-keys">
            <Choice label="Its keys" name="keys" options value=keys.as_str()/>
            <div class="wif-by-address"><Field label="Address of the keys" name="jwks_url" mono=true value=jwks_url
                placeholder="https://login.example.com/keys" hint="A JSON Web Key Set over https"/></div>
            <div class="wif-uploaded"><Field label="Keys" name="jwks" mono=true multiline=true
                placeholder="{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"…\"}]}" hint=there/></div>
        </div>
    }
    .into_any()
}

/// What few people change.
#[component]
fn More(kind: Kind, lifetime: i64, algorithms: Vec<TokenAlgorithm>) -> impl IntoView {
    let form = form_state();
    form.has_field("algorithms");
    let error = form.error("algorithms");
    let typed = form.all_typed();
    let was_checked = |word: &str| {
        typed.as_ref().map(|typed| typed.iter().any(|(name, value)| name == "algorithms[]" && value == word))
    };
    let boxes = TokenAlgorithm::ALL
        .iter()
        .map(|algorithm| {
            let word = algorithm.as_str();
            let checked = was_checked(word).unwrap_or_else(|| algorithms.contains(algorithm));
            view! {
                <label class="option"><input type="checkbox" name="algorithms[]" value=word checked=checked/><span class="mono">{word}</span></label>
            }
        })
        .collect_view();
    let algorithms = kind.has_tokens().then(|| {
        view! {
            <fieldset class="field choice">
                <legend>"Tokens are signed with"</legend>
                <div class="wif-algorithms">{boxes}</div>
                <div class="field-error" aria-live="polite">{move || error.get().map(|text| view! { <p>{text}</p> })}</div>
            </fieldset>
        }
    });
    view! {
        <details class="fold">
            <summary>"Length of sessions"{kind.has_tokens().then_some(", algorithms")}</summary>
            <div class="stack"><Lifetime seconds=Some(lifetime)/>{algorithms}</div>
        </details>
    }
    .into_any()
}

/// How long sessions live at most. Without a length it is the provider's.
#[component]
pub fn Lifetime(
    seconds: Option<i64>,
    /// Whether it may be left to the provider.
    #[prop(optional)]
    as_provider: bool,
) -> impl IntoView {
    let mut lengths = vec![300, 900, 1800, MAX_LIFETIME];
    lengths.extend(seconds.filter(|own| !lengths.contains(own)));
    lengths.sort_unstable();
    let mut options: Vec<_> =
        lengths.into_iter().map(|length| (length.to_string(), length_words(length))).collect();
    if as_provider {
        options.insert(0, (String::new(), "As the provider says".to_owned()));
    }
    let value = seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
    view! { <Pick label="A session lasts at most" name="max_lifetime" options value hint="A program gets a new one by itself"/> }.into_any()
}

/// Seconds in words.
pub fn length_words(seconds: i64) -> String {
    match seconds {
        3600 => "1 hour".to_owned(),
        60 => "1 minute".to_owned(),
        seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    }
}
