//! What the server reads to find the site's files: `target/site/manifest.json`.

use std::collections::BTreeMap;

use serde::Serialize;

/// Names are relative to the site's root, and all of them hold a hash of the file's content.
#[derive(Serialize)]
pub struct Manifest {
    /// The module script. Its default export takes `{ module_or_path: <URL of the WASM> }`.
    pub js: String,
    pub wasm: String,
    pub css: String,
    /// The WASM that pages need beside the main module, by part; see `app/src/parts.rs`.
    pub parts: BTreeMap<String, Vec<String>>,
    /// From a name below `public/` to the file's name in the site.
    pub files: BTreeMap<String, String>,
}
