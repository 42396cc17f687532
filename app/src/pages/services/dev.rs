//! One's own developer environment in a project: making it, importing `develop` into it, deleting it.

use super::{CreateDevEnvironment, DeleteDevEnvironment, ImportDevelop, ReadDevLosses};
use crate::address::{address, query};
use crate::components::icon::{Glyph, Icon};
use crate::components::{Choice, Confirm, Dialog, FormError, Hidden, PostForm, Submit};
use crate::page::tab;
use crate::pages::losses::Lost;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// What stands in the list for who has none yet.
#[component]
pub fn Offer(tenant: Memo<String>, project: Memo<String>) -> impl IntoView {
    view! {
        <section class="card panel offer">
            <Icon glyph=Glyph::Laptop/>
            <div>
                <h2>"Your own environment"</h2>
                <p>"A place of your own in this project: nobody else sees into it, and nothing that you do there
                    touches anybody. Start it from a copy of develop."</p>
            </div>
            <PostForm action=CreateDevEnvironment::PATH>
                <Hidden name="tenant" value=tenant/>
                <Hidden name="project" value=project/>
                <FormError/>
                <Submit label="Make mine"/>
            </PostForm>
        </section>
    }
    .into_any()
}

/// What can be done with it, in the line of its name.
#[component]
pub fn Buttons() -> impl IntoView {
    let here = address();
    view! {
        <a class="button button-small" href=move || here.with(&[("confirm", Some("import"))]) data-noscroll>
            "Import develop"
        </a>
        <a class="button button-small button-quiet" href=move || here.with(&[("confirm", Some("delete-dev"))])
            data-noscroll>"Delete"</a>
    }
    .into_any()
}

/// The dialogs behind those buttons.
#[component]
pub fn Dialogs(tenant: Memo<String>, project: Memo<String>) -> impl IntoView {
    let confirm = query("confirm");
    move || match confirm.read().as_deref() {
        Some("import") => Some(view! { <Import tenant project/> }.into_any()),
        Some("delete-dev") => Some(view! { <Delete tenant project/> }.into_any()),
        _ => None,
    }
}

#[component]
fn Import(tenant: Memo<String>, project: Memo<String>) -> impl IntoView {
    let here = address();
    let close = here.without(&["confirm"]);
    let options = vec![("skip", "Keep mine"), ("overwrite", "Overwrite"), ("version", "Add as a version")];
    view! {
        <Dialog title="Import develop" close=close.clone()>
            <PostForm action=ImportDevelop::PATH to=close.clone() class="stack">
                <Hidden name="tenant" value=tenant/>
                <Hidden name="project" value=project/>
                <p class="dialog-text">
                    "Copies the services, umbrellas, links, secrets, configs and flags of develop into your
                    environment, all or nothing. Values of secrets that you may not reveal are left out; those secrets are marked NEEDS A VALUE.
                    Every copied value is written to the audit log."
                </p>
                <Choice label="Keys that you have already" name="on_conflict" options value="skip"/>
                <FormError/>
                <div class="actions">
                    <a class="button" href=close data-noscroll>"Cancel"</a>
                    <Submit label="Import"/>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Delete(tenant: Memo<String>, project: Memo<String>) -> impl IntoView {
    let here = address();
    let fields = vec![("tenant", tenant.get_untracked()), ("project", project.get_untracked())];
    view! {
        <Confirm title="Delete your developer environment?" action=DeleteDevEnvironment::PATH label="Delete it"
            danger=true close=here.without(&["confirm"]) fields>
            {tab(
                move || ReadDevLosses { tenant: tenant.get(), project: project.get() },
                |losses| view! { <Lost losses nothing="There is nothing in it."/> }.into_any(),
            )}
            <p>"This cannot be undone. Nobody else is affected, and you can make a new one at any time."</p>
        </Confirm>
    }
    .into_any()
}
