//! Which addresses may be reached. A source is written by many people and redirects as it likes; without this, an ad board could make
//! us read the metadata of the machine we run on. Names are resolved here, and only what passed is ever connected to, so a name cannot
//! mean one thing when it is checked and another when it is used.
//!
//! To refuse a further range, add it to the tables below with a word for it.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// An address that is not for us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is {kind}, which is not read from; declare `allow_private: true` if that is meant")]
pub(super) struct Refused {
    host: String,
    kind: &'static str,
}

const V4: [(&str, u8, &str); 16] = [
    ("0.0.0.0", 8, "an unspecified address"),
    ("10.0.0.0", 8, "a private address"),
    ("100.64.0.0", 10, "an address of a carrier's network"),
    ("127.0.0.0", 8, "a loopback address"),
    ("169.254.0.0", 16, "a link-local address"),
    ("168.63.129.16", 32, "an address of cloud metadata"),
    ("172.16.0.0", 12, "a private address"),
    ("192.0.0.0", 24, "a reserved address"),
    ("192.0.2.0", 24, "a documentation address"),
    ("192.88.99.0", 24, "a reserved address"),
    ("192.168.0.0", 16, "a private address"),
    ("198.18.0.0", 15, "a benchmark address"),
    ("198.51.100.0", 24, "a documentation address"),
    ("203.0.113.0", 24, "a documentation address"),
    ("224.0.0.0", 4, "a multicast address"),
    ("240.0.0.0", 4, "a reserved address"),
];

const V6: [(&str, u8, &str); 13] = [
    ("::", 128, "an unspecified address"),
    ("::1", 128, "a loopback address"),
    ("64:ff9b:1::", 48, "a private address"),
    ("100::", 64, "a reserved address"),
    ("2001::", 32, "a tunnel address"),
    ("2001:2::", 48, "a benchmark address"),
    ("2001:db8::", 32, "a documentation address"),
    ("3fff::", 20, "a documentation address"),
    ("5f00::", 16, "a reserved address"),
    ("fc00::", 7, "a unique-local address"),
    ("fe80::", 10, "a link-local address"),
    ("fec0::", 10, "a site-local address"),
    ("ff00::", 8, "a multicast address"),
];

/// IPv6 ranges whose addresses hold an IPv4 address, and in which byte it begins: compatible, mapped, NAT64, 6to4.
const HOLDS_V4: [(&str, u8, usize); 4] = [("::", 96, 12), ("::ffff:0:0", 96, 12), ("64:ff9b::", 96, 12), ("2002::", 16, 2)];

/// What kind of address it is, if it is none of the public network.
fn kind(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => V4.iter().find(|(net, bits, _)| is_in_v4(address, net, *bits)).map(|(.., kind)| *kind),
        IpAddr::V6(address) => {
            let named = V6.iter().find(|(net, bits, _)| is_in_v6(address, net, *bits)).map(|(.., kind)| *kind);
            named.or_else(|| inner(address).and_then(|inner| kind(IpAddr::V4(inner))))
        }
    }
}

fn is_in_v4(address: Ipv4Addr, net: &str, bits: u8) -> bool {
    let net: Option<Ipv4Addr> = net.parse().ok();
    net.is_none_or(|net| (address.to_bits() ^ net.to_bits()) >> (32 - bits) == 0)
}

fn is_in_v6(address: Ipv6Addr, net: &str, bits: u8) -> bool {
    let net: Option<Ipv6Addr> = net.parse().ok();
    net.is_none_or(|net| (address.to_bits() ^ net.to_bits()) >> (128 - bits) == 0)
}

fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (.., from) = HOLDS_V4.iter().find(|(net, bits, _)| is_in_v6(address, net, *bits))?;
    let bytes: [u8; 4] = address.octets().get(*from..from + 4)?.try_into().ok()?;
    Some(Ipv4Addr::from(bytes))
}

/// Checks an address whose host is written in numbers; names are checked when they are resolved.
pub(super) fn check(url: &Url) -> Result<(), Refused> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        _ => return Ok(()),
    };
    kind(address).map_or(Ok(()), |kind| Err(Refused { host: address.to_string(), kind }))
}

/// Of the addresses of a name those of the public network; none at all is an error.
fn public(host: &str, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
    let (mut passed, mut refused) = (Vec::new(), None);
    for address in found {
        match kind(address.ip()) {
            None => passed.push(address),
            Some(kind) => refused = Some(kind),
        }
    }
    match refused {
        Some(kind) if passed.is_empty() => Err(Refused { host: host.to_owned(), kind }),
        _ => Ok(passed),
    }
}

/// The system's resolver, without addresses that are not of the public network.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let passed: Addrs = Box::new(public(name.as_str(), found)?.into_iter());
            Ok(passed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_public_is_refused() {
        let cases = "0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.8.8.8 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 \
            192.0.0.192 192.0.2.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 \
            :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1::1 100::1 2001:0:1::1 \
            2001:db8::1 2001:2::1 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1";
        for address in cases.split_whitespace() {
            assert!(kind(address.parse().unwrap()).is_some(), "{address} passes");
        }
    }

    #[test]
    fn what_is_public_passes() {
        let cases = "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.0.0.1 128.0.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 198.20.0.1 \
            223.255.255.255 2606:4700::1111 2a00:1450::1 64:ff9b::1.1.1.1 ::ffff:8.8.8.8 2002:808:808::1";
        for address in cases.split_whitespace() {
            assert_eq!(kind(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn every_net_of_the_tables_is_one() {
        assert!(V4.iter().all(|(net, ..)| net.parse::<Ipv4Addr>().is_ok()));
        assert!(V6.iter().all(|(net, ..)| net.parse::<Ipv6Addr>().is_ok()));
        assert!(HOLDS_V4.iter().all(|(net, ..)| net.parse::<Ipv6Addr>().is_ok()));
    }

    #[test]
    fn all_spellings_of_a_number_are_checked() {
        for text in ["http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://[::ffff:7f00:1]/", "http://[::1]:80/"]
        {
            let refused = check(&Url::parse(text).unwrap()).unwrap_err();
            assert!(refused.to_string().contains("allow_private: true"), "{text}");
        }
        assert_eq!(check(&Url::parse("https://example.com/").unwrap()), Ok(()));
    }

    #[test]
    fn a_name_keeps_its_public_addresses() {
        let mixed = ["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"].map(|text| text.parse().unwrap());
        assert_eq!(public("x", mixed.into_iter()), Ok(vec!["1.1.1.1:0".parse().unwrap()]));
        assert!(public("x", mixed.into_iter().take(1)).is_err());
        assert_eq!(public("x", std::iter::empty()), Ok(Vec::new()));
    }

    #[tokio::test]
    async fn localhost_does_not_resolve() {
        let refused = PublicOnly.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(refused.downcast_ref::<Refused>().is_some());
    }
}
