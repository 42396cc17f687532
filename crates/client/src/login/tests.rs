//! Logins against a script: approving, renewing by many at once, ending, and finding one's way.

use super::places::Found;
use super::store::Place;
use super::*;
use crate::Options;
use crate::script::{Answer, Asked, Script, good, says, snapshot};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

fn tokens(number: usize) -> Value {
    json!({
        "access_token": format!("oat_{number}"), "refresh_token": format!("ort_{number}"),
        "token_type": "Bearer", "expires_in": 3600, "scope": "read:projects"
    })
}

fn device(script: &str, interval: u64) -> Answer {
    good(&json!({
        "device_code": "dc", "user_code": "WDJB-MJHT", "verification_uri": format!("{script}/device"),
        "verification_uri_complete": format!("{script}/device?user_code=WDJB-MJHT"), "expires_in": 600,
        "interval": interval
    }))
}

fn said(error: &str) -> Answer {
    says(400, &json!({ "error": error }).to_string())
}

/// Approves after what `polls` says first.
async fn approving(polls: Vec<fn() -> Answer>) -> Script {
    let count = AtomicUsize::new(0);
    Script::new(move |asked| match asked.what.as_str() {
        "POST /oauth/device_authorization" => Some(device(&format!("http://{}", asked.header("host")), 5)),
        "POST /oauth/token" => {
            let number = count.fetch_add(1, Ordering::SeqCst);
            Some(polls.get(number).map_or_else(|| good(&tokens(1)), |answer| answer()))
        }
        _ => Some(says(404, "")),
    })
    .await
}

async fn decided(script: &Script) -> (Result<Granted, Error>, Vec<u64>) {
    let folder = tempfile::tempdir().expect("a folder");
    let pending = Pending::begin(&script.address, folder.path()).await.expect("asked");
    let pauses = Mutex::new(Vec::new());
    let granted = pending
        .granted(|pause| {
            pauses.lock().expect("no panic").push(pause.as_secs());
            std::future::ready(())
        })
        .await;
    (granted, pauses.into_inner().expect("no panic"))
}

#[tokio::test]
async fn the_browser_decides_and_the_terminal_asks_as_slowly_as_it_is_told() {
    let script = approving(vec![
        || said("authorization_pending"),
        || said("slow_down"),
        || says(503, "<html>"),
        || said("authorization_pending"),
    ])
    .await;
    let (granted, pauses) = decided(&script).await;
    assert_eq!(granted.expect("approved").access_token.expose_secret(), "oat_1");
    assert_eq!(pauses, [5, 5, 10, 20, 20]);
    let asked = script.one("POST /oauth/device_authorization").body;
    assert!(
        asked.starts_with("client_id=nexus-cli&scope=read%3Aprojects+") && !asked.contains("admin"),
        "{asked}"
    );

    for (polls, words) in [
        (vec![(|| said("access_denied")) as fn() -> Answer], "refused"),
        (vec![|| said("expired_token")], "in time"),
        (vec![|| said("invalid_client")], "invalid_client"),
        (vec![(|| said("authorization_pending")) as fn() -> Answer; 1000], "in time"),
    ] {
        let (granted, pauses) = decided(&approving(polls).await).await;
        let error = granted.expect_err(words).to_string();
        assert!(error.contains(words) && pauses.len() <= 120, "{error}");
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    for address in ["javascript:alert(1)", "file:///etc/passwd", "--help", ""] {
        let body =
            json!({ "device_code": "d", "user_code": "u", "verification_uri": address, "expires_in": 600 });
        let script = Script::new(move |_| Some(good(&body))).await;
        assert!(Pending::begin(&script.address, folder.path()).await.is_err(), "{address}");
    }
}

#[tokio::test]
async fn a_server_that_sends_the_person_to_another_one_is_not_logged_in_to() {
    let folder = tempfile::tempdir().expect("a folder");
    // A relay has to send the person to the genuine instance, in either of the two addresses.
    for (address, complete) in [
        ("https://nexus.example/device", None),
        ("http://127.0.0.1:1/device", None),
        ("HOST/device", Some("https://nexus.example/device?user_code=WDJB-MJHT")),
        ("https://nexus.example/device", Some("HOST/device")),
        ("http://nexus.example@OWN/device", None),
        ("http://OWN@nexus.example/device", None),
    ] {
        let script = Script::new(move |asked| {
            let own = asked.header("host");
            let at = |text: &str| text.replace("HOST", "http://OWN").replace("OWN", own);
            Some(good(&json!({
                "device_code": "d", "user_code": "u", "verification_uri": at(address),
                "verification_uri_complete": complete.map(at), "expires_in": 600
            })))
        })
        .await;
        let error = Pending::begin(&script.address, folder.path()).await.err().expect(address);
        assert!(error.to_string().contains("another address"), "{address}: {error}");
        assert_eq!(script.asked().len(), 1, "nobody waits for a decision");
    }
    let odd = Script::new(|asked| {
        let own = format!("http://{}/device?a=\u{1b}[2J", asked.header("host"));
        Some(good(
            &json!({ "device_code": "d", "user_code": "u\u{1b}", "verification_uri": own, "expires_in": 6 }),
        ))
    })
    .await;
    let pending = Pending::begin(&odd.address, folder.path()).await.expect("its own address");
    assert!(pending.url().starts_with(&odd.address));
    let shown = format!("{} {} {}", pending.address(), pending.complete_address(), pending.code());
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
}

#[tokio::test]
async fn nobody_is_asked_where_the_login_could_not_be_kept() {
    let script = approving(Vec::new()).await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    assert!(Pending::begin(&script.address, &file.path().join("nexus")).await.is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o770)).expect("changed");
        let error =
            Pending::begin(&script.address, folder.path()).await.err().expect("others could replace it");
        assert!(matches!(error, Error::File { .. }), "{error}");
    }
    assert!(script.asked().is_empty());
    let folder = tempfile::tempdir().expect("a folder");
    Pending::begin(&script.address, &folder.path().join("nexus")).await.expect("made");
    let left = std::fs::read_dir(folder.path().join("nexus")).expect("a folder").count();
    assert_eq!(left, 0, "trying leaves nothing");
}

#[tokio::test]
async fn a_login_does_not_go_in_the_clear_to_another_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_the_clear = |error: Error| matches!(&error, Error::Invalid(words) if words.contains("https"));
    let url = "http://nexus.example/";
    assert!(Pending::begin(url, folder.path()).await.is_err_and(in_the_clear));
    // One from before is not used, neither there nor for such an endpoint, and can still be put away.
    let place = Place::of(folder.path(), url);
    place.write(&Stored::for_test(url, "old", 3600)).expect("written");
    let login = Login::open(folder.path(), url).expect("read").expect("a login");
    assert!(login.whoami().await.is_err_and(in_the_clear));
    let options = Options::login("http://nexus.example/s/api-k3mzq5ta", login.clone());
    assert!(options.connect().await.err().is_some_and(in_the_clear));
    assert!(login.end().await.is_err_and(in_the_clear));
    assert!(place.read().expect("nothing is wrong").is_none());
}

#[tokio::test]
async fn what_the_server_says_of_a_person_can_be_shown() {
    let (_folder, _script, login) = aged(|asked| {
        let odd = "a\u{1b}]0;x\u{7}";
        Some(match asked.what.as_str() {
            "POST /oauth/token" => good(&tokens(1)),
            _ => good(&json!({ "tenant": odd, "label": odd, "scopes": [odd] })),
        })
    })
    .await;
    let person = login.whoami().await.expect("read");
    let shown = format!("{}{}{}", person.tenant, person.label.unwrap_or_default(), person.scopes.concat());
    assert!(shown.contains("]0;x") && !shown.chars().any(char::is_control), "{shown:?}");
}

/// A folder with a login that should be renewed, at a server that renews it.
async fn aged(renews: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> (TempDir, Script, Login) {
    let script = Script::new(renews).await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = instance(&script.address).expect("an address");
    let mut stored = Stored::for_test(url.as_str(), "old", 3600);
    stored.expires_at = disk::now();
    Place::of(folder.path(), url.as_str()).write(&stored).expect("written");
    let login = Login::open(folder.path(), &script.address).expect("read").expect("a login");
    (folder, script, login)
}

fn renewing() -> impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static {
    let count = AtomicUsize::new(0);
    move |asked| {
        // Like the server: whoever comes with a token that was used before has lost the login.
        let number = count.load(Ordering::SeqCst);
        let expected = if number == 0 { "refresh-old".to_owned() } else { format!("ort_{number}") };
        if !asked.body.ends_with(&format!("refresh_token={expected}")) {
            return Some(said("invalid_grant"));
        }
        Some(good(&tokens(count.fetch_add(1, Ordering::SeqCst) + 1)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_programs_at_once_renew_a_login_once() {
    let (folder, script, _) = aged(renewing()).await;
    let (folder, address) = (Arc::new(folder), script.address.clone());
    let all = (0..50).map(|_| {
        let (folder, address) = (Arc::clone(&folder), address.clone());
        tokio::spawn(async move {
            let login = Login::open(folder.path(), &address).expect("read").expect("a login");
            Refresh::new(login).issue(false).await.expect("renewed").token
        })
    });
    for token in futures::future::join_all(all).await {
        assert_eq!(token.expect("no panic").expose_secret(), "oat_1");
    }
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_one_that_somebody_else_renewed_is_taken_over() {
    let (_folder, script, login) = aged(renewing()).await;
    let (one, other) = (Refresh::new(login.clone()), Refresh::new(login));
    assert_eq!(one.issue(false).await.expect("renewed").token.expose_secret(), "oat_1");
    assert_eq!(other.issue(false).await.expect("as it is").token.expose_secret(), "oat_1");
    assert_eq!(one.issue(true).await.expect("renewed").token.expose_secret(), "oat_2");
    assert_eq!(other.issue(true).await.expect("taken over").token.expose_secret(), "oat_2");
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test]
async fn a_login_that_is_over_is_forgotten_and_one_whose_server_is_away_is_kept() {
    let (folder, script, login) = aged(|_| Some(said("invalid_grant"))).await;
    let error = login.token(None).await.err().expect("it is over").to_string();
    assert!(error.contains("nexus login --url"), "{error}");
    assert!(Login::open(folder.path(), &script.address).expect("nothing is wrong").is_none());
    for status in [500, 503, 429] {
        let (folder, script, login) = aged(move |_| Some(says(status, ""))).await;
        assert!(login.token(None).await.is_err_and(|error| error.passes()), "{status}");
        assert!(Login::open(folder.path(), &script.address).expect("read").is_some());
    }
}

#[tokio::test]
async fn logging_out_ends_the_login_at_the_server_and_here_whatever_the_server_says() {
    for (status, told) in [(200, true), (503, false)] {
        let (folder, script, login) = aged(move |_| Some(says(status, ""))).await;
        assert_eq!(login.end().await.is_ok(), told);
        let asked = script.one("POST /oauth/revoke");
        assert!(asked.body.ends_with("token=refresh-old"), "{asked:?}");
        assert!(Login::open(folder.path(), &script.address).expect("nothing is wrong").is_none());
    }
}

/// A server with one person, whose projects and services are these.
async fn with(
    projects: Vec<&'static str>,
    environment: bool,
    services: Vec<&'static str>,
) -> (TempDir, Script, Login) {
    let now = nexus_domain::Timestamp(0).rfc3339();
    let service = move |slug: &str, environment: &str| {
        json!({
            "id": "0197a5f0-0000-7000-8000-000000000001", "slug": slug, "endpoint_slug": format!("{slug}-k3mzq5ta"),
            "endpoint": format!("https://public.example/s/{slug}-k3mzq5ta"), "name": slug, "kind": "backend",
            "project": "shop", "environment": environment, "umbrella": false, "linked_umbrella": null,
            "linked_services": 0, "secrets": 0, "revision": 1, "created_at": now, "updated_at": now, "synced_at": null
        })
    };
    aged(move |asked| {
        let list = |rows: Vec<Value>| Some(good(&json!({ "data": rows, "next_cursor": null })));
        match asked.what.split('?').next().unwrap_or_default() {
            "POST /oauth/token" => Some(good(&tokens(1))),
            "GET /api/v1/projects" => list(projects.iter().map(|slug| json!({ "slug": slug })).collect()),
            "GET /api/v1/projects/shop/dev-environment" if environment => {
                Some(good(&json!({ "slug": "dev_ana" })))
            }
            "GET /api/v1/projects/shop" => Some(good(&json!({ "slug": "shop" }))),
            "GET /api/v1/projects/shop/services" => {
                let own = services.iter().map(|slug| service(slug, "dev_ana"));
                list(own.chain([service("others", "develop")]).collect())
            }
            "GET /s/api-k3mzq5ta/v1/sync" if asked.header("authorization") == "Bearer oat_1" => {
                Some(good(&snapshot()))
            }
            _ => Some(says(404, r#"{"code":"not_found","message":"There is no such thing"}"#)),
        }
    })
    .await
}

#[tokio::test]
async fn a_login_finds_the_service_of_ones_own_environment_at_the_address_of_the_login() {
    let (_folder, script, login) = with(vec!["shop"], true, vec!["api"]).await;
    let Found { project, service, endpoint } = login.find(None, None).await.expect("the only one");
    assert_eq!((project.as_str(), service.as_str()), ("shop", "api"));
    // What the server calls itself may be another host; the tokens go where the person logged in.
    assert_eq!(endpoint, format!("{}/s/api-k3mzq5ta", script.address));
    login.remember(None, None, Some(&endpoint)).await.expect("kept");
    assert_eq!(login.remembered(None, None).as_deref(), Some(endpoint.as_str()));
    assert!(login.remembered(Some("shop"), None).is_none());
    let client = Options::login(endpoint, login).follow(false).connect().await.expect("read");
    assert!(client.get_secret("token").is_ok());
}

#[tokio::test]
async fn where_none_or_several_could_be_meant_the_words_say_what_to_do() {
    for (projects, environment, services, project, service, words) in [
        (vec![], true, vec![], None, None, "no project"),
        (vec!["shop", "blog"], true, vec![], None, None, "several projects could be meant: shop, blog"),
        (vec!["shop"], false, vec![], None, None, "switch it on"),
        (vec!["shop"], false, vec![], Some("nope"), None, "no project nope"),
        (vec!["shop"], true, vec![], None, None, "import develop"),
        (vec!["shop"], true, vec!["api", "web"], None, None, "several services could be meant: api, web"),
        (vec!["shop"], true, vec!["api", "web"], None, Some("others"), "no service others"),
    ] {
        let (_folder, _script, login) = with(projects, environment, services).await;
        let error = login.find(project, service).await.expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_login_is_of_an_instance_whatever_endpoint_is_named() {
    for (text, expected) in [
        ("https://a.b", "https://a.b/"),
        ("https://a.b/s/api-k3mzq5ta", "https://a.b/"),
        ("https://a.b/nexus/s/api-k3mzq5ta/", "https://a.b/nexus/"),
        ("https://A.b:443/", "https://a.b/"),
    ] {
        assert_eq!(instance(text).expect("an address").as_str(), expected);
    }
}
