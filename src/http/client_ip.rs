//! Where a request comes from: the peer of the connection, or what trusted proxies say about it.

use axum::extract::{ConnectInfo, Request};
use http::HeaderMap;
use ipnet::IpNet;
use nexus_app::server::ClientIp;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Networks whose `X-Forwarded-For` is believed.
#[derive(Clone)]
pub(super) struct Proxies(Arc<[IpNet]>);

impl Proxies {
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// The client's address.
    pub fn find(&self, request: &Request) -> ClientIp {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        ClientIp(self.client(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), request.headers()))
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// Walks the hops from the nearest one; the first that is no trusted proxy is the client. Each is read by
    /// itself, as bytes: what somebody put in front of what a proxy added changes nothing.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter();
        let hops = lines.rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            if !self.trusts(client) {
                break;
            }
            match address(hop) {
                Some(ip) => client = ip,
                None => break,
            }
        }
        client
    }
}

/// The address of a hop; some proxies add its port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let ip = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    ip.ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks = trusted.iter().map(|text| text.parse().expect("a network")).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).expect("a header"));
        }
        Proxies::new(networks).client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(client(&[], "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_what_a_client_forged_before_it_is_not() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(client(&trusted, "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&trusted, "10.0.0.1", &["127.0.0.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(&trusted, "10.0.0.1", &["198.51.100.1", "203.0.113.9, 10.1.1.1"]), "203.0.113.9");
        assert_eq!(client(&trusted, "192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(client(&trusted, "10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(client(&trusted, "::ffff:10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn a_hop_may_have_a_port_or_be_in_ipv6() {
        let trusted = ["10.0.0.0/8", "2001:db8:f::/48"];
        assert_eq!(client(&trusted, "10.0.0.1", &["203.0.113.9:51234"]), "203.0.113.9");
        assert_eq!(client(&trusted, "10.0.0.1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client(&trusted, "10.0.0.1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client(&trusted, "2001:db8:f::1", &["203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client(&trusted, "10.0.0.1", &["203.0.113.9, "]), "10.0.0.1");
        assert_eq!(client(&trusted, "10.0.0.1", &[]), "10.0.0.1");
    }

    /// Any bytes that a header can hold.
    fn line() -> impl Strategy<Value = HeaderValue> {
        let address = prop_oneof![
            any::<[u8; 4]>().prop_map(|ip| IpAddr::from(ip).to_string().into_bytes()),
            any::<[u8; 16]>().prop_map(|ip| IpAddr::from(ip).to_string().into_bytes()),
            Just(b"10.1.2.3".to_vec()),
            prop::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..12),
        ];
        let hops = prop::collection::vec(address, 0..4).prop_map(|hops| hops.join(b", ".as_slice()));
        hops.prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("a header"))
    }

    /// Addresses that are no proxies of ours.
    fn outside() -> impl Strategy<Value = IpAddr> {
        let any_address =
            prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)];
        any_address.prop_filter("outside", |ip| !ours().trusts(ip.to_canonical()))
    }

    fn ours() -> Proxies {
        Proxies::new(vec!["10.0.0.0/8".parse().expect("a network")])
    }

    proptest! {
        #[test]
        fn whatever_somebody_forges_a_trusted_proxys_word_about_them_holds(
            forged in prop::collection::vec(line(), 0..4),
            client in outside(),
            proxies in prop::collection::vec(any::<[u8; 3]>(), 1..4),
            on_one_line: bool,
        ) {
            let proxies: Vec<IpAddr> = proxies.iter().map(|[b, c, d]| IpAddr::from([10, *b, *c, *d])).collect();
            let (peer, between) = proxies.split_last().expect("one at least");
            // Each proxy adds whom it heard: the client, then the proxies before it.
            let said = [client].iter().chain(between).map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
            let mut lines = forged;
            match lines.last_mut() {
                Some(last) if on_one_line => {
                    let joined = [last.as_bytes(), b", ", said.as_bytes()].concat();
                    *last = HeaderValue::from_bytes(&joined).expect("a header");
                }
                _ => lines.push(HeaderValue::from_str(&said).expect("a header")),
            }
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line);
            }
            prop_assert_eq!(ours().client(*peer, &headers), client.to_canonical());
        }

        #[test]
        fn who_is_no_trusted_proxy_is_believed_nothing(peer in outside(), lines in prop::collection::vec(line(), 0..4)) {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line);
            }
            prop_assert_eq!(ours().client(peer, &headers), peer.to_canonical());
        }
    }
}
