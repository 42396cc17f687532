//! The apps of a tenant, managed by its owners. A secret is shown once and stored as a MAC; disabling an app
//! and deleting it ends everything that people have let it do.

use super::registration::{Checked, check_homepage, check_logo, check_redirect_uris, data_address};
use super::{stored_scopes, to_store};
use crate::credentials::{Made, make};
use crate::gate::Actor;
use crate::keys::holding::{self, Grant};
use crate::nexus::Nexus;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result};
use nexus_domain::action::Action;
use nexus_domain::credential::{self, OAUTH_SECRET};
use nexus_domain::environment::LIVE;
use nexus_domain::oauth::{
    AppType, CLI_NAME, MAX_APPS, MadeOauthApp, NewOauthApp, OauthApp, OauthAppPatch, RotateOauthSecret,
    registered_scopes,
};
use nexus_domain::role::Scopes;
use nexus_domain::{Code, OauthAppId, Refusal, Timestamp, slug, timestamp};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

/// How long a replaced secret stays valid at most.
const MAX_GRACE_HOURS: i64 = 24;

#[derive(FromRow)]
struct Row {
    id: OauthAppId,
    name: String,
    #[sqlx(try_from = "String", rename = "type")]
    kind: AppType,
    redirect_uris: String,
    scopes: String,
    homepage: Option<String>,
    logo: Option<Vec<u8>>,
    device_flow: bool,
    enabled: bool,
    secret_key_id: Option<String>,
    old_secret_expires_at: Option<Timestamp>,
    grants: i64,
    created_at: Timestamp,
    created_by: String,
}

impl Row {
    fn into_wire(self, now: Timestamp) -> OauthApp {
        OauthApp {
            id: self.id,
            client_id: self.id.to_string(),
            name: self.name,
            kind: self.kind,
            redirect_uris: serde_json::from_str(&self.redirect_uris).unwrap_or_default(),
            scopes: stored_scopes(&self.scopes).0,
            homepage: self.homepage,
            logo: self.logo.as_deref().and_then(data_address),
            device_flow: self.device_flow,
            enabled: self.enabled,
            secret_prefix: self.secret_key_id.map(|id| credential::shown(OAUTH_SECRET, &id)),
            old_secret_expires_at: self.old_secret_expires_at.filter(|end| *end > now),
            grants: self.grants,
            created_at: self.created_at,
            created_by: self.created_by,
        }
    }
}

async fn rows(w: &mut Work, one: Option<OauthAppId>) -> Result<Vec<Row>> {
    let (all, now) = (one.is_none(), w.now);
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT a.id, a.name, a.type, a.redirect_uris, a.scopes, a.homepage, a.logo, a.device_flow, a.enabled,
                a.secret_key_id, a.old_secret_expires_at, a.created_at, a.created_by,
                (SELECT COUNT(*) FROM oauth_grants g
                 WHERE g.tenant_id = a.tenant_id AND g.app_id = a.id AND g.expires_at > $4) AS grants
         FROM oauth_apps a WHERE a.tenant_id = $1 AND (a.id = $2 OR $3) ORDER BY a.name, a.id"
    ))
    .bind(w.actor.tenant)
    .bind(one.map_or(Uuid::nil(), |id| id.0))
    .bind(all)
    .bind(now)
    .fetch_all(c)
    .await)?)
}

async fn find(w: &mut Work, id: OauthAppId, action: Action) -> Result<Row> {
    w.authorise(action)?;
    rows(w, Some(id)).await?.into_iter().next().ok_or_else(Error::not_found)
}

/// The app as it is after a change.
async fn shown(w: &mut Work, id: OauthAppId) -> Result<OauthApp> {
    let row = rows(w, Some(id)).await?.into_iter().next().ok_or_else(Error::not_found)?;
    Ok(row.into_wire(w.now))
}

/// The apps of the tenant, by name.
pub async fn list(nexus: &Nexus, actor: &Actor) -> Result<Vec<OauthApp>> {
    nexus
        .read(actor, |w| {
            Box::pin(async move {
                w.authorise(Action::OauthAppList)?;
                let now = w.now;
                Ok(rows(w, None).await?.into_iter().map(|row| row.into_wire(now)).collect())
            })
        })
        .await
}

/// One app.
pub async fn get(nexus: &Nexus, actor: &Actor, id: OauthAppId) -> Result<OauthApp> {
    nexus
        .read(actor, move |w| {
            Box::pin(async move { Ok(find(w, id, Action::OauthAppList).await?.into_wire(w.now)) })
        })
        .await
}

/// Apps see live, so a credential of another environment has nothing to do with them.
fn expect_live(w: &Work, action: Action) -> Result<()> {
    match w.actor.confined_to() {
        None | Some(LIVE) => Ok(()),
        Some(_) => Err(Error::Denied(Denial::on_tenant(action.event(), &w.actor.tenant_slug))),
    }
}

/// Whoever gives an app what it may ask for holds it, and for as long.
async fn expect_held(w: &mut Work, scopes: Scopes, action: Action) -> Result<()> {
    expect_live(w, action)?;
    holding::expect(w, &Grant::lasting(scopes), action).await
}

/// Registers an app; the only answer that shows its secret.
pub async fn create(nexus: &Nexus, actor: &Actor, new: NewOauthApp) -> Result<MadeOauthApp> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                w.authorise(Action::OauthAppCreate)?;
                let app = Checked {
                    name: slug::check_name(&new.name)?,
                    redirect_uris: new.redirect_uris,
                    scopes: registered_scopes(&new.scopes)?,
                    homepage: check_homepage(new.homepage.as_deref())?,
                    logo: check_logo(new.logo_base64.as_deref())?,
                    device_flow: new.device_flow,
                };
                check_redirect_uris(&app.redirect_uris, new.kind, app.device_flow)?;
                expect_held(w, app.scopes.clone(), Action::OauthAppCreate).await?;
                expect_room(w, &app.name, None).await?;
                let made = match new.kind {
                    AppType::Confidential => Some(make(&w.nexus, OAUTH_SECRET)?),
                    AppType::Public => None,
                };
                let id = OauthAppId(Uuid::now_v7());
                insert(w, id, new.kind, &app, made.as_ref()).await?;
                let details = json!({ "id": id, "type": new.kind, "scopes": app.scopes, "redirect_uris": app.redirect_uris });
                w.record(Action::OauthAppCreate, &Target::named(&app.name), details).await?;
                let about = shown(w, id).await?;
                Ok(MadeOauthApp { about, client_secret: made.map(|made| made.text) })
            })
        })
        .await
}

/// Refuses a name that another app has, and an app too many.
async fn expect_room(w: &mut Work, name: &str, own: Option<OauthAppId>) -> Result<()> {
    let (apps, named): (i64, i64) = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT COUNT(*), COUNT(CASE WHEN name = $2 AND id <> $3 THEN 1 END) FROM oauth_apps WHERE tenant_id = $1"
    ))
    .bind(w.actor.tenant)
    .bind(name)
    .bind(own.map_or(Uuid::nil(), |id| id.0))
    .fetch_one(c)
    .await
    })?;
    // It is how the built-in app is called wherever people read who acts for them.
    if named > 0 || name.eq_ignore_ascii_case(CLI_NAME) {
        return Err(Refusal::taken("name", "An app of this tenant has this name").into());
    }
    if own.is_none() && apps >= MAX_APPS {
        let message = format!("A tenant has at most {MAX_APPS} apps: delete those that nobody uses");
        return Err(Refusal::new(Code::QuotaExceeded, message)
            .with("quota", "oauth_apps")
            .with("limit", MAX_APPS)
            .into());
    }
    Ok(())
}

async fn insert(
    w: &mut Work,
    id: OauthAppId,
    kind: AppType,
    app: &Checked,
    made: Option<&Made>,
) -> Result<()> {
    let (uris, scopes) = (to_store(&app.redirect_uris)?, to_store(&app.scopes)?);
    let by = w.actor.label().to_owned();
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "INSERT INTO oauth_apps (tenant_id, id, name, type, redirect_uris, scopes, homepage, logo, device_flow,
             enabled, secret_key_id, secret_mac, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(app.name.as_str())
    .bind(kind.as_str())
    .bind(uris)
    .bind(scopes)
    .bind(app.homepage.as_deref())
    .bind(app.logo.as_deref())
    .bind(app.device_flow)
    .bind(true)
    .bind(made.map(|made| made.key_id.as_str()))
    .bind(made.map(|made| made.mac.as_slice()))
    .bind(w.now)
    .bind(by)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// Changes an app. Disabling it ends what people have let it do.
pub async fn update(nexus: &Nexus, actor: &Actor, id: OauthAppId, patch: OauthAppPatch) -> Result<OauthApp> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let row = find(w, id, Action::OauthAppUpdate).await?;
                let (kind, was_enabled) = (row.kind, row.enabled);
                let enabled = patch.enabled.unwrap_or(was_enabled);
                // What people have allowed it goes wherever it is sent from now on.
                let mut worth = stored_scopes(&row.scopes);
                let app = patched(row, &patch)?;
                worth.0.extend(&app.scopes.0);
                expect_held(w, worth, Action::OauthAppUpdate).await?;
                check_redirect_uris(&app.redirect_uris, kind, app.device_flow)?;
                expect_room(w, &app.name, Some(id)).await?;
                store(w, id, &app, enabled).await?;
                narrow(w, id, &app.scopes).await?;
                if !enabled {
                    end_all(w, id).await?;
                }
                w.record(Action::OauthAppUpdate, &Target::named(&app.name), changes(id, &patch, &app))
                    .await?;
                shown(w, id).await
            })
        })
        .await
}

fn patched(row: Row, patch: &OauthAppPatch) -> Result<Checked> {
    let scopes = match &patch.scopes {
        Some(scopes) => registered_scopes(scopes)?,
        None => stored_scopes(&row.scopes),
    };
    Ok(Checked {
        name: patch.name.as_deref().map_or(Ok(row.name), slug::check_name)?,
        redirect_uris: match &patch.redirect_uris {
            Some(uris) => uris.clone(),
            None => serde_json::from_str(&row.redirect_uris).unwrap_or_default(),
        },
        scopes,
        homepage: match &patch.homepage {
            Some(text) => check_homepage(Some(text))?,
            None => row.homepage,
        },
        logo: match &patch.logo_base64 {
            Some(text) => check_logo(Some(text))?,
            None => row.logo,
        },
        device_flow: patch.device_flow.unwrap_or(row.device_flow),
    })
}

/// What the audit log says of a change.
fn changes(id: OauthAppId, patch: &OauthAppPatch, app: &Checked) -> serde_json::Value {
    let mut details = serde_json::Map::from_iter([("id".to_owned(), json!(id))]);
    let changed = [
        ("name", patch.name.as_ref().map(|_| json!(app.name))),
        ("redirect_uris", patch.redirect_uris.as_ref().map(|_| json!(app.redirect_uris))),
        ("scopes", patch.scopes.as_ref().map(|_| json!(app.scopes))),
        ("homepage", patch.homepage.as_ref().map(|_| json!(app.homepage))),
        ("logo", patch.logo_base64.as_ref().map(|_| json!(app.logo.is_some()))),
        ("device_flow", patch.device_flow.map(|to| json!(to))),
        ("enabled", patch.enabled.map(|to| json!(to))),
    ];
    details.extend(changed.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    details.into()
}

async fn store(w: &mut Work, id: OauthAppId, app: &Checked, enabled: bool) -> Result<()> {
    let (uris, scopes) = (to_store(&app.redirect_uris)?, to_store(&app.scopes)?);
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "UPDATE oauth_apps SET name = $3, redirect_uris = $4, scopes = $5, homepage = $6, logo = $7, device_flow = $8,
             enabled = $9
         WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(app.name.as_str())
    .bind(uris)
    .bind(scopes)
    .bind(app.homepage.as_deref())
    .bind(app.logo.as_deref())
    .bind(app.device_flow)
    .bind(enabled)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// Takes scopes that an app may not ask for any more out of what it was given, so that they do not come back
/// with the next change.
async fn narrow(w: &mut Work, id: OauthAppId, registered: &Scopes) -> Result<()> {
    let tenant = w.actor.tenant;
    let given: Vec<(String,)> = on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT scopes FROM oauth_grants WHERE tenant_id = $1 AND app_id = $2
         UNION SELECT scopes FROM oauth_codes WHERE tenant_id = $1 AND app_id = $2
         UNION SELECT scopes FROM oauth_devices WHERE tenant_id = $1 AND app_id = $2
         UNION SELECT o.scopes FROM oauth_tokens o JOIN oauth_grants g ON g.tenant_id = o.tenant_id AND g.id = o.grant_id
               WHERE g.tenant_id = $1 AND g.app_id = $2"
    ))
    .bind(tenant)
    .bind(id)
    .fetch_all(c)
    .await
    })?;
    for (before,) in given {
        let mut left = stored_scopes(&before);
        left.0.retain(|scope| registered.has(*scope));
        let after = to_store(&left)?;
        if after == before {
            continue;
        }
        on!(w.tx, |c| sqlx::query(sql!(
            "UPDATE oauth_grants SET scopes = $4 WHERE tenant_id = $1 AND app_id = $2 AND scopes = $3"
        ))
        .bind(tenant)
        .bind(id)
        .bind(before.as_str())
        .bind(after.as_str())
        .execute(c)
        .await
        .map(|_| ()))?;
        on!(w.tx, |c| sqlx::query(sql!(
            "UPDATE oauth_tokens SET scopes = $4 WHERE tenant_id = $1 AND scopes = $3
                 AND grant_id IN (SELECT id FROM oauth_grants WHERE tenant_id = $1 AND app_id = $2)"
        ))
        .bind(tenant)
        .bind(id)
        .bind(before.as_str())
        .bind(after.as_str())
        .execute(c)
        .await
        .map(|_| ()))?;
        on!(w.tx, |c| sqlx::query(sql!(
            "UPDATE oauth_codes SET scopes = $4 WHERE tenant_id = $1 AND app_id = $2 AND scopes = $3"
        ))
        .bind(tenant)
        .bind(id)
        .bind(before.as_str())
        .bind(after.as_str())
        .execute(c)
        .await
        .map(|_| ()))?;
        on!(w.tx, |c| sqlx::query(sql!(
            "UPDATE oauth_devices SET scopes = $4 WHERE tenant_id = $1 AND app_id = $2 AND scopes = $3"
        ))
        .bind(tenant)
        .bind(id)
        .bind(before.as_str())
        .bind(after.as_str())
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    Ok(())
}

/// Ends what people have let an app do, and what is on its way there.
async fn end_all(w: &mut Work, id: OauthAppId) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM oauth_codes WHERE tenant_id = $1 AND app_id = $2"))
        .bind(w.actor.tenant)
        .bind(id)
        .execute(c)
        .await
        .map(|_| ()))?;
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM oauth_devices WHERE tenant_id = $1 AND app_id = $2"))
        .bind(w.actor.tenant)
        .bind(id)
        .execute(c)
        .await
        .map(|_| ()))?;
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM oauth_grants WHERE tenant_id = $1 AND app_id = $2"))
        .bind(w.actor.tenant)
        .bind(id)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Gives an app another secret; the only answer that shows it. The old one stays valid for the grace time, or
/// not at all.
pub async fn rotate_secret(
    nexus: &Nexus,
    actor: &Actor,
    id: OauthAppId,
    request: RotateOauthSecret,
) -> Result<MadeOauthApp> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let row = find(w, id, Action::OauthAppRotate).await?;
                expect_held(w, stored_scopes(&row.scopes), Action::OauthAppRotate).await?;
                if row.kind == AppType::Public {
                    return Err(Refusal::new(Code::Conflict, "A public app has no secret").into());
                }
                let grace = request.grace_hours.unwrap_or(MAX_GRACE_HOURS);
                if !(0..=MAX_GRACE_HOURS).contains(&grace) {
                    return Err(Error::invalid("grace_hours", format!("0 to {MAX_GRACE_HOURS} hours")));
                }
                let made = make(&w.nexus, OAUTH_SECRET)?;
                let until = (grace > 0).then(|| w.now.plus(grace * timestamp::HOUR));
                replace_secret(w, id, &made, until).await?;
                let details = json!({ "id": id, "prefix": made.shown, "grace_hours": grace });
                w.record(Action::OauthAppRotate, &Target::named(&row.name), details).await?;
                let about = shown(w, id).await?;
                Ok(MadeOauthApp { about, client_secret: Some(made.text) })
            })
        })
        .await
}

async fn replace_secret(w: &mut Work, id: OauthAppId, made: &Made, until: Option<Timestamp>) -> Result<()> {
    let keeps_old = until.is_some();
    on!(w.tx, |c| {
        sqlx::query(sql!(
        "UPDATE oauth_apps
         SET old_secret_key_id = CASE WHEN $5 THEN secret_key_id END, old_secret_mac = CASE WHEN $5 THEN secret_mac END,
             old_secret_expires_at = $6, secret_key_id = $3, secret_mac = $4
         WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(id)
    .bind(made.key_id.as_str())
    .bind(made.mac.as_slice())
    .bind(keeps_old)
    .bind(until)
    .execute(c)
    .await
    .map(|_| ())
    })?;
    Ok(())
}

/// Deletes an app, with everything that people have let it do.
pub async fn delete(nexus: &Nexus, actor: &Actor, id: OauthAppId) -> Result<()> {
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let row = find(w, id, Action::OauthAppDelete).await?;
                expect_live(w, Action::OauthAppDelete)?;
                on!(w.tx, |c| sqlx::query(sql!("DELETE FROM oauth_apps WHERE tenant_id = $1 AND id = $2"))
                    .bind(w.actor.tenant)
                    .bind(id)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
                let details = json!({ "id": id, "grants": row.grants });
                w.record(Action::OauthAppDelete, &Target::named(&row.name), details).await
            })
        })
        .await
}
