//! Canaries: values that nobody else has, put into everything that takes a secret, and looked for
//! in everything that is stored, said or logged.

use crate::world::{Database, Outcome, World, new_version, on};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_backend::people::sessions::{self, Around, Stored};
use nexus_backend::people::{self};
use nexus_backend::{dev_environments, keys, secrets, snapshot};
use nexus_domain::environment::OnConflict;
use nexus_domain::export::ExportFormat;
use nexus_domain::keys::{Access, RotateRequest, Slot};
use nexus_domain::secret::{NewSecret, NewSecretVersion, SecretPatch};
use nexus_domain::timestamp::HOUR;
use std::io::Write;
use std::sync::{Arc, Mutex};

const FIRST: &str = "canary-first-2f6a91c0";
const SECOND: &str = "canary-second-77b0e3d4";
const FILE: &[u8] = b"canary-file-\x00\xff-41d8cd98";
const IMPORTED: &str = "canary-imported-c4ca4238";
const BY_PROGRAM: &str = "canary-program-a0b92382";
const REFUSED: &str = "canary-refused-\u{1b}-c81e728d";
const PASSWORD: &str = "canary-Passw0rd-eccbc87e";
const WRONG: &str = "canary-wrong-1679091c";
const SESSION: &[u8] = b"canary-session-e4da3b7f";

/// Everything secret that a tenant does in a busy week; answers with the secrets that it was given.
async fn busy_week(w: &World) -> Vec<Vec<u8>> {
    let (n, o) = (&w.nexus, &w.owner);
    let api = w.service_in_develop().await;
    let mut given = Vec::new();
    w.write(&api, "A", FIRST).await;
    w.rewrite(&api, "A", SECOND).await;
    let file =
        NewSecret { key: "F".into(), value_base64: Some(STANDARD.encode(FILE)), ..NewSecret::default() };
    secrets::create(n, o, &api, file).await.fine();
    let text = format!("I={IMPORTED}\nA={IMPORTED}\n");
    for dry_run in [true, false] {
        secrets::import(n, o, &api, crate::secrets::env(&text, dry_run)).await.fine();
    }
    secrets::import(n, o, &api, crate::secrets::env(&format!("B={WRONG}\nB={WRONG}"), false)).await.refused();
    for bad in [REFUSED, &WRONG.repeat(5000)] {
        secrets::add_version(n, o, &api, "A", new_version(bad)).await.refused();
    }
    let twice = NewSecretVersion { value_base64: Some(WRONG.into()), ..new_version(WRONG) };
    secrets::add_version(n, o, &api, "A", twice).await.refused();
    secrets::reveal(n, o, &api, "A", Some(1)).await.fine();
    secrets::diff(n, o, &api, "A", 1, 2).await.fine();
    secrets::restore(n, o, &api, "A", 1, None).await.fine();
    secrets::destroy(n, o, &api, "A", 2, None).await.fine();
    let patch = SecretPatch { key: Some("B".into()), note: Some("a note".into()), ..SecretPatch::default() };
    secrets::patch(n, o, &api, "A", patch).await.fine();
    secrets::export(n, o, &api, ExportFormat::Env).await.fine();
    secrets::delete(n, o, &api, "B", None).await.fine();
    dev_environments::create(n, o, "shop").await.fine();
    dev_environments::import(n, o, "shop", OnConflict::Version).await.fine();
    for slot in [Slot::Primary, Slot::Secondary] {
        let request = RotateRequest { grace_hours: None, access: Some(Access::ReadWrite) };
        let key = keys::rotate(n, o, &api, slot, request).await.fine().key;
        let program = w.present(&key).await.fine();
        snapshot::put(n, &program, "P", new_version(BY_PROGRAM)).await.fine();
        snapshot::sync(n, &program, None).await.map(|_| ()).fine();
        snapshot::get(n, &program, "P").await.map(|_| ()).fine();
        given.push(key.as_bytes()[24..64].to_vec());
    }
    let (key, _) = w.environment_key("develop", &[]).await;
    given.push(key.as_bytes()[key.len() - 48..key.len() - 8].to_vec());
    let link = people::password_link(n, crate::world::OWNER).await.fine().expect("a link");
    let token = link.rsplit('/').next().expect("a token").to_owned();
    let ip = "192.0.2.1".parse().expect("an address");
    people::reset_password(n, &token, PASSWORD.into(), ip).await.fine();
    people::sign_in(n, crate::world::OWNER, WRONG.into(), ip).await.refused();
    people::sign_in(n, crate::world::OWNER, PASSWORD.into(), ip).await.fine();
    given.push(token.into_bytes());
    let session = Stored { user: Some(w.owner_id), data: "{}".into(), expires_at: w.now().plus(HOUR) };
    sessions::create(n, SESSION, session, Around::default()).await.fine();
    n.settled().await;
    snapshot::flush(n).await.fine();
    given
}

fn canaries(given: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let texts =
        [FIRST, SECOND, IMPORTED, BY_PROGRAM, REFUSED, PASSWORD, WRONG].map(|text| text.as_bytes().to_vec());
    let mut all: Vec<Vec<u8>> =
        texts.into_iter().chain([FILE.to_vec(), SESSION.to_vec()]).chain(given).collect();
    let encoded: Vec<_> =
        all.iter().map(|canary| STANDARD.encode(canary).trim_end_matches('=').into()).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
    let in_hex: Vec<_> = all.iter().map(|canary| hex(canary)).collect();
    all.extend(encoded);
    all.extend(in_hex);
    all
}

fn find(place: &str, bytes: &[u8], canaries: &[Vec<u8>]) {
    for canary in canaries {
        let found = bytes.windows(canary.len()).any(|part| part == canary);
        assert!(!found, "{} in {place}", String::from_utf8_lossy(canary));
    }
}

/// All that was logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// On one thread, so that the log of this thread is the log of it all.
fn nothing_secret_is_left_anywhere(database: impl AsyncFnOnce() -> Option<Database>) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let Some(database) = database().await else { return };
        on(database, async |w: &World| {
            let canaries = canaries(busy_week(w).await);
            let dump = w.dump().await;
            assert!(dump.len() > 500, "the dump is there: {}", dump.len());
            for (place, bytes) in dump {
                find(&place, &bytes, &canaries);
            }
            if let Some(folder) = w.database.folder() {
                for entry in std::fs::read_dir(folder).expect("a folder") {
                    let file = entry.expect("a file").path();
                    find(&file.display().to_string(), &std::fs::read(&file).expect("bytes"), &canaries);
                }
            }
            let log = log.0.lock().expect("no panic").clone();
            // SQLite's driver logs from threads of its own, which this log does not hear.
            assert!(log.len() > 10_000 || w.database.folder().is_some(), "there is a log: {}", log.len());
            find("the log", &log, &canaries);
        })
        .await;
    });
}

#[test]
fn nothing_secret_is_left_by_sqlite() {
    nothing_secret_is_left_anywhere(async || Some(Database::sqlite()));
}

#[test]
fn nothing_secret_is_left_by_postgres() {
    nothing_secret_is_left_anywhere(Database::postgres);
}
