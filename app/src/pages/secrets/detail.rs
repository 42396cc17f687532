//! The open row: the value, what stands beside it, what can be done, and the history.

use super::asks::Asks;
use super::desk::Then;
use super::edit::{EditForm, VersionForm};
use super::file::size_words;
use super::referring::Referring;
use super::{Facts, Opened, desk};
use crate::address::query;
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::{Ago, Badge};
use crate::pages::entries::{EntryButtons, History, Inherited, VersionLine, Why, version_links};
use leptos::prelude::*;
use nexus_domain::secret::{SecretRow, SecretType, SecretUse, SecretValue, SecretVersion};
use nexus_domain::template::ReferenceKind;

#[component]
pub fn Detail(row: SecretRow, opened: Opened, facts: Facts) -> impl IntoView {
    let Opened { history, uses, .. } = opened;
    let own = row.inherited_from.is_none();
    let writable = own && facts.may_write;
    let changeable = writable && row.read_only.is_none();
    let label = format!("Details of {}", row.key);
    view! {
        <div class="detail" role="region" aria-label=label>
            <div class="detail-main">
                <ValuePanel row=row.clone() facts/>
                {if writable {
                    let uses = uses.clone().unwrap_or_default();
                    view! { <Acts row=row.clone() uses facts/> }.into_any()
                } else {
                    let (umbrella, key) = (row.inherited_from.clone(), row.key.clone());
                    view! { <Inherited umbrella key tab="secrets" may_write=facts.may_write/> }.into_any()
                }}
                {uses.map(|uses| view! { <About row=row.clone() uses facts/> })}
                <Why kind=ReferenceKind::Secret key=row.key.clone() now=facts.now/>
            </div>
            {(facts.sees_more && !row.needs_value).then(|| view! { <Versions row history writable=changeable facts/> })}
        </div>
    }
    .into_any()
}

/// The value, behind dots of which there are always as many.
#[component]
fn ValuePanel(row: SecretRow, facts: Facts) -> impl IntoView {
    if row.needs_value {
        return view! {
            <section class="value-panel" aria-label="Value">
                <h2>"Value"</h2>
                <p class="hint">"It has none yet. The first one that is saved becomes v1; until then programs do not get this key."</p>
            </section>
        }
        .into_any();
    }
    let desk = desk();
    let key = StoredValue::new(row.key.clone());
    let shown = Memo::new(move |_| desk.shown.get().filter(|value| key.with_value(|key| value.key == *key)));
    let number = move || shown.read().as_ref().map_or(row.version, |value| value.version);
    let state = move || {
        let tone = if number() == row.version { Tone::Green } else { Tone::Plain };
        let text = if number() == row.version {
            format!("ACTIVE v{}", row.version)
        } else {
            format!("v{}", number())
        };
        view! { <Badge text tone/> }
    };
    let body = move || {
        match shown.get() {
        None => view! {
            <span class="dots"><span aria-hidden="true">"••••••••••••••••"</span><span class="visually-hidden">"Hidden"</span></span>
        }
        .into_any(),
        Some(value) => in_the_open(value),
    }
    };
    let hint = move || {
        if !facts.may_reveal {
            "Your role may not reveal values in this environment.".to_owned()
        } else if shown.read().is_some() {
            format!("Hidden again in {} s, or when you look elsewhere.", desk.left.get())
        } else {
            "Revealing asks for a recent sign-in and is written to the audit log.".to_owned()
        }
    };
    let buttons = facts.may_reveal.then(|| buttons(row.kind, key, shown));
    view! {
        <section class="value-panel" aria-label="Value">
            <h2>"Value "{state}</h2>
            <div class="value">{body}{buttons}</div>
            <p class="hint">{hint}</p>
        </section>
    }
    .into_any()
}

fn in_the_open(value: SecretValue) -> AnyView {
    match value.value {
        Some(text) => {
            view! { <pre class="value-text" tabindex="0" role="group" aria-label="The value">{text}</pre> }
                .into_any()
        }
        None => view! { <span class="value-text">"A file of "{size_words(value.size)}</span> }.into_any(),
    }
}

fn buttons(kind: SecretType, key: StoredValue<String>, shown: Memo<Option<SecretValue>>) -> AnyView {
    let desk = desk();
    let busy = move || desk.busy.get().then_some("true");
    let ask = move |then| desk.reveal(key.get_value(), None, then);
    if kind == SecretType::File {
        return view! {
            <button type="button" class="button button-icon needs-js" title="Download (audited)" aria-label="Download the file"
                aria-busy=busy on:click=move |_| ask(Then::Download)><Icon glyph=Glyph::Download/></button>
        }
        .into_any();
    }
    let toggle = move |_| if shown.read_untracked().is_some() { desk.hide() } else { ask(Then::Show) };
    view! {
        <button type="button" class="button button-icon needs-js" aria-label="Reveal the value" aria-busy=busy
            aria-pressed=move || if shown.read().is_some() { "true" } else { "false" }
            title=move || if shown.read().is_some() { "Hide" } else { "Reveal (audited)" } on:click=toggle>
            {move || view! { <Icon glyph=if shown.read().is_some() { Glyph::EyeOff } else { Glyph::Eye }/> }}
        </button>
        <button type="button" class="button button-icon needs-js" title="Copy without showing it (audited)"
            aria-label="Copy the value" aria-busy=busy on:click=move |_| ask(Then::Copy)><Icon glyph=Glyph::Copy/></button>
    }
    .into_any()
}

/// What the owner of the secret can do: buttons, or the form that one of them opened.
#[component]
fn Acts(row: SecretRow, uses: SecretUse, facts: Facts) -> impl IntoView {
    let form = query("form");
    let row = StoredValue::new(row);
    let referred_by = StoredValue::new(uses.referred_by.clone());
    let changeable = row.with_value(|row| row.read_only.is_none());
    let part = move || {
        match form.read().as_deref().filter(|_| changeable) {
        Some("version") => view! { <VersionForm row=row.get_value() facts/> }.into_any(),
        Some("edit") => view! { <EditForm row=row.get_value() referred_by=referred_by.get_value() facts/> }.into_any(),
        _ => view! {
            <EntryButtons version=row.with_value(|row| row.version) read_only=row.with_value(|row| row.read_only.clone())/>
        }
        .into_any(),
    }
    };
    view! { {part} <Asks row=row.get_value() uses facts/> }.into_any()
}

/// Note, tags, and who uses it.
#[component]
fn About(row: SecretRow, uses: SecretUse, facts: Facts) -> impl IntoView {
    let note = (!row.note.is_empty())
        .then(|| view! { <div><dt>"Note"</dt><dd class="lines-kept">{row.note}</dd></div> });
    let tags = (!row.tags.is_empty()).then(|| {
        let tags = row.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view();
        view! { <div><dt>"Tags"</dt><dd>{tags}</dd></div> }
    });
    let hidden = row.overrides.map(|umbrella| {
        view! { <div><dt>"Hides"</dt><dd>"the secret of the same key on "<b>{umbrella}</b></dd></div> }
    });
    let heirs = facts.umbrella.then(|| {
        let names =
            if uses.inherited_by.is_empty() { "nobody yet".to_owned() } else { uses.inherited_by.join(", ") };
        view! { <div><dt>"Inherited by"</dt><dd>{names}</dd></div> }
    });
    let referring = (!uses.referred_by.is_empty()).then(|| {
        view! { <div><dt>"Used by"</dt><dd><Referring configs=uses.referred_by/></dd></div> }
    });
    let read = match uses.last_read_at {
        None => view! { "never by a program" }.into_any(),
        Some(at) => {
            let by = uses.last_read_by.map(|key| view! { " by the key "<code>{key}"…"</code> });
            view! { <Ago at now=facts.now/>{by} }.into_any()
        }
    };
    view! {
        <dl class="facts">
            {referring}{note}{tags}{hidden}{heirs}
            <div><dt>"Last read"</dt><dd>{read}</dd></div>
            <div><dt>"Made"</dt><dd><Ago at=row.created_at now=facts.now/></dd></div>
        </dl>
    }
    .into_any()
}

#[component]
fn Versions(row: SecretRow, history: Vec<SecretVersion>, writable: bool, facts: Facts) -> impl IntoView {
    let key = StoredValue::new(row.key);
    let readable: Vec<i64> = history.iter().filter(|it| !it.destroyed).map(|it| it.version).collect();
    let active = row.version;
    let versions = history
        .into_iter()
        .map(|version| VersionLine {
            number: version.version,
            active: version.active,
            destroyed: version.destroyed,
            actions: version_acts(key, &version, active, writable, facts),
            description: described(&version),
            by: version.created_by,
            at: version.created_at,
        })
        .collect();
    let several =
        (facts.may_reveal && readable.len() > 2).then(|| view! { <super::compare::ChooseTwo key readable/> });
    view! { <History versions now=facts.now>{several}</History> }.into_any()
}

fn described(version: &SecretVersion) -> String {
    match version.kind {
        SecretType::Text => version.description.clone(),
        SecretType::File if version.description.is_empty() => size_words(version.size),
        SecretType::File => format!("{} ({})", version.description, size_words(version.size)),
    }
}

/// What can be done with one version: an old one is restored, compared, looked at, destroyed.
fn version_acts(
    key: StoredValue<String>,
    version: &SecretVersion,
    active: i64,
    writable: bool,
    facts: Facts,
) -> AnyView {
    if version.active || version.destroyed {
        return ().into_any();
    }
    let desk = desk();
    let number = version.version;
    let file = version.kind == SecretType::File;
    let (glyph, then) = if file { (Glyph::Download, Then::Download) } else { (Glyph::Eye, Then::Show) };
    let look = facts.may_reveal.then(|| {
        view! {
            <button type="button" class="button button-icon needs-js" aria-label=format!("Reveal v{number}")
                title="Reveal (audited)" on:click=move |_| desk.reveal(key.get_value(), Some(number), then)><Icon glyph/></button>
            <button type="button" class="button button-icon needs-js" aria-label=format!("Compare v{number} with the active one")
                title="Compare with ACTIVE (audited)" on:click=move |_| desk.compare(key.get_value(), number, active)>
                <Icon glyph=Glyph::Diff/></button>
        }
    });
    let change = writable.then(|| version_links(number, active));
    view! { {look}{change} }.into_any()
}
