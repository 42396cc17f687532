//! A mail server for tests, on a port of this machine: it takes what comes, and says what it was told to say.

use nexus_backend::mail::MailServer;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as it came over the wire.
#[derive(Debug, Clone)]
pub struct Received {
    pub to: String,
    pub text: String,
}

impl Received {
    /// The token of the invitation in it. Long lines are broken on the wire.
    pub fn token(&self) -> String {
        let whole = self.text.replace("=\r\n", "").replace("=3D", "=");
        let (_, rest) = whole.split_once("/invitation/").expect("a link");
        rest.chars().take_while(char::is_ascii_hexdigit).collect()
    }
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    /// What it says to the next recipients; `250` when there is nothing.
    answers: Mutex<VecDeque<&'static str>>,
}

pub struct Postman {
    address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Postman {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (address, state) = (listener.local_addr().expect("an address"), Arc::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, task }
    }

    /// The settings that lead here.
    pub fn server(&self) -> MailServer {
        let url = format!("smtp://{}", self.address).into();
        MailServer::new(&url, "Nexus <nexus@acme.test>", "https://nexus.test").expect("a mail server")
    }

    /// What it says to the next recipients, one after the other.
    pub fn will_say(&self, answers: &[&'static str]) {
        self.state.answers.lock().expect("no panic").extend(answers);
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("no panic").clone()
    }

    /// Closes the door: nobody answers at its address any more.
    pub async fn leave(self) {
        self.task.abort();
        let _ended = self.task.await;
    }
}

async fn talk(stream: TcpStream, state: Arc<State>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut to, mut text, mut in_text) = (String::new(), String::new(), false);
    write.write_all(b"220 postman\r\n").await.expect("written");
    while let Ok(Some(line)) = lines.next_line().await {
        if in_text {
            if line == "." {
                in_text = false;
                let received = Received { to: to.clone(), text: std::mem::take(&mut text) };
                state.received.lock().expect("no panic").push(received);
                write.write_all(b"250 taken\r\n").await.expect("written");
            } else {
                text.push_str(&line);
                text.push_str("\r\n");
            }
            continue;
        }
        let answer = match line.get(..4).unwrap_or_default() {
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                state.answers.lock().expect("no panic").pop_front().unwrap_or("250 ok")
            }
            "DATA" => {
                in_text = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}
