//! The credentials that AWS gives a program, with which it signs who it is. They are asked for each time, from
//! the one place that the environment names; they are used for the signature and go nowhere else.

use super::metadata::{far, near};
use super::sigv4::{Question, host, question, signed};
use super::{WorkloadIdentity, file};
use crate::{Error, disk};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;

/// The address of ECS's service for a path that the environment names.
const CONTAINER: &str = "http://169.254.170.2";
const INSTANCE: &str = "http://169.254.169.254";
const INSTANCE_TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const INSTANCE_TOKEN_TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

/// Credentials, taken apart.
#[derive(Clone)]
pub(crate) struct Keys {
    pub id: String,
    pub secret: SecretString,
    pub session: Option<SecretString>,
}

/// Where they come from, and the region that the question is signed for.
#[derive(Clone)]
pub(crate) struct Chain {
    from: From,
    region: Option<String>,
    /// Another address of STS, for example of a private endpoint.
    sts: Option<String>,
}

#[derive(Clone)]
enum From {
    Environment(Keys),
    Container { url: String, authorization: Option<Authorization> },
    Instance { url: String },
}

#[derive(Clone)]
enum Authorization {
    Text(SecretString),
    File(PathBuf),
}

/// As the container and the instance service answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: SecretString,
    token: Option<SecretString>,
}

impl Chain {
    /// Where the environment says that credentials are. Credentials in variables count only where they cannot be
    /// a person's, or were asked for; so does the instance.
    pub fn find(variable: &dyn Fn(&str) -> Option<String>, asked: bool) -> Option<Self> {
        let in_variables = || {
            let (id, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
            let session = variable("AWS_SESSION_TOKEN").map(SecretString::from);
            Some(From::Environment(Keys { id, secret: secret.into(), session }))
        };
        let of_container = || {
            let url = match variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
                Some(path) => format!("{CONTAINER}/{}", path.trim_start_matches('/')),
                None => variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")?,
            };
            let file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(PathBuf::from);
            let text =
                || variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(|it| Authorization::Text(it.into()));
            Some(From::Container { url, authorization: file.map(Authorization::File).or_else(text) })
        };
        let of_instance = || {
            let off = variable("AWS_EC2_METADATA_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"));
            let url = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| INSTANCE.to_owned());
            (!off).then_some(From::Instance { url })
        };
        let lambda = variable("AWS_LAMBDA_FUNCTION_NAME").is_some();
        let from = match (asked || lambda).then(in_variables).flatten().or_else(of_container) {
            Some(from) => from,
            None if asked => of_instance()?,
            None => return None,
        };
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        Some(Self { from, region, sts: variable("AWS_ENDPOINT_URL_STS") })
    }

    /// The signed question, for this server of Nexus.
    pub async fn sign(&self, identity: &WorkloadIdentity, server: &str) -> Result<Question, Error> {
        let (keys, region) = (self.keys(identity).await?, self.region(identity)?);
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| identity.trouble("this machine has no random numbers"))?;
        Ok(question(&keys, region, server, &hex::encode(nonce), disk::now()))
    }

    /// A token that STS signs for an audience (AWS, "outbound identity federation").
    pub async fn token(&self, identity: &WorkloadIdentity, audience: &str) -> Result<SecretString, Error> {
        let keys = self.keys(identity).await?;
        let region = self.region(identity)?;
        let region =
            region.ok_or_else(|| identity.trouble("set AWS_REGION: these tokens are of a region"))?;
        let address = self.sts.clone().unwrap_or_else(|| format!("https://{}/", host(region)));
        let url = identity.address(&address, "AWS_ENDPOINT_URL_STS")?;
        if !may_be_container(&url) {
            return Err(identity.trouble("AWS_ENDPOINT_URL_STS is neither https nor on this machine"));
        }
        let host = authority(&url);
        let mut form: Url = url.clone();
        form.query_pairs_mut()
            .clear()
            .append_pair("Action", "GetWebIdentityToken")
            .append_pair("Version", "2011-06-15")
            .append_pair("Audience.member.1", audience)
            .append_pair("DurationSeconds", "300")
            .append_pair("SigningAlgorithm", "RS256");
        let body = form.query().unwrap_or_default().to_owned();
        let headers = signed(&keys, &host, region, &body, [], disk::now());
        let mut request = far(identity)?.post(url).body(body);
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != "host") {
            request = request.header(name, value);
        }
        let answer = identity.body(identity.ask(request).await?).await?;
        let text = std::str::from_utf8(&answer).unwrap_or_default();
        let token = text
            .split_once("<WebIdentityToken>")
            .and_then(|(_, rest)| rest.split_once("</WebIdentityToken>"));
        let token = token.ok_or_else(|| identity.trouble("its answer is not what it should be"))?.0;
        file::token(token).map_err(|problem| identity.trouble(format!("its answer {problem}")))
    }

    fn region(&self, identity: &WorkloadIdentity) -> Result<Option<&str>, Error> {
        let region = self.region.as_deref();
        if region.is_some_and(|region| !is_region(region)) {
            return Err(identity.trouble("AWS_REGION is no region"));
        }
        Ok(region)
    }

    async fn keys(&self, identity: &WorkloadIdentity) -> Result<Keys, Error> {
        let keys = match &self.from {
            From::Environment(keys) => keys.clone(),
            From::Container { url, authorization } => {
                of_container(identity, url, authorization.as_ref()).await?
            }
            From::Instance { url } => of_instance(identity, url).await?,
        };
        // They become headers and parts of them.
        let fits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let session = keys.session.as_ref().is_none_or(|token| fits(token.expose_secret()));
        if !fits(&keys.id) || keys.id.contains(['/', ',']) || !session {
            return Err(identity.trouble("these are no credentials of AWS"));
        }
        Ok(keys)
    }
}

/// As it stands in the header `Host`.
fn authority(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

async fn of_container(
    identity: &WorkloadIdentity,
    url: &str,
    authorization: Option<&Authorization>,
) -> Result<Keys, Error> {
    let url = identity.address(url, "AWS_CONTAINER_CREDENTIALS_FULL_URI")?;
    if !may_be_container(&url) {
        return Err(
            identity.trouble("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this machine")
        );
    }
    let mut request = near(identity)?.get(url);
    let text = match authorization {
        None => None,
        Some(Authorization::Text(text)) => Some(text.clone()),
        Some(Authorization::File(path)) => {
            Some(file::read(path).map_err(|problem| identity.trouble(problem))?)
        }
    };
    if let Some(text) = text {
        let value = HeaderValue::from_str(text.expose_secret());
        let mut value = value.map_err(|_| identity.trouble("AWS_CONTAINER_AUTHORIZATION_TOKEN is none"))?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    identity.json(identity.ask(request).await?).await.map(keys)
}

/// The second version of the instance's service: a token first, so that nobody is led to it by accident.
async fn of_instance(identity: &WorkloadIdentity, url: &str) -> Result<Keys, Error> {
    let base = url.trim_end_matches('/');
    let at =
        |path: &str| identity.address(&format!("{base}/latest/{path}"), "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    let http = near(identity)?;
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).ok().map(|text| text.trim().to_owned());
    let asked = http.put(at("api/token")?).header(INSTANCE_TOKEN_TTL, "60");
    let token = text(&identity.body(identity.ask(asked).await?).await?);
    let token = token.and_then(|text| HeaderValue::try_from(text).ok());
    let token = token.ok_or_else(|| identity.trouble("its metadata service gives no token"))?;
    let roles = at("meta-data/iam/security-credentials/")?;
    let asked = http.get(roles.clone()).header(INSTANCE_TOKEN, token.clone());
    let role = text(&identity.body(identity.ask(asked).await?).await?);
    let is_role = |role: &String| {
        !role.is_empty()
            && role.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte))
    };
    let role = role.filter(is_role).ok_or_else(|| identity.trouble("this instance has no role"))?;
    let role = roles.join(&role).map_err(|_| identity.trouble("this instance has no role"))?;
    identity.json(identity.ask(http.get(role).header(INSTANCE_TOKEN, token)).await?).await.map(keys)
}

fn keys(answer: Answer) -> Keys {
    Keys { id: answer.access_key_id, secret: answer.secret_access_key, session: answer.token }
}

/// The hosts that AWS's own programs allow: those of this machine, of ECS and of EKS. Others only over https.
fn may_be_container(url: &Url) -> bool {
    const AWS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    url.scheme() == "https"
        || host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        || AWS.contains(&host)
}

fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = parts.next_back().is_some_and(|last| last.len() <= 2 && last.parse::<u8>().is_ok());
    let words = parts.clone().count() >= 2;
    number
        && words
        && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_fetched_from_this_machine_or_over_https_and_from_nowhere_else() {
        for good in [
            "http://169.254.170.2/v2/credentials",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://127.0.0.1:9911/",
            "http://[::1]/",
            "http://localhost/",
            "https://a.example/",
        ] {
            assert!(may_be_container(&good.parse().expect("an address")), "{good}");
        }
        for bad in [
            "http://a.example/",
            "http://169.254.169.254/",
            "http://10.0.0.1/",
            "http://169.254.170.2.a.example/",
            "http://localhost.a.example/",
            "http://0.0.0.0/",
        ] {
            assert!(!may_be_container(&bad.parse().expect("an address")), "{bad}");
        }
    }

    #[test]
    fn a_region_is_one() {
        for good in ["us-east-1", "eu-central-1", "us-gov-west-1", "ap-southeast-12"] {
            assert!(is_region(good), "{good}");
        }
        for bad in
            ["", "us", "us-1", "us-east-", "us-east-1.evil.example", "US-EAST-1", "us--1", "us-east-1/"]
        {
            assert!(!is_region(bad), "{bad}");
        }
    }

    #[test]
    fn credentials_in_variables_count_where_no_person_has_them_or_where_they_were_asked_for() {
        let person = |name: &str| name.starts_with("AWS_ACCESS") || name.starts_with("AWS_SECRET");
        let person = |name: &str| person(name).then(|| "a".to_owned());
        assert!(Chain::find(&person, false).is_none());
        let asked = Chain::find(&person, true).expect("asked for");
        assert!(matches!(asked.from, From::Environment(_)));
        let lambda = |name: &str| {
            (name == "AWS_LAMBDA_FUNCTION_NAME").then(|| "a".to_owned()).or_else(|| person(name))
        };
        assert!(Chain::find(&lambda, false).is_some());
        let nothing = |_: &str| None;
        assert!(matches!(Chain::find(&nothing, true), Some(Chain { from: From::Instance { .. }, .. })));
        let off = |name: &str| (name == "AWS_EC2_METADATA_DISABLED").then(|| "true".to_owned());
        assert!(Chain::find(&off, true).is_none());
    }
}
