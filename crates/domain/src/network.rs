//! Allowed networks: from which addresses a credential is taken. IPv4 and IPv6 in CIDR notation; an
//! IPv6 address that stands for an IPv4 one (`::ffff:192.0.2.1`) is that IPv4 address, in a rule and
//! in a request alike.

use crate::Refusal;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// More rules than this are nobody's network plan.
pub const MAX_NETWORKS: usize = 100;

/// One network: its first address and how many bits of it are fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANetwork {
    #[error("neither an address nor a network like 192.0.2.0/24 or 2001:db8::/32")]
    Unreadable,
    #[error("{0} begins inside of the network; {1} is meant")]
    Inside(String, String),
}

const fn width(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// An address with only its first bits left.
fn masked(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(ip) & mask))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(ip) & mask))
        }
    }
}

impl Network {
    /// Whether an address lies in it.
    pub fn contains(self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        width(ip) == width(self.first) && masked(ip, self.bits) == self.first
    }

    /// Whether every address of the other one lies in it.
    pub fn covers(self, other: Self) -> bool {
        self.bits <= other.bits && self.contains(other.first)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let ip: IpAddr = address.parse().map_err(|_| NotANetwork::Unreadable)?;
        let bits = match bits {
            None => width(ip),
            // No sign, no leading zeros: what other programs would read in another way.
            Some(bits) if bits.len() > 1 && bits.starts_with('0') => return Err(NotANetwork::Unreadable),
            Some(bits) if !bits.bytes().all(|b| b.is_ascii_digit()) => return Err(NotANetwork::Unreadable),
            Some(bits) => bits.parse().map_err(|_| NotANetwork::Unreadable)?,
        };
        if bits > width(ip) {
            return Err(NotANetwork::Unreadable);
        }
        let (ip, bits) = match ip.to_canonical() {
            // Of a mapped network the first 96 bits say that it is one.
            v4 @ IpAddr::V4(_) if ip.is_ipv6() && bits >= 96 => (v4, bits - 96),
            _ if ip.is_ipv6() => (ip, bits),
            v4 => (v4, bits),
        };
        let network = Self { first: masked(ip, bits), bits };
        if network.first != ip {
            return Err(NotANetwork::Inside(text.to_owned(), network.to_string()));
        }
        Ok(network)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// The networks that something is allowed from; none means from everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Reads a list; says which of them is none. Empty lines and what follows a `#` are let be.
    pub fn read<T: AsRef<str>>(field: &str, lines: &[T]) -> Result<Self, Refusal> {
        let mut networks = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let text = line.as_ref().split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            let refused = |error: NotANetwork| Refusal::invalid(field, format!("Line {}: {error}", at + 1));
            let network = text.parse().map_err(refused)?;
            if !networks.contains(&network) {
                networks.push(network);
            }
            if networks.len() > MAX_NETWORKS {
                return Err(Refusal::invalid(field, format!("At most {MAX_NETWORKS} networks")));
            }
        }
        Ok(Self(networks))
    }

    /// Reads what is stored. What this program cannot read allows nothing, rather than everything.
    pub fn stored(texts: &[String]) -> Self {
        let nowhere = Network { first: IpAddr::V6(Ipv6Addr::UNSPECIFIED), bits: 128 };
        Self(texts.iter().map(|text| text.parse().unwrap_or(nowhere)).collect())
    }

    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub const fn is_everywhere(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a request from this address is let in; one without an address only where all are.
    pub fn admit(&self, ip: Option<IpAddr>) -> bool {
        self.is_everywhere() || ip.is_some_and(|ip| self.0.iter().any(|network| network.contains(ip)))
    }

    /// Whether everything that the other list lets in is let in by this one.
    pub fn cover(&self, other: &Self) -> bool {
        let covered = |network: &Network| self.0.iter().any(|own| own.covers(*network));
        self.is_everywhere() || (!other.is_everywhere() && other.0.iter().all(covered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn networks(lines: &[&str]) -> Networks {
        Networks::read("allowed_cidrs", lines).expect("networks")
    }

    fn admits(lines: &[&str], ip: &str) -> bool {
        networks(lines).admit(Some(ip.parse().expect("an address")))
    }

    #[test]
    fn addresses_and_networks_of_both_kinds_let_in_what_lies_in_them() {
        assert!(admits(&["192.0.2.0/24"], "192.0.2.255") && !admits(&["192.0.2.0/24"], "192.0.3.0"));
        assert!(admits(&["192.0.2.7"], "192.0.2.7") && !admits(&["192.0.2.7"], "192.0.2.8"));
        assert!(admits(&["2001:db8::/32"], "2001:db8:ffff::1") && !admits(&["2001:db8::/32"], "2001:db9::"));
        assert!(admits(&["0.0.0.0/0"], "203.0.113.9") && !admits(&["0.0.0.0/0"], "2001:db8::1"));
        assert!(admits(&["::/0"], "2001:db8::1") && !admits(&["::/0"], "203.0.113.9"));
        assert!(networks(&[]).admit(None) && !networks(&["::/0"]).admit(None));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address_in_rules_and_requests() {
        assert!(admits(&["192.0.2.0/24"], "::ffff:192.0.2.9"));
        assert!(admits(&["::ffff:192.0.2.0/120"], "192.0.2.9"));
        assert!(admits(&["::ffff:192.0.2.9"], "192.0.2.9"));
        assert_eq!(networks(&["::ffff:192.0.2.0/120"]).texts(), ["192.0.2.0/24"]);
    }

    #[test]
    fn nonsense_is_refused_with_its_line() {
        for nonsense in [
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/08",
            "10.0.0.0/",
            "10.0.0",
            "2001:db8::/129",
            "fe80::1%eth0",
            "10.0.0.0/8/8",
            "localhost",
            "10.0.0.0/999999999999",
            "1.2.3.4 5.6.7.8",
        ] {
            let refusal = Networks::read("allowed_cidrs", &["10.0.0.0/8", nonsense]).expect_err(nonsense);
            assert!(
                refusal.field("allowed_cidrs").is_some_and(|rule| rule.starts_with("Line 2: ")),
                "{nonsense}"
            );
        }
        let inside = Networks::read("allowed_cidrs", &["10.1.2.3/8"]).expect_err("inside");
        assert!(inside.message.contains("10.0.0.0/8"), "{inside}");
        let many: Vec<String> = (0..=MAX_NETWORKS).map(|n| format!("10.0.0.{n}")).collect();
        assert!(Networks::read("allowed_cidrs", &many).is_err());
    }

    #[test]
    fn comments_and_empty_lines_are_let_be_and_nothing_stands_there_twice() {
        assert_eq!(networks(&["# office", "", "10.0.0.0/8 # vpn", "10.0.0.0/8"]).texts(), ["10.0.0.0/8"]);
    }

    #[test]
    fn what_is_stored_and_cannot_be_read_lets_nobody_in() {
        assert!(!Networks::stored(&["rubbish".to_owned()]).admit("192.0.2.1".parse().ok()));
    }

    #[test]
    fn a_list_covers_what_is_narrower_and_nothing_else() {
        let all = networks(&[]);
        let ten = networks(&["10.0.0.0/8"]);
        assert!(all.cover(&ten) && !ten.cover(&all) && ten.cover(&ten));
        assert!(ten.cover(&networks(&["10.1.0.0/16", "10.2.3.4"])));
        assert!(!ten.cover(&networks(&["10.1.0.0/16", "11.0.0.0/16"])));
        assert!(!networks(&["10.1.0.0/16"]).cover(&ten));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_is_written_is_read_back(text in "[0-9a-f:./]{0,30}") {
            if let Ok(network) = text.parse::<Network>() {
                prop_assert_eq!(network.to_string().parse::<Network>(), Ok(network));
            }
        }

        #[test]
        fn a_network_holds_its_own_addresses(ip: u32, bits in 0u8..=32, other: u32) {
            let ip = IpAddr::V4(Ipv4Addr::from(ip));
            let network = Network { first: masked(ip, bits), bits };
            prop_assert!(network.contains(ip));
            let other = IpAddr::V4(Ipv4Addr::from(other));
            prop_assert_eq!(network.contains(other), masked(other, bits) == masked(ip, bits));
        }
    }
}
