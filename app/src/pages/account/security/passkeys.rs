//! The passkeys of a person: listed, added under a name, removed.

use super::{AddPasskey, AskNewPasskey, Made, RemovePasskey};
use crate::address::{address, query};
use crate::call::spawn;
use crate::components::icon::{Glyph, Icon};
use crate::components::{Ago, Confirm};
use crate::json;
use crate::live::live;
use crate::passkey::{Act, ceremony};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::factor::{PasskeyRow, RecoveryCodes};

#[component]
pub fn PasskeysPanel(
    passkeys: Vec<PasskeyRow>,
    unavailable: Option<String>,
    now: Timestamp,
    made: Made,
) -> impl IntoView {
    let here = address();
    let confirm = query("confirm");
    let rows = passkeys.iter().cloned().map(|passkey| view! { <Row passkey now/> }).collect_view();
    let table = (!passkeys.is_empty()).then(|| {
        view! {
            <table class="table">
                <thead><tr>
                    <th scope="col">"Name"</th><th scope="col">"Added"</th><th scope="col">"Last used"</th>
                    <th scope="col"><span class="visually-hidden">"Remove"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
    });
    let passkeys = StoredValue::new(passkeys);
    let asked = move || {
        let id = confirm.get()?;
        let found = passkeys.with_value(|all| all.iter().find(|row| row.id.to_string() == id).cloned());
        found.map(|row| {
            view! {
                <Confirm title=format!("Remove {}?", row.name) action=RemovePasskey::PATH label="Remove the passkey" danger=true
                    close=here.without(&["confirm"]) fields=vec![("passkey", row.id.to_string())]>
                    <p>"It signs you in no more. The device may still offer it until you delete it there too."</p>
                </Confirm>
            }
        })
    };
    let add = match unavailable {
        Some(words) => view! { <p class="note">{words}</p> }.into_any(),
        None => view! { <Add made/> }.into_any(),
    };
    view! {
        <section class="card panel" aria-label="Passkeys">
            <h2>"Passkeys"</h2>
            <p>"Your device, a security key or a password manager signs you in, by finger, face or PIN, without a password."</p>
            {table}
            {add}
        </section>
        {asked}
    }
    .into_any()
}

#[component]
fn Row(passkey: PasskeyRow, now: Timestamp) -> impl IntoView {
    let here = address();
    let id = passkey.id.to_string();
    let label = format!("Remove {}", passkey.name);
    let used = match passkey.last_used_at {
        Some(at) => view! { <Ago at now/> }.into_any(),
        None => "never".into_any(),
    };
    view! {
        <tr data-row>
            <td><span class="strong">{passkey.name}</span></td>
            <td data-label="Added" class="muted"><Ago at=passkey.created_at now/></td>
            <td data-label="Last used" class="muted">{used}</td>
            <td class="row-actions">
                <a class="button button-icon" data-noscroll title="Remove" aria-label=label
                    href=move || here.with(&[("confirm", Some(&id))])><Icon glyph=Glyph::Trash/></a>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn Add(made: Made) -> impl IntoView {
    let live = live();
    let (name, wrong, busy) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(false));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let named = name.get_untracked().trim().to_owned();
        if named.is_empty() {
            wrong.set("A name, so that you know it again".to_owned());
            return;
        }
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn(async move {
            let fields = [("name", named)];
            let said = ceremony(live, Act::Create, AskNewPasskey::PATH, AddPasskey::PATH, &fields).await;
            let _gone = busy.try_set(false);
            match said {
                Ok(text) => {
                    let _gone = (wrong.try_set(String::new()), name.try_set(String::new()));
                    let _gone = made.0.try_set(json::read::<RecoveryCodes>(&text));
                    live.say("The passkey is added");
                    live.reload(false);
                }
                Err(words) => {
                    let _gone = wrong.try_set(words);
                }
            }
        });
    };
    view! {
        <form class="stack needs-js" on:submit=submit autocomplete="off">
            <div class="field">
                <label for="passkey-name">"Name of a new passkey"</label>
                <div class="control">
                    <input id="passkey-name" name="name" placeholder="Laptop" aria-describedby="passkey-name-error"
                        aria-invalid=move || (!wrong.read().is_empty()).then_some("true")
                        prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event))/>
                </div>
                <div class="field-error" id="passkey-name-error" aria-live="polite">
                    {move || Some(wrong.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
                </div>
            </div>
            <div class="actions">
                <button type="submit" class="button button-primary" aria-busy=move || busy.get().then_some("true")
                    aria-disabled=move || busy.get().then_some("true")>
                    <Icon glyph=Glyph::Plus/>"Add a passkey"
                </button>
            </div>
        </form>
    }
    .into_any()
}
