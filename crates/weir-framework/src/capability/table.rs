//! Capabilities that a text names with a level: tables, lists, sentences.
//!
//! A line is reduced to what matters in it: names, levels, levels of other frameworks. A level
//! belongs to the name before it, on its line or a few lines above; where it leads its line, to the
//! names behind it.

use super::index::{CapabilityIndex, NameMeaning};
use super::line::{self, LineWord};
use super::near::word_distance;
use super::{CapabilityKind, CapabilityRow};
use crate::framework::EntryIndex;
use crate::words::FoldedText;
use std::ops::Range;

/// Something in a line that matters.
#[derive(Debug, Clone)]
struct LineItem {
    what: ItemKind,
    place: Range<usize>,
    cell: usize,
    /// Whether the cell has nothing else.
    whole: bool,
    /// How many letters were wrong.
    wrong: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ItemKind {
    /// A capability of a framework.
    Name(usize, EntryIndex),
    /// A level of a framework.
    Level(usize, usize),
    /// A level of a framework that is not ours: `Level 2`.
    Foreign,
    /// A cross or tick in a column.
    Mark,
}

/// A name that waits for its level.
struct PendingName {
    item: LineItem,
    line: usize,
    kind: CapabilityKind,
}

/// What has been read so far.
struct TableReading {
    rows: Vec<CapabilityRow>,
    kind: Option<CapabilityKind>,
    /// Whether a heading about capabilities was there.
    headed: bool,
    pending: Option<PendingName>,
    /// Levels by column, where a heading names them.
    columns: Vec<(usize, usize, usize)>,
    line: usize,
}

/// How many lines below its name a level may be.
const REACH: usize = 14;

/// What levels of other frameworks begin with.
const LEVEL: &str = "level";

/// How sure a named capability with a level is, without one, and by how much each wrong letter
/// lessens it.
const WITH_LEVEL: f32 = 0.98;
const WITHOUT_LEVEL: f32 = 0.85;
const WRONG_LETTER: f32 = 0.03;

/// The capabilities that a text names.
pub(super) fn read(index: &CapabilityIndex, folded: &FoldedText) -> Vec<CapabilityRow> {
    let mut reading = TableReading {
        rows: Vec::new(),
        kind: None,
        headed: false,
        pending: None,
        columns: Vec::new(),
        line: 0,
    };
    let has_headings = folded.text.contains("capabilit");
    let mut offset = 0;
    for line in folded.text.split_inclusive('\n') {
        if has_headings {
            reading.head(line);
        }
        let matters = line::beginnings(line).any(|word| may_begin(index, word));
        let words = if matters { line::words(line, offset) } else { Vec::new() };
        reading.take(&items(index, &words));
        offset += line.len();
        reading.line += 1;
    }
    reading.release();
    reading.rows
}

/// Whether something that matters may begin with a word: most lines of most ads have no such word.
fn may_begin(index: &CapabilityIndex, word: &str) -> bool {
    is_mark_word(word) || index.first_words.may_begin(word) || word_distance(word, LEVEL).is_some()
}

/// What matters in a line.
fn items(index: &CapabilityIndex, words: &[LineWord<'_>]) -> Vec<LineItem> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match item_at(index, words, at) {
            Some((item, count)) => {
                items.push(item);
                at += count;
            }
            None => at += 1,
        }
    }
    items
}

fn item_at(
    index: &CapabilityIndex,
    words: &[LineWord<'_>],
    at: usize,
) -> Option<(LineItem, usize)> {
    let word = words.get(at).filter(|word| word.begins)?;
    let cell = word.cell;
    let item = |what, count: usize, wrong| {
        let last = &words[at + count - 1];
        let alone = |other: Option<&LineWord<'_>>| other.is_none_or(|word| word.cell != cell);
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let whole = alone(before) && alone(words.get(at + count));
        let place = word.place.start..last.place.end;
        (LineItem { what, place, cell, whole, wrong }, count)
    };
    if word_distance(word.text, LEVEL).is_some()
        && words.get(at + 1).is_some_and(|next| next.text.starts_with(|c: char| c.is_ascii_digit()))
    {
        return Some(item(ItemKind::Foreign, 2, 0));
    }
    if is_mark(word) {
        return Some(item(ItemKind::Mark, 1, 0));
    }
    let found = index.name_at(words[at..].iter().map(|word| word.text))?;
    let last = &words[at + found.words - 1];
    match found.meaning {
        NameMeaning::Level(level) => {
            let follows = words.get(at + found.words);
            let closed = last.ends
                || follows
                    .is_some_and(|next| next.ends && word_distance(next.text, LEVEL).is_some());
            closed.then(|| item(ItemKind::Level(found.framework, level), found.words, found.wrong))
        }
        NameMeaning::Capability(capability) => {
            let distinct = found.words > 1 || last.ends || described(words, at);
            let what = ItemKind::Name(found.framework, capability);
            distinct.then(|| item(what, found.words, found.wrong))
        }
    }
}

fn is_mark(word: &LineWord<'_>) -> bool {
    word.begins && word.ends && is_mark_word(word.text)
}

fn is_mark_word(word: &str) -> bool {
    matches!(word, "x" | "yes" | "y")
}

/// Whether a name of one word begins a cell of a row and is followed by more than a word.
fn described(words: &[LineWord<'_>], at: usize) -> bool {
    let word = &words[at];
    let first = at == 0 || words[at - 1].cell != word.cell;
    let cells = words.last().is_some_and(|last| last.cell > 0);
    let many = words.get(at + 3).is_some_and(|other| other.cell == word.cell);
    first && many && (cells || at == 0)
}

impl TableReading {
    /// Notes what a line says about the rows below it.
    fn head(&mut self, line: &str) {
        let about = line.contains("capabilit");
        self.headed |= about;
        if about {
            let focus = line.rfind("focus capabilit").map(|at| (at, CapabilityKind::Focus));
            let more = ["complementary capabilit", "complimentary capabilit"];
            let more = more.iter().filter_map(|words| line.rfind(words)).max();
            let more = more.map(|at| (at, CapabilityKind::Complementary));
            let last = focus.into_iter().chain(more).max_by_key(|(at, _)| *at);
            if let Some((_, kind)) = last.or_else(|| occupational(line)) {
                self.release();
                self.kind = Some(kind);
            }
        }
        let header = about && line.contains("level") && self.kind.is_none();
        if header && line.contains("behavioural indicator") {
            self.kind = Some(CapabilityKind::Focus);
        } else if header && line.contains("description") {
            self.kind = Some(CapabilityKind::Complementary);
        }
    }

    fn take(&mut self, items: &[LineItem]) {
        if self.pending.as_ref().is_some_and(|pending| self.line > pending.line + REACH) {
            self.release();
        }
        if self.take_columns(items) || self.take_marks(items) {
            return;
        }
        let leads = match (items.first(), items.last()) {
            (Some(first), Some(last)) => is_level(first) && matches!(last.what, ItemKind::Name(..)),
            _ => false,
        };
        let mut lead = None;
        for item in items {
            match item.what {
                ItemKind::Level(framework, level) if leads => lead = Some((framework, level)),
                ItemKind::Level(framework, level) => self.take_level(framework, level, item),
                ItemKind::Foreign => self.pending = None,
                ItemKind::Mark => {}
                ItemKind::Name(framework, capability) => match lead {
                    Some((of, level)) if of == framework => {
                        let kind = self.kind.unwrap_or(CapabilityKind::Mentioned);
                        self.push(
                            framework,
                            capability,
                            Some(level),
                            kind,
                            item,
                            item.place.clone(),
                        );
                    }
                    _ => self.take_name(item),
                },
            }
        }
    }

    /// A heading with a level in each column.
    fn take_columns(&mut self, items: &[LineItem]) -> bool {
        let columns: Vec<(usize, usize, usize)> = items
            .iter()
            .filter_map(|item| match item.what {
                ItemKind::Level(framework, level) => Some((item.cell, framework, level)),
                _ => None,
            })
            .collect();
        let cells = columns.windows(2).all(|two| two[0].0 < two[1].0);
        let heading = columns.len() >= 3 && columns.len() == items.len() && cells;
        if heading {
            self.release();
            self.columns = columns;
        }
        heading
    }

    /// A row whose level is where its mark is.
    fn take_marks(&mut self, items: &[LineItem]) -> bool {
        let mark = items.iter().find(|item| item.what == ItemKind::Mark);
        let Some(mark) = mark.filter(|_| !self.columns.is_empty()) else { return false };
        let column = self.columns.iter().find(|(cell, _, _)| *cell == mark.cell).copied();
        for item in items {
            if let (ItemKind::Name(framework, capability), Some((_, of, level))) =
                (item.what, column)
                && of == framework
            {
                let kind = self.kind.unwrap_or(CapabilityKind::Mentioned);
                let evidence = item.place.start..mark.place.end;
                self.push(framework, capability, Some(level), kind, item, evidence);
            }
        }
        true
    }

    fn take_name(&mut self, item: &LineItem) {
        // A group is named before the row's own name: `Finance  Finance Operations  Level 2`.
        let group =
            |pending: &PendingName| pending.line == self.line && pending.item.what == item.what;
        if self.pending.as_ref().is_some_and(group) {
            self.pending = None;
        }
        self.release();
        let kind = self.kind.unwrap_or(CapabilityKind::Mentioned);
        self.pending = Some(PendingName { item: item.clone(), line: self.line, kind });
    }

    fn take_level(&mut self, framework: usize, level: usize, at: &LineItem) {
        let Some(pending) = self.pending.take() else { return };
        if let ItemKind::Name(of, capability) = pending.item.what
            && of == framework
        {
            let evidence = pending.item.place.start..at.place.end;
            self.push(framework, capability, Some(level), pending.kind, &pending.item, evidence);
        }
    }

    /// A name whose level never came counts where it is alone in its cell and a heading announced
    /// capabilities.
    fn release(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        let ItemKind::Name(framework, capability) = pending.item.what else { return };
        if self.headed && pending.item.whole {
            let evidence = pending.item.place.clone();
            self.push(framework, capability, None, pending.kind, &pending.item, evidence);
        }
    }

    fn push(
        &mut self,
        framework: usize,
        capability: EntryIndex,
        level: Option<usize>,
        kind: CapabilityKind,
        item: &LineItem,
        evidence: Range<usize>,
    ) {
        let sure = if level.is_some() { WITH_LEVEL } else { WITHOUT_LEVEL };
        let wrong = f32::from(u8::try_from(item.wrong).unwrap_or(u8::MAX));
        let confidence = (sure - WRONG_LETTER * wrong).max(0.5);
        self.rows.push(CapabilityRow { framework, capability, level, kind, evidence, confidence });
    }
}

fn is_level(item: &LineItem) -> bool {
    matches!(item.what, ItemKind::Level(..))
}

/// Headings of occupation-specific sets: `occupation specific capabilities - complementary`.
fn occupational(line: &str) -> Option<(usize, CapabilityKind)> {
    let kinds = [
        ("focus", CapabilityKind::Focus),
        ("complementary", CapabilityKind::Complementary),
        ("complimentary", CapabilityKind::Complementary),
    ];
    let about = line.contains("specific capabilit");
    kinds.into_iter().filter(|_| about).find_map(|(word, kind)| Some((line.rfind(word)?, kind)))
}
