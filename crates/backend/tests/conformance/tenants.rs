//! Tenants, their environments, and their projects.

use crate::world::{Outcome, TENANT, World};
use nexus_backend::tenants::{self, Founding};
use nexus_backend::{
    audit, credentials, dev_environments, environments, flags, projects, services, snapshot,
};
use nexus_domain::Code;
use nexus_domain::environment::{EnvironmentKind, EnvironmentPatch, NewEnvironment};
use nexus_domain::keys::Access;
use nexus_domain::project::{NewProject, ProjectPatch, TenantPatch, Tier};
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::timestamp::MINUTE;

both![
    a_new_tenant_has_its_owner_and_three_environments,
    an_instance_is_founded_once,
    of_many_founders_at_the_same_moment_one_succeeds,
    a_tenant_is_renamed_and_its_slug_stays,
    an_environment_is_made_renamed_and_deleted,
    a_tenant_has_five_environments_besides_live,
    a_pin_is_checked_shown_audited_and_taken_away,
    whoever_evaluates_is_told_the_engine,
    an_operator_may_raise_the_cap,
    slugs_of_environments_are_checked_and_taken_once,
    live_cannot_be_deleted,
    an_environment_with_services_names_them_and_stays,
    there_is_never_a_second_live_environment,
    a_project_is_made_from_its_name,
    a_project_slug_is_taken_once_per_tenant,
    a_project_is_changed_within_its_rules,
    a_project_goes_with_everything_in_it,
    a_tenant_goes_with_everything_in_it_and_nothing_of_another,
    who_belongs_to_another_tenant_keeps_the_account,
    a_deleted_tenant_is_gone_for_every_process,
    only_its_owner_deletes_a_tenant,
];

fn founding(slug: &str, email: &str) -> Founding {
    Founding { slug: slug.into(), name: slug.into(), email: email.into(), password_hash: None }
}

async fn a_new_tenant_has_its_owner_and_three_environments(w: &World) {
    let environments = environments::list(&w.nexus, &w.owner).await.fine();
    let slugs: Vec<_> = environments.iter().map(|e| e.slug.as_str()).collect();
    assert_eq!(slugs, ["live", "develop", "staging"]);
    assert_eq!((environments[0].name.as_str(), environments[0].kind), ("Production", EnvironmentKind::Live));
    assert_eq!(w.events().await, ["tenant.created"]);
}

async fn an_instance_is_founded_once(w: &World) {
    tenants::found(&w.nexus, founding("second", "eve@second.test"), None).await.refused_as(Code::Conflict);
    assert_eq!(w.number("SELECT COUNT(*) FROM users").await, 1);
}

async fn of_many_founders_at_the_same_moment_one_succeeds(w: &World) {
    w.execute("DELETE FROM tenants").await;
    w.execute("DELETE FROM users").await;
    let founders = (0..20).map(|n| {
        let nexus = w.nexus.clone();
        tokio::spawn(async move {
            let mine = founding(&format!("t{n}"), &format!("eve{n}@x.test"));
            tenants::found(&nexus, mine, None).await.is_ok()
        })
    });
    let outcomes = futures::future::join_all(founders).await;
    assert_eq!(outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count(), 1);
    assert_eq!(w.number("SELECT COUNT(*) FROM tenants").await, 1);
}

async fn a_tenant_is_renamed_and_its_slug_stays(w: &World) {
    let patch = TenantPatch { name: Some("  Acme GmbH ".into()) };
    let renamed = tenants::update(&w.nexus, &w.owner, patch).await.fine();
    assert_eq!((renamed.slug.as_str(), renamed.name.as_str()), (TENANT, "Acme GmbH"));
    assert_eq!(tenants::get(&w.nexus, &w.owner).await.fine(), renamed);
    for bad in ["", "a\u{202e}b", &"x".repeat(81)] {
        let patch = TenantPatch { name: Some(bad.into()) };
        let refusal = tenants::update(&w.nexus, &w.owner, patch).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field("name").is_some(), "{bad:?}");
    }
    tenants::update(&w.nexus, &w.owner, TenantPatch::default()).await.fine();
    assert_eq!(w.events().await, ["tenant.created", "tenant.updated"]);
}

fn environment(slug: &str) -> NewEnvironment {
    NewEnvironment { slug: slug.into(), ..NewEnvironment::default() }
}

async fn an_environment_is_made_renamed_and_deleted(w: &World) {
    let made = environments::create(&w.nexus, &w.owner, environment("qa")).await.fine();
    assert_eq!(
        (made.slug.as_str(), made.name.as_str(), made.kind),
        ("qa", "qa", EnvironmentKind::Environment)
    );
    assert_eq!(environments::get(&w.nexus, &w.owner, "qa").await.fine(), made);
    let patch = EnvironmentPatch { name: Some("Quality".into()), ..EnvironmentPatch::default() };
    let renamed = environments::update(&w.nexus, &w.owner, "qa", patch).await.fine();
    assert_eq!((renamed.name.as_str(), renamed.slug.as_str(), renamed.id), ("Quality", "qa", made.id));
    w.environment_key("qa", &[]).await;
    assert_eq!(environments::losses(&w.nexus, &w.owner, "qa").await.fine().keys, 1);
    assert_eq!(environments::delete(&w.nexus, &w.owner, "qa").await.fine().keys, 1);
    environments::get(&w.nexus, &w.owner, "qa").await.refused_as(Code::NotFound);
    let events = w.events_after(1).await;
    assert_eq!(events, ["environment.created", "environment.updated", "key.created", "environment.deleted"]);
}

fn pin(to: Option<&str>) -> EnvironmentPatch {
    EnvironmentPatch { pinned_engine_version: Some(to.map(str::to_owned)), ..EnvironmentPatch::default() }
}

async fn a_pin_is_checked_shown_audited_and_taken_away(w: &World) {
    let (n, o) = (&w.nexus, &w.owner);
    let new = NewEnvironment { pinned_engine_version: Some("1.0".into()), ..environment("qa") };
    let made = environments::create(n, o, new).await.fine();
    assert_eq!(made.pinned_engine_version.as_deref(), Some("1.0"));
    assert_eq!(environments::get(n, o, "qa").await.fine(), made);
    let line = environments::update(n, o, "qa", pin(Some("1.x"))).await.fine();
    assert_eq!((line.pinned_engine_version.as_deref(), line.name.as_str()), (Some("1.x"), "qa"));
    let name = EnvironmentPatch { name: Some("Quality".into()), ..EnvironmentPatch::default() };
    let renamed = environments::update(n, o, "qa", name).await.fine();
    assert_eq!(renamed.pinned_engine_version.as_deref(), Some("1.x"), "a rename leaves the pin");
    let refusal = environments::update(n, o, "qa", pin(Some("9.9"))).await.refused_as(Code::InvalidRequest);
    assert!(refusal.field("pinned_engine_version").is_some_and(|rule| rule.contains("1.x, 1.0")));
    let unknown = NewEnvironment { pinned_engine_version: Some("2.x".into()), ..environment("qb") };
    environments::create(n, o, unknown).await.refused_as(Code::InvalidRequest);
    assert_eq!(environments::update(n, o, "qa", pin(None)).await.fine().pinned_engine_version, None);
    let details = w
        .texts("SELECT CAST(details AS TEXT) FROM audit_log WHERE event = 'environment.updated' ORDER BY seq")
        .await;
    assert!(details[0].contains("\"to\":\"1.x\"") && details[2].contains("\"to\":null"), "{details:?}");
}

async fn whoever_evaluates_is_told_the_engine(w: &World) {
    let api = w.shop().await;
    crate::world::new_flag(w, &api, "beta", serde_json::json!({ "state": "on" })).await;
    let told = async || {
        let explained = flags::test(&w.nexus, &w.owner, &api, flags::TestRequest::default()).await.fine();
        explained[0].engine_version.clone()
    };
    assert_eq!(told().await, "1.0");
    for to in [Some("1.x"), Some("1.0"), None] {
        environments::update(&w.nexus, &w.owner, "live", pin(to)).await.fine();
        assert_eq!(told().await, "1.0");
    }
    w.execute("UPDATE environments SET pinned_engine_version = '7.x'").await;
    assert_eq!(told().await, "1.0", "a pin of a later program means the newest engine of this one");
}

async fn a_tenant_has_five_environments_besides_live(w: &World) {
    for slug in ["a", "b", "c"] {
        environments::create(&w.nexus, &w.owner, environment(slug)).await.fine();
    }
    let refusal =
        environments::create(&w.nexus, &w.owner, environment("d")).await.refused_as(Code::QuotaExceeded);
    assert_eq!(refusal.details.get("quota"), Some(&"environments".into()));
    assert_eq!(refusal.details.get("limit"), Some(&5.into()));
    environments::delete(&w.nexus, &w.owner, "a").await.fine();
    environments::create(&w.nexus, &w.owner, environment("d")).await.fine();
}

async fn an_operator_may_raise_the_cap(w: &World) {
    w.execute("UPDATE tenants SET environment_cap = 6").await;
    for slug in ["a", "b", "c", "d"] {
        environments::create(&w.nexus, &w.owner, environment(slug)).await.fine();
    }
    environments::create(&w.nexus, &w.owner, environment("e")).await.refused_as(Code::QuotaExceeded);
}

async fn slugs_of_environments_are_checked_and_taken_once(w: &World) {
    for bad in ["live", "test", "all", "dev_ana", "A", "", "a b", "a__b", "seventeen_letters", "a\0b"] {
        let outcome = environments::create(&w.nexus, &w.owner, environment(bad)).await;
        assert!(outcome.refused_as(Code::InvalidRequest).field("slug").is_some(), "{bad:?}");
    }
    let refusal =
        environments::create(&w.nexus, &w.owner, environment("develop")).await.refused_as(Code::Conflict);
    assert!(refusal.field("slug").is_some());
}

async fn live_cannot_be_deleted(w: &World) {
    environments::delete(&w.nexus, &w.owner, "live").await.refused_as(Code::Immutable);
}

async fn an_environment_with_services_names_them_and_stays(w: &World) {
    w.project("shop").await;
    w.service("shop", "staging", "api").await;
    let refusal = environments::delete(&w.nexus, &w.owner, "staging").await.refused_as(Code::InUse);
    assert!(refusal.message.contains("shop/api"), "{refusal}");
    environments::get(&w.nexus, &w.owner, "staging").await.fine();
}

async fn there_is_never_a_second_live_environment(w: &World) {
    let said = w.refused_sql("UPDATE environments SET kind = 'live' WHERE slug = 'develop'").await;
    assert!(said.to_lowercase().contains("unique"), "{said}");
}

fn project(name: &str, slug: Option<&str>) -> NewProject {
    NewProject { name: name.into(), slug: slug.map(Into::into), tier: None }
}

async fn a_project_is_made_from_its_name(w: &World) {
    let made = projects::create(&w.nexus, &w.owner, project("Web Shop 2", None)).await.fine();
    assert_eq!((made.slug.as_str(), made.tier, made.role), ("web-shop-2", Tier::Xl, ProjectRole::Owner));
    assert_eq!((made.services, made.secrets, made.undelete_days), (0, 0, 30));
    assert_eq!(projects::get(&w.nexus, &w.owner, "web-shop-2").await.fine(), made);
    for (name, slug) in [("", None), ("Ünïcödé ключ", Some("-a")), ("ключ", None), ("x", Some("A"))]
    {
        projects::create(&w.nexus, &w.owner, project(name, slug)).await.refused_as(Code::InvalidRequest);
    }
}

async fn a_project_slug_is_taken_once_per_tenant(w: &World) {
    w.project("shop").await;
    let refusal =
        projects::create(&w.nexus, &w.owner, project("Shop", None)).await.refused_as(Code::Conflict);
    assert!(refusal.field("slug").is_some());
    let rival = w.rival().await;
    projects::create(&w.nexus, &rival.owner, project("Shop", None)).await.fine();
}

async fn a_project_is_changed_within_its_rules(w: &World) {
    w.project("shop").await;
    let patch = ProjectPatch { name: Some("Store".into()), tier: Some(Tier::M), undelete_days: Some(7) };
    let changed = projects::update(&w.nexus, &w.owner, "shop", patch.clone()).await.fine();
    assert_eq!((changed.name.as_str(), changed.tier, changed.undelete_days), ("Store", Tier::M, 7));
    let before = w.events().await.len();
    projects::update(&w.nexus, &w.owner, "shop", patch).await.fine();
    assert_eq!(w.events_after(before).await, [""; 0], "nothing changed, so nothing is written down");
    for days in [6, 366, -1, i64::MAX] {
        let patch = ProjectPatch { undelete_days: Some(days), ..ProjectPatch::default() };
        let refusal =
            projects::update(&w.nexus, &w.owner, "shop", patch).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field("undelete_days").is_some());
    }
}

async fn a_project_goes_with_everything_in_it(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&api, "A", "a").await;
    w.write(&shared, "B", "b").await;
    w.service_key(&api, nexus_domain::keys::Access::Read).await;
    nexus_backend::dev_environments::create(&w.nexus, &w.owner, "shop").await.fine();
    let losses = projects::losses(&w.nexus, &w.owner, "shop").await.fine();
    assert_eq!((losses.environments, losses.services, losses.secrets, losses.keys), (1, 2, 2, 1));
    assert_eq!(projects::delete(&w.nexus, &w.owner, "shop").await.fine(), losses);
    projects::get(&w.nexus, &w.owner, "shop").await.refused_as(Code::NotFound);
    services::get(&w.nexus, &w.owner, &api).await.refused_as(Code::NotFound);
    for table in ["services", "entries", "entry_versions", "service_keys", "projects"] {
        assert_eq!(w.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(w.number("SELECT COUNT(*) FROM environments").await, 3);
}

async fn a_tenant_goes_with_everything_in_it_and_nothing_of_another(w: &World) {
    let rival = w.rival().await;
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&api, "A", "a").await;
    w.write(&shared, "B", "b").await;
    let (text, key) = w.service_key(&api, Access::Read).await;
    let (other, _) = w.environment_key("live", &[Scope::AdminAll]).await;
    snapshot::sync(&w.nexus, &key, None).await.fine();
    dev_environments::create(&w.nexus, &w.owner, "shop").await.fine();
    let losses = tenants::losses(&w.nexus, &w.owner).await.fine();
    assert_eq!((losses.projects, losses.environments, losses.services), (1, 4, 2));
    assert_eq!((losses.secrets, losses.keys), (2, 2));
    assert_eq!(tenants::delete(&w.nexus, &w.owner).await.fine(), losses);
    for table in ["services", "entries", "entry_versions", "service_keys", "environment_keys", "projects"] {
        assert_eq!(w.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    for table in ["tenants", "tenant_keys", "users", "memberships"] {
        assert_eq!(w.number(&format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table}");
    }
    w.present(&text).await.refused_as(Code::Unauthorized);
    w.present(&other).await.refused_as(Code::Unauthorized);
    snapshot::sync(&w.nexus, &key, None).await.refused_as(Code::NotFound);
    assert_eq!(environments::list(&w.nexus, &rival.owner).await.fine().len(), 3);
    assert!(audit::verify(&w.nexus, &rival.owner).await.fine().ok);
}

async fn who_belongs_to_another_tenant_keeps_the_account(w: &World) {
    let rival = w.rival().await;
    let rita = w.database.id(rival.owner.user().expect("a person").0);
    let tenant = w.database.id(w.tenant.0);
    w.execute(&format!(
        "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at)
         VALUES ({tenant}, {rita}, 'member', 'rita', 1)"
    ))
    .await;
    w.execute(&format!("UPDATE users SET last_tenant = '{TENANT}' WHERE id = {rita}")).await;
    tenants::delete(&w.nexus, &w.owner).await.fine();
    assert_eq!(w.texts("SELECT email FROM users").await, ["rita@rival.test"]);
    assert_eq!(w.number("SELECT COUNT(*) FROM users WHERE last_tenant IS NULL").await, 1);
}

async fn a_deleted_tenant_is_gone_for_every_process(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "a").await;
    let (text, _) = w.service_key(&api, Access::Read).await;
    let other = w.another_process().await;
    let key = credentials::authenticate(&other, &text, None).await.fine().actor;
    snapshot::sync(&other, &key, None).await.fine();
    tenants::delete(&w.nexus, &w.owner).await.fine();
    other.follow().await.expect("followed");
    let again = credentials::authenticate(&other, &text, None).await;
    again.map(|found| found.actor).refused_as(Code::Unauthorized);
    snapshot::sync(&other, &key, None).await.refused_as(Code::NotFound);
    other.db.close().await;
}

async fn only_its_owner_deletes_a_tenant(w: &World) {
    let finance = w.person("finance@acme.test", TenantRole::Finance).await;
    let member = w.person("member@acme.test", TenantRole::Member).await;
    for actor in [&finance, &member] {
        tenants::delete(&w.nexus, actor).await.refused_as(Code::Forbidden);
        tenants::losses(&w.nexus, actor).await.refused_as(Code::Forbidden);
    }
    let stale = w.owner.clone();
    w.pass(5 * MINUTE + 1);
    tenants::delete(&w.nexus, &stale).await.refused_as(Code::StepUpRequired);
    assert_eq!(w.number("SELECT COUNT(*) FROM tenants").await, 1);
}
