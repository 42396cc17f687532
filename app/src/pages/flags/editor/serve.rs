//! What a rule or the rollout serves: a variant or a split over several, and to how many.

use super::Desk;
use super::fields::{At, Line, Select};
use crate::pages::flags::draft::{Draft, ServeDraft};
use leptos::prelude::*;

/// What those get whom no rule matches.
#[component]
pub fn Rollout(desk: Desk, draft: Draft) -> impl IntoView {
    let names = draft.names().len();
    let (title, nothing) = if draft.rules.is_empty() {
        ("Everybody", "the on variant to all")
    } else {
        ("Everybody else", "the off variant to all")
    };
    view! {
        <fieldset class="part">
            <legend>{title}</legend>
            <Serve desk name="rollout".to_owned() path="rollout".to_owned() serve=draft.rollout names label="Gets" nothing/>
            <At desk field="rollout"/>
        </fieldset>
    }
    .into_any()
}

#[component]
pub fn Serve(
    desk: Desk,
    name: String,
    path: String,
    serve: ServeDraft,
    /// How many variants there are.
    names: usize,
    #[prop(into)] label: String,
    /// What happens without a rollout; empty for a rule, which always serves something.
    #[prop(optional)]
    nothing: &'static str,
) -> impl IntoView {
    let named = move |at: usize| {
        Signal::derive(move || desk.typed.with(|draft| draft.names().into_iter().nth(at).unwrap_or_default()))
    };
    let text = |text: &str| Signal::stored(text.to_owned());
    let mut options = Vec::new();
    if !nothing.is_empty() {
        options.push((ServeDraft::NOTHING.to_owned(), text(nothing)));
    }
    options.push((String::new(), text("the on variant")));
    options.extend((0..names).map(|at| (at.to_string(), named(at))));
    options.push((ServeDraft::SPLIT.to_owned(), text("a split by weight")));
    let weights = weights(&serve, names)
        .into_iter()
        .enumerate()
        .map(|(row, (variant, weight))| {
            view! {
                <div class="weight">
                    <input type="hidden" name=format!("{name}[split][{row}][variant]") value=variant.to_string()/>
                    <span class="mono">{named(variant)}</span>
                    <Line desk label=format!("Weight of variant {}", variant + 1) name=format!("{name}[split][{row}][weight]") value=weight
                        field=format!("{path}.split[{row}].weight") placeholder="0" bare=true/>
                </div>
            }
        })
        .collect_view();
    view! {
        <div class="serve">
            <Select desk label name=format!("{name}[what]") options value=serve.what field=format!("{path}.variant")/>
            <div class="share">
                <Line desk label="To how many (%)" name=format!("{name}[percentage]") value=serve.percentage
                    field=format!("{path}.percentage") placeholder="100"/>
            </div>
            <div class="weights"><p class="field-label">"Weights"</p>{weights}<At desk field=format!("{path}.split")/></div>
        </div>
    }
    .into_any()
}

/// The variants with their weights: those of the split in its order, which counts, then the others.
fn weights(serve: &ServeDraft, names: usize) -> Vec<(usize, String)> {
    let parts = serve.split.iter().filter_map(|part| Some((part.variant.parse().ok()?, part.weight.clone())));
    let mut rows: Vec<(usize, String)> = parts.filter(|(variant, _)| *variant < names).collect();
    for variant in 0..names {
        if rows.iter().all(|(known, _)| *known != variant) {
            rows.push((variant, String::new()));
        }
    }
    rows
}
