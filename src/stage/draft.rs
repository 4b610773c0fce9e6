//! One ad on its way through a segment: the document, the fields derived so far, and everything said against it.

use crate::model::{Ad, Job, Problem, Severity};
use crate::rule::Facts;
use crate::store::holds::NewHold;

/// An ad in work.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The ad and what was known of it.
    pub ad: Ad,
    /// The fields derived so far.
    pub job: Job,
    /// What is known beside its fields.
    pub facts: Facts,
    /// Everything said against it.
    pub problems: Vec<Problem>,
    /// What a person must decide before it can be published.
    pub holds: Vec<NewHold>,
    /// A company to create with it.
    pub new_company: Option<String>,
    /// A division to create with it.
    pub new_division: Option<String>,
}

impl Draft {
    /// An ad whose work begins.
    pub fn new(ad: Ad) -> Draft {
        Draft { ad, job: Job::default(), facts: Facts::default(), problems: Vec::new(), holds: Vec::new(), new_company: None, new_division: None }
    }

    /// Whether something refuses it.
    pub fn fails(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Whether the fault is outside the ad, so that trying again may help.
    pub fn broke(&self) -> bool {
        self.problems.iter().any(|problem| problem.kind == "system_error" && problem.rule.is_none())
    }
}
