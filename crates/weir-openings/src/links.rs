//! Exact keys: the address of an ad, the address at which one applies, and the requisition number
//! with its employer. Tracking parameters are dropped; of the others only those stay that the
//! source declares as significant, because some boards carry the id of an ad in the query and
//! others carry only noise there.

use crate::hash::hash_of;
use serde::{Deserialize, Serialize};
use url::Url;

/// Parameters that carry the id of an ad on boards that are widely used.
pub const SIGNIFICANT: [&str; 12] = [
    "gh_jid",
    "jid",
    "job",
    "jobid",
    "job_id",
    "id",
    "jk",
    "vacancy",
    "vacancyid",
    "req",
    "requisition",
    "in_jncounter",
];

/// Exact keys of an ad, hashed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkKeys {
    /// The canonical address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<u64>,
    /// The canonical address at which one applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply: Option<u64>,
    /// The requisition number, folded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requisition: Option<String>,
}

impl LinkKeys {
    /// Whether an address of one is an address of the other.
    pub fn share_address(&self, other: &LinkKeys) -> bool {
        let ours = [self.url, self.apply];
        let theirs = [other.url, other.apply];
        ours.iter().flatten().any(|key| theirs.contains(&Some(*key)))
    }

    /// Every address.
    pub fn addresses(&self) -> impl Iterator<Item = u64> {
        let apply = self.apply.filter(|apply| Some(*apply) != self.url);
        self.url.into_iter().chain(apply)
    }
}

/// The canonical form of an address: host without `www.`, path without a trailing slash, the
/// significant parameters in order. `None` if nothing but a host is left.
pub fn canonical(address: &str, significant: &[String]) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    let host = url.host_str()?.trim_start_matches("www.").to_lowercase();
    let path = url.path().trim_end_matches('/');
    let mut kept: Vec<String> = url
        .query_pairs()
        .filter(|(name, value)| !value.is_empty() && is_significant(name, significant))
        .map(|(name, value)| format!("{}={value}", name.to_lowercase()))
        .collect();
    kept.sort_unstable();
    let bare = path.is_empty() && kept.is_empty();
    (!bare).then(|| format!("{host}{path}?{}", kept.join("&")))
}

fn is_significant(name: &str, declared: &[String]) -> bool {
    let name = name.to_lowercase();
    if declared.is_empty() {
        return SIGNIFICANT.contains(&name.as_str());
    }
    declared.iter().any(|parameter| parameter.to_lowercase() == name)
}

/// The hash of a canonical address.
pub fn address_key(address: &str, significant: &[String]) -> Option<u64> {
    canonical(address, significant).map(|canonical| hash_of([canonical.as_bytes()]))
}

/// A requisition number without punctuation and case; `None` if it holds no digit.
pub fn requisition_key(number: &str) -> Option<String> {
    let key: String =
        number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    key.bytes().any(|byte| byte.is_ascii_digit()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::{canonical, requisition_key};

    #[test]
    fn addresses_lose_tracking_and_keep_what_names_the_ad() {
        let cases = [
            ("https://www.Acme.test/jobs/12/?utm_source=x#top", Some("acme.test/jobs/12?")),
            ("https://acme.test/careers?gh_jid=77&utm_id=4", Some("acme.test/careers?gh_jid=77")),
            ("https://acme.test/?gh_jid=", None),
            ("https://acme.test", None),
            ("not an address", None),
            ("", None),
        ];
        for (address, wanted) in cases {
            assert_eq!(canonical(address, &[]).as_deref(), wanted, "{address}");
        }
        let declared = ["ref".to_owned()];
        let kept = canonical("https://a.test/j?Ref=9&id=3", &declared);
        assert_eq!(kept.as_deref(), Some("a.test/j?ref=9"));
    }

    #[test]
    fn a_requisition_number_needs_a_digit() {
        assert_eq!(requisition_key("JR-0012 3").as_deref(), Some("jr00123"));
        assert_eq!(requisition_key("n/a"), None);
    }
}
