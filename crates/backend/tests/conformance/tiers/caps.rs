//! At the cap: exactly as many as the tier allows, whatever way they come.

use super::{assert_quota, attempt, fill, hosted, process_with, shop};
use crate::secrets::env;
use crate::world::{Outcome, World, new_config, new_secret, new_version};
use futures::future::join_all;
use nexus_backend::{configs, projects, secrets, snapshot};
use nexus_domain::Code;
use nexus_domain::keys::Access;
use nexus_domain::project::{NewProject, Tier};
use nexus_domain::tier::Quota;

both![
    of_many_new_secrets_exactly_the_room_is_filled,
    of_many_new_services_exactly_the_room_is_filled,
    the_services_of_a_project_share_its_quota,
    each_kind_has_a_quota_of_its_own,
    what_is_deleted_gives_its_room_back_and_takes_it_again,
    an_import_over_the_cap_writes_nothing,
    a_program_meets_the_cap_too,
    no_other_project_and_no_other_tenant_counts,
    without_a_limit_nothing_is_refused,
    a_project_without_a_tier_gets_that_of_the_billing_mode,
];

async fn of_many_new_secrets_exactly_the_room_is_filled(w: &World) {
    let api = shop(w, Tier::Free).await;
    fill(w, &api, 1..=13).await;
    let create = |n: usize| {
        let (api, key) = (api.clone(), format!("N{n}"));
        async move { secrets::create(&w.nexus, &w.owner, &api, new_secret(&key, "v")).await }
    };
    let (mut made, mut refused) = (0, 0);
    for outcome in join_all((0..20).map(create)).await {
        if outcome.is_ok() {
            made += 1;
        } else {
            refused += 1;
            let refusal = assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
            assert_eq!(
                refusal.message,
                "Tier free allows 20 secrets and they are used up; tier xs allows more"
            );
        }
    }
    assert_eq!((made, refused), (7, 13));
    assert_eq!(w.number("SELECT COUNT(*) FROM entries WHERE kind = 'secret'").await, 20);
}

async fn of_many_new_services_exactly_the_room_is_filled(w: &World) {
    shop(w, Tier::Free).await;
    let slugs: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
    let outcomes = join_all(slugs.iter().map(|slug| attempt(w, "develop", slug))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_quota(outcome, Quota::Services, 3, Some(Tier::Xs));
    }
    assert_eq!(w.number("SELECT COUNT(*) FROM services").await, 3);
}

async fn the_services_of_a_project_share_its_quota(w: &World) {
    let api = shop(w, Tier::Free).await;
    let worker = w.umbrella("shop", "develop", "shared").await;
    fill(w, &api, 1..=10).await;
    fill(w, &worker, 1..=10).await;
    for path in [&api, &worker] {
        let outcome = secrets::create(&w.nexus, &w.owner, path, new_secret("X", "v")).await;
        assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
    }
    // What is there can still be changed.
    w.rewrite(&api, "S10", "w").await;
}

async fn each_kind_has_a_quota_of_its_own(w: &World) {
    let api = shop(w, Tier::Free).await;
    fill(w, &api, 1..=20).await;
    for n in 0..50 {
        w.set(&api, &format!("C{n}"), "1").await;
    }
    let outcome = configs::create(&w.nexus, &w.owner, &api, new_config("X", "1")).await;
    assert_quota(outcome, Quota::Configs, 50, Some(Tier::Xs));
    // A key that is taken is another matter, but nothing is said of it where there is no room.
    let outcome = secrets::create(&w.nexus, &w.owner, &api, new_secret("S01", "v")).await;
    assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
}

async fn what_is_deleted_gives_its_room_back_and_takes_it_again(w: &World) {
    let api = shop(w, Tier::Free).await;
    fill(w, &api, 1..=20).await;
    secrets::delete(&w.nexus, &w.owner, &api, "S05", None).await.fine();
    secrets::delete(&w.nexus, &w.owner, &api, "S06", None).await.fine();
    secrets::undelete(&w.nexus, &w.owner, &api, "S06").await.fine();
    w.write(&api, "X", "v").await;
    let outcome = secrets::undelete(&w.nexus, &w.owner, &api, "S05").await;
    assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
    let both = vec!["X".to_owned(), "S01".to_owned()];
    secrets::delete_several(&w.nexus, &w.owner, &api, both).await.fine();
    // Three would come back where two fit: none does.
    secrets::delete(&w.nexus, &w.owner, &api, "S02", None).await.fine();
    w.write(&api, "Y", "v").await;
    let three = ["S05", "X", "S01"].map(str::to_owned).to_vec();
    let outcome = secrets::undelete_several(&w.nexus, &w.owner, &api, three).await;
    assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
    assert_eq!(w.number("SELECT COUNT(*) FROM entries WHERE deleted_at IS NULL").await, 18);
    // What is left in the service goes with it.
    nexus_backend::services::delete(&w.nexus, &w.signed_in_again(&w.owner).await, &api).await.fine();
    let again = w.service("shop", "develop", "api").await;
    fill(w, &again, 1..=20).await;
}

async fn an_import_over_the_cap_writes_nothing(w: &World) {
    let api = shop(w, Tier::Free).await;
    fill(w, &api, 1..=5).await;
    let lines = |from: i32, to: i32| (from..=to).map(|n| format!("S{n:02}=new\n")).collect::<String>();
    for dry_run in [true, false] {
        let outcome = secrets::import(&w.nexus, &w.owner, &api, env(&lines(1, 21), dry_run)).await;
        assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
    }
    let dry = secrets::import(&w.nexus, &w.owner, &api, env(&lines(1, 20), true)).await.fine();
    assert_eq!((dry.new, dry.changed), (15, 5));
    assert_eq!(w.number("SELECT COUNT(*) FROM entries").await, 5);
    assert_eq!(w.value(&api, "S01").await, "v");
    let report = secrets::import(&w.nexus, &w.owner, &api, env(&lines(1, 20), false)).await.fine();
    assert_eq!((report.new, report.changed), (15, 5));
    // At the cap what is there is still written.
    let again = lines(1, 20).replace("new", "newer");
    let report = secrets::import(&w.nexus, &w.owner, &api, env(&again, false)).await.fine();
    assert_eq!((report.new, report.changed), (0, 20));
    let outcome = configs::import(&w.nexus, &w.owner, &api, env(&lines(1, 51), false)).await;
    assert_quota(outcome, Quota::Configs, 50, Some(Tier::Xs));
    assert_eq!(w.number("SELECT COUNT(*) FROM entries WHERE kind = 'config'").await, 0);
    let report = configs::import(&w.nexus, &w.owner, &api, env(&lines(1, 50), false)).await.fine();
    assert_eq!(report.new, 50);
}

async fn a_program_meets_the_cap_too(w: &World) {
    let api = shop(w, Tier::Free).await;
    fill(w, &api, 1..=19).await;
    let (_, key) = w.service_key(&api, Access::ReadWrite).await;
    snapshot::put(&w.nexus, &key, "X", new_version("v")).await.fine();
    let outcome = snapshot::put(&w.nexus, &key, "Y", new_version("v")).await;
    assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
    assert_eq!(snapshot::put(&w.nexus, &key, "X", new_version("w")).await.fine(), (false, 2));
}

async fn no_other_project_and_no_other_tenant_counts(w: &World) {
    let api = shop(w, Tier::Free).await;
    fill(w, &api, 1..=20).await;
    let rival = w.rival().await;
    for (slug, actor) in [("attic", &w.owner), ("shop", &rival.owner)] {
        let new = NewProject { name: slug.into(), slug: Some(slug.into()), tier: Some(Tier::Free) };
        projects::create(&w.nexus, actor, new).await.fine();
        let new =
            crate::world::new_service("api", "develop", nexus_domain::service::ServiceKind::Backend, false);
        nexus_backend::services::create(&w.nexus, actor, slug, new).await.fine();
        let path = crate::world::path(slug, "develop", "api");
        for n in 0..20 {
            secrets::create(&w.nexus, actor, &path, new_secret(&format!("S{n}"), "v")).await.fine();
        }
        let outcome = secrets::create(&w.nexus, actor, &path, new_secret("X", "v")).await;
        assert_quota(outcome, Quota::Secrets, 20, Some(Tier::Xs));
    }
}

async fn without_a_limit_nothing_is_refused(w: &World) {
    let api = shop(w, Tier::Xl).await;
    fill(w, &api, 1..=25).await;
    for n in 0..5 {
        attempt(w, "live", &format!("s{n}")).await.fine();
    }
    assert!(w.list(&api).await.data.iter().all(|row| row.read_only.is_none()));
}

async fn a_project_without_a_tier_gets_that_of_the_billing_mode(w: &World) {
    let new = || NewProject { name: "Attic".into(), ..NewProject::default() };
    assert_eq!(projects::create(&w.nexus, &w.owner, new()).await.fine().tier, Tier::Xl);
    let hosted = process_with(w, hosted()).await;
    let other = NewProject { name: "Other".into(), ..NewProject::default() };
    assert_eq!(projects::create(&hosted, &w.owner, other).await.fine().tier, Tier::Free);
    projects::create(&hosted, &w.owner, new()).await.refused_as(Code::Conflict);
    hosted.db.close().await;
}
