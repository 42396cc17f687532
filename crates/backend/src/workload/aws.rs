//! A signed request for `GetCallerIdentity`, which is sent on to AWS and says by its answer who signed it. It is sent
//! to hosts of STS only, asks for nothing else, and has to be signed for this very instance.

use super::aws_answer::caller;
use super::verify::{Examined, refused};
use super::{Trusted, seconds};
use crate::nexus::Nexus;
use nexus_domain::Timestamp;
use nexus_domain::workload::{CheckKind, SignedRequest, TokenCheck, TokenClaims, server_id};
use oauth2::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Regions in which STS has a host of its own.
const REGIONS: [&str; 36] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// How old a signature may be, and how far ahead its clock, in seconds: what AWS takes, too.
const MAX_AGE: i64 = 15 * 60;
/// The two fields of the question, in either order.
const QUESTIONS: [&str; 2] =
    ["Action=GetCallerIdentity&Version=2011-06-15", "Version=2011-06-15&Action=GetCallerIdentity"];
const SERVER: &str = "x-nexus-server-id";
/// What a client may sign. Everything that it signed is sent on, and nothing else is.
const HEADERS: [&str; 12] = [
    "accept",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
    SERVER,
];

/// A request that may be sent on.
struct Checked {
    request: Request<Vec<u8>>,
    signature: String,
}

pub(super) async fn examine(nexus: &Nexus, provider: &Trusted, request: &SignedRequest) -> Examined {
    let checked = match check(request, &provider.audience, nexus.now()) {
        Ok(checked) => checked,
        Err(why) => {
            let mut examined = refused(why);
            examined.checks = vec![
                TokenCheck::of(CheckKind::Request, Err(why.to_owned())),
                TokenCheck::skipped(CheckKind::Caller),
            ];
            return examined;
        }
    };
    let hash: [u8; 32] = Sha256::digest(checked.signature.as_bytes()).into();
    let fine = "It asks STS for the caller's identity, and is signed for this instance";
    let mut checks = vec![TokenCheck::of(CheckKind::Request, Ok(fine.to_owned()))];
    let mut claims = TokenClaims::default();
    let mut unready = false;
    let said = match ask(nexus, provider, checked.request).await {
        Err(problem) => {
            unready = true;
            Err(format!("AWS cannot be asked: {problem}"))
        }
        // Too many asked it, or it is out of order: that says nothing of the signature.
        Ok(answer)
            if answer.status() == StatusCode::TOO_MANY_REQUESTS || answer.status().is_server_error() =>
        {
            unready = true;
            Err("AWS cannot answer now".to_owned())
        }
        Ok(answer) if answer.status().as_u16() != 200 => Err("AWS does not confirm the signature".to_owned()),
        Ok(answer) => match caller(answer.body()) {
            None => Err("The signature is right, and it is no role's".to_owned()),
            Some(caller) => {
                claims = caller.claims();
                Ok(format!("It is {}", caller.role))
            }
        },
    };
    checks.push(TokenCheck::of(CheckKind::Caller, said));
    Examined { checks, claims, signature_hash: Some(hash), unready }
}

/// Asks STS where there is room: whoever finds none comes back, instead of piling up here.
async fn ask(
    nexus: &Nexus,
    provider: &Trusted,
    request: Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, String> {
    let _room = nexus.provider_keys.room_for_sts(provider).ok_or("too many ask it at this moment")?;
    nexus.egress.send(request).await.map_err(|problem| problem.to_string())
}

fn check(request: &SignedRequest, audience: &str, now: Timestamp) -> Result<Checked, &'static str> {
    let (host, query) = target(&request.url).ok_or("The address is none of STS")?;
    let method = request.method.as_deref().unwrap_or("POST");
    let (asks, method) = match (method, query) {
        ("POST", "") => (request.body.as_str(), Method::POST),
        ("GET", query) if request.body.is_empty() => (query, Method::GET),
        _ => {
            return Err(
                "It is neither a POST with the question in its body nor a GET with it in its address",
            );
        }
    };
    if !QUESTIONS.contains(&asks) {
        return Err("It asks for something else than GetCallerIdentity of version 2011-06-15");
    }
    let headers = headers(&request.headers)?;
    let named = |name: &str| headers.get(name).map(String::as_str);
    if named(SERVER) != server_id(audience) {
        return Err("X-Nexus-Server-ID is not the host of the provider's audience");
    }
    if named("host").is_some_and(|named| named != host) {
        return Err("Host is not the host of the address");
    }
    let date = named("x-amz-date").ok_or("X-Amz-Date is missing")?;
    let at = moment(date).ok_or("X-Amz-Date cannot be read")?;
    if (seconds(now) - at).abs() > MAX_AGE {
        return Err("It was signed more than 15 minutes ago, or in the future");
    }
    let authorization = named("authorization").ok_or("Authorization is missing")?;
    let signed = Signed::read(authorization).ok_or("Authorization cannot be read")?;
    signed.fits(host, date)?;
    let request = to_send(request, method, &headers, &signed, authorization)?;
    Ok(Checked { request, signature: signed.signature.to_owned() })
}

/// Host and query of an address of STS that is written in the one usual way.
fn target(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let query = match path {
        "" => "",
        path => path.strip_prefix('?')?,
    };
    region_of(host).map(|_| (host, query))
}

/// The region in which a host of STS takes signatures.
fn region_of(host: &str) -> Option<&'static str> {
    if host == "sts.amazonaws.com" {
        return Some("us-east-1");
    }
    let named = host.strip_prefix("sts.")?.strip_suffix(".amazonaws.com")?;
    REGIONS.into_iter().find(|region| *region == named)
}

/// The headers by lower-case name; each once, and in plain text.
fn headers(given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, &'static str> {
    let mut headers = BTreeMap::new();
    for (name, value) in given {
        let plain = value.len() <= 8192 && value.bytes().all(|b| matches!(b, b' '..=b'~'));
        if !plain || headers.len() > 40 {
            return Err("A header is too long, or holds what no header holds");
        }
        if headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()).is_some() {
            return Err("A header stands there twice");
        }
    }
    Ok(headers)
}

/// `20261121T080000Z`, in seconds.
fn moment(date: &str) -> Option<i64> {
    let fits = date.len() == 16
        && date.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default();
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(9, 11),
        part(11, 13),
        part(13, 15)
    );
    Timestamp::parse(&text).filter(|_| fits).map(seconds)
}

/// What `Authorization` says (AWS Signature Version 4).
struct Signed<'a> {
    day: &'a str,
    region: &'a str,
    service: &'a str,
    headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Signed<'a> {
    fn read(authorization: &'a str) -> Option<Self> {
        let mut parts = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?.split(',').map(str::trim);
        let credential = parts.next()?.strip_prefix("Credential=")?;
        let headers = parts.next()?.strip_prefix("SignedHeaders=")?;
        let signature = parts.next()?.strip_prefix("Signature=")?;
        let mut scope = credential.split('/');
        let (key, day, region) = (scope.next()?, scope.next()?, scope.next()?);
        let (service, end) = (scope.next()?, scope.next()?);
        let key_fits = (16..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric());
        let signature_fits =
            signature.len() == 64 && signature.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let complete = parts.next().is_none() && scope.next().is_none() && end == "aws4_request";
        (key_fits && signature_fits && complete).then(|| Self {
            day,
            region,
            service,
            headers: headers.split(';').collect(),
            signature,
        })
    }

    /// Whether it is signed for STS, there and then, with everything in it that matters.
    fn fits(&self, host: &str, date: &str) -> Result<(), &'static str> {
        if self.service != "sts" || Some(self.region) != region_of(host) {
            return Err("It is signed for another service or region than its address");
        }
        if date.get(..8) != Some(self.day) {
            return Err("It is signed for another day than X-Amz-Date");
        }
        if !["host", "x-amz-date", SERVER].iter().all(|name| self.headers.contains(name)) {
            return Err("Host, X-Amz-Date and X-Nexus-Server-ID have to be signed");
        }
        match self.headers.iter().all(|name| HEADERS.contains(name)) {
            true => Ok(()),
            false => Err("A header is signed that has no place in such a request"),
        }
    }
}

/// The request with the headers that were signed, the signature, and nothing else.
fn to_send(
    request: &SignedRequest,
    method: Method,
    headers: &BTreeMap<String, String>,
    signed: &Signed<'_>,
    authorization: &str,
) -> Result<Request<Vec<u8>>, &'static str> {
    let odd = "A header cannot be sent";
    let mut sent = Request::builder().method(method).uri(&request.url).header("authorization", authorization);
    for name in &signed.headers {
        // Those are made when it is sent, and are what they have to be.
        if *name == "host" || *name == "content-length" {
            continue;
        }
        let value = headers.get(*name).ok_or("A header that was signed is missing")?;
        let name = HeaderName::try_from(*name).map_err(|_| odd)?;
        sent = sent.header(name, HeaderValue::try_from(value.as_str()).map_err(|_| odd)?);
    }
    for name in ["x-amz-security-token", "content-type"] {
        if let Some(value) = headers.get(name).filter(|_| !signed.headers.contains(&name)) {
            sent = sent.header(name, value);
        }
    }
    sent.body(request.body.clone().into_bytes()).map_err(|_| "It cannot be sent")
}

#[cfg(test)]
#[path = "aws_tests.rs"]
mod tests;
