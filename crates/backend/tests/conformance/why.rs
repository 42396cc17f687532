//! Why a key has its value: where each part comes from, what becomes of it, and who may know.

use crate::world::{Outcome, World, flag, new_config, new_flag, new_secret};
use nexus_backend::gate::Actor;
use nexus_backend::{configs, flags, secrets, services, why};
use nexus_domain::Code;
use nexus_domain::role::{ProjectRole, Scope};
use nexus_domain::secret::NewSecret;
use nexus_domain::service::ServicePath;
use nexus_domain::template::ReferenceKind;
use nexus_domain::timestamp::DAY_MICROS;
use nexus_domain::why::{ExplanationEnd, MAX_EXPLAINED, ValueExplanation, ValueOutcome, ValueSource};
use serde_json::json;

both![
    the_own_value_the_umbrellas_and_the_hidden_one_are_told,
    every_reference_is_told_with_its_source_and_state,
    what_programs_do_not_get_is_told_with_its_code,
    a_circle_is_told_as_one,
    a_key_is_told_once_and_the_number_of_keys_is_bounded,
    a_flag_tells_its_schedule_and_the_next_moment,
    no_more_is_told_than_the_reader_may_list,
    no_value_of_a_secret_is_in_it_and_no_audit_row_behind_it,
    what_is_not_there_is_not_explained,
    outcomes_are_those_of_the_snapshot,
];

async fn told(w: &World, path: &ServicePath, of: &str) -> ValueExplanation {
    told_to(w, &w.owner, path, of).await.fine()
}

async fn told_to(
    w: &World,
    actor: &Actor,
    path: &ServicePath,
    of: &str,
) -> nexus_backend::Result<ValueExplanation> {
    let (kind, key) = of.split_once(':').expect("kind:key");
    let kind = ReferenceKind::parse(kind).expect("a kind");
    why::explain(&w.nexus, actor, path, kind, key).await
}

/// `shared used v1, …`
fn sources(told: &ValueExplanation) -> String {
    let of = |it: &ValueSource| format!("{} {} v{}", it.service, it.state, it.version);
    told.sources.iter().map(of).collect::<Vec<_>>().join(", ")
}

async fn the_own_value_the_umbrellas_and_the_hidden_one_are_told(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "A", "1").await;
    w.write(&shared, "S", "umbrella").await;
    w.write(&shared, "LATER", "umbrella").await;
    let inherited = told(w, &api, "config:A").await;
    assert_eq!((sources(&inherited).as_str(), inherited.outcome), ("shared used v1", ValueOutcome::Resolved));
    assert_eq!(inherited.value.as_deref(), Some("1"));
    w.set(&api, "A", "2").await;
    w.reset(&api, "A", "3").await;
    let own = told(w, &api, "config:A").await;
    assert_eq!(sources(&own), "api used v2, shared overridden v1");
    assert_eq!((own.sources[0].inherited, own.sources[1].inherited), (false, true));
    assert_eq!(own.sources[0].updated_by.as_deref(), Some("ana@acme.test"));
    w.write(&api, "S", "own").await;
    assert_eq!(sources(&told(w, &api, "secret:S").await), "api used v1, shared overridden v1");
    w.without_value(&api, "LATER").await;
    assert_eq!(sources(&told(w, &api, "secret:LATER").await), "api needs_value v0, shared used v1");
    assert_eq!(sources(&told(w, &shared, "config:A").await), "shared used v1");
}

async fn every_reference_is_told_with_its_source_and_state(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "PASSWORD", "hunter2").await;
    w.set(&shared, "HOST", "\"db\"").await;
    new_flag(w, &api, "tls", json!({ "state": "on" })).await;
    w.set(&api, "AUTH", "\"u:{{secret:PASSWORD}}\"").await;
    w.set(&api, "URL", "\"{{config:AUTH}}@{{config:HOST}}?tls={{flag:tls}}\"").await;
    let url = told(w, &api, "config:URL").await;
    assert_eq!(url.outcome, ValueOutcome::Resolved);
    let way: Vec<String> = url.tainted_by.iter().map(ToString::to_string).collect();
    assert_eq!(way, ["config:URL", "config:AUTH", "secret:PASSWORD"]);
    let named: Vec<_> = url.references.iter().map(|it| (it.kind.as_str(), it.key.as_str())).collect();
    assert_eq!(named, [("flag", "tls"), ("config", "AUTH"), ("config", "HOST")]);
    let [tls, auth, host] = url.references.as_slice() else { panic!("three") };
    assert!(tls.flag.as_ref().is_some_and(|flag| flag.enabled && flag.text == "The flag is on."));
    assert_eq!(auth.value.as_deref(), Some("u:{{secret:PASSWORD}}"));
    assert_eq!((sources(host).as_str(), host.tainted_by.len()), ("shared used v1", 0));
    let [password] = auth.references.as_slice() else { panic!("one") };
    assert_eq!((password.value.clone(), sources(password).as_str()), (None, "shared used v1"));
}

async fn what_programs_do_not_get_is_told_with_its_code(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.write(&shared, "S", "s").await;
    w.set(&shared, "C", "1").await;
    w.without_value(&api, "LATER").await;
    w.set(&api, "A", "\"{{secret:S}}\"").await;
    w.set(&api, "B", "\"{{config:A}}{{config:C}}\"").await;
    w.set(&api, "D", "\"{{secret:LATER}}\"").await;
    services::unlink(&w.nexus, &w.owner, &api).await.fine();
    let b = told(w, &api, "config:B").await;
    assert_eq!(b.outcome, ValueOutcome::Missing);
    let outcomes: Vec<_> =
        b.references.iter().map(|it| (it.key.as_str(), it.outcome, it.sources.len())).collect();
    assert_eq!(outcomes, [("A", ValueOutcome::Missing, 1), ("C", ValueOutcome::Missing, 0)]);
    assert_eq!(told(w, &api, "config:D").await.outcome, ValueOutcome::NeedsValue);
    assert_eq!(told(w, &api, "secret:LATER").await.outcome, ValueOutcome::NeedsValue);
    secrets::delete(&w.nexus, &w.owner, &api, "S", None).await.refused_as(Code::NotFound);
    let file = NewSecret { key: "S".into(), value_base64: Some("AAE=".into()), ..NewSecret::default() };
    secrets::create(&w.nexus, &w.owner, &api, file).await.fine();
    assert_eq!(told(w, &api, "config:A").await.outcome, ValueOutcome::NotText);
}

async fn a_circle_is_told_as_one(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    w.set(&shared, "A", "\"1\"").await;
    w.set(&shared, "B", "\"2\"").await;
    w.set(&api, "B", "\"own\"").await;
    w.set(&api, "A", "\"{{config:B}}\"").await;
    w.reset(&shared, "B", "\"{{config:A}}\"").await;
    configs::delete(&w.nexus, &w.owner, &api, "B", None).await.fine();
    let a = told(w, &api, "config:A").await;
    assert_eq!((a.outcome, a.end), (ValueOutcome::Cycle, None));
    let b = &a.references[0];
    assert_eq!(
        (b.key.as_str(), sources(b).as_str(), b.outcome),
        ("B", "shared used v2", ValueOutcome::Cycle)
    );
    let again = &b.references[0];
    assert_eq!((again.key.as_str(), again.end), ("A", Some(ExplanationEnd::Circle)));
    assert!(again.references.is_empty());
}

async fn a_key_is_told_once_and_the_number_of_keys_is_bounded(w: &World) {
    let api = w.shop().await;
    w.set(&api, "END", "\"x\"").await;
    w.set(&api, "LEAF", "\"{{config:END}}\"").await;
    w.set(&api, "LEFT", "\"{{config:LEAF}}\"").await;
    w.set(&api, "RIGHT", "\"{{config:LEAF}}\"").await;
    w.set(&api, "ROOT", "\"{{config:LEFT}}{{config:RIGHT}}\"").await;
    let root = told(w, &api, "config:ROOT").await;
    let leaf = |side: usize| {
        (root.references[side].references[0].references.len(), root.references[side].references[0].end)
    };
    assert_eq!((leaf(0), leaf(1)), ((1, None), (0, Some(ExplanationEnd::ToldBefore))));
    let text = (0..250).map(|n| format!("K{n}=1")).collect::<Vec<_>>().join("\n");
    configs::import(&w.nexus, &w.owner, &api, crate::secrets::env(&text, false)).await.fine();
    let all: String = (0..250).map(|n| format!("{{{{config:K{n}}}}}")).collect();
    w.set(&api, "WIDE", &format!("\"{all}\"")).await;
    let wide = told(w, &api, "config:WIDE").await;
    assert_eq!((wide.references.len(), wide.end), (MAX_EXPLAINED - 1, Some(ExplanationEnd::TooMany)));
    w.set(&api, "LONG", &format!("\"{}\"", "x".repeat(5000))).await;
    assert_eq!(told(w, &api, "config:LONG").await.value, None);
}

async fn a_flag_tells_its_schedule_and_the_next_moment(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    let start = w.now().plus(DAY_MICROS);
    let fields = json!({ "state": "scheduled", "starts_at": start });
    flags::create(&w.nexus, &w.owner, &shared, flag("beta", fields)).await.fine();
    let beta = told(w, &api, "flag:beta").await;
    let standing = beta.flag.as_ref().expect("a flag");
    assert_eq!((standing.enabled, standing.next_moment), (false, Some(start)));
    assert!(standing.text.starts_with("The flag is scheduled from"), "{}", standing.text);
    assert_eq!((sources(&beta).as_str(), beta.outcome), ("shared used v1", ValueOutcome::Resolved));
    w.pass(DAY_MICROS);
    let on = told(w, &api, "flag:beta").await.flag.expect("a flag");
    assert_eq!((on.enabled, on.next_moment), (true, None));
}

async fn no_more_is_told_than_the_reader_may_list(w: &World) {
    let api = w.service_in_develop().await;
    w.write(&api, "S", "s").await;
    w.set(&api, "A", "\"{{secret:S}}\"").await;
    let live = w.service("shop", "live", "api").await;
    w.write(&live, "S", "s").await;
    w.set(&live, "A", "\"{{secret:S}}\"").await;
    let dev = w.member("shop", ProjectRole::Developer).await;
    let viewer = w.member("shop", ProjectRole::Viewer).await;
    let secret = &told_to(w, &dev, &api, "config:A").await.fine().references[0];
    assert_eq!((sources(secret).as_str(), secret.sources[0].updated_by.clone()), ("api used v1", None));
    for (actor, path) in [(&dev, &live), (&viewer, &api), (&viewer, &live)] {
        let a = told_to(w, actor, path, "config:A").await.fine();
        let secret = &a.references[0];
        assert_eq!((secret.hidden, secret.sources.len(), sources(&a).as_str()), (true, 0, "api used v1"));
        told_to(w, actor, path, "secret:S").await.refused_as(Code::Forbidden);
    }
    let (_, key) = w.environment_key("live", &[Scope::ReadConfigs]).await;
    assert!(told_to(w, &key, &live, "config:A").await.fine().references[0].hidden);
    let rival = w.rival().await;
    told_to(w, &rival.owner, &live, "config:A").await.refused_as(Code::NotFound);
}

async fn no_value_of_a_secret_is_in_it_and_no_audit_row_behind_it(w: &World) {
    let api = w.shop().await;
    w.write(&api, "S", "a-very-secret-thing").await;
    w.set(&api, "A", "\"{{secret:S}}\"").await;
    let before = w.events().await.len();
    for of in ["config:A", "secret:S"] {
        let text = serde_json::to_string(&told(w, &api, of).await).expect("json");
        assert!(!text.contains("a-very-secret-thing"));
    }
    assert!(w.events_after(before).await.is_empty());
}

async fn what_is_not_there_is_not_explained(w: &World) {
    let api = w.shop().await;
    for of in ["config:NO", "secret:NO", "flag:NO"] {
        told_to(w, &w.owner, &api, of).await.refused_as(Code::NotFound);
    }
    let web = w.frontend("shop", "live", "web").await;
    told_to(w, &w.owner, &web, "secret:NO").await.refused_as(Code::ServiceKindMismatch);
    configs::create(&w.nexus, &w.owner, &web, new_config("A", "1")).await.fine();
    assert_eq!(told(w, &web, "config:A").await.outcome, ValueOutcome::Resolved);
}

/// What an explanation says of each config is what a program reads.
async fn outcomes_are_those_of_the_snapshot(w: &World) {
    let (api, shared) = w.shop_with_umbrella().await;
    for n in 0..10 {
        w.write(&shared, &format!("BIG{n}"), &"x".repeat(60_000)).await;
    }
    let half: String = (0..10).map(|n| format!("{{{{secret:BIG{n}}}}}")).collect();
    // Inside of a JSON string it is twice as long.
    w.set(&shared, "QUOTES", &format!("\"{}\"", "\\\"".repeat(60_000))).await;
    w.set(&api, "ALL", &format!("[\"{}\"]", "{{config:QUOTES}}".repeat(10))).await;
    w.set(&api, "HALF", &format!("\"{half}\"")).await;
    w.set(&api, "PLAIN", "1").await;
    secrets::create(&w.nexus, &w.owner, &api, new_secret("BIG0", "small")).await.fine();
    let (_, program) = w.service_key(&api, nexus_domain::keys::Access::Read).await;
    let snapshot = crate::programs::snapshot(w, &program).await;
    for key in ["ALL", "HALF", "PLAIN"] {
        let mut errors = snapshot["errors"].as_array().expect("errors").iter();
        let code = errors
            .find(|error| error["key"] == key)
            .map_or("resolved", |it| it["code"].as_str().expect("text"));
        assert_eq!(told(w, &api, &format!("config:{key}")).await.outcome.as_str(), code);
    }
    assert_eq!(told(w, &api, "config:ALL").await.outcome, ValueOutcome::TooLarge);
}
