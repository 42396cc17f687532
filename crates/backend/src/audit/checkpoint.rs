//! Signed checkpoints: the state of each chain, written outside of the database, so that somebody
//! who can rewrite the database cannot rewrite the past unnoticed.
//!
//! A checkpoint is an Ed25519 signature (RFC 8032) over tenant, number and hash of the newest row.

use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::{Error, Result};
use aws_lc_rs::signature::{self, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_domain::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::Path;

/// One line of the checkpoint file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub tenant: TenantId,
    pub seq: i64,
    /// Hex SHA-256 of the row with that number.
    pub hash: String,
    pub at: Timestamp,
    /// Base64 Ed25519 public key and signature.
    pub key: String,
    pub signature: String,
}

impl Checkpoint {
    fn message(&self) -> Vec<u8> {
        format!("nexus/checkpoint/v1\n{}\n{}\n{}\n{}", self.tenant, self.seq, self.hash, self.at.0)
            .into_bytes()
    }
}

/// Appends a checkpoint of every tenant to the file and to the log. Tenants that have not changed
/// since the file's last line about them are left out.
pub async fn checkpoint_all(nexus: &Nexus, file: &Path) -> Result<usize> {
    let pair = Ed25519KeyPair::from_seed_unchecked(nexus.keyring.checkpoint_seed.bytes())
        .map_err(|_| Error::Impossible("Ed25519 refused a seed"))?;
    let known = read_file(file)?;
    let mut tx = nexus.db.begin_read().await?;
    let heads: Vec<(TenantId, i64, Vec<u8>)> =
        on!(tx, |c| sqlx::query_as(sql!("SELECT id, seq, chain_head FROM tenants ORDER BY id"))
            .fetch_all(c)
            .await)?;
    tx.rollback().await?;
    let mut lines = String::new();
    let mut written = 0;
    for (tenant, seq, head) in heads {
        if known.iter().any(|line| line.tenant == tenant && line.seq == seq) {
            continue;
        }
        let hash = hex::encode(head);
        let key = STANDARD.encode(pair.public_key().as_ref());
        let mut line = Checkpoint { tenant, seq, hash, at: nexus.now(), key, signature: String::new() };
        line.signature = STANDARD.encode(pair.sign(&line.message()).as_ref());
        tracing::info!(tenant = %line.tenant, seq, hash = %line.hash, signature = %line.signature, "audit checkpoint");
        lines.push_str(&serde_json::to_string(&line).map_err(|_| Error::Impossible("a checkpoint is JSON"))?);
        lines.push('\n');
        written += 1;
    }
    let failed =
        |error: std::io::Error| Error::Startup(format!("{} cannot be written: {error}", file.display()));
    if written > 0 {
        let mut out = std::fs::OpenOptions::new().create(true).append(true).open(file).map_err(failed)?;
        out.write_all(lines.as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
    }
    Ok(written)
}

/// Checks every checkpoint of the file against the database. `Ok(Err(reason))` names the first that
/// does not hold. Tenants that were deleted since are passed over.
pub async fn verify_checkpoints(nexus: &Nexus, file: &Path) -> Result<std::result::Result<usize, String>> {
    let pair = Ed25519KeyPair::from_seed_unchecked(nexus.keyring.checkpoint_seed.bytes())
        .map_err(|_| Error::Impossible("Ed25519 refused a seed"))?;
    let public = UnparsedPublicKey::new(&signature::ED25519, pair.public_key().as_ref());
    let lines = read_file(file)?;
    let mut tx = nexus.db.begin_read().await?;
    for line in &lines {
        let signature = STANDARD.decode(&line.signature).unwrap_or_default();
        if public.verify(&line.message(), &signature).is_err() {
            return Ok(Err(format!(
                "the checkpoint of tenant {} at {} is not signed by this instance",
                line.tenant, line.seq
            )));
        }
        let tenants: Vec<(i64,)> =
            on!(tx, |c| sqlx::query_as(sql!("SELECT seq FROM tenants WHERE id = $1"))
                .bind(line.tenant)
                .fetch_all(c)
                .await)?;
        let row: Option<(Vec<u8>,)> = on!(tx, |c| sqlx::query_as(sql!(
            "SELECT hash FROM audit_log WHERE tenant_id = $1 AND seq = $2"
        ))
        .bind(line.tenant)
        .bind(line.seq)
        .fetch_optional(c)
        .await)?;
        let hash = row.map(|(hash,)| hex::encode(hash)).unwrap_or_default();
        if !tenants.is_empty() && hash != line.hash {
            return Ok(Err(format!(
                "row {} of tenant {} is not the one that was signed",
                line.seq, line.tenant
            )));
        }
    }
    tx.rollback().await?;
    Ok(Ok(lines.len()))
}

fn read_file(file: &Path) -> Result<Vec<Checkpoint>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::Startup(format!("{} cannot be read: {error}", file.display()))),
    };
    text.lines()
        .map(|line| {
            serde_json::from_str(line)
                .map_err(|_| Error::Startup(format!("{} holds a line that is no checkpoint", file.display())))
        })
        .collect()
}
