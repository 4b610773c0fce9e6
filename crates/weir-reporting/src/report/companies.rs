//! Companies and names in words, and accepted names as YAML.

use super::columns::{columns, counted, line};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use weir_framework::company::CompanyName;
use weir_stage::resolve::{FoundRelation, NearName, RelationWay};
use weir_store::company_aliases::CompanyAlias;
use weir_store::views::company_list::CompanyLine;

/// Companies, a line each.
pub fn list(companies: &[CompanyLine]) -> String {
    let row = |company: &CompanyLine| {
        let parent = company.parent.as_ref();
        let parent = parent.map(|parent| format!("of {}", line(parent, 40)));
        let accepted = company.accepted.iter().map(|name| line(name, 60));
        let accepted: Vec<String> = accepted.collect();
        let also = (!accepted.is_empty()).then(|| format!("accepted: {}", accepted.join(", ")));
        vec![
            line(&company.name, 60),
            company.registry_id.clone().unwrap_or_default(),
            company.jobs.to_string(),
            parent.unwrap_or_default(),
            also.unwrap_or_default(),
        ]
    };
    columns(&companies.iter().map(row).collect::<Vec<_>>(), 4)
}

/// Near names: `Kestrel Rail (kestrel-rail) 0.91, ...`.
pub fn near(names: &[NearName]) -> String {
    let one = |near: &NearName| {
        let id = near.id.as_ref().map(|id| format!(" ({id})"));
        format!(
            "{}{} {:.2}",
            line(&near.name, 60),
            id.unwrap_or_default(),
            near.confidence
        )
    };
    names.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Which company a name means.
pub fn explained(found: &FoundRelation) -> String {
    let text = line(&found.text, 80);
    match (&found.name, found.near.as_slice()) {
        (Some(name), _) if found.way == RelationWay::New => {
            format!("`{text}` would be a new company, {}", line(name, 80))
        }
        (Some(name), _) => format!(
            "`{text}` means {}: {}",
            line(name, 80),
            line(&found.words(), 200)
        ),
        (None, []) => format!("`{text}` means no company that is known"),
        (None, names) => format!(
            "`{text}` means no company that is known; near: {}",
            near(names)
        ),
    }
}

/// Ads in words.
pub fn ads(number: u64) -> String {
    counted(usize::try_from(number).unwrap_or(usize::MAX), "ad")
}

/// The holds that a decision closed, in words.
pub fn closed(holds: &[i64]) -> String {
    let numbers: Vec<String> = holds.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [] => String::new(),
        [one] => format!(", which closes hold {one}"),
        several => format!(", which closes the holds {}", several.join(", ")),
    }
}

/// Accepted names of companies of a registry, as a file to commit.
pub fn accepted_yaml(registry: &str, accepted: &[&CompanyAlias]) -> String {
    let mut out = format!("# companies/accepted/{registry}.yaml: names that people accepted\n");
    out.push_str(if accepted.is_empty() {
        "accepted: []\n"
    } else {
        "accepted:\n"
    });
    for alias in accepted {
        // Text in JSON is text in YAML. Writing to a String cannot fail.
        let (name, id) = (json!(alias.name), json!(alias.registry_id));
        let _ = writeln!(out, "  - {{ name: {name}, company: {id} }}");
    }
    out
}

/// Companies with their accepted names, as a registry to commit.
pub fn registry_yaml(accepted: &[CompanyAlias]) -> String {
    let mut by_company: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for alias in accepted {
        by_company
            .entry(&alias.company)
            .or_default()
            .push(&alias.name);
    }
    let mut out = "# companies/NAME.yaml: companies with names that people accepted\n".to_owned();
    out.push_str(if by_company.is_empty() {
        "companies: []\n"
    } else {
        "companies:\n"
    });
    for (company, names) in by_company {
        let id = CompanyName::read(company).key.replace(' ', "-");
        let (id, name, names) = (json!(id), json!(company), json!(names));
        let _ = writeln!(out, "  - {{ id: {id}, name: {name}, aliases: {names} }}");
    }
    out
}
