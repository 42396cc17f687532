use super::*;
use nexus_domain::timestamp::SECOND;

/// 21 November 2026, 08:00:00 UTC.
const NOW: Timestamp = Timestamp(1_795_248_000 * SECOND);
const AUDIENCE: &str = "https://nexus.test/wif/0192";
const SIGNED: &str = "content-type;host;x-amz-date;x-amz-security-token;x-nexus-server-id";

fn authorization(scope: &str, signed: &str) -> String {
    let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    format!(
        "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLEKEY123456/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
}

/// A request as an SDK signs it.
fn good() -> SignedRequest {
    let headers = [
        ("Host", "sts.eu-central-1.amazonaws.com"),
        ("X-Amz-Date", "20261121T080000Z"),
        ("X-Amz-Security-Token", "IQoJb3JpZ2luX2VjEXAMPLE=="),
        ("X-Nexus-Server-ID", "nexus.test"),
        ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("Authorization", &authorization("20261121/eu-central-1/sts/aws4_request", SIGNED)),
        ("X-Unsigned", "left out"),
    ];
    SignedRequest {
        url: "https://sts.eu-central-1.amazonaws.com/".into(),
        method: None,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: "Action=GetCallerIdentity&Version=2011-06-15".into(),
    }
}

fn with(name: &str, value: &str) -> SignedRequest {
    let mut request = good();
    request.headers.insert(name.to_owned(), value.to_owned());
    request
}

fn at(url: &str) -> SignedRequest {
    SignedRequest { url: url.to_owned(), ..good() }
}

#[test]
fn a_request_is_sent_on_as_it_was_signed() {
    let sent = check(&good(), AUDIENCE, NOW).map_err(str::to_owned).expect("fine").request;
    assert_eq!((sent.method().as_str(), sent.uri().host()), ("POST", Some("sts.eu-central-1.amazonaws.com")));
    assert_eq!(sent.headers().get(SERVER).and_then(|value| value.to_str().ok()), Some("nexus.test"));
    assert!(sent.headers().get("x-unsigned").is_none());
    let mut get = at("https://sts.amazonaws.com/?Version=2011-06-15&Action=GetCallerIdentity");
    get.method = Some("GET".into());
    get.body.clear();
    get.headers.insert("Host".into(), "sts.amazonaws.com".into());
    get.headers.insert("Authorization".into(), authorization("20261121/us-east-1/sts/aws4_request", SIGNED));
    assert!(check(&get, AUDIENCE, NOW).is_ok());
}

#[test]
fn no_other_host_is_asked() {
    for url in [
        "http://sts.eu-central-1.amazonaws.com/",
        "https://sts.eu-central-1.amazonaws.com:443/",
        "https://sts.eu-central-1.amazonaws.com:8443/",
        "https://sts.eu-central-1.amazonaws.com./",
        "https://STS.eu-central-1.amazonaws.com/",
        "https://sts.evil.amazonaws.com/",
        "https://sts.eu-central-1.amazonaws.com.evil.test/",
        "https://evil.test/sts.eu-central-1.amazonaws.com/",
        "https://evil.test#sts.eu-central-1.amazonaws.com/",
        "https://sts.eu-central-1.amazonaws.com@evil.test/",
        "https://evil.test@sts.eu-central-1.amazonaws.com/",
        "https://sts.eu-central-1.amazonaws.com/../x",
        "https://sts.eu-central-1.amazonaws.com//evil.test/",
        "https://sts.eu-central-1.amazonaws.com\\@evil.test/",
        "https://sts..amazonaws.com/",
        "https://sts.eu-central-1.amazonaws.com/?Action=AssumeRole",
        "https://s3.amazonaws.com/",
        "https://169.254.169.254/",
        "https://[::ffff:127.0.0.1]/",
        "//sts.amazonaws.com/",
        "",
    ] {
        assert!(check(&at(url), AUDIENCE, NOW).is_err(), "{url}");
    }
}

#[test]
fn nothing_else_is_asked_for() {
    for body in [
        "",
        "Action=AssumeRole&Version=2011-06-15",
        "Action=GetCallerIdentity",
        "Action=GetCallerIdentity&Version=2011-06-15&Action=AssumeRole",
        "Action=GetCallerIdentity&Version=2011-06-15&RoleArn=x",
        "action=GetCallerIdentity&Version=2011-06-15",
        "Action=GetCallerIdentity&Version=2011-06-15\n",
        "Action=Get%43allerIdentity&Version=2011-06-15",
        "{\"Action\":\"GetCallerIdentity\"}",
    ] {
        let request = SignedRequest { body: body.to_owned(), ..good() };
        assert!(check(&request, AUDIENCE, NOW).is_err(), "{body}");
    }
    for method in ["GET", "PUT", "post", "CONNECT", ""] {
        let request = SignedRequest { method: Some(method.to_owned()), ..good() };
        assert!(check(&request, AUDIENCE, NOW).is_err(), "{method}");
    }
}

#[test]
fn a_signature_for_something_else_is_refused() {
    let usual = "20261121/eu-central-1/sts/aws4_request";
    for (name, value) in [
        ("X-Nexus-Server-ID", "other.test"),
        ("X-Nexus-Server-ID", ""),
        ("X-Nexus-Server-ID", "https://nexus.test"),
        ("X-Nexus-Server-ID", "NEXUS.TEST"),
        ("x-nexus-server-id", "nexus.test"),
        ("Host", "sts.amazonaws.com"),
        ("X-Amz-Date", "20261121T074459Z"),
        ("X-Amz-Date", "20261121T081501Z"),
        ("X-Amz-Date", "20261122T080000Z"),
        ("X-Amz-Date", "2026-11-21T08:00:00Z"),
        ("X-Amz-Date", "20261121T080000"),
        ("X-Amz-Date", "99999999T999999Z"),
        ("Content-Type", "a\r\nX-Evil: b"),
        ("Authorization", ""),
        ("Authorization", "Bearer x"),
        ("Authorization", &authorization("20261121/us-east-1/sts/aws4_request", SIGNED)),
        ("Authorization", &authorization("20261121/eu-central-1/s3/aws4_request", SIGNED)),
        ("Authorization", &authorization("20261120/eu-central-1/sts/aws4_request", SIGNED)),
        ("Authorization", &authorization("20261121/eu-central-1/sts/aws5_request", SIGNED)),
        ("Authorization", &authorization("20261121/eu-central-1/sts/aws4_request/x", SIGNED)),
        ("Authorization", &authorization(usual, "host;x-amz-date")),
        ("Authorization", &authorization(usual, "x-amz-date;x-nexus-server-id")),
        ("Authorization", &authorization(usual, "host;x-nexus-server-id")),
        ("Authorization", &authorization(usual, "connection;host;x-amz-date;x-nexus-server-id")),
        ("Authorization", &authorization(usual, "host;x-amz-date;x-nexus-server-id;x-amz-content-sha256")),
        ("Authorization", &format!("{}, Signature=00", authorization(usual, SIGNED))),
    ] {
        assert!(check(&with(name, value), AUDIENCE, NOW).is_err(), "{name}: {value}");
    }
    for missing in ["X-Nexus-Server-ID", "X-Amz-Date", "Authorization", "X-Amz-Security-Token"] {
        let mut request = good();
        request.headers.remove(missing);
        assert!(check(&request, AUDIENCE, NOW).is_err(), "{missing}");
    }
    assert!(check(&good(), "https://other.test/wif/0192", NOW).is_err(), "for another server");
}
