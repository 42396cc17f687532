//! Asking the platform's own services for a token. They are one hop away or not there at all, so nobody waits
//! long for them, no proxy is asked, no redirect followed, and little is read.

use super::file::token;
use super::{Source, WorkloadIdentity, file};
use crate::Error;
use crate::wire::http;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::time::Duration;
use zeroize::Zeroizing;

/// A metadata service answers from the same machine.
const NEAR: Duration = Duration::from_secs(1);
/// It may have to ask its cloud for the token first.
const ANSWER: Duration = Duration::from_millis(if cfg!(test) { 300 } else { 5_000 });
const MOST: usize = 64 * 1024;

const METADATA_FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");
const METADATA: HeaderName = HeaderName::from_static("metadata");
const IDENTITY_HEADER: HeaderName = HeaderName::from_static("x-identity-header");

impl WorkloadIdentity {
    /// The token of a platform that has tokens; `None` for one that signs questions instead.
    pub(crate) async fn token(&self, base: &Url) -> Result<Option<SecretString>, Error> {
        let found = match &self.source {
            Source::File(path) => file::read(path).map_err(|problem| self.trouble(problem))?,
            Source::Variable(name, text) => {
                token(text.expose_secret()).map_err(|problem| self.trouble(format!("{name} {problem}")))?
            }
            Source::Github { url, token } => self.github(url, token, &self.wanted_audience(base)?).await?,
            Source::Gcp { host } => self.gcp(host, &self.wanted_audience(base)?).await?,
            Source::Azure { host, client } => {
                let headers = [(METADATA, HeaderValue::from_static("true"))];
                let address = format!("{host}/metadata/identity/oauth2/token?api-version=2018-02-01");
                self.azure(&address, client.as_deref(), headers, &self.wanted_audience(base)?).await?
            }
            Source::AzureApp { endpoint, header, client } => {
                let value = HeaderValue::from_str(header.expose_secret());
                let headers =
                    [(IDENTITY_HEADER, value.map_err(|_| self.trouble("IDENTITY_HEADER is none"))?)];
                let address = format!("{endpoint}?api-version=2019-08-01");
                self.azure(&address, client.as_deref(), headers, &self.wanted_audience(base)?).await?
            }
            Source::AwsOidc(chain) => chain.token(self, &self.wanted_audience(base)?).await?,
            Source::AwsIam(_) => return Ok(None),
        };
        Ok(Some(found))
    }

    async fn github(&self, url: &str, token: &SecretString, audience: &str) -> Result<SecretString, Error> {
        #[derive(Deserialize)]
        struct Answer {
            value: SecretString,
        }
        let mut url = self.address(url, "ACTIONS_ID_TOKEN_REQUEST_URL")?;
        url.query_pairs_mut().append_pair("audience", audience);
        let request = far(self)?.get(url).bearer_auth(token.expose_secret());
        let answer: Answer = self.json(self.ask(request).await?).await?;
        Ok(answer.value)
    }

    async fn gcp(&self, host: &str, audience: &str) -> Result<SecretString, Error> {
        let path = "/computeMetadata/v1/instance/service-accounts/default/identity";
        let mut url = self.address(&format!("http://{host}{path}"), "GCE_METADATA_HOST")?;
        url.query_pairs_mut().append_pair("audience", audience).append_pair("format", "full");
        let google = HeaderValue::from_static("Google");
        let request = near(self)?.get(url).header(METADATA_FLAVOR, google.clone());
        let response = self.ask(request).await?;
        if response.headers().get(METADATA_FLAVOR) != Some(&google) {
            return Err(self.trouble("what answers is not Google's metadata server"));
        }
        let body = self.body(response).await?;
        let text = std::str::from_utf8(&body).map_err(|_| self.trouble("its answer is no token"))?;
        token(text).map_err(|problem| self.trouble(format!("its answer {problem}")))
    }

    async fn azure<const N: usize>(
        &self,
        address: &str,
        client: Option<&str>,
        headers: [(HeaderName, HeaderValue); N],
        audience: &str,
    ) -> Result<SecretString, Error> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: SecretString,
        }
        let mut url = self.address(address, "IDENTITY_ENDPOINT")?;
        url.query_pairs_mut().append_pair("resource", audience);
        if let Some(client) = client {
            url.query_pairs_mut().append_pair("client_id", client);
        }
        let request = near(self)?.get(url).headers(headers.into_iter().collect::<HeaderMap>());
        let answer: Answer = self.json(self.ask(request).await?).await?;
        Ok(answer.access_token)
    }

    pub(super) fn address(&self, text: &str, name: &str) -> Result<Url, Error> {
        let url: Url = text.parse().map_err(|_| self.trouble(format!("{name} is no address")))?;
        let fits = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
        if fits && url.host_str().is_some() {
            Ok(url)
        } else {
            Err(self.trouble(format!("{name} is no address")))
        }
    }

    /// Sends a request whose answer has to be a good one. What a platform says in a refusal is not shown,
    /// because nobody knows what stands in it.
    pub(super) async fn ask(&self, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|error| self.failed(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.trouble(format!("its token service answers {}", response.status())))
    }

    pub(super) async fn body(&self, mut response: Response) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if body.len().saturating_add(chunk.len()) > MOST {
                return Err(self.trouble("its answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    pub(super) async fn json<T: for<'a> Deserialize<'a>>(&self, response: Response) -> Result<T, Error> {
        let body = self.body(response).await?;
        serde_json::from_slice(&body).map_err(|_| self.trouble("its answer is not what it should be"))
    }

    fn failed(&self, error: reqwest::Error) -> Error {
        if error.is_timeout() {
            return self.trouble("its token service does not answer in time");
        }
        self.trouble(format!("its token service cannot be reached: {}", error.without_url()))
    }
}

/// For services on this machine.
pub(super) fn near(identity: &WorkloadIdentity) -> Result<Client, Error> {
    let client = http().no_proxy().connect_timeout(NEAR).timeout(ANSWER).build();
    client.map_err(|error| identity.trouble(error.to_string()))
}

/// For services that are not beside the program, so that a proxy may be on the way.
pub(super) fn far(identity: &WorkloadIdentity) -> Result<Client, Error> {
    let client = http().timeout(ANSWER.saturating_mul(2)).build();
    client.map_err(|error| identity.trouble(error.to_string()))
}
