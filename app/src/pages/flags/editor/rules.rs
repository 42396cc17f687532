//! The rules, in their order: the first one that matches decides.

use super::Desk;
use super::fields::{Act, At, IconAct, Line, Select};
use super::serve::Serve;
use crate::components::icon::Glyph;
use crate::pages::flags::draft::{Draft, PartDraft, RuleDraft};
use crate::pages::flags::words;
use leptos::prelude::*;
use nexus_domain::flag::Operator;

#[component]
pub fn Rules(desk: Desk, draft: Draft) -> impl IntoView {
    let count = draft.rules.len();
    let names = draft.names().len();
    let rules = draft.rules.into_iter().enumerate();
    let rules = rules.map(|(at, rule)| self::rule(desk, at, rule, (count, names))).collect_view();
    view! {
        <fieldset class="part">
            <legend>"Rules"</legend>
            <p class="hint">"They are asked in this order; the first one that matches decides, and those after it are not asked."</p>
            <div class="rules">{rules}</div>
            <At desk field="rules"/>
            <div class="bar part-bar"><Act desk act="rule.add">"Add a rule"</Act></div>
        </fieldset>
    }
    .into_any()
}

fn rule(desk: Desk, at: usize, rule: RuleDraft, (count, names): (usize, usize)) -> AnyView {
    let (name, path) = (format!("rules[{at}]"), format!("rules[{at}]"));
    let shown = at + 1;
    let up = (at > 0).then(|| view! { <IconAct desk act=format!("rule.{at}.up") label=format!("Move rule {shown} up") glyph=Glyph::Up/> });
    let down = (shown < count).then(|| {
        view! { <IconAct desk act=format!("rule.{at}.down") label=format!("Move rule {shown} down") glyph=Glyph::Down/> }
    });
    view! {
        <div class="rule" role="group" aria-label=format!("Rule {shown}")>
            <div class="rule-head">
                <span class="rule-number" aria-hidden="true">{shown}</span>
                <Line desk label="Id" name=format!("{name}[id]") value=rule.id.clone() field=format!("{path}.id")/>
                <Line desk label="Description" name=format!("{name}[description]") value=rule.description.clone()
                    field=format!("{path}.description") placeholder="Whom it is about"/>
                <div class="rule-acts">
                    {up}{down}
                    <IconAct desk act=format!("rule.{at}.remove") label=format!("Remove rule {shown}") glyph=Glyph::Trash/>
                </div>
            </div>
            <When desk at rule=rule.clone()/>
            <Serve desk name=format!("{name}[serve]") path=format!("{path}.serve") serve=rule.serve names label="Serves"/>
        </div>
    }
    .into_any()
}

/// Whom the rule is about.
#[component]
fn When(desk: Desk, at: usize, rule: RuleDraft) -> impl IntoView {
    let name = format!("rules[{at}]");
    if !rule.nested.is_empty() {
        return view! {
            <input type="hidden" name=format!("{name}[nested]") value=rule.nested/>
            <input type="hidden" name=format!("{name}[said]") value=rule.said.clone()/>
            <p class="rule-nested">"When "<b>{rule.said}</b></p>
            <p class="hint">"Groups inside of groups are changed in the JSON view."</p>
            <At desk field=format!("{name}.when")/>
        }
        .into_any();
    }
    let several = rule.parts.len() > 1;
    let nobody = rule.parts.is_empty();
    let join = if several {
        let option = |value: &str, text: &str| (value.to_owned(), Signal::stored(text.to_owned()));
        let options = vec![option("all", "all of these hold"), option("any", "any of these holds")];
        view! {
            <Select desk label="When" name=format!("{name}[join]") options value=rule.join.clone() field=format!("{name}.join")/>
        }
        .into_any()
    } else {
        let said = if nobody { "Everybody" } else { "When" };
        view! { <p class="field-label">{said}</p><input type="hidden" name=format!("{name}[join]") value=rule.join.clone()/> }.into_any()
    };
    let paths: Vec<String> = (0..rule.parts.len()).map(|part| rule.when_path(&name, part)).collect();
    let parts = rule.parts.into_iter().zip(paths).enumerate();
    let parts = parts.map(|(part, (draft, path))| comparison(desk, at, part, draft, path)).collect_view();
    view! {
        <div class="when">{join}{parts}</div>
        {(several || nobody).then(|| view! { <At desk field=format!("{name}.when")/> })}
        <div class="bar part-bar"><Act desk act=format!("rule.{at}.part.add")>"Add a condition"</Act></div>
    }
    .into_any()
}

fn comparison(desk: Desk, at: usize, part: usize, draft: PartDraft, path: String) -> AnyView {
    let name = format!("rules[{at}][parts][{part}]");
    let which = format!("{} of rule {}", part + 1, at + 1);
    let operators =
        Operator::ALL.iter().map(|op| (op.as_str().to_owned(), Signal::stored(words::verb(*op).to_owned())));
    view! {
        <div class="comparison">
            <Line desk label=format!("Attribute {which}") name=format!("{name}[attribute]") value=draft.attribute
                field=format!("{path}.attribute") placeholder="plan" bare=true/>
            <Select desk label=format!("Operator {which}") name=format!("{name}[op]") options=operators.collect() value=draft.op
                field=format!("{path}.op") bare=true/>
            <Line desk label=format!("Value {which}") name=format!("{name}[value]") value=draft.value
                field=format!("{path}.value") placeholder="pro, or pro, team for a list" bare=true/>
            <IconAct desk act=format!("rule.{at}.part.{part}.remove") label=format!("Remove condition {which}") glyph=Glyph::Close/>
        </div>
        <At desk field=path/>
    }
    .into_any()
}
