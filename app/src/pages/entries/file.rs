//! Files in the browser: reading one that was chosen or dropped, and saving one.

use leptos::prelude::*;
use nexus_domain::secret::MAX_FILE_BYTES;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The bytes of a file, or what is wrong with it.
pub async fn read(file: &web_sys::File) -> Result<Vec<u8>, String> {
    let (name, size) = (file.name(), file.size());
    #[expect(clippy::cast_precision_loss, reason = "the limit is far below 2^53")]
    if size > MAX_FILE_BYTES as f64 {
        return Err(format!("A file is at most 1 MiB; {name} is larger"));
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let bytes = buffer.map(|buffer| js_sys::Uint8Array::new(&buffer).to_vec());
    let bytes = bytes.map_err(|_| format!("{name} cannot be read"))?;
    if bytes.is_empty() { Err(format!("{name} is empty")) } else { Ok(bytes) }
}

/// Bytes as they travel in a form.
pub fn encode(bytes: &[u8]) -> String {
    let binary: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    window().btoa(&binary).unwrap_or_default()
}

/// The text of the first file of a list; for the import dialog.
pub async fn read_text(files: Option<web_sys::FileList>) -> Result<String, String> {
    let Some(file) = files.and_then(|files| files.get(0)) else {
        return Err("No file was chosen".to_owned());
    };
    let bytes = read(&file).await?;
    String::from_utf8(bytes).map_err(|_| format!("{} is not a text", file.name()))
}

/// Hands bytes to the browser as a download.
pub fn save_as(name: &str, bytes: &[u8]) {
    let save = || -> Result<(), JsValue> {
        let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
        let blob = web_sys::Blob::new_with_u8_array_sequence(&parts)?;
        let url = web_sys::Url::create_object_url_with_blob(&blob)?;
        let link: web_sys::HtmlAnchorElement = document().create_element("a")?.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
        web_sys::Url::revoke_object_url(&url)
    };
    // A browser that does not save files says so itself.
    let _refused = save();
}
