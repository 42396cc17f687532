//! **Test a token**: every check that an exchange would make, with what came of it and why. The token goes
//! out in a POST and is forgotten; the answer stays in a signal. Nothing of either is in a page, so this
//! needs JavaScript.

use super::claims::Pinned;
use crate::call::{invoke, spawn};
use crate::components::Badge;
use crate::components::badge::Tone;
use crate::components::icon::{Glyph, Icon};
use crate::live::live;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::workload::{
    CheckKind, CheckOutcome, IdentityProviderKind as Kind, TokenCheck, TokenReport,
};
use serde::Serialize;

/// The box. `ask` makes the question to the server out of what was pasted.
#[component]
pub fn TestToken<F>(
    kind: Kind,
    /// What is tested, in a sentence: `this provider`.
    #[prop(into)]
    against: String,
    ask: impl Fn(String) -> F + Send + 'static,
) -> impl IntoView
where
    F: ServerFn<Error = Refused, Output = TokenReport> + Serialize + 'static,
{
    let (live, pasted) = (live(), RwSignal::new(String::new()));
    let (report, refused) = (RwSignal::new(None::<TokenReport>), RwSignal::new(String::new()));
    let pending = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        pending.set(true);
        let args = ask(pasted.get_untracked());
        spawn(async move {
            let answer = invoke(live, args).await;
            let _gone = pending.try_set(false);
            let (found, why) = match answer {
                Ok(found) => (Some(found), String::new()),
                Err(refusal) => (None, refusal.message),
            };
            let _gone = (report.try_set(found), refused.try_set(why));
        });
    };
    let (label, placeholder) = match kind {
        Kind::AwsIam => ("Signed request, as JSON", "{\"url\": …, \"headers\": {…}, \"body\": …}"),
        _ => ("Token", "eyJ…"),
    };
    view! {
        <section class="card panel wif-test" aria-label="Test a token">
            <h2>"Test a token"</h2>
            <p>"Paste what the platform gives a program, and see what "{against}" makes of it, check by check. No session comes of it, and the token is kept nowhere."</p>
            <p class="note no-js">"A token is in no page, so testing one needs JavaScript."</p>
            <form class="stack needs-js" on:submit=submit autocomplete="off">
                <div class="field">
                    <label for="wif-token">{label}</label>
                    <div class="control mono"><textarea id="wif-token" rows="4" spellcheck="false" autocomplete="off" placeholder=placeholder
                        prop:value=pasted on:input=move |event| pasted.set(event_target_value(&event))></textarea></div>
                </div>
                <div class="form-error" role="alert">
                    {move || Some(refused.get()).filter(|text| !text.is_empty()).map(|text| view! { <p>{text}</p> })}
                </div>
                <div class="actions"><button type="submit" class="button" aria-busy=move || pending.get().then_some("true")>"Test"</button></div>
            </form>
            <div role="status">{move || report.get().map(|report| view! { <Report report/> })}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Report(report: TokenReport) -> impl IntoView {
    let verdict = if report.passed {
        view! { <p class="note note-green"><Icon glyph=Glyph::Check/>"An exchange would let it in."</p> }
            .into_any()
    } else {
        view! { <p class="note note-red"><Icon glyph=Glyph::Alert/>"An exchange would refuse it."</p> }
            .into_any()
    };
    let checks = report.checks.into_iter().map(|check| view! { <Line check/> }).collect_view();
    let suggested = (!report.suggested_claims.is_empty()).then(|| {
        view! {
            <div class="wif-suggested">
                <p>"A rule for exactly this program would pin:"</p>
                <Pinned claims=report.suggested_claims/>
            </div>
        }
    });
    view! { {verdict}<ol class="wif-checks">{checks}</ol>{suggested} }.into_any()
}

#[component]
fn Line(check: TokenCheck) -> impl IntoView {
    let (glyph, word, tone) = match check.outcome {
        CheckOutcome::Passed => (Glyph::Check, "PASSED", Tone::Green),
        CheckOutcome::Failed => (Glyph::Close, "FAILED", Tone::Red),
        CheckOutcome::Skipped => (Glyph::Clock, "NOT REACHED", Tone::Plain),
    };
    let (passed, failed) = (check.outcome == CheckOutcome::Passed, check.outcome == CheckOutcome::Failed);
    let what = match check.claim {
        None => view! { {words(check.check)} }.into_any(),
        Some(claim) => view! { "The rule’s "<code>{claim}</code> }.into_any(),
    };
    view! {
        <li class="wif-check" class:wif-passed=passed class:wif-failed=failed>
            <Icon glyph/>
            <span>{what}<small>{check.message}</small></span>
            <Badge text=word tone/>
        </li>
    }
    .into_any()
}

/// A check as people read it.
const fn words(check: CheckKind) -> &'static str {
    match check {
        CheckKind::Format => "It can be read",
        CheckKind::Request => "It asks AWS who has signed, for this instance",
        CheckKind::Algorithm => "The algorithm is allowed",
        CheckKind::Key => "The provider has its key",
        CheckKind::Signature => "The signature fits",
        CheckKind::Caller => "AWS names a role",
        CheckKind::Issuer => "The issuer is the provider’s",
        CheckKind::Audience => "It is meant for this provider",
        CheckKind::Time => "It is valid now",
        CheckKind::Lifetime => "It is short-lived",
        CheckKind::Workload => "It is a program’s, not a person’s",
        CheckKind::Claim => "The rule pins enough",
        CheckKind::Context => "No stranger made it run",
    }
}
