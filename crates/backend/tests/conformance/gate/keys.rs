//! Environment keys: the rights of the tenant's owner, cut down to scopes and to one environment.

use super::roles::TABLE;
use super::{on_service, put_back};
use crate::world::{Outcome, World, new_service, path};
use nexus_backend::services::ListServices;
use nexus_backend::{audit, environments, projects, secrets, services};
use nexus_domain::Code;
use nexus_domain::audit::AuditFilter;
use nexus_domain::environment::{Environment, EnvironmentPatch, NewEnvironment};
use nexus_domain::role::Scope;
use nexus_domain::service::{NewService, ServiceKind};

both![
    scopes_cut_an_environment_key_down,
    a_key_of_one_environment_sees_no_other,
    a_publishable_key_manages_nothing,
];

/// Every act and the scope that an environment key needs for it besides being valid.
const SCOPES: &[(&str, Option<Scope>)] = &[
    ("tenant.get", None),
    ("environment.list", None),
    ("tenant.update", Some(Scope::AdminAll)),
    ("environment.update", Some(Scope::WriteEnvironments)),
    ("project.get", Some(Scope::ReadProjects)),
    ("project.update", Some(Scope::WriteProjects)),
    ("service.list", Some(Scope::ReadServices)),
    ("service.get", Some(Scope::ReadServices)),
    ("service.update", Some(Scope::WriteServices)),
    ("key.list", Some(Scope::ReadKeys)),
    ("secret.list", Some(Scope::ReadSecrets)),
    ("secret.history", Some(Scope::ReadSecrets)),
    ("secret.reveal", Some(Scope::ReadSecrets)),
    ("secret.export", Some(Scope::ReadSecrets)),
    ("secret.preview", Some(Scope::ReadSecrets)),
    ("audit.project", Some(Scope::ReadAudit)),
    ("audit.tenant", Some(Scope::ReadAudit)),
    ("audit.verify", Some(Scope::ReadAudit)),
    ("secret.patch", Some(Scope::WriteSecrets)),
    ("secret.version", Some(Scope::WriteSecrets)),
    ("secret.restore", Some(Scope::WriteSecrets)),
    ("secret.create", Some(Scope::WriteSecrets)),
    ("secret.destroy", Some(Scope::WriteSecrets)),
    ("secret.undelete", Some(Scope::WriteSecrets)),
    ("secret.delete", Some(Scope::WriteSecrets)),
    ("config.list", Some(Scope::ReadConfigs)),
    ("config.row", Some(Scope::ReadConfigs)),
    ("config.export", Some(Scope::ReadConfigs)),
    ("config.collisions", Some(Scope::ReadConfigs)),
    ("config.history", Some(Scope::ReadConfigs)),
    ("config.reading", Some(Scope::ReadConfigs)),
    ("config.diff", Some(Scope::ReadConfigs)),
    ("config.preview", Some(Scope::WriteConfigs)),
    ("config.patch", Some(Scope::WriteConfigs)),
    ("config.import", Some(Scope::WriteConfigs)),
    ("config.create", Some(Scope::WriteConfigs)),
    ("config.update", Some(Scope::WriteConfigs)),
    ("config.restore", Some(Scope::WriteConfigs)),
    ("config.destroy", Some(Scope::WriteConfigs)),
    ("config.undelete", Some(Scope::WriteConfigs)),
    ("config.delete", Some(Scope::WriteConfigs)),
    ("umbrella.unlink", Some(Scope::WriteServices)),
    ("umbrella.link", Some(Scope::WriteServices)),
    ("service.create", Some(Scope::WriteServices)),
    ("key.rotate", Some(Scope::WriteKeys)),
    ("key.revoke", Some(Scope::WriteKeys)),
    ("service.delete", Some(Scope::WriteServices)),
    ("project.delete", Some(Scope::WriteProjects)),
];

async fn scopes_cut_an_environment_key_down(w: &World) {
    w.project("shop").await;
    let at = path("shop", "staging", "api");
    for (act, needed) in SCOPES {
        let all_others: Vec<Scope> =
            Scope::ALL.iter().copied().filter(|s| Some(*s) != *needed && *s != Scope::AdminAll).collect();
        put_back(w, &at).await;
        let (_, without) = w.environment_key("staging", &all_others).await;
        let expected = if needed.is_some() { "no" } else { "ok" };
        assert_eq!(on_service(w, &without, &at, act).await, expected, "{act} with every scope but its own");
        let scopes: Vec<Scope> = needed.iter().copied().collect();
        let (_, with) = w.environment_key("staging", &scopes).await;
        // A project holds more than one environment, and a key of a service opens what it opens.
        let expected = if ["project.delete", "key.rotate"].contains(act) { "no" } else { "ok" };
        if *act == "project.delete" {
            w.service("shop", "live", "elsewhere").await;
        }
        assert_eq!(on_service(w, &with, &at, act).await, expected, "{act} with its scope alone");
    }
    let opens = [Scope::WriteKeys, Scope::ReadSecrets, Scope::ReadConfigs, Scope::ReadFlags];
    let (_, holder) = w.environment_key("staging", &opens).await;
    assert_eq!(on_service(w, &holder, &at, "key.rotate").await, "ok", "what is given is held");
    // Writing takes the right to write even where it begins with a look at what is there.
    let (_, reader) = w.environment_key("staging", &[Scope::ReadSecrets]).await;
    assert_eq!(on_service(w, &reader, &at, "secret.import").await, "no");
    let (_, both) = w.environment_key("staging", &[Scope::ReadSecrets, Scope::WriteSecrets]).await;
    assert_eq!(on_service(w, &both, &at, "secret.import").await, "ok");
}

async fn a_key_of_one_environment_sees_no_other(w: &World) {
    let at = path("shop", "live", "api");
    w.project("shop").await;
    put_back(w, &at).await;
    let all: Vec<Scope> = Scope::ALL.iter().copied().filter(|s| *s != Scope::AdminAll).collect();
    let (_, key) = w.environment_key("develop", &all).await;
    let n = &w.nexus;
    let slugs = |list: Vec<Environment>| list.into_iter().map(|e| e.slug).collect::<Vec<_>>();
    assert_eq!(slugs(environments::list(n, &key).await.fine()), ["develop"]);
    environments::get(n, &key, "live").await.refused_as(Code::NotFound);
    environments::update(n, &key, "live", EnvironmentPatch::default()).await.refused_as(Code::NotFound);
    environments::delete(n, &key, "staging").await.refused_as(Code::NotFound);
    for (act, _) in TABLE.iter().filter(|(act, _)| {
        ["service.", "umbrella.", "key.", "secret."].iter().any(|family| act.starts_with(family))
            && !["service.list", "service.create"].contains(act)
    }) {
        assert_eq!(on_service(w, &key, &at, act).await, "--", "{act}");
    }
    for environment in ["live", "staging", "nowhere"] {
        let new = new_service("x", environment, ServiceKind::Backend, false);
        services::create(n, &key, "shop", new).await.refused_as(Code::Forbidden);
    }
    let new = NewService { environment: None, ..new_service("own", "", ServiceKind::Backend, false) };
    assert_eq!(services::create(n, &key, "shop", new).await.fine().environment, "develop");
    let groups = services::list(n, &key, "shop", ListServices::default()).await.fine();
    assert_eq!(groups.len(), 1);
    w.service("shop", "develop", "api").await;
    let found = services::counterparts(n, &key, &path("shop", "develop", "api")).await.fine();
    assert_eq!(slugs(found), ["develop"]);
    let log = audit::list(n, &key, AuditFilter::default(), None, 200).await.fine().data;
    assert!(!log.is_empty() && log.iter().all(|row| row.environment.as_deref() == Some("develop")));
    projects::delete(n, &key, "shop").await.refused_as(Code::Forbidden);
    let made =
        environments::create(n, &key, NewEnvironment { slug: "qa".into(), ..NewEnvironment::default() })
            .await
            .fine();
    assert_eq!(made.slug, "qa");
    let (_, admin) = w.environment_key("develop", &[Scope::AdminAll]).await;
    assert_eq!(environments::list(n, &admin).await.fine().len(), 4);
    secrets::reveal(n, &admin, &at, "A", None).await.fine();
}

async fn a_publishable_key_manages_nothing(w: &World) {
    let at = path("shop", "live", "api");
    w.project("shop").await;
    put_back(w, &at).await;
    w.environment_key("live", &[Scope::AdminAll]).await;
    w.execute("UPDATE environment_keys SET type = 'publishable'").await;
    let other = w.another_process().await;
    let (text, _) = w.environment_key("live", &[Scope::AdminAll]).await;
    w.execute("UPDATE environment_keys SET type = 'publishable'").await;
    let key = nexus_backend::credentials::authenticate(&other, &text, None).await.expect("valid").actor;
    for (act, _) in TABLE {
        assert_ne!(on_service(w, &key, &at, act).await, "ok", "{act}");
    }
    other.db.close().await;
}
