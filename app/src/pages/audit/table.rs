//! The rows of the audit log. The address says which one is open (`?row=`): everything about it stands in a row of
//! its own below it.

use crate::address::{address, query};
use crate::components::badge::Tone;
use crate::components::icon::Glyph;
use crate::components::{Ago, Badge, Copy, Empty};
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::audit::AuditRow;
use serde_json::Value;

#[component]
pub fn Rows(rows: Vec<AuditRow>, now: Timestamp) -> impl IntoView {
    if rows.is_empty() {
        return view! {
            <Empty glyph=Glyph::List title="Nothing here" text="No row fits this filter, or there is none older."/>
        }
        .into_any();
    }
    let rows = rows.into_iter().map(|row| view! { <Row row now/> }).collect_view();
    view! {
        <div class="card">
            <table class="table audit">
                <thead><tr>
                    <th scope="col">"When"</th><th scope="col">"Who"</th><th scope="col">"What"</th>
                    <th scope="col">"On"</th><th scope="col">"From"</th><th scope="col">"Row"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(row: AuditRow, now: Timestamp) -> impl IntoView {
    let denied = row.outcome == "denied";
    let place: Vec<&str> = [&row.project, &row.environment, &row.service]
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    let place = place.join(" / ");
    let target = row.target.clone().unwrap_or_default();
    let on = (!target.is_empty() || !place.is_empty()).then_some("On");
    let short: String = row.hash.chars().take(8).collect();
    let (here, open) = (address(), query("row"));
    let seq = row.seq.to_string();
    let number = seq.clone();
    let is_open = Memo::new(move |_| open.read().as_deref() == Some(number.as_str()));
    let toggle = move || here.with(&[("row", (!is_open.get()).then_some(seq.as_str()))]);
    let expanded = move || if is_open.get() { "true" } else { "false" };
    let known = StoredValue::new(row.clone());
    view! {
        <tr data-row class:open=move || is_open.get()>
            <td data-label="When" class="muted"><Ago at=row.at now/></td>
            <td data-label="Who" class="wrap">{row.actor.clone()}</td>
            <td data-label="What">
                <code>{row.event.clone()}</code>
                {denied.then(|| view! { <Badge text="DENIED" tone=Tone::Red/> })}
            </td>
            <td data-label=on class="wrap"><span class="mono">{target}</span><span class="faint">{place}</span></td>
            <td data-label=row.ip.is_some().then_some("From") class="muted mono">{row.ip.clone()}</td>
            <td data-label="Row">
                <a class="audit-more" href=toggle data-noscroll aria-expanded=expanded
                    aria-label=format!("Row {}: everything about it", row.seq)>
                    <span class="mono">"#"{row.seq}</span><span class="faint mono">{short}</span>
                </a>
            </td>
        </tr>
        {move || is_open.get().then(|| view! {
            <tr class="audit-detail"><td colspan="6"><Details row=known.get_value()/></td></tr>
        })}
    }
    .into_any()
}

#[component]
fn Details(row: AuditRow) -> impl IntoView {
    let details = row
        .details
        .into_iter()
        .map(|(name, value)| {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            view! { <div><dt>{name}</dt><dd>{value}</dd></div> }
        })
        .collect_view();
    view! {
        <dl class="facts">
            <div><dt>"Time"</dt><dd>{row.at.exact()}</dd></div>
            <div><dt>"Actor"</dt><dd>{row.actor}" ("{row.actor_kind}")"</dd></div>
            <div><dt>"Outcome"</dt><dd>{row.outcome}</dd></div>
            {details}
            <div><dt>"Hash"</dt><dd class="hash"><code>{row.hash.clone()}</code><Copy text=row.hash label="Copy the hash"/></dd></div>
        </dl>
    }
    .into_any()
}
