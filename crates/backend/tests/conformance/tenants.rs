//! Tenants, environments and projects.

use crate::world::{Outcome, World};
use nexus_backend::tenants::{self, Founding};
use nexus_domain::Code;
use nexus_domain::project::TenantPatch;

both![
    a_new_tenant_has_its_owner_and_three_environments,
    an_instance_is_founded_once,
    a_tenant_is_renamed_and_its_slug_stays,
];

async fn a_new_tenant_has_its_owner_and_three_environments(w: &World) {
    let environments = nexus_backend::environments::list(&w.nexus, &w.owner).await.fine();
    let slugs: Vec<_> = environments.iter().map(|e| e.slug.as_str()).collect();
    assert_eq!(slugs, ["live", "develop", "staging"]);
    assert_eq!(environments[0].name, "Production");
    assert_eq!(w.events().await, ["tenant.created"]);
}

async fn an_instance_is_founded_once(w: &World) {
    let again = Founding {
        slug: "second".into(),
        name: "Second".into(),
        email: "eve@second.test".into(),
        password_hash: None,
    };
    tenants::found(&w.nexus, again, None).await.refused_as(Code::Conflict);
    assert_eq!(w.number("SELECT COUNT(*) FROM users").await, 1);
}

async fn a_tenant_is_renamed_and_its_slug_stays(w: &World) {
    let patch = TenantPatch { name: Some("  Acme GmbH ".into()) };
    let renamed = tenants::update(&w.nexus, &w.owner, patch).await.fine();
    assert_eq!((renamed.slug.as_str(), renamed.name.as_str()), ("acme", "Acme GmbH"));
    assert_eq!(tenants::get(&w.nexus, &w.owner).await.fine(), renamed);
    for bad in ["", "a\u{202e}b", &"x".repeat(81)] {
        let refusal = tenants::update(&w.nexus, &w.owner, TenantPatch { name: Some(bad.into()) }).await.refused();
        assert!(refusal.field("name").is_some(), "{bad:?}");
    }
    assert_eq!(w.events().await, ["tenant.created", "tenant.updated"]);
}
