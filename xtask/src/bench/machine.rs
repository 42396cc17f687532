//! Which machine, when, and by which command: figures without these say nothing.

use std::{fs, process::Command, thread};

use crate::process;

/// A paragraph for the page.
pub fn describe() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let date = said("date", &["-u", "+%Y-%m-%d"]);
    let rust = said("rustc", &["--version"]);
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| said("uname", &["-m"]));
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(String::new, |kib| format!(", {:.0} GiB of memory", kib / 1024.0 / 1024.0));
    format!(
        "`cargo xtask bench` on {date}: {cores} cores ({model}){memory}, {}, {rust}. The server and the load \
         generator share the cores.\n",
        said("uname", &["-sr"])
    )
}

fn said(program: &str, arguments: &[&str]) -> String {
    process::output(Command::new(program).args(arguments))
        .map_or_else(|_| "unknown".into(), |said| said.trim().into())
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
