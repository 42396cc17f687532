//! The style sheet: every file of `style/` in the order of their names, with references to files
//! of `public/` turned into the names those have in the site.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};

/// One style sheet out of all. `url(…)` holds either `data:`, `#…`, or a name below `public/`.
///
/// # Errors
/// When a file cannot be read, or refers to something that is not in the site.
pub fn collect(folder: &Path, files: &BTreeMap<String, String>) -> Result<String> {
    let mut sheets = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "css") {
                sheets.push(path);
            }
        }
    }
    sheets.sort();
    let mut all = String::new();
    for path in sheets {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let linked = link(&text, files).with_context(|| format!("in {}", path.display()))?;
        all.push_str(&linked);
        if !linked.ends_with('\n') {
            all.push('\n');
        }
    }
    Ok(all)
}

/// Puts the site's names into `url(…)`.
fn link(text: &str, files: &BTreeMap<String, String>) -> Result<String> {
    let mut linked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("url(") {
        let (reference, tail) = after.split_once(')').context("a `url(` without its closing parenthesis")?;
        linked.push_str(before);
        linked.push_str("url(");
        let name = reference.trim().trim_matches(['"', '\'']);
        if name.starts_with("data:") || name.starts_with('#') {
            linked.push_str(reference);
        } else if let Some(hashed) = files.get(name) {
            linked.push('"');
            linked.push_str(hashed);
            linked.push('"');
        } else {
            bail!("`url({reference})` is no file below public/");
        }
        linked.push(')');
        rest = tail;
    }
    linked.push_str(rest);
    Ok(linked)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::link;

    #[test]
    fn references_get_the_names_of_the_site() -> anyhow::Result<()> {
        let files = BTreeMap::from([("icons/x.svg".to_owned(), "icons/x.1f.svg".to_owned())]);
        assert_eq!(
            link("a{b:url('icons/x.svg')} c{d:url(data:image/png;base64,AA)}", &files)?,
            "a{b:url(\"icons/x.1f.svg\")} c{d:url(data:image/png;base64,AA)}"
        );
        Ok(())
    }

    #[test]
    fn a_reference_to_nothing_is_refused() {
        assert!(link("a{b:url(missing.svg)}", &BTreeMap::new()).is_err());
        assert!(link("a{b:url(missing.svg", &BTreeMap::new()).is_err());
    }
}
