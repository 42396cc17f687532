//! A row of the list, and below it, when it is open, its details.

use super::detail::Detail;
use super::switch::KillSwitch;
use super::{Facts, Flag, Opened};
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::count;
use crate::components::{Ago, Badge, Copy};
use crate::pages::entries::{ReadOnlyBadge, RowState, Source};
use leptos::prelude::*;
use nexus_domain::flag::{FlagType, Stale};

#[component]
pub fn Row(flag: Flag, opened: Option<Opened>, facts: Facts) -> impl IntoView {
    let state = RowState::of(&flag.key);
    let toggle = move || state.toggle();
    let expanded = move || state.expanded();
    let writable = flag.inherited_from.is_none() && facts.may_write;
    let changeable = writable && flag.read_only.is_none();
    // Switching off works above the cap too; what cannot be read is replaced by editing it.
    let switchable = !flag.unreadable && (changeable || writable && flag.enabled);
    let (verb, glyph) = if writable { ("Edit", Glyph::Pencil) } else { ("Look at", Glyph::Chevron) };
    let name = flag.key.clone();
    let detail = opened.map(|opened| {
        let flag = flag.clone();
        view! { <tr class="detail-row"><td colspan="7"><Detail flag opened facts/></td></tr> }
    });
    view! {
        <tr data-row data-key=name.clone() class="entry" class:open=move || state.is_open()
            class:created=move || state.is_created()>
            <td class="entry-key">
                <a class="row-link mono" href=toggle data-noscroll aria-expanded=expanded>{name.clone()}</a>
                <Copy text=name.clone() label="Copy the key"/>
                <Hint flag=flag.clone()/>
            </td>
            <td data-label="On"><KillSwitch flag=flag.clone() writable=switchable linked=facts.linked/></td>
            <td data-label="Who gets it"><Whom flag=flag.clone()/></td>
            <td data-label="Source">
                <Source inherited_from=flag.inherited_from overrides=flag.overrides needs_value=false/>
                <ReadOnlyBadge why=flag.read_only/>
                {flag.unreadable.then(|| view! { <Badge text="UNREADABLE" tone=Tone::Red/> })}
            </td>
            <td data-label="Evaluated" class="muted">
                <Evaluated at=flag.evaluated_at evaluations=flag.evaluations now=facts.now/>
            </td>
            <td data-label="Updated" class="muted">
                <span class="updated"><Ago at=flag.updated_at now=facts.now/><small>{flag.updated_by}</small></span>
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

/// Who gets it, and what kind of flag it is where it is not a plain one.
#[component]
fn Whom(flag: Flag) -> impl IntoView {
    let kind = (flag.kind != FlagType::Boolean).then(|| format!("{} variants", flag.kind));
    let ignored = flag.targeting_ignored.then_some("rules do not count");
    let small = kind.into_iter().chain(ignored.map(str::to_owned)).collect::<Vec<_>>().join(" · ");
    view! {
        <span class="updated whom">
            <span>{flag.whom}</span>
            {(!small.is_empty()).then(|| view! { <small>{small}</small> })}
        </span>
    }
    .into_any()
}

/// Why the flag looks as if nobody needed it any more.
#[component]
fn Hint(flag: Flag) -> impl IntoView {
    let (text, why) = match flag.stale {
        None => return ().into_any(),
        Some(Stale::NotEvaluated) => (
            "NOT EVALUATED",
            "For 30 days no program has evaluated it or read it with a snapshot, and no config names it. \
             If none will, it can be deleted.",
        ),
        Some(Stale::FullyOn) => {
            ("ON FOR 90 DAYS", "Everybody has had it for 90 days. The program can do without asking for it.")
        }
    };
    view! { <span class="stale" title=why><Badge text/><span class="visually-hidden">{why}</span></span> }
        .into_any()
}

#[component]
fn Evaluated(
    at: Option<nexus_domain::Timestamp>,
    evaluations: i64,
    now: nexus_domain::Timestamp,
) -> impl IntoView {
    let Some(at) = at else { return view! { <span class="faint">"not yet"</span> }.into_any() };
    let today = now.0.div_euclid(nexus_domain::timestamp::DAY_MICROS)
        == at.0.div_euclid(nexus_domain::timestamp::DAY_MICROS);
    let day = if today { "today".into_any() } else { view! { <Ago at now/> }.into_any() };
    view! {
        <span class="updated" title="By programs, within the last 30 days. Who reads all flags at once is not counted">{day}<small>{count(evaluations, "time")}</small></span>
    }
    .into_any()
}
