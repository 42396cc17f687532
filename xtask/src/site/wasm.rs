//! The browser's half of the console: cargo compiles it, what no browser runs is taken out, it is
//! cut into parts, and wasm-bindgen writes the script around the main one.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::{module, parts, parts::Parts};
use crate::{
    fingerprint::Stamp,
    process,
    setup::wasm::{TARGET, Toolchain},
    workspace::Workspace,
};

/// The settings under `[profile.front]` in the workspace's Cargo.toml: size before speed.
const PROFILE: &str = "front";

/// Functions that stand in the tables of every view and are never called, with all that only they
/// use: a quarter of the code. Should one be called after all, the page stops at once and loudly.
///
/// * A second, asynchronous way to be hydrated. Only `leptos::mount::hydrate_lazy` takes it; the
///   console loads the parts of a page first and then hydrates it in one go.
/// * The list of all routes, which the server makes.
const NEVER_CALLED: [&str; 2] = ["8into_any13hydrate_async", "15generate_routes"];

/// The streams of server functions: exported by a dependency whether they are used or not.
const NEVER_USED: &str = "intounderlying";

/// The list of the parts, beside them.
const PARTS: &str = "parts.json";

/// What a browser loads.
pub struct Bundle {
    /// Names the files of the parts without their hashes.
    pub script: String,
    pub main: Vec<u8>,
    /// From a part to its files.
    pub parts: Parts,
    /// The files, with the names that the script has for them.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Compiles, cuts and binds. The last two are skipped when the compiled module is the one of last
/// time.
///
/// # Errors
/// When the console does not compile, cannot be cut, or does not bind.
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
            .arg(workspace.front_target())
            // Says which function uses which, for the cuts.
            .args(["--", "-Clink-arg=--emit-relocs"]),
    )?;
    let compiled = workspace.front_target().join(TARGET).join(PROFILE).join("nexus_app.wasm");
    let compiled = fs::read(&compiled).with_context(|| format!("cannot read {}", compiled.display()))?;

    let folder = workspace.front_target().join("bound");
    let stamp_path = folder.join("stamp");
    // With the text of these files, because they hold the settings.
    let sources =
        [include_bytes!("wasm.rs").as_slice(), include_bytes!("parts.rs"), include_bytes!("module.rs")];
    let stamp = Stamp::new(&stamp_path, &[&[compiled.as_slice()], sources.as_slice()].concat());
    if !stamp.is_current() {
        // Made beside it and put in its place when complete: two builds may run at once.
        let new = tempfile::tempdir_in(workspace.front_target())?;
        cut_and_bind(&compiled, new.path())?;
        let _ = fs::remove_dir_all(&folder);
        fs::rename(new.path(), &folder).context("cannot put the bound console in place")?;
        stamp.write()?;
    }
    let parts: Parts = serde_json::from_slice(&fs::read(folder.join(PARTS))?)?;
    let files = parts
        .all()
        .map(|file| Ok((format!("{file}.wasm"), fs::read(parts::path(&folder, file))?)))
        .collect::<Result<_>>()?;
    let script = parts.join(&fs::read_to_string(folder.join("nexus.js"))?)?;
    Ok(Bundle { script, main: fs::read(folder.join("nexus_bg.wasm"))?, parts, files })
}

fn cut_and_bind(compiled: &[u8], folder: &Path) -> Result<()> {
    let (slim, count) = module::trap(compiled, is_never_called)?;
    if count == 0 {
        println!("warning: what no browser calls has other names now; see NEVER_CALLED in {}", file!());
    }
    let (main, parts) = parts::cut(&slim, folder)?;
    fs::write(folder.join(PARTS), serde_json::to_vec(&parts)?)?;
    bind(main, folder)
}

/// By its name in the module, in the compiler's old spelling or the new one: the function itself,
/// not what is made of it (closures, drops), which the compiler merges with the same of others.
fn is_never_called(name: &str) -> bool {
    let is_itself = |function: &&str| match name.split_once(*function) {
        Some((_, rest)) if name.starts_with("_ZN") => rest.starts_with("17h"),
        Some(_) => name.starts_with("_RINv") && !name.contains("drop_in_place"),
        None => false,
    };
    NEVER_CALLED.iter().any(is_itself) || name.starts_with(NEVER_USED)
}

fn bind(compiled: Vec<u8>, folder: &Path) -> Result<()> {
    let mut output = Bindgen::new()
        .input_bytes("nexus", compiled)
        .web(true)?
        .typescript(false)
        // The page names the module itself, because only the page knows the hashed name.
        .omit_default_module_path(true)
        // The parts share the main module's memory, stack and table of functions.
        .keep_lld_exports(true)
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

#[cfg(test)]
mod tests {
    use super::is_never_called;

    #[test]
    fn only_the_functions_themselves_are_never_called() {
        let hydrate = "_ZN53_$LT$T$u20$as$u20$tachys..IntoAny$GT$8into_any13hydrate_async";
        assert!(is_never_called(&format!("{hydrate}17h0123456789abcdefE")));
        assert!(!is_never_called(&format!("{hydrate}28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE")));
        assert!(is_never_called("intounderlyingsource_pull_58a9338f50bce61c"));
        assert!(!is_never_called("__wbindgen_describe_intounderlyingsource_pull"));
        assert!(!is_never_called("hydrate"));
    }
}
