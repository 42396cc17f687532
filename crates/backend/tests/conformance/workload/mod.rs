//! Workload identity: who gets in with whose word, and everything that tokens, issuers and callers can do wrong.

mod aws;
mod golden;
mod hostile;
mod issuer;
mod keys;
mod manage;
mod platforms;
mod sessions;
mod trial;

use crate::world::{Outcome, ROOT_KEY, World};
use futures::future::BoxFuture;
use issuer::{Issuer, REACHABLE, Signer};
use nexus_backend::crypto::{RootKey, SystemRandom};
use nexus_backend::egress::{Names, Rules};
use nexus_backend::gate::Actor;
use nexus_backend::store::Db;
use nexus_backend::{Error, Nexus, Parts, Settings, services, workload};
use nexus_domain::service::ServicePath;
use nexus_domain::workload::{
    AccessToken, ClaimValue, Identity, IdentityProvider, IdentityProviderKind, KeysFrom, NewIdentity,
    NewIdentityProvider, RuleClaims, SignedRequest, TokenExchange, TokenTest,
};
use nexus_domain::{Code, timestamp};
use serde_json::{Value, json};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every name leads to the issuer's address.
struct ToIssuer;

impl Names for ToIssuer {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![REACHABLE.parse().expect("an address")]) })
    }
}

/// An instance with a service, and an issuer that stands in for those of the internet.
pub struct Scene<'w> {
    pub w: &'w World,
    pub nexus: Nexus,
    pub owner: Actor,
    pub issuer: Issuer,
    pub path: ServicePath,
    pub endpoint: String,
    /// Everybody comes from another address, so that no limit is reached.
    next_ip: AtomicU32,
}

impl<'w> Scene<'w> {
    /// `hosts`: the hosts that the issuer stands in for.
    pub async fn new(w: &'w World, hosts: &[&str]) -> Self {
        let issuer = Issuer::start().await;
        issuer.publishes(&[(&issuer::RSA, "k1")]);
        let nexus = instance(w, &issuer, hosts, Arc::new(ToIssuer)).await;
        let path = w.shop().await;
        let owner = w.signed_in_again(&w.owner).await;
        let service = services::get(&nexus, &owner, &path).await.fine();
        let endpoint = service.endpoint_slug.expect("an endpoint");
        Self { w, nexus, owner, issuer, path, endpoint, next_ip: AtomicU32::new(0xc000_0200) }
    }

    pub fn now(&self) -> i64 {
        self.w.now().0 / timestamp::SECOND
    }

    /// The owner, who has just signed in.
    pub async fn owner(&self) -> Actor {
        self.w.signed_in_again(&self.owner).await
    }

    pub async fn provider(&self, new: NewIdentityProvider) -> IdentityProvider {
        workload::add_provider(&self.nexus, &self.owner().await, new).await.fine()
    }

    /// A provider of any issuer that this one is.
    pub async fn oidc(&self) -> IdentityProvider {
        let new = NewIdentityProvider {
            issuer: Some(self.issuer.origin.clone()),
            ..NewIdentityProvider::usual("Own", IdentityProviderKind::Oidc)
        };
        self.provider(new).await
    }

    pub async fn rule(&self, provider: &IdentityProvider, claims: RuleClaims) -> Identity {
        let new = NewIdentity {
            name: format!("rule {}", self.next_ip.fetch_add(1, Ordering::SeqCst)),
            provider: provider.id,
            claims,
            access: None,
            max_lifetime: None,
        };
        workload::add_rule(&self.nexus, &self.owner().await, &self.path, new).await.fine()
    }

    /// The usual provider with a rule for `build-7`.
    pub async fn usual(&self) -> (IdentityProvider, Identity) {
        let provider = self.oidc().await;
        let rule = self.rule(&provider, pins(&[("sub", "build-7")])).await;
        (provider, rule)
    }

    /// Claims of a token of the usual provider.
    pub fn claims(&self, provider: &IdentityProvider) -> Value {
        json!({
            "iss": provider.issuer, "aud": provider.audience, "sub": "build-7", "iat": self.now(),
            "exp": self.now() + 300,
        })
    }

    pub fn ip(&self) -> IpAddr {
        IpAddr::V4(self.next_ip.fetch_add(1, Ordering::SeqCst).into())
    }

    pub async fn exchange_with(&self, asked: TokenExchange) -> Result<AccessToken, Error> {
        workload::exchange(&self.nexus, &self.endpoint, asked, self.ip()).await
    }

    pub async fn exchange(&self, provider: &str, token: &str) -> Result<AccessToken, Error> {
        self.exchange_with(by_token(provider, token)).await
    }

    /// A token of the usual provider gets in.
    pub async fn session(&self, provider: &IdentityProvider) -> String {
        let token = good(&issuer::RSA, &self.claims(provider));
        self.exchange(&provider.id.to_string(), &token).await.fine().access_token
    }

    /// An owner names this address wherever one can be named, and a program shows a token for it.
    pub async fn try_to_be_led(&self, address: &str) {
        let oidc = || NewIdentityProvider::usual("Tried", IdentityProviderKind::Oidc);
        let described = json!({ "issuer": self.issuer.origin, "jwks_uri": address }).to_string();
        self.issuer.script().says.insert("/.well-known/openid-configuration".into(), described);
        let own = Some(self.issuer.origin.clone());
        for new in [
            NewIdentityProvider { issuer: Some(address.to_owned()), ..oidc() },
            NewIdentityProvider {
                issuer: own.clone(),
                keys: Some(KeysFrom::JwksUrl),
                jwks_url: Some(address.to_owned()),
                ..oidc()
            },
            NewIdentityProvider { issuer: own.clone(), ..oidc() },
        ] {
            let owner = self.owner().await;
            let Ok(provider) = workload::add_provider(&self.nexus, &owner, new).await else { continue };
            let test = TokenTest { token: Some(good(&issuer::RSA, &self.claims(&provider))), request: None };
            let report =
                workload::test_provider(&self.nexus, &owner, provider.id, test, self.ip()).await.fine();
            assert!(!report.passed, "{address}");
            workload::remove_provider(&self.nexus, &owner, provider.id).await.fine();
        }
    }

    /// How many sessions there are, of whomever.
    pub async fn sessions(&self) -> i64 {
        self.w.number("SELECT COUNT(*) FROM workload_sessions").await
    }
}

pub fn by_token(provider: &str, token: &str) -> TokenExchange {
    TokenExchange {
        provider: provider.to_owned(),
        token: Some(token.to_owned()),
        request: None,
        service: None,
    }
}

pub fn by_request(provider: &str, request: SignedRequest) -> TokenExchange {
    TokenExchange { provider: provider.to_owned(), token: None, request: Some(request), service: None }
}

pub fn pins(pairs: &[(&str, &str)]) -> RuleClaims {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), ClaimValue::from(*value))).collect()
}

/// A token as issuers make it.
pub fn good(signer: &Signer, claims: &Value) -> String {
    named(signer, "k1", claims)
}

pub fn named(signer: &Signer, kid: &str, claims: &Value) -> String {
    let header = json!({ "alg": signer.algorithm(), "kid": kid, "typ": "JWT" });
    signer.token(&header.to_string(), &claims.to_string())
}

/// These claims with others in place of some; null takes one out.
pub fn with(claims: &Value, more: Value) -> Value {
    let mut claims = claims.clone();
    for (name, value) in more.as_object().expect("claims") {
        let all = claims.as_object_mut().expect("claims");
        match value {
            Value::Null => all.remove(name),
            value => all.insert(name.clone(), value.clone()),
        };
    }
    claims
}

pub async fn instance(w: &World, issuer: &Issuer, hosts: &[&str], names: Arc<dyn Names>) -> Nexus {
    let allowed = vec![format!("{REACHABLE}/32").parse().expect("a network")];
    let stand_ins = hosts.iter().map(|host| ((*host).to_owned(), issuer.origin.clone())).collect();
    let settings = Settings {
        egress: Rules { allowed, plain_http: true, names, stand_ins },
        ..Settings::self_hosted("https://nexus.test").fine()
    };
    let parts = Parts {
        db: Db::open(&w.database.location()).await.fine(),
        root: RootKey::parse(ROOT_KEY).fine(),
        clock: w.clock.clone(),
        random: Arc::new(SystemRandom),
        settings,
    };
    Nexus::open(parts).await.fine()
}

/// It was refused, and as everything else is.
#[track_caller]
pub fn refused(outcome: Result<AccessToken, Error>, what: &str) {
    let refusal = outcome.expect_err(what).refusal();
    assert_eq!(refusal.code, Code::Unauthorized, "{what}: {refusal}");
    assert!(refusal.details.is_empty(), "{what}: {refusal}");
}
