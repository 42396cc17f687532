//! Importing secrets: the dialog that configs have too. Its preview opens the present values.

use super::{Facts, ImportSecrets, PreviewImport, desk};
use crate::call::invoke;
use crate::pages::entries::{self, Draft, Importing};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::service::ServicePath;

const IMPORTING: Importing = Importing {
    title: "Import secrets",
    action: ImportSecrets::PATH,
    preview: |live, Draft { tenant, path, format, text }| {
        let ServicePath { project, environment, service } = path;
        Box::pin(invoke(live, PreviewImport { tenant, project, environment, service, text, format }))
    },
    hint: "Comparing with what is here reads the present values, and is in the audit log.",
};

#[component]
pub fn Import(facts: Facts) -> impl IntoView {
    let desk = desk();
    view! {
        <entries::Import importing=IMPORTING desk=desk.import here=desk.here may_write=facts.may_write
            linked=facts.linked/>
    }
}
