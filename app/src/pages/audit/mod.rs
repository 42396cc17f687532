//! The audit log: who did what, when, and from where. Of a tenant as a page, of a project as a tab.

pub mod filter;
mod functions;
mod table;

pub use functions::*;

use self::filter::{FAMILIES, FilterFields};
use crate::address::{address, has, param, query, tenant_url};
use crate::components::icon::{Glyph, Icon};
use crate::components::time::count;
use crate::page::{page, tab};
use leptos::prelude::*;
use nexus_domain::audit::AuditVerdict;

#[component]
pub fn AuditPage() -> impl IntoView {
    let tenant = param("tenant");
    let fields = use_fields(None);
    let cursor = query("cursor");
    page(
        move || ReadAudit { tenant: tenant.get(), filter: fields.get(), cursor: cursor.get() },
        move |data| {
            view! {
                <div class="title"><h1>"Audit log"</h1></div>
                <p class="lead">"Every change, every reveal of a secret and every refused attempt, chained so that nothing can be taken out unnoticed."</p>
                <Verdict tenant/>
                <Log tenant fields data of_project=false/>
            }
            .into_any()
        },
    )
}

/// The part of a project.
#[component]
pub fn ProjectAudit() -> impl IntoView {
    let tenant = param("tenant");
    let fields = use_fields(Some(param("project")));
    let cursor = query("cursor");
    tab(
        move || ReadAudit { tenant: tenant.get(), filter: fields.get(), cursor: cursor.get() },
        move |data| view! { <Log tenant fields data of_project=true/> }.into_any(),
    )
}

/// The filter that the address holds; `project` fixes the project.
fn use_fields(project: Option<Memo<String>>) -> Memo<FilterFields> {
    let [asked_project, service, event, actor, from, to] =
        ["project", "service", "event", "actor", "from", "to"].map(query);
    Memo::new(move |_| {
        let text = |field: Memo<Option<String>>| field.get().unwrap_or_default();
        FilterFields {
            project: project.map_or_else(|| text(asked_project), |project| project.get()),
            service: text(service),
            event: text(event),
            actor: text(actor),
            from: text(from),
            to: text(to),
        }
    })
}

#[component]
fn Log(tenant: Memo<String>, fields: Memo<FilterFields>, data: AuditData, of_project: bool) -> impl IntoView {
    let AuditData { page, projects, now } = data;
    let projects = if of_project { Vec::new() } else { projects };
    view! {
        <FilterForm fields projects/>
        <table::Rows rows=page.data now/>
        <Pager next=page.next_cursor/>
        <Export tenant fields/>
    }
    .into_any()
}

/// A GET form: the filter is in the address, with JavaScript and without.
#[component]
fn FilterForm(fields: Memo<FilterFields>, projects: Vec<(String, String)>) -> impl IntoView {
    let navigate = crate::address::navigator();
    let here = address();
    let now = fields.get_untracked();
    let submit = move |event: web_sys::SubmitEvent| {
        use wasm_bindgen::JsCast;
        event.prevent_default();
        let form = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        if let Some(form) = form {
            let path = window().location().pathname().unwrap_or_default();
            navigate(&format!("{path}?{}", crate::components::form::form_body(&form, None)), false);
        }
    };
    let option = |chosen: &str, (value, text): (String, String)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{text}</option> }
    };
    let families = FAMILIES
        .into_iter()
        .map(|(value, text)| option(&now.event, (value.to_owned(), text.to_owned())))
        .collect_view();
    let project = (!projects.is_empty()).then(|| {
        let all = [(String::new(), "All projects".to_owned())].into_iter().chain(projects);
        let options = all.map(|pair| option(&now.project, pair)).collect_view();
        view! { <label>"Project"<span class="control control-select"><select name="project">{options}</select></span></label> }
    });
    let clear = move || {
        (!fields.read().is_empty()).then(|| {
            let href = here.without(&["service", "event", "actor", "from", "to", "cursor"]);
            view! { <a class="button button-quiet" href=href>"Clear"</a> }
        })
    };
    view! {
        <form method="get" class="filters" role="search" aria-label="Filter the audit log" on:submit=submit>
            {project}
            <label>"Events"<span class="control control-select"><select name="event">{families}</select></span></label>
            <label>"Actor"<span class="control">
                <input name="actor" value=now.actor placeholder="ana@acme.test or sk_live_1f0c" autocomplete="off"
                    aria-keyshortcuts="/" title="Actor (/)"/></span></label>
            <label>"From"<span class="control"><input type="date" name="from" value=now.from/></span></label>
            <label>"To"<span class="control"><input type="date" name="to" value=now.to/></span></label>
            <div class="filters-do"><button type="submit" class="button">"Filter"</button>{clear}</div>
        </form>
    }
    .into_any()
}

/// To the newest rows of a log, and to older ones.
#[component]
pub fn Pager(next: Option<String>) -> impl IntoView {
    let here = address();
    let paged = has("cursor");
    let first =
        move || paged.get().then(|| view! { <a class="button" href=here.without(&["cursor"])>"Newest"</a> });
    let older = move || {
        next.clone().map(|cursor| {
            view! { <a class="button" href=here.with(&[("cursor", Some(&cursor))])>"Older"<Icon glyph=Glyph::Arrow/></a> }
        })
    };
    view! { <nav class="pager" aria-label="Pages of the log">{first}{older}</nav> }.into_any()
}

/// The download: a plain form, because the answer is a file.
#[component]
fn Export(tenant: Memo<String>, fields: Memo<FilterFields>) -> impl IntoView {
    let here = address();
    let hidden = move || {
        let FilterFields { project, service, event, actor, from, to } = fields.get();
        let back = here.without(&[]);
        [
            ("project", project),
            ("service", service),
            ("event", event),
            ("actor", actor),
            ("from", from),
            ("to", to),
            ("back", back),
        ]
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
    };
    view! {
        <form method="post" class="export" action=move || tenant_url(&tenant.get(), "audit/export")>
            {hidden}
            <span class="hint">"Download what the filter shows. This is written to the log, and asks for a fresh sign-in."</span>
            <button type="submit" class="button button-small" name="format" value="jsonl">
                <Icon glyph=Glyph::Download/>"JSON lines"
            </button>
            <button type="submit" class="button button-small" name="format" value="csv">
                <Icon glyph=Glyph::Download/>"CSV"
            </button>
        </form>
    }
    .into_any()
}

/// "Verify chain" and what it found (`?verify`).
#[component]
fn Verdict(tenant: Memo<String>) -> impl IntoView {
    let here = address();
    let asked = has("verify");
    let shown = move || {
        if asked.get() {
            let found = tab(
                move || VerifyAudit { tenant: tenant.get() },
                |verdict| view! { <Found verdict/> }.into_any(),
            );
            view! { <div class="verdict">{found}</div> }.into_any()
        } else {
            view! {
                <div class="verdict">
                    <a class="button" href=here.with(&[("verify", Some(""))]) data-noscroll>
                        <Icon glyph=Glyph::Shield/>"Verify chain"
                    </a>
                </div>
            }
            .into_any()
        }
    };
    shown.into_any()
}

#[component]
fn Found(verdict: AuditVerdict) -> impl IntoView {
    let (class, glyph, text) = if verdict.ok {
        (
            "note note-green",
            Glyph::Check,
            format!("The chain is whole: {} fit together.", count(verdict.rows, "row")),
        )
    } else {
        let at = verdict.broken_at.map(|seq| format!(" at row {seq}")).unwrap_or_default();
        let why = verdict.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        (
            "note note-red",
            Glyph::Alert,
            format!("The chain is broken{at}{why}. Rows were changed or taken out."),
        )
    };
    view! { <p class=class role="status" tabindex="-1" data-result><Icon glyph/>{text}</p> }.into_any()
}
