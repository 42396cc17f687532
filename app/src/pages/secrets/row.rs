//! A row of the list, and below it, when it is open, its details.

use super::detail::Detail;
use super::file::size_words;
use super::{Facts, Opened, desk};
use crate::address::{address, query};
use crate::components::icon::{Glyph, Icon};
use crate::components::{Ago, Copy};
use crate::pages::entries::Source;
use leptos::prelude::*;
use nexus_domain::secret::{SecretRow, SecretType};

#[component]
pub fn Row(row: SecretRow, opened: Option<Opened>, facts: Facts) -> impl IntoView {
    let here = address();
    let [open, created, form] = ["open", "created", "form"].map(query);
    let key = StoredValue::new(row.key.clone());
    let is = move |asked: Memo<Option<String>>| key.with_value(|key| asked.read().as_ref() == Some(key));
    let toggle = move || {
        let key = key.get_value();
        let goal = (!is(open)).then_some(key.as_str());
        here.with(&[("open", goal), ("form", None), ("from", None), ("created", None), ("why", None)])
    };
    let expanded = move || if is(open) { "true" } else { "false" };
    // Esc leaves a form in the details first, and then the details.
    let keys = move || if is(open) && form.read().is_none() { "e Escape" } else { "e" };
    let own = row.inherited_from.is_none();
    let verb = if own && facts.may_write { "Edit" } else { "Look at" };
    let glyph = if own && facts.may_write { Glyph::Pencil } else { Glyph::Chevron };
    let tags = (!row.tags.is_empty()).then(|| {
        let tags = row.tags.iter().take(4).cloned();
        let tags = tags.map(|tag| view! { <span class="tag">{tag}</span> }).collect_view();
        view! { <div class="tags">{tags}</div> }
    });
    let version = if row.needs_value { "none".to_owned() } else { format!("v{}", row.version) };
    let columns = if facts.may_write { "7" } else { "6" };
    let name = row.key.clone();
    let detail = opened.map(|opened| {
        let row = row.clone();
        view! {
            <tr class="detail-row"><td colspan=columns><Detail row opened facts/></td></tr>
        }
    });
    view! {
        <tr data-row data-key=name.clone() class="entry" class:open=move || is(open) class:created=move || is(created)>
            {facts.may_write.then(|| view! { <Tick key own/> })}
            <td class="entry-key">
                <a class="row-link mono" href=toggle data-noscroll aria-expanded=expanded>{name.clone()}</a>
                <Copy text=name.clone() label="Copy the key"/>
                {tags}
            </td>
            <td data-label="Type" class="muted">{kind(&row)}</td>
            <td data-label="Version" class="mono muted">{version}</td>
            <td data-label="Source"><Source inherited_from=row.inherited_from overrides=row.overrides needs_value=row.needs_value/></td>
            <td data-label="Updated" class="muted">
                <span class="updated"><Ago at=row.updated_at now=facts.now/><small>{row.updated_by}</small></span>
            </td>
            <td class="row-actions">
                <a class="button button-icon" href=toggle data-noscroll aria-expanded=expanded aria-keyshortcuts=keys
                    title=format!("{verb} (e)") aria-label=format!("{verb} {name}")><Icon glyph/></a>
            </td>
        </tr>
        {detail}
    }
    .into_any()
}

fn kind(row: &SecretRow) -> AnyView {
    let size = (row.kind == SecretType::File && row.size > 0)
        .then(|| view! { <small>{size_words(row.size)}</small> });
    view! { <span class="updated">{row.kind.as_str()}{size}</span> }.into_any()
}

/// The box that chooses a row for what is done with several. Inherited ones belong to the umbrella.
#[component]
fn Tick(key: StoredValue<String>, own: bool) -> impl IntoView {
    let chosen = desk().chosen;
    let ticked = move || key.with_value(|key| chosen.read().contains(key));
    let change = move |_| {
        let key = key.get_value();
        chosen.update(|chosen| match chosen.iter().position(|it| *it == key) {
            Some(at) => drop(chosen.remove(at)),
            None => chosen.push(key),
        });
    };
    let tick = own.then(|| {
        view! {
            <input type="checkbox" class="needs-js" aria-label=format!("Choose {}", key.get_value()) prop:checked=ticked
                on:change=change/>
        }
    });
    view! { <td class="tick">{tick}</td> }.into_any()
}
