//! The requests of this client, and what their answers mean.

use crate::credentials::{Credential, Credentials, Presented};
use crate::wire::{
    ANSWER, SMALL, accepted, base, http, not_an_address, read, send, slow, unreachable, whole,
};
use crate::{Error, Options, SecretValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nexus_domain::snapshot::{MAX_SNAPSHOT_BYTES, SnapshotSecret};
use reqwest::header::{AUTHORIZATION, ETAG, HeaderName, IF_NONE_MATCH};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use zeroize::Zeroizing;

/// The largest answer that is read: a snapshot as JSON with everything escaped.
const MAX_ANSWER: usize = 4 * (MAX_SNAPSHOT_BYTES as usize);
/// A stream that says nothing for three heartbeats is dead.
const SILENCE: Duration = Duration::from_secs(45);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// One service at one server.
pub(crate) struct Api {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
    /// Whether the key says of itself that it is public.
    pub public: bool,
    /// Whether nothing may be asked.
    pub offline: bool,
}

/// The answer to a sync.
pub(crate) enum Synced {
    NotModified,
    Fresh { etag: Option<String>, body: Zeroizing<Vec<u8>> },
}

impl Api {
    pub fn new(options: &Options) -> Result<Self, Error> {
        let base = base(&options.endpoint)?;
        let http = match &options.credential {
            Credential::Login(login) => login.http(),
            _ => http().build().map_err(|error| Error::Invalid(error.to_string()))?,
        };
        let credentials = Credentials::new(&options.credential, &base, &http)?;
        let (public, offline) = (options.credential.is_public(), options.offline);
        Ok(Self { http, base, credentials, public, offline })
    }

    /// The address of this service, which tells copies on disk apart.
    pub fn address(&self) -> &str {
        self.base.as_str()
    }

    pub async fn sync(&self, known: Option<&str>) -> Result<Synced, Error> {
        let known = |request: RequestBuilder| match known {
            Some(etag) => request.timeout(ANSWER).header(IF_NONE_MATCH, etag),
            None => request.timeout(ANSWER),
        };
        let response = self.ask(Method::GET, &["v1", "sync"], known).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Synced::NotModified);
        }
        let response = accepted(response).await?;
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        Ok(Synced::Fresh { etag, body: whole(response, MAX_ANSWER).await? })
    }

    /// One secret with its value, for files that a snapshot only names.
    pub async fn secret(&self, key: &str) -> Result<SnapshotSecret, Error> {
        read(self.ask(Method::GET, &["v1", "secrets", key], in_time).await?, MAX_ANSWER).await
    }

    /// Makes a secret of the service's own, or its next version; answers with the version's number.
    pub async fn set(&self, key: &str, value: &SecretValue, description: Option<&str>) -> Result<i64, Error> {
        #[derive(Deserialize)]
        struct Written {
            version: i64,
        }
        let mut body = match value {
            SecretValue::Text(text) => json!({ "value": text.expose_secret() }),
            SecretValue::File(bytes) => {
                json!({ "value_base64": STANDARD.encode(bytes.expose_secret()), "type": "file" })
            }
        };
        if let (Some(description), Some(body)) = (description, body.as_object_mut()) {
            body.insert("description".into(), description.into());
        }
        let with = |request: RequestBuilder| in_time(request).json(&body);
        let written: Written =
            read(self.ask(Method::PUT, &["v1", "secrets", key], with).await?, SMALL).await?;
        Ok(written.version)
    }

    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        accepted(self.ask(Method::DELETE, &["v1", "secrets", key], in_time).await?).await.map(drop)
    }

    pub async fn evaluate(
        &self,
        key: &str,
        user_id: Option<&str>,
        attributes: Map<String, Value>,
    ) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Evaluated {
            results: BTreeMap<String, bool>,
        }
        let mut question = json!({ "keys": [key], "attributes": attributes });
        if let (Some(user), Some(question)) = (user_id, question.as_object_mut()) {
            question.insert("user_id".into(), user.into());
        }
        let with = |request: RequestBuilder| in_time(request).json(&question);
        let answer = self.ask(Method::POST, &["v1", "evaluate"], with).await?;
        let mut evaluated: Evaluated = read(answer, SMALL).await?;
        evaluated.results.remove(key).ok_or_else(|| Error::FlagNotFound(key.to_owned()))
    }

    /// The stream of changes, from the one after `last`; `None` where no stream is to be had, which says
    /// nothing about the snapshot.
    pub async fn stream(&self, last: Option<&str>) -> Result<Option<Changes>, Error> {
        let from = |request: RequestBuilder| match last {
            Some(last) => request.header(LAST_EVENT_ID, last),
            None => request,
        };
        // The whole answer has no end, so only its beginning is bounded here.
        let asked = tokio::time::timeout(ANSWER, self.ask_as(Method::GET, &["v1", "stream"], from));
        let (response, presented) = asked.await.map_err(|_| slow())??;
        let status = response.status();
        match accepted(response).await {
            Ok(response) => Ok(Some(Changes { response, presented: presented.number() })),
            Err(Error::Refused(_) | Error::Unreachable(_))
                if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until what a stream was opened with should be renewed, and does so; `false` where that failed
    /// and the old one still holds. It waits for ever with a fixed key.
    pub async fn renewed(&self, presented: u64) -> bool {
        self.credentials.due().await;
        self.credentials.present().await.is_ok_and(|now| now.number() != presented)
    }

    /// Asks, and once more where a credential that can be renewed was refused.
    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Error> {
        self.ask_as(method, path, with).await.map(|(response, _)| response)
    }

    /// The same, with what was presented in the end.
    async fn ask_as(
        &self,
        method: Method,
        path: &[&str],
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<(Response, Presented), Error> {
        if self.offline {
            return Err(Error::Unreachable("offline was asked for".into()));
        }
        let presented = self.credentials.present().await?;
        let response = send(with(self.request(&method, path, &presented)?)).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok((response, presented));
        }
        match self.credentials.after_refusal(&presented).await? {
            Some(renewed) => Ok((send(with(self.request(&method, path, &renewed)?)).await?, renewed)),
            None => Ok((response, presented)),
        }
    }

    fn request(&self, method: &Method, path: &[&str], with: &Presented) -> Result<RequestBuilder, Error> {
        let url = below(&self.base, path)?;
        Ok(self.http.request(method.clone(), url).header(AUTHORIZATION, with.header()))
    }
}

fn in_time(request: RequestBuilder) -> RequestBuilder {
    request.timeout(ANSWER)
}

/// The address below another one.
pub(crate) fn below(base: &Url, path: &[&str]) -> Result<Url, Error> {
    let mut url = base.clone();
    // It was checked that this address can have a path.
    let mut segments = url.path_segments_mut().map_err(|()| not_an_address())?;
    segments.pop_if_empty().extend(path);
    drop(segments);
    Ok(url)
}

/// An open stream.
pub(crate) struct Changes {
    response: Response,
    /// The number of what it was opened with.
    pub presented: u64,
}

impl Changes {
    /// The next bytes; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let chunk = tokio::time::timeout(SILENCE, self.response.chunk()).await.map_err(|_| slow())?;
        Ok(chunk.map_err(unreachable)?.map(|bytes| bytes.to_vec()))
    }
}
