//! `frameworks/`: the frameworks of roles and capabilities (`*.yaml`, over tables beside them), the
//! titles that people accepted (`accepted/NAME.yaml`) and what titles taught (`learnt/NAME.yaml`).
//!
//! Everything wrong in them is located. A framework that nobody uses may name a table that is not
//! there: that is a warning, as such tables are often too large to commit. To add a property of
//! entries, see `weir-framework`.

use super::{InstitutionSpec, ParsedFile, files, named, text_of};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use weir_framework::framework::{
    FaultCause, FaultPlace, Framework, FrameworkFault, FrameworkHead, version_order,
};
use weir_framework::role::{AcceptedTitles, LearntTitles};
use weir_stage::classify::{FrameworkSet, KnownFramework};
use weir_yaml::diagnostic::{Diagnostics, FileTexts, Place, did_you_mean};
use weir_yaml::yaml::{self, Node};

/// The folder of frameworks.
pub const FOLDER: &str = "frameworks";
/// The folder of accepted titles.
pub const ACCEPTED: &str = "frameworks/accepted";
/// The folder of what titles taught.
pub const LEARNT: &str = "frameworks/learnt";

/// A framework and the file that it was read from.
struct ReadFramework {
    file: String,
    /// Where its name is.
    place: Place,
    /// Where it names its bridge.
    bridge_place: Option<Place>,
    framework: Arc<Framework>,
}

/// A file about a framework, named after it.
struct AboutFramework<T> {
    file: String,
    stem: String,
    content: T,
    tree: Node,
}

/// Reads the frameworks of a project folder.
pub(super) fn load(
    folder: &Path,
    institutions: &[ParsedFile<InstitutionSpec>],
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> FrameworkSet {
    let used = used_names(institutions);
    let mut broken = BTreeMap::new();
    let mut read = Vec::new();
    for path in files(&folder.join(FOLDER)) {
        let (file, stem) = named(FOLDER, &path);
        let found = text_of(&path, &file, texts, out)
            .and_then(|bytes| read_framework(folder, &file, &bytes, &used, out));
        match found {
            Some(Ok(found)) => read.push(found),
            Some(Err(name)) => drop(broken.insert(name, file)),
            None => drop(broken.insert(stem, file)),
        }
    }
    read.sort_by(|left, right| {
        let (left, right) = (&left.framework, &right.framework);
        let names = left.name.cmp(&right.name);
        names.then_with(|| version_order(&left.version, &right.version))
    });
    check_unique(&mut read, out);
    let accepted: BTreeMap<String, AboutFramework<AcceptedTitles>> =
        about(folder, ACCEPTED, texts, out);
    let learnt: BTreeMap<String, AboutFramework<LearntTitles>> = about(folder, LEARNT, texts, out);
    for one in accepted.values() {
        check_named(&one.stem, &one.file, &read, &broken, out);
    }
    for one in learnt.values() {
        check_named(&one.stem, &one.file, &read, &broken, out);
    }
    let newest = newest(&read);
    let known = read.iter().enumerate().map(|(at, one)| {
        let is_newest = newest.get(&one.framework.name) == Some(&at);
        let accepted = accepted
            .get(&one.framework.name)
            .inspect(|titles| check_accepted(titles, one, is_newest, out));
        let learnt = learnt
            .get(&one.framework.name)
            .filter(|learnt| is_meant(learnt, one, is_newest, out));
        Arc::new(known(one, &read, accepted, learnt, out))
    });
    FrameworkSet::new(known.collect(), broken)
}

/// The tables that the frameworks of a project name, from its folder.
pub fn table_files(texts: &FileTexts) -> Vec<String> {
    let is_head = |file: &&str| Path::new(file).parent() == Some(Path::new(FOLDER));
    let head = |file: &str| -> Option<FrameworkHead> {
        let (text, mut unheard) = (texts.text(file)?, Diagnostics::new());
        let tree = yaml::parse(file, text.as_bytes(), &mut unheard)?;
        yaml::decode(&tree, &mut unheard)
    };
    let heads = texts.files().filter(is_head).filter_map(head);
    let tables = heads.flat_map(|head| head.tables);
    let named = tables.map(|table| table.file);
    let inside = named.filter(|file| is_beside(file));
    inside.map(|file| format!("{FOLDER}/{file}")).collect()
}

/// Whether a table is where its framework is, or below.
fn is_beside(table: &str) -> bool {
    Path::new(table)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn is_name(name: &str) -> bool {
    let is_sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
    !name.is_empty() && name.chars().all(is_sign)
}

fn used_names(institutions: &[ParsedFile<InstitutionSpec>]) -> BTreeSet<&str> {
    let specs = institutions.iter().filter_map(|file| file.spec.as_ref());
    let names = specs.flat_map(InstitutionSpec::frameworks);
    names.map(|name| name.value.as_str()).collect()
}

/// A framework; its name if it is broken, `None` if not even that is known.
fn read_framework(
    folder: &Path,
    file: &str,
    bytes: &[u8],
    used: &BTreeSet<&str>,
    out: &mut Diagnostics,
) -> Option<Result<ReadFramework, String>> {
    let tree = yaml::parse(file, bytes, out)?;
    let head: FrameworkHead = yaml::decode(&tree, out)?;
    let name = head.framework.clone();
    let place_of = |key: &str| tree.get(key).map(|node| node.place().clone());
    let place = place_of("framework").unwrap_or_else(|| Place::start_of(file));
    if !is_name(&name) {
        out.error(
            &place,
            "bad-name",
            format!("`{name}` is not a valid name for a framework"),
        )
        .help("use lowercase letters, digits and `-`");
        return Some(Err(name));
    }
    let tables = |table: &str| {
        if !is_beside(table) {
            return Err("it is not beside this file".to_owned());
        }
        std::fs::read(folder.join(FOLDER).join(table)).map_err(|error| super::why(&error))
    };
    let framework = match Framework::build(&head, &tables) {
        Ok(framework) => framework,
        Err(faults) => {
            let is_used = used.contains(name.as_str());
            faults
                .iter()
                .for_each(|fault| report(fault, &tree, is_used, out));
            return Some(Err(name));
        }
    };
    Some(Ok(ReadFramework {
        file: file.to_owned(),
        place,
        bridge_place: place_of("bridge"),
        framework: Arc::new(framework),
    }))
}

/// Reports what is wrong in a framework where it was written.
fn report(fault: &FrameworkFault, tree: &Node, is_used: bool, out: &mut Diagnostics) {
    let place = match &fault.place {
        FaultPlace::Head => tree.get("framework").map(Node::place),
        FaultPlace::Entry(id) => place_of_entry(tree, id, &fault.cause),
        FaultPlace::Table(file) | FaultPlace::Row { file, .. } => place_of_table(tree, file),
    };
    let place = place.unwrap_or_else(|| tree.place()).clone();
    let message = match &fault.place {
        FaultPlace::Row { file, row } => {
            format!("row {row} of the table `{file}`: {}", fault.cause)
        }
        FaultPlace::Table(file) => format!("the table `{file}`: {}", fault.cause),
        FaultPlace::Head | FaultPlace::Entry(_) => fault.cause.to_string(),
    };
    let is_absent = matches!(fault.cause, FaultCause::Unreadable(_));
    let told = if is_absent && !is_used {
        out.warning(&place, "bad-framework", message)
    } else {
        out.error(&place, "bad-framework", message)
    };
    told.help(remedy(&fault.cause));
}

fn remedy(cause: &FaultCause) -> &'static str {
    match cause {
        FaultCause::NoEntries => "add entries, such as `- { id: nurse, name: Nurse }`, or a table",
        FaultCause::RepeatedId(_) => "rename one of them",
        FaultCause::UnknownParent(_) => "add the group under `groups:`, or correct the id",
        FaultCause::CircularParents(_) => "remove one of the parents",
        FaultCause::NoId => "give it an id that is unique in the framework",
        FaultCause::NoName(_) => "give it a name",
        FaultCause::UnknownColumn(..) => "use the name of a column as the first row has it",
        FaultCause::BadDelimiter(_) => "use one character, such as `;`",
        FaultCause::EmptySeparator => "write the text between two titles, such as `|`",
        FaultCause::Unreadable(_) => "put the table beside this file",
    }
}

/// Where an entry, group or level has its id: the second of two for repeated ids; where it names
/// its parent for what is wrong with that.
fn place_of_entry<'t>(tree: &'t Node, id: &str, cause: &FaultCause) -> Option<&'t Place> {
    let lists = ["levels", "groups", "entries"];
    let lists = lists.iter().filter_map(|key| tree.get(key));
    let found = lists
        .flat_map(Node::items)
        .filter(|item| item.get("id").and_then(Node::text) == Some(id));
    let found: Vec<&Node> = found.collect();
    let item = match cause {
        FaultCause::RepeatedId(_) => *found.last()?,
        _ => *found.first()?,
    };
    let parent = match cause {
        FaultCause::UnknownParent(_) | FaultCause::CircularParents(_) => item.get("parent"),
        _ => None,
    };
    parent.or_else(|| item.get("id")).map(Node::place)
}

fn place_of_table<'t>(tree: &'t Node, file: &str) -> Option<&'t Place> {
    let tables = tree.get("tables").into_iter().flat_map(Node::items);
    let mut names = tables.filter_map(|table| table.get("file"));
    names
        .find(|name| name.text() == Some(file))
        .map(Node::place)
}

/// Of two frameworks of one name and version, the first stays.
fn check_unique(read: &mut Vec<ReadFramework>, out: &mut Diagnostics) {
    let mut first: HashMap<(String, String), Place> = HashMap::new();
    read.retain(|one| {
        let Framework { name, version, .. } = &*one.framework;
        let key = (name.clone(), version.clone());
        if let Some(earlier) = first.get(&key) {
            let message = format!("two files define version {version} of the framework `{name}`");
            out.error(&one.place, "duplicate-framework", message)
                .related(earlier, "first defined here")
                .help("give them different versions, or remove one");
            return false;
        }
        first.insert(key, one.place.clone());
        true
    });
}

/// The newest version of each framework, as its position.
fn newest(read: &[ReadFramework]) -> HashMap<String, usize> {
    let names = read.iter().enumerate();
    names
        .map(|(at, one)| (one.framework.name.clone(), at))
        .collect()
}

/// The files of a folder about frameworks, by the names of these.
fn about<T: serde::de::DeserializeOwned>(
    folder: &Path,
    kind: &str,
    texts: &mut FileTexts,
    out: &mut Diagnostics,
) -> BTreeMap<String, AboutFramework<T>> {
    let read = |path: std::path::PathBuf| {
        let (file, stem) = named(kind, &path);
        let bytes = text_of(&path, &file, texts, out)?;
        let tree = yaml::parse(&file, &bytes, out)?;
        let content = yaml::decode(&tree, out)?;
        let about = AboutFramework {
            file,
            stem: stem.clone(),
            content,
            tree,
        };
        Some((stem, about))
    };
    files(&folder.join(kind))
        .into_iter()
        .filter_map(read)
        .collect()
}

/// Whether the framework that a file is named after is there.
fn check_named(
    stem: &str,
    file: &str,
    read: &[ReadFramework],
    broken: &BTreeMap<String, String>,
    out: &mut Diagnostics,
) {
    let names = || read.iter().map(|one| one.framework.name.as_str());
    if names().any(|name| name == stem) || broken.contains_key(stem) {
        return;
    }
    let place = Place::start_of(file);
    let message = format!("there is no framework `{stem}`");
    let told = out.warning(&place, "unknown-framework", message);
    match did_you_mean(stem, names()) {
        Some(near) => told.help(format!(
            "did you mean `{near}`? The file has the name of its framework"
        )),
        None => told.help("the file has the name of its framework"),
    };
}

/// Whether every accepted title names a role of the framework, and each title one.
fn check_accepted(
    titles: &AboutFramework<AcceptedTitles>,
    one: &ReadFramework,
    is_newest: bool,
    out: &mut Diagnostics,
) {
    let ids: BTreeSet<&str> = one
        .framework
        .entries
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    let items = titles.tree.get("accepted").map_or(&[][..], Node::items);
    let mut first: HashMap<String, &Place> = HashMap::new();
    for (item, title) in items.iter().zip(&titles.content.accepted) {
        let role = item.get("role").unwrap_or(item);
        if is_newest && !ids.contains(title.role.as_str()) {
            let message = format!("`{}` has no role `{}`", one.framework.name, title.role);
            let told = out.error(role.place(), "unknown-role", message);
            match did_you_mean(&title.role, ids.iter().copied()) {
                Some(near) => told.help(format!("did you mean `{near}`?")),
                None => told.help("use the id of a role or group of the framework"),
            };
        }
        let place = item.get("title").unwrap_or(item).place();
        let key = weir_framework::words::name_key(&title.title);
        if let Some(earlier) = first.get(&key).filter(|_| is_newest) {
            let message = format!("`{}` is accepted twice; the last role counts", title.title);
            out.warning(place, "duplicate-entry", message)
                .related(earlier, "first accepted here")
                .help("remove one of them");
        }
        first.insert(key, place);
    }
}

/// Whether what was learnt is about this version. What was learnt about another still tells how
/// frequent words are, so it is only reported.
fn is_meant(
    learnt: &AboutFramework<LearntTitles>,
    one: &ReadFramework,
    is_newest: bool,
    out: &mut Diagnostics,
) -> bool {
    let Framework { name, version, .. } = &*one.framework;
    let content = &learnt.content;
    if is_newest && (&content.framework, &content.version) != (name, version) {
        let place = learnt.tree.get("version").unwrap_or(&learnt.tree).place();
        let message = format!(
            "it was learnt for {} {}, not for {name} {version}",
            content.framework, content.version
        );
        out.warning(place, "stale-learnt", message)
            .help(format!("learn anew: `weir roles learn --framework {name}`"));
    }
    content.framework == *name
}

fn known(
    one: &ReadFramework,
    read: &[ReadFramework],
    accepted: Option<&AboutFramework<AcceptedTitles>>,
    learnt: Option<&AboutFramework<LearntTitles>>,
    out: &mut Diagnostics,
) -> KnownFramework {
    let mut files = vec![one.file.clone()];
    let bridge = one.framework.bridge.as_ref().and_then(|name| {
        let found = read
            .iter()
            .rev()
            .find(|other| other.framework.name == *name);
        match found {
            Some(other) => files.push(other.file.clone()),
            None => unknown_bridge(name, one, read, out),
        }
        found.map(|other| Arc::clone(&other.framework))
    });
    files.extend(accepted.map(|about| about.file.clone()));
    files.extend(learnt.map(|about| about.file.clone()));
    KnownFramework::new(
        Arc::clone(&one.framework),
        bridge,
        accepted
            .map(|about| about.content.clone())
            .unwrap_or_default(),
        learnt.map(|about| about.content.clone()),
        files,
    )
}

/// Titles are decided without it, too, only worse.
fn unknown_bridge(name: &str, one: &ReadFramework, read: &[ReadFramework], out: &mut Diagnostics) {
    let place = one.bridge_place.as_ref().unwrap_or(&one.place);
    let message = format!("the bridge `{name}` cannot be used: there is no such framework");
    let told = out.warning(place, "unknown-framework", message);
    let names = read.iter().map(|other| other.framework.name.as_str());
    match did_you_mean(name, names) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("add `frameworks/{name}.yaml`, or remove `bridge`")),
    };
}
