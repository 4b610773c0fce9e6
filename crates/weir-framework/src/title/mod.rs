//! Titles without what is no part of the role, each piece kept as a value of its own.
//!
//! Boards put seniority, employment, place, pay, gender, requisition numbers and appeals into
//! titles. [`TitleCleaner`] takes them out and says what each was, so that `Snr Java Dev - Sydney
//! CBD | $140k` is the role `Java Dev` with a seniority, a place and a pay. What says more about
//! the role but is not its name (`- Payments Platform`) becomes a qualifier. Never is a title
//! cleaned to nothing: where only noise is there, the noise is the title.
//!
//! A new phrase is one line in `lexicon.rs`.

mod clean;
mod cut;
mod lexicon;
mod pattern;
#[cfg(test)]
mod tests;

pub use clean::TitleCleaner;

/// A title, cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanTitle {
    /// What names the role, with its seniority: `Assistant Accountant`, `Senior Java Dev`.
    pub full: String,
    /// What names the role: `Java Dev`.
    pub role: String,
    /// Where the title names several roles, each of them: `Chef / Waiter`. Else empty.
    pub parts: Vec<String>,
    /// What says more about it: `Payments Platform`.
    pub qualifiers: Vec<String>,
    /// What was taken out, in the order of the title.
    pub notes: Vec<TitleNote>,
}

/// Something that a title says beside the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleNote {
    /// What it is.
    pub kind: NoteKind,
    /// As the title writes it.
    pub text: String,
    /// As Weir writes it where several spellings mean one thing: `senior`.
    pub value: String,
}

/// What a note of a title is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// Junior, senior, lead, graduate.
    Seniority,
    /// Full-time, part-time, casual; shifts and days.
    Employment,
    /// Permanent, temporary, for some months.
    Contract,
    /// On site, hybrid, remote.
    Arrangement,
    /// A place.
    Location,
    /// Pay, commission, benefits.
    Pay,
    /// `m/f/d` and the like.
    Gender,
    /// A number of the advertiser.
    Requisition,
    /// Urgent, apply now, ten positions.
    Appeal,
}

impl NoteKind {
    /// Its name in YAML and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            NoteKind::Seniority => "seniority",
            NoteKind::Employment => "employment",
            NoteKind::Contract => "contract",
            NoteKind::Arrangement => "arrangement",
            NoteKind::Location => "location",
            NoteKind::Pay => "pay",
            NoteKind::Gender => "gender",
            NoteKind::Requisition => "requisition",
            NoteKind::Appeal => "appeal",
        }
    }
}

impl CleanTitle {
    /// The first value of a kind.
    #[must_use]
    pub fn value(&self, kind: NoteKind) -> Option<&str> {
        self.notes.iter().find(|note| note.kind == kind).map(|note| note.value.as_str())
    }
}
