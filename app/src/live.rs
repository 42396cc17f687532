//! What the whole console shares while it is open: what to read again, toasts, the connection, the
//! question for a password. One context, so that the parts that need it name one type.

use crate::done::{Done, Flash, RefusedForm};
use futures::channel::oneshot;
use leptos::prelude::*;

/// A toast: a notice, and maybe the way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    pub id: u32,
    pub done: Done,
}

/// What stands over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    None,
    Palette,
    Shortcuts,
}

/// The state of the open console.
#[derive(Clone, Copy)]
pub struct Live {
    /// Counts up when the page's data has to be read again.
    pub page: RwSignal<u32>,
    /// Counts up when the frame's data (tenant, projects) has to be read again.
    pub frame: RwSignal<u32>,
    pub toasts: RwSignal<Vec<Toast>>,
    pub overlay: RwSignal<Overlay>,
    /// Whether the last request did not reach the server.
    pub offline: RwSignal<bool>,
    /// Whether the password is being asked for.
    pub asking: RwSignal<bool>,
    /// Whether the browser's half is running.
    pub hydrated: RwSignal<bool>,
    /// Who waits for the answer: several, where several things were begun.
    answer: StoredValue<Vec<oneshot::Sender<bool>>>,
    refused: StoredValue<Option<RefusedForm>>,
    next_toast: StoredValue<u32>,
    /// The key of what the last form was about, as rows call it.
    pub sent: StoredValue<String>,
    look: StoredValue<u32>,
}

impl Live {
    /// Starts with what the session kept for this page.
    pub fn new(flash: Flash) -> Self {
        let toasts = flash.done.into_iter().map(|done| Toast { id: 0, done }).collect();
        Self {
            page: RwSignal::new(0),
            frame: RwSignal::new(0),
            toasts: RwSignal::new(toasts),
            overlay: RwSignal::new(Overlay::None),
            offline: RwSignal::new(false),
            asking: RwSignal::new(false),
            hydrated: RwSignal::new(false),
            answer: StoredValue::new(Vec::new()),
            refused: StoredValue::new(flash.refused),
            next_toast: StoredValue::new(1),
            sent: StoredValue::new(String::new()),
            look: StoredValue::new(0),
        }
    }

    /// The refused form that the session kept, for the form that it is about.
    pub fn refused(self, action: &str, id: &str) -> Option<RefusedForm> {
        self.refused.with_value(|refused| refused.clone().filter(|form| form.is_of(action, id)))
    }

    /// Called when another page is shown: the session's flash was for the first one.
    pub fn forget_flash(self) {
        self.refused.set_value(None);
    }

    pub fn toast(self, done: Done) {
        let id = self.next_toast.get_value();
        self.next_toast.set_value(id.wrapping_add(1));
        self.toasts.update(|toasts| toasts.push(Toast { id, done }));
    }

    /// Begins to look after the focus; who began before stops.
    pub fn next_look(self) -> u32 {
        self.look.update_value(|look| *look = look.wrapping_add(1));
        self.look.get_value()
    }

    pub fn is_look(self, look: u32) -> bool {
        self.look.get_value() == look
    }

    pub fn say(self, notice: impl Into<String>) {
        self.toast(Done::new(notice));
    }

    /// Reads the page's data again (and the frame's, when that changed).
    pub fn reload(self, frame: bool) {
        self.page.update(|count| *count = count.wrapping_add(1));
        if frame {
            self.reload_frame();
        }
    }

    pub fn reload_frame(self) {
        self.frame.update(|count| *count = count.wrapping_add(1));
    }

    /// Asks for the password; true once the sign-in is fresh.
    pub async fn ask_for_password(self) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.answer.update_value(|waiting| waiting.push(sender));
        self.asking.set(true);
        receiver.await.unwrap_or(false)
    }

    pub fn answer_password(self, fresh: bool) {
        self.asking.set(false);
        for sender in self.answer.try_update_value(std::mem::take).unwrap_or_default() {
            // Whoever asked may be gone with its page; then there is nobody to tell.
            let _gone = sender.send(fresh);
        }
    }
}

/// The shared state. Every component runs below `App`, which provides it.
pub fn live() -> Live {
    use_context().unwrap_or_else(|| Live::new(Flash::default()))
}
