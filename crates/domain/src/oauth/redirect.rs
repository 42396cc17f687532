//! Redirect URIs: which may be registered, and whether one that is asked for is one that is registered. A
//! comparison is of texts, character by character (RFC 9700, section 2.1); the one exception is the port of
//! a loopback address, for public apps (RFC 8252, section 7.3). So nothing is normalised, and what has two
//! spellings cannot be registered.

use super::AppType;

/// The longest redirect URI.
pub const MAX_REDIRECT_URI: usize = 512;

const LOOPBACKS: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Why a redirect URI may not be registered, in words; `None` when it may.
pub fn fault(uri: &str, kind: AppType) -> Option<&'static str> {
    if uri.is_empty() || uri.len() > MAX_REDIRECT_URI {
        return Some("A redirect URI has 1 to 512 characters");
    }
    if uri.contains('#') {
        return Some("A redirect URI has no fragment");
    }
    if uri.contains('*') {
        return Some("A redirect URI has no wildcard: register each one");
    }
    if !uri.bytes().all(is_of_uris) || !escapes_are_whole(uri) {
        return Some("A redirect URI holds plain characters of addresses; write others as %XX");
    }
    let Some((scheme, rest)) = uri.split_once(':') else { return Some(NO_ADDRESS) };
    match scheme {
        "https" | "http" => web_fault(scheme, rest),
        _ => custom_fault(scheme, rest, kind),
    }
}

const NO_ADDRESS: &str = "A redirect URI is a whole address, for example https://app.example.com/callback";

fn is_of_uris(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()+,;=%".contains(&byte)
}

fn escapes_are_whole(uri: &str) -> bool {
    uri.split('%')
        .skip(1)
        .all(|after| after.as_bytes().get(..2).is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit)))
}

fn web_fault(scheme: &str, rest: &str) -> Option<&'static str> {
    let Some(rest) = rest.strip_prefix("//") else { return Some(NO_ADDRESS) };
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.contains('@') {
        return Some("A redirect URI has no user name");
    }
    let Some((host, port)) = split_port(authority) else { return Some("The port is none") };
    if port.is_some_and(|port| !is_port(port)) {
        return Some("The port is none");
    }
    let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if scheme == "http" && !is_loopback {
        return Some("Only https, and http for localhost, 127.0.0.1 and [::1]");
    }
    if !is_loopback && !is_host(host) {
        return Some("The host is a name in lower case, for example app.example.com");
    }
    path_fault(path)
}

/// Host and port; `None` where a bracket is not closed.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(after) = authority.strip_prefix('[') {
        let end = after.find(']')? + 2;
        let (host, port) = authority.split_at_checked(end)?;
        return match port {
            "" => Some((host, None)),
            port => Some((host, Some(port.strip_prefix(':')?))),
        };
    }
    Some(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

/// A port as everybody writes it, without zeros in front.
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0 && port.to_string() == text)
}

/// A name in the one spelling: lower case, and no number that some take for an address.
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<&str> = host.split('.').collect();
    let ends_in_letters = labels
        .last()
        .is_some_and(|last| last.bytes().any(|b| b.is_ascii_lowercase()) && !last.starts_with("0x"));
    host.len() <= 253 && labels.len() > 1 && ends_in_letters && labels.into_iter().all(is_label)
}

/// A path is taken as it is, so that it may not hold steps that others leave out.
fn path_fault(path: &str) -> Option<&'static str> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let lower = path.to_ascii_lowercase().replace("%2e", ".");
    if lower.split('/').any(|step| step == "." || step == "..")
        || lower.contains("%2f")
        || lower.contains("%5c")
    {
        return Some("The path has no steps like .. in it");
    }
    if path.contains(['[', ']']) || query.contains(['[', ']']) {
        return Some("Write [ and ] as %5B and %5D");
    }
    // What comes back stands there too, and may not stand there twice.
    let named = |part: &str| part.split('=').next().unwrap_or_default().to_owned();
    let taken = ["code", "state", "iss", "error", "error_description", "error_uri"];
    if query.split('&').any(|part| taken.contains(&named(part).as_str())) {
        return Some("code, state, iss and error are added to the address by Nexus");
    }
    None
}

/// A scheme of an app's own: a domain name that the app's maker has, the other way round.
fn custom_fault(scheme: &str, rest: &str, kind: AppType) -> Option<&'static str> {
    let starts = scheme.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let fits = scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b));
    let has_dot = scheme.split('.').count() > 1 && scheme.split('.').all(|label| !label.is_empty());
    if !starts || !fits || !has_dot {
        return Some("Only https, http on loopback, and schemes like com.example.app");
    }
    if kind != AppType::Public {
        return Some("A scheme of its own is for public apps");
    }
    if !rest.starts_with('/') || rest.contains('@') {
        return Some("After the scheme comes a path, for example com.example.app:/callback");
    }
    path_fault(rest.trim_start_matches('/'))
}

/// Whether what is asked for is what is registered.
pub fn fits(registered: &str, asked: &str, kind: AppType) -> bool {
    if registered == asked {
        return true;
    }
    // Whatever port the device has free.
    kind == AppType::Public
        && without_port(registered).is_some_and(|one| without_port(asked).is_some_and(|other| one == other))
}

/// A loopback address with its port left out.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let (host, rest) = LOOPBACKS.iter().find_map(|host| Some((*host, uri.strip_prefix(host)?)))?;
    let Some(after) = rest.strip_prefix(':') else { return path_only(rest).map(|rest| (host, rest)) };
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (port, rest) = after.split_at_checked(end)?;
    is_port(port).then_some((host, rest))
}

fn path_only(rest: &str) -> Option<&str> {
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

/// Where a redirect URI leads: for people, and as a source in a policy of a page. A policy cannot name an
/// IPv6 address, so that for one it names the scheme.
pub fn target(uri: &str) -> (String, String) {
    let Some((scheme, rest)) = uri.split_once(':') else { return (uri.to_owned(), "'none'".to_owned()) };
    if !matches!(scheme, "http" | "https") {
        return (format!("{scheme}:"), format!("{scheme}:"));
    }
    let authority = rest.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
    let origin = format!("{scheme}://{authority}");
    let source = if authority.starts_with('[') { format!("{scheme}:") } else { origin.clone() };
    (origin, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_registered() {
        for uri in [
            "https://app.acme.test/callback",
            "https://app.acme.test",
            "https://app.acme.test:8443/cb?tenant=1&x=%20",
            "http://localhost/cb",
            "http://localhost:8080/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:9000/cb",
            "https://localhost/cb",
        ] {
            assert_eq!(fault(uri, AppType::Confidential), None, "{uri}");
            assert_eq!(fault(uri, AppType::Public), None, "{uri}");
        }
        for uri in ["com.example.app:/cb", "com.example.app://cb"] {
            assert_eq!(fault(uri, AppType::Public), None, "{uri}");
            assert!(fault(uri, AppType::Confidential).is_some(), "{uri}");
        }
    }

    #[test]
    fn what_may_not_be_registered() {
        for uri in [
            "",
            "/cb",
            "app.acme.test/cb",
            "http://app.acme.test/cb",
            "https:///cb",
            "https:/app.acme.test/cb",
            "https:app.acme.test",
            "HTTPS://app.acme.test/cb",
            "https://App.acme.test/cb",
            "https://app.acme.test/cb#x",
            "https://app.acme.test/cb#",
            "https://ana@app.acme.test/cb",
            "https://ana:pw@app.acme.test/cb",
            "https://*.acme.test/cb",
            "https://app.acme.test/*",
            "https://app.acme.test/a/../cb",
            "https://app.acme.test/a/%2e%2E/cb",
            "https://app.acme.test/a%2Fb",
            "https://app.acme.test/./cb",
            "https://app.acme.test\\@evil.test/cb",
            "https://app.acme.test /cb",
            "https://app.acme.test/c b",
            "https://app.acme.test/cb\n",
            "\thttps://app.acme.test/cb",
            "https://bücher.test/cb",
            "https://app.acme.test./cb",
            "https://app..acme.test/cb",
            "https://-app.acme.test/cb",
            "https://app.acme.test:/cb",
            "https://app.acme.test:0/cb",
            "https://app.acme.test:0443/cb",
            "https://app.acme.test:65536/cb",
            "https://app.acme.test:443x/cb",
            "https://acme/cb",
            "https://2130706433/cb",
            "https://0x7f.1/cb",
            "https://10.0.0.1/cb",
            "https://[::2]/cb",
            "https://[::1/cb",
            "https://[::1]x/cb",
            "http://127.1/cb",
            "http://127.0.0.2/cb",
            "http://0.0.0.0/cb",
            "http://localhost.evil.test/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "myapp:/cb",
            "com..app:/cb",
            ".example.app:/cb",
            "com.example.app:cb",
            "com.example.app:",
            "com.example.app://ana@cb",
            "Com.example.app:/cb",
            "https://app.acme.test/cb?code=1",
            "https://app.acme.test/cb?a=1&state=2",
            "https://app.acme.test/%zz",
            "https://app.acme.test/%",
            "https://app.acme.test/[x]",
            "https://app.acme.test/\"",
            "https://app.acme.test/<x>",
            "https://app.acme.test/`",
            "https://app.acme.test/{x}",
        ] {
            assert!(fault(uri, AppType::Public).is_some(), "{uri}");
        }
        assert!(fault(&format!("https://app.acme.test/{}", "a".repeat(512)), AppType::Public).is_some());
    }

    /// What is registered, and what somebody asks for who would like to have the code elsewhere.
    const PAIRS: &[(&str, &str)] = &[
        ("https://app.acme.test/cb", "https://app.acme.test/cb/"),
        ("https://app.acme.test/cb", "https://app.acme.test/CB"),
        ("https://app.acme.test/cb", "https://APP.acme.test/cb"),
        ("https://app.acme.test/cb", "HTTPS://app.acme.test/cb"),
        ("https://app.acme.test/cb", "http://app.acme.test/cb"),
        ("https://app.acme.test/cb", "https://app.acme.test:443/cb"),
        ("https://app.acme.test/cb", "https://app.acme.test:8443/cb"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb?"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb?x=1"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb#"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb#x"),
        ("https://app.acme.test/cb", "https://app.acme.test/x/../cb"),
        ("https://app.acme.test/cb", "https://app.acme.test/./cb"),
        ("https://app.acme.test/cb", "https://app.acme.test//cb"),
        ("https://app.acme.test/cb", "https://app.acme.test/%63b"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb%00"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb\0"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb "),
        ("https://app.acme.test/cb", " https://app.acme.test/cb"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb\n"),
        ("https://app.acme.test/cb", "https://app.acme.test./cb"),
        ("https://app.acme.test/cb", "https://evil.test/cb"),
        ("https://app.acme.test/cb", "https://app.acme.test.evil.test/cb"),
        ("https://app.acme.test/cb", "https://evil.test/app.acme.test/cb"),
        ("https://app.acme.test/cb", "https://app.acme.test@evil.test/cb"),
        ("https://app.acme.test/cb", "https://evil.test\\@app.acme.test/cb"),
        ("https://app.acme.test/cb", "https://evil.test#app.acme.test/cb"),
        ("https://app.acme.test/cb", "https://evil.test?https://app.acme.test/cb"),
        ("https://app.acme.test/cb", "//app.acme.test/cb"),
        ("https://app.acme.test/cb", "/cb"),
        ("https://app.acme.test/cb", "cb"),
        ("https://app.acme.test/cb", ""),
        ("https://app.acme.test/cb", "https:/app.acme.test/cb"),
        ("https://app.acme.test/cb", "https:\\\\app.acme.test\\cb"),
        ("https://app.acme.test/cb", "https://xn--app.acme.test/cb"),
        ("https://app.acme.test/cb", "https://\u{0430}pp.acme.test/cb"),
        ("https://app.acme.test/cb", "https://app\u{3002}acme.test/cb"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb,https://evil.test"),
        ("https://app.acme.test/cb", "https://app.acme.test/cb https://evil.test"),
        ("https://app.acme.test/cb", "javascript://app.acme.test/cb"),
        ("https://app.acme.test/cb", "*"),
        ("https://app.acme.test", "https://app.acme.test/"),
        ("https://app.acme.test/cb?a=1&b=2", "https://app.acme.test/cb?b=2&a=1"),
        ("https://app.acme.test/cb?a=1", "https://app.acme.test/cb"),
        ("https://localhost/cb", "https://localhost:1/cb"),
        ("http://localhost/cb", "http://localhost:8080/cb"),
        ("http://localhost/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.test/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:@evil.test/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.test/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80.evil.test/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:080/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:8080/cb/x"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:8080/other"),
        ("http://127.0.0.1/cb", "http://127.1/cb"),
        ("http://127.0.0.1/cb", "http://[::1]/cb"),
        ("http://127.0.0.1/cb", "https://127.0.0.1/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:8080"),
        ("http://[::1]/cb", "http://[::1]x:8080/cb"),
        ("http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]/cb"),
        ("com.example.app:/cb", "com.example.app://cb"),
        ("com.example.app:/cb", "com.example.app:/cb/"),
        ("com.example.app:/cb", "com.example.application:/cb"),
    ];

    #[test]
    fn no_other_spelling_fits() {
        assert!(PAIRS.len() >= 60);
        for (registered, asked) in PAIRS {
            assert_eq!(fault(registered, AppType::Public), None, "{registered}");
            for kind in AppType::ALL {
                assert!(!fits(registered, asked, *kind), "{registered} {asked}");
            }
            assert!(fits(registered, registered, AppType::Public));
        }
    }

    #[test]
    fn a_public_app_on_loopback_chooses_its_port_and_nothing_else() {
        for (registered, asked) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"),
            ("http://127.0.0.1:1234/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1:1234/cb?x=1", "http://127.0.0.1:4321/cb?x=1"),
            ("http://[::1]/cb", "http://[::1]:51004/cb"),
        ] {
            assert!(fits(registered, asked, AppType::Public), "{registered} {asked}");
            assert!(!fits(registered, asked, AppType::Confidential), "{registered} {asked}");
        }
    }

    #[test]
    fn the_target_is_named_for_people_and_for_a_policy() {
        let both = |uri| target(uri);
        assert_eq!(
            both("https://a.acme.test:8443/cb?x=1"),
            ("https://a.acme.test:8443".into(), "https://a.acme.test:8443".into())
        );
        assert_eq!(both("http://[::1]:90/cb"), ("http://[::1]:90".into(), "http:".into()));
        assert_eq!(both("com.example.app:/cb"), ("com.example.app:".into(), "com.example.app:".into()));
    }
}
