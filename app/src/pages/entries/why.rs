//! "Why this value?": where the value of a key comes from, as a small tree. For secrets, configs and
//! flags alike; it shows itself while the address says `?why`, so that it works without JavaScript.

use crate::address::{address, has, service_params, service_url};
use crate::components::Ago;
use crate::components::Badge;
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::page::tab;
use crate::refused::Refused;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::service::ServicePath;
use nexus_domain::template::{Reference, ReferenceKind};
use nexus_domain::why::{
    ExplanationEnd, FlagStanding, SourceState, ValueExplanation, ValueOutcome, ValueSource,
};

/// Why a key has its value.
#[server(prefix = "/_fn", endpoint = "read_why")]
pub async fn read_why(
    tenant: String,
    project: String,
    environment: String,
    service: String,
    kind: String,
    key: String,
) -> Result<ValueExplanation, Refused> {
    use nexus_domain::Refusal;
    let (nexus, actor) = crate::server::person(&tenant).await?;
    let path = ServicePath { project, environment, service };
    let kind = ReferenceKind::parse(&kind).ok_or_else(|| Refusal::invalid("kind", "One of the list"))?;
    Ok(nexus_backend::why::explain(&nexus, &actor, &path, kind, &key).await?)
}

/// The link that asks, and the answer below it.
#[component]
pub fn Why(kind: ReferenceKind, #[prop(into)] key: String, now: Timestamp) -> impl IntoView {
    let (here, at, asked) = (address(), service_params(), has("why"));
    let toggle = move || here.with(&[("why", (!asked.get()).then_some(""))]);
    let expanded = move || if asked.get() { "true" } else { "false" };
    let key = StoredValue::new(key);
    let read = move || {
        let ServicePath { project, environment, service } = at.path();
        let (tenant, kind, key) = (at.tenant.get(), kind.to_string(), key.get_value());
        ReadWhy { tenant, project, environment, service, kind, key }
    };
    let answer = move || {
        asked.get().then(|| {
            tab(read, move |told: ValueExplanation| {
                view! { <ul class="why-tree">{branch(told, now)}</ul> }.into_any()
            })
        })
    };
    view! {
        <section class="why" aria-label="Why this value?">
            <a class="link why-link" href=toggle aria-expanded=expanded data-noscroll>
                <Icon glyph=Glyph::Chevron/>"Why this value?"</a>
            {answer}
        </section>
    }
    .into_any()
}

/// A key, where it comes from, and what it names.
fn branch(told: ValueExplanation, now: Timestamp) -> AnyView {
    let ValueExplanation { kind, key, sources, hidden, outcome, value, flag, tainted_by, references, end } =
        told;
    let sources: Vec<AnyView> = sources.into_iter().map(|it| source(kind, &key, it, now)).collect();
    let value = value.map(|value| view! { <code class="why-value">{value}</code> });
    let hidden = hidden.then(|| {
        view! { <p class="hint">"Your role does not show where it comes from."</p> }
    });
    let below = references.into_iter().map(|it| branch(it, now)).collect::<Vec<_>>();
    let below = (!below.is_empty()).then(|| view! { <ul class="why-tree">{below}</ul> });
    view! {
        <li class="why-key">
            <p class="why-name"><span class="muted">{kind.as_str()}</span><code class="strong">{key}</code>{said(outcome)}</p>
            {sources}{hidden}{value}{flag.map(|flag| standing(flag, now))}{way(&tainted_by)}{below}
            {end.map(|end| view! { <p class="hint">{ended(end)}</p> })}
        </li>
    }
    .into_any()
}

/// An entry under the key, with the way to it.
fn source(kind: ReferenceKind, key: &str, from: ValueSource, now: Timestamp) -> AnyView {
    let at = service_params();
    let path = ServicePath { service: from.service.clone(), ..at.path_now() };
    let link = service_url(&at.tenant.get_untracked(), &path, &format!("{kind}s?open={key}"));
    let badge = match (from.state, from.inherited) {
        (SourceState::NeedsValue, _) => view! { <Badge text="NEEDS A VALUE" tone=Tone::Red/> }.into_any(),
        (SourceState::Overridden, _) => view! { <Badge text="OVERRIDDEN"/> }.into_any(),
        (SourceState::Used, true) => view! { <Badge text="INHERITED" tone=Tone::Blue/> }.into_any(),
        (SourceState::Used, false) => ().into_any(),
    };
    let version = (from.version > 0).then(|| format!("v{}", from.version));
    let name = if from.inherited { from.service } else { "this service".to_owned() };
    view! {
        <p class="why-source">
            <a class="link" href=link>{name}</a>{badge}<span class="mono">{version}</span>
            <span class="muted">{from.kind}</span><span class="muted"><Ago at=from.updated_at now/></span>
            <span class="muted">{from.updated_by}</span>
        </p>
    }
    .into_any()
}

fn standing(flag: FlagStanding, now: Timestamp) -> AnyView {
    let next = flag.next_moment.map(|at| {
        view! { " The next change is "<time class="time" datetime=at.rfc3339() title=at.exact()>{at.until(now)}</time>"." }
    });
    view! { <p>{flag.text}{next}</p> }.into_any()
}

/// What programs get, in a word.
fn said(outcome: ValueOutcome) -> AnyView {
    let (text, tone) = match outcome {
        ValueOutcome::Resolved => return ().into_any(),
        ValueOutcome::Missing => ("MISSING", Tone::Red),
        ValueOutcome::NeedsValue => ("NOT SENT: NEEDS A VALUE", Tone::Red),
        ValueOutcome::NotText => ("NOT SENT: A FILE IS NO TEXT", Tone::Red),
        ValueOutcome::TooLarge => ("NOT SENT: TOO LARGE", Tone::Red),
        ValueOutcome::Cycle => ("NOT SENT: A CIRCLE", Tone::Red),
        ValueOutcome::Unreadable => ("NOT SENT: UNREADABLE", Tone::Red),
    };
    view! { <Badge text tone/> }.into_any()
}

/// The way on which a config reaches a secret.
fn way(references: &[Reference]) -> Option<AnyView> {
    let names: Vec<String> = references.iter().map(ToString::to_string).collect();
    (names.len() > 1)
        .then(|| view! { <p class="hint hint-amber">"Holds a secret: "{names.join(" → ")}</p> }.into_any())
}

const fn ended(end: ExplanationEnd) -> &'static str {
    match end {
        ExplanationEnd::Circle => "This leads in a circle.",
        ExplanationEnd::ToldBefore => "What it names is told above.",
        ExplanationEnd::TooMany => "It names more than is told here.",
    }
}
