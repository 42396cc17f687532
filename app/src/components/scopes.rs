//! What a key or an app may do: boxes to choose from, and a short form for lists.

use crate::components::form::form_state;
use leptos::prelude::*;
use nexus_domain::oauth::words::sentence;
use nexus_domain::role::Scope;

/// The scopes that are offered, each in words.
#[component]
pub fn ScopeBoxes(legend: &'static str, offered: Vec<Scope>, checked: Vec<Scope>) -> impl IntoView {
    let form = form_state();
    form.has_field("scopes");
    let error = form.error("scopes");
    let typed = form.all_typed();
    let is_checked = |scope: Scope| match &typed {
        Some(typed) => typed.iter().any(|(name, value)| name == "scopes[]" && value == scope.as_str()),
        None => checked.contains(&scope),
    };
    let boxes = offered
        .into_iter()
        .map(|scope| {
            view! {
                <label class="api-scope">
                    <input type="checkbox" name="scopes[]" value=scope.as_str() checked=is_checked(scope)/>
                    <span>{sentence(scope)}<small class="mono">{scope.as_str()}</small></span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field choice">
            <legend>{legend}</legend>
            <div class="api-scopes">{boxes}</div>
            <div class="field-error" aria-live="polite">
                {move || error.get().map(|text| view! { <p>{text}</p> })}
            </div>
        </fieldset>
    }
    .into_any()
}

/// Scopes in short.
pub fn summary(scopes: &[Scope]) -> String {
    match scopes {
        [] => "nothing".to_owned(),
        _ if scopes.contains(&Scope::AdminAll) => "everything, everywhere".to_owned(),
        _ if scopes.len() + 1 == Scope::ALL.len() => "everything but admin:all".to_owned(),
        [one] => one.as_str().to_owned(),
        [one, other] => format!("{one}, {other}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::role::Scopes;

    #[test]
    fn what_a_key_may_do_is_said_in_short() {
        assert_eq!(summary(&[]), "nothing");
        assert_eq!(summary(&Scopes::all_but_admin().0), "everything but admin:all");
        assert_eq!(summary(&[Scope::ReadFlags, Scope::AdminAll]), "everything, everywhere");
        assert_eq!(summary(&[Scope::ReadFlags, Scope::ReadConfigs]), "read:flags, read:configs");
        let three = [Scope::ReadFlags, Scope::ReadConfigs, Scope::ReadRuns];
        assert_eq!(summary(&three), "read:flags and 2 more");
    }
}
