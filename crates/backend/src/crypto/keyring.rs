//! The keys that this process holds open: the wrapping key, the instance's own keys, and the tenant
//! keys that were needed so far.

use super::{Aad, Key, KeyId, Random, RootKey, envelope, open, seal};
use crate::store::{Db, Tx, on, sql};
use crate::{Error, Result};
use hmac::{Hmac, KeyInit as _, Mac as _};
use nexus_domain::{TenantId, Timestamp};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Every key that the process may use, and the random source to make more.
pub struct Keyring {
    wrapping: Key,
    pepper: Key,
    /// The seed of the Ed25519 key that signs checkpoints of the audit log.
    pub(crate) checkpoint_seed: Key,
    /// The seed of the Ed25519 key that signs what the instance says of tokens.
    pub(crate) oauth_seed: Key,
    /// Wraps the data keys of what belongs to people and not to one tenant: mail, second factors.
    people: Key,
    tenants: RwLock<HashMap<KeyId, Arc<Key>>>,
    random: Arc<dyn Random>,
}

const FIRST_GENERATION: i64 = 1;
const PEOPLE: &str = "people";
const OAUTH: &str = "oauth";

impl Keyring {
    /// Fails when the database belongs to another root key. It only reads, and comes before anything
    /// that writes, so that a wrong key changes no byte of the database.
    pub async fn refuse_other(db: &Db, root: &RootKey) -> Result<()> {
        let (id, check) = match read_check(db).await {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(()),
            Err(error) if is_missing_table(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        if root.opens(&check) {
            return Ok(());
        }
        Err(Error::WrongRootKey(format!(
            "The master key is not the one of this database: expected key {id}, given key {}; nothing was changed.",
            root.id()?
        )))
    }

    /// Opens the instance's keys, after registering the root key in a new database.
    pub async fn unlock(db: &Db, root: &RootKey, random: Arc<dyn Random>, now: Timestamp) -> Result<Self> {
        if read_check(db).await?.is_none() {
            register(db, root, &*random, now).await?;
        }
        let wrapping = root.wrapping_key()?;
        let pepper = instance_key(db, &wrapping, "pepper").await?;
        let checkpoint_seed = instance_key(db, &wrapping, "checkpoint").await?;
        let people = find_or_add(db, &wrapping, PEOPLE, &*random, now).await?;
        let oauth_seed = find_or_add(db, &wrapping, OAUTH, &*random, now).await?;
        Ok(Self { wrapping, pepper, checkpoint_seed, oauth_seed, people, tenants: RwLock::default(), random })
    }

    pub fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// HMAC-SHA256 under the pepper (RFC 2104): how credentials and one-time links are stored.
    pub fn mac(&self, purpose: &str, secret: &[u8]) -> Result<[u8; 32]> {
        let mut mac = <Hmac<Sha256>>::new_from_slice(self.pepper.bytes())
            .map_err(|_| Error::Impossible("HMAC refused 32 bytes"))?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(secret);
        Ok(mac.finalize().into_bytes().into())
    }

    /// Makes the first key of a new tenant, in the transaction that makes the tenant.
    pub(crate) async fn create_tenant_key(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<()> {
        let key = Key::random(self.random())?;
        let aad = tenant_aad(tenant, FIRST_GENERATION);
        let wrapped = seal(&self.wrapping, KeyId::UNNAMED, &aad, key.bytes(), self.random())?;
        on!(*tx, |c| sqlx::query(sql!(
            "INSERT INTO tenant_keys (tenant_id, generation, wrapped, created_at) VALUES ($1, $2, $3, $4)"
        ))
        .bind(tenant)
        .bind(FIRST_GENERATION)
        .bind(wrapped)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// The tenant's key of the newest generation, with its id.
    pub(crate) async fn tenant_key(&self, tx: &mut Tx, tenant: TenantId) -> Result<(KeyId, Arc<Key>)> {
        let (generation,): (i64,) = on!(*tx, |c| sqlx::query_as(sql!(
            "SELECT MAX(generation) FROM tenant_keys WHERE tenant_id = $1 HAVING MAX(generation) > 0"
        ))
        .bind(tenant)
        .fetch_one(c)
        .await)?;
        let id = KeyId { owner: tenant.0, generation: u32::try_from(generation).unwrap_or(0) };
        Ok((id, self.tenant_key_of(tx, id).await?))
    }

    /// Forgets the keys of a tenant that is no more.
    pub(crate) fn forget_tenant(&self, tenant: TenantId) {
        self.tenants.write().unwrap_or_else(PoisonError::into_inner).retain(|id, _| id.owner != tenant.0);
    }

    async fn tenant_key_of(&self, tx: &mut Tx, id: KeyId) -> Result<Arc<Key>> {
        if let Some(key) = self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Arc::clone(key));
        }
        let (tenant, generation) = (TenantId(id.owner), i64::from(id.generation));
        // Which generation is what the stored value itself says.
        let row: Option<(Vec<u8>,)> = on!(*tx, |c| sqlx::query_as(sql!(
            "SELECT wrapped FROM tenant_keys WHERE tenant_id = $1 AND generation = $2"
        ))
        .bind(tenant)
        .bind(generation)
        .fetch_optional(c)
        .await)?;
        let (wrapped,) = row.ok_or(Error::Unreadable("a sealed value names a tenant key that is missing"))?;
        let bytes = open(&self.wrapping, KeyId::UNNAMED, &tenant_aad(tenant, generation), &wrapped)?;
        let key = Arc::new(Key::from_slice(&bytes)?);
        self.tenants.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&key));
        Ok(key)
    }

    /// Seals a message under a data key of its own, which is wrapped by the tenant's key.
    pub(crate) async fn seal_for(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        aad: &Aad,
        message: &[u8],
    ) -> Result<Sealed> {
        let (id, tenant_key) = self.tenant_key(tx, tenant).await?;
        let data_key = Key::random(self.random())?;
        Ok(Sealed {
            payload: seal(&data_key, KeyId::UNNAMED, aad, message, self.random())?,
            wrapped_key: seal(&tenant_key, id, aad, data_key.bytes(), self.random())?,
        })
    }

    /// Opens a message that `seal_for` made for the same tenant and place.
    pub(crate) async fn open_for(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        aad: &Aad,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let id = envelope::key_id(&sealed.wrapped_key)
            .filter(|id| id.owner == tenant.0)
            .ok_or(Error::Unreadable("a data key of another tenant"))?;
        let tenant_key = self.tenant_key_of(tx, id).await?;
        let opened = || {
            let data_key = Key::from_slice(&open(&tenant_key, id, aad, &sealed.wrapped_key)?)?;
            open(&data_key, KeyId::UNNAMED, aad, &sealed.payload)
        };
        opened().map_err(|_| Error::Unreadable("a sealed value does not open"))
    }
}

/// A message about a person, sealed under a data key of its own, which the instance's key for people
/// wraps. Stored as one: the wrapped key with its length in front, then the message.
impl Keyring {
    pub(crate) fn seal_for_people(&self, aad: &Aad, message: &[u8]) -> Result<Vec<u8>> {
        let data_key = Key::random(self.random())?;
        let wrapped = seal(&self.people, KeyId::UNNAMED, aad, data_key.bytes(), self.random())?;
        let sealed = seal(&data_key, KeyId::UNNAMED, aad, message, self.random())?;
        let length = u16::try_from(wrapped.len()).map_err(|_| Error::Impossible("a long wrapped key"))?;
        Ok([length.to_be_bytes().as_slice(), &wrapped, &sealed].concat())
    }

    pub(crate) fn open_for_people(&self, aad: &Aad, stored: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let broken = || Error::Impossible("a sealed message about a person is cut off");
        let (length, rest) = stored.split_first_chunk::<2>().ok_or_else(broken)?;
        let (wrapped, sealed) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(broken)?;
        let data_key = Key::from_slice(&open(&self.people, KeyId::UNNAMED, aad, wrapped)?)?;
        open(&data_key, KeyId::UNNAMED, aad, sealed)
    }
}

/// A sealed message and its wrapped data key, as they are stored.
pub struct Sealed {
    pub payload: Vec<u8>,
    pub wrapped_key: Vec<u8>,
}

fn tenant_aad(tenant: TenantId, generation: i64) -> Aad {
    Aad::new("nexus/tenant-key/v1").id(tenant.0).number(generation)
}

fn instance_aad(name: &str) -> Aad {
    Aad::new("nexus/instance-key/v1").field(name.as_bytes())
}

async fn read_check(db: &Db) -> Result<Option<(String, Vec<u8>)>> {
    let mut tx = db.begin_read().await?;
    let row =
        on!(tx, |c| sqlx::query_as(sql!("SELECT root_key_id, root_key_check FROM instance WHERE id = 1"))
            .fetch_optional(c)
            .await)?;
    tx.rollback().await?;
    Ok(row)
}

/// A database without the table is a new one. Every other error means that nobody knows.
fn is_missing_table(error: &Error) -> bool {
    let Error::Database(error) = error else { return false };
    error.as_database_error().is_some_and(|error| match error.code().as_deref() {
        Some("42P01") => true,
        Some("1") => error.message().contains("no such table"),
        _ => false,
    })
}

/// First start: remembers the root key by its check value and makes the instance's keys.
async fn register(db: &Db, root: &RootKey, random: &dyn Random, now: Timestamp) -> Result<()> {
    let wrapping = root.wrapping_key()?;
    let mut tx = db.begin_write().await?;
    let id = root.id()?;
    let check = root.check_value(random)?;
    on!(tx, |c| sqlx::query(sql!(
        "INSERT INTO instance (id, root_key_id, root_key_check, created_at) VALUES (1, $1, $2, $3)"
    ))
    .bind(id)
    .bind(check)
    .bind(now)
    .execute(c)
    .await
    .map(|_| ()))?;
    for name in ["pepper", "checkpoint", PEOPLE, OAUTH] {
        insert_instance_key(&mut tx, &wrapping, name, random, now).await?;
    }
    tx.commit().await
}

/// An instance key; it is made where the database is from before there was one.
async fn find_or_add(
    db: &Db,
    wrapping: &Key,
    name: &'static str,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Key> {
    match find_instance_key(db, wrapping, name).await? {
        Some(key) => Ok(key),
        None => add_instance_key(db, wrapping, name, random, now).await,
    }
}

/// Makes an instance key. Two processes that start at once make one.
async fn add_instance_key(
    db: &Db,
    wrapping: &Key,
    name: &'static str,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Key> {
    let mut tx = db.begin_write().await?;
    insert_instance_key(&mut tx, wrapping, name, random, now).await?;
    tx.commit().await?;
    instance_key(db, wrapping, name).await
}

async fn insert_instance_key(
    tx: &mut Tx,
    wrapping: &Key,
    name: &'static str,
    random: &dyn Random,
    now: Timestamp,
) -> Result<()> {
    let key = Key::random(random)?;
    let wrapped = seal(wrapping, KeyId::UNNAMED, &instance_aad(name), key.bytes(), random)?;
    on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO instance_keys (name, wrapped, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
    ))
    .bind(name)
    .bind(wrapped)
    .bind(now)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn instance_key(db: &Db, wrapping: &Key, name: &'static str) -> Result<Key> {
    let key = find_instance_key(db, wrapping, name).await?;
    key.ok_or(Error::Impossible("an instance key is missing"))
}

async fn find_instance_key(db: &Db, wrapping: &Key, name: &'static str) -> Result<Option<Key>> {
    let mut tx = db.begin_read().await?;
    let row: Option<(Vec<u8>,)> =
        on!(tx, |c| sqlx::query_as(sql!("SELECT wrapped FROM instance_keys WHERE name = $1"))
            .bind(name)
            .fetch_optional(c)
            .await)?;
    tx.rollback().await?;
    let Some((wrapped,)) = row else { return Ok(None) };
    Key::from_slice(&open(wrapping, KeyId::UNNAMED, &instance_aad(name), &wrapped)?).map(Some)
}
