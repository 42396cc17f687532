//! A command that runs with this program in front of it: signals go to it, its exit code comes back.

use futures::StreamExt as _;
use futures::stream::{SelectAll, select_all};
use rustix::process::{Pid, Signal, kill_process};
use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::os::unix::process::ExitStatusExt as _;
use std::pin::Pin;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};

/// How long a command that is to be started again may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// Why the wait is over.
pub(super) enum Ended<T> {
    ByItself(ExitCode),
    ForNews(T),
}

/// The signals that are passed on.
pub(super) struct Signals(SelectAll<Pin<Box<dyn futures::Stream<Item = Signal>>>>);

impl Signals {
    pub fn listen() -> io::Result<Self> {
        // What is typed at a terminal goes to the command anyway: it is in the same group.
        let typed = [(SignalKind::interrupt(), Signal::INT), (SignalKind::quit(), Signal::QUIT)];
        let others = [
            (SignalKind::terminate(), Signal::TERM),
            (SignalKind::hangup(), Signal::HUP),
            (SignalKind::user_defined1(), Signal::USR1),
            (SignalKind::user_defined2(), Signal::USR2),
        ];
        let at_terminal = io::stdin().is_terminal();
        let mut streams: Vec<Pin<Box<dyn futures::Stream<Item = Signal>>>> = Vec::new();
        for (kind, passed) in typed.into_iter().chain(others) {
            let listening = signal(kind)?;
            let came = futures::stream::unfold(listening, move |mut listening| async move {
                listening.recv().await.map(|()| (passed, listening))
            });
            let is_typed = typed.iter().any(|(_, it)| *it == passed);
            let came = came.filter(move |_| futures::future::ready(!(is_typed && at_terminal)));
            streams.push(Box::pin(came));
        }
        Ok(Self(select_all(streams)))
    }
}

pub(super) fn start(command: Command) -> io::Result<Child> {
    tokio::process::Command::from(command).spawn()
}

/// Waits until the command ends, or until there is a reason to start it again; then it is ended.
pub(super) async fn until<T>(
    mut child: Child,
    signals: &mut Signals,
    news: impl Future<Output = T>,
) -> io::Result<Ended<T>> {
    let mut news = std::pin::pin!(news);
    loop {
        tokio::select! {
            status = child.wait() => return Ok(Ended::ByItself(code(status?))),
            Some(signal) = signals.0.next() => send(&child, signal),
            news = &mut news => {
                end(&mut child).await?;
                return Ok(Ended::ForNews(news));
            }
        }
    }
}

/// Asks it to end, and ends it where it does not.
async fn end(child: &mut Child) -> io::Result<()> {
    send(child, Signal::TERM);
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}

fn send(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // One that has just ended needs no signal.
        let _gone = kill_process(pid, signal);
    }
}

/// As a shell reports it: the command's own code, or 128 and the signal that ended it.
fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| signal.saturating_add(128)));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}
