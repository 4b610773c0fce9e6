//! Head and tables to a framework.

use super::drafts::{EntryDrafts, ParentDraft};
use super::fault::{FaultCause, FaultPlace, FrameworkFault};
use super::head::{EntryHead, FrameworkHead, LevelHead, ParentRule, TableHead};
use super::table::{self, EntryRow};
use super::{
    Framework, FrameworkEntry, FrameworkLevel, IndicatorPhrase, RoleCapability, hierarchy,
};

/// How often an ad with a phrase or hint asks for the capability.
const PHRASE_CONFIDENCE: f32 = 0.9;
const HINT_CONFIDENCE: f32 = 0.5;

/// Where the bytes of tables come from.
pub trait TableSource {
    /// The bytes of a file named by a head.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn bytes(&self, file: &str) -> Result<Vec<u8>, String>;
}

impl<F: Fn(&str) -> Result<Vec<u8>, String>> TableSource for F {
    fn bytes(&self, file: &str) -> Result<Vec<u8>, String> {
        self(file)
    }
}

pub(super) fn build(
    head: &FrameworkHead,
    tables: &dyn TableSource,
) -> Result<Framework, Vec<FrameworkFault>> {
    let mut drafts = EntryDrafts::default();
    for (group, list) in [(true, &head.groups), (false, &head.entries)] {
        list.iter().for_each(|entry| drafts.add_inline(entry, group));
    }
    for table in &head.tables {
        drafts.add_table(table, tables);
    }
    let levels = levels(head, &mut drafts);
    if drafts.faults.is_empty() && !drafts.entries.iter().any(|entry| !entry.group) {
        drafts.fault(FaultPlace::Head, FaultCause::NoEntries);
    }
    hierarchy::link(&mut drafts);
    if !drafts.faults.is_empty() {
        return Err(drafts.faults);
    }
    Ok(Framework {
        name: head.framework.clone(),
        version: head.version.clone(),
        kind: head.kind,
        about: head.about.clone(),
        source: head.source.clone(),
        licence: head.licence.clone(),
        bridge: head.bridge.clone(),
        levels,
        entries: drafts.entries,
    })
}

fn levels(head: &FrameworkHead, drafts: &mut EntryDrafts) -> Vec<FrameworkLevel> {
    let mut levels: Vec<FrameworkLevel> = Vec::new();
    for LevelHead { id, name, aliases } in &head.levels {
        if levels.iter().any(|level| level.id == *id) {
            drafts.fault(FaultPlace::Entry(id.clone()), FaultCause::RepeatedId(id.clone()));
        }
        let (id, name, aliases) = (id.clone(), name.clone(), aliases.clone());
        levels.push(FrameworkLevel { id, name, aliases });
    }
    levels
}

impl EntryDrafts {
    fn add_inline(&mut self, head: &EntryHead, group: bool) {
        let place = FaultPlace::Entry(head.id.clone());
        if self.by_id.contains_key(&head.id) {
            return self.fault(place, FaultCause::RepeatedId(head.id.clone()));
        }
        let entry = FrameworkEntry {
            id: head.id.trim().to_owned(),
            name: head.name.trim().to_owned(),
            aliases: head.aliases.clone(),
            parent: None,
            group,
            confirmed: head.confirmed,
            about: head.about.clone(),
            phrases: phrases(head),
            capabilities: capabilities(head),
        };
        let parent = head.parent.clone().map_or(ParentDraft::None, ParentDraft::Id);
        self.add(entry, parent, place);
    }

    fn add(&mut self, entry: FrameworkEntry, parent: ParentDraft, place: FaultPlace) {
        if entry.id.is_empty() {
            return self.fault(place, FaultCause::NoId);
        }
        if entry.name.is_empty() {
            return self.fault(place, FaultCause::NoName(entry.id));
        }
        self.by_id.insert(entry.id.clone(), self.entries.len());
        self.entries.push(entry);
        self.parents.push(parent);
        self.places.push(place);
    }

    fn add_table(&mut self, head: &TableHead, tables: &dyn TableSource) {
        let bytes = match tables.bytes(&head.file) {
            Ok(bytes) => bytes,
            Err(why) => {
                let place = FaultPlace::Table(head.file.clone());
                return self.fault(place, FaultCause::Unreadable(why));
            }
        };
        for row in table::read(head, &bytes, &mut self.faults) {
            self.add_row(head, row);
        }
    }

    fn add_row(&mut self, head: &TableHead, row: EntryRow) {
        let place = FaultPlace::Row { file: head.file.clone(), row: row.row };
        let parent = self.parent_of(head, &row, &place);
        if let Some(known) = self.by_id.get(&row.id).copied() {
            return self.merge(known, row);
        }
        let mut titles = row.titles;
        let name = row.name.or_else(|| (!titles.is_empty()).then(|| titles.remove(0)));
        let entry = FrameworkEntry {
            id: row.id,
            name: name.unwrap_or_default(),
            aliases: titles,
            parent: None,
            group: head.are_groups,
            confirmed: true,
            about: row.about,
            phrases: Vec::new(),
            capabilities: Vec::new(),
        };
        self.add(entry, parent, place);
    }

    fn parent_of(&mut self, head: &TableHead, row: &EntryRow, place: &FaultPlace) -> ParentDraft {
        let mut above = ParentDraft::None;
        for (id, name) in &row.groups {
            if !self.by_id.contains_key(id) {
                let group = group(id, name);
                self.add(group, above.clone(), place.clone());
            }
            above = ParentDraft::Id(id.clone());
        }
        match (&row.parent, head.parent_by) {
            (Some(id), _) => ParentDraft::Id(id.clone()),
            (None, Some(ParentRule::Prefix)) => ParentDraft::Prefix,
            (None, None) => above,
        }
    }

    /// Another row of an entry: its titles are more titles.
    fn merge(&mut self, known: usize, row: EntryRow) {
        let Some(entry) = self.entries.get_mut(known) else { return };
        for title in row.name.into_iter().chain(row.titles) {
            if title != entry.name && !entry.aliases.contains(&title) {
                entry.aliases.push(title);
            }
        }
        entry.about = entry.about.take().or(row.about);
    }
}

fn phrases(head: &EntryHead) -> Vec<IndicatorPhrase> {
    let strong = head.phrases.iter().map(|text| (text, PHRASE_CONFIDENCE));
    let weak = head.hints.iter().map(|text| (text, HINT_CONFIDENCE));
    let phrase =
        |(text, confidence): (&String, f32)| IndicatorPhrase { text: text.clone(), confidence };
    strong.chain(weak).map(phrase).collect()
}

fn capabilities(head: &EntryHead) -> Vec<RoleCapability> {
    let of = head
        .capabilities
        .iter()
        .map(|one| RoleCapability { capability: one.capability.clone(), level: one.level.clone() });
    of.collect()
}

fn group(id: &str, name: &str) -> FrameworkEntry {
    FrameworkEntry {
        id: id.to_owned(),
        name: if name.is_empty() { id.to_owned() } else { name.to_owned() },
        aliases: Vec::new(),
        parent: None,
        group: true,
        confirmed: true,
        about: None,
        phrases: Vec::new(),
        capabilities: Vec::new(),
    }
}
