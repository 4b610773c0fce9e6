//! A proxy that knows its users and names them in a header. The header counts only from the
//! addresses that are named as the proxy's: from others, anybody could write it.

use axum::http::{HeaderMap, HeaderName};
use std::net::IpAddr;
use std::str::FromStr;

/// An address, or a network such as `10.1.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedNetwork {
    address: IpAddr,
    bits: u8,
}

impl FromStr for TrustedNetwork {
    type Err = String;

    fn from_str(text: &str) -> Result<TrustedNetwork, String> {
        let wrong = || format!("`{text}` is neither an address nor a network such as 10.1.0.0/16");
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(wrong());
        }
        Ok(TrustedNetwork { address, bits })
    }
}

impl TrustedNetwork {
    fn contains(self, client: IpAddr) -> bool {
        let wide = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, true),
            IpAddr::V6(address) => (address.to_bits(), false),
        };
        let ((own, own_kind), (other, other_kind)) = (wide(self.address), wide(client));
        let rest = 128 - u32::from(self.bits);
        own_kind == other_kind
            && own.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
    }
}

/// A proxy that names its users.
#[derive(Debug, Clone)]
pub struct IdentityProxy {
    /// The header with the name.
    pub header: HeaderName,
    /// Where it may come from.
    pub networks: Vec<TrustedNetwork>,
}

impl IdentityProxy {
    /// Whether a client is it.
    pub(crate) fn is(&self, client: Option<IpAddr>) -> bool {
        client.is_some_and(|client| self.networks.iter().any(|one| one.contains(client)))
    }

    /// Whom it names.
    pub(super) fn named<'h>(
        &self,
        headers: &'h HeaderMap,
        client: Option<IpAddr>,
    ) -> Option<&'h str> {
        let value = headers.get(&self.header)?.to_str().ok()?.trim();
        (self.is(client) && !value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{IdentityProxy, TrustedNetwork};
    use axum::http::{HeaderMap, HeaderName};

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let holds = |network: &str, client: &str| {
            let network: TrustedNetwork = network.parse().unwrap();
            network.contains(client.parse().unwrap())
        };
        for (network, client, is_in) in [
            ("10.1.0.0/16", "10.1.255.3", true),
            ("10.1.0.0/16", "10.2.0.1", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("10.1.2.3", "::ffff:10.1.2.3", true),
            ("0.0.0.0/0", "9.9.9.9", true),
            ("0.0.0.0/0", "fd00::1", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe00::1", false),
        ] {
            assert_eq!(holds(network, client), is_in, "{client} in {network}");
        }
        for wrong in ["10.1.0.0/33", "proxy", "10.1.0.0/", "/8"] {
            assert!(wrong.parse::<TrustedNetwork>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_header_counts_from_the_proxy_alone() {
        let proxy = IdentityProxy {
            header: HeaderName::from_static("x-user"),
            networks: vec!["10.1.2.3".parse().unwrap()],
        };
        let mut headers = HeaderMap::new();
        headers.insert("x-user", " ada ".parse().unwrap());
        let from = |client: Option<&str>| {
            let client = client.map(|client| client.parse().unwrap());
            proxy.named(&headers, client)
        };
        assert_eq!(from(Some("10.1.2.3")), Some("ada"));
        assert_eq!(from(Some("10.1.2.4")), None);
        assert_eq!(from(None), None);
    }
}
