//! The browser's half of the console: cargo compiles it, wasm-bindgen writes the script around it.

use std::fs;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    fingerprint::Stamp,
    process,
    setup::wasm::{TARGET, Toolchain},
    workspace::Workspace,
};

/// The settings under `[profile.front]` in the workspace's Cargo.toml: size before speed.
const PROFILE: &str = "front";

/// What a browser loads.
pub struct Bundle {
    pub script: String,
    pub module: Vec<u8>,
}

/// Compiles and binds. Binding is skipped when the compiled module is the one of last time.
///
/// # Errors
/// When the console does not compile or does not bind.
pub fn build(workspace: &Workspace, toolchain: &Toolchain) -> Result<Bundle> {
    // As a cdylib only here: native builds never link one.
    process::run(
        toolchain
            .cargo(workspace.root())
            .args(["rustc", "--package", "nexus-app", "--lib"])
            .args(["--crate-type", "cdylib"])
            .args(["--no-default-features", "--features", "hydrate"])
            .args(["--target", TARGET, "--profile", PROFILE])
            .arg("--target-dir")
            .arg(workspace.front_target()),
    )?;
    let compiled = workspace.front_target().join(TARGET).join(PROFILE).join("nexus_app.wasm");
    let compiled = fs::read(&compiled).with_context(|| format!("cannot read {}", compiled.display()))?;

    let folder = workspace.front_target().join("bound");
    let script = folder.join("nexus.js");
    let module = folder.join("nexus_bg.wasm");
    let stamp_path = folder.join("stamp");
    // With the text of this file, because it holds the settings.
    let stamp = Stamp::new(&stamp_path, &[&compiled, include_bytes!("wasm.rs")]);
    if !(stamp.is_current() && script.is_file() && module.is_file()) {
        bind(compiled, &folder)?;
        stamp.write()?;
    }
    Ok(Bundle { script: fs::read_to_string(script)?, module: fs::read(module)? })
}

fn bind(compiled: Vec<u8>, folder: &std::path::Path) -> Result<()> {
    let mut output = Bindgen::new()
        .input_bytes("nexus", compiled)
        .web(true)?
        .typescript(false)
        // The page names the module itself, because only the page knows the hashed name.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .context("wasm-bindgen cannot bind the console")?;
    let scripts: Vec<_> = output
        .snippets()
        .iter()
        .filter(|(_, scripts)| !scripts.is_empty())
        .map(|(package, _)| package)
        .chain(output.local_modules().keys())
        .map(String::as_str)
        .collect();
    if !scripts.is_empty() {
        bail!(
            "dependencies of the console bring scripts of their own, and the site has exactly one: {}",
            scripts.join(", ")
        );
    }
    output.emit(folder)
}
