//! Where the schemas of configs are kept: beside the entry, so that a rename keeps it and every new
//! version is checked against it.

use super::Schema;
use crate::entries::Entry;
use crate::services::Resolved;
use crate::store::{on, sql};
use crate::work::Work;
use crate::{Error, Result};
use nexus_domain::config::{ConfigType, ConfigValue};
use nexus_domain::json::JsonText;
use nexus_domain::{EntryId, ServiceId};
use std::collections::HashMap;
use uuid::Uuid;

/// Gives a config this schema, or takes it away. Says whether that changed anything.
pub(crate) async fn set(w: &mut Work, entry: EntryId, schema: Option<&JsonText>) -> Result<bool> {
    let before = of(w, entry).await?;
    if before.as_deref() == schema.map(JsonText::as_str) {
        return Ok(false);
    }
    if let Some(schema) = schema {
        Schema::read(schema)?;
    }
    on!(w.tx, |c| sqlx::query(sql!("DELETE FROM config_schemas WHERE tenant_id = $1 AND entry_id = $2"))
        .bind(w.actor.tenant)
        .bind(entry)
        .execute(c)
        .await
        .map(|_| ()))?;
    if let Some(schema) = schema {
        on!(w.tx, |c| sqlx::query(sql!(
            "INSERT INTO config_schemas (tenant_id, entry_id, schema) VALUES ($1, $2, $3)"
        ))
        .bind(w.actor.tenant)
        .bind(entry)
        .bind(schema.as_str())
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    Ok(true)
}

async fn of(w: &mut Work, entry: EntryId) -> Result<Option<String>> {
    let row: Option<(String,)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT schema FROM config_schemas WHERE tenant_id = $1 AND entry_id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(entry)
    .fetch_optional(c)
    .await)?;
    Ok(row.map(|(schema,)| schema))
}

/// A stored schema, which was checked when it was written.
fn stored(text: &str) -> Result<JsonText> {
    serde_json::from_str(text).map_err(|_| Error::Impossible("a schema that is not JSON"))
}

/// Refuses a value that does not fit the schema of its entry, where there is one.
pub(crate) async fn refuse_unfit(w: &mut Work, entry: EntryId, value: &ConfigValue) -> Result<()> {
    let Some(schema) = of(w, entry).await? else { return Ok(()) };
    if value.kind != ConfigType::Json {
        let rule = "A config with a JSON Schema stays json; take the schema away first";
        return Err(Error::invalid("type", rule));
    }
    Ok(Schema::read(&stored(&schema)?)?.check(value.text())?)
}

/// Gives a config the schema of another one.
pub(crate) async fn copy(w: &mut Work, from: &Entry, to: &Entry) -> Result<()> {
    let schema = of(w, from.id).await?.map(|schema| stored(&schema)).transpose()?;
    set(w, to.id, schema.as_ref()).await.map(|_| ())
}

/// Whether two configs have the same schema, or both none.
pub(crate) async fn is_same(w: &mut Work, one: &Entry, other: &Entry) -> Result<bool> {
    Ok(of(w, one.id).await? == of(w, other.id).await?)
}

/// The schemas of a service's configs between two keys, by the service that has the entry and its key.
pub(crate) async fn of_page(
    w: &mut Work,
    service: &Resolved,
    first: &str,
    last: &str,
) -> Result<HashMap<(ServiceId, String), JsonText>> {
    let rows: Vec<(ServiceId, String, String)> = on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT n.service_id, n.key, s.schema FROM entries n JOIN config_schemas s ON s.entry_id = n.id
         WHERE n.tenant_id = $1 AND n.service_id = $2 AND n.kind = 'config' AND n.deleted_at IS NULL
           AND n.key >= $4 AND n.key <= $5
         UNION ALL
         SELECT n.service_id, n.key, s.schema FROM entries n JOIN config_schemas s ON s.entry_id = n.id
         WHERE n.tenant_id = $1 AND n.service_id = $3 AND n.kind = 'config' AND n.deleted_at IS NULL
           AND n.key >= $4 AND n.key <= $5"
    ))
    .bind(w.actor.tenant)
    .bind(service.id)
    .bind(service.umbrella_id.unwrap_or(ServiceId(Uuid::nil())))
    .bind(first)
    .bind(last)
    .fetch_all(c)
    .await)?;
    rows.into_iter().map(|(of, key, schema)| Ok(((of, key), stored(&schema)?))).collect()
}
