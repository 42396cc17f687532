//! The way out, asked to go where it may not: spellings of addresses that are not public, names that lead
//! there, and redirects, for each use that there is. A canary on loopback is never reached.

use crate::sign_in::{Scene, provider_on};
use crate::workload;
use crate::world::{World, run};
use futures::future::BoxFuture;
use nexus_backend::egress::{Egress, Names, Problem, Rules};
use nexus_domain::sign_in::Purpose;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;

both![
    no_use_reaches_what_is_not_public,
    no_use_follows_a_redirect,
    no_provider_of_workload_identity_leads_to_what_is_not_public,
];

/// Counts whoever comes.
#[derive(Clone, Default)]
struct Canary(Arc<AtomicUsize>);

impl Canary {
    /// Listens on both loopback addresses, on one port where that is free on both.
    async fn start() -> (Self, u16) {
        let canary = Self::default();
        let first = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = first.local_addr().expect("an address").port();
        let mut listeners = vec![first];
        listeners.extend(TcpListener::bind(("::1", port)).await.ok());
        for listener in listeners {
            let seen = canary.clone();
            tokio::spawn(async move {
                while let Ok((_stream, _)) = listener.accept().await {
                    seen.0.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        (canary, port)
    }

    fn seen(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Every name leads to addresses that its first label says; the others to loopback.
struct Misleading;

impl Names for Misleading {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let texts: &[&str] = match name.split('.').next().unwrap_or_default() {
            "private" => &["10.0.0.1", "192.168.1.1"],
            "six" => &["::1"],
            "mapped" => &["::ffff:127.0.0.1"],
            "nat64" => &["64:ff9b::7f00:1"],
            "metadata" => &["169.254.169.254"],
            "carrier" => &["100.64.0.1"],
            "local" => &["fd00::1", "fe80::1"],
            "zero" => &["0.0.0.0", "::"],
            "nothing" => &[],
            _ => &["127.0.0.1"],
        };
        let found = texts.iter().map(|text| text.parse().expect("an address")).collect();
        Box::pin(async move { Ok(found) })
    }
}

/// Hosts that are, lead to, or are read as, addresses that are not public. `{port}` is the canary's.
const HOSTS: [&str; 78] = [
    // Loopback, however it is written.
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.0.0.01",
    "0127.0.0.1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0x7f000001",
    "0X7F000001",
    "0x7f.0x0.0x0.0x1",
    "2130706433",
    "127.255.255.254",
    "127.0.0.1%00",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "0",
    "0.0.0.0",
    "00.0.0.0",
    "0x0",
    "000000000000",
    // IPv6, and IPv4 inside of it.
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:7F00:0001]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::80ff:fffe]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fe80::1%lo]",
    "[::1%25lo]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    // Networks that are not public.
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    // Names that lead there.
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "private.test",
    "six.test",
    "mapped.test",
    "nat64.test",
    "metadata.test",
    "carrier.test",
    "zero.test",
    "nothing.test",
];

/// Addresses whose trick is not in the host.
const WHOLE: [&str; 22] = [
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@example.com/",
    "http://user:pass@127.0.0.1:{port}/",
    "http://example.com#@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http:\\\\127.0.0.1:{port}\\",
    "http:/127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "hTTp://LocalHost:{port}/",
    " http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/ ",
    "http://127.0.0.1\t:{port}/",
    "http://127.0.\n0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "unix:/tmp/socket",
];

fn spellings(port: u16) -> Vec<String> {
    let plain = HOSTS.iter().map(|host| format!("http://{host}:{port}/"));
    let secure = HOSTS.iter().take(20).map(|host| format!("https://{host}:{port}/"));
    let whole = WHOLE.iter().map(|text| text.replace("{port}", &port.to_string()));
    plain.chain(secure).chain(whole).collect()
}

fn strict() -> Rules {
    Rules { plain_http: true, names: Arc::new(Misleading), ..Rules::default() }
}

#[test]
fn no_spelling_reaches_what_is_not_public() {
    run(async {
        let (canary, port) = Canary::start().await;
        let egress = Egress::new(strict());
        let spellings = spellings(port);
        assert!(spellings.len() >= 120, "{}", spellings.len());
        for spelling in spellings {
            let outcome = egress.get(&spelling, None).await;
            assert!(outcome.is_err(), "{spelling}");
            assert_eq!(canary.seen(), 0, "{spelling}");
        }
    });
}

#[test]
fn without_the_operators_word_everything_is_https() {
    run(async {
        let egress = Egress::new(Rules { plain_http: false, ..strict() });
        assert_eq!(egress.check("http://example.com/").expect_err("refused"), Problem::NotHttps);
        assert!(egress.check("https://example.com/").is_ok());
        assert_eq!(egress.check("https://a:b@example.com/").expect_err("refused"), Problem::Credentials);
    });
}

#[test]
fn an_allowed_network_is_reached_by_name_and_by_address() {
    run(async {
        let (canary, port) = Canary::start().await;
        let allowed = vec!["127.0.0.0/8".parse().expect("a network")];
        let egress = Egress::new(Rules { allowed, ..strict() });
        for (host, expected) in [("127.0.0.1", 1), ("anything.test", 2), ("[::1]", 2), ("private.test", 2)] {
            // The canary says nothing, so that nothing comes of it.
            assert!(egress.get(&format!("http://{host}:{port}/"), None).await.is_err(), "{host}");
            assert_eq!(canary.seen(), expected, "{host}");
        }
    });
}

/// What a provider says of itself leads every other request; each use is asked with each spelling.
async fn no_use_reaches_what_is_not_public(w: &World) {
    if !w.nexus.db.is_embedded() {
        // The database has no part in it.
        return;
    }
    let (canary, port) = Canary::start().await;
    let provider = provider_on(w).await;
    for spelling in spellings(port) {
        let scene = Scene::of(w, &provider, Arc::new(Misleading)).await;
        let owner = w.signed_in_again(&w.owner).await;
        scene.try_issuer(&owner, &spelling).await;
        for endpoint in ["jwks_uri", "token_endpoint", "userinfo_endpoint"] {
            let scene = Scene::of(w, &provider, Arc::new(Misleading)).await;
            scene.describes(endpoint, &spelling);
            scene.whole_way_fails(Purpose::SignIn).await;
        }
        assert_eq!(canary.seen(), 0, "{spelling}");
    }
}

async fn no_use_follows_a_redirect(w: &World) {
    let (canary, port) = Canary::start().await;
    let provider = provider_on(w).await;
    for path in ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"] {
        let scene = Scene::of(w, &provider, Arc::new(Misleading)).await;
        scene.leads(path, &format!("http://127.0.0.1:{port}/"));
        scene.whole_way_fails(Purpose::SignIn).await;
        assert_eq!(canary.seen(), 0, "{path}");
    }
}

/// Issuer, address of the keys, and what an issuer says of where its keys are.
async fn no_provider_of_workload_identity_leads_to_what_is_not_public(w: &World) {
    if !w.nexus.db.is_embedded() {
        return;
    }
    let (canary, port) = Canary::start().await;
    let mut scene = workload::Scene::new(w, &[]).await;
    scene.nexus = workload::instance(w, &scene.issuer, &[], Arc::new(Misleading)).await;
    for spelling in spellings(port) {
        scene.try_to_be_led(&spelling).await;
        assert_eq!(canary.seen(), 0, "{spelling}");
    }
}
