//! Comparing secrets: which environments hold the same value. It opens them, so it is asked for by a
//! button, asks for a fresh sign-in, and its answer stays in a signal until the page is read again.

use super::{CompareGridSecrets, Facts};
use crate::call::{invoke, spawn};
use crate::components::badge::Tone;
use crate::components::time::count;
use crate::components::{Badge, Glyph, Icon};
use crate::live::live;
use leptos::prelude::*;
use nexus_domain::grid::{EntryKind, EqualValues, Grid};

/// What was found, by key.
#[derive(Clone, Copy)]
pub struct Marks(RwSignal<Vec<EqualValues>>);

impl Default for Marks {
    fn default() -> Self {
        Self(RwSignal::new(Vec::new()))
    }
}

impl Marks {
    /// What was compared may be another value by now.
    pub fn forget(self) {
        if self.0.with_untracked(|found| !found.is_empty()) {
            self.0.set(Vec::new());
        }
    }

    /// Whether two environments hold the same value; `None` before they are compared.
    fn same(self, key: &str, one: &str, other: &str) -> Option<bool> {
        self.0.with(|found| {
            let groups = &found.iter().find(|values| values.key == key)?.groups;
            let holds = |environment: &str| {
                groups.iter().position(|group| group.environments.iter().any(|it| it == environment))
            };
            Some(holds(one)? == holds(other)?)
        })
    }
}

/// The button, for those who may reveal every one of them.
pub fn button(grid: &Grid, facts: Facts) -> Option<AnyView> {
    let may = grid.columns.len() > 1 && grid.columns.iter().all(|column| column.may_reveal);
    if grid.kind != EntryKind::Secret || grid.rows.is_empty() || !may {
        return None;
    }
    let keys: Vec<&str> = grid.rows.iter().map(|row| row.key.as_str()).collect();
    let keys = StoredValue::new(keys.join(" "));
    let live = live();
    let pending = RwSignal::new(false);
    let compare = move |_| {
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        let args = CompareGridSecrets {
            tenant: facts.tenant.get_untracked(),
            project: facts.project.get_untracked(),
            service: facts.service.get_value(),
            keys: keys.get_value(),
        };
        spawn(async move {
            let answer = invoke(live, args).await;
            let _gone = pending.try_set(false);
            match answer {
                Ok(found) => {
                    live.say(format!(
                        "{} compared",
                        count(i64::try_from(found.len()).unwrap_or(0), "secret")
                    ));
                    let _gone = facts.marks.0.try_set(found);
                }
                Err(refusal) => live.say(refusal.message),
            }
        });
    };
    let view = view! {
        <div class="grid-compare needs-js">
            <button type="button" class="button button-small" on:click=compare
                aria-busy=move || pending.get().then_some("true")><Icon glyph=Glyph::Diff/>"Compare values"</button>
            <span class="hint">"Opens every secret on this page to see which are equal. Each is in the audit log."</span>
        </div>
        <p class="note no-js">"Comparing secrets needs JavaScript."</p>
    };
    Some(view.into_any())
}

/// What was found of one cell, seen from the environment that stands nearest to live.
#[component]
pub fn Mark(key: String, environment: String, nearest: String, marks: Marks) -> impl IntoView {
    let shown = move || {
        if environment == nearest {
            return None;
        }
        let (text, tone) = match marks.same(&key, &environment, &nearest)? {
            true => (format!("SAME AS {nearest}"), Tone::Green),
            false => (format!("DIFFERS FROM {nearest}"), Tone::Amber),
        };
        Some(view! { <Badge text tone/> })
    };
    view! { <span class="grid-mark">{shown}</span> }.into_any()
}
