//! What the tab knows only while it is open in a browser: the value that is shown, the comparison,
//! what is chosen, what is being typed. None of it is ever part of a page or of an address, and
//! what shows a value goes after 30 seconds, when the browser's tab is hidden, and with the row.

use super::functions::{CompareSecretVersions, RevealSecret};
use super::value::ValueState;
use crate::address::{ServiceParams, service_params};
use crate::call::{invoke, sleep, spawn};
use crate::components::copy::to_clipboard;
use crate::live::{Live, live};
use leptos::prelude::*;
use nexus_domain::import::ImportReport;
use nexus_domain::secret::{SecretDiff, SecretValue};
use nexus_domain::service::ServicePath;

/// How long a value is shown, in seconds.
const SHOWN_FOR: i32 = 30;

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
    /// The text in the import dialog, and what it would change.
    pub text: RwSignal<String>,
    pub report: RwSignal<Option<ImportReport>>,
    live: Live,
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
            text: RwSignal::new(String::new()),
            report: RwSignal::new(None),
            live: live(),
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

    /// Asks for a value: an audited reveal, with the question for the password where it needs one.
    pub fn reveal(self, key: String, version: Option<i64>, then: Then) {
        let (tenant, project, environment, service) = self.place();
        let args = RevealSecret { tenant, project, environment, service, key, version };
        let live = self.live;
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        spawn(async move {
            let answer = invoke(live, args).await;
            let _gone = self.busy.try_set(false);
            match answer {
                Ok(value) if then == Then::Show => self.show(value),
                Ok(value) if then == Then::Copy => {
                    let copied = to_clipboard(&value.value.unwrap_or_default()).await;
                    live.say(if copied {
                        "The value is on the clipboard"
                    } else {
                        "The browser does not allow copying here"
                    });
                }
                Ok(value) => super::file::save(&value),
                Err(refusal) => live.say(refusal.message),
            }
        });
    }

    /// Compares two versions; as much of a reveal as showing both.
    pub fn compare(self, key: String, from: i64, to: i64) {
        let (tenant, project, environment, service) = self.place();
        let args = CompareSecretVersions { tenant, project, environment, service, key, from, to };
        let live = self.live;
        spawn(async move {
            match invoke(live, args).await {
                Ok(diff) => {
                    self.hide();
                    if !document().hidden() && self.compared.try_set(Some(diff)).is_none() {
                        self.count_down();
                    }
                }
                Err(refusal) => live.say(refusal.message),
            }
        });
    }

    fn show(self, value: SecretValue) {
        self.hide();
        // Whoever looked away while it was on its way is not shown it.
        if !document().hidden() && self.shown.try_set(Some(value)).is_none() {
            self.count_down();
        }
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
                self.left.update(|left| *left -= 1);
                if self.left.get_untracked() <= 0 {
                    return self.hide();
                }
            }
        });
    }
}
