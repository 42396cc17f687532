//! Services, umbrellas and the links between them.

use crate::world::{Outcome, World, new_service, path};
use nexus_backend::services::{self, ListServices};
use nexus_domain::Code;
use nexus_domain::keys::Access;
use nexus_domain::service::{NewService, ServiceKind, ServicePatch};

both![
    a_service_has_an_endpoint_of_its_own,
    a_slug_is_taken_once_per_project_and_environment,
    a_new_service_is_checked,
    a_rename_changes_the_name_only,
    the_identity_of_a_service_never_changes,
    the_database_refuses_another_identity,
    a_service_goes_with_its_secrets_and_keys,
    an_umbrella_has_no_endpoint,
    a_service_inherits_from_the_umbrella_it_is_linked_to,
    a_link_needs_the_same_project_kind_and_environment,
    an_umbrella_links_to_nothing_and_a_service_is_no_umbrella,
    an_umbrella_with_links_names_them_and_stays,
    a_link_is_taken_away_again,
    counterparts_have_the_same_slug_and_kind,
    the_list_is_grouped_by_environment,
];

async fn a_service_has_an_endpoint_of_its_own(w: &World) {
    w.project("shop").await;
    let new = NewService { slug: None, ..new_service("Check Out", "live", ServiceKind::Backend, false) };
    let made = services::create(&w.nexus, &w.owner, "shop", new).await.fine();
    let endpoint = made.endpoint_slug.clone().expect("an endpoint");
    let suffix = endpoint.strip_prefix("check-out-").expect("the slug in front");
    assert_eq!(suffix.len(), 8);
    assert!(suffix.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
    assert_eq!(made.endpoint.as_deref(), Some(format!("https://nexus.test/s/{endpoint}").as_str()));
    assert_eq!((made.project.as_str(), made.environment.as_str()), ("shop", "live"));
    assert_eq!(services::get(&w.nexus, &w.owner, &path("shop", "live", "check-out")).await.fine(), made);
}

async fn a_slug_is_taken_once_per_project_and_environment(w: &World) {
    w.shop().await;
    let again = new_service("api", "live", ServiceKind::Frontend, false);
    let refusal = services::create(&w.nexus, &w.owner, "shop", again).await.refused_as(Code::Conflict);
    assert!(refusal.field("slug").is_some());
    w.service("shop", "staging", "api").await;
    w.project("blog").await;
    w.service("blog", "live", "api").await;
}

async fn a_new_service_is_checked(w: &World) {
    w.project("shop").await;
    for (slug, environment, field) in [
        ("Api", "live", "slug"),
        ("a_b", "live", "slug"),
        ("api", "nowhere", "environment"),
        ("api", "a\0b", "environment"),
    ] {
        let new = new_service(slug, environment, ServiceKind::Backend, false);
        let refusal =
            services::create(&w.nexus, &w.owner, "shop", new).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field(field).is_some(), "{slug} {environment}");
    }
    let new = new_service("api", "live", ServiceKind::Backend, false);
    services::create(&w.nexus, &w.owner, "missing", new).await.refused_as(Code::NotFound);
}

async fn a_rename_changes_the_name_only(w: &World) {
    let api = w.shop().await;
    let before = services::get(&w.nexus, &w.owner, &api).await.fine();
    let patch = ServicePatch { name: Some("The API".into()), ..ServicePatch::default() };
    let after = services::update(&w.nexus, &w.owner, &api, patch).await.fine();
    assert_eq!(after.name, "The API");
    assert_eq!(
        (after.slug, after.endpoint_slug, after.revision),
        (before.slug, before.endpoint_slug, before.revision)
    );
}

async fn the_identity_of_a_service_never_changes(w: &World) {
    let api = w.shop().await;
    let patches = [
        ("kind", ServicePatch { kind: Some(ServiceKind::Frontend), ..ServicePatch::default() }),
        ("slug", ServicePatch { slug: Some("other".into()), ..ServicePatch::default() }),
        ("environment", ServicePatch { environment: Some("staging".into()), ..ServicePatch::default() }),
        ("umbrella", ServicePatch { umbrella: Some(true), ..ServicePatch::default() }),
    ];
    for (field, patch) in patches {
        let refusal = services::update(&w.nexus, &w.owner, &api, patch).await.refused_as(Code::Immutable);
        assert!(refusal.field(field).is_some(), "{field}");
    }
    let same = ServicePatch {
        kind: Some(ServiceKind::Backend),
        slug: Some("api".into()),
        environment: Some("live".into()),
        umbrella: Some(false),
        name: None,
    };
    services::update(&w.nexus, &w.owner, &api, same).await.fine();
}

async fn the_database_refuses_another_identity(w: &World) {
    w.shop().await;
    let other = "(SELECT id FROM environments WHERE slug = 'staging')";
    for change in [
        "kind = 'frontend'".to_owned(),
        "slug = 'other'".to_owned(),
        "endpoint_slug = 'other-aaaaaaaa'".to_owned(),
        format!("environment_id = {other}"),
    ] {
        let said = w.refused_sql(&format!("UPDATE services SET {change}")).await;
        assert!(said.contains("immutable"), "{change}: {said}");
    }
    w.execute("UPDATE services SET kind = 'backend', name = 'another'").await;
}

async fn a_service_goes_with_its_secrets_and_keys(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "a").await;
    let (key, _) = w.service_key(&api, Access::Read).await;
    let losses = services::losses(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!((losses.environments, losses.services, losses.secrets, losses.keys), (0, 1, 1, 1));
    assert_eq!(services::delete(&w.nexus, &w.owner, &api).await.fine(), losses);
    services::get(&w.nexus, &w.owner, &api).await.refused_as(Code::NotFound);
    w.present(&key).await.refused_as(Code::Unauthorized);
    assert_eq!(w.number("SELECT COUNT(*) FROM entry_versions").await, 0);
}

async fn an_umbrella_has_no_endpoint(w: &World) {
    w.project("shop").await;
    let shared = w.umbrella("shop", "live", "shared").await;
    let umbrella = services::get(&w.nexus, &w.owner, &shared).await.fine();
    assert_eq!((umbrella.umbrella, umbrella.endpoint, umbrella.endpoint_slug), (true, None, None));
}

async fn a_service_inherits_from_the_umbrella_it_is_linked_to(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "DATABASE_URL", "postgres://shared").await;
    assert_eq!(w.value(&api, "DATABASE_URL").await, "postgres://shared");
    let service = services::get(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(service.linked_umbrella.as_deref(), Some("shared"));
    assert_eq!(services::get(&w.nexus, &w.owner, &shared).await.fine().linked_services, 1);
    let linked = services::linked(&w.nexus, &w.owner, &shared).await.fine();
    assert_eq!(linked.into_iter().map(|s| s.slug).collect::<Vec<_>>(), ["api"]);
}

async fn a_link_needs_the_same_project_kind_and_environment(w: &World) {
    let api = w.shop().await;
    w.project("blog").await;
    w.umbrella("blog", "live", "elsewhere").await;
    w.umbrella("shop", "staging", "staged").await;
    let new = new_service("front", "live", ServiceKind::Frontend, true);
    services::create(&w.nexus, &w.owner, "shop", new).await.fine();
    for umbrella in ["elsewhere", "staged", "nothing", ""] {
        let outcome = services::link(&w.nexus, &w.owner, &api, umbrella).await;
        assert!(outcome.refused_as(Code::InvalidRequest).field("umbrella").is_some(), "{umbrella}");
    }
    let refusal = services::link(&w.nexus, &w.owner, &api, "front").await.refused_as(Code::Conflict);
    assert!(refusal.field("umbrella").is_some());
    let choices = services::umbrellas(&w.nexus, &w.owner, &api).await.fine();
    assert!(choices.is_empty(), "{choices:?}");
}

async fn an_umbrella_links_to_nothing_and_a_service_is_no_umbrella(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.umbrella("shop", "live", "second").await;
    w.service("shop", "live", "worker").await;
    services::link(&w.nexus, &w.owner, &shared, "second").await.refused_as(Code::Conflict);
    services::link(&w.nexus, &w.owner, &api, "worker").await.refused_as(Code::Conflict);
    services::link(&w.nexus, &w.owner, &api, "api").await.refused_as(Code::Conflict);
    let said = w.refused_sql("UPDATE services SET umbrella_id = id WHERE slug = 'shared'").await;
    assert!(said.to_lowercase().contains("check"), "{said}");
}

async fn an_umbrella_with_links_names_them_and_stays(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let refusal = services::delete(&w.nexus, &w.owner, &shared).await.refused_as(Code::InUse);
    assert!(refusal.message.contains("api"), "{refusal}");
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    services::delete(&w.nexus, &w.owner, &shared).await.fine();
}

async fn a_link_is_taken_away_again(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "A", "a").await;
    let before = services::get(&w.nexus, &w.owner, &api).await.fine().revision;
    let unlinked = services::unlink(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(unlinked.linked_umbrella, None);
    assert!(unlinked.revision > before, "what programs read has changed");
    assert!(w.list(&api).await.data.is_empty());
    services::unlink(&w.nexus, &w.owner, &api).await.refused_as(Code::NotFound);
    let before = w.events().await.len();
    services::link(&w.nexus, &w.owner, &api, "shared").await.fine();
    services::link(&w.nexus, &w.owner, &api, "shared").await.fine();
    assert_eq!(w.events_after(before).await, ["umbrella.linked"], "the second one finds nothing to do");
}

async fn counterparts_have_the_same_slug_and_kind(w: &World) {
    let api = w.shop().await;
    w.service("shop", "develop", "api").await;
    w.frontend("shop", "staging", "api").await;
    let found = services::counterparts(&w.nexus, &w.owner, &api).await.fine();
    assert_eq!(found.into_iter().map(|e| e.slug).collect::<Vec<_>>(), ["live", "develop"]);
}

async fn the_list_is_grouped_by_environment(w: &World) {
    let api = w.shop().await;
    w.service("shop", "staging", "worker").await;
    w.umbrella("shop", "live", "zebra").await;
    w.write(&api, "A", "a").await;
    let groups = services::list(&w.nexus, &w.owner, "shop", ListServices::default()).await.fine();
    let shown: Vec<_> = groups
        .iter()
        .map(|g| {
            (g.environment.slug.as_str(), g.services.iter().map(|s| s.slug.as_str()).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(shown, [("live", vec!["zebra", "api"]), ("develop", vec![]), ("staging", vec!["worker"])]);
    assert_eq!(groups[0].services[1].secrets, 1);
    let only = ListServices { environment: Some("staging".into()), q: "WORK".into(), dev_envs: false };
    let groups = services::list(&w.nexus, &w.owner, "shop", only).await.fine();
    assert_eq!((groups.len(), groups[0].services.len()), (1, 1));
}
