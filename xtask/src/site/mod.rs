//! The console as files: WASM and its script, style sheets, icons and fonts, each named after its
//! content (so that browsers may keep it for ever), each text with a brotli and a gzip copy beside
//! it, and a manifest that tells the server the names. Names decide what has to be done: a file
//! that is already there under its name is never compressed again.

mod assets;
mod manifest;
mod style;
mod wasm;

use std::fs;

use anyhow::{Context, Result};

use self::{assets::Site, manifest::Manifest};
use crate::{setup::wasm::Toolchain, workspace::Workspace};

/// What the first page may weigh: script, WASM and style, compressed.
const FIRST_PAGE_LIMIT: u64 = 250 * 1024;

/// Builds the console into `target/site`.
///
/// # Errors
/// When it does not compile or a file cannot be read or written.
pub fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    println!("build: the console");
    let bundle = wasm::build(workspace, toolchain)?;

    let mut site = Site::open(workspace.site())?;
    let mut files = std::collections::BTreeMap::new();
    for (name, bytes) in assets::public_files(&workspace.path("public"))? {
        let hashed = site.add(&name, &bytes)?.name;
        files.insert(name, hashed);
    }
    let style = style::collect(&workspace.path("style"), &files)?;
    let script = site.add("nexus.js", bundle.script.as_bytes())?;
    let module = site.add("nexus.wasm", &bundle.module)?;
    let style = site.add("nexus.css", style.as_bytes())?;

    let manifest =
        Manifest { js: script.name.clone(), wasm: module.name.clone(), css: style.name.clone(), files };
    // Last, so that whoever reads the manifest finds every file that it names.
    fs::write(workspace.site().join("manifest.json"), serde_json::to_string_pretty(&manifest)?)
        .context("cannot write the site's manifest")?;
    site.remove_others()?;
    report(&[("wasm", &module), ("script", &script), ("style", &style)]);
    Ok(())
}

/// Prints what a first visit costs, and warns when it is too much.
fn report(parts: &[(&str, &assets::Added)]) {
    let raw: u64 = parts.iter().map(|(_, part)| part.size).sum();
    let brotli: u64 = parts.iter().map(|(_, part)| part.brotli_size).sum();
    println!("  {:<8} {:>10} {:>10}", "", "raw", "brotli");
    for (label, part) in parts {
        line(label, part.size, part.brotli_size);
    }
    line("total", raw, brotli);
    if brotli > FIRST_PAGE_LIMIT {
        println!(
            "warning: the first page needs {} over the wire; the limit is {}",
            kilobytes(brotli),
            kilobytes(FIRST_PAGE_LIMIT)
        );
    }
}

fn line(label: &str, raw: u64, brotli: u64) {
    println!("  {label:<8} {:>10} {:>10}", kilobytes(raw), kilobytes(brotli));
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024)
}
