//! The parts that pages are made of. Each is small, works without JavaScript where that is
//! possible at all, and carries its own labels for those who do not see it.

pub mod badge;
pub mod copy;
pub mod dialog;
pub mod environment;
pub mod field;
pub mod form;
pub mod get_form;
pub mod icon;
pub mod keyboard;
pub mod list;
pub mod menu;
pub mod once;
pub mod palette;
pub mod password;
pub mod scopes;
pub mod search;
pub mod shortcuts;
pub mod state;
pub mod tabs;
pub mod theme;
pub mod time;
pub mod toast;

pub use badge::{Badge, Tone};
pub use copy::{Copy, Snippet};
pub use dialog::{Confirm, Dialog};
pub use field::{Choice, Field, Hidden, Pick};
pub use form::{FormActions, FormError, PostForm, Submit};
pub use icon::{Glyph, Icon};
pub use list::List;
pub use once::{AskOnce, OldValue, ShownOnce};
pub use search::Search;
pub use state::Empty;
pub use tabs::{Tab, Tabs};
pub use time::Ago;
