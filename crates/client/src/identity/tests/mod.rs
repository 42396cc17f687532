//! Each platform as a script on loopback, good and bad.

mod exchange;

use super::WorkloadIdentity;
use crate::script::{Answer, Asked, Script, good, says, snapshot, token_for};
use crate::{Client, Error, Options};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PROVIDER: &str = "0197a5f0-0000-7000-8000-000000000001";
const EXCHANGE: &str = "POST /s/api-k3mzq5ta/v1/auth/token-exchange";
const SYNC: &str = "GET /s/api-k3mzq5ta/v1/sync";

type BadAnswer = Box<dyn Fn() -> Option<Answer> + Send + Sync>;

/// Nexus as far as the exchange and one sync go; everything else is the platform's.
fn nexus(asked: &Asked) -> Option<Answer> {
    match asked.what.as_str() {
        EXCHANGE => Some(good(&json!({ "access_token": "ws_1", "token_type": "Bearer", "expires_in": 900 }))),
        SYNC if asked.header("authorization") == "Bearer ws_1" => Some(good(&snapshot())),
        SYNC => Some(says(401, r#"{"code":"unauthorized","message":"Missing or invalid API key"}"#)),
        _ => None,
    }
}

fn identity(variables: &[(&str, &str)]) -> WorkloadIdentity {
    let mut all: BTreeMap<String, String> =
        variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    all.entry("NEXUS_IDENTITY_PROVIDER".into()).or_insert_with(|| PROVIDER.to_owned());
    WorkloadIdentity::detect_with(&|name| all.get(name).cloned()).expect("a platform")
}

async fn connect(nexus: &Script, identity: WorkloadIdentity) -> Result<Client, Error> {
    let endpoint = format!("{}/s/api-k3mzq5ta", nexus.address);
    Options::workload_identity(endpoint, identity).follow(false).connect().await
}

/// What the audiences of a script are.
fn audience(nexus: &Script) -> String {
    format!("{}/wif/{PROVIDER}", nexus.address)
}

/// A platform on the same loopback server as Nexus: it takes what `platform` says first.
async fn both(platform: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Script {
    Script::new(move |asked| platform(asked).or_else(|| nexus(asked))).await
}

/// The audience that a platform was asked for, as a token for it.
fn token_from(asked: &Asked, parameter: &str) -> String {
    let url: reqwest::Url =
        format!("http://a{}", asked.what.trim_start_matches("GET ")).parse().expect("a path");
    let found = url.query_pairs().find(|(name, _)| name == parameter).expect("a parameter").1.into_owned();
    token_for(&json!(found))
}

async fn reads(nexus: &Script, identity: WorkloadIdentity) -> Value {
    let client = connect(nexus, identity).await.expect("the platform is good");
    assert_eq!(client.get_secret("token").expect("it is there").expose_secret(), "hunter2");
    nexus.one(EXCHANGE).json()
}

#[tokio::test]
async fn a_token_of_a_file_or_a_variable_is_exchanged_for_a_session() {
    let script = both(|_| None).await;
    let token = token_for(&json!([audience(&script)]));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{token}\n")).expect("written");
    let path = file.path().to_str().expect("text");
    assert_eq!(
        reads(&script, identity(&[("NEXUS_TOKEN_FILE", path)])).await,
        json!({ "provider": PROVIDER, "token": token })
    );
    let script = both(|_| None).await;
    let token = token_for(&json!(audience(&script)));
    let of_gitlab = identity(&[("NEXUS_ID_TOKEN", &token), ("GITLAB_CI", "true")]);
    assert!(!format!("{of_gitlab:?}").contains(&token));
    assert_eq!(reads(&script, of_gitlab).await["token"], json!(token));
}

#[tokio::test]
async fn github_gives_a_token_for_the_audience_of_the_provider() {
    let script = both(|asked| {
        let is_it = asked.what.starts_with("GET /github?api-version=2.0&");
        is_it.then(|| good(&json!({ "count": 1, "value": token_from(asked, "audience") })))
    })
    .await;
    let url = format!("{}/github?api-version=2.0", script.address);
    let github =
        identity(&[("ACTIONS_ID_TOKEN_REQUEST_URL", &url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner")]);
    let sent = reads(&script, github).await;
    assert_eq!(sent["token"], json!(token_for(&json!(audience(&script)))));
    assert_eq!(script.one("GET /github").header("authorization"), "Bearer runner");
}

#[tokio::test]
async fn googles_metadata_server_is_asked_as_it_wants_and_has_to_say_that_it_is_one() {
    let script = both(|asked| {
        let is_it =
            asked.what.starts_with("GET /computeMetadata/v1/instance/service-accounts/default/identity?");
        is_it.then(|| says(200, &token_from(asked, "audience")).with("metadata-flavor", "Google"))
    })
    .await;
    let host = script.address.replace("http://", "");
    reads(&script, identity(&[("K_SERVICE", "shop"), ("GCE_METADATA_HOST", &host)])).await;
    let asked = script.one("GET /computeMetadata");
    assert!(asked.what.ends_with("&format=full") && asked.header("metadata-flavor") == "Google", "{asked:?}");

    let other =
        both(|asked| asked.what.starts_with("GET /computeMetadata").then(|| says(200, "a.b.c"))).await;
    let host = other.address.replace("http://", "");
    let error = connect(&other, identity(&[("GCE_METADATA_HOST", &host)])).await.err().expect("refused");
    assert!(matches!(&error, Error::NoIdentity { platform: "Google Cloud", .. }), "{error}");
    assert_eq!(other.count(EXCHANGE), 0);
}

#[tokio::test]
async fn azure_is_asked_on_a_machine_and_in_an_app() {
    let answer = |asked: &Asked| {
        let here = asked.what.starts_with("GET /metadata/identity/oauth2/token?api-version=2018-02-01&")
            && asked.header("metadata") == "true"
            || asked.what.starts_with("GET /msi/token?api-version=2019-08-01&")
                && asked.header("x-identity-header") == "of the app";
        here.then(|| good(&json!({ "access_token": token_from(asked, "resource"), "expires_in": "86399" })))
    };
    let script = both(answer).await;
    let machine = [
        ("NEXUS_IDENTITY_PLATFORM", "azure"),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", script.address.as_str()),
        ("AZURE_CLIENT_ID", "client-1"),
        ("NEXUS_AUDIENCE", "api://nexus"),
    ];
    let sent = reads(&script, identity(&machine)).await;
    assert_eq!(sent["token"], json!(token_for(&json!("api://nexus"))));
    assert!(script.one("GET /metadata").what.ends_with("&client_id=client-1"));

    let script = both(answer).await;
    let endpoint = format!("{}/msi/token", script.address);
    let app = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "of the app")];
    reads(&script, identity(&app)).await;
}

#[tokio::test]
async fn on_aws_a_question_is_signed_for_this_server_with_credentials_of_each_source() {
    let answer = |asked: &Asked| {
        let token = asked.header("x-aws-ec2-metadata-token") == "of the instance";
        let role = "/latest/meta-data/iam/security-credentials/";
        let keys = json!({ "AccessKeyId": "ASIA", "SecretAccessKey": "s3cr3t", "Token": "session" });
        match asked.what.as_str() {
            "GET /v2/credentials" if asked.header("authorization") == "of the task" => Some(good(&keys)),
            "PUT /latest/api/token" => Some(says(200, "of the instance")),
            it if token && it == format!("GET {role}") => Some(says(200, "shop-role\n")),
            it if token && it == format!("GET {role}shop-role") => Some(good(&keys)),
            _ => None,
        }
    };
    let container = |script: &Script| format!("{}/v2/credentials", script.address);
    for source in ["variables", "container", "instance"] {
        let script = both(answer).await;
        let url = container(&script);
        let variables: Vec<(&str, &str)> = match source {
            "variables" => vec![
                ("AWS_LAMBDA_FUNCTION_NAME", "a"),
                ("AWS_ACCESS_KEY_ID", "ASIA"),
                ("AWS_SECRET_ACCESS_KEY", "s3cr3t"),
                ("AWS_SESSION_TOKEN", "session"),
                ("AWS_REGION", "eu-central-1"),
            ],
            "container" => vec![
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of the task"),
                ("AWS_REGION", "eu-central-1"),
            ],
            _ => vec![
                ("NEXUS_IDENTITY_PLATFORM", "aws_iam"),
                ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &script.address),
                ("AWS_REGION", "eu-central-1"),
            ],
        };
        let sent = reads(&script, identity(&variables)).await;
        let request = &sent["request"];
        assert_eq!(request["url"], "https://sts.eu-central-1.amazonaws.com/", "{source}");
        assert_eq!(request["body"], "Action=GetCallerIdentity&Version=2011-06-15");
        assert_eq!(request["headers"]["x-nexus-server-id"], script.address.replace("http://", ""));
        assert_eq!(request["headers"]["x-amz-security-token"], "session");
        assert!(!sent.to_string().contains("s3cr3t"));
    }
}

#[tokio::test]
async fn sts_signs_a_token_for_the_audience_of_the_provider() {
    let script = both(|asked| {
        let url: reqwest::Url = format!("http://a/?{}", asked.body).parse().expect("a form");
        let audience = url.query_pairs().find(|(name, _)| name == "Audience.member.1").map(|it| it.1.into_owned());
        let signed = asked.header("authorization").contains("/eu-central-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date,");
        (asked.what == "POST /sts" && signed).then(|| {
            let token = token_for(&json!(audience));
            let xml = format!("<r><GetWebIdentityTokenResult><WebIdentityToken>{token}</WebIdentityToken></GetWebIdentityTokenResult></r>");
            says(200, &xml)
        })
    })
    .await;
    let sts = format!("{}/sts", script.address);
    let variables = [
        ("NEXUS_IDENTITY_PLATFORM", "aws_oidc"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "s3cr3t"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL_STS", &sts),
    ];
    assert_eq!(
        reads(&script, identity(&variables)).await["token"],
        json!(token_for(&json!(audience(&script))))
    );
    assert!(script.one("POST /sts").body.starts_with("Action=GetWebIdentityToken&Version=2011-06-15&"));
}

#[tokio::test]
async fn a_token_that_is_meant_for_somebody_else_never_leaves_the_program() {
    let script = both(|_| None).await;
    let ours = audience(&script);
    for foreign in [
        json!("sts.amazonaws.com"),
        json!(["api://AzureADTokenExchange"]),
        json!("https://kubernetes.default.svc"),
        json!(format!("{ours}0")),
        json!(ours.to_uppercase()),
        json!([ours, "sts.amazonaws.com"]),
        json!(["sts.amazonaws.com", ours]),
        json!([ours, 7]),
        json!(7),
        json!([]),
        json!(null),
    ] {
        let error = connect(&script, identity(&[("NEXUS_ID_TOKEN", &token_for(&foreign))])).await.err();
        assert!(matches!(error, Some(Error::NoIdentity { .. })), "{foreign}");
    }
    for nonsense in ["opaque", "a.b", "a.b.c.d", "a.!.c", "..", "nx_live_1"] {
        let error = connect(&script, identity(&[("NEXUS_ID_TOKEN", nonsense)])).await.err();
        assert!(matches!(error, Some(Error::NoIdentity { .. })), "{nonsense}");
    }
    // Where only the kind is known, another instance's audience is foreign too.
    let by_kind = |token: &str| {
        let variables =
            [("NEXUS_ID_TOKEN", token), ("GITLAB_CI", "1"), ("NEXUS_IDENTITY_PROVIDER", "gitlab")];
        identity(&variables)
    };
    let elsewhere = token_for(&json!(format!("https://nexus.example/wif/{PROVIDER}")));
    assert!(connect(&script, by_kind(&elsewhere)).await.is_err());
    let others_too = token_for(&json!([ours, format!("https://nexus.example/wif/{PROVIDER}")]));
    assert!(connect(&script, by_kind(&others_too)).await.is_err());
    assert_eq!(script.count(EXCHANGE), 0);
    connect(&script, by_kind(&token_for(&json!(ours)))).await.expect("it is for this one");
    let said = [
        ("NEXUS_ID_TOKEN", &*token_for(&json!("sts.amazonaws.com"))),
        ("NEXUS_AUDIENCE", "sts.amazonaws.com"),
    ];
    connect(&script, identity(&said)).await.expect("somebody said so");
}

#[tokio::test]
async fn a_platform_that_answers_badly_is_an_error_that_names_it_and_nothing_else_is_tried() {
    let huge = "a".repeat(70_000);
    let bad: Vec<(&str, BadAnswer)> = vec![
        ("500", Box::new(|| Some(says(500, "")))),
        ("404", Box::new(|| Some(says(404, "hunter2")))),
        ("a redirect", Box::new(|| Some(says(302, "").with("location", "http://127.0.0.1:1/")))),
        ("huge", Box::new(move || Some(says(200, &huge)))),
        ("no JSON", Box::new(|| Some(says(200, "<html>hunter2</html>").with("content-type", "text/html")))),
        ("another shape", Box::new(|| Some(good(&json!({ "token": "hunter2" }))))),
        ("a number", Box::new(|| Some(good(&json!({ "value": 7, "access_token": 7 }))))),
        ("nothing", Box::new(|| Some(says(200, "")))),
        ("silence", Box::new(|| None)),
    ];
    for (number, (what, answer)) in bad.into_iter().enumerate() {
        let script = Script::new(move |asked| match asked.what.as_str() {
            EXCHANGE | SYNC => nexus(asked),
            _ => answer(),
        })
        .await;
        let at = |path: &str| format!("{}{path}", script.address);
        let (url, host) = (at("/token"), script.address.replace("http://", ""));
        let platforms = [
            vec![("ACTIONS_ID_TOKEN_REQUEST_URL", &*url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "a")],
            vec![("IDENTITY_ENDPOINT", &*url), ("IDENTITY_HEADER", "a")],
            vec![("GCE_METADATA_HOST", &*host)],
            vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*url)],
            vec![
                ("NEXUS_IDENTITY_PLATFORM", "aws_iam"),
                ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*script.address),
            ],
        ];
        // Each answer by two of them, so that each of them has several.
        for variables in [&platforms[number % 5], &platforms[(number + 2) % 5]] {
            let error = connect(&script, identity(variables)).await.err().expect(what);
            assert!(matches!(&error, Error::NoIdentity { .. }), "{what}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{what}: {error}");
        }
        assert_eq!((script.count(EXCHANGE), script.count(SYNC)), (0, 0), "{what}");
    }
}
