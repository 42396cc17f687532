//! Importing configs: the dialog that secrets have too. Without JavaScript it works as well, but for
//! the preview.

use super::{Facts, ImportConfigs, PreviewConfigImport};
use crate::address::ServiceParams;
use crate::call::invoke;
use crate::pages::entries::{self, Draft, Importing};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::service::ServicePath;

const IMPORTING: Importing = Importing {
    title: "Import configs",
    action: ImportConfigs::PATH,
    preview: |live, Draft { tenant, path, format, text }| {
        let ServicePath { project, environment, service } = path;
        Box::pin(invoke(live, PreviewConfigImport { tenant, project, environment, service, text, format }))
    },
    hint: "A preview only reads.",
};

#[component]
pub fn Import(facts: Facts, here: ServiceParams) -> impl IntoView {
    let desk = use_context().unwrap_or_default();
    view! {
        <entries::Import importing=IMPORTING desk here may_write=facts.may_write linked=facts.linked/>
    }
}
