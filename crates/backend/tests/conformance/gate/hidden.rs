//! What an actor may not know of answers exactly like what does not exist.

use super::roles::TABLE;
use super::{on_service, put_back};
use crate::world::{Outcome, World, path};
use nexus_backend::{audit, dev_environments, environments, people, projects};
use nexus_domain::Code;
use nexus_domain::audit::AuditFilter;
use nexus_domain::environment::OnConflict;
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::timestamp::MINUTE;

both![
    another_tenants_things_answer_like_missing_ones,
    missing_and_hidden_projects_answer_alike_in_the_audit_log,
    a_new_project_does_not_inherit_the_log_of_an_old_one,
    losses_are_told_to_those_who_may_delete,
];

async fn another_tenants_things_answer_like_missing_ones(w: &World) {
    let at = path("shop", "live", "api");
    w.project("shop").await;
    put_back(w, &at).await;
    let rival = w.rival().await;
    let missing = path("missing", "live", "api");
    for (act, _) in
        TABLE.iter().filter(|(act, _)| !act.starts_with("tenant.") && !act.starts_with("environment."))
    {
        if ["audit.project", "audit.export", "audit.tenant", "audit.verify", "project.create"].contains(act) {
            continue;
        }
        for actor in [&rival.owner, &rival.operator] {
            assert_eq!(on_service(w, actor, &at, act).await, "--", "{act}");
            assert_eq!(on_service(w, actor, &missing, act).await, "--", "{act}");
        }
    }
    let filter = AuditFilter { project: Some("shop".into()), ..AuditFilter::default() };
    assert!(audit::list(&w.nexus, &rival.owner, filter, None, 100).await.fine().data.is_empty());
    let theirs = audit::list(&w.nexus, &rival.owner, AuditFilter::default(), None, 100).await.fine().data;
    assert!(theirs.iter().all(|row| row.event == "tenant.created" || row.outcome == "denied"), "{theirs:?}");
    people::person(&w.nexus, people::Opened::by_password(w.owner_id, w.now()), "rival", None)
        .await
        .map(|_| ())
        .refused_as(Code::NotFound);
    dev_environments::import(&w.nexus, &rival.owner, "shop", OnConflict::Skip)
        .await
        .refused_as(Code::NotFound);
}

async fn missing_and_hidden_projects_answer_alike_in_the_audit_log(w: &World) {
    w.project("shop").await;
    let member = w.person("member@acme.test", TenantRole::Member).await;
    let ask = async |project: &str| {
        let filter = AuditFilter { project: Some(project.into()), ..AuditFilter::default() };
        audit::list(&w.nexus, &member, filter, None, 10).await.refused()
    };
    assert_eq!(ask("shop").await, ask("missing").await);
}

async fn a_new_project_does_not_inherit_the_log_of_an_old_one(w: &World) {
    let api = w.shop().await;
    w.write(&api, "OLD", "1").await;
    projects::delete(&w.nexus, &w.owner, "shop").await.fine();
    w.pass(MINUTE);
    w.project("shop").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let filter = AuditFilter { project: Some("shop".into()), ..AuditFilter::default() };
    let seen = audit::list(&w.nexus, &manager, filter.clone(), None, 100).await.fine().data;
    assert_eq!(seen.iter().map(|row| row.event.as_str()).collect::<Vec<_>>(), ["project.created"]);
    let all = audit::list(&w.nexus, &w.owner, filter, None, 100).await.fine().data;
    assert!(all.len() > 3, "a tenant's owner sees the whole of it");
}

async fn losses_are_told_to_those_who_may_delete(w: &World) {
    w.shop().await;
    let member = w.person("member@acme.test", TenantRole::Member).await;
    environments::losses(&w.nexus, &member, "live").await.refused_as(Code::Forbidden);
    projects::losses(&w.nexus, &member, "shop").await.refused_as(Code::NotFound);
    assert_eq!(environments::losses(&w.nexus, &w.owner, "live").await.fine().services, 1);
}
