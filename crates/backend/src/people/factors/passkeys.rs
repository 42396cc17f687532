//! Passkeys (WebAuthn): registered with a name, listed, removed, and asked for to sign in without a
//! password, as the second step, or to confirm that it is still the same person. A passkey is
//! possession and a PIN or finger in one, so it is both factors at once.

use super::Answer;
use super::challenges::{self, Purpose};
use super::letters::News;
use super::{Opened, Seqs, after_removal, email_of, may_change, recovery, saw, show, tell};
use crate::nexus::Nexus;
use crate::people::{Entered, Means, Proof, enter, record_in};
use crate::store::{Tx, on, single, sql};
use crate::{Error, Result};
use nexus_domain::factor::{Challenge, PasskeyRow, RecoveryCodes, check_passkey_name};
use nexus_domain::{Code, PasskeyId, Refusal, Timestamp, UserId};
use serde::Serialize;
use serde_json::{Value, json};
use std::net::IpAddr;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// More than anybody has devices.
const MOST: usize = 25;

/// A passkey answered a question rightly; nothing is written yet.
pub(super) struct Proved(AuthenticationResult);

/// Nexus as passkeys know it: the host of its public URL. A passkey belongs to that host for good.
fn relying_party(nexus: &Nexus) -> Result<Webauthn, Refusal> {
    let unusable = || {
        Refusal::new(
            Code::Conflict,
            "Passkeys belong to a host name, and this instance is reached by an address without one; an operator \
             can set NEXUS_PUBLIC_URL to a name (http://localhost:… on one's own machine)",
        )
    };
    let origin = Url::parse(&nexus.settings.public_url).map_err(|_| unusable())?;
    let host = origin.domain().ok_or_else(unusable)?;
    let builder = WebauthnBuilder::new(host, &origin).map_err(|_| unusable())?;
    builder.rp_name("Nexus").build().map_err(|_| unusable())
}

/// Why passkeys do not work on this instance, where they do not.
pub(super) fn unavailable(nexus: &Nexus) -> Option<String> {
    relying_party(nexus).err().map(|refusal| refusal.message)
}

/// The passkeys of a person, the oldest first.
pub(super) async fn list(nexus: &Nexus, user: UserId) -> Result<Vec<PasskeyRow>> {
    let rows: Vec<(PasskeyId, String, Timestamp, Option<Timestamp>)> =
        single!(nexus.db, |pool| sqlx::query_as(sql!(
            "SELECT id, name, created_at, last_used_at FROM passkeys WHERE user_id = $1 ORDER BY id"
        ))
        .bind(user)
        .fetch_all(pool)
        .await)?;
    Ok(rows
        .into_iter()
        .map(|(id, name, created_at, last_used_at)| PasskeyRow { id, name, created_at, last_used_at })
        .collect())
}

fn read_stored(text: &str) -> Result<Passkey> {
    serde_json::from_str(text).map_err(|_| Error::Impossible("a stored passkey that is none"))
}

async fn stored(nexus: &Nexus, user: UserId) -> Result<Vec<Passkey>> {
    let rows: Vec<(String,)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT credential FROM passkeys WHERE user_id = $1 ORDER BY id"
    ))
    .bind(user)
    .fetch_all(pool)
    .await)?;
    rows.iter().map(|(text,)| read_stored(text)).collect()
}

fn unfit() -> Error {
    Error::invalid("passkey", "The passkey did not answer as it should; try once more, or another one")
}

/// What the browser hands on, as JSON. `parse…OptionsFromJSON` takes the inner object.
fn options(question: &impl Serialize) -> Result<Value> {
    let mut question =
        serde_json::to_value(question).map_err(|_| Error::Impossible("a WebAuthn question is JSON"))?;
    let inner = question.get_mut("publicKey").map(Value::take);
    inner.ok_or(Error::Impossible("a WebAuthn question without its object"))
}

/// Asks for a new passkey.
pub async fn begin(nexus: &Nexus, opened: Opened, ip: IpAddr) -> Result<Challenge> {
    nexus.limits.request(ip, nexus.now()).await?;
    let party = relying_party(nexus)?;
    may_change(nexus, opened).await?;
    let user = opened.user;
    let email = email_of(nexus, user).await?;
    let known = stored(nexus, user).await?;
    if known.len() >= MOST {
        return Err(Refusal::new(Code::Conflict, "25 passkeys are enough; remove one first").into());
    }
    let known = known.iter().map(|passkey| passkey.cred_id().clone()).collect();
    let (question, state) = party
        .start_passkey_registration(user.0, &email, &email, Some(known))
        .map_err(|_| Error::Impossible("a passkey cannot be asked for"))?;
    let mut options = options(&question)?;
    // It is to be found by itself when somebody signs in without saying who they are.
    if let Some(selection) = options.get_mut("authenticatorSelection").and_then(Value::as_object_mut) {
        selection.insert("residentKey".to_owned(), json!("required"));
        selection.insert("requireResidentKey".to_owned(), json!(true));
    }
    let token = challenges::keep(nexus, Purpose::Register, Some(user), &state).await?;
    Ok(Challenge { token, options: options.to_string() })
}

/// Registers the passkey that answered, under a name; answers with recovery codes where the person has
/// none yet.
pub async fn add(
    nexus: &Nexus,
    opened: Opened,
    token: &str,
    answer: &str,
    name: &str,
    ip: IpAddr,
) -> Result<RecoveryCodes> {
    nexus.limits.request(ip, nexus.now()).await?;
    may_change(nexus, opened).await?;
    let name = check_passkey_name(name)?;
    let (party, user, now) = (relying_party(nexus)?, opened.user, nexus.now());
    let state: PasskeyRegistration = challenges::take(nexus, token, Purpose::Register, Some(user)).await?;
    let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| unfit())?;
    let passkey = party.finish_passkey_registration(&answer, &state).map_err(|_| unfit())?;
    let credential = serde_json::to_string(&passkey).map_err(|_| Error::Impossible("a passkey is JSON"))?;
    let credential_id: Vec<u8> = passkey.cred_id().to_vec();
    let handle = nexus.clone();
    let (codes, seqs): (RecoveryCodes, Seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                insert(tx, user, &name, &credential_id, &credential, now).await?;
                let codes = recovery::make_first(&handle, tx, user, now).await?;
                let seqs = tell(&handle, tx, user, &News::PasskeyAdded(name), ip, now).await?;
                Ok((codes, seqs))
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(codes)
}

async fn insert(
    tx: &mut Tx,
    user: UserId,
    name: &str,
    credential_id: &[u8],
    credential: &str,
    now: Timestamp,
) -> Result<()> {
    let rows = on!(*tx, |c| sqlx::query(sql!(
        "INSERT INTO passkeys (id, user_id, name, credential_id, credential, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
    ))
    .bind(PasskeyId(Uuid::now_v7()))
    .bind(user)
    .bind(name)
    .bind(credential_id)
    .bind(credential)
    .bind(now)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if rows == 1 { Ok(()) } else { Err(unfit()) }
}

/// Removes a passkey, unless it is the last thing with which the person signs in.
pub async fn remove(nexus: &Nexus, opened: Opened, id: PasskeyId, ip: IpAddr) -> Result<String> {
    may_change(nexus, opened).await?;
    let (handle, user, now) = (nexus.clone(), opened.user, nexus.now());
    let (name, seqs): (String, Seqs) = nexus
        .write(move |tx| {
            Box::pin(async move {
                let row: Option<(String,)> = on!(*tx, |c| sqlx::query_as(sql!(
                    "DELETE FROM passkeys WHERE id = $1 AND user_id = $2 RETURNING name"
                ))
                .bind(id)
                .bind(user)
                .fetch_optional(c)
                .await)?;
                let (name,) = row.ok_or_else(Error::not_found)?;
                crate::people::means::refuse_none(&handle, tx, user).await?;
                after_removal(tx, user).await?;
                let seqs = tell(&handle, tx, user, &News::PasskeyRemoved(name.clone()), ip, now).await?;
                Ok((name, seqs))
            })
        })
        .await?;
    saw(nexus, seqs);
    Ok(name)
}

pub(super) async fn delete_all(tx: &mut Tx, user: UserId) -> Result<()> {
    on!(*tx, |c| sqlx::query(sql!("DELETE FROM passkeys WHERE user_id = $1"))
        .bind(user)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Asks any passkey of this instance who is there.
pub async fn ask_who(nexus: &Nexus, ip: IpAddr) -> Result<Challenge> {
    nexus.limits.request(ip, nexus.now()).await?;
    let (question, state) = relying_party(nexus)?
        .start_discoverable_authentication()
        .map_err(|_| Error::Impossible("passkeys cannot be asked"))?;
    let token = challenges::keep(nexus, Purpose::SignIn, None, &state).await?;
    Ok(Challenge { token, options: options(&question)?.to_string() })
}

/// Asks the passkeys of a person who is known.
pub async fn ask_of(nexus: &Nexus, user: UserId, ip: IpAddr) -> Result<Challenge> {
    nexus.limits.request(ip, nexus.now()).await?;
    let party = relying_party(nexus)?;
    let known = stored(nexus, user).await?;
    if known.is_empty() {
        return Err(Refusal::new(Code::Conflict, "You have no passkey here").into());
    }
    let (question, state) = party
        .start_passkey_authentication(&known)
        .map_err(|_| Error::Impossible("passkeys cannot be asked"))?;
    let token = challenges::keep(nexus, Purpose::Prove, Some(user), &state).await?;
    Ok(Challenge { token, options: options(&question)?.to_string() })
}

/// Asks the passkeys of whoever is to take the second step.
pub async fn ask_for_second_step(nexus: &Nexus, second_step: &str, ip: IpAddr) -> Result<Challenge> {
    let user = crate::people::entering::waiting(nexus, second_step).await?;
    ask_of(nexus, user, ip).await
}

/// Checks the answer of a passkey of a person who is known.
pub(super) async fn prove(nexus: &Nexus, user: UserId, token: &str, answer: &str) -> Result<Proved> {
    let party = relying_party(nexus)?;
    let state: PasskeyAuthentication = challenges::take(nexus, token, Purpose::Prove, Some(user)).await?;
    let answer: PublicKeyCredential = serde_json::from_str(answer).map_err(|_| unfit())?;
    party.finish_passkey_authentication(&answer, &state).map(Proved).map_err(|_| unfit())
}

/// Notes that a passkey was used, with what it counted; refused when it was removed meanwhile.
pub(super) async fn used(tx: &mut Tx, user: UserId, proved: &Proved, now: Timestamp) -> Result<()> {
    let id: Vec<u8> = proved.0.cred_id().to_vec();
    let row: Option<(String,)> = on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT credential FROM passkeys WHERE credential_id = $1 AND user_id = $2"
    ))
    .bind(id.as_slice())
    .bind(user)
    .fetch_optional(c)
    .await)?;
    let mut passkey = read_stored(&row.ok_or_else(unfit)?.0)?;
    // Whether anything changed does not matter: the time of use is written anyway.
    let _changed = passkey.update_credential(&proved.0);
    let credential = serde_json::to_string(&passkey).map_err(|_| Error::Impossible("a passkey is JSON"))?;
    let rows = on!(*tx, |c| sqlx::query(sql!(
        "UPDATE passkeys SET credential = $3, last_used_at = $4 WHERE credential_id = $1 AND user_id = $2"
    ))
    .bind(id.as_slice())
    .bind(user)
    .bind(credential)
    .bind(now)
    .execute(c)
    .await
    .map(|done| done.rows_affected()))?;
    if rows == 1 { Ok(()) } else { Err(unfit()) }
}

/// Signs in whoever the passkey belongs to. An unknown passkey and a wrong answer are refused alike.
pub async fn sign_in(nexus: &Nexus, token: &str, answer: &str, ip: IpAddr) -> Result<Entered> {
    let begun = nexus.now();
    nexus.limits.request(ip, begun).await?;
    // Nobody knows yet whose account it is, so that it counts for the address alone.
    let account = format!("passkey from {ip}");
    nexus.limits.attempt(ip, &account, begun).await?;
    let state: DiscoverableAuthentication = challenges::take(nexus, token, Purpose::SignIn, None).await?;
    let refused = || Error::from(Refusal::new(Code::Unauthorized, "This passkey opens no account here"));
    let answer: PublicKeyCredential = serde_json::from_str(answer).map_err(|_| refused())?;
    let party = relying_party(nexus)?;
    let (user, id) = party.identify_discoverable_authentication(&answer).map_err(|_| refused())?;
    let user = UserId(user);
    let row: Option<(String,)> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT credential FROM passkeys WHERE credential_id = $1 AND user_id = $2"
    ))
    .bind(id)
    .bind(user)
    .fetch_optional(pool)
    .await)?;
    let passkey = DiscoverableKey::from(read_stored(&row.ok_or_else(refused)?.0)?);
    let proved = party
        .finish_discoverable_authentication_v2(&answer, state, &passkey)
        .map(Proved)
        .map_err(|_| refused())?;
    let now = nexus.now();
    nexus.write(move |tx| Box::pin(async move { used(tx, user, &proved, now).await })).await?;
    nexus.limits.succeeded(ip, &account, begun, now).await?;
    enter(nexus, user, Proof { means: Means::Passkey, second_factor: true }, ip).await
}

/// Confirms with a passkey that it is still the same person; answers with the time to remember.
pub async fn step_up(
    nexus: &Nexus,
    user: UserId,
    token: &str,
    answer: &str,
    ip: IpAddr,
) -> Result<Timestamp> {
    nexus.limits.request(ip, nexus.now()).await?;
    let answer = Answer::Passkey { token: token.to_owned(), answer: answer.to_owned() };
    show(nexus, user, answer, "user.step_up_failed", ip, move |tx, now| {
        Box::pin(async move { Ok((now, record_in(tx, user, "user.stepped_up", "done", ip, now).await?)) })
    })
    .await
}
