//! Mail domains: proving one, and who joins by it.

use super::tenants::own_provider;
use super::{Scene, events, ip, refusal, somebody};
use crate::world::{Outcome, TENANT, World};
use nexus_backend::projects;
use nexus_backend::sign_in::{self, DomainRule};
use nexus_domain::Code;
use nexus_domain::project::NewProject;
use nexus_domain::role::{ProjectRole, TenantRole};
use nexus_domain::sign_in::ProjectGrant;
use serde_json::json;

both![
    a_domain_is_proved_by_its_record,
    people_of_a_proved_domain_join_once,
    nobody_joins_by_an_address_that_is_not_vouched_for,
    an_account_with_the_address_is_not_taken_over,
    a_tenants_provider_lets_people_into_that_tenant_only,
    a_known_person_joins_by_the_domain_too,
    a_rule_grants_roles_in_projects,
    only_owners_manage_domains,
    of_many_at_once_one_person_is_made,
];

const DOMAIN: &str = "corp.test";

async fn proved(w: &World, scene: &Scene, rule: DomainRule) {
    let domain = sign_in::add_domain(&scene.nexus, &w.owner, DOMAIN).await.fine();
    scene.records.publish(&domain.record, &domain.value);
    sign_in::prove_domain(&scene.nexus, &w.owner, DOMAIN, ip()).await.fine();
    sign_in::set_domain_rule(&scene.nexus, &w.owner, DOMAIN, rule).await.fine();
}

fn as_member() -> DomainRule {
    DomainRule { joins_as: Some(TenantRole::Member), projects: Vec::new() }
}

async fn a_domain_is_proved_by_its_record(w: &World) {
    let scene = Scene::new(w).await;
    let prove = || sign_in::prove_domain(&scene.nexus, &w.owner, DOMAIN, ip());
    prove().await.refused_as(Code::NotFound);
    let domain = sign_in::add_domain(&scene.nexus, &w.owner, " CORP.test ").await.fine();
    assert_eq!((domain.domain.as_str(), domain.record.as_str()), (DOMAIN, "_nexus.corp.test"));
    assert!(domain.value.starts_with("nexus-domain=") && domain.value.len() == 13 + 32, "{}", domain.value);
    sign_in::add_domain(&scene.nexus, &w.owner, DOMAIN).await.refused_as(Code::Conflict);
    assert!(prove().await.refused().field("domain").is_some(), "nothing is published");
    scene.records.publish(DOMAIN, &domain.value);
    scene.records.publish(&domain.record, "v=spf1 -all");
    scene.records.publish(&domain.record, "nexus-domain=00000000000000000000000000000000");
    assert!(prove().await.refused().field("domain").is_some(), "at another name, or another value");
    scene.records.publish(&domain.record, &domain.value);
    assert_eq!(prove().await.fine().proved_at, Some(w.now()));
    // Another tenant has to prove it by a record of its own.
    let rival = w.rival().await.owner;
    let theirs = sign_in::add_domain(&scene.nexus, &rival, DOMAIN).await.fine();
    assert_ne!(theirs.value, domain.value);
    sign_in::prove_domain(&scene.nexus, &rival, DOMAIN, ip()).await.refused_as(Code::InvalidRequest);
    sign_in::remove_domain(&scene.nexus, &w.owner, DOMAIN).await.fine();
    sign_in::remove_domain(&scene.nexus, &w.owner, DOMAIN).await.refused_as(Code::NotFound);
    let events = w.texts("SELECT event FROM audit_log WHERE event LIKE 'domain.%' ORDER BY seq, event").await;
    assert!(
        events.contains(&"domain.proved".into()) && events.contains(&"domain.removed".into()),
        "{events:?}"
    );
}

async fn people_of_a_proved_domain_join_once(w: &World) {
    let scene = Scene::new(w).await;
    sign_in::add_domain(&scene.nexus, &w.owner, DOMAIN).await.fine();
    sign_in::set_domain_rule(&scene.nexus, &w.owner, DOMAIN, as_member()).await.fine();
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    sign_in::remove_domain(&scene.nexus, &w.owner, DOMAIN).await.fine();
    proved(w, &scene, DomainRule::default()).await;
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    sign_in::set_domain_rule(&scene.nexus, &w.owner, DOMAIN, as_member()).await.fine();

    let signed_in = scene.sign_in(scene.id).await.fine();
    assert_eq!((signed_in.email.as_str(), signed_in.last_tenant.as_deref()), ("eve@corp.test", Some(TENANT)));
    assert_eq!(scene.sign_in(scene.id).await.fine().user, signed_in.user);
    assert_eq!(w.texts("SELECT handle FROM memberships WHERE role = 'member'").await, ["eve"]);
    assert_eq!(w.number("SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL").await, 1);
    assert_eq!(events(w).await.iter().filter(|event| *event == "member.joined").count(), 1);
    // A second Eve has a handle of her own.
    scene.provider.person(json!({ "sub": "43", "email": "eve@corp.test", "email_verified": true }));
    scene.sign_in(scene.id).await.refused_as(Code::Unauthorized);
    scene.provider.person(json!({ "sub": "44", "email": "e.v.e@corp.test", "email_verified": true }));
    scene.sign_in(scene.id).await.fine();
    let mut handles = w.texts("SELECT handle FROM memberships WHERE role = 'member'").await;
    handles.sort();
    assert_eq!(handles, ["eve", "eve2"]);
}

async fn nobody_joins_by_an_address_that_is_not_vouched_for(w: &World) {
    let scene = Scene::new(w).await;
    proved(w, &scene, as_member()).await;
    for claims in [
        json!({ "email_verified": false }),
        json!({ "email_verified": null }),
        json!({ "email_verified": "true" }),
        json!({ "email": null }),
        json!({ "email": "eve@corp.test.evil.test" }),
        json!({ "email": "eve@sub.corp.test" }),
        json!({ "email": "eve@notcorp.test" }),
        json!({ "email": "corp.test" }),
    ] {
        scene.provider.person(somebody(claims.clone()));
        scene.provider.script().person = json!({ "sub": "42" });
        assert_eq!(refusal(scene.sign_in(scene.id).await).code, Code::Unauthorized, "{claims}");
    }
    assert_eq!(w.number("SELECT COUNT(*) FROM users").await, 1);
}

async fn an_account_with_the_address_is_not_taken_over(w: &World) {
    let scene = Scene::new(w).await;
    proved(w, &scene, as_member()).await;
    w.person("eve@corp.test", TenantRole::Member).await;
    let has_account = refusal(scene.sign_in(scene.id).await);
    scene.provider.person(json!({ "sub": "9", "email": "x@else.test", "email_verified": true }));
    assert_eq!(has_account, refusal(scene.sign_in(scene.id).await));
    assert_eq!(w.number("SELECT COUNT(*) FROM identities").await, 0);
}

async fn a_tenants_provider_lets_people_into_that_tenant_only(w: &World) {
    let scene = Scene::new(w).await;
    let own = own_provider(w, &scene).await;
    // The rival proved the domain, this tenant did not.
    let rival = w.rival().await.owner;
    let domain = sign_in::add_domain(&scene.nexus, &rival, DOMAIN).await.fine();
    scene.records.publish(&domain.record, &domain.value);
    sign_in::prove_domain(&scene.nexus, &rival, DOMAIN, ip()).await.fine();
    sign_in::set_domain_rule(&scene.nexus, &rival, DOMAIN, as_member()).await.fine();
    scene.provider.person(json!({ "sub": "50", "email": "new@corp.test", "email_verified": true }));
    scene.sign_in(own.id).await.refused_as(Code::Unauthorized);
    proved(w, &scene, as_member()).await;
    let signed_in = scene.sign_in(own.id).await.fine();
    assert_eq!(signed_in.last_tenant.as_deref(), Some(TENANT));
    assert_eq!(w.number("SELECT COUNT(*) FROM memberships").await, 3, "two owners, and the new one here");
}

async fn a_known_person_joins_by_the_domain_too(w: &World) {
    let scene = Scene::new(w).await;
    let rival = w.rival().await.owner;
    let user = rival.user().expect("a person");
    scene.connect(w, scene.id, user, "42").await;
    assert_eq!(scene.sign_in(scene.id).await.fine().last_tenant.as_deref(), Some("rival"));
    assert_eq!(w.number("SELECT COUNT(*) FROM memberships").await, 2);
    proved(w, &scene, as_member()).await;
    scene.sign_in(scene.id).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM memberships").await, 3);
}

async fn a_rule_grants_roles_in_projects(w: &World) {
    let scene = Scene::new(w).await;
    for name in ["Shop", "Gone"] {
        projects::create(&scene.nexus, &w.owner, NewProject { name: name.into(), ..NewProject::default() })
            .await
            .fine();
    }
    let grant = |project: &str, role| ProjectGrant { project: project.into(), role };
    let grants = vec![grant("shop", ProjectRole::Developer), grant("gone", ProjectRole::Viewer)];
    proved(w, &scene, DomainRule { projects: grants.clone(), ..as_member() }).await;
    projects::delete(&scene.nexus, &w.owner, "gone").await.fine();
    assert_eq!(sign_in::domains(&scene.nexus, &w.owner).await.fine()[0].projects, grants[..1]);
    scene.sign_in(scene.id).await.fine();
    assert_eq!(w.texts("SELECT role FROM project_members").await, ["developer"]);
    assert_eq!(w.texts("SELECT slug FROM environments WHERE kind = 'developer'").await, ["dev_eve"]);
    let made =
        "SELECT project FROM audit_log WHERE event = 'dev_environment.created' AND environment = 'dev_eve'";
    assert_eq!(w.texts(made).await, ["shop"], "in the log like any other");
    let joined = w.texts("SELECT details FROM audit_log WHERE event = 'member.joined'").await;
    assert!(joined[0].contains("shop: developer"), "{joined:?}");
    let bad = [
        (DomainRule { joins_as: Some(TenantRole::Owner), ..DomainRule::default() }, Code::InvalidRequest),
        (
            DomainRule { joins_as: Some(TenantRole::Finance), projects: grants[..1].to_vec() },
            Code::InvalidRequest,
        ),
        (DomainRule { projects: vec![grant("nothing", ProjectRole::Viewer)], ..as_member() }, Code::NotFound),
    ];
    for (rule, code) in bad {
        sign_in::set_domain_rule(&scene.nexus, &w.owner, DOMAIN, rule).await.refused_as(code);
    }
}

async fn only_owners_manage_domains(w: &World) {
    let scene = Scene::new(w).await;
    let member = w.person("m@acme.test", TenantRole::Member).await;
    sign_in::add_domain(&scene.nexus, &member, DOMAIN).await.refused_as(Code::Forbidden);
    sign_in::domains(&scene.nexus, &member).await.refused_as(Code::Forbidden);
    sign_in::add_domain(&scene.nexus, &w.owner, DOMAIN).await.fine();
    sign_in::prove_domain(&scene.nexus, &member, DOMAIN, ip()).await.refused_as(Code::Forbidden);
    sign_in::set_domain_rule(&scene.nexus, &member, DOMAIN, as_member()).await.refused_as(Code::Forbidden);
    sign_in::remove_domain(&scene.nexus, &member, DOMAIN).await.refused_as(Code::Forbidden);
}

async fn of_many_at_once_one_person_is_made(w: &World) {
    let scene = Scene::new(w).await;
    proved(w, &scene, as_member()).await;
    let outcomes = futures::future::join_all((0..20).map(|_| scene.sign_in(scene.id))).await;
    assert!(outcomes.iter().any(Result::is_ok));
    assert_eq!(w.number("SELECT COUNT(*) FROM users WHERE email = 'eve@corp.test'").await, 1);
    assert_eq!(w.number("SELECT COUNT(*) FROM identities").await, 1);
    scene.sign_in(scene.id).await.fine();
}
