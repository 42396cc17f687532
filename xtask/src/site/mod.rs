//! The console as files: WASM and its script, style sheets, icons and fonts, each named after its
//! content (so that browsers may keep it for ever), each text with a brotli and a gzip copy beside
//! it, and a manifest that tells the server the names. Names decide what has to be done: a file
//! that is already there under its name is never compressed again.

mod assets;
mod manifest;
mod module;
mod parts;
mod style;
mod wasm;

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, bail};

use self::{
    assets::{Added, Site},
    manifest::Manifest,
};
use crate::{setup::wasm::Toolchain, workspace::Workspace};

/// What a first visit may weigh: script, WASM and style, compressed.
const FIRST_VISIT_LIMIT: u64 = 250 * 1000;

/// Where a first visit goes: one signs in and comes to the projects. Both are in the main part.
const FIRST_VISIT: &str = "first visit";

/// Pages that somebody may open first by an address that they were given, and the part that each
/// needs besides.
const BY_ADDRESS: [(&str, &str); 2] = [("secrets", "secrets"), ("settings", "manage")];

/// Builds the console into `target/site`.
///
/// # Errors
/// When it does not compile or a file cannot be read or written.
pub fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    println!("build: the console");
    let bundle = wasm::build(workspace, toolchain)?;

    let mut site = Site::open(workspace.site())?;
    let mut files = BTreeMap::new();
    for (name, bytes) in assets::public_files(&workspace.path("public"))? {
        let hashed = site.add(&name, &bytes)?.name;
        files.insert(name, hashed);
    }
    let style = style::collect(&workspace.path("style"), &files)?;
    let style = site.add("nexus.css", style.as_bytes())?;
    let main = site.add("nexus.wasm", &bundle.main)?;
    let mut script = bundle.script;
    let mut modules = BTreeMap::new();
    for (name, bytes) in &bundle.files {
        let module = site.add(name, bytes)?;
        script = script.replace(&format!("\"./{name}\""), &format!("\"./{}\"", module.name));
        modules.insert(name.as_str(), module);
    }
    let script = site.add("nexus.js", script.as_bytes())?;
    let of_part = |part: &str| {
        let files = bundle.parts.files.get(part).into_iter().flatten();
        files.filter_map(|file| modules.get(format!("{file}.wasm").as_str()))
    };

    let parts = bundle.parts.files.keys();
    let manifest = Manifest {
        js: script.name.clone(),
        wasm: main.name.clone(),
        css: style.name.clone(),
        parts: parts
            .map(|part| (part.clone(), of_part(part).map(|file| file.name.clone()).collect()))
            .collect(),
        files,
    };
    // Last, so that whoever reads the manifest finds every file that it names.
    fs::write(workspace.site().join("manifest.json"), serde_json::to_string_pretty(&manifest)?)
        .context("cannot write the site's manifest")?;
    site.remove_others()?;

    println!("  {:<10} {:>11} {:>11}", "", "raw", "brotli");
    let always = [("style", &style), ("script", &script), ("wasm", &main)];
    for (label, file) in always {
        line(label, file.size, file.brotli_size);
    }
    for (name, module) in &modules {
        line(name.trim_end_matches(".wasm"), module.size, module.brotli_size);
    }
    let weight = |files: &[&Added]| {
        files.iter().fold((0, 0), |(raw, brotli), file| (raw + file.size, brotli + file.brotli_size))
    };
    let always = always.map(|(_, file)| file);
    for (page, part) in BY_ADDRESS {
        let (raw, brotli) = weight(&always.into_iter().chain(of_part(part)).collect::<Vec<_>>());
        line(&format!("= {page}"), raw, brotli);
    }
    let (raw, brotli) = weight(&always);
    line(&format!("= {FIRST_VISIT}"), raw, brotli);
    if brotli > FIRST_VISIT_LIMIT {
        bail!("a {FIRST_VISIT} loads {brotli} bytes; the limit is {FIRST_VISIT_LIMIT}");
    }
    Ok(())
}

fn line(label: &str, raw: u64, brotli: u64) {
    println!("  {label:<10} {:>11} {:>11}", kilobytes(raw), kilobytes(brotli));
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024)
}
