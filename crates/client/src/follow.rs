//! Reading the snapshot at first, and following its changes for as long as the client lives.

use crate::api::{Api, Changes, Synced};
use crate::disk::{self, Disk};
use crate::events::Parser;
use crate::held::Held;
use crate::pause::Pauses;
use crate::{Error, Options};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where the stream cannot be opened, so much time passes between two looks.
const LOOK: Duration = Duration::from_secs(30);

/// What the client knows now.
#[derive(Clone)]
pub(crate) struct State {
    pub held: Arc<Held>,
    /// Why it may be older than what the server has.
    pub trouble: Option<Arc<Error>>,
}

/// Why a stream is not heard any more.
enum Ended {
    ByServer,
    Renewed,
}

/// What was read at first.
pub(crate) struct First {
    state: State,
    etag: Option<String>,
}

/// The task that follows; it ends when this is dropped.
pub(crate) struct Task(Option<JoinHandle<()>>);

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Reads the snapshot: from the server, or from disk where the server is away.
pub(crate) async fn first(api: &Api, disk: Option<&Disk>, options: &Options) -> Result<First, Error> {
    let trouble = match api.sync(None).await {
        Ok(Synced::Fresh { etag, body }) => match Held::of_body(&body, api.public) {
            Ok(held) => {
                keep(disk, &held, etag.as_deref(), &body);
                let state = State { held: Arc::new(held), trouble: None };
                return Ok(First { state, etag });
            }
            // Half a body, or the page of something in between, is like no answer.
            Err(error) => error,
        },
        Ok(Synced::NotModified) => Error::Unreachable("it answers 304 to a first question".into()),
        Err(error) => error,
    };
    if !trouble.passes() {
        forget(disk, &trouble);
        return Err(trouble);
    }
    match disk.map(|disk| disk.read(options.max_age, disk::now())) {
        Some(Ok(copy)) => {
            let held = Arc::new(Held::of_body(&copy.body, api.public)?);
            let trouble = (!options.offline).then(|| Arc::new(trouble));
            Ok(First { state: State { held, trouble }, etag: copy.etag })
        }
        Some(Err(missing)) if options.offline => Err(missing),
        None if options.offline => Err(Error::NoCopy("nobody said where copies are kept")),
        _ => Err(trouble),
    }
}

pub(crate) fn begin(
    api: Arc<Api>,
    disk: Option<Arc<Disk>>,
    first: First,
    follow: bool,
) -> (watch::Receiver<State>, Task) {
    let (sender, receiver) = watch::channel(first.state);
    if !follow {
        return (receiver, Task(None));
    }
    let follower = Follower { api, disk, sender, etag: first.etag, last_id: None, pauses: Pauses::default() };
    (receiver, Task(Some(tokio::spawn(follower.run()))))
}

/// A copy that cannot be kept is no reason to stop: the values are there.
fn keep(disk: Option<&Disk>, held: &Held, etag: Option<&str>, body: &[u8]) {
    let Some(disk) = disk else { return };
    match disk.keep(etag, body, disk::now()) {
        Ok(()) => disk.prune(held.large()),
        Err(error) => tracing::warn!(%error, "the snapshot is not kept on disk"),
    }
}

/// Whom the server refuses may not start from a copy later on.
fn forget(disk: Option<&Disk>, error: &Error) {
    if let Some(disk) = disk.filter(|_| error.withdraws()) {
        disk.forget();
    }
}

struct Follower {
    api: Arc<Api>,
    disk: Option<Arc<Disk>>,
    sender: watch::Sender<State>,
    etag: Option<String>,
    last_id: Option<String>,
    pauses: Pauses,
}

impl Follower {
    async fn run(mut self) {
        loop {
            let pause = match self.listen().await {
                Ok(pause) => pause,
                Err(error) => {
                    let pause = self.pauses.after(&error, fastrand::f64(), disk::now());
                    self.note(error);
                    pause
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Listens until the stream ends; answers with how long to wait before the next one.
    async fn listen(&mut self) -> Result<Duration, Error> {
        let Some(mut changes) = self.api.stream(self.last_id.as_deref()).await? else {
            // Something in between lets no stream through, or the server has too many: look now and then.
            self.refresh().await?;
            return Ok(LOOK);
        };
        // What changed while nobody listened.
        self.refresh().await?;
        let mut parser = Parser::default();
        match self.hear(&mut changes, &mut parser).await {
            // The next stream is opened with the new session, before the old one ends.
            Ok(Ended::Renewed) => return Ok(Duration::ZERO),
            Ok(Ended::ByServer) => {}
            Err(error) => self.note(error),
        }
        Ok(self.pauses.after_a_stream(parser.retry, fastrand::f64()))
    }

    async fn hear(&mut self, changes: &mut Changes, parser: &mut Parser) -> Result<Ended, Error> {
        let presented = changes.presented;
        loop {
            let bytes = tokio::select! {
                bytes = changes.next() => bytes?,
                renewed = self.api.renewed(presented) => {
                    if renewed {
                        return Ok(Ended::Renewed);
                    }
                    continue;
                }
            };
            let Some(bytes) = bytes else { return Ok(Ended::ByServer) };
            let news = parser.take(&bytes).ok_or_else(|| Error::Unreachable("its stream is none".into()))?;
            if news {
                self.refresh().await?;
            }
            self.last_id.clone_from(&parser.last_id);
        }
    }

    /// Asks for the snapshot unless it is the one that is held.
    async fn refresh(&mut self) -> Result<(), Error> {
        match self.api.sync(self.etag.as_deref()).await? {
            Synced::NotModified => {
                self.pauses.succeeded();
                self.sender.send_if_modified(|state| state.trouble.take().is_some());
            }
            Synced::Fresh { etag, body } => {
                let held = Held::of_body(&body, self.api.public)?;
                keep(self.disk.as_deref(), &held, etag.as_deref(), &body);
                self.pauses.succeeded();
                self.etag = etag;
                self.sender.send_replace(State { held: Arc::new(held), trouble: None });
            }
        }
        Ok(())
    }

    fn note(&self, error: Error) {
        forget(self.disk.as_deref(), &error);
        tracing::warn!(%error, "values may be old");
        self.sender.send_modify(|state| state.trouble = Some(Arc::new(error)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;
    use crate::script::{Answer, Script, good, says, snapshot};
    use std::sync::Mutex;

    #[tokio::test]
    async fn no_page_of_something_in_between_and_no_half_body_costs_the_copy() {
        let answer: Arc<Mutex<fn() -> Answer>> = Arc::new(Mutex::new(|| good(&snapshot())));
        let now = Arc::clone(&answer);
        let script = Script::new(move |_| Some(now.lock().expect("no panic")())).await;
        let copies = tempfile::tempdir().expect("a folder");
        let options = Client::options(script.address.as_str(), "sk_live_1").keep_copies_in(copies.path());
        let options = options.follow(false);
        assert!(options.clone().connect().await.expect("it answers").trouble().is_none());
        let bad: [fn() -> Answer; 8] = [
            || says(400, "<html>"),
            || says(401, "<html>"),
            || says(403, "<html>"),
            || says(404, "<html>"),
            || says(405, r#"{"code":405}"#),
            || says(200, "<html>log in to this network</html>"),
            || says(200, r#"{"service":"api","kind":"backend","rev"#),
            || says(200, ""),
        ];
        for page in bad {
            *answer.lock().expect("no panic") = page;
            let client = options.clone().connect().await.expect("there is a copy");
            assert!(client.trouble().is_some());
            client.get_secret("token").expect("it is held");
        }
        *answer.lock().expect("no panic") = || says(403, r#"{"code":"ip_not_allowed","message":"m"}"#);
        assert!(matches!(options.clone().connect().await.err(), Some(Error::Refused(_))));
        assert!(matches!(options.offline(true).connect().await.err(), Some(Error::NoCopy(_))));
    }

    #[tokio::test]
    async fn where_no_stream_is_let_through_the_snapshot_is_read_all_the_same() {
        let revision = Arc::new(std::sync::atomic::AtomicI64::new(1));
        let now = Arc::clone(&revision);
        let script = Script::new(move |asked| {
            let mut snapshot = snapshot();
            snapshot["revision"] = now.fetch_add(1, std::sync::atomic::Ordering::SeqCst).into();
            Some(if asked.what.ends_with("/v1/sync") { good(&snapshot) } else { says(403, "<html>") })
        })
        .await;
        let client =
            Client::options(script.address.as_str(), "sk_live_1").connect().await.expect("it answers");
        assert!(client.changed_since(1).await > 1);
        assert!(client.trouble().is_none());
    }
}
