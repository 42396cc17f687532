//! Many at the same moment: one wins, the others are told, and nothing is lost or doubled.

use crate::world::{Outcome, World, new_secret, new_service, new_version};
use futures::future::join_all;
use nexus_backend::{Result, dev_environments, environments, keys, secrets, services, snapshot};
use nexus_domain::Code;
use nexus_domain::environment::NewEnvironment;
use nexus_domain::keys::{Access, RotateRequest, Slot};
use nexus_domain::secret::NewSecretVersion;
use nexus_domain::service::ServiceKind;

both![
    of_many_edits_of_one_version_one_wins,
    of_many_new_secrets_of_one_key_one_is_made,
    of_many_new_services_of_one_slug_one_is_made,
    of_many_new_environments_the_cap_lets_the_right_number_through,
    of_many_undeletes_one_brings_it_back,
    an_umbrella_is_either_linked_or_deleted,
    many_first_visits_make_one_developer_environment,
    many_rotations_leave_one_key_in_the_slot,
    readers_never_see_half_a_change,
];

/// Runs them all at once; answers how many went through. The others have to be refused as `code`.
async fn winners<T>(
    attempts: impl IntoIterator<Item = impl Future<Output = Result<T>>>,
    code: Code,
) -> usize {
    let mut won = 0;
    for outcome in join_all(attempts).await {
        match outcome {
            Ok(_) => won += 1,
            refused => drop(refused.refused_as(code)),
        }
    }
    won
}

async fn of_many_edits_of_one_version_one_wins(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "0").await;
    let edit = |n: usize| {
        let edit = NewSecretVersion { expected_version: Some(1), ..new_version(&n.to_string()) };
        secrets::add_version(&w.nexus, &w.owner, &api, "A", edit)
    };
    assert_eq!(winners((1..=20).map(edit), Code::Conflict).await, 1);
    assert_eq!(secrets::history(&w.nexus, &w.owner, &api, "A").await.fine().len(), 2);
}

async fn of_many_new_secrets_of_one_key_one_is_made(w: &World) {
    let api = w.shop().await;
    let create = |n: usize| secrets::create(&w.nexus, &w.owner, &api, new_secret("A", &n.to_string()));
    assert_eq!(winners((0..20).map(create), Code::Conflict).await, 1);
}

async fn of_many_new_services_of_one_slug_one_is_made(w: &World) {
    w.project("shop").await;
    let create = |_| {
        let new = new_service("api", "live", ServiceKind::Backend, false);
        services::create(&w.nexus, &w.owner, "shop", new)
    };
    assert_eq!(winners((0..10).map(create), Code::Conflict).await, 1);
}

async fn of_many_new_environments_the_cap_lets_the_right_number_through(w: &World) {
    let create = |n: usize| {
        let new = NewEnvironment { slug: format!("e{n}"), ..NewEnvironment::default() };
        environments::create(&w.nexus, &w.owner, new)
    };
    assert_eq!(winners((0..10).map(create), Code::QuotaExceeded).await, 3);
}

async fn of_many_undeletes_one_brings_it_back(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "v").await;
    secrets::delete(&w.nexus, &w.owner, &api, "A", None).await.fine();
    let undelete = |_| secrets::undelete(&w.nexus, &w.owner, &api, "A");
    assert_eq!(winners((0..10).map(undelete), Code::NotFound).await, 1);
    let delete = |_| secrets::delete(&w.nexus, &w.owner, &api, "A", None);
    assert_eq!(winners((0..10).map(delete), Code::NotFound).await, 1);
}

async fn an_umbrella_is_either_linked_or_deleted(w: &World) {
    let api = w.shop().await;
    for _ in 0..5 {
        let shared = w.umbrella("shop", "live", "shared").await;
        let (linked, deleted) = tokio::join!(
            services::link(&w.nexus, &w.owner, &api, "shared"),
            services::delete(&w.nexus, &w.owner, &shared),
        );
        assert_ne!(linked.is_ok(), deleted.is_ok());
        if linked.is_ok() {
            deleted.refused_as(Code::InUse);
            services::unlink(&w.nexus, &w.owner, &api).await.fine();
            services::delete(&w.nexus, &w.owner, &shared).await.fine();
        } else {
            linked.refused_as(Code::InvalidRequest);
        }
    }
}

async fn many_first_visits_make_one_developer_environment(w: &World) {
    w.project("shop").await;
    let create = |_| dev_environments::create(&w.nexus, &w.owner, "shop");
    assert_eq!(winners((0..10).map(create), Code::Conflict).await, 10);
    assert_eq!(w.number("SELECT COUNT(*) FROM environments WHERE kind = 'developer'").await, 1);
}

async fn many_rotations_leave_one_key_in_the_slot(w: &World) {
    let api = w.shop().await;
    let rotate = |_| {
        let request = RotateRequest { grace_hours: Some(0), access: None };
        keys::rotate(&w.nexus, &w.owner, &api, Slot::Primary, request)
    };
    let made: Vec<_> = join_all((0..10).map(rotate)).await.into_iter().map(Outcome::fine).collect();
    assert_eq!(w.number("SELECT COUNT(*) FROM service_keys").await, 1);
    let mut valid = 0;
    for key in made {
        valid += usize::from(w.present(&key.key).await.is_ok());
    }
    assert_eq!(valid, 1);
}

/// Two secrets that are always written together have to be read together.
async fn readers_never_see_half_a_change(w: &World) {
    let api = w.shop().await;
    let (_, key) = w.service_key(&api, Access::Read).await;
    let text = |n: usize| crate::secrets::env(&format!("A={n}\nB={n}\n"), false);
    secrets::import(&w.nexus, &w.owner, &api, text(0)).await.fine();
    let writer = async {
        for n in 1..=10 {
            secrets::import(&w.nexus, &w.owner, &api, text(n)).await.fine();
        }
    };
    let reader = async {
        let mut last = 0;
        while last < 10 {
            let snapshot::Answer::Fresh { body, .. } = snapshot::sync(&w.nexus, &key, None).await.fine()
            else {
                panic!("asked without a tag")
            };
            let read: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            let value =
                |key: &str| read["secrets"][key]["value"].as_str().map(|n| n.parse::<usize>().expect("n"));
            assert_eq!(value("A"), value("B"));
            assert!(value("A") >= Some(last), "and never goes back");
            last = value("A").expect("there");
        }
    };
    tokio::join!(writer, reader);
}
