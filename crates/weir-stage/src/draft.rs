//! One ad on its way through a segment: the document, the fields derived so far, and its problems.

use super::SourceContext;
use super::resolve::FoundRelation;
use std::sync::{Arc, OnceLock};
use weir_model::forgotten::TextMasks;
use weir_model::{
    Ad, Hash, Job, NewHold, NewRelation, Problem, ProblemSeverity, RelationTable, RolledBack,
    job::ComparedFields,
};
use weir_rule::RuleFacts;

/// An ad in work.
#[derive(Debug, Clone)]
pub struct AdDraft {
    /// The ad and its stored state.
    pub ad: Ad,
    /// The fields derived so far.
    pub job: Job,
    /// What is known besides its fields.
    pub facts: RuleFacts,
    /// All its problems.
    pub problems: Vec<Problem>,
    /// What an operator must decide before it can be published.
    pub holds: Vec<NewHold>,
    /// Companies and divisions to write with it.
    pub new_relations: Vec<NewRelation>,
    /// How its company and its division were found.
    pub found: Vec<FoundRelation>,
    /// The texts that were forgotten on request, where the database was asked for them.
    pub masks: Arc<TextMasks>,
    hashes: OnceLock<(Hash, Hash)>,
}

impl AdDraft {
    /// A new ad.
    pub fn new(ad: Ad) -> AdDraft {
        AdDraft {
            ad,
            job: Job::default(),
            facts: RuleFacts::default(),
            problems: Vec::new(),
            holds: Vec::new(),
            new_relations: Vec::new(),
            found: Vec::new(),
            masks: Arc::default(),
            hashes: OnceLock::new(),
        }
    }

    /// An ad at the start of a run. If a run of it was rolled back, it is held while its content
    /// and the YAML are unchanged.
    pub fn of(setting: &SourceContext, ad: Ad) -> AdDraft {
        let holds_back = ad
            .rolled_back
            .as_ref()
            .filter(|back| back.fingerprint == setting.steady);
        let problem = holds_back.map(|back| Problem {
            field: None,
            ..Problem::error(RolledBack::KIND, "", back.why.clone())
        });
        AdDraft {
            problems: problem.into_iter().collect(),
            ..AdDraft::new(ad)
        }
    }

    /// Whether it is held because of a rollback.
    pub fn is_rolled_back(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.kind == RolledBack::KIND && problem.rule.is_none())
    }

    /// Hashes of the compared fields and of those that only refresh, once the job is whole.
    pub fn hashes(&self, compared: &ComparedFields) -> (Hash, Hash) {
        *self.hashes.get_or_init(|| {
            (
                self.job.fields_hash(compared),
                self.job.refresh_hash(compared),
            )
        })
    }

    /// The name of its company, once it is found; else the name that the ad has.
    pub fn company_name(&self) -> Option<&str> {
        let mut found = self.found.iter();
        let company = found.find(|found| found.table == RelationTable::Companies);
        company
            .and_then(|company| company.name.as_deref())
            .or(self.facts.company.name.as_deref())
    }

    /// Whether something refuses it.
    pub fn fails(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == ProblemSeverity::Error)
    }

    /// Whether the fault is outside the ad, so that trying again may help.
    pub fn broke(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.kind == "system_error" && problem.rule.is_none())
    }
}
