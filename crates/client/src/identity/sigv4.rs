//! Requests to AWS's STS, signed with a program's credentials; above all a question, "who am I" (`GetCallerIdentity`), which Nexus puts to AWS and learns the answer of.
//! Signed with it is the server that it is meant for, so that another server that is shown it cannot use it.
//! Source: AWS, "Signature Version 4 signing process".

use super::aws::Keys;
use hmac::{Hmac, KeyInit as _, Mac as _};
use nexus_domain::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
/// Where questions without a region are signed for.
const GLOBAL: &str = "us-east-1";

/// The question, as the exchange takes it.
#[derive(Serialize)]
pub(crate) struct Question {
    pub url: String,
    pub headers: BTreeMap<&'static str, String>,
    pub body: &'static str,
}

/// Signs the question for a server of Nexus, with the time of the signature. Nexus takes each signature once, so
/// that `nonce` tells apart two of the same second.
pub(super) fn question(
    keys: &Keys,
    region: Option<&str>,
    server: &str,
    nonce: &str,
    now: Timestamp,
) -> Question {
    let host = region.map_or_else(|| "sts.amazonaws.com".to_owned(), host);
    let more = [("x-nexus-server-id", server.to_owned()), ("amz-sdk-invocation-id", nonce.to_owned())];
    let headers = signed(keys, &host, region.unwrap_or(GLOBAL), BODY, more, now);
    Question { url: format!("https://{host}/"), headers, body: BODY }
}

/// Where STS is in a region.
pub(super) fn host(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("sts.{region}.amazonaws.com{china}")
}

/// The headers of a request to STS with this form as its body, signature and all.
pub(super) fn signed<const N: usize>(
    keys: &Keys,
    host: &str,
    region: &str,
    body: &str,
    more: [(&'static str, String); N],
    now: Timestamp,
) -> BTreeMap<&'static str, String> {
    let time = basic_time(now);
    let mut headers = BTreeMap::from([
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
        ("host", host.to_owned()),
        ("x-amz-date", time.clone()),
    ]);
    headers.extend(more);
    if let Some(token) = &keys.session {
        headers.insert("x-amz-security-token", token.expose_secret().to_owned());
    }
    let authorization = authorize(keys, region, &time, &headers, body);
    headers.insert("authorization", authorization);
    headers
}

fn authorize(
    keys: &Keys,
    region: &str,
    time: &str,
    headers: &BTreeMap<&'static str, String>,
    body: &str,
) -> String {
    let names = headers.keys().copied().collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let request = format!("POST\n/\n\n{lines}\n{names}\n{}", hash(body));
    let day = time.get(..8).unwrap_or_default();
    let scope = format!("{day}/{region}/sts/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(&request));
    let first = Zeroizing::new(format!("AWS4{}", keys.secret.expose_secret()));
    let mut key = Zeroizing::new(first.as_bytes().to_vec());
    for part in [day, region, "sts", "aws4_request"] {
        key = Zeroizing::new(sign(&key, part));
    }
    let signature = hex::encode(sign(&key, &to_sign));
    format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", keys.id)
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// `20261122T013000Z`
fn basic_time(now: Timestamp) -> String {
    let text = now.rfc3339();
    let seconds = text.get(..19).unwrap_or_default().replace(['-', ':'], "");
    format!("{seconds}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(session: Option<&str>) -> Keys {
        Keys {
            id: "AKIDEXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session: session.map(Into::into),
        }
    }

    #[test]
    fn the_time_is_written_as_aws_wants_it() {
        let time = Timestamp::parse("2015-08-30T12:36:00.123456Z").expect("a time");
        assert_eq!(basic_time(time), "20150830T123600Z");
    }

    /// The key of AWS's own example ("Deriving the signing key"), for another service.
    #[test]
    fn signing_keys_are_derived_as_in_the_example_of_aws() {
        let mut key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec();
        for part in ["20120215", "us-east-1", "iam", "aws4_request"] {
            key = sign(&key, part);
        }
        assert_eq!(hex::encode(key), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }

    #[test]
    fn the_server_that_it_is_meant_for_is_signed() {
        let now = Timestamp::parse("2026-11-22T01:30:00Z").expect("a time");
        let one = question(&keys(Some("session")), Some("eu-central-1"), "nexus.example", "1", now);
        assert_eq!(one.url, "https://sts.eu-central-1.amazonaws.com/");
        let authorization = &one.headers["authorization"];
        assert!(authorization.contains(
            "SignedHeaders=amz-sdk-invocation-id;content-type;host;x-amz-date;x-amz-security-token;x-nexus-server-id, Signature="
        ));
        assert!(authorization.contains("Credential=AKIDEXAMPLE/20261122/eu-central-1/sts/aws4_request"));
        // As botocore 1.x signs the same request.
        let signature = "7b99e7927b52a83268eecf4287d2e7b65212396b974bfccdfec6880fd150d952";
        assert!(authorization.ends_with(&format!("Signature={signature}")), "{authorization}");
        let other = question(&keys(Some("session")), Some("eu-central-1"), "evil.example", "1", now);
        assert_ne!(authorization, &other.headers["authorization"]);
        let again = question(&keys(Some("session")), Some("eu-central-1"), "nexus.example", "2", now);
        assert_ne!(authorization, &again.headers["authorization"], "each is used once");
        assert_eq!(question(&keys(None), None, "a", "1", now).url, "https://sts.amazonaws.com/");
        assert!(question(&keys(None), Some("cn-north-1"), "a", "1", now).url.ends_with(".com.cn/"));
    }
}
