//! Sealed rows: they open in their own place and nowhere else.

use crate::world::{Database, Outcome, ROOT_KEY, SetClock, World, new_secret, open, path};
use nexus_backend::tenants::{self, Founding};
use nexus_backend::{Error, projects, secrets, services};
use nexus_domain::Code;
use nexus_domain::project::NewProject;
use nexus_domain::service::{ServiceKind, ServicePath};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

both![
    a_ciphertext_in_another_place_does_not_open,
    half_a_row_in_another_place_does_not_open,
    no_flipped_bit_opens,
    a_version_under_another_number_or_type_does_not_open,
    every_seal_has_a_key_and_a_nonce_of_its_own,
    another_root_key_is_refused_by_name,
    a_tenant_key_of_another_tenant_opens_nothing,
];

const OTHER_KEY: &str = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd";

/// The secret answers with an error of the server, and no reveal is written down.
async fn does_not_open(w: &World, at: &ServicePath, key: &str, what: &str) {
    let before = w.events().await.len();
    let error = secrets::reveal(&w.nexus, &w.owner, at, key, None).await.expect_err(what);
    assert_eq!(error.refusal().code, Code::Internal, "{what}: {error:?}");
    assert!(!format!("{:?}", error.refusal()).contains("seal"), "the caller learns nothing");
    assert_eq!(w.events().await.len(), before, "{what}");
}

/// The rows of the versions of one key in one tenant.
fn versions_of(w: &World, tenant: nexus_domain::TenantId, key: &str) -> String {
    let tenant = w.database.id(tenant.0);
    format!("entry_id IN (SELECT id FROM entries WHERE tenant_id = {tenant} AND key = '{key}')")
}

async fn copy(w: &World, columns: &str, from: &str, to: &str) {
    let source = format!("(SELECT {columns} FROM entry_versions WHERE {from} AND number = 1)");
    let target = if columns.contains(',') { format!("({columns})") } else { columns.to_owned() };
    w.execute(&format!("UPDATE entry_versions SET {target} = {source} WHERE {to}")).await;
}

async fn a_ciphertext_in_another_place_does_not_open(w: &World) {
    let api = w.shop().await;
    let worker = w.service("shop", "live", "worker").await;
    let rival = w.rival().await;
    let new = NewProject { name: "shop".into(), slug: None, tier: None };
    projects::create(&w.nexus, &rival.owner, new).await.fine();
    let new = crate::world::new_service("api", "live", ServiceKind::Backend, false);
    services::create(&w.nexus, &rival.owner, "shop", new).await.fine();
    let theirs = path("shop", "live", "api");
    secrets::create(&w.nexus, &rival.owner, &theirs, new_secret("THEIRS", "theirs")).await.fine();
    w.write(&api, "SOURCE", "source").await;
    w.write(&api, "SECRET", "x").await;
    w.write(&worker, "SERVICE", "x").await;
    w.write(&api, "VERSION", "x").await;
    w.rewrite(&api, "VERSION", "y").await;
    let mine = |key: &str| versions_of(w, w.tenant, key);
    let both = "payload, wrapped_key";
    copy(w, both, &mine("SOURCE"), &mine("SECRET")).await;
    does_not_open(w, &api, "SECRET", "another secret").await;
    copy(w, both, &mine("SOURCE"), &mine("SERVICE")).await;
    does_not_open(w, &worker, "SERVICE", "another service").await;
    copy(w, both, &mine("VERSION"), &format!("{} AND number = 2", mine("VERSION"))).await;
    does_not_open(w, &api, "VERSION", "another version").await;
    let foreign = versions_of(w, rival.owner.tenant, "THEIRS");
    w.write(&api, "TENANT", "x").await;
    copy(w, both, &foreign, &mine("TENANT")).await;
    does_not_open(w, &api, "TENANT", "another tenant's").await;
    copy(w, both, &mine("SOURCE"), &foreign).await;
    let error =
        secrets::reveal(&w.nexus, &rival.owner, &theirs, "THEIRS", None).await.expect_err("ours there");
    assert_eq!(error.refusal().code, Code::Internal);
    assert_eq!(w.value(&api, "SOURCE").await, "source", "and opens in its own");
}

async fn half_a_row_in_another_place_does_not_open(w: &World) {
    let api = w.shop().await;
    w.write(&api, "SOURCE", "source").await;
    for (key, column) in [("A", "payload"), ("B", "wrapped_key")] {
        w.write(&api, key, "x").await;
        copy(w, column, &versions_of(w, w.tenant, "SOURCE"), &versions_of(w, w.tenant, key)).await;
        does_not_open(w, &api, key, column).await;
    }
    w.write(&api, "C", "x").await;
    w.execute(&format!(
        "UPDATE entry_versions SET wrapped_key = NULL WHERE {}",
        versions_of(w, w.tenant, "C")
    ))
    .await;
    does_not_open(w, &api, "C", "no wrapped key").await;
}

/// `NXS` and format, suite, key id, nonce, commitment, ciphertext, tag.
const REGIONS: [usize; 9] = [0, 3, 4, 5, 24, 25, 37, 69, usize::MAX];

async fn no_flipped_bit_opens(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "a value of some length").await;
    for column in ["payload", "wrapped_key"] {
        let row = w.bytes("entry_versions", column).await;
        for region in REGIONS {
            let at = region.min(row.len() - 1);
            let mut flipped = row.clone();
            flipped[at] ^= 0x10;
            w.set_blob("entry_versions", column, &flipped).await;
            does_not_open(w, &api, "A", &format!("{column} byte {at}")).await;
        }
        for length in [0, 4, 30, row.len() - 1] {
            w.set_blob("entry_versions", column, &row[..length]).await;
            does_not_open(w, &api, "A", &format!("{column} cut to {length}")).await;
        }
        w.set_blob("entry_versions", column, &row).await;
    }
    assert_eq!(w.value(&api, "A").await, "a value of some length");
}

async fn a_version_under_another_number_or_type_does_not_open(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "x").await;
    w.write(&api, "B", "x").await;
    w.execute(&format!("UPDATE entry_versions SET type = 'file' WHERE {}", versions_of(w, w.tenant, "A")))
        .await;
    does_not_open(w, &api, "A", "another type").await;
    w.execute(&format!("UPDATE entry_versions SET number = 2 WHERE {}", versions_of(w, w.tenant, "B"))).await;
    w.execute("UPDATE entries SET active_version = 2 WHERE key = 'B'").await;
    does_not_open(w, &api, "B", "another number").await;
}

async fn every_seal_has_a_key_and_a_nonce_of_its_own(w: &World) {
    let api = w.shop().await;
    for key in ["A", "B", "C"] {
        w.write(&api, key, "the same value").await;
        w.rewrite(&api, key, "the same value").await;
    }
    let sealed = w.sealed().await;
    let part = |range: std::ops::Range<usize>| {
        let parts: std::collections::BTreeSet<_> = sealed.iter().map(|s| s[range.clone()].to_vec()).collect();
        parts.len()
    };
    assert_eq!((sealed.len(), part(25..37)), (12, 12), "nonces");
    assert_eq!(part(37..69), 7, "commitments: six data keys and one tenant key");
}

async fn another_root_key_is_refused_by_name(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "x").await;
    w.nexus.settled().await;
    let before = w.dump().await;
    let error = open(&w.database, w.clock.clone(), OTHER_KEY).await.map(|_| ()).expect_err("refused");
    let Error::WrongRootKey(said) = error else { panic!("{error:?}") };
    let id = |key: &str| nexus_backend::crypto::RootKey::parse(key).fine().id().fine();
    assert!(said.contains(&id(ROOT_KEY)) && said.contains(&id(OTHER_KEY)), "{said}");
    assert!(!said.contains(&ROOT_KEY[..16]) && !said.contains(&OTHER_KEY[..16]), "{said}");
    assert_eq!(w.dump().await, before);
}

/// A row of another tenant in `tenant_keys` is found by its id, and does not open.
async fn a_tenant_key_of_another_tenant_opens_nothing(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "x").await;
    let rival = w.rival().await;
    let (mine, theirs) = (w.database.id(w.tenant.0), w.database.id(rival.owner.tenant.0));
    w.execute(&format!(
        "UPDATE tenant_keys SET wrapped = (SELECT wrapped FROM tenant_keys WHERE tenant_id = {theirs}) WHERE tenant_id = {mine}"
    ))
    .await;
    let other = w.another_process().await;
    let error = secrets::reveal(&other, &w.owner, &api, "A", None).await.expect_err("does not open");
    assert_eq!(error.refusal().code, Code::Internal);
    other.db.close().await;
}

fn hashes(folder: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    files
        .map(|file| {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            (name, Sha256::digest(std::fs::read(&file).expect("bytes")).to_vec())
        })
        .collect()
}

#[test]
fn another_root_key_changes_not_one_byte_of_the_file() {
    crate::world::run(async {
        let database = Database::sqlite();
        let clock = Arc::new(SetClock::new());
        let nexus = open(&database, clock.clone(), ROOT_KEY).await.fine();
        let founding = Founding {
            slug: "acme".into(),
            name: "Acme".into(),
            email: "ana@acme.test".into(),
            password_hash: None,
        };
        tenants::found(&nexus, founding, None).await.fine();
        nexus.db.close().await;
        let folder = database.folder().expect("a folder").to_owned();
        let before = hashes(&folder);
        assert!(before.contains_key("nexus.db"));
        let error = open(&database, clock.clone(), OTHER_KEY).await.map(|_| ()).expect_err("refused");
        assert!(matches!(error, Error::WrongRootKey(_)), "{error:?}");
        assert_eq!(hashes(&folder).get("nexus.db"), before.get("nexus.db"));
        let again = open(&database, clock, ROOT_KEY).await.fine();
        again.db.close().await;
    });
}
