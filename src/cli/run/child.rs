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
pub(super) struct Signals {
    came: SelectAll<Pin<Box<dyn futures::Stream<Item = Signal>>>>,
    at_terminal: bool,
}

/// What is typed at a terminal goes to the command anyway: it is in the same group.
const TYPED: [Signal; 2] = [Signal::INT, Signal::QUIT];

impl Signals {
    /// A signal that is ignored stays ignored, for the command too: `nohup` is for that.
    pub fn listen() -> io::Result<Self> {
        let all = [
            (SignalKind::interrupt(), Signal::INT),
            (SignalKind::quit(), Signal::QUIT),
            (SignalKind::terminate(), Signal::TERM),
            (SignalKind::hangup(), Signal::HUP),
            (SignalKind::user_defined1(), Signal::USR1),
            (SignalKind::user_defined2(), Signal::USR2),
        ];
        // Systems other than Linux do not say it there.
        let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
        let mut streams: Vec<Pin<Box<dyn futures::Stream<Item = Signal>>>> = Vec::new();
        for (kind, passed) in all.into_iter().filter(|(_, signal)| !ignored(*signal)) {
            let listening = signal(kind)?;
            let came = futures::stream::unfold(listening, move |mut listening| async move {
                listening.recv().await.map(|()| (passed, listening))
            });
            streams.push(Box::pin(came));
        }
        Ok(Self { came: select_all(streams), at_terminal: io::stdin().is_terminal() })
    }

    /// What comes of something, unless a signal comes before: while there is no command, it is for this program.
    pub async fn or_else<T>(&mut self, what: impl Future<Output = T>) -> Result<T, ExitCode> {
        tokio::select! {
            biased;
            Some(signal) = self.came.next() => Err(code_of(signal.as_raw())),
            done = what => Ok(done),
        }
    }

    /// The next one for the command.
    async fn next(&mut self) -> Option<Signal> {
        loop {
            let signal = self.came.next().await?;
            if !(self.at_terminal && TYPED.contains(&signal)) {
                return Some(signal);
            }
        }
    }
}

/// Which signals this process ignores, by what Linux says of it: a bit for each in `SigIgn`.
fn ignored(status: &str) -> impl Fn(Signal) -> bool + use<> {
    let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let bits = bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
    move |signal| {
        let before = u32::try_from(signal.as_raw()).unwrap_or(0).wrapping_sub(1);
        bits.checked_shr(before).is_some_and(|bits| bits & 1 == 1)
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
            Some(signal) = signals.next() => send(&child, signal),
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
    match (status.code(), status.signal()) {
        (None, Some(signal)) => code_of(signal),
        (code, _) => ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)),
    }
}

fn code_of(signal: i32) -> ExitCode {
    ExitCode::from(u8::try_from(signal.saturating_add(128)).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_stands_in_the_status_of_the_process() {
        let by_nohup = ignored("Name:\tnexus\nSigIgn:\t0000000000001001\nSigCgt:\tffffffffffffffff\n");
        assert!(by_nohup(Signal::HUP) && by_nohup(Signal::PIPE));
        assert!(!by_nohup(Signal::TERM) && !by_nohup(Signal::INT));
        for odd in ["", "SigIgn:", "SigIgn:\txyz"] {
            assert!(!ignored(odd)(Signal::HUP), "{odd}");
        }
    }
}
