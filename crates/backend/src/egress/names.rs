//! From names to addresses. The addresses are checked here, inside the connector, so that a name cannot lead
//! somewhere else between the look and the connection.

use super::address::may_reach;
use futures::future::BoxFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Finds the addresses of a name.
pub trait Names: Send + Sync {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the machine.
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            #[expect(
                clippy::disallowed_methods,
                reason = "what comes of it is checked before anybody connects"
            )]
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A name leads to nothing that may be reached.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
pub(super) struct NotPublic;

/// The resolver of the connector: what may not be reached is left out.
pub(super) struct Checked {
    pub names: Arc<dyn Names>,
    pub allowed: Arc<[IpNet]>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (looked_up, allowed) =
            (self.names.addresses(name.as_str().to_owned()), Arc::clone(&self.allowed));
        Box::pin(async move {
            let mut found = looked_up.await?;
            found.retain(|ip| may_reach(*ip, &allowed));
            if found.is_empty() {
                return Err(NotPublic.into());
            }
            // The port of the URL takes the place of 0.
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}
