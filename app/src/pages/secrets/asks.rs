//! The questions before a secret is deleted, and before an old version is restored or destroyed:
//! what will happen, and to whom.

use super::referring::Referring;
use super::{DeleteSecret, DestroySecretVersion, Facts, RestoreSecretVersion};
use crate::address::{address, query};
use crate::components::Dialog;
use crate::components::time::count;
use crate::pages::entries::{Ask, DestroyVersion, RestoreVersion, named};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::secret::{ReferringConfig, SecretRow, SecretUse};

/// The question that the address asks (`?confirm=`), about the open secret.
#[component]
pub fn Asks(row: SecretRow, uses: SecretUse, facts: Facts) -> impl IntoView {
    let [confirm, version] = ["confirm", "version"].map(query);
    let row = StoredValue::new(row);
    let uses = StoredValue::new(uses);
    move || {
        let row = row.get_value();
        let number = version.get().and_then(|number| number.parse::<i64>().ok());
        match (confirm.read().as_deref(), number) {
            (Some("delete"), _) => {
                let SecretUse { inherited_by, referred_by, .. } = uses.get_value();
                // What hides an umbrella's secret leaves that one to whoever refers to the key.
                match referred_by.is_empty() || row.overrides.is_some() {
                    true => view! { <Delete row heirs=inherited_by facts/> }.into_any(),
                    false => view! { <Kept row referred_by/> }.into_any(),
                }
            }
            (Some("restore"), Some(number)) => view! {
                <RestoreVersion key=row.key number active=row.version action=RestoreSecretVersion::PATH linked=facts.linked
                    now=facts.now/>
            }
            .into_any(),
            (Some("destroy"), Some(number)) => view! { <DestroyVersion key=row.key number action=DestroySecretVersion::PATH/> }.into_any(),
            _ => ().into_any(),
        }
    }
}

/// Said before anybody tries: it cannot be deleted now, and what to do first.
#[component]
fn Kept(row: SecretRow, referred_by: Vec<ReferringConfig>) -> impl IntoView {
    let close = address().without(&["confirm"]);
    view! {
        <Dialog title=format!("{} is used", row.key) close=close.clone()>
            <div class="stack">
                <div class="dialog-text">
                    <p>"It cannot be deleted as long as configs refer to it: "<Referring configs=referred_by/>"."</p>
                    <p>"Take the reference out of them first."</p>
                </div>
                <div class="actions"><a class="button" href=close data-noscroll>"Close"</a></div>
            </div>
        </Dialog>
    }
    .into_any()
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
            let their = if amount == 1 { "its" } else { "their" };
            view! { <p><b>{services}" will lose it"</b>" on "{their}" next read: "{heirs.join(", ")}"."</p> }.into_any()
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
