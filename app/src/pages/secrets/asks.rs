//! The questions before a secret is deleted, and before an old version is restored or destroyed:
//! what will happen, and to whom.

use super::{DeleteSecret, DestroySecretVersion, Facts, RestoreSecretVersion, desk};
use crate::address::{address, query};
use crate::components::Confirm;
use crate::components::time::count;
use crate::pages::entries::{Ask, Reach};
use crate::pages::service::settings::which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::secret::SecretRow;

/// The question that the address asks (`?confirm=`), about the open secret.
#[component]
pub fn Asks(row: SecretRow, heirs: Vec<String>, facts: Facts) -> impl IntoView {
    let [confirm, version] = ["confirm", "version"].map(query);
    let row = StoredValue::new(row);
    let heirs = StoredValue::new(heirs);
    move || {
        let row = row.get_value();
        let number = version.get().and_then(|number| number.parse::<i64>().ok());
        match (confirm.read().as_deref(), number) {
            (Some("delete"), _) => view! { <Delete row heirs=heirs.get_value() facts/> }.into_any(),
            (Some("restore"), Some(number)) => view! { <Restore row number facts/> }.into_any(),
            (Some("destroy"), Some(number)) => view! { <Destroy row number/> }.into_any(),
            _ => ().into_any(),
        }
    }
}

/// The fields that name the secret.
fn named(key: &str, more: Option<i64>) -> Vec<(&'static str, String)> {
    let mut fields = which(desk().here);
    fields.push(("key", key.to_owned()));
    fields.extend(more.map(|version| ("version", version.to_string())));
    fields
}

#[component]
fn Delete(row: SecretRow, heirs: Vec<String>, facts: Facts) -> impl IntoView {
    let here = address();
    let effect = match (&row.overrides, heirs.len()) {
        _ if row.needs_value => view! { <p>"It has no value, so no program reads it."</p> }.into_any(),
        (Some(umbrella), _) => view! {
            <p>"It hides the secret of the same key on "<b>{umbrella.clone()}</b>". Programs get "<b>"that value"</b>
                " from their next read on."</p>
        }
        .into_any(),
        (None, 0) => view! { <p>"Programs stop getting it on their next read."</p> }.into_any(),
        (None, amount) => {
            let services = count(i64::try_from(amount).unwrap_or(i64::MAX), "linked service");
            view! { <p><b>{services}" will lose it"</b>" on their next read: "{heirs.join(", ")}"."</p> }.into_any()
        }
    };
    view! {
        <Ask title=format!("Delete {}?", row.key) action=DeleteSecret::PATH label="Delete" danger=true
            again=|current| format!("Delete it at v{current}") close=here.without(&["confirm"])
            to=here.without(&["confirm", "open", "form", "from"]) fields=named(&row.key, None) started_from=row.version
            now=facts.now>
            {effect}
            <p>"It can be brought back for "{facts.undelete_days}" days, with its history; then it is gone for good."</p>
        </Ask>
    }
    .into_any()
}

#[component]
fn Restore(row: SecretRow, number: i64, facts: Facts) -> impl IntoView {
    let here = address();
    let close = here.without(&["confirm", "version"]);
    view! {
        <Ask title=format!("Restore v{number}?") action=RestoreSecretVersion::PATH label="Restore"
            again=|current| format!("Restore as v{}", current + 1) close=close.clone() to=close
            fields=named(&row.key, Some(number)) started_from=row.version now=facts.now>
            <p>"A new version "<b>"v"{row.version + 1}</b>" of "<code>{row.key.clone()}</code>" will be made with the value of v"
                {number}". The ones before it stay in the history."</p>
            <Reach linked=facts.linked/>
        </Ask>
    }
    .into_any()
}

#[component]
fn Destroy(row: SecretRow, number: i64) -> impl IntoView {
    let here = address();
    view! {
        <Confirm title=format!("Destroy v{number} for good?") action=DestroySecretVersion::PATH label="Destroy" danger=true
            close=here.without(&["confirm", "version"]) fields=named(&row.key, Some(number)) typed=format!("v{number}")>
            <p>"The value of v"{number}" of "<code>{row.key.clone()}</code>" is wiped. It can be neither restored nor compared
                any more, and its number is not used again. Backups that were made before still hold it."</p>
        </Confirm>
    }
    .into_any()
}
