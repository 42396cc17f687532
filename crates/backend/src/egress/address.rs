//! Which addresses belong to the public internet. The registries of special-purpose addresses (RFC 6890 and
//! what IANA added since) in one pure function, so that the rule can be tested against all of them; what
//! embeds an IPv4 address is judged by the outer and by the inner one.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the program may connect to this address: a public one, or one that the operator allows. What
/// embeds another address has to be allowed by both.
pub fn may_reach(ip: IpAddr, allowed: &[IpNet]) -> bool {
    let named = |ip: IpAddr| allowed.iter().any(|network| network.contains(&ip));
    let inner_is_fine =
        || embedded(ip).is_none_or(|inner| is_public(IpAddr::V4(inner)) || named(IpAddr::V4(inner)));
    is_public(ip) || (named(ip) && inner_is_fine())
}

/// Whether this is an ordinary address of the public internet.
pub const fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

const fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        // This network; private; loopback (RFC 791, 1918, 1122).
        [0 | 10 | 127, ..] => true,
        // Shared by carriers (RFC 6598), link-local (RFC 3927).
        [100, 64..=127, ..] | [169, 254, ..] => true,
        [172, 16..=31, ..] | [192, 168, ..] => true,
        // Protocol assignments (RFC 6890), documentation (RFC 5737), the relays of 6to4 (RFC 7526),
        // AS112 (RFC 7535, 7534), AMT (RFC 7450).
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [192, 31, 196, _] | [192, 52, 193, _] | [192, 175, 48, _] => {
            true
        }
        // Benchmarks (RFC 2544), documentation.
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => true,
        _ => false,
    };
    !special
}

/// Only the part that is handed out (2000::/3), without what has a special purpose in it. Everything else is
/// mapped, translated, local, multicast, or not in use.
const fn is_public_v6(ip: Ipv6Addr) -> bool {
    let special = match ip.segments() {
        // Protocol assignments with Teredo, ORCHID and benchmarks (RFC 2928, 4380, 5180, 7343).
        [0x2001, 0x0000..=0x01ff, ..] => true,
        // Documentation (RFC 3849, 9637), 6to4 (RFC 3056), AS112 (RFC 7535).
        [0x2001, 0x0db8, ..]
        | [0x3fff, 0x0000..=0x0fff, ..]
        | [0x2002, ..]
        | [0x2620, 0x004f, 0x8000, ..] => true,
        [0x2000..=0x3fff, ..] => false,
        _ => true,
    };
    !special
}

/// The IPv4 address that a packet to this one is really for.
fn embedded(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = ip else { return None };
    let joined = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        // The loopback and the unspecified address look like compatible ones.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // Compatible (RFC 4291), mapped, translated (RFC 7915).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => joined(high, low),
        // NAT64 (RFC 6052, 8215).
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] | [0x0064, 0xff9b, 1, _, _, _, high, low] => {
            joined(high, low)
        }
        // 6to4 holds it after its prefix, Teredo holds the client's inverted at its end.
        [0x2002, high, low, ..] => joined(high, low),
        [0x2001, 0, _, _, _, _, high, low] => joined(!high, !low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().expect("a network")).collect()
    }

    #[test]
    fn addresses_with_a_special_purpose_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "2620:4f:8000::1",
        ] {
            assert!(!is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.0.3.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2400:cb00::1",
        ] {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn an_operator_allows_networks_but_not_what_hides_in_them() {
        let allowed = networks(&["10.1.0.0/16", "64:ff9b::/96", "::ffff:0:0/96"]);
        for text in ["10.1.2.3", "64:ff9b::8.8.8.8", "64:ff9b::10.1.0.1", "::ffff:10.1.0.1", "1.1.1.1"] {
            assert!(may_reach(ip(text), &allowed), "{text}");
        }
        for text in
            ["10.2.0.1", "64:ff9b::10.2.0.1", "64:ff9b::127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1", "::1"]
        {
            assert!(!may_reach(ip(text), &allowed), "{text}");
        }
        assert!(
            !may_reach(ip("::ffff:10.1.0.1"), &networks(&["10.1.0.0/16"])),
            "the outer one was not named"
        );
        assert!(may_reach(ip("::1"), &networks(&["::1/128"])));
    }

    /// The networks of IANA's registries, once more as text.
    const SPECIAL: [&str; 34] = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "::/8",
    ];

    proptest! {
        /// For IPv4, the function and the registry say the same of every address.
        #[test]
        fn an_ipv4_address_is_public_unless_the_registry_names_it(bits: u32) {
            let ip = IpAddr::V4(bits.into());
            let special = networks(&SPECIAL).iter().any(|network| network.contains(&ip));
            prop_assert_eq!(is_public(ip), !special);
        }

        /// For IPv6, what is handed out and not named.
        #[test]
        fn an_ipv6_address_is_public_where_it_is_handed_out_and_not_named(bits: u128) {
            for bits in [bits, (bits >> 3) | (1 << 125), (bits >> 32) | (0x2001 << 112)] {
                let ip = IpAddr::V6(bits.into());
                let special = networks(&SPECIAL).iter().any(|network| network.contains(&ip));
                let handed_out = networks(&["2000::/3"])[0].contains(&ip);
                prop_assert_eq!(is_public(ip), handed_out && !special);
            }
        }

        /// However an IPv4 address is wrapped, the wrapping alone lets nobody through.
        #[test]
        fn no_wrapping_of_an_ipv4_address_is_public(bits: u32) {
            let low = u128::from(bits);
            for prefix in [0, 0xffff << 32, 0xffff_u128 << 48, 0x0064_ff9b << 96, 0x0064_ff9b_0001 << 80] {
                prop_assert!(!is_public(IpAddr::V6((prefix | low).into())));
            }
            prop_assert!(!is_public(IpAddr::V6(((0x2002 << 112) | (low << 80)).into())));
        }

        /// What is allowed besides never reaches further than the networks that are named.
        #[test]
        fn an_allowed_network_opens_itself_only(bits: u32) {
            let ip = IpAddr::V4(bits.into());
            let allowed = networks(&["10.0.0.0/8"]);
            prop_assert_eq!(may_reach(ip, &allowed), is_public(ip) || allowed[0].contains(&ip));
        }
    }
}
