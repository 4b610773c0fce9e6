//! What is wrong in the YAML, and where.
//!
//! Every reading, compiling and checking step writes into one [`Diagnostics`], so that an author
//! sees all problems of all files at once, each with its place. Nothing here knows YAML, stages or
//! the terminal: a diagnostic is data, and [`render`] and [`to_json`] are two readers of it. It
//! must never print, and never decide what happens next.
//!
//! A new type of problem needs no change here: choose a code in kebab case and push it where the
//! problem is found.

mod json;
mod place;
mod render;
mod spelling;

pub use json::to_json;
pub use place::{FileTexts, Place};
pub use render::render;
pub use spelling::{did_you_mean, is_slip, one_of};

use std::sync::Arc;

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The project cannot be used until it is repaired.
    Error,
    /// The project can be used, but something is probably not meant so.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One problem.
///
/// The message is lower case, has no full stop and puts names in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The type of problem, in kebab case: `unknown-field`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where, unless it is about no file at all.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that explain it, such as "first defined here".
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    /// An error that has no place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            place: None,
            help: None,
            related: Vec::new(),
        }
    }

    /// A warning that has no place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// The same diagnostic at a place.
    pub fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// Says what to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place that explains it.
    pub fn related(&mut self, place: &Place, note: impl Into<String>) -> &mut Self {
        self.related.push((place.clone(), note.into()));
        self
    }

    /// Those with a place by file, line and column; those without one last.
    fn order(&self) -> impl Ord {
        (
            self.place.is_none(),
            self.place.clone(),
            self.severity,
            self.code,
            self.message.clone(),
        )
    }
}

/// All problems found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a diagnostic and returns it, for [`Diagnostic::help`] and [`Diagnostic::related`].
    pub fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.0.push_mut(diagnostic)
    }

    /// Adds an error at a place.
    pub fn error(
        &mut self,
        place: &Place,
        code: &'static str,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::error(code, message).at(place))
    }

    /// Adds a warning at a place.
    pub fn warning(
        &mut self,
        place: &Place,
        code: &'static str,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Diagnostic::warning(code, message).at(place))
    }

    /// Takes over all diagnostics of another collection.
    pub fn append(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// Whether there is at least one error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|one| one.severity == Severity::Error)
    }

    /// Whether a file has errors: what is missing there may only be unreadable.
    pub fn has_errors_in(&self, file: &str) -> bool {
        self.0.iter().any(|one| {
            one.severity == Severity::Error
                && one.place.as_ref().is_some_and(|place| *place.file == *file)
        })
    }

    /// Whether an error points into a place.
    pub fn has_errors_within(&self, outer: &Place) -> bool {
        let is_within = |place: &Place| {
            place.file == outer.file
                && place.line == outer.line
                && (outer.column..outer.column + outer.length).contains(&place.column)
        };
        self.0
            .iter()
            .any(|one| one.severity == Severity::Error && one.place.as_ref().is_some_and(is_within))
    }

    /// Whether there are no diagnostics.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are, repetitions included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Those at places that are wanted, and those that have none.
    #[must_use]
    pub fn only(&self, is_wanted: impl Fn(&Place) -> bool) -> Diagnostics {
        Diagnostics(
            self.0
                .iter()
                .filter(|one| one.place.as_ref().is_none_or(&is_wanted))
                .cloned()
                .collect(),
        )
    }

    /// The same, with the places in one file moved to another name of it.
    #[must_use]
    pub fn renamed(self, from: &str, to: &str) -> Diagnostics {
        let name: Arc<str> = to.into();
        let moved = |place: Place| {
            if &*place.file == from {
                Place {
                    file: Arc::clone(&name),
                    ..place
                }
            } else {
                place
            }
        };
        let one = |diagnostic: Diagnostic| Diagnostic {
            place: diagnostic.place.map(&moved),
            related: diagnostic
                .related
                .into_iter()
                .map(|(place, note)| (moved(place), note))
                .collect(),
            ..diagnostic
        };
        Diagnostics(self.0.into_iter().map(one).collect())
    }

    /// Each once, by file, line and column, whatever the order in which they were found.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.0.iter().collect();
        all.sort_by_cached_key(|one| one.order());
        all.dedup();
        all
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, line: usize, column: usize) -> Place {
        Place::new(file, line, column, 1)
    }

    #[test]
    fn diagnostics_come_out_by_place_and_only_once() {
        let mut all = Diagnostics::new();
        all.push(Diagnostic::error("x", "nowhere"));
        all.error(&place("b.yaml", 1, 1), "x", "b");
        all.error(&place("a.yaml", 10, 1), "x", "late");
        all.error(&place("a.yaml", 9, 2), "x", "early");
        all.error(&place("a.yaml", 9, 2), "x", "early");
        let order: Vec<_> = all
            .sorted()
            .iter()
            .map(|one| one.message.as_str())
            .collect();
        assert_eq!(order, ["early", "late", "b", "nowhere"]);
    }

    #[test]
    fn a_warning_is_not_an_error() {
        let mut all = Diagnostics::new();
        all.warning(&place("a.yaml", 1, 1), "x", "odd")
            .help("look at it");
        assert!(!all.has_errors());
        all.error(&place("a.yaml", 1, 1), "x", "wrong");
        assert!(all.has_errors());
    }
}
