//! The kinds of stages: in which scope each works, and what it reads and writes.
//!
//! This table is all that the plan and the engine go by: which orders an author may write follows
//! from what stages read and write, which stages stream together follows from their scopes. Nothing
//! else may ask for a kind to decide an order. To add a kind: a variant, its line in [`KindFacts`],
//! and what docs/decisions/0016-walked-graph.md asks for.

/// Which step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
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
pub enum Scope {
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
pub enum Datum {
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

impl Datum {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Datum::Listings => "the listings",
            Datum::Documents => "the documents",
            Datum::Admission => "the decision whether a read may be acted upon",
            Datum::Identities => "which ad is which job",
            Datum::Fields => "the fields",
            Datum::Relations => "companies and divisions",
            Datum::Classes => "roles and capabilities",
            Datum::Verdicts => "the reasons against ads",
            Datum::Jobs => "the jobs",
            Datum::Retirements => "which jobs are archived",
            Datum::Measures => "the measures",
            Datum::Openings => "the openings",
        }
    }
}

/// The properties of a kind.
struct KindFacts {
    name: &'static str,
    scope: Scope,
    reads: &'static [Datum],
    writes: &'static [Datum],
    /// Whether it is added by default.
    is_placed: bool,
}

/// All kinds, in the order of a full pipeline.
pub const KINDS: [Kind; 13] = [
    Kind::Fetch,
    Kind::Details,
    Kind::Quality,
    Kind::Identity,
    Kind::Extract,
    Kind::Resolve,
    Kind::Classify,
    Kind::Validate,
    Kind::Promote,
    Kind::Archive,
    Kind::Measure,
    Kind::Dedupe,
    Kind::Report,
];

impl Kind {
    fn facts(self) -> KindFacts {
        use Datum::{Admission, Classes, Documents, Fields, Identities, Jobs, Listings};
        use Datum::{Measures, Openings, Relations, Retirements, Verdicts};
        let facts = |name, scope, reads, writes| {
            let is_placed = matches!(
                self,
                Kind::Details | Kind::Quality | Kind::Identity | Kind::Measure | Kind::Dedupe
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
            Kind::Fetch => {
                let writes = &[Listings, Documents];
                facts("fetch", Scope::Source, &[], writes)
            }
            Kind::Details => facts("details", Scope::Source, &[Listings], &[Documents]),
            Kind::Quality => facts("quality", Scope::Source, &[Documents], &[Admission]),
            Kind::Identity => {
                let reads = &[Documents, Admission];
                facts("identity", Scope::Source, reads, &[Identities])
            }
            Kind::Extract => {
                let reads = &[Documents, Admission, Identities];
                facts("extract", Scope::Record, reads, &[Fields])
            }
            Kind::Resolve => facts("resolve", Scope::Record, &[Fields], &[Relations]),
            Kind::Classify => {
                let reads = &[Fields, Relations];
                facts("classify", Scope::Record, reads, &[Classes])
            }
            Kind::Validate => {
                let reads = &[Fields, Relations, Classes];
                facts("validate", Scope::Record, reads, &[Verdicts])
            }
            Kind::Promote => {
                let reads = &[Fields, Relations, Classes, Verdicts];
                facts("promote", Scope::Record, reads, &[Jobs])
            }
            Kind::Archive => facts("archive", Scope::Source, &[Jobs], &[Retirements]),
            Kind::Measure => facts("measure", Scope::Source, &[Jobs], &[Measures]),
            Kind::Dedupe => {
                let reads = &[Jobs, Retirements];
                facts("dedupe", Scope::Institution, reads, &[Openings])
            }
            Kind::Report => {
                let reads = &[Documents, Jobs, Retirements, Measures, Openings];
                facts("report", Scope::Institution, reads, &[])
            }
        }
    }

    /// Its name in the YAML.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Kind> {
        KINDS.into_iter().find(|kind| kind.name() == name)
    }

    /// What one unit of its work is.
    pub fn scope(self) -> Scope {
        self.facts().scope
    }

    /// What it reads of other stages.
    pub fn reads(self) -> &'static [Datum] {
        self.facts().reads
    }

    /// What it writes for other stages.
    pub fn writes(self) -> &'static [Datum] {
        self.facts().writes
    }

    /// Whether a plan has it by default, for each source that needs it.
    pub fn is_placed(self) -> bool {
        self.facts().is_placed
    }

    /// What `before` writes and this one reads, if there is anything.
    pub fn needs(self, before: Kind) -> Option<Datum> {
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
            Kind::Extract => 5,
            Kind::Resolve | Kind::Validate => 2,
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
        let scopes: Vec<Scope> = KINDS.map(Kind::scope).to_vec();
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
                .all(|kind| Kind::named(kind.name()) == Some(kind))
        );
        assert_eq!(Kind::named("load"), None);
    }
}
