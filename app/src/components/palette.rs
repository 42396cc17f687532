//! The palette (Ctrl K, ⌘K): go to any project, service, secret, config, flag or page, or do something, by typing a
//! part of its name. It asks the server once when it opens and filters in the browser; entries may be too many for
//! that, so that the server looks for them.

use crate::address::{navigator, param};
use crate::call::{act, invoke, sleep, spawn};
use crate::components::dialog::Dialog;
use crate::components::form::accept;
use crate::components::icon::{Glyph, Icon};
use crate::components::search::folded;
use crate::components::theme;
use crate::done::Done;
use crate::json;
use crate::live::{Live, Overlay, live};
use crate::parts::{PALETTE, later};
use crate::refused::Refused;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Something to go to or to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    pub name: String,
    /// What it is, and where.
    pub hint: String,
    pub href: String,
    /// Of what is done at once: what is posted to the server function at `href`.
    #[serde(default)]
    pub body: Option<String>,
}

/// Everything in a tenant that one can go to; `here` is the path of the page that is shown.
#[server(prefix = "/_fn", endpoint = "palette")]
pub async fn palette(tenant: String, #[server(default)] here: String) -> Result<Vec<Spot>, Refused> {
    crate::server::palette::spots(&tenant, &here).await
}

/// Secrets, configs and flags with this text in their key.
#[server(prefix = "/_fn", endpoint = "find_entries")]
pub async fn find_entries(
    tenant: String,
    q: String,
    #[server(default)] here: String,
) -> Result<Vec<Spot>, Refused> {
    crate::server::palette::entries(&tenant, &q, &here, SHOWN).await
}

/// The palette, while it is open.
#[component]
pub fn PaletteDialog() -> impl IntoView {
    let live = live();
    move || (live.overlay.get() == Overlay::Palette).then(|| view! { <Open/> })
}

const SHOWN: usize = 12;
/// Entries are looked for from this many characters on, when none was typed for a moment.
const ENOUGH: usize = 2;
const MOMENT_MS: i32 = 150;

/// What the field and the list under it share. The field is there at once and takes what is typed; the
/// list's code comes when the palette is first opened.
#[derive(Clone, Copy)]
struct Asked {
    typed: RwSignal<String>,
    chosen: RwSignal<usize>,
    /// The key that was pressed last of those that are for the list.
    pressed: RwSignal<Option<String>>,
}

#[component]
fn Open() -> impl IntoView {
    let live = live();
    let asked = Asked { typed: RwSignal::default(), chosen: RwSignal::new(0), pressed: RwSignal::new(None) };
    provide_context(asked);
    let key = move |event: web_sys::KeyboardEvent| {
        let key = event.key();
        if matches!(key.as_str(), "ArrowDown" | "ArrowUp" | "Enter") {
            event.prevent_default();
            asked.pressed.set(Some(key));
        }
    };
    let typed = move |event| {
        asked.typed.set(event_target_value(&event));
        asked.chosen.set(0);
    };
    view! {
        <Dialog title="Search or do" class="dialog-palette" bare=true
            on_close=move |()| live.overlay.set(Overlay::None)>
            <div class="palette-field">
                <Icon glyph=Glyph::Search/>
                <input type="text" role="combobox" autofocus=true autocomplete="off" spellcheck="false"
                    aria-label="Search or do" aria-expanded="true" aria-controls="spots"
                    aria-activedescendant=move || format!("spot-{}", asked.chosen.get())
                    placeholder="Go to a project, a service, a secret, a config or a flag, or do something"
                    on:keydown=key on:input=typed/>
            </div>
            {later(PALETTE)}
        </Dialog>
    }
    .into_any()
}

/// What was found, as the list under the field.
#[component]
pub fn Found() -> impl IntoView {
    let live = live();
    let Asked { typed, chosen, pressed } = expect_context();
    let found = found(typed);
    let navigate = navigator();
    let go = Callback::new(move |index: usize| {
        if let Some(spot) = found.read_untracked().get(index) {
            let Spot { href, body, .. } = spot.clone();
            live.overlay.set(Overlay::None);
            match body {
                Some(body) => post(live, href, body, navigate.clone()),
                None => navigate(&href, false),
            }
        }
    });
    Effect::new(move |_| {
        let last = found.read_untracked().len().saturating_sub(1);
        match pressed.get().as_deref() {
            Some("ArrowDown") => chosen.update(|index| *index = (*index + 1).min(last)),
            Some("ArrowUp") => chosen.update(|index| *index = index.saturating_sub(1)),
            Some("Enter") => go.run(chosen.get_untracked()),
            _ => {}
        }
    });
    let rows = move || {
        let row = |(index, spot): (usize, Spot)| {
            let selected = move || if chosen.get() == index { "true" } else { "false" };
            view! {
                <li id=format!("spot-{index}") role="option" aria-selected=selected
                    on:click=move |_| go.run(index) on:pointermove=move |_| chosen.set(index)>
                    <span>{spot.name}</span><small>{spot.hint}</small>
                </li>
            }
        };
        found.get().into_iter().enumerate().map(row).collect_view()
    };
    view! {
        <ul class="palette-list" id="spots" role="listbox" aria-label="Found">{rows}</ul>
        {move || found.read().is_empty().then(|| view! { <p class="palette-none" role="status">"Nothing has that name."</p> })}
    }
    .into_any()
}

/// Does what needs no page.
fn post(live: Live, action: String, body: String, navigate: impl Fn(&str, bool) + 'static) {
    if let Some(theme) = body.strip_prefix("theme=") {
        theme::show(theme);
    }
    spawn(async move {
        match act(live, action, body).await {
            Ok(text) => accept(live, &json::read::<Done>(&text).unwrap_or_default(), "", &navigate),
            Err(refusal) => live.say(refusal.message),
        }
    });
}

/// The spots that fit what is typed: those that were asked for once, and what the server finds.
fn found(typed: RwSignal<String>) -> Memo<Vec<Spot>> {
    let live = live();
    let tenant = param("tenant");
    let (spots, entries) = (RwSignal::new(Vec::<Spot>::new()), RwSignal::new(Vec::<Spot>::new()));
    Effect::new(move |_| {
        let tenant = tenant.get_untracked();
        spawn(async move {
            if let Ok(found) = invoke(live, Palette { tenant, here: path() }).await {
                let _gone = spots.try_set(found);
            }
        });
    });
    Effect::new(move |_| {
        let (tenant, q) = (tenant.get_untracked(), typed.get());
        if q.trim().chars().count() < ENOUGH {
            return entries.set(Vec::new());
        }
        spawn(async move {
            sleep(MOMENT_MS).await;
            let is_last = || typed.try_with_untracked(|typed| *typed == q) == Some(true);
            if is_last()
                && let Ok(found) = invoke(live, FindEntries { tenant, q: q.clone(), here: path() }).await
                && is_last()
            {
                let _gone = entries.try_set(found);
            }
        });
    });
    Memo::new(move |_| {
        let entries = entries.read();
        let mut found = matching(&spots.read(), &typed.read());
        // Neither of the two takes all the room.
        found.truncate(SHOWN - entries.len().min(SHOWN / 2));
        found.extend(entries.iter().cloned());
        found.truncate(SHOWN);
        found
    })
}

/// Of the page under the palette.
fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// The first spots that hold every typed word; those whose name begins with the text come first.
fn matching(spots: &[Spot], typed: &str) -> Vec<Spot> {
    let typed = folded(typed.trim());
    let holds = |spot: &&Spot| {
        let text = folded(&format!("{} {}", spot.name, spot.hint));
        typed.split_whitespace().all(|word| text.contains(word))
    };
    let mut found: Vec<&Spot> = spots.iter().filter(holds).collect();
    found.sort_by_key(|spot| !folded(&spot.name).starts_with(&typed));
    found.into_iter().take(SHOWN).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_to_fit_and_beginnings_come_first() {
        let spot = |name: &str, hint: &str| Spot { name: name.into(), hint: hint.into(), ..Spot::default() };
        let spots =
            [spot("Old shop", "Project"), spot("Shop", "Project"), spot("api", "Service in Shop, live")];
        let names = |typed| matching(&spots, typed).into_iter().map(|spot| spot.name).collect::<Vec<_>>();
        assert_eq!(names("shop"), ["Shop", "Old shop", "api"]);
        assert_eq!(names("api live"), ["api"]);
        assert!(names("nothing").is_empty());
    }
}
