//! Second factors: what is set up, what it lets through, and what it stops.

mod app;
mod changes;
mod passkeys;
mod recovery;
mod requirement;
mod steps;

use crate::world::{Authenticator, OWNER, Outcome, World};
use nexus_backend::people::factors::{Answer, passkeys as keys, totp};
use nexus_backend::people::{self, Entered, Means, Opened, Proof};
use nexus_domain::factor::RecoveryCodes;
use nexus_domain::{UserId, timestamp};
use std::net::IpAddr;
use tokio::sync::OnceCell;
use totp_rs::{Builder, Secret};

pub const PASSWORD: &str = "tr4verse-Olive";
pub const STEP: i64 = 30 * timestamp::SECOND;

pub fn ip() -> IpAddr {
    "192.0.2.1".parse().expect("an address")
}

/// An address of its own for each attempt, so that only the account is counted.
pub fn other_ip(n: usize) -> IpAddr {
    format!("198.51.{}.{}", n / 250, n % 250).parse().expect("an address")
}

/// A session of the owner that was opened this moment by the password.
pub fn opened(w: &World) -> Opened {
    Opened::by_password(w.owner_id, w.now())
}

/// The same with the second factor shown.
pub fn with_second(w: &World) -> Opened {
    let proof = Proof { means: Means::Password, second_factor: true };
    Opened { proof, ..opened(w) }
}

pub async fn with_password(w: &World) {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash =
        HASH.get_or_init(async || w.nexus.passwords.hash(PASSWORD.into()).await.expect("hashed")).await;
    w.execute(&format!("UPDATE users SET password_hash = '{hash}' WHERE email = '{OWNER}'")).await;
}

pub async fn enters(w: &World) -> Entered {
    people::sign_in(&w.nexus, OWNER, PASSWORD.into(), ip()).await.fine()
}

/// Signs in by the password; the token of the second step.
pub async fn second_step(w: &World) -> String {
    match enters(w).await {
        Entered::SecondStep(token) => token,
        Entered::In(_) => panic!("in without the second step"),
    }
}

/// An authenticator app.
pub struct App(String);

impl App {
    /// Sets one up for the owner, with a code of this moment.
    pub async fn set_up(w: &World) -> (Self, RecoveryCodes) {
        let app = Self(totp::begin(&w.nexus, opened(w), ip()).await.fine().secret);
        let codes = totp::activate(&w.nexus, opened(w), &app.code(w), ip()).await.fine();
        // Its step is used up.
        w.pass(STEP);
        (app, codes)
    }

    pub fn of(secret: &str) -> Self {
        Self(secret.to_owned())
    }

    pub fn code(&self, w: &World) -> String {
        self.code_at(w.now().0 / timestamp::SECOND)
    }

    pub fn code_at(&self, seconds: i64) -> String {
        let mut bits = 0_u64;
        let mut bytes = Vec::new();
        for (n, c) in self.0.bytes().enumerate() {
            let digit = if c.is_ascii_digit() { c - b'2' + 26 } else { c - b'A' };
            bits = (bits << 5) | u64::from(digit);
            if n % 8 == 7 {
                bytes.extend(&bits.to_be_bytes()[3..]);
                bits = 0;
            }
        }
        let secret = Secret::new_stack(bytes.try_into().expect("20 bytes"));
        let codes = Builder::new().with_secret(secret).build_noncompliant();
        codes.generate(u64::try_from(seconds).expect("a time")).to_string()
    }

    pub fn secret(&self) -> &str {
        &self.0
    }
}

pub fn code(text: &str) -> Answer {
    Answer::Code(text.to_owned())
}

/// Registers a passkey for the owner in this session.
pub async fn add_passkey(w: &World, session: Opened, name: &str) -> (Authenticator, RecoveryCodes) {
    let question = keys::begin(&w.nexus, session, ip()).await.fine();
    let (passkey, answer) = Authenticator::register(&question.options, "https://nexus.test");
    let codes = keys::add(&w.nexus, session, &question.token, &answer, name, ip()).await.fine();
    (passkey, codes)
}

/// The answer of a passkey to a question to its person.
pub async fn answer_of(w: &World, user: UserId, passkey: &mut Authenticator) -> Answer {
    let question = keys::ask_of(&w.nexus, user, ip()).await.fine();
    Answer::Passkey { token: question.token, answer: passkey.prove(&question.options) }
}

/// The subjects of the mails that are on their way, in the order in which they were written.
pub async fn mails(w: &World) -> Vec<String> {
    w.texts("SELECT kind || ' to ' || recipient FROM mails ORDER BY id").await
}
