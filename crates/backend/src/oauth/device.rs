//! Letting a device in that has no browser (RFC 8628): it shows a short code, and a person who is signed in
//! somewhere else types it and says where it may go. `nexus login` is such a device, of the built-in app.

use super::client::{self, Client};
use super::issue::{Grant, Pair, begin as begin_grant, store};
use super::standing::{Holder, Shown};
use super::{Answer, Basic, Form, stored_scopes, to_store};
use crate::nexus::Nexus;
use crate::people::{Opened, person, seen_by, slug_of};
use crate::store::{Tx, on, single, sql};
use crate::work::{Target, Work};
use crate::{Error, Result, crypto, people};
use nexus_domain::action::Action;
use nexus_domain::oauth::problem::{Problem, ProblemCode};
use nexus_domain::oauth::{
    CLI_CLIENT_ID, DEVICE_INTERVAL, DEVICE_LIFE, DeviceAuthorization, DeviceRequest, DeviceTenant,
    TokenAnswer, USER_CODE_LETTERS, read_scopes, read_user_code, show_user_code, words,
};
use nexus_domain::timestamp::SECOND;
use nexus_domain::{OauthAppId, OauthGrantId, Refusal, TenantId, Timestamp};
use serde_json::json;
use sqlx::FromRow;
use std::net::IpAddr;
use uuid::Uuid;

/// Devices of one address that wait at once, so that nobody fills the table.
const MAX_WAITING: i64 = 100;

/// A device begins.
pub async fn begin(
    nexus: &Nexus,
    form: &Form,
    basic: Option<&Basic>,
    ip: IpAddr,
) -> Answer<DeviceAuthorization> {
    nexus.limits.request(ip, nexus.now()).await?;
    form.refuse_repeated()?;
    let client = client::identify(nexus, form, basic, ip).await?;
    expect_device(&client)?;
    let scopes = match (form.get("scope"), &client.default_scopes) {
        (Some(text), _) => read_scopes(text, &client.scopes),
        (None, default) => default.clone(),
    };
    let scopes = scopes.ok_or(Problem::new(
        ProblemCode::InvalidScope,
        "scope names one or more of the scopes that this app may ask for",
    ))?;
    let device_code = people::new_token(nexus)?;
    let user_code = new_user_code(nexus)?;
    let device_hash = nexus.keyring.mac("oauth-device", device_code.as_bytes())?;
    let user_hash = nexus.keyring.mac("oauth-user-code", user_code.as_bytes())?;
    let (scopes, now, app) = (to_store(&scopes)?, nexus.now(), client.app);
    nexus
        .write(move |tx| {
            Box::pin(async move {
                expect_room(tx, ip, now).await?;
                on!(*tx, |c| sqlx::query(sql!(
                    "INSERT INTO oauth_devices (device_hash, user_code_hash, tenant_id, app_id, scopes, state, ip, wait,
                         created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, 'asked', $6, $7, $8, $9)"
                ))
                .bind(device_hash.as_slice())
                .bind(user_hash.as_slice())
                .bind(app.map(|(tenant, _)| tenant))
                .bind(app.map(|(_, app)| app))
                .bind(scopes)
                .bind(ip.to_string())
                .bind(DEVICE_INTERVAL)
                .bind(now)
                .bind(now.plus(DEVICE_LIFE))
                .execute(c)
                .await
                .map(|_| ()))?;
                Ok(())
            })
        })
        .await?;
    let user_code = show_user_code(&user_code);
    let verification_uri = format!("{}/device", nexus.settings.public_url);
    Ok(DeviceAuthorization {
        device_code,
        verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
        verification_uri,
        user_code,
        expires_in: DEVICE_LIFE / SECOND,
        interval: DEVICE_INTERVAL,
    })
}

fn expect_device(client: &Client) -> std::result::Result<(), Problem> {
    if client.device_flow {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::UnauthorizedClient, "The device flow is switched off for this app"))
}

async fn expect_room(tx: &mut Tx, ip: IpAddr, now: Timestamp) -> Result<()> {
    let (waiting,): (i64,) = on!(*tx, |c| sqlx::query_as(sql!(
        "SELECT COUNT(*) FROM oauth_devices WHERE ip = $1 AND expires_at > $2"
    ))
    .bind(ip.to_string())
    .bind(now)
    .fetch_one(c)
    .await)?;
    if waiting < MAX_WAITING { Ok(()) } else { Err(Error::Unavailable) }
}

/// Eight letters, each as likely as another.
fn new_user_code(nexus: &Nexus) -> Result<String> {
    let (mut code, letters) = (String::new(), USER_CODE_LETTERS.len());
    while code.len() < 8 {
        let bytes: [u8; 16] = crypto::random(nexus.keyring.random())?;
        // 240 is the largest multiple of 20 that a byte holds.
        let fair = bytes.iter().filter(|byte| **byte < 240);
        let drawn = fair.filter_map(|byte| USER_CODE_LETTERS.get(usize::from(*byte) % letters));
        code.extend(drawn.map(|letter| char::from(*letter)).take(8 - code.len()));
    }
    Ok(code)
}

/// A device that waits for a person.
#[derive(FromRow)]
struct Waiting {
    tenant_id: Option<TenantId>,
    app_id: Option<OauthAppId>,
    scopes: String,
    ip: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

fn unknown_code() -> Refusal {
    Refusal::invalid("user_code", "No device waits with this code: it may be over, or mistyped")
}

/// Finds the device of a code that a person typed. Codes are short, so that wrong ones are counted by address
/// and by person.
async fn waiting(
    nexus: &Nexus,
    opened: Opened,
    typed: &str,
    ip: IpAddr,
) -> Result<(String, [u8; 32], Waiting)> {
    let begun = nexus.now();
    nexus.limits.request(ip, begun).await?;
    let account = format!("device {}", opened.user);
    nexus.limits.attempt(ip, &account, begun).await?;
    let code = read_user_code(typed).ok_or_else(unknown_code)?;
    let hash = nexus.keyring.mac("oauth-user-code", code.as_bytes())?;
    let row: Option<Waiting> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT tenant_id, app_id, scopes, ip, created_at, expires_at FROM oauth_devices
         WHERE user_code_hash = $1 AND state = 'asked' AND expires_at > $2"
    ))
    .bind(hash.as_slice())
    .bind(begun)
    .fetch_optional(pool)
    .await)?;
    let row = row.ok_or_else(unknown_code)?;
    nexus.limits.succeeded(ip, &account, begun, nexus.now()).await?;
    Ok((code, hash, row))
}

/// The app of a device; none where it was disabled in the meantime.
async fn app_of(nexus: &Nexus, waiting: &Waiting) -> Result<Client> {
    let id = waiting.app_id.map_or_else(|| CLI_CLIENT_ID.to_owned(), |app| app.to_string());
    client::find(nexus, &id).await?.filter(|client| client.device_flow).ok_or_else(|| unknown_code().into())
}

/// What to show for a code.
pub async fn look(nexus: &Nexus, opened: Opened, typed: &str, ip: IpAddr) -> Result<DeviceRequest> {
    let (code, _, row) = waiting(nexus, opened, typed, ip).await?;
    let client = app_of(nexus, &row).await?;
    let me = seen_by(nexus, opened).await?.ok_or_else(Error::not_found)?;
    let own = match row.tenant_id {
        None => None,
        Some(tenant) => Some(slug_of(nexus, tenant).await?),
    };
    let fits = |slug: &str| own.as_deref().is_none_or(|own| own == slug);
    let tenants: Vec<DeviceTenant> = me
        .tenants
        .into_iter()
        .filter(|it| fits(&it.slug))
        .map(|it| DeviceTenant { slug: it.slug, name: it.name })
        .collect();
    // An app of a tenant is nobody else's business.
    if tenants.is_empty() && own.is_some() {
        return Err(unknown_code().into());
    }
    Ok(DeviceRequest {
        user_code: show_user_code(&code),
        app: client.shown,
        person: me.email,
        tenants,
        scopes: words::in_words(&stored_scopes(&row.scopes)),
        asked_from: row.ip,
        asked_at: row.created_at,
        expires_at: row.expires_at,
    })
}

/// Lets a device in where the person says, or refuses it. Letting in takes a fresh sign-in, like making a key;
/// refusing does not.
pub async fn decide(
    nexus: &Nexus,
    opened: Opened,
    typed: &str,
    tenant_slug: &str,
    allow: bool,
    ip: IpAddr,
) -> Result<()> {
    let (_, hash, row) = waiting(nexus, opened, typed, ip).await?;
    let client = app_of(nexus, &row).await?;
    let actor = person(nexus, opened, tenant_slug, Some(ip)).await?;
    if row.tenant_id.is_some_and(|own| own != actor.tenant) {
        return Err(unknown_code().into());
    }
    let (name, scopes) = (client.name().to_owned(), stored_scopes(&row.scopes));
    nexus
        .change(&actor, move |w| {
            Box::pin(async move {
                let details = json!({ "app": row.app_id, "scopes": scopes, "device": true });
                if !allow {
                    w.authorise(Action::OauthGrantEnd)?;
                    answer(w, &hash, "refused").await?;
                    return w.record_event("oauth_grant.refused", &Target::named(&name), details).await;
                }
                w.authorise(Action::OauthGrantGive)?;
                answer(w, &hash, "allowed").await?;
                w.record(Action::OauthGrantGive, &Target::named(&name), details).await
            })
        })
        .await
}

async fn answer(w: &mut Work, hash: &[u8], state: &'static str) -> Result<()> {
    let user = w.actor.user().ok_or_else(Error::not_found)?;
    let rows = on!(w.tx, |c| {
        sqlx::query(sql!(
        "UPDATE oauth_devices SET state = $4, tenant_id = $1, user_id = $3
         WHERE user_code_hash = $2 AND state = 'asked' AND expires_at > $5 AND (app_id IS NULL OR tenant_id = $1)"
    ))
    .bind(w.actor.tenant)
    .bind(hash)
    .bind(user)
    .bind(state)
    .bind(w.now)
    .execute(c)
    .await
    .map(|done| done.rows_affected())
    })?;
    if rows == 1 { Ok(()) } else { Err(unknown_code().into()) }
}

/// What a device is told that asks whether it was let in.
#[derive(FromRow)]
struct Polled {
    state: String,
    too_early: bool,
}

/// Answers a device that asks: not yet, not so often, no, or with its tokens.
pub(super) async fn poll(nexus: &Nexus, form: &Form, client: &Client, ip: IpAddr) -> Answer<TokenAnswer> {
    let code = form.need("device_code", "device_code is missing")?;
    expect_device(client)?;
    let hash = nexus.keyring.mac("oauth-device", code.as_bytes())?;
    let polled = note(nexus, hash, client.id()).await?.ok_or(Problem::invalid_grant())?;
    if polled.state == "over" {
        return Err(Problem::new(ProblemCode::ExpiredToken, "The time of this device code is over").into());
    }
    match (polled.state.as_str(), polled.too_early) {
        ("refused", _) => Err(Problem::new(ProblemCode::AccessDenied, "The person said no").into()),
        (_, true) => Err(Problem::new(ProblemCode::SlowDown, "Wait five seconds longer from now on").into()),
        ("asked", _) => {
            Err(Problem::new(ProblemCode::AuthorizationPending, "Nobody has let this device in yet").into())
        }
        _ => give(nexus, hash, ip).await,
    }
}

/// A device that asks whether it was let in.
#[derive(FromRow)]
struct Asking {
    app_id: Option<OauthAppId>,
    state: String,
    /// Seconds between two questions.
    wait: i64,
    polled_at: Option<Timestamp>,
    expires_at: Timestamp,
}

/// Writes down that a device asked; who asks too early waits five seconds longer from then on.
async fn note(nexus: &Nexus, hash: [u8; 32], app: Option<OauthAppId>) -> Result<Option<Polled>> {
    let now = nexus.now();
    nexus
        .write(move |tx| {
            Box::pin(async move {
                let row: Option<Asking> = on!(*tx, |c| sqlx::query_as(sql!(
                    "SELECT app_id, state, wait, polled_at, expires_at FROM oauth_devices WHERE device_hash = $1"
                ))
                .bind(hash.as_slice())
                .fetch_optional(c)
                .await)?;
                let Some(Asking { state, wait, polled_at, expires_at, .. }) = row.filter(|row| row.app_id == app)
                else {
                    return Ok(None);
                };
                if expires_at <= now {
                    return Ok(Some(Polled { state: "over".to_owned(), too_early: false }));
                }
                let too_early = polled_at.is_some_and(|at| now < at.plus(wait * SECOND));
                let wait = if too_early { wait.saturating_add(DEVICE_INTERVAL).min(600) } else { wait };
                on!(*tx, |c| sqlx::query(sql!(
                    "UPDATE oauth_devices SET polled_at = $2, wait = $3 WHERE device_hash = $1"
                ))
                .bind(hash.as_slice())
                .bind(now)
                .bind(wait)
                .execute(c)
                .await
                .map(|_| ()))?;
                Ok(Some(Polled { state, too_early }))
            })
        })
        .await
}

#[derive(FromRow)]
struct Allowed {
    #[sqlx(flatten)]
    holder: Holder,
    app_id: Option<OauthAppId>,
    scopes: String,
}

/// Gives a device that was let in its tokens, once.
async fn give(nexus: &Nexus, hash: [u8; 32], ip: IpAddr) -> Answer<TokenAnswer> {
    let row: Option<Allowed> = single!(nexus.db, |pool| sqlx::query_as(sql!(
        "SELECT d.tenant_id, t.slug AS tenant_slug, d.user_id, u.email, m.role, m.handle, a.name AS app_name, d.app_id,
                d.scopes
         FROM oauth_devices d JOIN tenants t ON t.id = d.tenant_id JOIN users u ON u.id = d.user_id
         JOIN memberships m ON m.tenant_id = d.tenant_id AND m.user_id = d.user_id
         LEFT JOIN oauth_apps a ON a.tenant_id = d.tenant_id AND a.id = d.app_id
         WHERE d.device_hash = $1 AND d.state = 'allowed'"
    ))
    .bind(hash.as_slice())
    .fetch_optional(pool)
    .await)
    .map_err(Error::from)?;
    let row = row.ok_or(Problem::invalid_grant())?;
    let grant = Grant {
        tenant: row.holder.tenant_id,
        id: OauthGrantId(Uuid::now_v7()),
        user: row.holder.user_id,
        app: row.app_id,
        scopes: stored_scopes(&row.scopes),
    };
    let actor = row.holder.actor(grant.id, grant.scopes.clone(), Shown::default(), Some(ip));
    let pair = Pair::make(nexus)?;
    let given = nexus
        .change(&actor, move |w| {
            Box::pin(async move {
                let used = on!(w.tx, |c| sqlx::query(sql!(
                    "DELETE FROM oauth_devices
                     WHERE tenant_id = $1 AND device_hash = $2 AND state = 'allowed' AND expires_at > $3"
                ))
                .bind(grant.tenant)
                .bind(hash.as_slice())
                .bind(w.now)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
                if used != 1 {
                    w.nothing_to_do();
                    return Ok(None);
                }
                begin_grant(&mut w.tx, &grant, w.now).await?;
                store(&mut w.tx, &grant, &pair, &grant.scopes, w.now).await?;
                let details = json!({ "app": grant.app, "scopes": grant.scopes, "device": true });
                w.record_event("oauth_grant.begun", &Target::default(), details).await?;
                Ok(Some(pair.into_answer(&grant.scopes)))
            })
        })
        .await?;
    Ok(given.ok_or(Problem::invalid_grant())?)
}
