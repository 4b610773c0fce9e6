//! `companies/*.yaml`: registries of companies or divisions that are known, each named after its
//! file.
//!
//! Everything wrong in them is located. To add a property of companies, see `weir-framework`.

use super::{files, named, text_of};
use crate::diagnostic::{Diagnostics, Place, Sources, did_you_mean};
use crate::stage::resolve::{KnownRegistry, RegistrySet};
use crate::yaml::{self, Node};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use weir_framework::company::{
    CompanyFault, CompanyHead, CompanyName, CompanyRegistry, CompanyRegistryHead,
};

/// The folder of registries.
pub const FOLDER: &str = "companies";

/// The digits of an Australian Business Number.
const ABN_DIGITS: usize = 11;

/// Reads the registries of a project folder.
pub(super) fn load(folder: &Path, texts: &mut Sources, out: &mut Diagnostics) -> RegistrySet {
    let (mut known, mut broken) = (Vec::new(), BTreeMap::new());
    for path in files(&folder.join(FOLDER)) {
        let (file, stem) = named(FOLDER, &path);
        let bytes = text_of(&path, &file, texts, out);
        let registry = bytes.and_then(|bytes| read(&file, &stem, &bytes, out));
        match registry {
            Some(registry) => known.push(KnownRegistry::new(stem, vec![file], registry)),
            None => drop(broken.insert(stem, file)),
        }
    }
    RegistrySet::new(known, broken)
}

fn read(file: &str, stem: &str, bytes: &[u8], out: &mut Diagnostics) -> Option<CompanyRegistry> {
    let tree = yaml::parse(file, bytes, out)?;
    let head: CompanyRegistryHead = yaml::decode(&tree, out)?;
    if out.has_errors_in(file) {
        return None;
    }
    let mut good = is_name(file, stem, out) & has_companies(&tree, &head, out);
    good &= check_numbers(&tree, &head, out);
    check_ambiguous(&tree, &head, out);
    match CompanyRegistry::build(&head) {
        Ok(registry) => good.then_some(registry),
        Err(faults) => {
            let ids: Vec<&str> = head.companies.iter().map(|one| one.id.as_str()).collect();
            faults
                .iter()
                .for_each(|fault| report(fault, &tree, &ids, out));
            None
        }
    }
}

fn is_name(file: &str, stem: &str, out: &mut Diagnostics) -> bool {
    let is_sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
    let good = stem.chars().all(is_sign);
    if !good {
        let message = format!("`{stem}` cannot be the name of a registry");
        out.error(&Place::start_of(file), "bad-name", message).help(
            "use lowercase letters, digits and `-`: institutions refer to it as `registry: NAME`",
        );
    }
    good
}

fn has_companies(tree: &Node, head: &CompanyRegistryHead, out: &mut Diagnostics) -> bool {
    let good = !head.companies.is_empty();
    if !good {
        let place = tree.get("companies").unwrap_or(tree).place();
        out.error(place, "bad-registry", "the registry has no companies")
            .help("add companies, such as `- { id: kestrel-rail, name: Kestrel Rail }`");
    }
    good
}

/// The companies as written, each with its node.
fn written<'t>(
    tree: &'t Node,
    head: &'t CompanyRegistryHead,
) -> impl Iterator<Item = (&'t Node, &'t CompanyHead)> {
    let items = tree.get("companies").map_or(&[][..], Node::items);
    items.iter().zip(&head.companies)
}

/// A number that no company can have would never be found.
fn check_numbers(tree: &Node, head: &CompanyRegistryHead, out: &mut Diagnostics) -> bool {
    let mut good = true;
    for (item, company) in written(tree, head) {
        let Some(number) = company.ids.get("abn") else {
            continue;
        };
        let digits = number.chars().filter(char::is_ascii_digit).count();
        if digits == ABN_DIGITS {
            continue;
        }
        let place = item.get("ids").and_then(|ids| ids.get("abn"));
        let message = format!("`{number}` is not an ABN: it has {digits} digits, not {ABN_DIGITS}");
        out.error(place.unwrap_or(item).place(), "bad-number", message)
            .help("write the number as the register has it, such as `51 824 753 556`");
        good = false;
    }
    good
}

/// A name that two companies have decides neither.
fn check_ambiguous(tree: &Node, head: &CompanyRegistryHead, out: &mut Diagnostics) {
    let mut first: HashMap<String, (&str, Place)> = HashMap::new();
    for (item, company) in written(tree, head) {
        let aliases = item.get("aliases").map_or(&[][..], Node::items).iter();
        let names = item.get("name").into_iter().chain(aliases);
        for name in names {
            let Some(text) = name.text() else { continue };
            let key = CompanyName::read(text).key;
            let held = first
                .entry(key)
                .or_insert((&company.id, name.place().clone()));
            if held.0 != company.id {
                let message = format!("`{text}` is a name of `{}` and of `{}`", held.0, company.id);
                out.warning(name.place(), "ambiguous-name", message)
                    .related(&held.1, "first written here")
                    .help("the registry takes it for neither: remove one of them");
            }
        }
    }
}

/// Reports what is wrong in a registry where it was written.
fn report(fault: &CompanyFault, tree: &Node, ids: &[&str], out: &mut Diagnostics) {
    let (id, key, remedy) = match fault {
        CompanyFault::RepeatedId(id) => (id, "id", "rename one of them".to_owned()),
        CompanyFault::NoName(id) => (id, "name", "give it a name".to_owned()),
        CompanyFault::CircularParents(id) => (id, "parent", "remove one of the parents".to_owned()),
        CompanyFault::UnknownParent(id, parent) => {
            let near = did_you_mean(parent, ids.iter().copied());
            let near = near.map(|near| format!("did you mean `{near}`?"));
            let other = || "add the parent, or correct the id".to_owned();
            (id, "parent", near.unwrap_or_else(other))
        }
    };
    let items = tree.get("companies").map_or(&[][..], Node::items);
    let has_id = |item: &&Node| item.get("id").and_then(Node::text) == Some(id.as_str());
    let mut own = items.iter().filter(has_id);
    let item = match fault {
        CompanyFault::RepeatedId(_) => own.next_back(),
        _ => own.find(|item| item.get(key).is_some()),
    };
    let place = item.and_then(|item| item.get(key)).unwrap_or(tree).place();
    out.error(place, "bad-registry", fault.to_string())
        .help(remedy);
}
