//! Where a person is signed in: device, place, time; each can be ended, and all others at once.

use super::functions::{EndOtherSessions, EndSession, ReadSessions};
use crate::components::badge::Tone;
use crate::components::{Ago, Badge, FormError, Hidden, PostForm};
use crate::page::tab;
use crate::pages::auth::sign_in::SignOut;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::Timestamp;
use nexus_domain::account::{OpenSession, OpenSessions};

#[component]
pub fn SessionsTab() -> impl IntoView {
    tab(|| ReadSessions {}, |open: OpenSessions| view! { <List open/> }.into_any())
}

#[component]
fn List(open: OpenSessions) -> impl IntoView {
    let OpenSessions { sessions, now } = open;
    let others = sessions.iter().any(|session| !session.this);
    let rows = sessions.into_iter().map(|session| view! { <Row session now/> }).collect_view();
    view! {
        <section class="card panel" aria-label="Sessions">
            <div class="panel-head">
                <div>
                    <h2>"Sessions"</h2>
                    <p>"Where you are signed in. A session ends by itself an hour after it was used last, and a day after
                        you signed in. One that you end here stops with its next request."</p>
                </div>
                {others.then(|| view! {
                    <PostForm action=EndOtherSessions::PATH>
                        <FormError/>
                        <button type="submit" class="button">"End all others"</button>
                    </PostForm>
                })}
            </div>
            <table class="table sessions">
                <thead><tr>
                    <th scope="col">"Device"</th><th scope="col">"Address"</th><th scope="col">"Signed in"</th>
                    <th scope="col">"Last seen"</th><th scope="col"><span class="visually-hidden">"End"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

#[component]
fn Row(session: OpenSession, now: Timestamp) -> impl IntoView {
    let OpenSession { handle, this, device, ip, by, signed_in_at, seen_at } = session;
    let label = format!("End the session of {device}");
    let mut name = device;
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let end = if this {
        view! {
            <PostForm action=SignOut::PATH>
                <button type="submit" class="button button-small">"Sign out"</button>
            </PostForm>
        }
        .into_any()
    } else {
        view! {
            <PostForm action=EndSession::PATH id=handle.clone()>
                <Hidden name="handle" value=handle/>
                <FormError/>
                <button type="submit" class="button button-small" aria-label=label>"End"</button>
            </PostForm>
        }
        .into_any()
    };
    view! {
        <tr data-row>
            <td><span class="strong">{name}</span>{this.then(|| view! { <Badge text="THIS SESSION" tone=Tone::Green/> })}</td>
            <td data-label="Address" class="mono">{ip.unwrap_or_else(|| "unknown".to_owned())}</td>
            <td data-label="Signed in"><Ago at=signed_in_at now/>" by "{by}</td>
            <td data-label="Last seen"><Ago at=seen_at now/></td>
            <td class="row-actions">{end}</td>
        </tr>
    }
    .into_any()
}
