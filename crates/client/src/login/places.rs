//! What a login finds its way with: who the person is, the projects, and the services of the own developer
//! environment.

use super::Login;
use crate::Error;
use crate::api::below;
use crate::wire::{ANSWER, SMALL, authorization, printable, read, send};
use nexus_domain::service::Service;
use nexus_domain::{Code, Refusal};
use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Who is logged in, and what that reaches, in words that can be shown in a terminal.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Person {
    pub tenant: String,
    /// The person's address, and through which app.
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// A service of the own developer environment.
#[derive(Debug)]
#[non_exhaustive]
pub struct Found {
    pub project: String,
    pub service: String,
    pub endpoint: String,
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    slug: String,
}

impl Login {
    /// Who is logged in.
    ///
    /// # Errors
    /// Where the login is over, or the server cannot be reached.
    pub async fn whoami(&self) -> Result<Person, Error> {
        let said: Person = self.get(&["whoami"], &[]).await?;
        Ok(Person {
            tenant: printable(&said.tenant),
            label: said.label.as_deref().map(printable),
            scopes: said.scopes.iter().map(|scope| printable(scope)).collect(),
        })
    }

    /// The endpoint of a service in the person's own developer environment. Without a project or a service
    /// it is the only one that there is.
    ///
    /// # Errors
    /// In words that say what to do, where there is none, or several could be meant.
    pub async fn find(&self, project: Option<&str>, service: Option<&str>) -> Result<Found, Error> {
        let project = match project {
            Some(project) => project.to_owned(),
            None => {
                let all: Vec<Named> = self.list(&["projects"], &[]).await?;
                only(
                    all.into_iter().map(|it| it.slug).collect(),
                    "project",
                    "--project, NEXUS_PROJECT or nexus.toml",
                )?
            }
        };
        let environment = match self.get::<Named>(&["projects", &project, "dev-environment"], &[]).await {
            Ok(environment) => environment.slug,
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => {
                return Err(self.no_environment(&project).await);
            }
            Err(error) => return Err(error),
        };
        let path = ["projects", &project, "services"];
        let services: Vec<Service> =
            self.list(&path, &[("environment", &environment), ("dev_envs", "true")]).await?;
        let here = services.into_iter().filter(|it| it.environment == environment);
        let with_endpoint: Vec<(String, String)> =
            here.filter_map(|it| Some((it.slug, it.endpoint?))).collect();
        let slugs: Vec<String> = with_endpoint.iter().map(|(slug, _)| slug.clone()).collect();
        let wanted = match service {
            Some(service) => service.to_owned(),
            None if slugs.is_empty() => {
                return Err(missing(format!(
                    "your developer environment of {project} has no service yet: import develop into it, or make one"
                )));
            }
            None => only(slugs.clone(), "service", "--service, NEXUS_SERVICE or nexus.toml")?,
        };
        let found = with_endpoint.into_iter().find(|(slug, _)| *slug == wanted);
        let (service, endpoint) = found.ok_or_else(|| {
            let there = if slugs.is_empty() { "nothing".to_owned() } else { slugs.join(", ") };
            missing(format!(
                "there is no service {wanted} in your developer environment of {project}; there is {there}"
            ))
        })?;
        Ok(Found { project, service, endpoint: self.at_this_address(&endpoint)? })
    }

    /// The endpoint that was found the last time.
    pub fn remembered(&self, project: Option<&str>, service: Option<&str>) -> Option<String> {
        let stored = self.place.read().ok().flatten()?;
        stored.endpoints.get(&name(project, service)).cloned()
    }

    /// Remembers an endpoint, so that it need not be looked up each time, nor while the server is away.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn remember(
        &self,
        project: Option<&str>,
        service: Option<&str>,
        endpoint: Option<&str>,
    ) -> Result<(), Error> {
        let _lock = self.place.lock().await?;
        let mut stored = self.stored()?;
        match endpoint {
            Some(endpoint) => stored.endpoints.insert(name(project, service), endpoint.to_owned()),
            None => stored.endpoints.remove(&name(project, service)),
        };
        self.place.write(&stored)
    }

    /// The endpoint under the address that this login was made at: the tokens go to no other host.
    fn at_this_address(&self, endpoint: &str) -> Result<String, Error> {
        let slug = endpoint.trim_end_matches('/').rsplit_once("/s/").map(|(_, slug)| slug);
        let slug = slug.filter(|slug| !slug.is_empty() && !slug.contains('/'));
        let slug = slug.ok_or_else(|| Error::Unreachable("it names no endpoint of the service".into()))?;
        Ok(below(&self.url, &["s", slug])?.to_string())
    }

    /// Whether the project is missing, or only the person's environment in it.
    async fn no_environment(&self, project: &str) -> Error {
        match self.get::<Named>(&["projects", project], &[]).await {
            Ok(_) => missing(format!(
                "you have no developer environment in {project}: switch it on in the project's list of services"
            )),
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => {
                missing(format!("there is no project {project} here, or you are not a member of it"))
            }
            Err(error) => error,
        }
    }

    async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, Error> {
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        // Nobody has more than this many pages; a server that says so is broken.
        for _ in 0..50 {
            let mut query = query.to_vec();
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page: List<T> = self.get(path, &query).await?;
            all.extend(page.data);
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(all),
            }
        }
        Err(Error::Unreachable("its list has no end".into()))
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> Result<T, Error> {
        let whole: Vec<&str> = ["api", "v1"].iter().chain(path).copied().collect();
        let mut url = below(&self.url, &whole)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut token = self.token(None).await?.token;
        let ask = |token: &secrecy::SecretString| {
            let request = self.http.get(url.clone()).timeout(ANSWER);
            authorization(token).map(|value| request.header(AUTHORIZATION, value))
        };
        let mut response = send(ask(&token)?).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            token = self.token(Some(&token)).await?.token;
            response = send(ask(&token)?).await?;
        }
        read(response, SMALL).await
    }
}

fn only(mut all: Vec<String>, what: &str, how: &str) -> Result<String, Error> {
    match (all.pop(), all.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(missing(format!("there is no {what} that you may see"))),
        (Some(last), false) => {
            all.push(last);
            Err(missing(format!("several {what}s could be meant: {}; name one with {how}", all.join(", "))))
        }
    }
}

fn missing(words: String) -> Error {
    // They name what the server says that there is.
    Error::Refused(Refusal::new(Code::NotFound, printable(&words)))
}

fn name(project: Option<&str>, service: Option<&str>) -> String {
    format!("{}/{}", project.unwrap_or_default(), service.unwrap_or_default())
}
