//! As much of HTTP/1.1 as measuring takes: one request at a time on a connection that stays, and the
//! bytes of the answer as they came over the wire.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to one server, with the headers that every request carries.
pub struct Web {
    stream: TcpStream,
    headers: Vec<(String, String)>,
}

/// An answer. Its body is what was sent, compressed or not, without the framing of chunks.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header, named in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body of an answer that has to be a good one.
    ///
    /// # Errors
    /// When it is not, or is no JSON.
    pub fn json(&self) -> Result<Value> {
        let text = String::from_utf8_lossy(&self.body);
        ensure!(matches!(self.status, 200 | 201), "the server answered {}: {text}", self.status);
        serde_json::from_str(&text).context("the answer is no JSON")
    }
}

impl Web {
    /// # Errors
    /// When nothing listens there.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, headers: Vec::new() })
    }

    /// Sends a header with every request from now on.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// # Errors
    /// When the server does not answer.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.send("GET", path, "", &[])
    }

    /// # Errors
    /// When the server does not answer.
    pub fn post(&mut self, path: &str, kind: &str, body: &str) -> Result<Answer> {
        self.send("POST", path, kind, body.as_bytes())
    }

    fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.stream.peer_addr()?);
        for (name, value) in &self.headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if method != "GET" {
            request.push_str(&format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        let mut request = request.into_bytes();
        request.extend_from_slice(body);
        self.stream.write_all(&request)?;
        self.read()
    }

    fn read(&mut self) -> Result<Answer> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end;
            }
            self.read_more(&mut bytes)?;
        };
        let rest = bytes.split_off(end + 4);
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|word| word.parse().ok());
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let status = status.context("the answer is no HTTP")?;
        let mut answer = Answer { status, headers, body: rest };
        if answer.header("transfer-encoding") == Some("chunked") {
            self.read_chunks(&mut answer.body)?;
        } else if status != 304 && status != 204 {
            let length = answer.header("content-length").context("an answer without a length")?.parse()?;
            while answer.body.len() < length {
                self.read_more(&mut answer.body)?;
            }
        }
        Ok(answer)
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        let mut raw = std::mem::take(body);
        loop {
            let end = loop {
                if let Some(end) = find(&raw, b"\r\n") {
                    break end;
                }
                self.read_more(&mut raw)?;
            };
            let rest = raw.split_off(end + 2);
            let size = String::from_utf8_lossy(&raw);
            let size = usize::from_str_radix(size.trim(), 16).context("a chunk without a size")?;
            raw = rest;
            while raw.len() < size + 2 {
                self.read_more(&mut raw)?;
            }
            let after = raw.split_off(size + 2);
            raw.truncate(size);
            body.append(&mut raw);
            raw = after;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn read_more(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        let mut piece = [0; 64 * 1024];
        let read = self.stream.read(&mut piece)?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        bytes.extend(piece.iter().take(read));
        Ok(())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
