//! Reports everything that is wrong in a project at once, and which institutions can run in spite
//! of it. A broken file affects the institutions that use it, and no others.

use super::alerts::{self, AlertRule};
use super::channels::{self, Channel, ReportTime, RunNotice};
use super::compile::{self, SharedInputs};
use super::institution_tests::{self, InstitutionTest};
use super::mapping_tests::{self, MappingTests};
use super::pipeline::{self, Pipeline};
use super::rule_set::{RuleExtras, RuleSet};
use super::tried::{TestPoint, TriedTest};
use super::{Plan, PlanTexts, board, meaning, points, rules, trial};
use crate::config::rules::uses as uses_of;
use crate::config::{InstitutionSpec, OnBroken, ParsedFile, Project, ProjectIdentity, connector};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;
use weir_model::{Clock, Hash, RetentionPolicy};
use weir_rule::types::TypeSet;
use weir_rule::{NamedList, ScriptSandbox};
use weir_stage::classify::FrameworkSet;
use weir_stage::extract::JobSpec;
use weir_stage::resolve::RegistrySet;
use weir_yaml::diagnostic::{Diagnostics, FileTexts, Place, Severity};

/// A project after its check.
pub struct CheckedProject {
    /// Who the project is.
    pub identity: ProjectIdentity,
    /// The institutions, in the order of their files.
    pub institutions: Vec<CheckedInstitution>,
    /// Every problem.
    pub diagnostics: Diagnostics,
    /// The texts, for showing them.
    pub texts: FileTexts,
    /// The alerts.
    pub alerts: Vec<Arc<AlertRule>>,
    /// Where notices are sent.
    pub channels: Vec<Channel>,
    /// When the daily report is sent.
    pub report: Option<ReportTime>,
    /// Who is told that a run has ended.
    pub run_notices: Vec<RunNotice>,
    /// What the project does not keep.
    pub retention: RetentionPolicy,
    /// The engine for scripts.
    pub sandbox: Arc<ScriptSandbox>,
    /// The tests of rules and connectors, tried.
    pub tried: Vec<TriedTest>,
    /// The tests of mappings, which `weir test` tries.
    pub mapping_tests: Vec<MappingTests>,
    /// The tests of institutions, which `weir test` tries.
    pub institution_tests: Vec<InstitutionTest>,
    /// What tests should cover, with places.
    pub points: BTreeMap<TestPoint, Place>,
}

/// One institution after the check.
pub struct CheckedInstitution {
    /// Its name, or the file's if the file has none.
    pub slug: String,
    /// Its file.
    pub file: String,
    /// All files that it depends on, its own first.
    pub files: Vec<String>,
    /// Its status.
    pub standing: InstitutionStatus,
}

/// The status of an institution.
pub enum InstitutionStatus {
    /// It can run.
    Ready(Arc<Plan>),
    /// It could run, but its YAML says `active: false`.
    Inactive(Arc<Plan>),
    /// One of these files has errors.
    Broken(Vec<String>),
}

impl CheckedInstitution {
    /// The plan, unless it is broken.
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        match &self.standing {
            InstitutionStatus::Ready(plan) | InstitutionStatus::Inactive(plan) => Some(plan),
            InstitutionStatus::Broken(_) => None,
        }
    }
}

impl CheckedProject {
    /// The institutions of these names, in the order of the project; all if none is named.
    pub fn chosen<'c>(
        &'c self,
        names: &'c [String],
    ) -> impl Iterator<Item = &'c CheckedInstitution> {
        let is_chosen = |one: &&CheckedInstitution| names.is_empty() || names.contains(&one.slug);
        self.institutions.iter().filter(is_chosen)
    }

    /// The plans of those of these institutions that can run now.
    pub fn ready<'c>(&'c self, names: &'c [String]) -> impl Iterator<Item = &'c Arc<Plan>> {
        self.chosen(names).filter_map(|one| match &one.standing {
            InstitutionStatus::Ready(plan) => Some(plan),
            _ => None,
        })
    }

    /// Warns of exceptions from rules that are over: the rules count again.
    pub fn warn_of_ended_exceptions(&mut self, now: Clock) {
        let plans = self
            .institutions
            .iter()
            .filter_map(CheckedInstitution::plan);
        let flows = plans.flat_map(|plan| &plan.flows);
        let all = flows.flat_map(|flow| {
            let today = now.today(flow.zone);
            let all = flow.validates().flat_map(|validate| &validate.exceptions);
            all.filter(move |one| one.has_ended(today))
        });
        let mut told: BTreeSet<(&str, usize)> = BTreeSet::new();
        for one in all.filter(|one| told.insert((&one.place.file, one.place.line))) {
            let (rule, until) = (&one.rule, one.until);
            let owner = one.owner.as_ref();
            let owner = owner.map_or_else(String::new, |owner| format!("; ask {owner}"));
            self.diagnostics
                .warning(
                    &one.place,
                    "ended-exception",
                    format!("the exception from `{rule}` ended on {until}: the rule counts again"),
                )
                .help(format!("remove it, or move `until`{owner}"));
        }
    }

    /// Whether all files of alerts could be read: an alert that is not there is gone.
    pub fn alerts_are_whole(&self) -> bool {
        let sorted = self.diagnostics.sorted();
        let mut errors = sorted.iter().filter(|one| one.severity == Severity::Error);
        let is_of_alerts = |place: &Place| place.file.starts_with("alerts/");
        !errors.any(|one| one.place.as_ref().is_some_and(is_of_alerts))
    }

    /// Whether a place belongs to one of these institutions, or to anybody if none is named.
    pub fn belongs(&self, place: &Place, institutions: &[String]) -> bool {
        let uses = |one: &CheckedInstitution| {
            institutions.contains(&one.slug) && one.files.iter().any(|file| **file == *place.file)
        };
        institutions.is_empty() || self.institutions.iter().any(uses)
    }
}

impl CheckedProject {
    /// Hash of all files: two processes that agree on it do the same.
    pub fn version(&self) -> Hash {
        let mut all = String::new();
        for file in self.texts.files() {
            let text = self.texts.text(file).unwrap_or_default();
            all.push_str(&format!("{file}\n{}\n{text}\n", text.len()));
        }
        Hash::of(all.as_bytes())
    }
}

/// Checks a project. A test that fails is a mistake in the YAML.
pub fn check(project: Project) -> CheckedProject {
    check_as(project, true)
}

/// Checks a project for its tests: a failed test is in [`CheckedProject::tried`] and stops nothing.
pub fn check_for_tests(project: Project) -> CheckedProject {
    check_as(project, false)
}

fn check_as(project: Project, tests_count: bool) -> CheckedProject {
    let Project {
        identity,
        channels,
        report,
        run_notices,
        retention,
        alerts,
        texts,
        institutions,
        connectors,
        pipelines,
        rules: rule_files,
        lists,
        frameworks,
        registries,
        mapping_tests,
        institution_tests,
        is_part,
        mut diagnostics,
        ..
    } = project;
    let sandbox = Arc::new(ScriptSandbox::new());
    let own = |file: &str| !file.ends_with(connector::OF_WEIR);
    let own = || connectors.iter().filter(|connector| own(&connector.file));
    own().for_each(|connector| board::check(connector, &mut diagnostics));
    let mut tried: Vec<TriedTest> = own()
        .flat_map(|connector| trial::try_connector(connector, &sandbox, &mut diagnostics))
        .collect();
    let mut extras = declared_extras(&institutions, &lists, &diagnostics);
    extras.is_whole &= !is_part;
    let (pipelines, pipeline_files) = compile_pipelines(&pipelines, &mut diagnostics);
    let mut sets: IndexMap<String, Option<RuleSet>> = IndexMap::new();
    for file in &rule_files {
        if let Some(first) = rule_files
            .iter()
            .find(|other| other.stem == file.stem && other.file < file.file)
        {
            let message = format!("two files define the rule set `{}`", file.stem);
            diagnostics
                .error(&file.start(), "duplicate-rules", message)
                .related(&first.start(), "first defined here")
                .help("merge them into one file");
        }
        let set = rules::compile(file, &extras, &sandbox, &mut diagnostics);
        set.iter().for_each(|set| {
            meaning::check_users(file, set, &institutions, &extras, &mut diagnostics);
        });
        sets.insert(file.stem.clone(), set);
    }
    tried.extend(
        sets.values_mut()
            .flatten()
            .flat_map(|set| std::mem::take(&mut set.tried)),
    );
    let mut channels = channels::compile(&channels, &mut diagnostics);
    let run_notices = channels::compile_run_notices(&run_notices, &mut channels, &mut diagnostics);
    let names: Vec<&str> = channels.iter().map(|one| one.name.as_str()).collect();
    let report = report.and_then(|spec| channels::compile_report(&spec, &names, &mut diagnostics));
    let retention = retention.map_or_else(RetentionPolicy::default, |spec| {
        spec.compile(&mut diagnostics)
    });
    let (alerts, examples) = alerts::compile(&alerts, &names, &sandbox, &mut diagnostics);
    tried.extend(examples);
    if tests_count {
        tried.iter().for_each(|test| test.tell(&mut diagnostics));
    }
    let shared = SharedInputs {
        pipelines: &pipelines,
        rules: &sets,
        frameworks: &frameworks,
        registries: &registries,
        sandbox: &sandbox,
    };
    let plans: Vec<Option<Plan>> = institutions
        .iter()
        .map(|file| compile::compile(file, &shared, &mut diagnostics))
        .collect();
    let mapping_tests = mapping_tests::compile(&mapping_tests, &institutions, &mut diagnostics);
    let institution_tests =
        institution_tests::compile(&institution_tests, &institutions, &mut diagnostics);
    let points = points::all(
        own(),
        &institutions,
        sets.values().flatten(),
        plans.iter().flatten(),
    );
    let mut twice = names_twice(&institutions, &mut diagnostics);
    twice.extend(ids_twice(&institutions, &mut diagnostics));
    let broken: BTreeSet<String> = files_with_errors(&diagnostics);
    let judged: Vec<CheckedInstitution> = institutions
        .iter()
        .zip(plans)
        .map(|(file, plan)| {
            judge(
                file,
                plan,
                &broken,
                &twice,
                &SharedFiles {
                    pipelines: &pipeline_files,
                    sets: &sets,
                    extras: &extras,
                    frameworks: &frameworks,
                    registries: &registries,
                    texts: &texts,
                },
            )
        })
        .collect();
    CheckedProject {
        identity,
        institutions: judged,
        diagnostics,
        texts,
        alerts,
        channels,
        report,
        run_notices,
        retention,
        sandbox,
        tried,
        mapping_tests,
        institution_tests,
        points,
    }
}

fn declared_extras(
    institutions: &[ParsedFile<InstitutionSpec>],
    lists: &[ParsedFile<Arc<NamedList>>],
    found: &Diagnostics,
) -> RuleExtras {
    let specs = institutions.iter().filter_map(|file| file.spec.as_ref());
    let sources = specs
        .filter_map(|spec| spec.sources.get())
        .flat_map(IndexMap::values);
    let mut kinds: BTreeMap<String, TypeSet> = BTreeMap::new();
    for (name, kind) in sources
        .filter_map(|source| source.job.get())
        .flat_map(JobSpec::extra_kinds)
    {
        let kind = TypeSet::of_field(kind);
        kinds
            .entry(name.to_owned())
            .and_modify(|known| *known = *known | kind)
            .or_insert(kind);
    }
    let is_whole = !institutions
        .iter()
        .any(|file| found.has_errors_in(&file.file));
    let lists = lists
        .iter()
        .map(|file| (file.stem.clone(), (file.file.clone(), file.spec.clone())));
    RuleExtras {
        kinds,
        is_whole,
        lists: lists.collect(),
        names: names(institutions),
    }
}

/// The names of all sources and institutions, by the variable of rules that contains them.
fn names(institutions: &[ParsedFile<InstitutionSpec>]) -> BTreeMap<&'static str, BTreeSet<String>> {
    let specs = || institutions.iter().filter_map(|file| file.spec.as_ref());
    let sources = specs()
        .filter_map(|spec| spec.sources.get())
        .flat_map(IndexMap::keys);
    let institutions = specs().filter_map(|spec| spec.institution.get());
    [
        ("source", sources.map(ToString::to_string).collect()),
        (
            "institution",
            institutions.map(ToString::to_string).collect(),
        ),
    ]
    .into()
}

/// Pipelines by name, and the file of each.
fn compile_pipelines(
    files: &[ParsedFile<crate::config::PipelineSpec>],
    out: &mut Diagnostics,
) -> (IndexMap<String, Option<Pipeline>>, BTreeMap<String, String>) {
    let (mut pipelines, mut names) = (IndexMap::new(), BTreeMap::new());
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for file in files {
        let named = file.spec.as_ref().and_then(|spec| spec.pipeline.get());
        let name = named.map_or_else(|| file.stem.clone(), |name| name.value.clone());
        let place = named.map_or_else(|| file.start(), |name| name.place.clone());
        if let Some(first) = places.insert(name.clone(), place.clone()) {
            out.error(
                &place,
                "duplicate-pipeline",
                format!("two files define the pipeline `{name}`"),
            )
            .related(&first, "first defined here")
            .help("rename one of them");
        }
        pipelines.insert(name.clone(), pipeline::compile(file, out));
        names.insert(name, file.file.clone());
    }
    (pipelines, names)
}

fn names_twice(
    institutions: &[ParsedFile<InstitutionSpec>],
    out: &mut Diagnostics,
) -> BTreeSet<String> {
    let mut first: BTreeMap<String, Place> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for name in institutions
        .iter()
        .filter_map(|file| file.spec.as_ref()?.institution.get())
    {
        match first.get(&name.value) {
            Some(place) => {
                out.error(
                    &name.place,
                    "duplicate-institution",
                    format!("two files define the institution `{name}`"),
                )
                .related(place, "first defined here")
                .help("an institution has one file: merge the sources, or rename one of them");
                twice.insert(name.value.clone());
            }
            None => {
                first.insert(name.value.clone(), name.place.clone());
            }
        }
    }
    twice
}

/// An id belongs to one institution: with two, the jobs of one would be the other's.
fn ids_twice(
    institutions: &[ParsedFile<InstitutionSpec>],
    out: &mut Diagnostics,
) -> BTreeSet<String> {
    let mut first: BTreeMap<Uuid, (&str, Place)> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for spec in institutions.iter().filter_map(|file| file.spec.as_ref()) {
        let Some(slug) = spec.institution.get() else {
            continue;
        };
        let (id, place) = compile::identity(spec, slug);
        match first.get(&id) {
            Some((other, _)) if *other == slug.value => {}
            Some((other, earlier)) => {
                let help = match &spec.id {
                    Some(_) => "remove `id`: it is derived from the name".to_owned(),
                    None => format!(
                        "the id is derived from the name or `formerly`; after renaming `{other}`, delete its old file"
                    ),
                };
                out.error(
                    &place,
                    "duplicate-id",
                    format!("the institutions `{other}` and `{slug}` have the same id"),
                )
                .related(earlier, "first used here")
                .help(help);
                twice.extend([slug.value.clone(), (*other).to_owned()]);
            }
            None => {
                first.insert(id, (&slug.value, place));
            }
        }
    }
    twice
}

fn files_with_errors(diagnostics: &Diagnostics) -> BTreeSet<String> {
    let errors = diagnostics
        .sorted()
        .into_iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors
        .filter_map(|diagnostic| diagnostic.place.as_ref())
        .map(|place| place.file.to_string())
        .collect()
}

fn judge(
    file: &ParsedFile<InstitutionSpec>,
    plan: Option<Plan>,
    broken: &BTreeSet<String>,
    twice: &BTreeSet<String>,
    files: &SharedFiles,
) -> CheckedInstitution {
    let named = file
        .spec
        .as_ref()
        .and_then(|spec| spec.institution.get())
        .map(|name| name.value.clone());
    let slug = named.unwrap_or_else(|| file.stem.clone());
    let used = uses(file, files);
    let mut to_blame: Vec<String> = used
        .iter()
        .filter(|used| broken.contains(*used))
        .cloned()
        .collect();
    if twice.contains(&slug) && to_blame.is_empty() {
        to_blame.push(file.file.clone());
    }
    let keeps = file
        .spec
        .as_ref()
        .is_some_and(|spec| spec.on_broken == OnBroken::LastGood);
    let plan = plan.map(|plan| Plan {
        texts: keeps.then(|| written(file, files)),
        ..plan
    });
    let standing = match plan {
        Some(plan) if to_blame.is_empty() && plan.institution.active => {
            InstitutionStatus::Ready(Arc::new(plan))
        }
        Some(plan) if to_blame.is_empty() => InstitutionStatus::Inactive(Arc::new(plan)),
        _ => InstitutionStatus::Broken(to_blame),
    };
    CheckedInstitution {
        slug,
        file: file.file.clone(),
        files: used,
        standing,
    }
}

/// Where what institutions share stands.
struct SharedFiles<'a> {
    pipelines: &'a BTreeMap<String, String>,
    sets: &'a IndexMap<String, Option<RuleSet>>,
    extras: &'a RuleExtras,
    frameworks: &'a FrameworkSet,
    registries: &'a RegistrySet,
    texts: &'a FileTexts,
}

/// The texts of the files that an institution depends on; those that come with Weir are always
/// there.
fn written(file: &ParsedFile<InstitutionSpec>, files: &SharedFiles) -> PlanTexts {
    let text = |name: String| Some((name.clone(), files.texts.text(&name)?.to_owned()));
    let own = uses(file, files)
        .into_iter()
        .filter(|name| !name.ends_with(connector::OF_WEIR));
    PlanTexts {
        file: file.file.clone(),
        texts: own.filter_map(text).collect(),
    }
}

/// The files that an institution depends on.
fn uses(file: &ParsedFile<InstitutionSpec>, shared: &SharedFiles) -> Vec<String> {
    let mut files = vec![file.file.clone()];
    files.extend(file.made_of.iter().cloned());
    let Some(spec) = &file.spec else { return files };
    let pipeline = spec
        .pipeline
        .as_ref()
        .map_or("daily", |name| name.value.as_str());
    files.extend(shared.pipelines.get(pipeline).cloned());
    let sources = spec.sources.get().into_iter().flat_map(IndexMap::values);
    let sets: Vec<&str> = uses_of(&spec.rules)
        .chain(sources.flat_map(|source| uses_of(&source.rules)))
        .map(|(name, _)| name.value.as_str())
        .collect();
    files.extend(
        sets.iter()
            .flat_map(|name| [format!("rules/{name}.yaml"), format!("rules/{name}.yml")]),
    );
    let lists = sets
        .iter()
        .filter_map(|name| shared.sets.get(*name)?.as_ref())
        .flat_map(|set| &set.lists);
    files.extend(lists.filter_map(|list| Some(shared.extras.lists.get(list)?.0.clone())));
    let of_frameworks = spec.frameworks().map(|name| shared.frameworks.files(name));
    let of_registries = spec.registries().map(|name| shared.registries.files(name));
    for file in of_frameworks.chain(of_registries).flatten() {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}
