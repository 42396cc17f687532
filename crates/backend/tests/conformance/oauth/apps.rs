//! Apps: registered, changed, and given other secrets, by owners of the tenant.

use super::{CALLBACK, Given, SCOPES, app, ask, by_code, code, new_app};
use crate::world::{Outcome, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_backend::oauth::apps;
use nexus_domain::Code;
use nexus_domain::oauth::problem::ProblemCode;
use nexus_domain::oauth::{AppType, MAX_APPS, MadeOauthApp, OauthAppPatch, RotateOauthSecret};
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::timestamp::HOUR;

both![
    an_app_is_registered_and_its_secret_shown_once,
    what_breaks_a_rule_is_named,
    only_owners_of_the_tenant_manage_its_apps,
    a_secret_is_rotated_with_and_without_grace,
    a_public_app_has_no_secret,
    the_name_is_its_own_in_the_tenant,
    there_are_at_most_fifty,
];

async fn an_app_is_registered_and_its_secret_shown_once(w: &World) {
    let logo = STANDARD.encode(b"\x89PNG\r\n\x1a\nrest");
    let mut new = new_app(AppType::Confidential, SCOPES);
    new.logo_base64 = Some(logo);
    new.homepage = Some(" https://deployer.test ".into());
    let made = apps::create(&w.nexus, &w.owner, new).await.fine();
    let secret = made.client_secret.clone().expect("a secret");
    assert!(secret.starts_with("ocs_") && secret.len() == 68 && !format!("{made:?}").contains(&secret));
    let listed = apps::list(&w.nexus, &w.owner).await.fine();
    assert_eq!(listed, std::slice::from_ref(&made.about));
    let about = &listed[0];
    assert_eq!(about.secret_prefix.as_deref(), Some(&secret[..8]));
    assert!(about.logo.as_deref().is_some_and(|logo| logo.starts_with("data:image/png;base64,")));
    assert_eq!((about.homepage.as_deref(), about.grants), (Some("https://deployer.test/"), 0));
    assert!(
        !w.dump()
            .await
            .iter()
            .any(|(_, bytes)| { bytes.windows(40).any(|window| window == &secret.as_bytes()[20..60]) })
    );
    assert_eq!(w.events().await.last().map(String::as_str), Some("oauth_app.created"));
    w.present(&secret).await.refused_as(Code::Unauthorized);
}

/// What breaks an app, with the word that it breaks it with.
type Breaks = fn(&mut nexus_domain::oauth::NewOauthApp, &str);

async fn what_breaks_a_rule_is_named(w: &World) {
    let too_large = STANDARD.encode([b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 40_000]].concat());
    let svg = STANDARD.encode("<svg/>");
    let broken: [(&str, Breaks, &str); 9] = [
        ("name", |new, _| new.name = " ".into(), ""),
        ("scopes", |new, _| new.scopes = vec![Scope::AdminAll], ""),
        ("scopes", |new, _| new.scopes.clear(), ""),
        ("redirect_uris", |new, _| new.redirect_uris.clear(), ""),
        ("redirect_uris", |new, _| new.redirect_uris = vec!["http://deployer.test/cb".into()], ""),
        ("redirect_uris", |new, _| new.redirect_uris = vec![CALLBACK.into(), CALLBACK.into()], ""),
        ("homepage", |new, _| new.homepage = Some("javascript:alert(1)".into()), ""),
        ("logo_base64", |new, text| new.logo_base64 = Some(text.into()), &too_large),
        ("logo_base64", |new, text| new.logo_base64 = Some(text.into()), &svg),
    ];
    for (field, breaks, text) in broken {
        let mut new = new_app(AppType::Confidential, SCOPES);
        breaks(&mut new, text);
        let refusal = apps::create(&w.nexus, &w.owner, new).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field(field).is_some(), "{field}: {refusal}");
    }
    assert!(apps::list(&w.nexus, &w.owner).await.fine().is_empty());
    let mut device = new_app(AppType::Public, SCOPES);
    (device.redirect_uris, device.device_flow) = (Vec::new(), true);
    apps::create(&w.nexus, &w.owner, device).await.fine();
}

async fn only_owners_of_the_tenant_manage_its_apps(w: &World) {
    w.project("shop").await;
    let made = app(w, AppType::Confidential).await;
    let others =
        [w.member("shop", ProjectRole::Owner).await, w.person("fay@acme.test", TenantRole::Finance).await];
    for actor in &others {
        apps::create(&w.nexus, actor, new_app(AppType::Public, SCOPES)).await.refused_as(Code::Forbidden);
        apps::delete(&w.nexus, actor, made.about.id).await.refused_as(Code::Forbidden);
        apps::list(&w.nexus, actor).await.refused_as(Code::Forbidden);
    }
    let rival = w.rival().await.owner;
    apps::get(&w.nexus, &rival, made.about.id).await.refused_as(Code::NotFound);
    apps::update(&w.nexus, &rival, made.about.id, OauthAppPatch::default()).await.refused_as(Code::NotFound);
    apps::delete(&w.nexus, &rival, made.about.id).await.refused_as(Code::NotFound);
    w.pass(6 * 60 * 1_000_000);
    apps::delete(&w.nexus, &w.owner, made.about.id).await.refused_as(Code::StepUpRequired);
}

/// Whether the app is taken for itself with this secret.
async fn is_known(w: &World, app: &MadeOauthApp, secret: &str) -> bool {
    let with = MadeOauthApp { about: app.about.clone(), client_secret: Some(secret.to_owned()) };
    let problem =
        ask(&w.nexus, &with, &[("grant_type", "refresh_token"), ("refresh_token", "x")]).await.problem();
    problem != ProblemCode::InvalidClient
}

async fn a_secret_is_rotated_with_and_without_grace(w: &World) {
    let first = app(w, AppType::Confidential).await;
    let id = first.about.id;
    let (one, rotate) = (first.client_secret.clone().expect("a secret"), |grace| RotateOauthSecret {
        grace_hours: Some(grace),
    });
    let two = apps::rotate_secret(&w.nexus, &w.owner, id, rotate(24)).await.fine();
    assert!(two.about.old_secret_expires_at.is_some());
    let two = two.client_secret.expect("a secret");
    assert!(is_known(w, &first, &one).await && is_known(w, &first, &two).await);
    w.pass(24 * HOUR);
    assert!(!is_known(w, &first, &one).await && is_known(w, &first, &two).await);
    let owner = w.signed_in_again(&w.owner).await;
    let three =
        apps::rotate_secret(&w.nexus, &owner, id, rotate(0)).await.fine().client_secret.expect("a secret");
    assert!(!is_known(w, &first, &two).await && is_known(w, &first, &three).await);
    for grace in [-1, 25] {
        let refusal = apps::rotate_secret(&w.nexus, &owner, id, rotate(grace)).await.refused();
        assert!(refusal.field("grace_hours").is_some());
    }
}

async fn a_public_app_has_no_secret(w: &World) {
    let made = app(w, AppType::Public).await;
    assert_eq!((made.client_secret.clone(), made.about.secret_prefix.clone()), (None, None));
    apps::rotate_secret(&w.nexus, &w.owner, made.about.id, RotateOauthSecret::default())
        .await
        .refused_as(Code::Conflict);
    let code = code(w, &made, &w.owner, &[]).await;
    by_code(&w.nexus, &made, &code).await.given();
    assert!(!is_known(w, &made, "anything").await);
}

async fn the_name_is_its_own_in_the_tenant(w: &World) {
    let one = app(w, AppType::Public).await;
    let taken = apps::create(&w.nexus, &w.owner, new_app(AppType::Public, SCOPES)).await;
    assert!(taken.refused_as(Code::Conflict).field("name").is_some());
    let mut other = new_app(AppType::Public, SCOPES);
    other.name = "Other".into();
    let other = apps::create(&w.nexus, &w.owner, other).await.fine();
    let rename = |name: &str| OauthAppPatch { name: Some(name.into()), ..OauthAppPatch::default() };
    apps::update(&w.nexus, &w.owner, other.about.id, rename("Deployer")).await.refused_as(Code::Conflict);
    apps::update(&w.nexus, &w.owner, one.about.id, rename("Deployer")).await.fine();
    assert_eq!(apps::update(&w.nexus, &w.owner, other.about.id, rename("Third")).await.fine().name, "Third");
}

async fn there_are_at_most_fifty(w: &World) {
    let made = app(w, AppType::Public).await;
    let (tenant, now) = (w.database.id(w.tenant.0), w.now().0);
    for n in 1..MAX_APPS {
        let id = w.database.id(uuid::Uuid::now_v7());
        let bools = if w.database.folder().is_some() { "1, 0" } else { "TRUE, FALSE" };
        w.execute(&format!(
            "INSERT INTO oauth_apps (tenant_id, id, name, type, redirect_uris, scopes, enabled, device_flow, created_at,
                 created_by) VALUES ({tenant}, {id}, 'n{n}', 'public', '[]', '[]', {bools}, {now}, 'x')"
        ))
        .await;
    }
    let mut more = new_app(AppType::Public, SCOPES);
    more.name = "One more".into();
    apps::create(&w.nexus, &w.owner, more).await.refused_as(Code::QuotaExceeded);
    apps::delete(&w.nexus, &w.owner, made.about.id).await.fine();
}
