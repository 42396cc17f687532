//! Keeps the embedded console fresh. `cargo xtask build` writes the site to `target/site`, and the
//! program embeds that folder: it has to exist even when nobody has built the console yet, and a
//! release has to be compiled again when its content changed. Development builds read the folder
//! at run time, so they need no new compilation.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let root = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let site = Path::new(&root).join("target").join("site");
    fs::create_dir_all(&site)?;
    if env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed={}", site.display());
    }
    Ok(())
}
