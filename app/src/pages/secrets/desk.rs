//! What the tab knows only while it is open in a browser: the value that is shown, the comparison,
//! what is chosen, what is being typed. None of it is ever part of a page or of an address, and
//! what shows a value goes after 30 seconds, when the browser's tab is hidden, and with the row.

use super::functions::{CompareSecretVersions, RevealSecret};
use super::value::ValueState;
use crate::address::{ServiceParams, query, service_params};
use crate::call::{invoke, sleep, spawn};
use crate::components::copy::to_clipboard;
use crate::live::{Live, live};
use crate::pages::entries::ImportDesk;
use leptos::prelude::*;
use nexus_domain::secret::{SecretDiff, SecretValue};
use nexus_domain::service::ServicePath;

/// How long a value is shown, in seconds.
const SHOWN_FOR: i32 = 30;
const NO_CLIPBOARD: &str =
    "The browser allows copying on https pages only; reveal the value and select it instead";

#[derive(Clone, Copy)]
pub struct Desk {
    pub here: ServiceParams,
    /// The one value that is shown.
    pub shown: RwSignal<Option<SecretValue>>,
    pub compared: RwSignal<Option<SecretDiff>>,
    /// Seconds until both go.
    pub left: RwSignal<i32>,
    /// Whether a value is being asked for, so that two clicks are one audited reveal.
    pub busy: RwSignal<bool>,
    /// The keys that are ticked.
    pub chosen: RwSignal<Vec<String>>,
    /// The value in the form for a new secret, and in the one for a new version.
    pub new: ValueState,
    pub version: ValueState,
    /// The import dialog's.
    pub import: ImportDesk,
    live: Live,
    open: Memo<Option<String>>,
    round: StoredValue<u32>,
}

/// What to do with a value that was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Show,
    Copy,
    Download,
}

/// The tab's state; the tab provides it.
pub fn desk() -> Desk {
    use_context().unwrap_or_else(Desk::new)
}

impl Desk {
    pub fn new() -> Self {
        Self {
            here: service_params(),
            shown: RwSignal::new(None),
            compared: RwSignal::new(None),
            left: RwSignal::new(0),
            busy: RwSignal::new(false),
            chosen: RwSignal::new(Vec::new()),
            new: ValueState::new(),
            version: ValueState::new(),
            import: ImportDesk::default(),
            live: live(),
            open: query("open"),
            round: StoredValue::new(0),
        }
    }

    /// Hides what is shown as soon as the browser's tab is hidden.
    pub fn listen(self) {
        Effect::new(move |_| {
            let handle = window_event_listener_untyped("visibilitychange", move |_| {
                if document().hidden() {
                    self.hide();
                }
            });
            on_cleanup(move || handle.remove());
        });
    }

    /// Tenant, project, environment and service: what every call names.
    pub fn place(self) -> (String, String, String, String) {
        let ServicePath { project, environment, service } = self.here.path_now();
        (self.here.tenant.get_untracked(), project, environment, service)
    }

    /// Hides every value. The tab may be gone by now, and then there is none.
    pub fn hide(self) {
        self.round.try_update_value(|round| *round = round.wrapping_add(1));
        let _gone = self.shown.try_set(None);
        let _gone = self.compared.try_set(None);
        self.new.mask();
        self.version.mask();
    }

    /// Forgets everything, for another service.
    pub fn clear(self) {
        self.hide();
        self.new.clear();
        self.version.clear();
        self.chosen.set(Vec::new());
        self.import.clear();
    }

    /// Whether an answer about a secret still finds its row open: whoever went elsewhere or looked
    /// away while it was on its way is not shown it.
    fn awaits(self, path: &ServicePath, key: &str) -> bool {
        let open = self.open.try_get_untracked().flatten();
        open.as_deref() == Some(key) && self.here.path_now() == *path && !document().hidden()
    }

    /// Asks for a value: an audited reveal, with the question for the password where it needs one.
    pub fn reveal(self, key: String, version: Option<i64>, then: Then) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        let (live, path) = (self.live, self.here.path_now());
        let (tenant, project, environment, service) = self.place();
        let args = RevealSecret { tenant, project, environment, service, key: key.clone(), version };
        spawn(async move {
            let answer = invoke(live, args).await;
            let _gone = self.busy.try_set(false);
            match answer {
                Err(refusal) => live.say(refusal.message),
                Ok(value) if then == Then::Copy => {
                    let copied = to_clipboard(&value.value.unwrap_or_default()).await;
                    live.say(if copied { "The value is on the clipboard" } else { NO_CLIPBOARD });
                }
                Ok(value) if then == Then::Download => super::file::save(&value),
                Ok(value) => {
                    self.hide();
                    if self.awaits(&path, &key) {
                        self.shown.set(Some(value));
                        self.count_down();
                    }
                }
            }
        });
    }

    /// Compares two versions; as much of a reveal as showing both.
    pub fn compare(self, key: String, from: i64, to: i64) {
        let (live, path) = (self.live, self.here.path_now());
        let (tenant, project, environment, service) = self.place();
        let args =
            CompareSecretVersions { tenant, project, environment, service, key: key.clone(), from, to };
        spawn(async move {
            match invoke(live, args).await {
                Err(refusal) => live.say(refusal.message),
                Ok(diff) => {
                    self.hide();
                    if self.awaits(&path, &key) {
                        self.compared.set(Some(diff));
                        self.count_down();
                    }
                }
            }
        });
    }

    fn count_down(self) {
        let round = self.round.get_value();
        self.left.set(SHOWN_FOR);
        spawn(async move {
            loop {
                sleep(1000).await;
                if self.round.try_get_value() != Some(round) {
                    return;
                }
                let left = self.left.get_untracked() - 1;
                self.left.set(left);
                if left <= 0 {
                    return self.hide();
                }
            }
        });
    }
}
