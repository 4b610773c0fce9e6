//! The frameworks of a project, each with what was learnt and accepted for it, and their indices.
//!
//! Institutions share them: an index is built once, when the first ad needs it, and only read from
//! then on.

use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use weir_framework::capability::CapabilityIndex;
use weir_framework::framework::{Framework, FrameworkEntry, FrameworkKind};
use weir_framework::role::{
    AcceptedTitles, ClassificationMatcher, FrameworkIndex, IndexParts, LearntTitles, ScoreTuning,
};
use weir_model::{Canonical, FingerprintParts, Hash};
use weir_store::classes::UsedFramework;

/// A framework as the stage uses it.
pub struct KnownFramework {
    /// The framework.
    pub framework: Arc<Framework>,
    /// The files that it is made of: its own, those of its bridge, of accepted and of learnt
    /// titles.
    pub files: Vec<String>,
    /// A second framework of titles.
    pub bridge: Option<Arc<Framework>>,
    /// Titles that people accepted.
    pub accepted: AcceptedTitles,
    /// What stored titles taught.
    pub learnt: Option<LearntTitles>,
    index: OnceLock<Arc<FrameworkIndex>>,
    classifications: OnceLock<Arc<ClassificationMatcher>>,
    parts: OnceLock<FingerprintParts>,
}

impl std::fmt::Debug for KnownFramework {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = out.debug_struct("KnownFramework");
        fields
            .field("name", &self.framework.name)
            .field("version", &self.framework.version)
            .finish_non_exhaustive()
    }
}

/// The content of a part, as text.
struct PartContent(String);

impl Canonical for PartContent {
    fn canonical(&self) -> String {
        self.0.clone()
    }
}

/// Entries of a framework that are shown to people who look its text up; more are only counted.
const SHOWN_ENTRIES: usize = 400;

impl KnownFramework {
    /// A framework with what belongs to it.
    pub fn new(
        framework: Arc<Framework>,
        bridge: Option<Arc<Framework>>,
        accepted: AcceptedTitles,
        learnt: Option<LearntTitles>,
        files: Vec<String>,
    ) -> KnownFramework {
        KnownFramework {
            framework,
            files,
            bridge,
            accepted,
            learnt,
            index: OnceLock::new(),
            classifications: OnceLock::new(),
            parts: OnceLock::new(),
        }
    }

    /// The index for titles.
    pub fn index(&self) -> Arc<FrameworkIndex> {
        Arc::clone(
            self.index
                .get_or_init(|| apart(|| self.build_index(self.learnt.as_ref()))),
        )
    }

    /// An index that has learnt something else.
    pub fn index_with(&self, learnt: &LearntTitles) -> Arc<FrameworkIndex> {
        self.build_index(Some(learnt))
    }

    fn build_index(&self, learnt: Option<&LearntTitles>) -> Arc<FrameworkIndex> {
        Arc::new(FrameworkIndex::build(IndexParts {
            framework: Arc::clone(&self.framework),
            bridge: self.bridge.as_deref(),
            learnt,
            accepted: &self.accepted,
            places: Vec::new(),
            tuning: ScoreTuning::default(),
        }))
    }

    /// The matcher for classifications.
    pub fn classifications(&self) -> Arc<ClassificationMatcher> {
        let matcher = || ClassificationMatcher::new(Arc::clone(&self.framework), &self.accepted);
        Arc::clone(self.classifications.get_or_init(|| Arc::new(matcher())))
    }

    /// The hash of all that decides.
    pub fn hash(&self) -> Hash {
        Hash::of(content(&self.framework).as_bytes())
    }

    /// The framework as the database keeps it.
    pub fn used(&self) -> UsedFramework {
        let Framework {
            name,
            version,
            kind,
            about,
            source,
            licence,
            levels,
            entries,
            ..
        } = &*self.framework;
        let levels = levels.iter();
        let levels = levels.map(|level| json!({ "id": level.id, "name": level.name }));
        let one = |entry: &FrameworkEntry| {
            let parent = entry.parent.map(|at| &entries[at].id);
            json!({ "id": entry.id, "name": entry.name, "parent": parent, "group": entry.group })
        };
        UsedFramework {
            hash: self.hash(),
            name: name.clone(),
            version: version.clone(),
            kind: kind_name(*kind),
            about: about.clone(),
            source: source.clone(),
            licence: licence.clone(),
            levels: levels.collect(),
            entries: entries.iter().map(one).collect(),
        }
    }

    /// The parts of a fingerprint. Their names begin with `framework`, by which a version knows
    /// that an edited framework made it.
    pub fn parts(&self) -> FingerprintParts {
        self.parts.get_or_init(|| self.all_parts()).clone()
    }

    fn all_parts(&self) -> FingerprintParts {
        let name = format!("framework {}", self.framework.name);
        let mut parts = FingerprintParts::default();
        parts.add_as(
            &name,
            &PartContent(content(&self.framework)),
            shown(&self.framework),
        );
        if let Some(bridge) = &self.bridge {
            let content = PartContent(content(bridge));
            parts.add_as(format!("{name} bridge"), &content, summary(bridge));
        }
        if !self.accepted.accepted.is_empty() {
            let pairs = self.accepted.accepted.iter();
            let text: String = pairs
                .map(|one| format!("{}: {}\n", one.title, one.role))
                .collect();
            let name = format!("{name} accepted titles");
            parts.add_as(name, &PartContent(text.clone()), text);
        }
        if let Some(learnt) = &self.learnt {
            let content = PartContent(serde_json::to_string(learnt).unwrap_or_default());
            let words = format!("learnt from {} titles", learnt.titles);
            parts.add_as(format!("{name} learnt titles"), &content, words);
        }
        parts
    }
}

/// Runs work that uses all cores where the caller may be one of them: a core that waits takes up
/// other ads, and would wait for itself.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let on_own_cores = || match rayon::ThreadPoolBuilder::new().build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    };
    std::thread::scope(|scope| match scope.spawn(on_own_cores).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Everything of a framework that can change a decision, in a fixed form.
fn content(framework: &Framework) -> String {
    let mut text = format!("{} {:?}\n", framework.name, framework.kind);
    // Writing to a String cannot fail.
    for level in &framework.levels {
        let _ = writeln!(
            text,
            "level {:?} {:?} {:?}",
            level.id, level.name, level.aliases
        );
    }
    for entry in &framework.entries {
        let FrameworkEntry {
            id,
            name,
            aliases,
            parent,
            group,
            about,
            ..
        } = entry;
        let parent = parent.map(|at| &framework.entries[at].id);
        let _ = writeln!(
            text,
            "{id:?} {name:?} {aliases:?} {parent:?} {group} {about:?}"
        );
        for phrase in &entry.phrases {
            let _ = writeln!(text, " phrase {:?} {}", phrase.text, phrase.confidence);
        }
        for one in &entry.capabilities {
            let _ = writeln!(text, " capability {:?} {:?}", one.capability, one.level);
        }
    }
    text
}

fn kind_name(kind: FrameworkKind) -> &'static str {
    match kind {
        FrameworkKind::Roles => "roles",
        FrameworkKind::Capabilities => "capabilities",
    }
}

fn summary(framework: &Framework) -> String {
    let groups = framework.entries.iter().filter(|entry| entry.group).count();
    let what = kind_name(framework.kind);
    let entries = framework.entries.len() - groups;
    let (name, version) = (&framework.name, &framework.version);
    format!("{name} {version}: {entries} {what} in {groups} groups")
}

/// A framework as people read it in the history of the YAML.
fn shown(framework: &Framework) -> String {
    let mut text = summary(framework);
    if framework.entries.len() <= SHOWN_ENTRIES {
        for entry in &framework.entries {
            let names: Vec<&str> = entry.names().collect();
            let _ = write!(text, "\n{}: {}", entry.id, names.join(", "));
            for phrase in &entry.phrases {
                let _ = write!(text, "\n  {}", phrase.text);
            }
        }
    }
    text
}

/// Which framework is meant.
#[derive(Debug)]
pub enum FrameworkUse<'s> {
    /// It is there.
    Known(&'s Arc<KnownFramework>),
    /// Its file cannot be read, which is reported.
    Broken,
    /// There is none.
    Unknown,
}

/// The frameworks of a project.
#[derive(Debug, Default)]
pub struct FrameworkSet {
    known: Vec<Arc<KnownFramework>>,
    /// Names of frameworks that could not be read, with their files.
    broken: BTreeMap<String, String>,
    capabilities: CapabilityIndices,
}

/// Indices of capabilities by the frameworks that they search.
#[derive(Default)]
struct CapabilityIndices(Mutex<HashMap<Vec<(String, String)>, Arc<CapabilityIndex>>>);

impl std::fmt::Debug for CapabilityIndices {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("CapabilityIndices")
            .finish_non_exhaustive()
    }
}

impl FrameworkSet {
    /// A set.
    pub fn new(known: Vec<Arc<KnownFramework>>, broken: BTreeMap<String, String>) -> FrameworkSet {
        FrameworkSet {
            known,
            broken,
            capabilities: CapabilityIndices::default(),
        }
    }

    /// The framework of a name: in a version, else in the newest.
    pub fn find(&self, name: &str, version: Option<&str>) -> FrameworkUse<'_> {
        let mut named = self.known.iter().filter(|one| one.framework.name == name);
        let found = match version {
            Some(version) => named.rfind(|one| one.framework.version == version),
            None => named.next_back(),
        };
        match found {
            Some(known) => FrameworkUse::Known(known),
            None if self.broken.contains_key(name) => FrameworkUse::Broken,
            None => FrameworkUse::Unknown,
        }
    }

    /// The frameworks of a kind, by name and version.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<KnownFramework>> {
        self.known.iter()
    }

    /// The versions of a framework.
    pub fn versions<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let named = self
            .known
            .iter()
            .filter(move |one| one.framework.name == name);
        named.map(|one| one.framework.version.as_str())
    }

    /// The files that decide what an institution gets of a framework, broken ones, too.
    pub fn files(&self, name: &str) -> Vec<String> {
        let known = self.known.iter().filter(|one| one.framework.name == name);
        let known = known.flat_map(|one| one.files.iter().cloned());
        known.chain(self.broken.get(name).cloned()).collect()
    }

    /// The index over frameworks of capabilities.
    ///
    /// # Errors
    /// Their phrases are too many.
    pub fn capability_index(
        &self,
        wanted: &[Arc<KnownFramework>],
    ) -> Result<Arc<CapabilityIndex>, String> {
        let key = wanted.iter().map(|one| &one.framework);
        let key: Vec<(String, String)> = key
            .map(|one| (one.name.clone(), one.version.clone()))
            .collect();
        let lock = self.capabilities.0.lock();
        let mut built = lock.unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = built.get(&key) {
            return Ok(Arc::clone(index));
        }
        let frameworks = wanted.iter().map(|one| Arc::clone(&one.framework));
        let index = Arc::new(CapabilityIndex::build(frameworks.collect())?);
        built.insert(key, Arc::clone(&index));
        Ok(index)
    }
}
