//! What every row of a list of entries knows of the address: whether it is open, and where a press
//! on it leads.

use crate::address::{Address, address, query};
use leptos::prelude::*;

/// A row, seen from the address.
#[derive(Clone, Copy)]
pub struct RowState {
    here: Address,
    key: StoredValue<String>,
    open: Memo<Option<String>>,
    created: Memo<Option<String>>,
    form: Memo<Option<String>>,
}

impl RowState {
    pub fn of(key: &str) -> Self {
        let [open, created, form] = ["open", "created", "form"].map(query);
        Self { here: address(), key: StoredValue::new(key.to_owned()), open, created, form }
    }

    fn is(self, asked: Memo<Option<String>>) -> bool {
        self.key.with_value(|key| asked.read().as_ref() == Some(key))
    }

    pub fn is_open(self) -> bool {
        self.is(self.open)
    }

    /// Whether it was just made.
    pub fn is_created(self) -> bool {
        self.is(self.created)
    }

    /// Opens the row, or closes it.
    pub fn toggle(self) -> String {
        let key = self.key.get_value();
        let goal = (!self.is_open()).then_some(key.as_str());
        const CLOSED: [&str; 7] = ["form", "from", "created", "compare", "user", "attributes", "why"];
        let closed = CLOSED.map(|name| (name, None));
        self.here.with(&[&[("open", goal)], closed.as_slice()].concat())
    }

    /// For `aria-expanded`.
    pub fn expanded(self) -> &'static str {
        if self.is_open() { "true" } else { "false" }
    }

    /// For `aria-keyshortcuts`: Esc leaves a form in the details first, and then the details.
    pub fn keys(self) -> &'static str {
        if self.is_open() && self.form.read().is_none() { "e Escape" } else { "e" }
    }
}
