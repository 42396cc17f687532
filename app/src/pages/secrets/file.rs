//! Files in the browser: choosing or dropping one as a value, and saving one that was revealed.
//! A file is read here and travels as base64, so it needs JavaScript.

use super::value::{ChosenFile, ValueState};
use crate::call::spawn;
use crate::components::icon::{Glyph, Icon};
use crate::components::time::{count, number};
use crate::pages::entries::file::{encode, read, save_as};
use leptos::prelude::*;
use nexus_domain::secret::SecretValue;
use wasm_bindgen::JsCast;

/// The place to drop a file at or to choose one from.
#[component]
pub fn FileControl(state: ValueState, id: String, error_id: String) -> impl IntoView {
    let over = RwSignal::new(false);
    let chosen = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        take(state, input.and_then(|input| input.files()));
    };
    let dragged = move |event: web_sys::DragEvent| {
        event.prevent_default();
        over.set(true);
    };
    let dropped = move |event: web_sys::DragEvent| {
        event.prevent_default();
        over.set(false);
        take(state, event.data_transfer().and_then(|data| data.files()));
    };
    let words = move || match state.file.get() {
        None => view! { <b>"Drop a file here, or choose one"</b> }.into_any(),
        Some(ChosenFile { name, size, .. }) => {
            let size = size_words(i64::try_from(size).unwrap_or(i64::MAX));
            view! { <b class="mono wrap">{name}</b><small>{size}" · choose another"</small> }.into_any()
        }
    };
    let base64 = move || state.file.get().map(|file| file.base64).unwrap_or_default();
    view! {
        <p class="note no-js">"Files need JavaScript."</p>
        <label class="drop needs-js" class:drop-over=over on:dragover=dragged on:dragleave=move |_| over.set(false)
            on:drop=dropped>
            <input id=id type="file" class="visually-hidden" aria-label="File" aria-describedby=error_id on:change=chosen/>
            <Icon glyph=Glyph::Upload/>
            <span class="drop-words" role="status">{words}</span>
        </label>
        <textarea name="value_base64" hidden aria-hidden="true" tabindex="-1" prop:value=base64></textarea>
    }
    .into_any()
}

/// Reads the first file of a list.
fn take(state: ValueState, files: Option<web_sys::FileList>) {
    let Some(file) = files.and_then(|files| files.get(0)) else { return };
    spawn(async move {
        let read = read(&file).await;
        // The form may be gone by now.
        let _gone = match read {
            Ok(bytes) => {
                let chosen = ChosenFile { name: file.name(), size: bytes.len(), base64: encode(&bytes) };
                state.problem.try_set(String::new());
                state.file.try_set(Some(chosen)).map(|_| ())
            }
            Err(problem) => {
                state.file.try_set(None);
                state.problem.try_set(problem).map(|_| ())
            }
        };
    });
}

/// Saves a value that was revealed as a file of the key's name.
pub fn save(value: &SecretValue) {
    let bytes = match (&value.value, &value.value_base64) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(base64)) => {
            let binary = window().atob(base64).unwrap_or_default();
            binary.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect()
        }
        (None, None) => return,
    };
    save_as(&value.key, &bytes);
}

/// `812 bytes`, `2.3 KiB`, `1.0 MiB`
pub fn size_words(bytes: i64) -> String {
    let (unit, name) = match bytes {
        ..1024 => return count(bytes, "byte"),
        1024..1_048_576 => (1024, "KiB"),
        _ => (1_048_576, "MiB"),
    };
    let tenths = bytes.saturating_mul(10) / unit;
    format!("{}.{} {name}", number(tenths / 10), tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::size_words;

    #[test]
    fn sizes_are_in_the_unit_that_fits() {
        assert_eq!(size_words(1), "1 byte");
        assert_eq!(size_words(1023), "1,023 bytes");
        assert_eq!(size_words(2355), "2.2 KiB");
        assert_eq!(size_words(1_048_575), "1,023.9 KiB");
        assert_eq!(size_words(1_048_576), "1.0 MiB");
    }
}
