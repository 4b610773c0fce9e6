//! Frameworks: what roles and capabilities there are, declared and never compiled in.
//!
//! A framework is a head (plain serde types, usually YAML) over entries that stand in it, in tables
//! that a user brings, or both. [`Framework::build`] turns a head and the bytes of its tables into
//! entries with parents and reports everything that is wrong at once. It never opens a file: the
//! caller hands over a [`TableSource`].
//!
//! A new property of entries is a field of [`EntryHead`], one of [`FrameworkEntry`], and, where
//! tables may have it, a column in [`TableHead`].

mod build;
mod drafts;
mod fault;
mod head;
mod hierarchy;
mod shelf;
mod table;

pub use build::TableSource;
pub use fault::{FaultCause, FaultPlace, FrameworkFault};
pub use head::{
    CapabilityHead, EntryHead, FrameworkHead, FrameworkKind, GroupColumns, LevelHead, ParentRule,
    TableHead,
};

pub use shelf::{FrameworkShelf, version_order};

/// The position of an entry in its framework.
pub type EntryIndex = usize;

/// A framework, checked: every parent exists and no entry is its own ancestor.
#[derive(Debug, Clone)]
pub struct Framework {
    /// The name that institutions use.
    pub name: String,
    /// Versions of one framework live side by side.
    pub version: String,
    /// What its entries are.
    pub kind: FrameworkKind,
    /// What it is, for people.
    pub about: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// What its use is bound to.
    pub licence: Option<String>,
    /// The second framework whose titles say what its titles mean.
    pub bridge: Option<String>,
    /// The levels, ascending.
    pub levels: Vec<FrameworkLevel>,
    /// Entries and groups.
    pub entries: Vec<FrameworkEntry>,
}

/// A level of capabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameworkLevel {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
}

/// A role, a capability, or a group of them.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameworkEntry {
    /// Its id, unique in the framework.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Alternative titles.
    pub aliases: Vec<String>,
    /// The group that it belongs to.
    pub parent: Option<EntryIndex>,
    /// Whether it is a group: an answer only where no entry is sure.
    pub group: bool,
    /// Whether its source confirms it.
    pub confirmed: bool,
    /// What it is; its words are weak evidence.
    pub about: Option<String>,
    /// Phrases that point to a capability.
    pub phrases: Vec<IndicatorPhrase>,
    /// Capabilities that come with a role.
    pub capabilities: Vec<RoleCapability>,
}

/// A phrase in free text that points to a capability.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorPhrase {
    /// The phrase.
    pub text: String,
    /// How often an ad with the phrase asks for the capability.
    pub confidence: f32,
}

/// A capability that a role brings with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleCapability {
    /// The id of the capability.
    pub capability: String,
    /// The id of its level.
    pub level: Option<String>,
}

impl Framework {
    /// Builds a framework from its head and tables.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the files.
    pub fn build(
        head: &FrameworkHead,
        tables: &dyn TableSource,
    ) -> Result<Framework, Vec<FrameworkFault>> {
        build::build(head, tables)
    }

    /// The position of the entry with an id.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<EntryIndex> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// An entry and its ancestors, from itself upwards.
    pub fn lineage(&self, entry: EntryIndex) -> impl Iterator<Item = EntryIndex> + '_ {
        std::iter::successors(Some(entry), |at| self.entries.get(*at)?.parent)
    }

    /// Whether an entry is another or below it.
    #[must_use]
    pub fn is_within(&self, entry: EntryIndex, ancestor: EntryIndex) -> bool {
        self.lineage(entry).any(|at| at == ancestor)
    }

    /// The lowest entry that two have in common.
    #[must_use]
    pub fn common(&self, left: EntryIndex, right: EntryIndex) -> Option<EntryIndex> {
        self.lineage(left).find(|at| self.is_within(right, *at))
    }

    /// The names of an entry: its name, then its aliases.
    pub fn names(&self, entry: EntryIndex) -> impl Iterator<Item = &str> {
        self.entries.get(entry).into_iter().flat_map(FrameworkEntry::names)
    }
}

impl FrameworkEntry {
    /// The name, then the aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests;
