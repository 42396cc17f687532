//! Making a value: so many characters of an alphabet, from the browser's own random source.

use super::value::ValueState;
use crate::components::icon::{Glyph, Icon};
use leptos::prelude::*;

/// Name, and the characters of each. The symbols are those that need no quotes in a `.env` file, a
/// URL's password or a shell.
const ALPHABETS: [(&str, &str); 4] = [
    ("Letters and digits", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
    ("Letters, digits, symbols", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+=@%"),
    ("Hexadecimal", "0123456789abcdef"),
    ("Digits", "0123456789"),
];
const LENGTHS: (usize, usize) = (4, 4096);

/// The generator below a value. Its fields have no names: they are no part of the form.
#[component]
pub fn Generator(state: ValueState) -> impl IntoView {
    let length = RwSignal::new(32_usize);
    let chosen = RwSignal::new(0_usize);
    let refused = RwSignal::new(false);
    let alphabet = move || ALPHABETS.get(chosen.get()).map_or("", |(_, characters)| *characters);
    let insert = move || match generate(untrack(alphabet), length.get_untracked()) {
        Some(value) => state.put(value),
        None => refused.set(true),
    };
    // Whoever opens it on an empty field wants a value.
    Effect::new(move |_| {
        if state.text.with_untracked(String::is_empty) {
            insert();
        }
    });
    let resized = move |event| {
        length.set(event_target_value(&event).parse().unwrap_or(0));
        insert();
    };
    let respelled = move |event| {
        chosen.set(event_target_value(&event).parse().unwrap_or(0));
        insert();
    };
    let options = ALPHABETS
        .into_iter()
        .enumerate()
        .map(|(index, (name, _))| view! { <option value=index.to_string()>{name}</option> })
        .collect_view();
    let pressed = move |event: web_sys::KeyboardEvent| {
        // Enter in here must not send the form.
        if event.key() == "Enter" {
            event.prevent_default();
            insert();
        }
    };
    view! {
        <div class="generator" role="group" aria-label="Generate a value">
            <label><span>"Length"</span>
                <span class="control"><input type="number" min=LENGTHS.0.to_string() max=LENGTHS.1.to_string() value="32"
                    on:input=resized on:keydown=pressed/></span>
            </label>
            <label class="generator-alphabet"><span>"Alphabet"</span>
                <span class="control"><select on:change=respelled>{options}</select></span>
            </label>
            <button type="button" class="button" on:click=move |_| insert()><Icon glyph=Glyph::Dice/>"Another"</button>
            <span class="hint" role="status">
                {move || if refused.get() {
                    "This browser has no random source".to_owned()
                } else {
                    format!("{} bits of randomness", strength(alphabet(), clamp(length.get())))
                }}
            </span>
        </div>
    }
    .into_any()
}

fn clamp(length: usize) -> usize {
    length.clamp(LENGTHS.0, LENGTHS.1)
}

/// How many bits of randomness a value has, rounded down.
fn strength(alphabet: &str, length: usize) -> usize {
    // Hundredths of the binary logarithm, by the alphabet's size: no floating point in the browser.
    let hundredths = match alphabet.len() {
        10 => 332,
        16 => 400,
        62 => 595,
        _ => 612,
    };
    hundredths * length / 100
}

fn generate(alphabet: &str, length: usize) -> Option<String> {
    let crypto = window().crypto().ok()?;
    let (alphabet, length) = (alphabet.as_bytes(), clamp(length));
    let mut value = String::with_capacity(length);
    let mut random = [0_u8; 256];
    while value.len() < length {
        crypto.get_random_values_with_u8_array(&mut random).ok()?;
        spell(&random, alphabet, length, &mut value);
    }
    Some(value)
}

/// Turns random bytes into characters. Bytes above the last whole multiple of the alphabet's size
/// are left out: otherwise its first characters would be likelier.
fn spell(random: &[u8], alphabet: &[u8], length: usize, value: &mut String) {
    let size = alphabet.len().max(1);
    let fair = 256 - 256 % size;
    let characters = random.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
    for byte in characters.take(length - value.len()) {
        value.extend(alphabet.get(byte % size).map(|character| char::from(*character)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_as_likely_as_any_other() {
        let all: Vec<u8> = (0..=255).collect();
        for (name, alphabet) in ALPHABETS {
            let mut value = String::new();
            spell(&all, alphabet.as_bytes(), 1000, &mut value);
            let count = |c: char| value.chars().filter(|it| *it == c).count();
            let times: Vec<_> = alphabet.chars().map(count).collect();
            assert!(times.iter().all(|n| *n > 0 && Some(n) == times.first()), "{name}: {times:?}");
        }
    }

    #[test]
    fn strength_is_never_overstated() {
        for (name, alphabet) in ALPHABETS {
            let exact = (alphabet.len() as f64).log2() * 32.0;
            let said = strength(alphabet, 32) as f64;
            assert!(said <= exact && said > exact - 2.0, "{name}: {said} of {exact}");
        }
    }
}
