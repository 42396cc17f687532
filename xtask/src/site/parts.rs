//! The console in parts: the compiled module is cut along the functions that `app/src/parts.rs`
//! marks, so that a browser loads the code of a page with the page. What several parts need and
//! the main one does not, comes in files of its own.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use wasm_split_cli_support::Options;

use super::module;

/// Under this name the main module imports the functions that load parts.
const LOADERS: &str = "./__wasm_split.js";

/// What a cut module consists of.
#[derive(Serialize, Deserialize)]
pub struct Parts {
    /// From a part to its files, without the ending `.wasm`.
    pub files: BTreeMap<String, Vec<String>>,
    /// The script that loads them.
    pub loaders: String,
}

/// Cuts a module: hands back the main one and writes the files of the parts.
///
/// # Errors
/// When the module cannot be cut or a file cannot be written.
pub fn cut(compiled: &[u8], folder: &Path) -> Result<(Vec<u8>, Parts)> {
    let main = folder.join("main.wasm");
    let mut options = Options::new(compiled);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = LOADERS;
    let cut = wasm_split_cli_support::transform(options).map_err(|error| anyhow!("{error:?}"))?;
    for path in &cut.split_modules {
        let named = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        fs::write(path, module::bare(&named)?)?;
    }
    let loaders = fs::read_to_string(folder.join(LOADERS))?;
    let parts = Parts { files: cut.prefetch_map.into_iter().collect(), loaders };
    Ok((fs::read(main)?, parts))
}

/// Where `cut` put a file.
pub fn path(folder: &Path, file: &str) -> PathBuf {
    folder.join(file).with_extension("wasm")
}

impl Parts {
    /// Every file once.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        let mut all: Vec<_> = self.files.values().flatten().collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    /// Puts the loaders into the script around the main module. The two would import each other,
    /// which no pair of names with hashes of the contents in them can do.
    ///
    /// # Errors
    /// When one of them is not as the tools used to write it.
    pub fn join(&self, script: &str) -> Result<String> {
        let mut joined = String::from("const parts = {};\n");
        let import = format!("from \"{LOADERS}\"");
        for line in script.lines() {
            match line.strip_prefix("import * as ").and_then(|rest| rest.strip_suffix(&import)) {
                Some(name) => writeln!(joined, "const {name} = parts;")?,
                None => writeln!(joined, "{line}")?,
            }
        }
        let (imports, loaders) = self.loaders.split_once('\n').context("no loaders of parts")?;
        if !imports.starts_with("import { initSync }") || joined.contains(&import) {
            return Err(anyhow!("the scripts of wasm-bindgen and wasm-split do not fit together any more"));
        }
        for line in loaders.lines() {
            match line.strip_prefix("export const ").and_then(|rest| rest.split_once(' ')) {
                Some((name, rest)) => writeln!(joined, "parts.{name} {rest}")?,
                None => writeln!(joined, "{line}")?,
            }
        }
        Ok(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_become_part_of_the_script() -> Result<()> {
        let loaders = "import { initSync } from \"./main.js\";\n\nexport const load_x = 1;\n";
        let parts = Parts { files: BTreeMap::new(), loaders: loaders.to_owned() };
        let script = "import * as import1 from \"./__wasm_split.js\"\nexport { initSync };\n";
        assert_eq!(
            parts.join(script)?,
            "const parts = {};\nconst import1  = parts;\nexport { initSync };\n\nparts.load_x = 1;\n"
        );
        assert!(parts.join("import { load_x } from \"./__wasm_split.js\"").is_err());
        Ok(())
    }
}
