//! The variants: their type, their names and values, and which one is served when the flag is on and
//! when it is off.

use super::Desk;
use super::fields::{Act, At, IconAct, Line};
use crate::components::Choice;
use crate::components::icon::Glyph;
use crate::pages::flags::draft::{Draft, VariantDraft};
use leptos::prelude::*;

#[component]
pub fn Variants(desk: Desk, draft: Draft) -> impl IntoView {
    let kinds = ["boolean", "string", "number", "json"].map(|kind| (kind, kind)).to_vec();
    let plain = draft.variants.is_empty();
    let json = draft.kind == "json";
    let chosen = [draft.on_variant.clone(), draft.off_variant.clone()];
    let rows = draft
        .variants
        .into_iter()
        .enumerate()
        .map(|(at, variant)| row(desk, at, variant, json, &chosen))
        .collect_view();
    let note = plain.then(|| {
        view! {
            <p class="hint">"Without variants it is a plain flag: true where it is on, false where it is off."</p>
            <input type="hidden" name="on_variant" value="0"/>
            <input type="hidden" name="off_variant" value="1"/>
        }
    });
    let head = (!plain).then(|| {
        view! {
            <p class="variant variant-head" aria-hidden="true">
                <span>"Name"</span><span>"Value"</span><span>"When on"</span><span>"When off"</span><span></span>
            </p>
        }
    });
    view! {
        <fieldset class="part">
            <legend>"Variants"</legend>
            <Choice label="Type" name="kind" options=kinds value=draft.kind/>
            {note}
            <div class="variants">{head}{rows}</div>
            <At desk field="variants"/><At desk field="on_variant"/><At desk field="off_variant"/>
            <div class="bar part-bar"><Act desk act="variant.add">{if plain { "Give it variants" } else { "Add a variant" }}</Act></div>
        </fieldset>
    }
    .into_any()
}

fn row(desk: Desk, at: usize, variant: VariantDraft, json: bool, chosen: &[String; 2]) -> AnyView {
    let VariantDraft { name, value } = variant;
    let number = at.to_string();
    let shown = at + 1;
    let [on, off] = chosen.clone().map(|chosen| chosen == number);
    view! {
        <div class="variant" role="group" aria-label=format!("Variant {shown}")>
            <Line desk label=format!("Name of variant {shown}") name=format!("variants[{at}][name]") value=name
                field=format!("variants[{at}].name") placeholder="green" bare=true/>
            <Line desk label=format!("Value of variant {shown}") name=format!("variants[{at}][value]") value=value
                field=format!("variants[{at}].value") area=json bare=true/>
            <label class="variant-radio"><input type="radio" name="on_variant" value=number.clone() checked=on/>
                <span>"when on"</span></label>
            <label class="variant-radio"><input type="radio" name="off_variant" value=number checked=off/>
                <span>"when off"</span></label>
            <IconAct desk act=format!("variant.{at}.remove") label=format!("Remove variant {shown}") glyph=Glyph::Trash/>
        </div>
    }
    .into_any()
}
