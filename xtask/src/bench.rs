//! Measures the release build and writes the numbers into docs/performance.md, between two marks,
//! so that the page always says what the program on this machine really does.

use std::{fs, path::Path, process::ExitCode};

use anyhow::{Context, Result};

use crate::{
    build::{self, Profile},
    setup,
    workspace::Workspace,
};

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// One line of the table.
struct Measurement {
    what: &'static str,
    value: String,
}

/// Builds, measures, prints, and rewrites the page.
///
/// # Errors
/// When something does not build or cannot be measured.
pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    let toolchain = setup::wasm::ensure(workspace)?;
    let _load_generator = setup::load_generator()?;
    let server = build::console_and_server(workspace, &toolchain, Profile::Release)?;
    let measurements = vec![binary_size(&server)?];
    let table = table(&measurements);
    println!("\n{table}");
    let page = workspace.path("docs/performance.md");
    if page.is_file() {
        let text = fs::read_to_string(&page)?;
        let text = between_marks(&text, &table)
            .with_context(|| format!("no {BEGIN} … {END} in {}", page.display()))?;
        fs::write(&page, text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn binary_size(server: &Path) -> Result<Measurement> {
    let bytes = fs::metadata(server)?.len();
    Ok(Measurement {
        what: "the program, console included",
        value: format!("{} MiB", bytes.div_ceil(1024 * 1024)),
    })
}

fn table(measurements: &[Measurement]) -> String {
    let mut table = String::from("| measured | value |\n|---|---|\n");
    for Measurement { what, value } in measurements {
        table.push_str(&format!("| {what} | {value} |\n"));
    }
    table
}

/// The page with a new table between the marks.
fn between_marks(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::between_marks;

    #[test]
    fn only_the_marked_block_changes() {
        let page = "a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n";
        assert_eq!(
            between_marks(page, "new\n").as_deref(),
            Some("a\n<!-- bench:begin -->\nnew\n<!-- bench:end -->\nb\n")
        );
        assert_eq!(between_marks("no marks", "new\n"), None);
    }
}
