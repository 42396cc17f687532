//! Pages that need data: it is read on the server before the page is sent, again in the browser
//! after navigation and changes, and refusals become a page that says what happened, with the right
//! HTTP status. One resource type serves every page.

use crate::call::{Call, call};
use crate::components::state::{Failure, Skeleton};
use crate::live::live;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::{Code, Refusal};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

type Render = Arc<dyn Fn(&str) -> Option<AnyView> + Send + Sync>;

/// What a part of a page does with a refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It is the page: it shows the refusal and sets the status.
    Page,
    /// It stands in a frame that reports what is missing for both.
    Tab,
    /// It can be left out.
    Aside,
}

/// A page of its own: reads `args()` and shows `view(data)`.
///
/// `view` runs again after each change; what it draws is patched in place, so focus and typed text
/// stay. It should not read the address outside of nested closures.
pub fn page<F>(
    args: impl Fn() -> F + Send + Sync + 'static,
    view: impl Fn(F::Output) -> AnyView + Send + Sync + 'static,
) -> AnyView
where
    F: ServerFn<Error = Refused> + Serialize + Clone + Send + Sync + 'static,
    F::Output: Serialize + DeserializeOwned + Send + 'static,
{
    erased(Part::Page, Arc::new(move || call(args())), parsed(view))
}

/// Like [`page`], inside a frame (a tab of a service or project) that reports what is missing.
pub fn tab<F>(
    args: impl Fn() -> F + Send + Sync + 'static,
    view: impl Fn(F::Output) -> AnyView + Send + Sync + 'static,
) -> AnyView
where
    F: ServerFn<Error = Refused> + Serialize + Clone + Send + Sync + 'static,
    F::Output: Serialize + DeserializeOwned + Send + 'static,
{
    erased(Part::Tab, Arc::new(move || call(args())), parsed(view))
}

/// Something beside the page that is left out when it is refused.
pub fn aside<F>(
    args: impl Fn() -> F + Send + Sync + 'static,
    view: impl Fn(F::Output) -> AnyView + Send + Sync + 'static,
) -> AnyView
where
    F: ServerFn<Error = Refused> + Serialize + Clone + Send + Sync + 'static,
    F::Output: Serialize + DeserializeOwned + Send + 'static,
{
    erased(Part::Aside, Arc::new(move || call(args())), parsed(view))
}

fn parsed<T: DeserializeOwned>(view: impl Fn(T) -> AnyView + Send + Sync + 'static) -> Render {
    Arc::new(move |json| serde_json::from_str::<T>(json).ok().map(&view))
}

fn erased(part: Part, source: Arc<dyn Fn() -> Call + Send + Sync>, render: Render) -> AnyView {
    let live = live();
    let count = if part == Part::Aside { live.frame } else { live.page };
    let data = Resource::new(move || (source(), count.get()), move |(call, _)| call.run(live));
    let shown = move || {
        let render = Arc::clone(&render);
        data.get().map(move |answer| show(part, answer, &render))
    };
    match part {
        Part::Aside => view! { <Transition>{shown}</Transition> }.into_any(),
        _ => view! { <Transition fallback=Skeleton>{shown}</Transition> }.into_any(),
    }
}

fn show(part: Part, answer: Result<String, Refusal>, render: &Render) -> AnyView {
    let refusal = match answer {
        Ok(json) => match render(&json) {
            Some(view) => return view,
            None => Refusal::new(Code::Internal, "This page was changed on the server; reload it"),
        },
        Err(refusal) => refusal,
    };
    match (part, refusal.code) {
        (Part::Aside, _) | (Part::Tab, Code::NotFound | Code::Unauthorized) => ().into_any(),
        (Part::Page, _) => {
            set_status(refusal.code.status());
            view! { <Failure refusal/> }.into_any()
        }
        (Part::Tab, _) => {
            set_status(refusal.code.status());
            view! { <Failure refusal inside=true/> }.into_any()
        }
    }
}

/// Sets the status of the page that is being rendered; nothing in the browser.
pub fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(options), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::StatusCode::from_u16(status))
    {
        options.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}
