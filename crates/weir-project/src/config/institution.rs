//! `institutions/*.yaml`: one institution, its sources, and what its ads must satisfy.

use super::rules::RuleUse;
use super::schedule::ScheduleUse;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use std::str::FromStr;
use uuid::Uuid;
use weir_model::canonical::canonical_members;
use weir_model::identity::IdentitySpec;
use weir_model::quality::QualitySpec;
use weir_model::span::{WrittenDay, Zone};
use weir_model::{Field, ProblemSeverity};
use weir_source::twins::DuplicatesSpec;
use weir_source::{FetchSpec, IdMapping};
use weir_stage::archive::{ArchiveSpec, MissingSpec};
use weir_stage::classify::{CapabilitiesSpec, RolesSpec};
use weir_stage::dates::DatesSpec;
use weir_stage::dedupe::OpeningsSpec;
use weir_stage::extract::JobSpec;
use weir_stage::resolve::RelationSpec;
use weir_yaml::yaml::{Located, Node, OneOrMany, Required, from_text};

/// One institution.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstitutionSpec {
    /// Its name in commands, paths and keys, and its identity: lowercase letters, digits and `-`.
    pub institution: Required<Located<String>>,
    /// A fixed id, for when it must not be derived from the name.
    pub id: Option<Located<InstitutionId>>,
    /// The previous name of a renamed institution, so that it keeps its jobs.
    pub formerly: Option<Located<String>>,
    /// Its display name.
    pub name: Option<Located<String>>,
    /// The IANA time zone in which its closing dates end, such as `Australia/Sydney`.
    pub timezone: Required<Located<Zone>>,
    /// The pipeline to run (default `daily`).
    pub pipeline: Option<Located<String>>,
    /// When it runs, as a cron expression; overrides the pipeline's schedule.
    pub schedule: Option<ScheduleUse>,
    /// Whether runs include it.
    #[serde(default = "yes")]
    pub active: bool,
    /// Its sources by name.
    pub sources: Required<IndexMap<Located<String>, SourceSpec>>,
    /// Mandatory fields, each with JSON Schema keywords.
    #[serde(default)]
    pub require: IndexMap<Located<String>, Node>,
    /// Rule sets, in order. Each can override parameters and severities: `[common: { max_open: 3
    /// months }, acme]`.
    #[serde(default)]
    pub rules: Vec<RuleUse>,
    /// Rules that are switched off, each with a reason.
    #[serde(default)]
    pub without: Vec<WithoutSpec>,
    /// The company that an ad belongs to.
    pub company: Option<RelationSpec>,
    /// The division that an ad belongs to.
    pub division: Option<RelationSpec>,
    /// Which role an ad is for; several frameworks in a list.
    #[serde(default)]
    pub roles: OneOrMany<RolesSpec>,
    /// Which capabilities an ad asks for.
    pub capabilities: Option<CapabilitiesSpec>,
    /// Additional fields whose changes create a version.
    #[serde(default)]
    pub compare: Vec<Located<Field>>,
    /// When jobs that are no longer listed are retired.
    pub missing: Option<MissingSpec>,
    /// Which dates are plausible.
    pub dates: Option<DatesSpec>,
    /// When closed jobs are archived.
    pub archive: Option<ArchiveSpec>,
    /// What counts as an unusual read, and whether it is held for an operator.
    pub quality: Option<QualitySpec>,
    /// When jobs of its sources advertise one opening; without it, openings are not looked for.
    pub openings: Option<OpeningsSpec>,
    /// What a run does while a file of the institution is broken: `leave_out` or `last_good`.
    #[serde(default)]
    pub on_broken: OnBroken,
}

/// What a run does while a file of an institution is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBroken {
    /// Skip the institution.
    #[default]
    LeaveOut,
    /// Run it with the last version that worked, and say so.
    LastGood,
}

/// One source of an institution.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// How the source is read.
    pub fetch: Required<FetchSpec>,
    /// `fetch`, `id` and `duplicates` in canonical form, layers laid over each other: see
    /// [`SourceSpec::read_as`].
    #[serde(skip)]
    #[schemars(skip)]
    pub read_as: String,
    /// Where to find the id of an ad: a JSONPath, or a mapping.
    pub id: Required<IdMapping>,
    /// How ads on one page that share an id are handled: `first`, `last` or `{ merge: [locations]
    /// }`.
    pub duplicates: Option<DuplicatesSpec>,
    /// Guards against ids that are reused for other jobs, and against new ids for existing jobs.
    pub identity: Option<IdentitySpec>,
    /// The canonical fields, each with its mapping.
    pub job: Required<JobSpec>,
    /// When it is read besides the institution's runs, as a cron expression in the institution's
    /// zone: `*/5 * * * *`.
    pub schedule: Option<ScheduleUse>,
    /// The time zone of its dates, if it differs from the institution's.
    pub timezone: Option<Zone>,
    /// Which dates are plausible; each key overrides the institution's.
    pub dates: Option<DatesSpec>,
    /// Mandatory fields; each overrides the institution's requirement for that field.
    #[serde(default)]
    pub require: IndexMap<Located<String>, Node>,
    /// Additional rule sets.
    #[serde(default)]
    pub rules: Vec<RuleUse>,
    /// Rules that are switched off for this source, each with a reason.
    #[serde(default)]
    pub without: Vec<WithoutSpec>,
    /// The company that an ad belongs to; overrides the institution's.
    pub company: Option<RelationSpec>,
    /// The division that an ad belongs to; overrides the institution's.
    pub division: Option<RelationSpec>,
    /// Which role an ad is for; overrides the institution's.
    #[serde(default)]
    pub roles: OneOrMany<RolesSpec>,
    /// Which capabilities an ad asks for; overrides the institution's.
    pub capabilities: Option<CapabilitiesSpec>,
    /// When jobs that are no longer listed are retired; each key overrides the institution's.
    pub missing: Option<MissingSpec>,
    /// When closed jobs are archived; overrides the institution's.
    pub archive: Option<ArchiveSpec>,
    /// What counts as an unusual read, and whether it is held for an operator; each key overrides
    /// the institution's.
    pub quality: Option<QualitySpec>,
}

impl InstitutionSpec {
    /// Keeps of each source how it is read, as the tree of the file says it.
    pub(super) fn with_read_as(mut self, tree: &Node) -> InstitutionSpec {
        let sources = tree.get("sources");
        for (name, source) in self.sources.get_mut().into_iter().flatten() {
            source.read_as = sources
                .and_then(|all| all.get(name))
                .map(SourceSpec::read_as)
                .unwrap_or_default();
        }
        self
    }
}

impl SourceSpec {
    /// What a read that died, or a source that says it is unchanged, is believed by: the same text
    /// is read in the same way.
    fn read_as(source: &Node) -> String {
        let member = |name: &str| source.get(name).map_or(Json::Null, Node::to_json);
        canonical_members([
            ("fetch", member("fetch")),
            ("id", member("id")),
            ("duplicates", member("duplicates")),
        ])
    }
}

impl InstitutionSpec {
    /// The names of the frameworks that it or its sources use, as written.
    pub fn frameworks(&self) -> impl Iterator<Item = &Located<String>> {
        let sources = self.sources.get().into_iter().flat_map(IndexMap::values);
        let own = std::iter::once((&self.roles, &self.capabilities));
        let all = own.chain(sources.map(|source| (&source.roles, &source.capabilities)));
        all.flat_map(|(roles, capabilities)| {
            let roles = roles.iter().map(|roles| &roles.framework);
            let capabilities = capabilities.iter();
            roles.chain(capabilities.flat_map(|one| one.framework.iter()))
        })
    }
}

impl InstitutionSpec {
    /// The names of the registries that it or its sources use, as written.
    pub fn registries(&self) -> impl Iterator<Item = &Located<String>> {
        let sources = self.sources.get().into_iter().flat_map(IndexMap::values);
        let own = std::iter::once((&self.company, &self.division));
        let all = own.chain(sources.map(|source| (&source.company, &source.division)));
        all.flat_map(|(company, division)| company.iter().chain(division))
            .filter_map(RelationSpec::registry)
    }
}

/// A rule that is switched off.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithoutSpec {
    /// The id of the rule.
    pub rule: Located<String>,
    /// Why it is switched off.
    pub reason: Located<String>,
    /// The last day on which it is; for good if omitted.
    #[serde(default)]
    pub until: Option<WrittenDay>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
}

/// A severity that a rule has until a day.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimedSeveritySpec {
    /// What it is until then.
    pub severity: ProblemSeverity,
    /// The last day on which it is.
    pub until: WrittenDay,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
}

/// The id of an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstitutionId(pub Uuid);

impl FromStr for InstitutionId {
    type Err = String;

    fn from_str(text: &str) -> Result<InstitutionId, String> {
        let help = "omit `id`, or write a UUID such as `6f1c1a52-0b52-4a57-9d3c-0b9a4e3c1c11`";
        text.parse()
            .map(InstitutionId)
            .map_err(|_| format!("`{text}` is not a UUID\n{help}"))
    }
}

weir_yaml::written_as!(
    InstitutionId,
    "Id",
    "a UUID",
    ["6f1c1a52-0b52-4a57-9d3c-0b9a4e3c1c11"]
);

impl<'de> Deserialize<'de> for InstitutionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<InstitutionId, D::Error> {
        from_text(deserializer)
    }
}

fn yes() -> bool {
    true
}
