//! The operator's mail server: where it is, how one gets in, and what it says to a mail. Its address is a setting of
//! the operator and of nobody else, so this is no way out for requests of others.

use super::Letter;
use crate::{Error, Result};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use nexus_domain::{MailId, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::time::{Duration, SystemTime};
use url::{Host, Url};

/// How long one exchange with the server may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest text of a server that is kept.
const MAX_PROBLEM: usize = 300;

/// Where mail goes out.
#[derive(Clone)]
pub struct MailServer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// The right side of each `Message-ID`.
    domain: String,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailServer")
    }
}

/// What came of handing a mail to the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handed {
    Over,
    /// The server will not take it, today or tomorrow.
    Refused(String),
    /// Not now.
    Later(String),
    /// There was no server to talk to, so that others need not try at this moment.
    Unreachable(String),
}

/// A connection that is not encrypted at all is for this machine, or for an operator who says so.
fn with_encryption(url: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok()?;
    let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    if url.scheme() != "smtp" {
        return Some(url);
    }
    let near = match url.host()? {
        // A scheme that is not of the web keeps numbers as names.
        Host::Domain(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    match tls.as_deref() {
        Some("none") => url.set_query(None),
        None if !near => url.set_query(Some("tls=required")),
        _ => {}
    }
    Some(url)
}

impl MailServer {
    /// `smtps://user:password@host`, `smtp://…` (STARTTLS is required unless the host is this machine or the address says
    /// `?tls=none`), and who the mail is from: `Nexus <nexus@example.com>`.
    ///
    /// # Errors
    /// When one of the two cannot be understood. The address is not repeated, because it holds a password.
    pub fn new(url: &SecretString, from: &str, public_url: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::Startup(format!("smtp_url: {what}; an example is smtps://user:password@mail.example.com"))
        };
        let url = with_encryption(url.expose_secret()).ok_or_else(|| wrong("this is no address"))?;
        let from: Mailbox = from
            .parse()
            .map_err(|_| Error::Startup("mail_from: an address like Nexus <nexus@example.com>".into()))?;
        let domain = Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let domain = domain.unwrap_or_else(|| "localhost".into());
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .map_err(|_| wrong("smtp:// or smtps://, with ?tls=required, opportunistic or none"))?
            .timeout(Some(PATIENCE));
        // A number is no name to greet with; lettre has a form for those.
        let named = domain.parse::<std::net::IpAddr>().is_err() && !domain.starts_with('[');
        if named && url.path().trim_matches('/').is_empty() {
            builder = builder.hello_name(ClientId::Domain(domain.clone()));
        }
        Ok(Self { transport: builder.build(), from, domain })
    }

    /// Hands a mail over. The same mail has the same `Message-ID` however often it is tried.
    pub(super) async fn hand_over(&self, id: MailId, to: &str, letter: &Letter, now: Timestamp) -> Handed {
        let Some(message) = self.compose(id, to, letter, now) else {
            return Handed::Refused("Nothing can be sent to this address".into());
        };
        match tokio::time::timeout(PATIENCE * 2, self.transport.send(message)).await {
            Ok(Ok(_)) => Handed::Over,
            Ok(Err(error)) => judge(&error),
            Err(_) => Handed::Unreachable("The mail server takes too long".into()),
        }
    }

    fn compose(&self, id: MailId, to: &str, letter: &Letter, now: Timestamp) -> Option<Message> {
        let to: Address = to.parse().ok()?;
        let micros = u64::try_from(now.0).ok()?;
        let subject: String = letter.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // RFC 3834: no mail program answers this by itself.
        let automatic =
            HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{id}@{}>", self.domain)))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(letter.text(), letter.html()))
            .ok()
    }
}

/// Replies about whoever sends and not about the mail: the operator can mend that (RFC 4954).
const ABOUT_THE_SENDER: [u16; 5] = [530, 532, 534, 535, 538];

fn judge(error: &lettre::transport::smtp::Error) -> Handed {
    let Some(code) = error.status() else {
        tracing::warn!(%error, "the mail server cannot be reached");
        let what = if error.is_tls() { "No encrypted connection" } else { "No connection" };
        return Handed::Unreachable(format!("{what} to the mail server"));
    };
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let said =
        said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_PROBLEM).collect::<String>();
    let problem = format!("{code} {}", said.trim()).trim_end().to_owned();
    if u16::from(code) >= 500 && !ABOUT_THE_SENDER.contains(&u16::from(code)) {
        Handed::Refused(problem)
    } else {
        Handed::Later(problem)
    }
}

/// Whether mail can be sent to this address at all, as far as its form says.
pub(crate) fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, from: &str) -> Result<MailServer> {
        MailServer::new(&SecretString::from(url), from, "https://nexus.test")
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_without_the_password() {
        for url in ["", "mail.test", "http://u:hunter2@mail.test", "smtp://u:hunter2@mail.test?tls=maybe"] {
            let error = server(url, "nexus@acme.test").expect_err(url).to_string();
            assert!(error.contains("smtp_url") && !error.contains("hunter2"), "{error}");
        }
        let error = server("smtps://u:hunter2@mail.test", "nobody").expect_err("no sender").to_string();
        assert!(error.contains("mail_from"), "{error}");
        let fine = server("smtps://u:hunter2@mail.test", "Nexus <nexus@acme.test>").expect("fine");
        assert!(!format!("{fine:?}").contains("hunter2"));
    }

    #[test]
    fn only_this_machine_is_talked_to_in_the_clear() {
        let query = |url: &str| with_encryption(url).expect(url).query().map(str::to_owned);
        assert_eq!(query("smtp://mail.test").as_deref(), Some("tls=required"));
        assert_eq!(query("smtp://192.0.2.1:25").as_deref(), Some("tls=required"));
        assert_eq!(query("smtp://mail.test?tls=opportunistic").as_deref(), Some("tls=opportunistic"));
        for clear in
            ["smtp://localhost:25", "smtp://127.0.0.1:2525", "smtp://[::1]:25", "smtp://mail.test?tls=none"]
        {
            assert_eq!(query(clear), None, "{clear}");
        }
        assert_eq!(query("smtps://mail.test"), None);
    }

    #[tokio::test]
    async fn a_message_says_who_when_and_that_no_person_wrote_it() {
        let server = server("smtp://localhost", "Nexus <nexus@acme.test>").expect("fine");
        let letter = Letter {
            subject: "Hello\r\nBcc: eve@evil.test".into(),
            paragraphs: vec!["Grüße".into()],
            button: None,
            small: vec![],
        };
        let id = MailId(uuid::Uuid::nil());
        let message = server.compose(id, "ana+tag@acme.test", &letter, Timestamp(0)).expect("a message");
        let text = String::from_utf8(message.formatted()).expect("text");
        for header in [
            "From: Nexus <nexus@acme.test>",
            "To: ana+tag@acme.test",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            "Message-ID: <00000000-0000-0000-0000-000000000000@nexus.test>",
            "Auto-Submitted: auto-generated",
            "Content-Type: multipart/alternative",
        ] {
            assert!(text.contains(header), "{header}\n{text}");
        }
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        assert!(!head.contains("\nBcc:"), "{head}");
        assert!(
            server.compose(id, "ana@acme.test\r\nRCPT TO:<eve@evil.test>", &letter, Timestamp(0)).is_none()
        );
    }
}
