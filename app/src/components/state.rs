//! What a page shows when it has nothing to show: empty, loading, refused.

use crate::components::icon::{Glyph, Icon};
use leptos::prelude::*;
use nexus_domain::{Code, Refusal};

/// An empty list: what the thing is, and the one next step (the children).
#[component]
pub fn Empty(
    glyph: Glyph,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon glyph/>
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| view! { <div class="empty-next">{children()}</div> })}
        </div>
    }
    .into_any()
}

/// The shape of a page whose data is on its way.
#[component]
pub fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status" aria-label="Loading">
            <span class="skeleton-title"></span>
            <span class="skeleton-line"></span>
            <span class="skeleton-row"></span>
            <span class="skeleton-row"></span>
            <span class="skeleton-row"></span>
        </div>
    }
    .into_any()
}

/// A refusal in place of a page (or of a part of it, `inside` a frame).
#[component]
pub fn Failure(refusal: Refusal, #[prop(optional)] inside: bool) -> impl IntoView {
    let (title, text) = match refusal.code {
        Code::NotFound => {
            ("There is nothing here", "It was never here, was deleted, or is not shared with you.".to_owned())
        }
        Code::SecondFactorRequired => ("A second factor is needed", refusal.message.clone()),
        Code::Forbidden => ("Not for your role", refusal.message.clone()),
        Code::Unavailable | Code::AuditUnavailable => ("Not available right now", refusal.message.clone()),
        _ => ("This did not work", refusal.message.clone()),
    };
    let heading =
        if inside { view! { <h2>{title}</h2> }.into_any() } else { view! { <h1>{title}</h1> }.into_any() };
    let way_in = refusal.field("sign_in").map(str::to_owned);
    let inside = inside || way_in.is_some();
    view! {
        <div class="empty failure">
            <Icon glyph=if refusal.code == Code::Forbidden { Glyph::Lock } else { Glyph::Help }/>
            {heading}
            <p>{text}</p>
            {(refusal.code == Code::SecondFactorRequired).then(|| view! {
                <a class="button button-primary" href="/account/security">"To your second factors"</a>
            })}
            {way_in.map(|href| view! { <a class="button button-primary" href=href rel="external">"Sign in with it"</a> })}
            {(!inside).then(|| view! { <a class="button" href="/" rel="external">"To the start page"</a> })}
        </div>
    }
    .into_any()
}
