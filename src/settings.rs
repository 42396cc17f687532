//! What an operator decides: read once, at start, from a file and from the environment
//! (`NEXUS_…` wins), and handed on from there.

mod names;
mod sign_in;

pub use sign_in::SignInProvider;

use anyhow::Context as _;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use ipnet::IpNet;
use nexus_backend::Result;
use nexus_backend::crypto::{Random, RootKey};
use nexus_backend::egress::Rules;
use nexus_backend::mail::MailServer;
use nexus_backend::sign_in::InstanceProvider;
use nexus_backend::store::Location;
use nexus_backend::tenants::TenantCreation;
use nexus_backend::tiers::Catalogue;
use nexus_domain::tier::BillingMode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Every setting, named as in the file; in the environment in capitals with `NEXUS_` in front.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// Address and port to serve on.
    pub listen: SocketAddr,
    /// Where people and programs reach this instance; by default the address that it listens on.
    pub public_url: Option<String>,
    /// `sqlite:<path>` or `postgres://…`; by default a file in the data directory.
    pub database_url: Option<SecretString>,
    /// The PostgreSQL server itself, where the other address leads to a pooler: for migrations and
    /// for hearing of other processes' changes.
    pub database_listen_url: Option<SecretString>,
    /// `managed` when the database's provider vouches for durability.
    pub database_durable: Option<String>,
    pub data_dir: PathBuf,
    /// The master key itself: 64 hex digits or base64.
    pub master_key: Option<SecretString>,
    /// A file with the master key; by default in the data directory, made on first start.
    pub master_key_file: Option<PathBuf>,
    /// A file with the tiers, in place of those that come with the program.
    pub catalogue: Option<PathBuf>,
    /// `self_hosted`, or `hosted` where tiers and add-ons have prices.
    pub billing_mode: BillingMode,
    /// Who may make tenants: `anyone` who has an account, or the `operator` alone.
    pub tenant_creation: TenantCreation,
    /// Networks whose `X-Forwarded-For` is believed, separated by commas.
    pub trusted_proxies: String,
    /// The mail server: `smtps://user:password@host` or `smtp://…`; without one mail is kept in the outbox.
    pub smtp_url: Option<SecretString>,
    /// Who mail is from, for example `Nexus <nexus@example.com>`.
    pub mail_from: Option<String>,
    /// Networks that requests to other servers may reach although they are not public, separated by commas.
    pub egress_allow: String,
    /// For development: requests to other servers by http too.
    pub egress_http: bool,
    /// With whom everybody may sign in.
    pub sign_in_providers: Vec<SignInProvider>,
    /// What to log, for example `info` or `nexus=debug`.
    pub log: String,
}

#[derive(Serialize)]
struct Defaults {
    listen: &'static str,
    data_dir: &'static str,
    billing_mode: BillingMode,
    tenant_creation: TenantCreation,
    trusted_proxies: &'static str,
    egress_allow: &'static str,
    egress_http: bool,
    sign_in_providers: [(); 0],
    log: &'static str,
}

const DEFAULTS: Defaults = Defaults {
    listen: "127.0.0.1:3000",
    data_dir: "./data",
    billing_mode: BillingMode::SelfHosted,
    tenant_creation: TenantCreation::Anyone,
    trusted_proxies: "",
    egress_allow: "",
    egress_http: false,
    sign_in_providers: [],
    log: "info",
};

impl Settings {
    /// Reads the settings; `file` is optional.
    pub fn read(file: Option<&std::path::Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(DEFAULTS));
        let toml = file.map(Toml::file);
        if let (Some(file), Some(toml)) = (file, &toml) {
            anyhow::ensure!(file.is_file(), "the settings file {} does not exist", file.display());
            figment = figment.merge(toml);
        }
        let settings: Self = figment.merge(Env::prefixed("NEXUS_")).extract()?;
        if let Some(toml) = &toml {
            names::expect_known(toml, &settings.names())?;
        }
        Ok(settings)
    }

    /// What every setting is called: what is shown.
    fn names(&self) -> Vec<&'static str> {
        self.shown().into_keys().collect()
    }

    /// A sentence for each variable of the environment that looks like a setting and is none.
    pub fn overlooked(&self) -> Vec<String> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        names::overlooked(names, &self.names())
    }

    pub fn public_url(&self) -> String {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        url.trim_end_matches('/').to_owned()
    }

    pub fn location(&self) -> Location {
        let url = match &self.database_url {
            Some(url) => url.expose_secret().to_owned(),
            None => format!("sqlite:{}", self.data_dir.join("nexus.db").display()),
        };
        Location { url, managed: self.database_durable.as_deref() == Some("managed") }
    }

    /// Where to hear of other processes' changes; the embedded database has no other processes.
    pub fn listen_url(&self) -> Option<String> {
        let url = match &self.database_listen_url {
            Some(url) => url.expose_secret().to_owned(),
            None => self.location().url,
        };
        url.starts_with("postgres").then_some(url)
    }

    pub fn trusted_proxies(&self) -> anyhow::Result<Vec<IpNet>> {
        networks("trusted_proxies", &self.trusted_proxies)
    }

    /// Where requests to other servers may go.
    pub fn egress(&self) -> anyhow::Result<Rules> {
        let allowed = networks("egress_allow", &self.egress_allow)?;
        Ok(Rules { allowed, plain_http: self.egress_http, ..Rules::default() })
    }

    /// The providers of sign-in of the instance, checked.
    pub fn sign_in_providers(&self) -> anyhow::Result<Vec<InstanceProvider>> {
        sign_in::checked(&self.sign_in_providers)
    }

    /// What each tier allows and costs, checked.
    pub fn catalogue(&self) -> anyhow::Result<Catalogue> {
        let Some(file) = &self.catalogue else { return Ok(Catalogue::embedded(self.billing_mode)?) };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the catalogue of tiers {} cannot be read", file.display()))?;
        Catalogue::parse(&text, self.billing_mode).with_context(|| file.display().to_string())
    }

    /// Where mail goes out, if anywhere.
    pub fn mail_server(&self) -> anyhow::Result<Option<MailServer>> {
        let Some(url) = &self.smtp_url else { return Ok(None) };
        let from = self.mail_from.as_deref();
        let from = from.context("smtp_url is set, so mail_from is needed: Nexus <nexus@example.com>")?;
        Ok(Some(MailServer::new(url, from, &self.public_url())?))
    }

    /// The master key: from the settings, from its file, or made on first start. The flag says that
    /// it lies in the data directory, beside what it protects.
    pub fn root_key(&self, random: &dyn Random) -> Result<(RootKey, bool)> {
        if let Some(text) = &self.master_key {
            return Ok((RootKey::parse(text.expose_secret())?, false));
        }
        let file = self.master_key_path();
        let beside = file.starts_with(&self.data_dir);
        // A key is only made for a database that is made with it.
        let fresh =
            self.master_key_file.is_none() && !file.exists() && !self.data_dir.join("nexus.db").exists();
        let key = if fresh { RootKey::create(&file, random)? } else { RootKey::read(&file)? };
        Ok((key, beside))
    }

    fn master_key_path(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.data_dir.join("master.key"))
    }

    /// What is in force, with everything secret hidden.
    pub fn shown(&self) -> BTreeMap<&'static str, String> {
        let hidden = |secret: &Option<SecretString>| match secret {
            Some(_) => "[hidden]".to_owned(),
            None => "(not set)".to_owned(),
        };
        BTreeMap::from([
            ("listen", self.listen.to_string()),
            ("public_url", self.public_url()),
            ("database_url", without_password(&self.location().url)),
            (
                "database_listen_url",
                self.database_listen_url
                    .as_ref()
                    .map_or_else(|| "(database_url)".to_owned(), |url| without_password(url.expose_secret())),
            ),
            ("database_durable", self.database_durable.clone().unwrap_or_else(|| "asserted".into())),
            ("data_dir", self.data_dir.display().to_string()),
            ("master_key", hidden(&self.master_key)),
            ("master_key_file", self.master_key_path().display().to_string()),
            (
                "catalogue",
                self.catalogue.as_ref().map_or("(embedded)".into(), |file| file.display().to_string()),
            ),
            ("billing_mode", self.billing_mode.to_string()),
            ("tenant_creation", self.tenant_creation.as_str().to_owned()),
            ("trusted_proxies", self.trusted_proxies.clone()),
            (
                "smtp_url",
                self.smtp_url
                    .as_ref()
                    .map_or_else(|| "(not set)".to_owned(), |url| without_password(url.expose_secret())),
            ),
            ("mail_from", self.mail_from.clone().unwrap_or_else(|| "(not set)".into())),
            ("egress_allow", self.egress_allow.clone()),
            ("egress_http", self.egress_http.to_string()),
            ("sign_in_providers", sign_in::shown(&self.sign_in_providers)),
            ("log", self.log.clone()),
        ])
    }
}

/// Networks, or single addresses, separated by commas.
fn networks(setting: &str, text: &str) -> anyhow::Result<Vec<IpNet>> {
    let parts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
    parts
        .map(|text| {
            let one = text.parse::<std::net::IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or(one).map_err(|_| anyhow::anyhow!("{setting}: {text} is no network"))
        })
        .collect()
}

/// A database URL without what stands between `://user:` and `@`, and without its query.
fn without_password(url: &str) -> String {
    let url = url.split('?').next().unwrap_or(url);
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((credentials, host))) => {
            let user =
                credentials.split("://").nth(1).and_then(|it| it.split(':').next()).unwrap_or_default();
            format!("{scheme}://{user}:[hidden]@{host}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexus_domain::project::Tier;

    fn settings(folder: &std::path::Path, text: &str) -> anyhow::Result<Settings> {
        let file = folder.join("nexus.toml");
        std::fs::write(&file, text)?;
        Settings::read(Some(&file))
    }

    #[test]
    fn the_catalogue_comes_along_unless_a_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = settings(folder.path(), "").expect("settings");
        assert_eq!(own.catalogue().expect("embedded").default_tier(), Tier::Xl);
        assert_eq!(own.shown()["billing_mode"], "self_hosted");
        assert_eq!(own.shown()["catalogue"], "(embedded)");
        let hosted = settings(folder.path(), "billing_mode = \"hosted\"").expect("settings");
        assert_eq!(hosted.catalogue().expect("embedded").default_tier(), Tier::Free);
        assert!(settings(folder.path(), "billing_mode = \"free\"").is_err());
    }

    #[test]
    fn a_name_that_is_no_setting_is_refused_with_the_one_that_is_meant() {
        let folder = tempfile::tempdir().expect("a folder");
        let complaint = |text| settings(folder.path(), text).expect_err("refused").to_string();
        assert_eq!(complaint("bogus = \"x\""), "the settings file: there is no setting bogus");
        let meant = "the settings file: there is no setting publc_url; is public_url meant?";
        assert_eq!(complaint("publc_url = \"https://nexus.test\""), meant);
        assert!(complaint("[server]\nlisten = \"127.0.0.1:1\"").contains("server"));
    }

    #[test]
    fn every_setting_may_stand_in_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = settings(folder.path(), "").expect("settings");
        for name in own.names() {
            let text = match name {
                "sign_in_providers" => format!("{name} = []"),
                "egress_http" => format!("{name} = false"),
                "listen" => format!("{name} = \"127.0.0.1:1\""),
                "billing_mode" => format!("{name} = \"hosted\""),
                "tenant_creation" => format!("{name} = \"operator\""),
                _ => format!("{name} = \"x\""),
            };
            settings(folder.path(), &text).expect(name);
        }
    }

    #[test]
    fn a_catalogue_that_is_missing_or_wrong_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tiers.toml");
        let settings = settings(folder.path(), &format!("catalogue = {file:?}")).expect("settings");
        let complaint = || format!("{:#}", settings.catalogue().expect_err("refused"));
        assert!(complaint().contains("cannot be read"), "{}", complaint());
        std::fs::write(&file, "[tiers.free]\nservers = 3").expect("written");
        assert!(complaint().contains("tiers.toml") && complaint().contains("servers"), "{}", complaint());
        assert_eq!(settings.shown()["catalogue"], file.display().to_string());
    }

    #[tokio::test]
    async fn a_mail_server_needs_a_sender_and_is_shown_without_its_password() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(settings(folder.path(), "").expect("settings").mail_server().expect("none").is_none());
        let url = "smtp_url = \"smtps://nexus:hunter2@mail.test\"";
        let alone = settings(folder.path(), url).expect("settings");
        assert!(format!("{:#}", alone.mail_server().expect_err("no sender")).contains("mail_from"));
        assert_eq!(alone.shown()["smtp_url"], "smtps://nexus:[hidden]@mail.test");
        let text = format!("{url}\nmail_from = \"Nexus <nexus@acme.test>\"");
        assert!(settings(folder.path(), &text).expect("settings").mail_server().expect("fine").is_some());
    }

    #[test]
    fn a_database_url_is_shown_without_its_password() {
        assert_eq!(
            without_password("postgres://ana:hunter2@db:5432/nexus"),
            "postgres://ana:[hidden]@db:5432/nexus"
        );
        assert_eq!(without_password("sqlite:./data/nexus.db"), "sqlite:./data/nexus.db");
        assert!(!without_password("postgres://db/nexus?password=hunter2").contains("hunter2"));
    }
}
