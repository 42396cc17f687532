//! Open sessions: which programs are in by the word of their platform, for which rule, since when and for how
//! long, and how to end them. Of a service, or of the whole tenant.

use crate::address::{ServiceParams, address, query, service_url};
use crate::components::time::Until;
use crate::components::{Ago, Badge, Confirm, FormError, PostForm};
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::keys::Access;
use nexus_domain::page::Page;
use nexus_domain::service::ServicePath;
use nexus_domain::workload::WorkloadSession;

/// What names the place in each form: the tenant's fields, and the service's where it is about one.
pub type Place = Vec<(&'static str, String)>;

/// The hidden fields for a service.
pub fn place_of(here: ServiceParams) -> Place {
    let ServicePath { project, environment, service } = here.path_now();
    vec![
        ("tenant", here.tenant.get_untracked()),
        ("project", project),
        ("environment", environment),
        ("service", service),
    ]
}

#[component]
pub fn Hiddens(place: Place) -> impl IntoView {
    place
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}

/// The section.
#[component]
pub fn Sessions(
    place: Place,
    sessions: Page<WorkloadSession>,
    /// The tenant, where sessions of several services stand beside each other.
    #[prop(optional, into)]
    tenant: String,
    may_end: bool,
    /// The server functions that end one, and all.
    end_one: &'static str,
    end_all: &'static str,
    now: Timestamp,
) -> impl IntoView {
    let here = address();
    let confirm = query("confirm");
    let Page { data: sessions, next_cursor } = sessions;
    let (any, several) = (!sessions.is_empty(), sessions.len() > 1 || next_cursor.is_some());
    let everywhere = !tenant.is_empty();
    let dialog = {
        let place = place.clone();
        move || {
            (confirm.get().as_deref() == Some("sessions") && any && may_end).then(|| {
                let whose = if everywhere { "of this tenant" } else { "of this service" };
                view! {
                    <Confirm title="End all sessions?" action=end_all label="End them all" danger=true
                        close=here.without(&["confirm"]) fields=place.clone()>
                        <p>"Every session "{whose}" ends at once. A program that still has the word of its platform begins a new one; delete or change its rule to keep it out."</p>
                    </Confirm>
                }
            })
        }
    };
    let older = next_cursor.map(|after| {
        view! { <nav class="pager" aria-label="Pages of sessions"><a class="button" href=move || here.with(&[("after", Some(&after))]) data-noscroll>"Older"</a></nav> }
    });
    let all = (may_end && several).then(|| {
        view! { <a class="button" href=move || here.with(&[("confirm", Some("sessions"))]) data-noscroll>"End all…"</a> }
    });
    let body = if sessions.is_empty() {
        view! { <p class="none">"No open sessions. A session lasts an hour at most and is listed here while it does."</p> }.into_any()
    } else {
        let rows = sessions
            .into_iter()
            .map(|session| {
                view! { <Row session place=place.clone() tenant=tenant.clone() may_end end_one now/> }
            })
            .collect_view();
        view! {
            <table class="table wif-rows">
                <thead><tr>
                    <th scope="col">"Who"</th><th scope="col">"Identity"</th><th scope="col">"Since"</th>
                    <th scope="col">"Ends"</th>
                    <th scope="col"><span class="visually-hidden">"End"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="card panel" aria-label="Sessions">
            <div class="panel-head">
                <div><h2>"Sessions"</h2><p>"Programs that have exchanged a token of their platform."</p></div>
                {all}
            </div>
            {body}
            {older}
        </section>
        {dialog}
    }
    .into_any()
}

#[component]
fn Row(
    session: WorkloadSession,
    place: Place,
    tenant: String,
    may_end: bool,
    end_one: &'static str,
    now: Timestamp,
) -> impl IntoView {
    let id = session.id.to_string();
    let label = format!("End the session of {}", session.subject);
    let end = may_end.then(|| {
        view! {
            <PostForm action=end_one id=id.clone()>
                <Hiddens place/>
                <input type="hidden" name="session" value=id/>
                <FormError/>
                <button type="submit" class="button button-small" aria-label=label>"End"</button>
            </PostForm>
        }
    });
    let path = ServicePath {
        project: session.project.clone(),
        environment: session.environment.clone(),
        service: session.service.clone(),
    };
    let of = (!tenant.is_empty()).then(|| {
        let href = service_url(&tenant, &path, "identities");
        view! { " of "<a class="link" href=href>{format!("{} / {} / {}", path.project, path.environment, path.service)}</a> }
    });
    let ip = session.ip.map(|ip| view! { " from "<span class="mono">{ip}</span> });
    let write = (session.access == Access::ReadWrite).then(|| view! { " "<Badge text="READ AND WRITE"/> });
    view! {
        <tr data-row>
            <td><code>{session.subject}</code><div class="faint"><code>{session.prefix}"…"</code>{write}</div></td>
            <td data-label="Identity"><span>{session.identity_name}{of}</span></td>
            <td data-label="Since" class="muted"><span><Ago at=session.created_at now/>{ip}</span></td>
            <td data-label="Ends" class="muted"><Until at=session.expires_at now/></td>
            <td class="row-actions">{end}</td>
        </tr>
    }
    .into_any()
}
