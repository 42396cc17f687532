//! `nexus serve`: the console, the API, and what runs in the background beside them.

use super::{audit, demo, open, say};
use crate::http::{Surface, router};
use crate::log;
use crate::settings::Settings;
use anyhow::Context as _;
use nexus_backend::{
    Nexus, Result, audit as chain, entries, flags, idempotency, invitations, limits, mail, members, oauth,
    people, request_log, snapshot, streams, workload,
};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};
use tracing_subscriber::Registry;
use tracing_subscriber::prelude::*;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// On an empty database, fill in a small realistic tenant and print how to sign in.
    #[arg(long)]
    demo: bool,
}

pub(super) async fn run(settings: &Settings, args: Args) -> anyhow::Result<ExitCode> {
    Registry::default().with(log::layer(&settings.log, std::io::stderr)?).init();
    for sentence in settings.overlooked() {
        tracing::warn!("{sentence}");
    }
    let proxies = settings.trusted_proxies()?;
    let nexus = open(settings).await?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    greet(&nexus, settings, &args).await?;
    // Mail of a start with a mail server is kept from now on, where there is none any more.
    mail::sweep(&nexus).await?;
    idempotency::forget_interrupted(&nexus).await?;
    let mut background = start_background(&nexus, audit::checkpoint_file(settings));
    background.extend(settings.listen_url().map(|url| tokio::spawn(listen_for_ever(nexus.clone(), url))));
    let surface =
        Surface { nexus: nexus.clone(), public_url: settings.public_url(), trusted_proxies: proxies };
    let service = router(surface).into_make_service_with_connect_info::<SocketAddr>();
    let ending = nexus.clone();
    let stop = async move {
        stopped().await;
        // Streams would never end by themselves.
        ending.streams.close();
    };
    axum::serve(listener, service).with_graceful_shutdown(stop).await?;
    for task in background {
        task.abort();
    }
    last_words(&nexus, &audit::checkpoint_file(settings)).await;
    nexus.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Says where to go, and how to get in where nobody can yet.
async fn greet(nexus: &Nexus, settings: &Settings, args: &Args) -> anyhow::Result<()> {
    let url = settings.public_url();
    if people::needs_set_up(nexus).await? {
        if args.demo {
            for line in demo::fill(nexus).await? {
                say(&line);
            }
        } else {
            let token = people::open_set_up(nexus)?;
            say("This instance has no owner yet. Open this page once, with this token:");
            say(&format!("  {url}/setup"));
            say(&format!("  {token}"));
        }
    }
    say(&format!("Nexus is ready at {url}"));
    Ok(())
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
        }
        Err(_) => {
            // Without the second signal the first still works.
            let _ = interrupt.await;
        }
    }
}

/// The tasks beside the server: following other processes' changes, and writing what was counted.
fn start_background(nexus: &Nexus, checkpoints: PathBuf) -> Vec<tokio::task::JoinHandle<()>> {
    let every = |seconds: f64,
                 name: &'static str,
                 job: fn(Nexus) -> futures::future::BoxFuture<'static, Result<()>>| {
        tokio::spawn(repeat(nexus.clone(), Duration::from_secs_f64(seconds), name, job))
    };
    let hourly = nexus.clone();
    vec![
        every(0.5, "follow", |nexus| Box::pin(async move { nexus.follow().await })),
        every(1.0, "API log", |nexus| Box::pin(async move { request_log::flush(&nexus).await })),
        every(60.0, "old requests", |nexus| Box::pin(async move { request_log::prune(&nexus).await })),
        every(3600.0, "size of the API log", |nexus| {
            Box::pin(async move { request_log::recount(&nexus).await })
        }),
        every(60.0, "old limits", |nexus| Box::pin(async move { limits::forget_old(&nexus).await })),
        every(60.0, "counted reads", |nexus| Box::pin(async move { snapshot::flush(&nexus).await })),
        every(60.0, "who was there", |nexus| Box::pin(async move { members::flush(&nexus).await })),
        every(60.0, "counted evaluations", |nexus| Box::pin(async move { flags::flush(&nexus).await })),
        every(3600.0, "old counts", |nexus| Box::pin(async move { flags::forget_old(&nexus).await })),
        every(1.0, "mail", |nexus| Box::pin(async move { mail::deliver(&nexus).await })),
        every(3600.0, "old mails", |nexus| Box::pin(async move { mail::sweep(&nexus).await })),
        every(3600.0, "old invitations", |nexus| Box::pin(async move { invitations::sweep(&nexus).await })),
        every(3600.0, "old answers", |nexus| Box::pin(async move { idempotency::sweep(&nexus).await })),
        every(600.0, "tokens of apps", |nexus| Box::pin(async move { oauth::sweep(&nexus).await })),
        every(3600.0, "sessions of programs", |nexus| Box::pin(async move { workload::sweep(&nexus).await })),
        every(600.0, "sessions", |nexus| Box::pin(async move { people::sessions::sweep(&nexus).await })),
        every(3600.0, "final deletions", |nexus| Box::pin(async move { entries::purge(&nexus).await })),
        tokio::spawn(async move {
            let mut tick = interval(Duration::from_secs(3600));
            loop {
                tick.tick().await;
                if let Err(error) = chain::checkpoint_all(&hourly, &checkpoints).await {
                    tracing::error!(%error, "audit checkpoints could not be written");
                }
            }
        }),
    ]
}

/// Hears of other processes' changes at once; while it cannot, they are found by looking.
async fn listen_for_ever(nexus: Nexus, url: String) {
    let mut tick = interval(Duration::from_secs(5));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = streams::listen(&nexus, &url).await {
            tracing::warn!(%error, "notifications of the database stopped; it is tried again");
        }
    }
}

async fn repeat<F, J>(nexus: Nexus, period: Duration, name: &'static str, job: J)
where
    F: Future<Output = Result<()>>,
    J: Fn(Nexus) -> F,
{
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tick.tick().await;
        if let Err(error) = job(nexus.clone()).await {
            tracing::warn!(%error, job = name, "a background job failed; it is tried again");
        }
    }
}

/// What was only in memory is written before the program ends.
async fn last_words(nexus: &Nexus, checkpoints: &std::path::Path) {
    for outcome in [
        request_log::flush(nexus).await,
        snapshot::flush(nexus).await,
        flags::flush(nexus).await,
        members::flush(nexus).await,
    ] {
        if let Err(error) = outcome {
            tracing::warn!(%error, "counters could not be written at the end");
        }
    }
    if let Err(error) = chain::checkpoint_all(nexus, checkpoints).await {
        tracing::error!(%error, "audit checkpoints could not be written at the end");
    }
}
