//! `companies/*.yaml`: registries of companies or divisions that are known, each named after its
//! file, with the names that people accepted for them (`accepted/NAME.yaml`).
//!
//! Everything wrong in them is located. To add a property of companies, see `weir-framework`.

use super::{files, named, text_of};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use weir_framework::company::{
    AcceptedNames, CompanyFault, CompanyHead, CompanyName, CompanyRegistry, CompanyRegistryHead,
};
use weir_stage::resolve::{KnownRegistry, RegistrySet};
use weir_yaml::diagnostic::{Diagnostics, FileTexts, Place, did_you_mean};
use weir_yaml::yaml::{self, Node};

/// The folder of registries.
pub const FOLDER: &str = "companies";
/// The folder of accepted names.
pub const ACCEPTED: &str = "companies/accepted";

/// The digits of an Australian Business Number.
const ABN_DIGITS: usize = 11;

/// Reads the registries of a project folder.
pub(super) fn load(folder: &Path, texts: &mut FileTexts, out: &mut Diagnostics) -> RegistrySet {
    let mut accepted = read_accepted(folder, texts, out);
    let (mut known, mut broken) = (Vec::new(), BTreeMap::new());
    for path in files(&folder.join(FOLDER)) {
        let (file, stem) = named(FOLDER, &path);
        let bytes = text_of(&path, &file, texts, out);
        let head = bytes.and_then(|bytes| read_whole::<CompanyRegistryHead>(&file, &bytes, out));
        let Some((tree, head)) = head else {
            broken.insert(stem, file);
            continue;
        };
        let accepted = accepted.remove(&stem);
        let (head, more) = match accepted {
            Some(accepted) => with_accepted(head, &accepted, out),
            None => (Some(head), None),
        };
        let registry = head.and_then(|head| build(&file, &stem, &tree, &head, out));
        match registry {
            Some(registry) => {
                let files = std::iter::once(file).chain(more).collect();
                known.push(KnownRegistry::new(stem, files, registry));
            }
            None => drop(broken.insert(stem, more.unwrap_or(file))),
        }
    }
    for (stem, one) in accepted {
        let names = known.iter().map(|known| known.name.as_str());
        unknown_registry(&stem, &one.file, names, out);
    }
    RegistrySet::new(known, broken)
}

/// Names that people accepted for a registry.
struct AcceptedFile {
    file: String,
    tree: Node,
    names: AcceptedNames,
}

/// The files of accepted names, by registry.
fn read_accepted(
    folder: &Path,
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> BTreeMap<String, AcceptedFile> {
    let read = |path: std::path::PathBuf| {
        let (file, stem) = named(ACCEPTED, &path);
        let bytes = text_of(&path, &file, texts, out)?;
        let (tree, names) = read_whole(&file, &bytes, out)?;
        Some((stem, AcceptedFile { file, tree, names }))
    };
    files(&folder.join(ACCEPTED))
        .into_iter()
        .filter_map(read)
        .collect()
}

/// A registry with accepted names as aliases, and their file; none if a name has no company.
fn with_accepted(
    mut head: CompanyRegistryHead,
    accepted: &AcceptedFile,
    out: &mut Diagnostics,
) -> (Option<CompanyRegistryHead>, Option<String>) {
    let mut good = true;
    let items = accepted.tree.get("accepted").map_or(&[][..], Node::items);
    for (item, one) in items.iter().zip(&accepted.names.accepted) {
        let known = head
            .companies
            .iter_mut()
            .find(|known| known.id == one.company);
        if let Some(known) = known {
            known.aliases.push(one.name.clone());
            continue;
        }
        good = false;
        let place = item.get("company").unwrap_or(item).place();
        let message = format!("the registry has no company `{}`", one.company);
        let told = out.error(place, "unknown-company", message);
        let ids = head.companies.iter().map(|known| known.id.as_str());
        match did_you_mean(&one.company, ids) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help("use the id of a company of the registry"),
        };
    }
    (good.then_some(head), Some(accepted.file.clone()))
}

fn unknown_registry<'n>(
    stem: &str,
    file: &str,
    names: impl Iterator<Item = &'n str>,
    out: &mut Diagnostics,
) {
    let message = format!("there is no registry `{stem}`");
    let told = out.warning(&Place::start_of(file), "unknown-registry", message);
    match did_you_mean(stem, names) {
        Some(near) => told.help(format!(
            "did you mean `{near}`? The file has the name of its registry"
        )),
        None => told.help("the file has the name of its registry"),
    };
}

/// A file without errors, as a tree and as a type.
fn read_whole<T: DeserializeOwned>(
    file: &str,
    bytes: &[u8],
    out: &mut Diagnostics,
) -> Option<(Node, T)> {
    let tree = yaml::parse(file, bytes, out)?;
    let whole = yaml::decode(&tree, out)?;
    (!out.has_errors_in(file)).then_some((tree, whole))
}

fn build(
    file: &str,
    stem: &str,
    tree: &Node,
    head: &CompanyRegistryHead,
    out: &mut Diagnostics,
) -> Option<CompanyRegistry> {
    let mut good = is_name(file, stem, out) & has_companies(tree, head, out);
    good &= check_numbers(tree, head, out);
    check_ambiguous(tree, head, out);
    match CompanyRegistry::build(head) {
        Ok(registry) => good.then_some(registry),
        Err(faults) => {
            let ids: Vec<&str> = head.companies.iter().map(|one| one.id.as_str()).collect();
            faults
                .iter()
                .for_each(|fault| report(fault, tree, &ids, out));
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
