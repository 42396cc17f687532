//! HTTP/1.1 on a bare socket: one request at a time on a connection that stays, or one that is cut
//! off at a chosen point.

use serde_json::Value;
use std::fmt;
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::Duration;

/// Nothing here takes this long; a server that hangs fails the proof instead of stopping it.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Request {
    head: String,
    body: String,
}

impl Request {
    pub fn get(path: &str, key: &str) -> Self {
        Self::new("GET", path, key, None)
    }

    pub fn put(path: &str, key: &str, body: &Value) -> Self {
        Self::new("PUT", path, key, Some(body))
    }

    pub fn post(path: &str, key: &str, body: &Value) -> Self {
        Self::new("POST", path, key, Some(body))
    }

    pub fn delete(path: &str, key: &str) -> Self {
        Self::new("DELETE", path, key, None)
    }

    fn new(method: &str, path: &str, key: &str, body: Option<&Value>) -> Self {
        let body = body.map_or_else(String::new, Value::to_string);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: nexus.test\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self { head, body }
    }

    /// With a name of its own: sent again, it is not carried out again.
    pub fn once(mut self, name: &str) -> Self {
        let end = self.head.len() - "\r\n".len();
        self.head.insert_str(end, &format!("idempotency-key: {name}\r\n"));
        self
    }

    pub fn is_snapshot(&self) -> bool {
        self.head.contains("/v1/sync")
    }

    pub fn is_comparison(&self) -> bool {
        self.head.contains("/diff?")
    }
}

impl fmt::Debug for Request {
    /// The first line is enough to know it by, and keys stay out of the output.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.head.lines().next().unwrap_or_default())
    }
}

/// Where a request ends before its time.
#[derive(Debug, Clone, Copy)]
pub enum Cut {
    Headers,
    HalfBody,
    /// Everything is sent, and nobody waits for the answer.
    Sent(Duration),
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body of an answer that has to be a good one.
    #[track_caller]
    pub fn good(&self) -> Value {
        assert!(matches!(self.status, 200 | 201), "refused: {self:?}");
        self.json()
    }
}

/// A connection that is opened when it is needed.
pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends a request and waits for the answer. After an error nobody knows whether the request was
    /// carried out.
    pub fn send(&mut self, request: &Request) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.address)?,
        };
        stream.write_all(format!("{}{}", request.head, request.body).as_bytes())?;
        let answer = read_answer(&mut stream)?;
        self.stream = Some(stream);
        Ok(answer)
    }

    /// Sends a request to a server that has to answer.
    #[track_caller]
    pub fn ask(&mut self, request: &Request) -> Answer {
        self.send(request).expect("the server answers")
    }

    /// Sends a request as far as `cut`, and goes away.
    pub fn send_cut(&self, request: &Request, cut: Cut) {
        let mut stream = connect(self.address).expect("the server listens");
        let (head, body) = (request.head.as_bytes(), request.body.as_bytes());
        let (head, body, wait) = match cut {
            // Without a body, the headers themselves are what stays unfinished.
            Cut::Headers | Cut::HalfBody if body.is_empty() => {
                (&head[..head.len() / 2], body, Duration::ZERO)
            }
            Cut::Headers => (head, &body[..0], Duration::ZERO),
            Cut::HalfBody => (head, &body[..body.len() / 2], Duration::ZERO),
            Cut::Sent(wait) => (head, body, wait),
        };
        stream.write_all(&[head, body].concat()).expect("sent");
        sleep(wait);
    }
}

#[expect(clippy::disallowed_methods, reason = "to the program that the test started")]
fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn read_answer(stream: &mut TcpStream) -> Result<Answer> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        read_more(stream, &mut bytes)?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no answer of HTTP: {head}"));
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |text| text.trim().parse().expect("a length"));
    assert!(!head.contains("transfer-encoding"), "an answer in pieces is not understood here: {head}");
    while bytes.len() < end + 4 + length {
        read_more(stream, &mut bytes)?;
    }
    Ok(Answer { status, text: String::from_utf8_lossy(&bytes[end + 4..]).into_owned() })
}

fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<()> {
    let mut piece = [0; 16 * 1024];
    match stream.read(&mut piece)? {
        0 => Err(Error::from(ErrorKind::UnexpectedEof)),
        read => {
            bytes.extend_from_slice(&piece[..read]);
            Ok(())
        }
    }
}
