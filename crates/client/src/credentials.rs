//! What a client presents to the server: a key that stays, or a session that is renewed in time. Renewing is
//! done by one at a time; whoever comes meanwhile goes on with what still holds. There is no second source
//! behind the first one: where renewing fails and nothing holds any more, the request fails.

use crate::identity::Exchange;
use crate::login::Refresh;
use crate::wire::{authorization, confidential};
use crate::{Error, WorkloadIdentity, login};
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// However long a server says that something lives, it is renewed within this time.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// After a failure the next attempt comes no sooner than this, while the old one still holds.
const AGAIN: Duration = Duration::from_secs(15);

/// What a program says that it has.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    Key(SecretString),
    Workload(WorkloadIdentity),
    Login(login::Login),
}

impl Credential {
    /// Whether it says of itself that it never reads secrets.
    pub fn is_public(&self) -> bool {
        matches!(self, Self::Key(key) if key.expose_secret().starts_with("pk_"))
    }
}

/// What goes with one request.
#[derive(Clone)]
pub(crate) struct Presented {
    header: HeaderValue,
    number: u64,
}

impl Presented {
    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Tells one session from the next.
    pub const fn number(&self) -> u64 {
        self.number
    }
}

/// What an issuer gave.
pub(crate) struct Issued {
    pub token: SecretString,
    pub lives: Duration,
}

enum Kind {
    Key(HeaderValue),
    Exchange(Exchange),
    Refresh(Refresh),
}

struct Held {
    presented: Presented,
    renew: Instant,
    end: Instant,
}

pub(crate) struct Credentials {
    kind: Kind,
    held: Mutex<Option<Held>>,
    turn: tokio::sync::Mutex<()>,
    issued: AtomicU64,
}

enum Look {
    Good(Presented),
    /// It still holds, and should be renewed.
    Due(Presented),
    Nothing,
}

impl Credentials {
    pub fn new(credential: &Credential, base: &Url, http: &reqwest::Client) -> Result<Self, Error> {
        let kind = match credential {
            Credential::Key(key) => Kind::Key(authorization(key)?),
            Credential::Workload(identity) => {
                Kind::Exchange(Exchange::new(identity.clone(), base, http.clone())?)
            }
            Credential::Login(login) => {
                confidential(base)?;
                Kind::Refresh(Refresh::new(login.clone()))
            }
        };
        Ok(Self {
            kind,
            held: Mutex::new(None),
            turn: tokio::sync::Mutex::new(()),
            issued: AtomicU64::new(0),
        })
    }

    /// What to present now.
    pub async fn present(&self) -> Result<Presented, Error> {
        if let Kind::Key(header) = &self.kind {
            return Ok(Presented { header: header.clone(), number: 0 });
        }
        match self.look() {
            Look::Good(presented) => Ok(presented),
            Look::Due(presented) => Ok(self.ahead(presented).await),
            Look::Nothing => {
                let _turn = self.turn.lock().await;
                match self.look() {
                    Look::Good(presented) | Look::Due(presented) => Ok(presented),
                    Look::Nothing => self.issue(false).await,
                }
            }
        }
    }

    /// What to present instead of what was refused; `None` where there is nothing else.
    pub async fn after_refusal(&self, refused: &Presented) -> Result<Option<Presented>, Error> {
        if matches!(self.kind, Kind::Key(_)) {
            return Ok(None);
        }
        let _turn = self.turn.lock().await;
        match self.look() {
            Look::Good(now) | Look::Due(now) if now.number != refused.number => Ok(Some(now)),
            _ => {
                *self.held() = None;
                self.issue(true).await.map(Some)
            }
        }
    }

    /// Waits until it is time to renew.
    pub async fn due(&self) {
        let renew = self.held().as_ref().map(|held| held.renew);
        match renew {
            Some(renew) if !matches!(self.kind, Kind::Key(_)) => tokio::time::sleep_until(renew).await,
            _ => std::future::pending().await,
        }
    }

    /// Renews what still holds, unless somebody else is at it.
    async fn ahead(&self, holds: Presented) -> Presented {
        let Ok(_turn) = self.turn.try_lock() else { return holds };
        match self.issue(false).await {
            Ok(renewed) => renewed,
            Err(error) => {
                tracing::warn!(%error, "the session is not renewed yet; the one before still holds");
                if let Some(held) = self.held().as_mut() {
                    let wait = AGAIN.mul_f64(1.0 + fastrand::f64());
                    held.renew = Instant::now().checked_add(wait).unwrap_or(held.end).min(held.end);
                }
                holds
            }
        }
    }

    async fn issue(&self, refused: bool) -> Result<Presented, Error> {
        let begun = Instant::now();
        let issued = match &self.kind {
            // It was presented before anybody came here.
            Kind::Key(_) => return Err(Error::Invalid("a key is not renewed".into())),
            Kind::Exchange(exchange) => exchange.issue().await?,
            Kind::Refresh(refresh) => refresh.issue(refused).await?,
        };
        let lives = issued.lives.min(LONGEST);
        let after = |part: f64| begun.checked_add(lives.mul_f64(part)).unwrap_or(begun);
        let number = self.issued.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let presented = Presented { header: authorization(&issued.token)?, number };
        // Two thirds, and not everybody at the same moment.
        let (renew, end) = (after(0.6 + fastrand::f64() * 0.12), after(0.98));
        *self.held() = Some(Held { presented: presented.clone(), renew, end });
        Ok(presented)
    }

    fn look(&self) -> Look {
        let now = Instant::now();
        match self.held().as_ref() {
            Some(held) if now < held.renew => Look::Good(held.presented.clone()),
            Some(held) if now < held.end => Look::Due(held.presented.clone()),
            _ => Look::Nothing,
        }
    }

    /// Nothing in here panics while it is held, so what it holds is whole.
    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Answer, Script, good, says, token_for};
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU8;

    const GIVES: u8 = 0;
    const FAILS: u8 = 1;
    const HANGS: u8 = 2;
    const REFUSES: u8 = 3;

    async fn stage() -> (Arc<Credentials>, Script, Arc<AtomicU8>) {
        let mood = Arc::new(AtomicU8::new(GIVES));
        let now = Arc::clone(&mood);
        let script = Script::new(move |_| -> Option<Answer> {
            match now.load(Ordering::SeqCst) {
                GIVES => Some(good(&json!({ "access_token": "ws_1", "expires_in": 900 }))),
                FAILS => Some(says(503, "")),
                REFUSES => Some(says(401, r#"{"code":"unauthorized"}"#)),
                _ => None,
            }
        })
        .await;
        let base: Url = format!("{}/s/api-k3mzq5ta", script.address).parse().expect("an address");
        let token = token_for(&json!("nexus"));
        let variables = move |name: &str| match name {
            "NEXUS_ID_TOKEN" => Some(token.clone()),
            "NEXUS_AUDIENCE" => Some("nexus".to_owned()),
            "NEXUS_IDENTITY_PROVIDER" => Some("oidc".to_owned()),
            _ => None,
        };
        let identity = WorkloadIdentity::detect_with(&variables).expect("a token");
        let http = crate::wire::http().build().expect("a client");
        let credentials = Credentials::new(&Credential::Workload(identity), &base, &http).expect("it fits");
        (Arc::new(credentials), script, mood)
    }

    /// As if two thirds of its life were over; or all of it.
    fn age(credentials: &Credentials, over: bool) {
        let mut held = credentials.held();
        let held = held.as_mut().expect("a session");
        held.renew = Instant::now();
        if over {
            held.end = Instant::now();
        }
    }

    #[tokio::test]
    async fn fifty_at_once_cause_one_exchange_and_the_next_one_comes_with_age() {
        let (credentials, script, _) = stage().await;
        let all = (0..50).map(|_| {
            let credentials = Arc::clone(&credentials);
            tokio::spawn(async move { credentials.present().await.expect("a session").number() })
        });
        for number in futures::future::join_all(all).await {
            assert_eq!(number.expect("no panic"), 1);
        }
        assert_eq!(script.asked().len(), 1);
        age(&credentials, false);
        assert_eq!(credentials.present().await.expect("a session").number(), 2);
        age(&credentials, true);
        assert_eq!(credentials.present().await.expect("a session").number(), 3);
        let left = credentials.held().as_ref().expect("a session").renew.duration_since(Instant::now());
        assert!(left.as_secs() > 500 && left.as_secs() < 660, "{left:?}");
    }

    #[tokio::test]
    async fn what_still_holds_is_used_while_renewing_fails_or_hangs_and_not_afterwards() {
        let (credentials, script, mood) = stage().await;
        credentials.present().await.expect("a session");
        mood.store(FAILS, Ordering::SeqCst);
        age(&credentials, false);
        assert_eq!(credentials.present().await.expect("the old one").number(), 1);
        // The next attempt is not made at once.
        assert_eq!(credentials.present().await.expect("the old one").number(), 1);
        assert_eq!(script.asked().len(), 2);

        mood.store(HANGS, Ordering::SeqCst);
        age(&credentials, false);
        let hanging = tokio::spawn({
            let credentials = Arc::clone(&credentials);
            async move { credentials.present().await.map(|it| it.number()) }
        });
        while script.asked().len() < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(credentials.present().await.expect("the old one").number(), 1);
        hanging.abort();

        mood.store(FAILS, Ordering::SeqCst);
        age(&credentials, true);
        assert!(credentials.present().await.is_err());
        mood.store(GIVES, Ordering::SeqCst);
        assert_eq!(credentials.present().await.expect("a session").number(), 2);
    }

    #[tokio::test]
    async fn whoever_comes_with_an_old_session_gets_the_new_one_without_another_exchange() {
        let (credentials, script, _) = stage().await;
        let old = credentials.present().await.expect("a session");
        let new = credentials.after_refusal(&old).await.expect("renewed").expect("a session");
        let same = credentials.after_refusal(&old).await.expect("renewed").expect("a session");
        assert_eq!((new.number(), same.number(), script.asked().len()), (2, 2, 2));
    }

    #[tokio::test]
    async fn a_refused_proof_is_not_shown_again_at_once_however_often_somebody_asks() {
        let (credentials, script, mood) = stage().await;
        mood.store(REFUSES, Ordering::SeqCst);
        for _ in 0..5 {
            assert!(matches!(credentials.present().await.err(), Some(Error::IdentityRefused { .. })));
        }
        assert_eq!(script.asked().len(), 1);
    }
}
