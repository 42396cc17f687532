//! Pages that need data: it is read on the server before the page is sent, again in the browser
//! after navigation and changes, and refusals become a page that says what happened, with the right
//! HTTP status. One resource type serves every page.

use crate::call::{Call, call};
use crate::components::state::{Failure, Skeleton};
use crate::json;
use crate::live::live;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::{Code, Refusal};
use serde::{Serialize, de::DeserializeOwned};
use std::convert::Infallible;
use std::fmt::{self, Display};
use std::str::FromStr;
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
    Arc::new(move |json| json::read::<T>(json).map(&view))
}

fn erased(part: Part, source: Arc<dyn Fn() -> Call + Send + Sync>, render: Render) -> AnyView {
    let live = live();
    let count = if part == Part::Aside { live.frame } else { live.page };
    let data = Resource::new_str(
        move || (source(), count.get()),
        move |(call, _)| {
            let answer = call.run(live);
            async move { Answer(answer.await) }
        },
    );
    let shown = move || {
        let render = Arc::clone(&render);
        data.get().map(move |Answer(answer)| show(part, answer, &render))
    };
    match part {
        Part::Aside => view! { <Transition>{shown}</Transition> }.into_any(),
        _ => view! { <Transition fallback=Skeleton>{shown}</Transition> }.into_any(),
    }
}

/// How an answer stands in the page that the server sends: JSON text as it is, a refusal behind a
/// mark that no JSON begins with.
#[derive(Clone)]
struct Answer(Result<String, Refusal>);

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(json) => f.write_str(json),
            // The browser only reads them.
            #[cfg(not(feature = "ssr"))]
            Err(_) => Ok(()),
            #[cfg(feature = "ssr")]
            Err(refusal) => write!(f, "!{}", serde_json::to_string(refusal).unwrap_or_default()),
        }
    }
}

impl FromStr for Answer {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(match text.strip_prefix('!') {
            None => Ok(text.to_owned()),
            Some(refusal) => Err(json::read(refusal).unwrap_or_else(changed)),
        }))
    }
}

fn changed() -> Refusal {
    Refusal::new(Code::Internal, "This page was changed on the server; reload it")
}

fn show(part: Part, answer: Result<String, Refusal>, render: &Render) -> AnyView {
    let refusal = match answer {
        Ok(json) => match render(&json) {
            Some(view) => return view,
            None => changed(),
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
