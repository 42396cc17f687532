//! A person's own way: the login at this machine, and the services of the own developer environment, by the
//! names of project and service.

use super::{Connection, Folder, logins};
use anyhow::{Context as _, bail, ensure};
use nexus_client::login::Login;
use nexus_client::{Client, Error, Options};
use nexus_domain::Code;

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Your own developer environment (where there is neither; after `nexus login`)")]
pub(super) struct Own {
    /// The project's slug; without it the one in nexus.toml, or your only one.
    #[arg(long, env = "NEXUS_PROJECT")]
    project: Option<String>,
    /// The service's slug; several, separated by commas. Without it the one in nexus.toml, or the only one.
    #[arg(long, env = "NEXUS_SERVICE", value_delimiter = ',')]
    service: Vec<String>,
}

impl Own {
    /// The login at the address that was named, or at the one in nexus.toml, or the only one there is.
    pub fn login(&self, urls: &[String]) -> anyhow::Result<Login> {
        let folder = logins();
        let named = match urls {
            [] => Folder::find()?.url,
            [one, ..] => Some(one.clone()),
        };
        let Some(url) = named else {
            let all = Login::addresses(&folder?);
            return match all.as_slice() {
                [one] => open(one),
                [] => bail!(
                    "there is no address and no login: set NEXUS_URL and NEXUS_KEY, or say `nexus login --url …`"
                ),
                _ => bail!("you are logged in at {}: say which with --url", all.join(", ")),
            };
        };
        open(&url)
    }
}

fn open(url: &str) -> anyhow::Result<Login> {
    let missing = || {
        format!(
            "there is no key, no platform is recognised, and nobody is logged in at {url}: set NEXUS_KEY, name a file with \
             --key-file (keys are on the service's API keys tab), or say `nexus login --url {url}`"
        )
    };
    // Without a folder for logins there is none.
    let found = logins().ok().map(|folder| Login::open(&folder, url)).transpose()?;
    found.flatten().with_context(missing)
}

impl Connection {
    /// Reads the snapshot of each service with the person's login.
    pub(super) async fn open_own(&self, login: Login, follow: bool) -> anyhow::Result<Vec<Client>> {
        if self.url.iter().any(|url| url.contains("/s/")) {
            return self.open_named(&login, follow).await;
        }
        ensure!(self.url.len() < 2, "with a login name services by --service, or each by its endpoint");
        let said = if self.own.project.is_some() && !self.own.service.is_empty() {
            Folder::default()
        } else {
            Folder::find()?
        };
        let project = self.own.project.clone().or(said.project);
        let mut services: Vec<Option<String>> = self.own.service.iter().cloned().map(Some).collect();
        if services.is_empty() {
            services.push(said.service);
        }
        let mut clients = Vec::new();
        for service in services {
            clients.push(self.open_service(&login, project.as_deref(), service.as_deref(), follow).await?);
        }
        Ok(clients)
    }

    /// Endpoints that were named need not be looked up.
    async fn open_named(&self, login: &Login, follow: bool) -> anyhow::Result<Vec<Client>> {
        let mut clients = Vec::new();
        for url in &self.url {
            let own = Login::open(&logins()?, url)?.is_some_and(|it| it.url() == login.url());
            ensure!(own, "nobody is logged in at {url}");
            clients.push(self.connect_own(login, url, follow).await.with_context(|| url.clone())?);
        }
        Ok(clients)
    }

    async fn open_service(
        &self,
        login: &Login,
        project: Option<&str>,
        service: Option<&str>,
        follow: bool,
    ) -> anyhow::Result<Client> {
        if let Some(endpoint) = login.remembered(project, service) {
            match self.connect_own(login, &endpoint, follow).await {
                // It is not there any more, so it is looked up anew.
                Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => {}
                done => return done.context(endpoint),
            }
        }
        ensure!(!self.offline, "this service was not used before, so that there is no copy to start from");
        let found = login.find(project, service).await?;
        // Where only one could be meant today, several may be tomorrow: that is looked up each time.
        if project.is_some() && service.is_some() {
            login.remember(project, service, Some(&found.endpoint)).await?;
        }
        self.connect_own(login, &found.endpoint, follow).await.context(found.endpoint)
    }

    async fn connect_own(&self, login: &Login, endpoint: &str, follow: bool) -> Result<Client, Error> {
        let options = self.with_copies(Options::login(endpoint, login.clone()));
        self.with_patience(options).follow(follow).connect().await
    }
}
