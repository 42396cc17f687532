//! The API log: which requests keys and sessions made, so that a leak can be looked into.

pub mod filter;
mod functions;
mod table;

pub use functions::*;

use self::filter::{FIELDS, METHODS, RequestFields, STATUSES};
use crate::address::{address, param, query};
use crate::components::get_form::GetForm;
use crate::components::icon::{Glyph, Icon};
use crate::components::{Ago, time::Until};
use crate::page::page;
use crate::pages::audit::Pager;
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::request_log::Quarantine;

#[component]
pub fn ApiLogPage() -> impl IntoView {
    let tenant = param("tenant");
    let fields = use_fields();
    let cursor = query("cursor");
    page(
        move || ReadApiLog { tenant: tenant.get(), filter: fields.get(), cursor: cursor.get() },
        move |ApiLogData { page, quarantines, now }| {
            view! {
                <div class="title"><h1>"API log"</h1></div>
                <p class="lead">
                    "Every request of a key or session of the last 30 days: who, from where, what, and how it was answered.
                    Never a query, a body or a credential. Equal requests within a minute are one row."
                </p>
                {(!quarantines.is_empty()).then(|| view! { <Quarantines quarantines now/> })}
                <Filter fields/>
                <table::Rows rows=page.data filtered=!fields.read_untracked().is_empty() now/>
                <Pager next=page.next_cursor/>
            }
            .into_any()
        },
    )
}

/// The filter that the address holds.
fn use_fields() -> Memo<RequestFields> {
    let [key, method, status, ip, from, to] = ["key", "method", "status", "ip", "from", "to"].map(query);
    Memo::new(move |_| {
        let text = |field: Memo<Option<String>>| field.get().unwrap_or_default();
        RequestFields {
            key: text(key),
            method: text(method),
            status: text(status),
            ip: text(ip),
            from: text(from),
            to: text(to),
        }
    })
}

/// Whom a key does not work for at the moment.
#[component]
fn Quarantines(quarantines: Vec<Quarantine>, now: Timestamp) -> impl IntoView {
    let items = quarantines
        .into_iter()
        .map(|held| {
            view! {
                <li>
                    <code>{held.shown}</code>" from "<span class="mono">{held.network}</span>
                    ", since "<Ago at=held.created_at now/>"; over "<Until at=held.expires_at now/>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="note note-red held" aria-labelledby="held">
            <Icon glyph=Glyph::Alert/>
            <div>
                <h2 id="held">"In quarantine"</h2>
                <p>"Too many wrong secrets came for these keys. They are refused from there, and work from everywhere else."</p>
                <ul>{items}</ul>
            </div>
        </section>
    }
    .into_any()
}

fn options<const N: usize>(all: [(&'static str, &'static str); N], chosen: &str) -> AnyView {
    all.into_iter()
        .map(|(value, text)| view! { <option value=value selected=value == chosen>{text}</option> })
        .collect_view()
        .into_any()
}

#[component]
fn Filter(fields: Memo<RequestFields>) -> impl IntoView {
    let here = address();
    let now = fields.get_untracked();
    let (methods, statuses) = (options(METHODS, &now.method), options(STATUSES, &now.status));
    let clear = move || {
        (!fields.read().is_empty())
            .then(|| view! { <a class="button button-quiet" href=here.without(FIELDS)>"Clear"</a> })
    };
    view! {
        <GetForm label="Filter the API log" class="filters" of=FIELDS>
            <label>"Key"<span class="control">
                <input name="key" value=now.key placeholder="sk_live_1f0c or ana@acme.test" autocomplete="off"
                    aria-keyshortcuts="/" title="Key (/)"/></span></label>
            <label>"Method"<span class="control control-select"><select name="method">{methods}</select></span></label>
            <label>"Answer"<span class="control control-select"><select name="status">{statuses}</select></span></label>
            <label>"From address"<span class="control">
                <input name="ip" value=now.ip placeholder="192.0.2.7" autocomplete="off"/></span></label>
            <label>"From"<span class="control"><input type="date" name="from" value=now.from/></span></label>
            <label>"To"<span class="control"><input type="date" name="to" value=now.to/></span></label>
            <div class="filters-do"><button type="submit" class="button">"Filter"</button>{clear}</div>
        </GetForm>
    }
    .into_any()
}
