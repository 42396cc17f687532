//! A row of the list, and below it, when it is open, its details.

use super::detail::Detail;
use super::{Config, Facts, Opened};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::{Ago, Badge, Copy};
use crate::pages::entries::{ReadOnlyBadge, RowState, Source};
use leptos::prelude::*;

/// So much of a value stands in its row.
pub const SHOWN_CHARS: usize = 80;

#[component]
pub fn Row(config: Config, opened: Option<Opened>, facts: Facts) -> impl IntoView {
    let state = RowState::of(&config.key);
    let toggle = move || state.toggle();
    let expanded = move || state.expanded();
    let own = config.inherited_from.is_none();
    let (verb, glyph) =
        if own && facts.may_write { ("Edit", Glyph::Pencil) } else { ("Look at", Glyph::Chevron) };
    let version = if config.needs_value() { "none".to_owned() } else { format!("v{}", config.version) };
    let name = config.key.clone();
    let detail = opened.map(|opened| {
        let config = config.clone();
        view! { <tr class="detail-row"><td colspan="6"><Detail config opened facts/></td></tr> }
    });
    view! {
        <tr data-row data-key=name.clone() class="entry" class:open=move || state.is_open() class:created=move || state.is_created()>
            <td class="entry-key">
                <a class="row-link mono" href=toggle data-noscroll aria-expanded=expanded>{name.clone()}</a>
                <Copy text=name.clone() label="Copy the key"/>
            </td>
            <td data-label="Value"><Value config=config.clone()/></td>
            <td data-label="Version" class="mono muted">{version}</td>
            <td data-label="Source">
                <Source inherited_from=config.inherited_from overrides=config.overrides needs_value=config.version == 0/>
                <ReadOnlyBadge why=config.read_only/>
                {config.unreadable.then(|| view! { <Badge text="UNREADABLE" tone=Tone::Red/> })}
            </td>
            <td data-label="Updated" class="muted">
                <span class="updated"><Ago at=config.updated_at now=facts.now/><small>{config.updated_by}</small></span>
            </td>
            <td class="row-actions">
                <a class="button button-icon" href=toggle data-noscroll aria-expanded=expanded aria-keyshortcuts=move || state.keys()
                    title=format!("{verb} (e)") aria-label=format!("{verb} {name}")><Icon glyph/></a>
            </td>
        </tr>
        {detail}
    }
    .into_any()
}

/// The beginning of the value, and what it is.
#[component]
fn Value(config: Config) -> impl IntoView {
    let line = config.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = line.chars().count() > SHOWN_CHARS;
    let mut line: String = line.chars().take(SHOWN_CHARS).collect();
    if cut {
        line.push('…');
    }
    let secret = config.tainted.then(|| view! { <Badge text="HOLDS A SECRET" tone=Tone::Amber/> });
    view! {
        <span class="updated config-value"><code>{line}</code><small>{config.kind.as_str()}" "{secret}</small></span>
    }
    .into_any()
}
