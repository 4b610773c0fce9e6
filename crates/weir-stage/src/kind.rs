//! The kinds of stages: in which scope each works, and what it reads and writes.
//!
//! This table is all that the plan and the engine go by: which orders an author may write follows
//! from what stages read and write, which stages stream together follows from their scopes. Nothing
//! else may ask for a kind to decide an order. To add a kind: a variant, its line in [`KindFacts`],
//! and what docs/decisions/0016-walked-graph.md asks for.

/// Which step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StageKind {
    /// Reads the list of a source.
    Fetch,
    /// Reads the pages of single ads, where the source has such pages.
    Details,
    /// Holds back a read that is not as usual, where the source asks for that.
    Quality,
    /// Finds out which ads are which jobs, where the source's ids may change hands.
    Identity,
    /// Derives canonical fields from a document.
    Extract,
    /// Finds company and division.
    Resolve,
    /// Decides the role of an ad and finds its capabilities, where the YAML asks for that.
    Classify,
    /// Judges an ad.
    Validate,
    /// Writes jobs and their history.
    Promote,
    /// Retires what has closed or gone.
    Archive,
    /// Measures how good a source is, for the runs to come.
    Measure,
    /// Finds out which jobs advertise one opening, where the institution declares `openings`.
    Dedupe,
    /// Sums up.
    Report,
}

/// What one unit of a stage's work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StageScope {
    /// One source: a node for each.
    Source,
    /// One ad: a node for each source; neighbours fuse into the segment, through which ads stream
    /// in batches.
    Record,
    /// The institution: one node, which begins when all that it waits for has ended in every
    /// source.
    Institution,
}

/// What stages hand to each other. Who reads it comes after everyone who writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StageDatum {
    /// What a source lists.
    Listings,
    /// Raw documents, and how the read of them ended.
    Documents,
    /// The decision whether a read may be acted upon.
    Admission,
    /// Which ad is which job.
    Identities,
    /// Canonical fields.
    Fields,
    /// Companies and divisions.
    Relations,
    /// Roles and capabilities.
    Classes,
    /// What is said against an ad.
    Verdicts,
    /// Jobs and their versions.
    Jobs,
    /// Which jobs are no longer open.
    Retirements,
    /// How good a source is.
    Measures,
    /// Which jobs advertise one opening.
    Openings,
}

impl StageDatum {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            StageDatum::Listings => "the listings",
            StageDatum::Documents => "the documents",
            StageDatum::Admission => "the decision whether a read may be acted upon",
            StageDatum::Identities => "which ad is which job",
            StageDatum::Fields => "the fields",
            StageDatum::Relations => "companies and divisions",
            StageDatum::Classes => "roles and capabilities",
            StageDatum::Verdicts => "the reasons against ads",
            StageDatum::Jobs => "the jobs",
            StageDatum::Retirements => "which jobs are archived",
            StageDatum::Measures => "the measures",
            StageDatum::Openings => "the openings",
        }
    }
}

/// The properties of a kind.
struct KindFacts {
    name: &'static str,
    scope: StageScope,
    reads: &'static [StageDatum],
    writes: &'static [StageDatum],
    /// Whether it is added by default.
    is_placed: bool,
}

/// All kinds, in the order of a full pipeline.
pub const KINDS: [StageKind; 13] = [
    StageKind::Fetch,
    StageKind::Details,
    StageKind::Quality,
    StageKind::Identity,
    StageKind::Extract,
    StageKind::Resolve,
    StageKind::Classify,
    StageKind::Validate,
    StageKind::Promote,
    StageKind::Archive,
    StageKind::Measure,
    StageKind::Dedupe,
    StageKind::Report,
];

impl StageKind {
    fn facts(self) -> KindFacts {
        use StageDatum::{Admission, Classes, Documents, Fields, Identities, Jobs, Listings};
        use StageDatum::{Measures, Openings, Relations, Retirements, Verdicts};
        let facts = |name, scope, reads, writes| {
            let is_placed = matches!(
                self,
                StageKind::Details
                    | StageKind::Quality
                    | StageKind::Identity
                    | StageKind::Measure
                    | StageKind::Dedupe
            );
            KindFacts {
                name,
                scope,
                reads,
                writes,
                is_placed,
            }
        };
        match self {
            StageKind::Fetch => {
                let writes = &[Listings, Documents];
                facts("fetch", StageScope::Source, &[], writes)
            }
            StageKind::Details => facts("details", StageScope::Source, &[Listings], &[Documents]),
            StageKind::Quality => facts("quality", StageScope::Source, &[Documents], &[Admission]),
            StageKind::Identity => {
                let reads = &[Documents, Admission];
                facts("identity", StageScope::Source, reads, &[Identities])
            }
            StageKind::Extract => {
                let reads = &[Documents, Admission, Identities];
                facts("extract", StageScope::Record, reads, &[Fields])
            }
            StageKind::Resolve => facts("resolve", StageScope::Record, &[Fields], &[Relations]),
            StageKind::Classify => {
                let reads = &[Fields, Relations];
                facts("classify", StageScope::Record, reads, &[Classes])
            }
            StageKind::Validate => {
                let reads = &[Fields, Relations, Classes];
                facts("validate", StageScope::Record, reads, &[Verdicts])
            }
            StageKind::Promote => {
                let reads = &[Fields, Relations, Classes, Verdicts];
                facts("promote", StageScope::Record, reads, &[Jobs])
            }
            StageKind::Archive => facts("archive", StageScope::Source, &[Jobs], &[Retirements]),
            StageKind::Measure => facts("measure", StageScope::Source, &[Jobs], &[Measures]),
            StageKind::Dedupe => {
                let reads = &[Jobs, Retirements];
                facts("dedupe", StageScope::Institution, reads, &[Openings])
            }
            StageKind::Report => {
                let reads = &[Documents, Jobs, Retirements, Measures, Openings];
                facts("report", StageScope::Institution, reads, &[])
            }
        }
    }

    /// Its name in the YAML.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<StageKind> {
        KINDS.into_iter().find(|kind| kind.name() == name)
    }

    /// What one unit of its work is.
    pub fn scope(self) -> StageScope {
        self.facts().scope
    }

    /// What it reads of other stages.
    pub fn reads(self) -> &'static [StageDatum] {
        self.facts().reads
    }

    /// What it writes for other stages.
    pub fn writes(self) -> &'static [StageDatum] {
        self.facts().writes
    }

    /// Whether a plan has it by default, for each source that needs it.
    pub fn is_placed(self) -> bool {
        self.facts().is_placed
    }

    /// What `before` writes and this one reads, if there is anything.
    pub fn needs(self, before: StageKind) -> Option<StageDatum> {
        before
            .writes()
            .iter()
            .find(|datum| self.reads().contains(datum))
            .copied()
    }

    /// Rises when the code of the kind derives other results from the same YAML: who changes that
    /// code raises it. That nothing else changes a fingerprint, `tests/fingerprints.txt` sees to.
    pub(super) fn revision(self) -> u32 {
        match self {
            StageKind::Extract => 5,
            StageKind::Resolve | StageKind::Validate => 2,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_a_full_pipeline_is_one_that_the_data_allow() {
        for (at, kind) in KINDS.into_iter().enumerate() {
            for earlier in &KINDS[..at] {
                assert_eq!(
                    earlier.needs(kind),
                    None,
                    "{} before {}",
                    earlier.name(),
                    kind.name()
                );
            }
        }
    }

    #[test]
    fn stages_of_the_segment_are_neighbours() {
        let scopes: Vec<StageScope> = KINDS.map(StageKind::scope).to_vec();
        let changes = scopes.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!(
            changes, 3,
            "source, record, source, institution: {scopes:?}"
        );
    }

    #[test]
    fn kinds_are_found_by_their_names() {
        assert!(
            KINDS
                .into_iter()
                .all(|kind| StageKind::named(kind.name()) == Some(kind))
        );
        assert_eq!(StageKind::named("load"), None);
    }
}
