//! Equal or different: who may ask, what is answered, and that it is written down and not kept.

use super::{api, three};
use crate::world::{Outcome, World};
use nexus_backend::{grid, services};
use nexus_domain::Code;
use nexus_domain::grid::EqualValues;
use nexus_domain::role::ProjectRole;
use nexus_domain::secret::NewSecret;
use nexus_domain::timestamp::MINUTE;

both![
    equal_values_share_a_group_and_others_do_not,
    every_secret_that_is_opened_has_a_row_and_nothing_is_kept,
    it_takes_the_right_to_reveal_all_of_them_and_a_fresh_sign_in,
    a_bounded_number_of_keys_is_compared,
];

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn groups(values: &EqualValues) -> Vec<(&str, Vec<&str>)> {
    values
        .groups
        .iter()
        .map(|group| (group.label.as_str(), group.environments.iter().map(String::as_str).collect()))
        .collect()
}

async fn equal_values_share_a_group_and_others_do_not(w: &World) {
    let [develop, staging, live] = three(w).await;
    let shared = w.umbrella("shop", "live", "shared").await;
    services::link(&w.nexus, &w.owner, &live, "shared").await.fine();
    w.write(&develop, "TOKEN", "one").await;
    w.write(&staging, "TOKEN", "two").await;
    w.write(&shared, "TOKEN", "one").await;
    w.write(&develop, "ALONE", "x").await;
    w.without_value(&staging, "ALONE").await;
    let file =
        NewSecret { value: None, value_base64: Some("b25l".into()), ..crate::world::new_secret("SORT", "") };
    nexus_backend::secrets::create(&w.nexus, &w.owner, &develop, file).await.fine();
    w.write(&live, "SORT", "one").await;
    let asked = keys(&["TOKEN", "ALONE", "SORT", "NOWHERE"]);
    let found = grid::compare(&w.nexus, &w.owner, api(), asked).await.fine();
    let of = |key: &str| groups(found.iter().find(|it| it.key == key).expect("an answer"));
    assert_eq!(of("TOKEN"), [("A", vec!["develop", "live"]), ("B", vec!["staging"])]);
    assert_eq!(of("ALONE"), [("A", vec!["develop"])]);
    // The same bytes as a file are another value.
    assert_eq!(of("SORT"), [("A", vec!["develop"]), ("B", vec!["live"])]);
    assert!(of("NOWHERE").is_empty());
}

async fn every_secret_that_is_opened_has_a_row_and_nothing_is_kept(w: &World) {
    let [develop, staging, _] = three(w).await;
    w.write(&develop, "TOKEN", "canary-value").await;
    w.write(&staging, "TOKEN", "canary-value").await;
    let stored = async || {
        let mut all = w.dump().await;
        all.retain(|(place, _)| !place.starts_with("audit_log.") && !place.contains("tenants.seq"));
        all.sort();
        all
    };
    let (before, state) = (w.events().await.len(), stored().await);
    grid::compare(&w.nexus, &w.owner, api(), keys(&["TOKEN"])).await.fine();
    assert_eq!(w.events_after(before).await, ["secret.compared"; 2]);
    let changed: Vec<_> = stored().await.into_iter().filter(|it| !state.contains(it)).collect();
    let places: Vec<_> = changed.iter().map(|(place, _)| place.as_str()).collect();
    assert!(places.iter().all(|place| place.starts_with("tenants.")), "{places:?}");
    let details = w.texts("SELECT details FROM audit_log WHERE event = 'secret.compared'").await;
    assert!(details.iter().all(|text| !text.contains("equal") && !text.contains("canary")), "{details:?}");
}

async fn it_takes_the_right_to_reveal_all_of_them_and_a_fresh_sign_in(w: &World) {
    let all = three(w).await;
    for at in &all {
        w.write(at, "TOKEN", "one").await;
    }
    for role in [ProjectRole::Developer, ProjectRole::Tester, ProjectRole::Viewer] {
        let actor = w.member("shop", role).await;
        grid::compare(&w.nexus, &actor, api(), keys(&["TOKEN"])).await.refused_as(Code::Forbidden);
    }
    let manager = w.member("shop", ProjectRole::Manager).await;
    grid::compare(&w.nexus, &manager, api(), keys(&["TOKEN"])).await.fine();
    let rival = w.rival().await.owner;
    grid::compare(&w.nexus, &rival, api(), keys(&["TOKEN"])).await.refused_as(Code::NotFound);
    w.pass(6 * MINUTE);
    grid::compare(&w.nexus, &manager, api(), keys(&["TOKEN"])).await.refused_as(Code::StepUpRequired);
    let manager = w.signed_in_again(&manager).await;
    grid::compare(&w.nexus, &manager, api(), keys(&["TOKEN"])).await.fine();
}

async fn a_bounded_number_of_keys_is_compared(w: &World) {
    three(w).await;
    let many: Vec<String> = (0..201).map(|n| format!("K{n}")).collect();
    for bad in [many.clone(), vec![], keys(&["no key"])] {
        let refused = grid::compare(&w.nexus, &w.owner, api(), bad).await.refused_as(Code::InvalidRequest);
        assert!(refused.field("keys").is_some());
    }
    let before = w.events().await.len();
    grid::compare(&w.nexus, &w.owner, api(), many[..200].to_vec()).await.fine();
    assert_eq!(w.events().await.len(), before);
}
