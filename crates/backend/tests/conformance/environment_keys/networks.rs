//! From where credentials are taken: the tenant's networks and a key's own.

use super::{make, new_key};
use crate::world::{Outcome, World};
use futures::StreamExt as _;
use nexus_backend::gate::Actor;
use nexus_backend::{credentials, streams, tenants};
use nexus_domain::Code;
use nexus_domain::environment_key::NewEnvironmentKey;
use nexus_domain::keys::Access;
use nexus_domain::role::TenantRole;
use nexus_domain::timestamp::MINUTE;
use std::time::Duration;

both![
    a_key_is_taken_from_its_networks_alone,
    the_tenants_networks_hold_for_every_credential_and_no_person,
    nonsense_is_refused_with_its_line_and_changes_nothing,
    a_stream_from_where_nobody_is_let_in_any_more_ends,
];

async fn from(w: &World, text: &str, ip: &str) -> nexus_backend::Result<Actor> {
    credentials::authenticate(&w.nexus, text, ip.parse().ok()).await.map(|found| found.actor)
}

async fn allow(w: &World, lines: &[&str]) {
    let owner = w.signed_in_again(&w.owner).await;
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    tenants::set_networks(&w.nexus, &owner, lines).await.fine();
}

async fn a_key_is_taken_from_its_networks_alone(w: &World) {
    let allowed_cidrs = Some(vec!["192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned()]);
    let key = make(w, NewEnvironmentKey { allowed_cidrs, ..new_key("live", None) }).await.key;
    for ip in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::7"] {
        from(w, &key, ip).await.fine();
    }
    for ip in ["192.0.3.1", "::ffff:192.0.3.1", "2001:db9::1"] {
        from(w, &key, ip).await.refused_as(Code::IpNotAllowed);
    }
    w.present(&key).await.refused_as(Code::IpNotAllowed);
    // Who does not have the key does not learn of its networks.
    from(w, &key.replace(&key[20..22], "zz"), "192.0.3.1").await.refused_as(Code::Unauthorized);
}

async fn the_tenants_networks_hold_for_every_credential_and_no_person(w: &World) {
    let api = w.shop().await;
    let (sk, _) = w.service_key(&api, Access::Read).await;
    let nx = make(w, new_key("live", None)).await.key;
    allow(w, &["192.0.2.0/24"]).await;
    for key in [&sk, &nx] {
        from(w, key, "192.0.2.1").await.fine();
        from(w, key, "198.51.100.1").await.refused_as(Code::IpNotAllowed);
    }
    let owner = w.signed_in_again(&w.owner).await;
    assert_eq!(tenants::networks(&w.nexus, &owner).await.fine(), ["192.0.2.0/24"]);
    allow(w, &[]).await;
    from(w, &sk, "198.51.100.1").await.fine();
    let member = w.person("max@acme.test", TenantRole::Member).await;
    tenants::networks(&w.nexus, &member).await.refused_as(Code::Forbidden);
    tenants::set_networks(&w.nexus, &member, Vec::new()).await.refused_as(Code::Forbidden);
    assert!(w.events().await.contains(&"tenant.networks_changed".to_owned()));
}

async fn nonsense_is_refused_with_its_line_and_changes_nothing(w: &World) {
    allow(w, &["# the office", "192.0.2.0/24"]).await;
    let lines = vec!["10.0.0.0/8".to_owned(), "localhost".to_owned()];
    let refusal = tenants::set_networks(&w.nexus, &w.owner, lines).await.refused_as(Code::InvalidRequest);
    assert!(refusal.field("allowed_cidrs").is_some_and(|rule| rule.starts_with("Line 2")), "{refusal}");
    assert_eq!(tenants::networks(&w.nexus, &w.owner).await.fine(), ["192.0.2.0/24"]);
    w.pass(5 * MINUTE + 1);
    tenants::set_networks(&w.nexus, &w.owner, Vec::new()).await.refused_as(Code::StepUpRequired);
}

async fn a_stream_from_where_nobody_is_let_in_any_more_ends(w: &World) {
    let api = w.shop().await;
    let (sk, _) = w.service_key(&api, Access::Read).await;
    let actor = from(w, &sk, "198.51.100.1").await.fine();
    let mut stream = streams::subscribe(&w.nexus, &actor, None).await.fine();
    allow(w, &["192.0.2.0/24"]).await;
    let rest = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(20), rest).await.expect("the end, in time");
}
