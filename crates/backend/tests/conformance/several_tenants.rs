//! One person in several tenants: making another one, and that nothing of one reaches into the other.

use crate::world::{Outcome, World};
use futures::future::join_all;
use nexus_backend::gate::Actor;
use nexus_backend::members::{self, ListMembers};
use nexus_backend::people::{self, Opened};
use nexus_backend::tenants::{self, Founding, NewTenant, TenantCreation};
use nexus_backend::{Nexus, Settings, audit, environments, projects};
use nexus_domain::Code;
use nexus_domain::audit::AuditFilter;
use nexus_domain::role::{ProjectRole, TenantRole};
use std::net::IpAddr;
use std::sync::Arc;

both![
    a_person_makes_another_tenant_and_owns_it,
    a_slug_of_a_tenant_is_taken_once,
    of_many_who_make_the_same_tenant_one_succeeds,
    an_operator_may_keep_the_making_of_tenants,
    an_operator_makes_a_tenant_for_who_is_known_or_new,
    an_owner_of_one_is_nobody_in_the_other,
];

fn ip(n: u8) -> IpAddr {
    IpAddr::from([198, 51, 100, n])
}

fn new(name: &str, slug: Option<&str>) -> NewTenant {
    NewTenant { name: name.into(), slug: slug.map(str::to_owned) }
}

fn opened(w: &World, actor: &Actor) -> Opened {
    Opened::by_password(actor.user().expect("a person"), w.now())
}

async fn a_person_makes_another_tenant_and_owns_it(w: &World) {
    let dev = w.person("dev@acme.test", TenantRole::Member).await;
    let slug = tenants::create(&w.nexus, opened(w, &dev), new(" Second Shop ", None), ip(1)).await.fine();
    assert_eq!(slug, "second-shop");
    let me = people::me(&w.nexus, dev.user().expect("a person"), w.now()).await.fine().expect("an account");
    let roles: Vec<_> = me.tenants.iter().map(|it| (it.slug.as_str(), it.role)).collect();
    assert_eq!(roles, [("acme", TenantRole::Member), ("second-shop", TenantRole::Owner)]);
    let owner = people::person(&w.nexus, opened(w, &dev), &slug, None).await.fine();
    assert_eq!(environments::list(&w.nexus, &owner).await.fine().len(), 3);
    assert_eq!(tenants::get(&w.nexus, &owner).await.fine().name, "Second Shop");
    let log = audit::list(&w.nexus, &owner, AuditFilter::default(), None, 10).await.fine().data;
    assert_eq!((log[0].event.as_str(), log[0].actor.as_str()), ("tenant.created", "dev@acme.test"));
    assert!(audit::verify(&w.nexus, &owner).await.fine().ok);
}

async fn a_slug_of_a_tenant_is_taken_once(w: &World) {
    let make = async |new| tenants::create(&w.nexus, opened(w, &w.owner), new, ip(1)).await;
    assert!(make(new("Acme", None)).await.refused_as(Code::Conflict).field("slug").is_some());
    make(new("Acme", Some("acme-two"))).await.fine();
    for slug in ["Upper", "-a", "a b", "a/b"] {
        make(new("Fine", Some(slug))).await.refused_as(Code::InvalidRequest);
    }
    make(new(" ", Some("fine"))).await.refused_as(Code::InvalidRequest);
    make(new("!!!", None)).await.refused_as(Code::InvalidRequest);
}

async fn of_many_who_make_the_same_tenant_one_succeeds(w: &World) {
    let make = |n: u8| tenants::create(&w.nexus, opened(w, &w.owner), new("Same", None), ip(n));
    let outcomes = join_all((0..20).map(make)).await;
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 19);
    assert!(refused.iter().all(|error| error.refusal().code == Code::Conflict), "{refused:?}");
}

async fn an_operator_may_keep_the_making_of_tenants(w: &World) {
    let settings = Settings {
        tenant_creation: TenantCreation::Operator,
        ..Settings::self_hosted("https://nexus.test").expect("settings")
    };
    let other = Nexus::open(nexus_backend::Parts {
        db: nexus_backend::store::Db::open(&w.database.location()).await.fine(),
        root: nexus_backend::crypto::RootKey::parse(crate::world::ROOT_KEY).fine(),
        clock: w.clock.clone(),
        random: Arc::new(nexus_backend::crypto::SystemRandom),
        settings,
    })
    .await
    .fine();
    let made = tenants::create(&other, opened(w, &w.owner), new("Another", None), ip(1)).await;
    made.refused_as(Code::Forbidden);
    other.db.close().await;
}

async fn an_operator_makes_a_tenant_for_who_is_known_or_new(w: &World) {
    let founding = |slug: &str, email: &str| Founding {
        slug: slug.into(),
        name: slug.into(),
        email: email.into(),
        password_hash: None,
    };
    let known = tenants::found_for(&w.nexus, founding("second", "Ana@acme.test")).await.fine();
    let is_new = tenants::found_for(&w.nexus, founding("third", "new@third.test")).await.fine();
    assert_eq!((known, is_new), (false, true));
    let me = people::me(&w.nexus, w.owner_id, w.now()).await.fine().expect("an account");
    assert_eq!(me.tenants.len(), 2);
    tenants::found_for(&w.nexus, founding("third", "new@third.test")).await.refused_as(Code::Conflict);
}

async fn an_owner_of_one_is_nobody_in_the_other(w: &World) {
    w.project("shop").await;
    let dev = w.member("shop", ProjectRole::Viewer).await;
    let slug = tenants::create(&w.nexus, opened(w, &dev), new("Own", None), ip(1)).await.fine();
    let there = people::person(&w.nexus, opened(w, &dev), &slug, None).await.fine();
    let here = w.signed_in_again(&dev).await;
    projects::get(&w.nexus, &there, "shop").await.refused_as(Code::NotFound);
    members::list(&w.nexus, &here, ListMembers::default()).await.refused_as(Code::Forbidden);
    let seen = members::list(&w.nexus, &there, ListMembers::default()).await.fine().data;
    assert_eq!(seen.len(), 1);
    assert!(seen[0].projects.is_empty(), "roles of the other tenant stay there");
    members::get(&w.nexus, &there, w.owner_id).await.refused_as(Code::NotFound);
    let patch = nexus_domain::member::MemberPatch { role: Some(TenantRole::Member) };
    members::change(&w.nexus, &there, w.owner_id, patch).await.refused_as(Code::NotFound);
    members::remove(&w.nexus, &there, w.owner_id).await.refused_as(Code::NotFound);
}
