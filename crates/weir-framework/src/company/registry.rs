//! The companies that are known.

use super::CompanyIndex;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A list of companies.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyRegistryHead {
    /// What the list is, for people.
    #[serde(default)]
    pub about: Option<String>,
    /// Where it comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// What its use is bound to.
    #[serde(default)]
    pub licence: Option<String>,
    /// Companies.
    #[serde(default)]
    pub companies: Vec<CompanyHead>,
    /// Names that say nothing: `Confidential`. They are added to the usual ones.
    #[serde(default)]
    pub unnamed: Vec<String>,
}

/// A company or division as its author writes it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyHead {
    /// Its id, unique in the list; it stays when the name changes.
    pub id: String,
    /// Its name, as it is shown.
    pub name: String,
    /// Other names of it. Legal forms, case and accents need none.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The id of the company that it belongs to.
    #[serde(default)]
    pub parent: Option<String>,
    /// Whether it advertises for others.
    #[serde(default)]
    pub agency: bool,
    /// Numbers in registers: `{ abn: 51 824 753 556 }`.
    #[serde(default)]
    pub ids: BTreeMap<String, String>,
}

/// Names that people accepted for companies of a registry.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedNames {
    /// The names.
    #[serde(default)]
    pub accepted: Vec<AcceptedName>,
}

/// A name that people accepted for a company.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedName {
    /// The name, as ads write it.
    pub name: String,
    /// The id of the company.
    pub company: String,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCompany {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// The company that it belongs to.
    pub parent: Option<CompanyIndex>,
    /// Whether it advertises for others.
    pub agency: bool,
    /// Numbers in registers, digits only where they have digits.
    pub ids: BTreeMap<String, String>,
}

/// The companies that are known, checked.
#[derive(Debug, Clone, Default)]
pub struct CompanyRegistry {
    /// The companies.
    pub companies: Vec<KnownCompany>,
    /// Names that say nothing.
    pub unnamed: Vec<String>,
}

/// What is wrong in a list of companies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompanyFault {
    /// Two companies have one id.
    RepeatedId(String),
    /// A parent that nothing has as id: of which company, which id.
    UnknownParent(String, String),
    /// A company that belongs to itself.
    CircularParents(String),
    /// A company without a name.
    NoName(String),
}

impl fmt::Display for CompanyFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompanyFault::RepeatedId(id) => write!(out, "the id `{id}` appears twice"),
            CompanyFault::UnknownParent(id, parent) => {
                write!(out, "`{id}` belongs to `{parent}`, which no company has as id")
            }
            CompanyFault::CircularParents(id) => write!(out, "`{id}` belongs to itself"),
            CompanyFault::NoName(id) => write!(out, "the company `{id}` has no name"),
        }
    }
}

impl CompanyRegistry {
    /// Builds a registry.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn build(head: &CompanyRegistryHead) -> Result<CompanyRegistry, Vec<CompanyFault>> {
        let mut faults = Vec::new();
        let mut by_id: HashMap<&str, CompanyIndex> = HashMap::new();
        for (at, company) in head.companies.iter().enumerate() {
            if by_id.insert(&company.id, at).is_some() {
                faults.push(CompanyFault::RepeatedId(company.id.clone()));
            }
            if company.name.trim().is_empty() {
                faults.push(CompanyFault::NoName(company.id.clone()));
            }
        }
        let mut companies: Vec<KnownCompany> = Vec::new();
        for company in &head.companies {
            let parent = company.parent.as_deref().and_then(|parent| {
                let known = by_id.get(parent).copied();
                if known.is_none() {
                    let (id, parent) = (company.id.clone(), parent.to_owned());
                    faults.push(CompanyFault::UnknownParent(id, parent));
                }
                known
            });
            companies.push(known(company, parent));
        }
        faults.extend(circles(&companies));
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(CompanyRegistry { companies, unnamed: head.unnamed.clone() })
    }

    /// The position of the company with an id.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<CompanyIndex> {
        self.companies.iter().position(|company| company.id == id)
    }

    /// A company and those that it belongs to.
    pub fn lineage(&self, company: CompanyIndex) -> impl Iterator<Item = CompanyIndex> + '_ {
        std::iter::successors(Some(company), |at| self.companies.get(*at)?.parent)
    }
}

fn known(head: &CompanyHead, parent: Option<CompanyIndex>) -> KnownCompany {
    KnownCompany {
        id: head.id.clone(),
        name: head.name.clone(),
        aliases: head.aliases.clone(),
        parent,
        agency: head.agency,
        ids: head.ids.iter().map(|(kind, number)| (kind.clone(), plain_number(number))).collect(),
    }
}

fn circles(companies: &[KnownCompany]) -> Vec<CompanyFault> {
    let circular = |start: &CompanyIndex| {
        let mut at = companies.get(*start).and_then(|company| company.parent);
        for _ in 0..companies.len() {
            match at {
                Some(above) if above == *start => return true,
                Some(above) => at = companies[above].parent,
                None => return false,
            }
        }
        false
    };
    let circular = (0..companies.len()).filter(circular);
    circular.map(|at| CompanyFault::CircularParents(companies[at].id.clone())).collect()
}

/// A number as the registry keeps it.
pub(super) fn plain_number(number: &str) -> String {
    let kept = number.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|sign| sign.to_ascii_lowercase()).collect()
}
