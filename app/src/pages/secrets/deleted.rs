//! What was deleted and can still be brought back.

use super::{Facts, UndeleteSecrets, desk};
use crate::address::address;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::Until;
use crate::components::{Ago, Empty, FormError, Hidden, PostForm};
use crate::pages::service::settings::Which;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::secret::DeletedSecret;

#[component]
pub fn Deleted(deleted: Vec<DeletedSecret>, facts: Facts) -> impl IntoView {
    let here = address();
    let body = if deleted.is_empty() {
        let text =
            "A deleted secret can be brought back for a while, with its history. This service has none.";
        view! { <Empty glyph=Glyph::Trash title="Nothing was deleted" text/> }.into_any()
    } else {
        let rows = deleted.into_iter().map(|secret| view! { <Row secret facts/> }).collect_view();
        view! {
            <div class="card entries">
                <table class="table entry-table">
                    <thead><tr>
                        <th scope="col">"Key"</th><th scope="col">"Type"</th><th scope="col">"Version"</th>
                        <th scope="col">"Deleted"</th><th scope="col">"Gone for good"</th>
                        <th scope="col"><span class="visually-hidden">"Undelete"</span></th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="bar">
            <a class="button" href=move || here.without(&["deleted"]) aria-keyshortcuts="Escape" title="Back (Esc)">
                <Icon glyph=Glyph::Back/>"All secrets"</a>
            <h2>"Deleted secrets"</h2>
        </div>
        {body}
    }
    .into_any()
}

#[component]
fn Row(secret: DeletedSecret, facts: Facts) -> impl IntoView {
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
    view! {
        <tr data-row>
            <td class="entry-key"><code class="strong">{secret.key}</code></td>
            <td data-label="Type" class="muted">{secret.kind.as_str()}</td>
            <td data-label="Version" class="mono muted">"v"{secret.version}</td>
            <td data-label="Deleted" class="muted">
                <span class="updated"><Ago at=secret.deleted_at now=facts.now/><small>{secret.deleted_by}</small></span>
            </td>
            <td data-label="Gone" class="muted"><Until at=secret.final_at now=facts.now/></td>
            <td class="row-actions">{form}</td>
        </tr>
    }
    .into_any()
}
