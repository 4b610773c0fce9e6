//! What can be wrong in a framework, and where.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameworkFault {
    /// Where.
    pub place: FaultPlace,
    /// What.
    pub cause: FaultCause,
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultPlace {
    /// The head as a whole.
    Head,
    /// An entry, group or level of the head, by its id.
    Entry(String),
    /// A table of the head.
    Table(String),
    /// A row of a table; the first below the names of the columns is row 2.
    Row {
        /// The table.
        file: String,
        /// The row, as editors count.
        row: u64,
    },
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultCause {
    /// The framework has no entries.
    NoEntries,
    /// Two entries have one id.
    RepeatedId(String),
    /// A parent that nothing has as id.
    UnknownParent(String),
    /// An entry that is its own ancestor.
    CircularParents(String),
    /// An entry without an id.
    NoId,
    /// An entry without a name.
    NoName(String),
    /// A column that the table does not have, with those that it has.
    UnknownColumn(String, Vec<String>),
    /// A delimiter that is not one ASCII character.
    BadDelimiter(char),
    /// A separator without a character.
    EmptySeparator,
    /// A file that cannot be read.
    Unreadable(String),
}

impl fmt::Display for FaultCause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultCause::NoEntries => write!(out, "the framework has no entries"),
            FaultCause::RepeatedId(id) => write!(out, "the id `{id}` appears twice"),
            FaultCause::UnknownParent(id) => write!(out, "no group has the id `{id}`"),
            FaultCause::CircularParents(id) => write!(out, "`{id}` is its own ancestor"),
            FaultCause::NoId => write!(out, "the entry has no id"),
            FaultCause::NoName(id) => write!(out, "the entry `{id}` has no name"),
            FaultCause::UnknownColumn(name, known) => {
                write!(out, "no column is named `{name}`; the columns are {}", known.join(", "))
            }
            FaultCause::BadDelimiter(sign) => {
                write!(out, "the delimiter `{sign}` is not one ASCII character")
            }
            FaultCause::EmptySeparator => write!(out, "the separator is empty"),
            FaultCause::Unreadable(why) => write!(out, "the file cannot be read: {why}"),
        }
    }
}

impl fmt::Display for FaultPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultPlace::Head => write!(out, "framework"),
            FaultPlace::Entry(id) => write!(out, "`{id}`"),
            FaultPlace::Table(file) => write!(out, "{file}"),
            FaultPlace::Row { file, row } => write!(out, "{file}:{row}"),
        }
    }
}

impl fmt::Display for FrameworkFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.cause)
    }
}
