//! Decides which addresses may be reached. Sources are written by many people and redirect
//! anywhere; without this, an ad board could make us read the metadata of the machine we run on.
//! Names are resolved here, and only checked addresses are ever connected to, so a name cannot
//! change its meaning between check and use.
//!
//! A source that may reach private addresses can be redirected to them. Addresses where a machine
//! reveals its own secrets are different: they can only be reached if the author of the source
//! wrote them as its address.
//!
//! To refuse another range, add it to the tables below with its description.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// An address that is not for us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is {kind}, which is not allowed; {}", self.remedy())]
pub(super) struct RefusedAddress {
    host: String,
    kind: &'static str,
}

impl RefusedAddress {
    fn remedy(&self) -> &'static str {
        match is_own_only(self.kind) {
            true => {
                "if this is intended, use it in the `url` of the source with `allow_private: true`"
            }
            false => "declare `allow_private: true` if this is intended",
        }
    }
}

/// How far a request may go.
#[derive(Clone, Copy)]
pub(super) struct RequestReach<'a> {
    /// Whether to private addresses.
    pub(super) allow_private: bool,
    /// The address that the author wrote.
    pub(super) home: Option<&'a Url>,
}

/// An address that a network assigns to itself; clouds serve their metadata there.
const LINK_LOCAL: &str = "a link-local address";
/// Where clouds have their metadata elsewhere.
const METADATA: &str = "a cloud metadata address";

/// Whether it is reached only where the author has written it.
fn is_own_only(kind: &str) -> bool {
    matches!(kind, LINK_LOCAL | METADATA)
}

/// The first range that contains an address applies.
const V4: [(&str, u8, &str); 17] = [
    ("0.0.0.0", 8, "an unspecified address"),
    ("10.0.0.0", 8, "a private address"),
    ("100.100.100.200", 32, METADATA),
    ("100.64.0.0", 10, "a carrier-grade NAT address"),
    ("127.0.0.0", 8, "a loopback address"),
    ("169.254.0.0", 16, LINK_LOCAL),
    ("168.63.129.16", 32, METADATA),
    ("172.16.0.0", 12, "a private address"),
    ("192.0.0.0", 24, "a reserved address"),
    ("192.0.2.0", 24, "a documentation address"),
    ("192.88.99.0", 24, "a reserved address"),
    ("192.168.0.0", 16, "a private address"),
    ("198.18.0.0", 15, "a benchmarking address"),
    ("198.51.100.0", 24, "a documentation address"),
    ("203.0.113.0", 24, "a documentation address"),
    ("224.0.0.0", 4, "a multicast address"),
    ("240.0.0.0", 4, "a reserved address"),
];

const V6: [(&str, u8, &str); 14] = [
    ("::", 128, "an unspecified address"),
    ("::1", 128, "a loopback address"),
    ("64:ff9b:1::", 48, "a private address"),
    ("100::", 64, "a reserved address"),
    ("2001::", 32, "a tunnel address"),
    ("2001:2::", 48, "a benchmarking address"),
    ("2001:db8::", 32, "a documentation address"),
    ("3fff::", 20, "a documentation address"),
    ("5f00::", 16, "a reserved address"),
    ("fd00:ec2::254", 128, METADATA),
    ("fc00::", 7, "a unique-local address"),
    ("fe80::", 10, LINK_LOCAL),
    ("fec0::", 10, "a site-local address"),
    ("ff00::", 8, "a multicast address"),
];

/// IPv6 ranges whose addresses contain an IPv4 address, and the byte where it starts: compatible,
/// mapped, NAT64, 6to4.
const HOLDS_V4: [(&str, u8, usize); 4] = [
    ("::", 96, 12),
    ("::ffff:0:0", 96, 12),
    ("64:ff9b::", 96, 12),
    ("2002::", 16, 2),
];

/// The description of an address that is not on the public network.
fn kind(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => V4
            .iter()
            .find(|(net, bits, _)| is_in_v4(address, net, *bits))
            .map(|(.., kind)| *kind),
        IpAddr::V6(address) => {
            let named = V6
                .iter()
                .find(|(net, bits, _)| is_in_v6(address, net, *bits))
                .map(|(.., kind)| *kind);
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
    let (.., from) = HOLDS_V4
        .iter()
        .find(|(net, bits, _)| is_in_v6(address, net, *bits))?;
    let bytes: [u8; 4] = address.octets().get(*from..from + 4)?.try_into().ok()?;
    Some(Ipv4Addr::from(bytes))
}

/// Checks an address with a numeric host; names are checked when they are resolved.
pub(super) fn check(url: &Url, reach: RequestReach<'_>) -> Result<(), RefusedAddress> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        _ => return Ok(()),
    };
    let is_own = reach.home.is_some_and(|home| home.host() == url.host());
    match kind(address) {
        Some(kind) if !reach.allow_private || is_own_only(kind) && !is_own => Err(RefusedAddress {
            host: address.to_string(),
            kind,
        }),
        _ => Ok(()),
    }
}

/// The addresses of a name that may be reached; none is an error. A resolved address never counts
/// as written by the author.
fn reached(
    host: &str,
    allow_private: bool,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, RefusedAddress> {
    let (mut passed, mut refused) = (Vec::new(), None);
    for address in found {
        match kind(address.ip()) {
            Some(kind) if !allow_private || is_own_only(kind) => refused = Some(kind),
            _ => passed.push(address),
        }
    }
    match refused {
        Some(kind) if passed.is_empty() => Err(RefusedAddress {
            host: host.to_owned(),
            kind,
        }),
        _ => Ok(passed),
    }
}

/// The system's resolver, without addresses that may not be reached.
pub(super) struct GuardedResolver {
    /// Whether private ones may.
    pub(super) allow_private: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let passed: Addrs = Box::new(reached(name.as_str(), allow_private, found)?.into_iter());
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
        assert!(
            HOLDS_V4
                .iter()
                .all(|(net, ..)| net.parse::<Ipv6Addr>().is_ok())
        );
    }

    #[test]
    fn all_spellings_of_a_number_are_checked() {
        for text in [
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://[::ffff:7f00:1]/",
            "http://[::1]:80/",
        ] {
            let refused = check(
                &Url::parse(text).unwrap(),
                RequestReach {
                    allow_private: false,
                    home: None,
                },
            )
            .unwrap_err();
            assert!(
                refused.to_string().contains("allow_private: true"),
                "{text}"
            );
        }
        assert_eq!(
            check(
                &Url::parse("https://example.com/").unwrap(),
                RequestReach {
                    allow_private: false,
                    home: None
                }
            ),
            Ok(())
        );
    }

    #[test]
    fn where_machines_tell_of_themselves_only_the_author_sends_us() {
        let url = |text: &str| Url::parse(text).unwrap();
        let other = url("http://127.0.0.1:8080/jobs");
        let own = [
            "http://169.254.169.254/latest",
            "http://169.254.0.7/",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
        ];
        for text in own.into_iter().chain([
            "http://168.63.129.16/",
            "http://100.100.100.200/",
            "http://[fd00:ec2::254]/",
            "http://2852039166/",
        ]) {
            let (address, check) = (url(text), |allow_private, home| {
                check(
                    &url(text),
                    RequestReach {
                        allow_private,
                        home,
                    },
                )
            });
            assert!(
                check(true, Some(&other)).is_err()
                    && check(true, None).is_err()
                    && check(false, Some(&address)).is_err(),
                "{text}"
            );
            assert!(
                check(true, Some(&other))
                    .unwrap_err()
                    .to_string()
                    .contains("use it in the `url`"),
                "{text}"
            );
            assert_eq!(check(true, Some(&address)), Ok(()), "{text}");
        }
        for text in [
            "http://10.0.0.1/",
            "http://192.168.1.1/",
            "http://[::1]/",
            "http://127.0.0.1/",
            "http://[fd00::1]/",
            "http://100.64.0.1/",
        ] {
            assert_eq!(
                check(
                    &url(text),
                    RequestReach {
                        allow_private: true,
                        home: Some(&other)
                    }
                ),
                Ok(()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_name_keeps_the_addresses_that_may_be_reached() {
        let mixed = ["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"].map(|text| text.parse().unwrap());
        assert_eq!(
            reached("x", false, mixed.into_iter()),
            Ok(vec!["1.1.1.1:0".parse().unwrap()])
        );
        assert!(reached("x", false, mixed.into_iter().take(1)).is_err());
        assert_eq!(reached("x", false, std::iter::empty()), Ok(Vec::new()));
        let linked =
            ["169.254.169.254:0", "10.0.0.1:0", "[fe80::1]:0"].map(|text| text.parse().unwrap());
        assert_eq!(
            reached("x", true, linked.into_iter()),
            Ok(vec!["10.0.0.1:0".parse().unwrap()])
        );
        assert!(reached("x", true, linked.into_iter().take(1)).is_err());
    }

    #[tokio::test]
    async fn localhost_resolves_only_where_it_is_allowed() {
        let resolve =
            |allow_private| GuardedResolver { allow_private }.resolve("localhost".parse().unwrap());
        assert!(
            resolve(false)
                .await
                .err()
                .unwrap()
                .downcast_ref::<RefusedAddress>()
                .is_some()
        );
        assert!(resolve(true).await.is_ok());
    }
}
