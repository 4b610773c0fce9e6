//! Ids of openings that stay as ads come and go. An opening is named when its first ad is seen;
//! where two become one, the older id stays and the other becomes an alias; where one splits, the
//! id stays with the part of the survivor, and an alias whose first ad leaves with the other part
//! is an id again: so undoing a merge gives back what was.

use crate::ad::AdKey;
use crate::hash::{hash_of, mixed};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// The id of an opening; printed as a UUID of version 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpeningId(pub u128);

impl OpeningId {
    /// The id of an opening that an ad names; `generation` rises while the id is taken.
    pub fn named_by(scope: &str, ad: &AdKey, generation: u64) -> OpeningId {
        let high = hash_of([scope.as_bytes(), ad.source.as_bytes(), ad.id.as_bytes()]);
        let high = mixed(high ^ generation);
        let bits = (u128::from(high) << 64) | u128::from(mixed(high ^ 0x6f70_656e));
        let version = (bits & !(0xf << 76)) | (0x8 << 76);
        OpeningId((version & !(0x3 << 62)) | (0x2 << 62))
    }
}

impl fmt::Display for OpeningId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        f.write_str(&parts.join("-"))
    }
}

/// An id with the ad that it was named by and its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningName {
    /// The id.
    pub id: OpeningId,
    /// The ad it was named by.
    pub named_by: AdKey,
    /// Order of naming: smaller is older.
    pub serial: u64,
}

/// An opening as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedOpening {
    /// Its name.
    pub name: OpeningName,
    /// Its ads, the survivor first.
    pub members: Vec<AdKey>,
    /// Names that resolve to it, oldest first.
    pub aliases: Vec<OpeningName>,
}

/// What naming needs beside the openings.
#[derive(Debug, Clone, Copy)]
pub struct NamingContext<'a> {
    /// What ids are unique in, such as an institution.
    pub scope: &'a str,
    /// The first free serial.
    pub next_serial: u64,
}

/// Names the groups of a partition (each with its survivor first) after the openings that were.
/// Both must be closed: an ad of an old opening that still exists is in one of the groups.
pub fn name_openings(
    before: &[NamedOpening],
    groups: &[Vec<AdKey>],
    context: NamingContext<'_>,
) -> Vec<NamedOpening> {
    let group_of: HashMap<&AdKey, usize> = groups
        .iter()
        .enumerate()
        .flat_map(|(at, ads)| ads.iter().map(move |ad| (ad, at)))
        .collect();
    let mut claims = NameClaims::of(before, &group_of);
    claims.revive(groups.len());
    let mut names = NameMint::of(before, context);
    let named = groups.iter().enumerate().map(|(at, members)| {
        let mut claimed = claims.take(at);
        if claimed.is_empty() {
            claimed.push(names.mint(&members[0]));
        }
        let name = claimed.remove(0);
        NamedOpening { name, members: members.clone(), aliases: claimed }
    });
    let mut named: Vec<NamedOpening> = named.collect();
    named.iter_mut().for_each(|opening| opening.aliases.sort_by_key(|alias| alias.serial));
    named
}

/// Which group claims which names.
struct NameClaims {
    /// Names of openings, by the group that they stay with.
    live: BTreeMap<usize, Vec<OpeningName>>,
    /// Aliases, by the group that they resolve to and the group of their first ad, if it exists.
    aliases: Vec<(usize, Option<usize>, OpeningName)>,
}

impl NameClaims {
    fn of(before: &[NamedOpening], group_of: &HashMap<&AdKey, usize>) -> NameClaims {
        let mut claims = NameClaims { live: BTreeMap::new(), aliases: Vec::new() };
        for opening in before {
            let kept = opening.members.iter().find_map(|ad| group_of.get(ad).copied());
            let Some(group) = kept else { continue };
            claims.live.entry(group).or_default().push(opening.name.clone());
            for alias in &opening.aliases {
                let home = group_of.get(&alias.named_by).copied();
                claims.aliases.push((group, home, alias.clone()));
            }
        }
        claims.live.values_mut().for_each(|names| names.sort_by_key(|name| (name.serial, name.id)));
        claims
    }

    /// An alias whose first ad is in a group without a name is the name of that group again.
    fn revive(&mut self, groups: usize) {
        self.aliases.sort_by_key(|(_, _, alias)| (alias.serial, alias.id));
        for (resolves, home, alias) in std::mem::take(&mut self.aliases) {
            let home = home.filter(|home| *home < groups && !self.live.contains_key(home));
            match home {
                Some(home) => self.live.entry(home).or_default().push(alias),
                None => self.aliases.push((resolves, None, alias)),
            }
        }
        for (resolves, _, alias) in std::mem::take(&mut self.aliases) {
            self.live.entry(resolves).or_default().push(alias);
        }
    }

    fn take(&mut self, group: usize) -> Vec<OpeningName> {
        self.live.remove(&group).unwrap_or_default()
    }
}

/// Makes names that nothing has yet.
struct NameMint<'a> {
    scope: &'a str,
    serial: u64,
    taken: BTreeSet<OpeningId>,
}

impl NameMint<'_> {
    fn of<'a>(before: &[NamedOpening], context: NamingContext<'a>) -> NameMint<'a> {
        let names = before.iter().flat_map(|old| std::iter::once(&old.name).chain(&old.aliases));
        let taken = names.map(|name| name.id).collect();
        NameMint { scope: context.scope, serial: context.next_serial, taken }
    }

    fn mint(&mut self, ad: &AdKey) -> OpeningName {
        let free = |id: &OpeningId| !self.taken.contains(id);
        let ids = (0..).map(|generation| OpeningId::named_by(self.scope, ad, generation));
        let id = ids.into_iter().find(free).unwrap_or(OpeningId(0));
        self.taken.insert(id);
        let serial = self.serial;
        self.serial += 1;
        OpeningName { id, named_by: ad.clone(), serial }
    }
}

#[cfg(test)]
mod tests {
    use super::{NamedOpening, NamingContext, OpeningId, name_openings};
    use crate::ad::AdKey;

    fn groups(text: &str) -> Vec<Vec<AdKey>> {
        let ads = |word: &str| word.split('+').map(|id| AdKey::new("s", id)).collect();
        text.split_whitespace().map(ads).collect()
    }

    fn step(before: &[NamedOpening], text: &str) -> Vec<NamedOpening> {
        let old = before.iter().map(|old| old.name.serial.max(last(&old.aliases)) + 1);
        let next_serial = old.max().unwrap_or(0);
        name_openings(before, &groups(text), NamingContext { scope: "test", next_serial })
    }

    fn last(aliases: &[super::OpeningName]) -> u64 {
        aliases.iter().map(|alias| alias.serial).max().unwrap_or(0)
    }

    /// Each opening as `first ad of its name = members (aliases)`.
    fn shown(openings: &[NamedOpening]) -> String {
        let one = |opening: &NamedOpening| {
            let members: Vec<&str> = opening.members.iter().map(|ad| ad.id.as_str()).collect();
            let aliases: Vec<&str> =
                opening.aliases.iter().map(|a| a.named_by.id.as_str()).collect();
            let aliases =
                if aliases.is_empty() { String::new() } else { format!("({})", aliases.join(",")) };
            format!("{}={}{aliases}", opening.name.named_by.id, members.join("+"))
        };
        openings.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ids_stay_through_joining_splitting_leaving_and_undoing() {
        let story = [
            ("a b c", "a=a b=b c=c"),
            ("a+b c", "a=a+b(b) c=c"),
            ("c+a+b", "a=c+a+b(b,c)"),
            ("a+b c", "b=a+b a=c(c)"),
            ("a b c", "b=a b=b a=c(c)"),
            ("a+d b c", "b=a+d b=b a=c(c)"),
            ("d b c", "b=d b=b a=c(c)"),
            ("d+b+c", "a=d+b+c(b,c,b)"),
        ];
        let mut now = Vec::new();
        for (text, wanted) in story {
            now = step(&now, text);
            assert_eq!(shown(&now), wanted, "{text}");
            assert_eq!(step(&now, text), now, "{text} once more");
        }
    }

    #[test]
    fn undoing_a_merge_gives_back_what_was() {
        let before = step(&[], "a+b c+d e");
        let merged = step(&before, "a+b+c+d e");
        assert_eq!(step(&merged, "a+b c+d e"), before);
    }

    #[test]
    fn an_id_is_a_uuid() {
        let id = OpeningId::named_by("nsw", &AdKey::new("s", "1"), 0).to_string();
        assert_eq!((id.len(), &id[14..15]), (36, "8"));
        assert!("89ab".contains(&id[19..20]), "{id}");
    }
}
