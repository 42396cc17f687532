//! Measures the release build against the limits that it is held to, and writes the figures into
//! docs/performance.md, between two marks, so that the page always says what the program really does
//! on the machine that is named there.

mod baseline;
mod console;
mod exchange;
mod flags;
mod instance;
mod load;
mod machine;
mod page;
mod run;
mod sign_in;
mod streams;
mod sync;
mod web;

use std::{path::Path, process::ExitCode, thread::sleep, time::Duration};

use anyhow::Result;

use crate::{
    build::{self, Profile},
    setup,
    workspace::Workspace,
};
use instance::Instance;
use page::Figure;

/// Secrets in the snapshot that is read under load.
const SYNCED: usize = 20;
/// Secrets of the service whose page is measured.
const LISTED: usize = 10_000;
/// Secrets in the whole database when the pages are measured.
const STORED: usize = 100_000;
/// Starts that are measured, on the full database.
const STARTS: usize = 5;
/// How long the program is left alone before its memory is measured.
const REST: Duration = Duration::from_secs(3);

/// Builds, measures, prints, and rewrites the page. The exit code says whether every limit holds.
///
/// # Errors
/// When something does not build or cannot be measured.
pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    let toolchain = setup::wasm::ensure(workspace)?;
    let wrk = setup::load_generator()?;
    let program = build::console_and_server(workspace, &toolchain, Profile::Release)?;
    let baseline = baseline::build(workspace)?;
    let figures = measure(workspace, &program, &baseline, &wrk)?;
    let table = page::table(&figures);
    println!("\n{table}");
    page::write(&workspace.path("docs/performance.md"), &format!("{}\n{table}", machine::describe()))?;
    let held = figures.iter().all(Figure::holds);
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(workspace: &Workspace, program: &Path, baseline: &Path, wrk: &Path) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let instance = Instance::new(workspace, program)?;

    println!("bench: {SYNCED} secrets under load, beside a bare route");
    let mut server = instance.start()?;
    sleep(REST);
    let idle = server.memory()?;
    let key = instance.service(&server, "checkout-api")?;
    instance.import(&server, "checkout-api", SYNCED)?;
    figures.extend(sync::measure(wrk, baseline, &server, &key)?);
    sleep(REST);
    let after_load = server.memory()?;
    figures.push(run::measure(program, &server, &key)?);

    println!("bench: flags, and streams of their changes");
    let flagged = instance.service(&server, "flagged")?;
    instance.flags(&server, "flagged", flags::FLAGS)?;
    figures.extend(flags::measure(workspace, wrk, baseline, &server, &flagged)?);
    server.stop()?;
    server = instance.start()?;
    figures.extend(streams::measure(&instance, &server, &flagged, "flagged")?);

    println!("bench: many sign-ins at once");
    server.stop()?;
    server = instance.start()?;
    sleep(REST);
    figures.extend(sign_in::measure(&server, &key)?);
    server.stop()?;
    server = instance.start()?;

    println!("bench: programs that show their platform's word, while another provider hangs");
    figures.extend(exchange::measure(&instance, &server)?);

    println!("bench: the console, with {LISTED} secrets in the service");
    instance.service(&server, "warehouse")?;
    instance.import(&server, "warehouse", LISTED)?;
    let mut browser = console::Browser::sign_in(&server)?;
    figures.push(browser.time_secrets("Secrets page, 10,000 secrets in the service", "warehouse")?);

    println!("bench: the console, with {STORED} secrets in the database");
    for n in 1..STORED / LISTED {
        let service = format!("store-{n}");
        instance.service(&server, &service)?;
        instance.import(&server, &service, LISTED)?;
    }
    figures.push(browser.time_secrets("the same, 100,000 secrets in the database", "warehouse")?);
    figures.push(browser.time_projects()?);
    figures.extend(browser.first_pages("checkout-api")?);
    server.stop()?;

    println!("bench: starts, on that database");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        server = instance.start()?;
        starts.push(server.ready_after);
        server.stop()?;
    }
    figures.push(Figure::at_most("start to ready, the slowest of 5", page::slowest(&starts), page::SECOND));
    figures.push(Figure::at_most("memory (RSS) after the start", idle, page::MEMORY));
    figures.push(Figure::at_most("memory (RSS) after the load", after_load, page::MEMORY));
    figures.push(page::binary(program)?);
    Ok(figures)
}
