//! Importing the whole `develop` environment into one's own: services, umbrellas, links, secrets,
//! configs and flags, all or nothing. Values of secrets come along only where the importer may reveal them; other secrets arrive
//! without one and need a value.

use super::own;
use crate::entries::{self, Entry, Kind, VersionRow};
use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::secrets::{self, Value};
use crate::services::{self, Draft};
use crate::store::{on, sql};
use crate::work::{Target, Work};
use crate::{Denial, Error, Result, configs, flags};
use nexus_domain::action::Action;
use nexus_domain::environment::{DEVELOP, DevImport, OnConflict};
use nexus_domain::key::EntryKey;
use nexus_domain::role::{Permission, Place};
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::{EnvironmentId, ProjectId, Refusal, ServiceId};
use serde_json::json;
use sqlx::FromRow;
use std::collections::HashMap;

/// What the history says of a version that came along.
const DESCRIPTION: &str = "Imported from develop";

#[derive(FromRow)]
struct SourceService {
    id: ServiceId,
    slug: String,
    name: String,
    #[sqlx(try_from = "String")]
    kind: ServiceKind,
    umbrella: bool,
    umbrella_slug: Option<String>,
}

/// Imports `develop`; `on_conflict` decides about keys that are there already.
pub async fn import(
    nexus: &Nexus,
    actor: &Actor,
    project: &str,
    on_conflict: OnConflict,
) -> Result<DevImport> {
    let project = project.to_owned();
    nexus
        .change(actor, move |w| {
            Box::pin(async move {
                let (resolved, row) = own(w, &project, Action::DevEnvironmentImport).await?;
                let target = row.ok_or_else(|| Error::Refused(Refusal::not_found()))?;
                // Whoever was let into this environment alone does not fetch another one into it.
                if w.actor.confined_to().is_some_and(|slug| slug == target.slug) {
                    return Err(Error::Denied(Denial::in_project(
                        Action::DevEnvironmentImport.event(),
                        &project,
                    )));
                }
                let develop = Place::Shared { develop: true };
                let may_reveal = resolved.role.allows(Permission::SecretReveal, develop)
                    && w.actor.scopes_allow(Permission::SecretReveal);
                if may_reveal {
                    // Values come along, and showing values takes a fresh sign-in.
                    w.authorise_in(Some(resolved.role), develop, Action::SecretReveal, &project)?;
                }
                let sources = services_of(w, resolved.id, DEVELOP).await?;
                let mut job = Job {
                    project: resolved.id,
                    project_slug: project.clone(),
                    environment: target.id,
                    environment_slug: target.slug.clone(),
                    on_conflict,
                    may_reveal,
                    undelete_days: resolved.undelete_days,
                    done: DevImport::default(),
                };
                job.copy_all(w, &sources).await?;
                on!(w.tx, |c| sqlx::query(sql!(
                    "UPDATE environments SET imported_at = $3 WHERE tenant_id = $1 AND id = $2"
                ))
                .bind(w.actor.tenant)
                .bind(target.id)
                .bind(w.now)
                .execute(c)
                .await
                .map(|_| ()))?;
                let about =
                    Target { environment: Some(&target.slug), ..Target::in_project(&project, &target.slug) };
                w.record(Action::DevEnvironmentImport, &about, json!(job.done)).await?;
                Ok(job.done)
            })
        })
        .await
}

/// The services of a shared environment, umbrellas first.
async fn services_of(w: &mut Work, project: ProjectId, environment: &str) -> Result<Vec<SourceService>> {
    Ok(on!(w.tx, |c| {
        sqlx::query_as(sql!(
        "SELECT s.id, s.slug, s.name, s.kind, s.umbrella, u.slug AS umbrella_slug
         FROM services s JOIN environments e ON e.id = s.environment_id LEFT JOIN services u ON u.id = s.umbrella_id
         WHERE s.tenant_id = $1 AND s.project_id = $2 AND e.slug = $3 AND e.project_id IS NULL
         ORDER BY s.umbrella DESC, s.slug"
    ))
    .bind(w.actor.tenant)
    .bind(project)
    .bind(environment)
    .fetch_all(c)
    .await
    })?)
}

async fn link(w: &mut Work, service: ServiceId, umbrella: ServiceId) -> Result<()> {
    on!(w.tx, |c| sqlx::query(sql!(
        "UPDATE services SET umbrella_id = $3 WHERE tenant_id = $1 AND id = $2"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(umbrella)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

/// A service of the developer environment that stands for one of `develop`.
struct Copy {
    id: ServiceId,
    is_new: bool,
}

/// What an import does with a key.
enum Fate {
    /// It stays as it is.
    Leave(Entry),
    /// It gets another version.
    Renew(Entry),
    /// It goes, and another one takes its key.
    Replace(Entry),
    Make,
}

struct Job {
    project: ProjectId,
    project_slug: String,
    environment: EnvironmentId,
    environment_slug: String,
    on_conflict: OnConflict,
    may_reveal: bool,
    undelete_days: i64,
    done: DevImport,
}

impl Job {
    /// Services first, then links and what is in them.
    async fn copy_all(&mut self, w: &mut Work, sources: &[SourceService]) -> Result<()> {
        let mut copies: HashMap<&str, Copy> = HashMap::new();
        for source in sources {
            copies.insert(&source.slug, self.copy_service(w, source).await?);
        }
        for source in sources {
            let Some(copy) = copies.get(source.slug.as_str()) else { continue };
            let umbrella = source.umbrella_slug.as_deref().and_then(|slug| copies.get(slug));
            // A service that was there keeps its own link, unless the import is to overwrite.
            let relink = copy.is_new || self.on_conflict == OnConflict::Overwrite;
            if let (Some(umbrella), true) = (umbrella, relink) {
                link(w, copy.id, umbrella.id).await?;
            }
            if source.kind == ServiceKind::Backend {
                self.copy_secrets(w, source, copy.id).await?;
            }
            let (copied, skipped) = self.copy_plain(w, Kind::Config, source.id, copy.id).await?;
            self.done.configs_copied += copied;
            self.done.configs_skipped += skipped;
            let (copied, skipped) = self.copy_plain(w, Kind::Flag, source.id, copy.id).await?;
            self.done.flags_copied += copied;
            self.done.flags_skipped += skipped;
        }
        // Once everything is in place, because an umbrella's secrets count for what is linked to it.
        for copy in copies.values() {
            entries::finish(w, copy.id).await?;
        }
        Ok(())
    }

    fn path(&self, service: &str) -> ServicePath {
        ServicePath {
            project: self.project_slug.clone(),
            environment: self.environment_slug.clone(),
            service: service.to_owned(),
        }
    }

    /// The counterpart in the developer environment, made where it is missing.
    async fn copy_service(&mut self, w: &mut Work, source: &SourceService) -> Result<Copy> {
        if let Some(row) = services::find(w, &self.path(&source.slug)).await? {
            return if row.kind == source.kind && row.umbrella == source.umbrella {
                Ok(Copy { id: row.id, is_new: false })
            } else {
                let rule = format!("{} exists in your environment as another kind of service", source.slug);
                Err(Refusal::taken("service", rule).into())
            };
        }
        let draft = Draft {
            project: self.project,
            environment: self.environment,
            slug: &source.slug,
            name: &source.name,
            kind: source.kind,
            umbrella: source.umbrella,
        };
        self.done.services_created += 1;
        let id = services::insert(w, &draft).await?;
        Ok(Copy { id, is_new: true })
    }

    /// What becomes of a key of `develop` whose value comes along or does not.
    fn fate(&self, existing: Option<Entry>, has_value: bool) -> Fate {
        let is_empty = existing.as_ref().is_some_and(|entry| entry.active_version == 0);
        match (existing, self.on_conflict) {
            (Some(entry), _) if !has_value || (self.on_conflict == OnConflict::Skip && !is_empty) => {
                Fate::Leave(entry)
            }
            (Some(entry), OnConflict::Overwrite) if !is_empty => Fate::Replace(entry),
            (Some(entry), _) => Fate::Renew(entry),
            (None, _) => Fate::Make,
        }
    }

    /// Configs and flags are for everybody to read, so that all of them come along. Where configs
    /// lead, programs are told: a secret that came without its value still needs one. Says how many
    /// were copied and how many were skipped.
    async fn copy_plain(
        &self,
        w: &mut Work,
        kind: Kind,
        source: ServiceId,
        copy: ServiceId,
    ) -> Result<(i64, i64)> {
        let (mut copied, mut skipped) = (0, 0);
        for original in entries_of(w, source, kind).await? {
            let existing = entries::find(w, copy, kind, &original.key).await?;
            let entry = match self.fate(existing, original.active_version > 0) {
                Fate::Leave(_) => {
                    skipped += 1;
                    continue;
                }
                Fate::Renew(entry) => Some(entry),
                Fate::Replace(entry) => {
                    entries::delete(w, &entry, self.undelete_days).await?;
                    None
                }
                Fate::Make => None,
            };
            let entry = match entry {
                Some(entry) => entry,
                None => {
                    let key = EntryKey::parse(&original.key)?;
                    let tags = original.tags();
                    entries::insert(w, copy, kind, &key, &original.kind, &original.note, &tags).await?
                }
            };
            if original.active_version > 0 {
                let version = entries::version(w, original.id, original.active_version).await?;
                store_plain(w, kind, &original, &entry, version).await?;
            }
            copied += 1;
        }
        Ok((copied, skipped))
    }

    async fn copy_secrets(&mut self, w: &mut Work, source: &SourceService, copy: ServiceId) -> Result<()> {
        for secret in entries_of(w, source.id, Kind::Secret).await? {
            let existing = entries::find(w, copy, Kind::Secret, &secret.key).await?;
            self.copy_secret(w, source, copy, &secret, existing).await?;
        }
        Ok(())
    }

    async fn copy_secret(
        &mut self,
        w: &mut Work,
        source: &SourceService,
        copy: ServiceId,
        secret: &Entry,
        existing: Option<Entry>,
    ) -> Result<()> {
        let value = if self.may_reveal { self.value_of(w, source, secret).await? } else { None };
        let target_entry = match self.fate(existing, value.is_some()) {
            Fate::Leave(entry) => {
                self.done.secrets_skipped += 1;
                self.done.needs_value += i64::from(entry.active_version == 0);
                return Ok(());
            }
            Fate::Replace(entry) => {
                entries::delete(w, &entry, self.undelete_days).await?;
                self.done.secrets_updated += 1;
                None
            }
            Fate::Renew(entry) => {
                self.done.secrets_updated += 1;
                Some(entry)
            }
            Fate::Make => {
                self.done.secrets_created += 1;
                None
            }
        };
        let entry = match target_entry {
            Some(entry) => entry,
            None => {
                let key = EntryKey::parse(&secret.key)?;
                // Who may not reveal sees keys and types, so that note and tags stay behind.
                let (note, tags) =
                    if self.may_reveal { (secret.note.as_str(), secret.tags()) } else { ("", Vec::new()) };
                entries::insert(w, copy, Kind::Secret, &key, &secret.kind, note, &tags).await?
            }
        };
        match value {
            Some(value) => {
                secrets::store_version(w, &entry, &value, DESCRIPTION).await?;
            }
            None => self.done.needs_value += 1,
        }
        Ok(())
    }

    /// Opens the value to copy; each is an audited reveal.
    async fn value_of(&self, w: &mut Work, source: &SourceService, secret: &Entry) -> Result<Option<Value>> {
        if secret.active_version == 0 {
            return Ok(None);
        }
        let version = entries::version(w, secret.id, secret.active_version).await?;
        let (kind, bytes) = secrets::open_version(w, source.id, secret.id, version).await?;
        let about = Target {
            project: Some(&self.project_slug),
            environment: Some(DEVELOP),
            service: Some(&source.slug),
            name: Some(&secret.key),
        };
        let details =
            json!({ "how": "imported", "into": self.environment_slug, "version": secret.active_version });
        w.record(Action::SecretReveal, &about, details).await?;
        Ok(Some(Value { kind, bytes }))
    }
}

/// Stores a version of `develop` as it is, with the schema that it fits.
async fn store_plain(
    w: &mut Work,
    kind: Kind,
    original: &Entry,
    entry: &Entry,
    version: VersionRow,
) -> Result<()> {
    match kind {
        Kind::Flag => flags::store_copy(w, entry, version, DESCRIPTION).await?,
        _ => {
            configs::schema::copy(w, original, entry).await?;
            configs::store_version(w, entry, &configs::open_version(&version)?, DESCRIPTION).await?
        }
    };
    Ok(())
}

async fn entries_of(w: &mut Work, service: ServiceId, kind: Kind) -> Result<Vec<Entry>> {
    Ok(on!(w.tx, |c| sqlx::query_as(sql!(
        "SELECT id, service_id, key, type, active_version, last_version, note, tags, updated_at, updated_by
         FROM entries WHERE tenant_id = $1 AND service_id = $2 AND kind = $3 AND deleted_at IS NULL
         ORDER BY key"
    ))
    .bind(w.actor.tenant)
    .bind(service)
    .bind(kind.as_str())
    .fetch_all(c)
    .await)?)
}
