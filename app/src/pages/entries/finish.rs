//! The end of every form that changes an entry: it sends the version that the change started from,
//! and when somebody else was first it says who and when, keeps what was typed, and asks whether
//! to save it as the next version or to discard it.

use crate::components::form::form_state;
use crate::components::{Ago, Dialog, FormError, PostForm, Submit};
use crate::live::live;
use leptos::prelude::*;
use nexus_domain::{Refusal, Timestamp};

/// The hidden version, what went wrong, and the buttons.
#[component]
pub fn Finish(
    /// The version that the change started from; 0 while there is none.
    started_from: i64,
    label: &'static str,
    #[prop(optional)] key: &'static str,
    #[prop(optional)] danger: bool,
    /// What the button says when the entry is at another version by now, which is given.
    again: fn(i64) -> String,
    /// Where cancelling and discarding go.
    #[prop(into)]
    cancel: String,
    now: Timestamp,
) -> impl IntoView {
    let form = form_state();
    let lost = Memo::new(move |_| form.refusal.read().as_ref().and_then(Refusal::lost_race));
    let expected = move || lost.read().as_ref().map_or(started_from, |lost| lost.current_version);
    let discard = cancel.clone();
    let rest = move || match lost.get() {
        None => view! {
            <FormError/>
            <div class="actions">
                <a class="button button-quiet" href=cancel.clone() data-noscroll title="Cancel (Esc)"
                    aria-keyshortcuts="Escape">"Cancel"</a>
                <Submit label key danger/>
            </div>
        }
        .into_any(),
        Some(lost) => {
            let live = live();
            // "Just now" and not "in the future", when it happened after this page was read.
            let now = if lost.updated_at > now { lost.updated_at } else { now };
            view! {
                <div class="race" role="alert">
                    <p>
                        <b>{lost.updated_by}</b>" changed this while you were at it ("<Ago at=lost.updated_at now/>
                        "): it was at v"{started_from}" when you began and is at v"{lost.current_version}
                        " now. What you typed is kept."
                    </p>
                    <div class="actions">
                        <a class="button" href=discard.clone() data-noscroll aria-keyshortcuts="Escape"
                            on:click=move |_| live.reload(false)>"Discard mine"</a>
                        <Submit label=again(lost.current_version) danger/>
                    </div>
                </div>
            }
            .into_any()
        }
    };
    view! {
        <input type="hidden" name="expected_version" value=expected/>
        {rest}
    }
    .into_any()
}

/// A question before an entry is changed.
#[component]
pub fn Ask(
    #[prop(into)] title: String,
    /// The path of the server function.
    action: &'static str,
    /// The word on the button.
    label: &'static str,
    again: fn(i64) -> String,
    #[prop(optional)] danger: bool,
    /// The address without the dialog.
    #[prop(into)]
    close: String,
    /// Where to go when it was done.
    #[prop(into)]
    to: String,
    fields: Vec<(&'static str, String)>,
    started_from: i64,
    now: Timestamp,
    children: Children,
) -> impl IntoView {
    let hidden = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    view! {
        <Dialog title close=close.clone()>
            <PostForm action to class="stack">
                {hidden}
                <div class="dialog-text">{children()}</div>
                <Finish started_from label danger again cancel=close now/>
            </PostForm>
        </Dialog>
    }
    .into_any()
}
