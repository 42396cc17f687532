//! Toasts: one sentence about what was just done, and the way back where there is one. On a page
//! without JavaScript the notice of the last form stands in the same place.

use crate::call::{sleep, spawn};
use crate::components::form::{FormError, PostForm};
use crate::components::icon::{Glyph, Icon};
use crate::live::{Live, Toast, live};
use leptos::prelude::*;

/// How long a toast stays: longer where it can be undone.
const STAYS: i32 = 5_000;
const STAYS_WITH_UNDO: i32 = 12_000;

/// The place where toasts appear.
#[component]
pub fn Toasts() -> impl IntoView {
    let live = live();
    view! {
        <div class="toasts" role="status">
            <For each=move || live.toasts.get() key=|toast| toast.id let:toast>
                {one(live, toast)}
            </For>
        </div>
    }
    .into_any()
}

fn one(live: Live, toast: Toast) -> AnyView {
    let Toast { id, done } = toast;
    let close = move || live.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    let stays = if done.undo.is_some() { STAYS_WITH_UNDO } else { STAYS };
    Effect::new(move |_| {
        spawn(async move {
            sleep(stays).await;
            close();
        });
    });
    let undo = done.undo.map(|undo| {
        let fields = undo
            .fields
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_view();
        view! {
            <PostForm action=undo.action id=format!("undo{id}") on_done=move |_| close()>
                {fields}
                <FormError/>
                <button type="submit" class="button button-small">"Undo"</button>
            </PostForm>
        }
    });
    view! {
        <div class="toast">
            <Icon glyph=Glyph::Check/>
            <span>{done.notice}</span>
            {undo}
            <button type="button" class="button button-icon needs-js" aria-label="Dismiss" on:click=move |_| close()>
                <Icon glyph=Glyph::Close/>
            </button>
        </div>
    }
    .into_any()
}

/// The bar that says that the server cannot be reached.
#[component]
pub fn Connection() -> impl IntoView {
    let live = live();
    view! {
        <div class="connection" role="status">
            {move || {
                live.offline.get().then(|| {
                    view! {
                        <p><Icon glyph=Glyph::Wifi/>"No connection to the server. Trying again; what you typed is kept."</p>
                    }
                })
            }}
        </div>
    }
    .into_any()
}
