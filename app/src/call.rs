//! Calling the server: one path for every page, form and button, so that the browser carries the
//! machinery once. It keeps an eye on the connection, asks for the password when a fresh sign-in
//! is needed and then repeats the call, and goes to the sign-in page when the session is over.

use crate::json;
use crate::live::Live;
use crate::refused::{Refused, no_connection};
use futures::future::BoxFuture;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::{Code, Refusal};
use send_wrapper::SendWrapper;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A call of a server function: the path and arguments in the browser, the function itself on the
/// server. Its type says nothing of the function, and its answer is JSON text.
#[derive(Clone)]
pub struct Call {
    path: &'static str,
    body: String,
    #[cfg(feature = "ssr")]
    run: std::sync::Arc<dyn Fn() -> BoxFuture<'static, Result<String, Refusal>> + Send + Sync>,
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.body == other.body
    }
}

/// Prepares a call. `args` is the struct that `#[server]` makes from a function.
pub fn call<F>(args: F) -> Call
where
    F: ServerFn<Error = Refused> + Serialize + Clone + Send + Sync + 'static,
    F::Output: Serialize + Send,
{
    Call {
        path: F::PATH,
        body: serde_qs::to_string(&args).unwrap_or_default(),
        #[cfg(feature = "ssr")]
        run: std::sync::Arc::new(move || {
            let args = args.clone();
            Box::pin(async move {
                let output = args.run_body().await.map_err(|refused| refused.0)?;
                serde_json::to_string(&output).map_err(|_| unreadable())
            })
        }),
    }
}

impl Call {
    /// Runs it: directly on the server, by a request in the browser.
    pub fn run(self, live: Live) -> BoxFuture<'static, Result<String, Refusal>> {
        #[cfg(feature = "ssr")]
        {
            let _ = live;
            (self.run)()
        }
        #[cfg(not(feature = "ssr"))]
        Box::pin(SendWrapper::new(read(live, self.path, self.body)))
    }
}

/// Calls a server function from an event of the browser.
pub async fn invoke<F>(live: Live, args: F) -> Result<F::Output, Refusal>
where
    F: ServerFn<Error = Refused> + Serialize,
    F::Output: DeserializeOwned,
{
    let body = serde_qs::to_string(&args).unwrap_or_default();
    let text = act(live, F::PATH.to_owned(), body).await?;
    json::read(&text).ok_or_else(unreadable)
}

/// Posts what changes something. Never repeated by itself, except after the password was asked for.
pub async fn act(live: Live, path: String, body: String) -> Result<String, Refusal> {
    loop {
        match post(live, &path, &body).await {
            Err(refusal) if refusal.code == Code::StepUpRequired => {
                if !live.ask_for_password().await {
                    return Err(refusal);
                }
            }
            answer => {
                crate::focus::keep(live);
                return answer;
            }
        }
    }
}

/// Reads a page's data; tries again, ever more slowly, while the server cannot be reached.
#[cfg_attr(feature = "ssr", expect(dead_code, reason = "only the browser reads by request"))]
async fn read(live: Live, path: &'static str, body: String) -> Result<String, Refusal> {
    let mut pause = 500;
    loop {
        let answer = post(live, path, &body).await;
        if !live.offline.get_untracked() {
            return answer;
        }
        sleep(pause).await;
        pause = (pause * 2).min(15_000);
    }
}

/// One request. The only place that knows how an answer looks on the wire.
pub async fn post(live: Live, path: &str, body: &str) -> Result<String, Refusal> {
    let Ok((ok, status, text)) = fetch(path, body).await else {
        if !live.offline.get_untracked() {
            live.offline.set(true);
            spawn(come_back(live));
        }
        return Err(no_connection());
    };
    live.offline.set(false);
    if ok {
        return Ok(text);
    }
    let refusal = json::read::<Refusal>(&text).unwrap_or_else(|| by_status(status));
    if refusal.code == Code::Unauthorized && !path.ends_with("/sign_in") && !path.ends_with("/step_up") {
        go_to_sign_in();
    }
    Err(refusal)
}

/// Looks for the server until it answers again, whatever it says.
async fn come_back(live: Live) {
    while live.offline.get_untracked() {
        sleep(2_000).await;
        if JsFuture::from(window().fetch_with_str("/healthz")).await.is_ok() {
            live.offline.set(false);
        }
    }
}

async fn fetch(path: &str, body: &str) -> Result<(bool, u16, String), JsValue> {
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_body(&JsValue::from_str(body));
    let request = web_sys::Request::new_with_str_and_init(path, &init)?;
    request.headers().set("Accept", "application/json")?;
    request.headers().set("Content-Type", "application/x-www-form-urlencoded")?;
    let response = JsFuture::from(window().fetch_with_request(&request)).await?;
    let response: web_sys::Response = response.unchecked_into();
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.ok(), response.status(), text.as_string().unwrap_or_default()))
}

/// Whether the server answers at all.
#[cfg(feature = "hydrate")]
pub async fn is_reachable(live: Live) -> bool {
    let answers = JsFuture::from(window().fetch_with_str("/healthz")).await.is_ok();
    live.offline.set(!answers);
    answers
}

/// An answer that none of our own code wrote, for example a proxy's.
fn by_status(status: u16) -> Refusal {
    match status {
        413 => Refusal::new(Code::TooLarge, "This is too large"),
        429 => Refusal::new(Code::RateLimited, "Too many requests; wait a minute"),
        502..=504 => Refusal::new(Code::Unavailable, "The server is not ready; try again in a moment"),
        _ => unreadable(),
    }
}

fn unreadable() -> Refusal {
    Refusal::new(Code::Internal, "The answer of the server cannot be read; reload the page")
}

/// From where one has to be signed in. Elsewhere it is a late answer to a page that was left.
fn go_to_sign_in() {
    let location = window().location();
    let inside = |path: String| path.starts_with("/t/") || path.starts_with("/account") || path == "/step-up";
    if !location.pathname().is_ok_and(inside) {
        return;
    }
    let here =
        format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    let next = String::from(js_sys::encode_uri_component(&here));
    // Where the browser refuses to navigate, the page still shows the refusal.
    let _refused = location.set_href(&format!("/sign-in?next={next}"));
}

/// Waits in the browser.
pub async fn sleep(millis: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _handle = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    });
    let _done = JsFuture::from(promise).await;
}

/// Starts work in the browser that nobody waits for.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    leptos::task::spawn_local(work);
}

/// A value that stays on the browser's one thread, where a type asks for more.
pub fn on_this_thread<T>(value: T) -> SendWrapper<T> {
    SendWrapper::new(value)
}
