//! `retention:` of `weir.yaml`: what is removed after a while. Without it everything is kept.

use schemars::JsonSchema;
use serde::Deserialize;
use weir_model::span::Span;
use weir_model::{RetentionPolicy, VersionRetention};
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::{Located, Parsed, Required};

/// How many of the newest versions of a job stay if the YAML does not say.
const KEPT_VERSIONS: u32 = 10;
/// How many always stay: the newest, and the one before it, which says what the newest changed.
const FEWEST_VERSIONS: u32 = 2;

/// What `weir db tidy` removes, and after how long; what is not named is kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "retention", deny_unknown_fields)]
pub struct RetentionSpec {
    /// Raw documents of ads that their source no longer lists, this long after their jobs were
    /// archived: `180d`. The jobs and their versions stay.
    pub documents: Option<Parsed<Span>>,
    /// Superseded versions of jobs; the first version and the newest ones always stay.
    pub versions: Option<VersionRetentionSpec>,
    /// Runs with their reads, counts, samples and logs: `2years`. The 100 newest of each institution
    /// always stay.
    pub runs: Option<Parsed<Span>>,
    /// Alerts that runs have raised.
    pub alerts: Option<Parsed<Span>>,
}

/// Which superseded versions are removed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionRetentionSpec {
    /// How long ago they were written: `3years`.
    pub older_than: Required<Parsed<Span>>,
    /// How many of the newest versions of each job stay, whatever their age (default 10, at least
    /// 2).
    pub keep: Option<Located<u32>>,
}

impl RetentionSpec {
    /// What it says, for the store; problems go to `out`, and what has one is kept.
    pub fn compile(&self, out: &mut Diagnostics) -> RetentionPolicy {
        let span = |given: &Option<Parsed<Span>>| given.as_ref().map(|span| span.0);
        RetentionPolicy {
            documents: span(&self.documents),
            versions: self.versions.as_ref().and_then(|spec| spec.compile(out)),
            runs: span(&self.runs),
            alerts: span(&self.alerts),
        }
    }
}

impl VersionRetentionSpec {
    fn compile(&self, out: &mut Diagnostics) -> Option<VersionRetention> {
        let keep = match &self.keep {
            None => KEPT_VERSIONS,
            Some(keep) if keep.value >= FEWEST_VERSIONS => keep.value,
            Some(keep) => {
                let message = format!("`keep` must be at least {FEWEST_VERSIONS}");
                out.error(&keep.place, "invalid-value", message)
                    .help("the newest version and the one before it always stay");
                return None;
            }
        };
        Some(VersionRetention {
            older_than: self.older_than.get()?.0,
            keep,
        })
    }
}
