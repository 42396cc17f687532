//! A door between a client and the server: open, or misbehaving as it is told. Every request comes over a
//! connection of its own, so that what the door does next holds for the next request.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the door does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    Open,
    /// Nobody is there.
    Closed,
    /// Takes the request and never answers.
    Silent,
    /// Answers this, whatever is asked.
    Answer(String),
    /// Lets the first half of the server's answer through.
    Half,
}

/// The door, with its address.
pub struct Doorway {
    pub address: SocketAddr,
    door: watch::Sender<Door>,
    target: Arc<Mutex<SocketAddr>>,
}

impl Doorway {
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (door, _) = watch::channel(Door::Open);
        let target = Arc::new(Mutex::new(target));
        tokio::spawn(receive(listener, door.clone(), Arc::clone(&target)));
        Self { address, door, target }
    }

    /// From now on; every connection that is open breaks.
    pub fn set(&self, door: Door) {
        self.door.send_replace(door);
    }

    /// The server is somewhere else now.
    pub fn leads_to(&self, target: SocketAddr) {
        *self.target.lock().expect("no panic") = target;
    }
}

async fn receive(listener: TcpListener, door: watch::Sender<Door>, target: Arc<Mutex<SocketAddr>>) {
    while let Ok((visitor, _)) = listener.accept().await {
        let mut door = door.subscribe();
        let target = *target.lock().expect("no panic");
        tokio::spawn(async move {
            let now = door.borrow_and_update().clone();
            tokio::select! {
                // A client that goes away in the middle is none of the proof's business.
                _gone = serve(visitor, now, target) => {}
                _moved = door.changed() => {}
            }
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "the door itself is the way to the server")]
async fn serve(mut visitor: TcpStream, door: Door, target: SocketAddr) -> std::io::Result<()> {
    if door == Door::Closed {
        return Ok(());
    }
    let head = head(&mut visitor).await?;
    match door {
        Door::Open => {
            let mut server = TcpStream::connect(target).await?;
            server.write_all(&head).await?;
            copy_bidirectional(&mut visitor, &mut server).await?;
        }
        Door::Half => {
            let mut server = TcpStream::connect(target).await?;
            server.write_all(&head).await?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).await?;
            visitor.write_all(&answer[..answer.len() / 2]).await?;
        }
        Door::Answer(answer) => visitor.write_all(answer.as_bytes()).await?,
        Door::Silent | Door::Closed => std::future::pending::<()>().await,
    }
    visitor.shutdown().await
}

/// The head of a request, with the wish that the connection ends after it. Requests of the client have
/// no body here.
async fn head(visitor: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 64 * 1024 {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        head.push(visitor.read_u8().await?);
    }
    head.truncate(head.len() - 2);
    head.extend_from_slice(b"connection: close\r\n\r\n");
    Ok(head)
}
