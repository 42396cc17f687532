//! The address and the password of a person, and how the console looks to them.

use super::functions::{ChangeAddress, ChangePassword, ReadProfile, SendVerification, WithdrawAddress};
use crate::components::badge::Tone;
use crate::components::theme::ThemeSwitch;
use crate::components::time::Until;
use crate::components::{Badge, Field, FormError, PostForm, Submit};
use crate::page::tab;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::account::{Account, PendingAddress};

#[component]
pub fn ProfileTab() -> impl IntoView {
    tab(
        || ReadProfile {},
        |account| {
            let has_password = account.has_password;
            view! {
                <AddressPanel account/>
                <PasswordPanel has_password/>
                <section class="card panel">
                    <h2>"Look"</h2>
                    <p>"For this browser."</p>
                    <div class="account-theme"><ThemeSwitch/></div>
                </section>
            }
            .into_any()
        },
    )
}

#[component]
fn AddressPanel(account: Account) -> impl IntoView {
    let Account { email, verified, pending, now, .. } = account;
    let badge = match verified {
        true => view! { <Badge text="CONFIRMED" tone=Tone::Green/> },
        false => view! { <Badge text="NOT CONFIRMED" tone=Tone::Amber/> },
    };
    let unproven = (!verified).then(|| {
        view! {
            <div class="note note-amber account-note">
                <span>"Nobody has shown yet that this mailbox is yours. It is where a new password is sent when you
                    forget yours."</span>
                <PostForm action=SendVerification::PATH>
                    <FormError/>
                    <button type="submit" class="button button-small">"Send a link"</button>
                </PostForm>
            </div>
        }
    });
    view! {
        <section class="card panel">
            <h2>"Address"</h2>
            <p>"You sign in with it, and it stands beside what you do."</p>
            <dl class="facts">
                <div><dt>"Address"</dt><dd><span class="strong">{email}</span>" "{badge}</dd></div>
            </dl>
            {unproven}
            {pending.map(|pending| view! { <Pending pending now/> })}
            <PostForm action=ChangeAddress::PATH class="stack">
                <Field label="New address" name="email" kind="email" autocomplete="email" required=true
                    hint="A link goes there. Once it is followed, this is your address; until then nothing changes"/>
                <FormError/>
                <div class="actions"><Submit label="Send the link"/></div>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn Pending(pending: PendingAddress, now: Timestamp) -> impl IntoView {
    view! {
        <div class="note account-note">
            <span><b>{pending.email}</b>" waits to be confirmed by the link that was sent there; it works for "
                <Until at=pending.until now/>"."</span>
            <PostForm action=WithdrawAddress::PATH>
                <FormError/>
                <button type="submit" class="button button-small">"Take it back"</button>
            </PostForm>
        </div>
    }
    .into_any()
}

#[component]
fn PasswordPanel(has_password: bool) -> impl IntoView {
    let (text, label) = match has_password {
        true => {
            ("Every other session of yours ends, and every link that was sent to you.", "Change the password")
        }
        false => (
            "You have none: you sign in by other means. With one you can sign in by address and password too.",
            "Set a password",
        ),
    };
    view! {
        <section class="card panel">
            <h2>"Password"</h2>
            <p>{text}</p>
            <PostForm action=ChangePassword::PATH class="stack">
                {has_password.then(|| view! {
                    <Field label="Current password" name="current" kind="password" autocomplete="current-password"
                        required=true/>
                })}
                <Field label="New password" name="password" kind="password" autocomplete="new-password" required=true
                    hint="At least 8 characters"/>
                <FormError/>
                <div class="actions"><Submit label=label/></div>
            </PostForm>
        </section>
    }
    .into_any()
}
