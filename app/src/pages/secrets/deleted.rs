//! What was deleted and can still be brought back.

use super::{Facts, UndeleteSecrets, desk};
use crate::components::{FormError, Hidden, PostForm};
use crate::pages::entries::{DeletedLine, DeletedList};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::secret::DeletedSecret;

#[component]
pub fn Deleted(deleted: Vec<DeletedSecret>, facts: Facts) -> impl IntoView {
    let line = |secret: DeletedSecret| {
        let key = secret.key.clone();
        let form = facts.may_write.then(|| {
            view! {
                <PostForm action=UndeleteSecrets::PATH id=key.clone() class="undelete">
                    <Which here=desk().here/>
                    <Hidden name="keys" value=key/>
                    <FormError/>
                    <button type="submit" class="button button-small">"Undelete"</button>
                </PostForm>
            }
        });
        DeletedLine::of(secret, form.into_any())
    };
    let lines = deleted.into_iter().map(line).collect();
    view! { <DeletedList lines what="secret" now=facts.now/> }
}
