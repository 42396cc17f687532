//! The claims of a rule in a form: a field for each that the kind asks for, and rows for more. Texts, whatever
//! the type; the server makes values of them.

use crate::components::form::form_state;
use leptos::prelude::*;
use nexus_domain::workload::{ClaimValue, IdentityProviderKind as Kind, RuleClaims};
use serde::{Deserialize, Serialize};

use super::words::{Pin, pins, useful};

/// A row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimDraft {
    /// Its name, or a JSON pointer to it.
    pub claim: String,
    /// `text`, `number` or `boolean`.
    pub kind: String,
    pub value: String,
}

/// The types of a value: as a form names them, and as people do.
const TYPES: [(&str, &str); 3] = [("text", "text"), ("number", "number"), ("boolean", "true or false")];

/// Rows for more claims that are empty.
const SPARE: usize = 2;

/// The name under which a refusal speaks of a claim.
pub fn field_of(claim: &str) -> String {
    format!("claims.{claim}")
}

const fn type_of(value: &ClaimValue) -> &'static str {
    match value {
        ClaimValue::Text(_) => "text",
        ClaimValue::Number(_) => "number",
        ClaimValue::Boolean(_) => "boolean",
    }
}

/// What the rows say. A row without a name or without a value is none.
#[cfg(feature = "ssr")]
pub fn of_rows(rows: Vec<ClaimDraft>) -> Result<RuleClaims, nexus_domain::Refusal> {
    use nexus_domain::Refusal;
    let mut claims = RuleClaims::new();
    for ClaimDraft { claim, kind, value } in rows {
        let (claim, value) = (claim.trim(), value.trim());
        match (claim.is_empty(), value.is_empty()) {
            (_, true) => continue,
            (true, false) => {
                return Err(Refusal::invalid("claims", format!("Which claim has to be {value}?")));
            }
            (false, false) => {}
        }
        let value = match kind.as_str() {
            "number" => value.parse().map(ClaimValue::Number).ok(),
            "boolean" => value.parse().map(ClaimValue::Boolean).ok(),
            _ => Some(ClaimValue::from(value)),
        };
        let wrong =
            || Refusal::invalid(&field_of(claim), "A whole number, or true or false, as its type says");
        if claims.insert(claim.to_owned(), value.ok_or_else(wrong)?).is_some() {
            return Err(Refusal::invalid(&field_of(claim), "This claim is pinned twice"));
        }
    }
    Ok(claims)
}

/// The fields of a rule's claims. `pinned` is what a rule has already.
#[component]
pub fn ClaimFields(kind: Kind, pinned: RuleClaims) -> impl IntoView {
    let asked = pins(kind);
    let fields = asked
        .iter()
        .enumerate()
        .map(|(index, pin)| {
            let value = pinned.get(pin.claim).map(ToString::to_string).unwrap_or_default();
            view! { <PinField index pin value/> }
        })
        .collect_view();
    let more: Vec<_> =
        pinned.iter().filter(|(claim, _)| asked.iter().all(|pin| pin.claim != claim.as_str())).collect();
    let first = asked.len();
    let rows = (0..more.len() + SPARE)
        .map(|row| {
            let draft = more.get(row).map(|(claim, value)| ClaimDraft {
                claim: (*claim).clone(),
                kind: type_of(value).to_owned(),
                value: value.to_string(),
            });
            view! { <MoreRow row index=first + row draft=draft.unwrap_or_default()/> }
        })
        .collect_view();
    let names = useful(kind).iter().map(|name| view! { <option value=*name></option> }).collect_view();
    let form = form_state();
    form.has_field("claims");
    let error = form.error("claims");
    view! {
        <fieldset class="field wif-part">
            <legend>"The token has to say"</legend>
            {fields}
        </fieldset>
        <fieldset class="field wif-part">
            <legend>"And also"</legend>
            <p class="hint">{more_hint(kind)}" A value is compared letter by letter; a claim within another is named by its path, like /kubernetes.io/namespace."</p>
            {rows}
            <div class="field-error" aria-live="polite">{move || error.get().map(|text| view! { <p>{text}</p> })}</div>
        </fieldset>
        <datalist id="wif-claims">{names}</datalist>
    }
    .into_any()
}

/// What is worth pinning too.
const fn more_hint(kind: Kind) -> &'static str {
    match kind {
        Kind::Github => {
            "Without ref (refs/heads/main) or environment (production), every branch of the repository gets in."
        }
        Kind::Gitlab => "Without ref_protected (\"true\") or ref, every branch of the project gets in.",
        Kind::Kubernetes => {
            "With the uid of the service account, one that is made anew under its name does not get in."
        }
        Kind::AwsIam => "With role_id (AROA…), a role that is made anew under its name does not get in.",
        Kind::Gcp | Kind::AwsOidc | Kind::Azure | Kind::Oidc => "Whatever else has to be so.",
    }
}

#[component]
fn PinField(index: usize, pin: &'static Pin, value: String) -> impl IntoView {
    let form = form_state();
    let (name, field) = (format!("claims[{index}][value]"), field_of(pin.claim));
    form.has_field(field.clone());
    let error = form.error(field);
    let value = form.typed(&name).unwrap_or(value);
    let [id, hint_id, error_id] =
        ["", "-hint", "-error"].map(|part| form.id(&format!("claim-{index}{part}")));
    view! {
        <input type="hidden" name=format!("claims[{index}][claim]") value=pin.claim/>
        <input type="hidden" name=format!("claims[{index}][kind]") value="text"/>
        <div class="field">
            <label for=id.clone()>{pin.label}" "<code>{pin.claim}</code></label>
            <div class="control mono"><input id=id name=name value=value placeholder=pin.placeholder autocomplete="off" spellcheck="false"
                autocapitalize="off" aria-required="true" aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby=format!("{hint_id} {error_id}")/></div>
            <p class="hint" id=hint_id>{pin.hint}</p>
            <div class="field-error" id=error_id aria-live="polite">{move || error.get().map(|text| view! { <p>{text}</p> })}</div>
        </div>
    }
    .into_any()
}

/// A row for a claim of one's own choice, the `row`th of those.
#[component]
fn MoreRow(row: usize, index: usize, draft: ClaimDraft) -> impl IntoView {
    let form = form_state();
    let names = ["claim", "kind", "value"].map(|part| format!("claims[{index}][{part}]"));
    let typed = names.clone().map(|name| form.typed(&name));
    let [claim, kind, value] = typed;
    let (claim, kind) = (claim.unwrap_or(draft.claim), kind.unwrap_or(draft.kind));
    let value = value.unwrap_or(draft.value);
    let field = field_of(claim.trim());
    let error = (!claim.is_empty()).then(|| {
        form.has_field(field.clone());
        form.error(field)
    });
    let options = TYPES
        .iter()
        .map(|(option, text)| view! { <option value=*option selected=*option == kind>{*text}</option> })
        .collect_view();
    let [claim_name, kind_name, value_name] = names;
    let number = row + 1;
    view! {
        <div class="wif-claim">
            <div class="control mono"><input name=claim_name value=claim list="wif-claims" placeholder="claim" autocomplete="off"
                spellcheck="false" autocapitalize="off" aria-label=format!("Claim {number}")/></div>
            <div class="control control-select"><select name=kind_name aria-label=format!("Type of claim {number}")>{options}</select></div>
            <div class="control mono"><input name=value_name value=value placeholder="value" autocomplete="off" spellcheck="false"
                autocapitalize="off" aria-label=format!("Value of claim {number}")/></div>
        </div>
        {error.map(|error| view! {
            <div class="field-error" aria-live="polite">{move || error.get().map(|text| view! { <p>{text}</p> })}</div>
        })}
    }
    .into_any()
}

/// What a rule pins, as a list.
#[component]
pub fn Pinned(claims: RuleClaims) -> impl IntoView {
    let lines = claims
        .into_iter()
        .map(|(claim, value)| view! { <li><span class="faint">{claim}</span><span>{shown(&value)}</span></li> })
        .collect_view();
    view! { <ul class="wif-pinned">{lines}</ul> }.into_any()
}

/// With its type: a text that looks like a number stands in quotes.
fn shown(value: &ClaimValue) -> String {
    match value {
        ClaimValue::Text(text) if text.parse::<f64>().is_ok() || text == "true" || text == "false" => {
            format!("\"{text}\"")
        }
        other => other.to_string(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn row(claim: &str, kind: &str, value: &str) -> ClaimDraft {
        ClaimDraft { claim: claim.into(), kind: kind.into(), value: value.into() }
    }

    #[test]
    fn rows_become_values_of_their_types() {
        let rows = vec![
            row("repository_id", "text", " 1296269 "),
            row("run_attempt", "number", "1"),
            row("ref_protected", "boolean", "true"),
            row("", "text", ""),
            row("environment", "text", ""),
        ];
        let claims = of_rows(rows).expect("claims");
        assert_eq!(claims.len(), 3, "{claims:?}");
        assert_eq!(claims["repository_id"], ClaimValue::from("1296269"));
        assert_eq!(claims["run_attempt"], ClaimValue::Number(1));
        assert_eq!(claims["ref_protected"], ClaimValue::Boolean(true));
    }

    #[test]
    fn what_is_no_value_of_its_type_is_refused_at_its_field() {
        for (kind, value) in [("number", "1.5"), ("number", "one"), ("boolean", "yes"), ("boolean", "1")] {
            let refusal = of_rows(vec![row("a", kind, value)]).expect_err("no value");
            assert!(refusal.field("claims.a").is_some(), "{refusal:?}");
        }
        let twice = of_rows(vec![row("a", "text", "1"), row("a", "text", "2")]).expect_err("twice");
        assert!(twice.field("claims.a").is_some());
        let nameless = of_rows(vec![row("", "text", "main")]).expect_err("nameless");
        assert!(nameless.field("claims").is_some());
    }

    #[test]
    fn a_text_that_looks_like_something_else_is_shown_as_a_text() {
        assert_eq!(shown(&ClaimValue::from("1")), "\"1\"");
        assert_eq!(shown(&ClaimValue::from("true")), "\"true\"");
        assert_eq!(shown(&ClaimValue::from("main")), "main");
        assert_eq!(shown(&ClaimValue::Number(1)), "1");
    }
}
