//! One institution's files to its plan: layers laid over each other, stages compiled for each
//! source, the DAG connected.

use super::adjust::adjusted;
use super::pipeline::Pipeline;
use super::rule_set::RuleSet;
use super::schedule::Schedule;
use super::{Plan, PlanNode, SourcePlan, quality};
use crate::config::institution::WithoutSpec;
use crate::config::rules::{RuleUse, uses};
use crate::config::{InstitutionSpec, ParsedFile, SourceSpec};
use chrono::NaiveDate;
use chrono_tz::Tz;
use indexmap::IndexMap;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;
use weir_model::identity::IdentitySpec;
use weir_model::quality::{QualityBar, QualityGauge, QualitySpec};
use weir_model::{
    FingerprintParts, InstitutionProfile,
    field::{FIELDS, Field},
    job::ComparedFields,
};
use weir_rule::{CompiledRule, ScriptSandbox};
use weir_source::{IdExtractor, Source};
use weir_stage::archive::ArchiveStage;
use weir_stage::classify::{CapabilitiesSpec, ClassifyStage, FrameworkSet, RolesSpec};
use weir_stage::dedupe::{DedupeStage, OpeningSurroundings};
use weir_stage::exception::RuleException;
use weir_stage::extract::JobSpec;
use weir_stage::promote::PromoteStage;
use weir_stage::resolve::{RegistrySet, RelationSpec, ResolveStage};
use weir_stage::schema::{self, MandatoryField};
use weir_stage::validate::ValidateStage;
use weir_stage::{Stage, StageKind, StageScope, dates};
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::{Located, Node};

/// What institutions share.
pub struct SharedInputs<'a> {
    /// Pipelines by name.
    pub pipelines: &'a IndexMap<String, Option<Pipeline>>,
    /// Rule sets by name.
    pub rules: &'a IndexMap<String, Option<RuleSet>>,
    /// The frameworks of roles and capabilities.
    pub frameworks: &'a FrameworkSet,
    /// The registries of companies.
    pub registries: &'a RegistrySet,
    /// The engine for scripts.
    pub sandbox: &'a ScriptSandbox,
}

/// Compiles one institution; problems go to `out`. If its file has errors, apparently missing parts
/// may just be unreadable, and are not reported.
pub fn compile(
    file: &ParsedFile<InstitutionSpec>,
    shared: &SharedInputs,
    out: &mut Diagnostics,
) -> Option<Plan> {
    let spec = file.spec.as_ref()?;
    let is_whole = !out.has_errors_in(&file.file);
    let institution = profile(spec, out);
    let own_schedule = spec
        .schedule
        .as_ref()
        .map(|schedule| Schedule::compile(schedule, out));
    let pipeline = find_pipeline(spec, shared, out);
    let zone = spec.timezone.get().map(|zone| zone.value.0);
    let sources = spec.sources.get()?;
    let batch = pipeline.map_or(500, |pipeline| pipeline.batch);
    let all = WholeInstitution {
        spec,
        is_whole,
        shared,
    };
    check_mandatory(&all, out);
    if is_whole {
        check_filled(&all, out);
    }
    check_classified(&all, pipeline, out);
    for field in spec.quality.iter().flat_map(QualitySpec::fields) {
        check_named(field, &all, all.jobs().collect(), out);
    }
    check_repeated_rules(spec, shared, out);
    check_repeated_sets(&spec.rules, out);
    sources
        .values()
        .for_each(|source| check_repeated_sets(&source.rules, out));
    let openings = openings(&all, zone, out);
    let mut compiled = Vec::new();
    for (name, source) in sources {
        check_name("source", name, out);
        compiled.push(compile_source(
            &all,
            name,
            source,
            zone.unwrap_or(Tz::UTC),
            batch,
            openings.as_ref(),
            out,
        ));
    }
    if sources.is_empty() && is_whole {
        let place = spec
            .institution
            .get()
            .map_or_else(|| file.start(), |name| name.place.clone());
        out.error(&place, "no-source", "the institution has no source")
            .help("add one under `sources:`");
    }
    let (institution, pipeline, zone) = (institution?, pipeline?, zone?);
    let sources = compiled.into_iter().collect::<Option<Vec<_>>>()?;
    let schedule = own_schedule.unwrap_or_else(|| pipeline.schedule.clone());
    let plan = connect(institution, zone, schedule, pipeline, sources);
    Some(Plan { openings, ..plan })
}

/// When jobs advertise one opening, where the institution asks.
fn openings(
    all: &WholeInstitution,
    zone: Option<Tz>,
    out: &mut Diagnostics,
) -> Option<Arc<DedupeStage>> {
    let spec = all.spec.openings.as_ref()?;
    let sources = all.spec.sources.get();
    let maps = |field: Field| all.jobs().any(|job| job.mapped().contains(&field.name()));
    let own_company = sources
        .into_iter()
        .flat_map(IndexMap::values)
        .any(|s| s.company.is_some());
    let slug = all
        .spec
        .institution
        .get()
        .map(|slug| slug.value.clone())
        .unwrap_or_default();
    let around = OpeningSurroundings {
        institution: all
            .spec
            .name
            .as_ref()
            .map_or(slug, |name| name.value.clone()),
        zone: zone.unwrap_or(Tz::UTC).name().to_owned(),
        sources: sources
            .into_iter()
            .flatten()
            .map(|(name, _)| name.value.clone())
            .collect(),
        extras: all
            .jobs()
            .flat_map(|job| job.extras().map(str::to_owned))
            .collect(),
        has_company: all.spec.company.is_some() || own_company,
        has_department: maps(Field::Department),
        is_whole: all.is_whole,
    };
    Some(Arc::new(spec.compile(&around, out)))
}

/// An institution as its sources see it.
struct WholeInstitution<'a> {
    spec: &'a InstitutionSpec,
    /// Whether its file could be read without errors.
    is_whole: bool,
    shared: &'a SharedInputs<'a>,
}

impl<'a> WholeInstitution<'a> {
    fn jobs(&self) -> impl Iterator<Item = &'a JobSpec> {
        self.spec
            .sources
            .get()
            .into_iter()
            .flat_map(IndexMap::values)
            .filter_map(|source| source.job.get())
    }

    /// Whether `classify` decides it: `role` or `capabilities`.
    fn decides(&self, field: &str) -> bool {
        let sources = self.spec.sources.get().into_iter();
        let sources = sources.flat_map(IndexMap::values);
        match field {
            "role" => {
                !self.spec.roles.is_empty()
                    || sources.clone().any(|source| !source.roles.is_empty())
            }
            "capabilities" => {
                self.spec.capabilities.is_some()
                    || sources.clone().any(|source| source.capabilities.is_some())
            }
            _ => false,
        }
    }

    /// Whether a field is canonical, decided, or declared by one of these mappings.
    fn knows<'j>(&self, field: &str, mut jobs: impl Iterator<Item = &'j JobSpec>) -> bool {
        Field::named(field).is_some()
            || self.decides(field)
            || jobs.any(|job| job.extras().any(|extra| extra == field))
    }
}

/// A compiled source, by type of stage.
struct CompiledSource {
    name: String,
    schedule: Option<Schedule>,
    zone: Tz,
    fetch: Source,
    read_as: String,
    ident: IdExtractor,
    quality: QualityBar,
    gauge: Arc<QualityGauge>,
    batch: usize,
    stages: Vec<Stage>,
}

fn profile(spec: &InstitutionSpec, out: &mut Diagnostics) -> Option<InstitutionProfile> {
    let slug = spec.institution.get()?;
    check_name("institution", slug, out);
    if let Some(formerly) = &spec.formerly {
        check_name("institution", formerly, out);
    }
    let (id, _) = identity(spec, slug);
    let name = spec
        .name
        .as_ref()
        .map_or_else(|| slug.value.clone(), |name| name.value.clone());
    let timezone = spec.timezone.get()?.value.0.name().to_owned();
    let formerly = spec
        .formerly
        .as_ref()
        .map(|formerly| formerly.value.clone());
    Some(InstitutionProfile {
        id,
        slug: slug.value.clone(),
        name,
        timezone,
        active: spec.active,
        formerly,
    })
}

/// The id of an institution, and the place that determines it.
pub fn identity(spec: &InstitutionSpec, slug: &Located<String>) -> (Uuid, Place) {
    let name = spec.formerly.as_ref().unwrap_or(slug);
    let from_name = || (institution_id(name), name.place.clone());
    spec.id
        .as_ref()
        .map_or_else(from_name, |id| (id.value.0, id.place.clone()))
}

/// The id that follows from an institution's name.
pub fn institution_id(slug: &str) -> Uuid {
    Uuid::new_v5(
        &Uuid::NAMESPACE_URL,
        format!("weir:institution:{slug}").as_bytes(),
    )
}

/// Whether a text can be the name of an institution or source.
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
}

fn check_name(what: &str, name: &Located<String>, out: &mut Diagnostics) {
    let good = is_name(name);
    if name.is_empty() {
        out.error(
            &name.place,
            "bad-name",
            format!("the name of the {what} is empty"),
        )
        .help("use lowercase letters, digits and `-`");
    } else if !good {
        out.error(
            &name.place,
            "bad-name",
            format!(
                "`{name}` is not a valid name for {} {what}",
                if what == "institution" { "an" } else { "a" }
            ),
        )
        .help("use lowercase letters, digits and `-`: the name is part of ids and keys");
    }
}

fn find_pipeline<'a>(
    spec: &InstitutionSpec,
    shared: &'a SharedInputs,
    out: &mut Diagnostics,
) -> Option<&'a Pipeline> {
    let wanted = spec
        .pipeline
        .as_ref()
        .map_or("daily", |pipeline| pipeline.value.as_str());
    if let Some(found) = shared.pipelines.get(wanted) {
        return found.as_ref();
    }
    let place = spec
        .pipeline
        .as_ref()
        .or(spec.institution.get())
        .map(|name| name.place.clone())?;
    let told = out.error(
        &place,
        "unknown-pipeline",
        format!("unknown pipeline `{wanted}`"),
    );
    match did_you_mean(wanted, shared.pipelines.keys().map(String::as_str)) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None if shared.pipelines.is_empty() => told.help(
            "there is no file `pipelines/*.yaml`; the usual one, `pipelines/daily.yaml`, starts with `pipeline: daily` and has \
             `stages: [fetch, extract, resolve, validate, promote, archive, report]` (`weir new` writes it)",
        ),
        None => told.help(format!("known pipelines: {}", one_of(shared.pipelines.keys().map(String::as_str)))),
    };
    None
}

fn compile_source(
    all: &WholeInstitution,
    name: &Located<String>,
    source: &SourceSpec,
    zone: Tz,
    batch: usize,
    openings: Option<&Arc<DedupeStage>>,
    out: &mut Diagnostics,
) -> Option<CompiledSource> {
    let spec = all.spec;
    let zone = source.timezone.as_ref().map_or(zone, |zone| zone.0);
    let dates = dates::setting([source.dates.as_ref(), spec.dates.as_ref()], zone);
    let schedule = source
        .schedule
        .as_ref()
        .and_then(|schedule| Schedule::compile(schedule, out));
    let fetch = source.fetch.get().and_then(|fetch| fetch.compile(out));
    let ident = ident(source, out);
    let extract = source
        .job
        .get()
        .map(|job| job.compile(all.shared.sandbox, dates, batch, out));
    let resolve = ResolveStage::compile(
        source.company.as_ref().or(spec.company.as_ref()),
        source.division.as_ref().or(spec.division.as_ref()),
        all.shared.registries,
        out,
    );
    let classify = classify(all, source, out);
    let validate = validate(all, source, out);
    let compared: Vec<Field> = spec.compare.iter().map(|field| field.value).collect();
    let archive = ArchiveStage::compile(
        [source.missing.as_ref(), spec.missing.as_ref()],
        [source.archive.as_ref(), spec.archive.as_ref()],
    );
    check_recognised(source, out);
    check_measured(all, source, out);
    let identity = source
        .identity
        .as_ref()
        .map(|spec| spec.compile(archive.at_most(), out));
    let fetch = fetch?;
    let extract = extract?.of_elements(fetch.reads_elements());
    // A listing is read to find the page of its ad, too.
    let read = extract
        .members()
        .zip(resolve.members())
        .filter(|_| fetch.detail().is_none());
    let read = read.map(|(mapped, related)| {
        mapped
            .into_iter()
            .chain(related)
            .map(str::to_owned)
            .collect()
    });
    let ident = ident?.reading(read);
    let gauge = Arc::new(quality::gauge(spec, source, &validate));
    let quality = QualityBar::compile([source.quality.as_ref(), spec.quality.as_ref()]);
    let stages = [
        Some(Stage::Fetch(fetch.clone())),
        fetch.detail().map(|_| Stage::Details),
        quality.hold.then(|| Stage::Quality(quality.clone())),
        identity.map(Stage::Identity),
        Some(Stage::Extract(Arc::new(extract))),
        Some(Stage::Resolve(Arc::new(resolve))),
        classify.map(|classify| Stage::Classify(Arc::new(classify))),
        Some(Stage::Validate(Arc::new(validate))),
        Some(Stage::Promote(Arc::new(PromoteStage {
            compared: ComparedFields::with(&compared),
            gauge: Arc::clone(&gauge),
        }))),
        Some(Stage::Archive(Arc::new(archive))),
        Some(Stage::Measure(quality.clone())),
        openings.cloned().map(Stage::Dedupe),
        Some(Stage::Report),
    ];
    let stages = stages.into_iter().flatten().collect();
    let read_as = source.read_as.clone();
    Some(CompiledSource {
        schedule,
        name: name.value.clone(),
        zone,
        fetch,
        read_as,
        ident,
        quality,
        gauge,
        batch,
        stages,
    })
}

/// What is asked about roles and capabilities; a source overrides its institution.
fn classify(
    all: &WholeInstitution,
    source: &SourceSpec,
    out: &mut Diagnostics,
) -> Option<ClassifyStage> {
    let roles = if source.roles.is_empty() {
        &all.spec.roles
    } else {
        &source.roles
    };
    let capabilities = source.capabilities.as_ref();
    let capabilities = capabilities.or(all.spec.capabilities.as_ref());
    ClassifyStage::compile(roles, capabilities, all.shared.frameworks, out)
}

/// What `roles` and `capabilities` read must be there, and the pipeline must have the stage that
/// decides them.
fn check_classified(all: &WholeInstitution, pipeline: Option<&Pipeline>, out: &mut Diagnostics) {
    let spec = all.spec;
    let sources = spec.sources.get().into_iter().flat_map(IndexMap::values);
    let own = sources.map(|source| {
        let jobs: Vec<&JobSpec> = source.job.get().into_iter().collect();
        (&source.roles, &source.capabilities, jobs)
    });
    let whole = (&spec.roles, &spec.capabilities, all.jobs().collect());
    for (roles, capabilities, jobs) in std::iter::once(whole).chain(own) {
        let of_roles = roles.iter().flat_map(RolesSpec::fields);
        let of_capabilities = capabilities.iter().flat_map(CapabilitiesSpec::fields);
        for field in of_roles.chain(of_capabilities) {
            let maps = |job: &&JobSpec| job.mapped().contains(&field.value.as_str());
            let is_known = check_named(field, all, jobs.clone(), out);
            if is_known && all.is_whole && !jobs.iter().any(maps) {
                out.warning(
                    &field.place,
                    "never-filled",
                    format!("`{field}` never has a value: no source maps it"),
                )
                .help(format!("add `{field}` under `job:` of the source"));
            }
        }
    }
    let asked = spec.frameworks().next();
    if let (Some(asked), Some(pipeline)) = (asked, pipeline)
        && !pipeline.stages.contains(&StageKind::Classify)
    {
        let name = &pipeline.name;
        out.error(
            &asked.place,
            "no-classify",
            format!("nothing would be decided: the pipeline `{name}` has no stage `classify`"),
        )
        .help("add `classify` to its stages, between `resolve` and `validate`");
    }
}

/// Fields that jobs are recognised by must be there.
fn check_recognised(source: &SourceSpec, out: &mut Diagnostics) {
    let Some(job) = source.job.get() else { return };
    for field in source
        .identity
        .iter()
        .flat_map(IdentitySpec::by)
        .filter(|field| !job.mapped().contains(&field.value.name()))
    {
        let name = field.value.name();
        out.warning(
            &field.place,
            "never-filled",
            format!("`{name}` never has a value: the source does not map it"),
        )
        .help(format!(
            "add `{name}` under `job:` of the source, or remove it here"
        ));
    }
}

/// Fields that must be filled must be there.
fn check_measured(all: &WholeInstitution, source: &SourceSpec, out: &mut Diagnostics) {
    for field in source.quality.iter().flat_map(QualitySpec::fields) {
        check_named(field, all, source.job.get().into_iter().collect(), out);
    }
}

/// How the ads of a source are identified, and how duplicates are handled.
pub fn ident(source: &SourceSpec, out: &mut Diagnostics) -> Option<IdExtractor> {
    let mut ident = source
        .id
        .get()
        .and_then(|id| IdExtractor::compile(id, out))?;
    let places_of = |field: &str| {
        source
            .job
            .get()
            .map(|job| job.places_of(field))
            .unwrap_or_default()
    };
    ident.twins = source
        .duplicates
        .as_ref()
        .map(|spec| spec.compile(places_of))
        .unwrap_or_default();
    Some(ident)
}

/// What every ad would lack: its title, or a field that a relation is found by.
fn check_filled(all: &WholeInstitution, out: &mut Diagnostics) {
    let maps = |job: &JobSpec, field: Field| job.mapped().contains(&field.name());
    // Where a field is mandatory, `check_mandatory` reports it: once is enough.
    let is_mandatory = |source: &SourceSpec, field: Field| {
        [&all.spec.require, &source.require]
            .iter()
            .any(|fields| fields.contains_key(field.name()))
    };
    for (name, source) in all.spec.sources.get().into_iter().flatten() {
        let Some(job) = source.job.get() else {
            continue;
        };
        if !maps(job, Field::Title) && !is_mandatory(source, Field::Title) {
            out.warning(
                &name.place,
                "never-filled",
                format!("source `{name}` does not map `title`: every ad would be rejected"),
            )
            .help("add `title` under `job:` of the source");
        }
        for (field, place) in [&source.company, &source.division]
            .into_iter()
            .flatten()
            .flat_map(RelationSpec::fields)
        {
            if !maps(job, field) && !is_mandatory(source, field) {
                never_found(
                    field,
                    place,
                    &format!("source `{name}` does not map it"),
                    out,
                );
            }
        }
    }
    for (field, place) in [&all.spec.company, &all.spec.division]
        .into_iter()
        .flatten()
        .flat_map(RelationSpec::fields)
    {
        if !all.jobs().any(|job| maps(job, field)) && !all.spec.require.contains_key(field.name()) {
            never_found(field, place, "no source maps it", out);
        }
    }
}

fn never_found(field: Field, place: &Place, why: &str, out: &mut Diagnostics) {
    let field = field.name();
    out.warning(
        place,
        "never-filled",
        format!("`{field}` never has a value: {why}"),
    )
    .help(format!(
        "add `{field}` under `job:` of the source, or use a JSONPath, which starts with `$`"
    ));
}

/// What `classify` decides, as `require` names it.
pub(super) const DECIDED: [&str; 2] = ["role", "capabilities"];

/// The mandatory fields of the institution, which each of its sources must satisfy.
fn check_mandatory(all: &WholeInstitution, out: &mut Diagnostics) {
    for (field, keywords) in &all.spec.require {
        check_known(field, keywords, all, all.jobs().collect(), out);
        for (name, source) in all
            .spec
            .sources
            .get()
            .into_iter()
            .flatten()
            .filter(|_| all.is_whole && all.knows(field, all.jobs()))
        {
            let is_own = source.require.contains_key(field.value.as_str());
            if !is_own
                && !DECIDED.contains(&field.value.as_str())
                && !source
                    .job
                    .get()
                    .is_some_and(|job| job.mapped().contains(&field.value.as_str()))
            {
                never_filled(field, name, out);
            }
        }
    }
    for (name, source) in all.spec.sources.get().into_iter().flatten() {
        for (field, keywords) in &source.require {
            check_known(
                field,
                keywords,
                all,
                source.job.get().into_iter().collect(),
                out,
            );
            let mapped = source.job.get().map(JobSpec::mapped).unwrap_or_default();
            if all.is_whole
                && all.knows(field, source.job.get().into_iter())
                && !mapped.contains(&field.value.as_str())
                && !DECIDED.contains(&field.value.as_str())
            {
                never_filled(field, name, out);
            }
        }
    }
}

fn never_filled(field: &Located<String>, source: &Located<String>, out: &mut Diagnostics) {
    out.warning(&field.place, "never-filled", format!("`{field}` is mandatory, but source `{source}` does not map it: every ad would be rejected"))
        .help(format!("add `{field}` under `job:` of the source, or remove it from `require`"));
}

fn check_known(
    field: &Located<String>,
    keywords: &Node,
    all: &WholeInstitution,
    jobs: Vec<&JobSpec>,
    out: &mut Diagnostics,
) {
    if !check_named(field, all, jobs, out) {
        return;
    }
    if let Some(canonical) = Field::named(field) {
        schema::check_kind(canonical, keywords, out);
    }
}

/// Whether the field exists; if not, that is reported.
fn check_named(
    field: &Located<String>,
    all: &WholeInstitution,
    jobs: Vec<&JobSpec>,
    out: &mut Diagnostics,
) -> bool {
    if all.knows(field, jobs.iter().copied()) {
        return true;
    }
    let names: Vec<&str> = FIELDS
        .iter()
        .map(|field| field.name())
        .chain(jobs.iter().flat_map(|job| job.extras()))
        .collect();
    let near = did_you_mean(field, names.iter().copied());
    if near.is_none() && !all.is_whole {
        return false;
    }
    let told = out.error(
        &field.place,
        "unknown-field-reference",
        format!("unknown field `{field}`"),
    );
    if DECIDED.contains(&field.value.as_str()) {
        let key = key_of(field);
        told.help(format!("add `{key}:`, which decides it"));
        return false;
    }
    match near {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!(
            "known fields: {}; declare custom fields under `job: extra:`",
            one_of(names)
        )),
    };
    false
}

fn validate(all: &WholeInstitution, source: &SourceSpec, out: &mut Diagnostics) -> ValidateStage {
    let mut fields = all.spec.require.clone();
    fields.extend(source.require.clone());
    let require = fields
        .iter()
        .filter_map(|(field, keywords)| MandatoryField::compile(field, keywords, out))
        .collect();
    let (rules, exceptions) = rules(all.spec, source, all.shared, out);
    check_undecided(all, source, &rules, out);
    ValidateStage {
        require,
        rules,
        exceptions,
    }
}

/// A rule that reads what nothing decides says nothing about any ad.
fn check_undecided(
    all: &WholeInstitution,
    source: &SourceSpec,
    rules: &[(String, Arc<CompiledRule>)],
    out: &mut Diagnostics,
) {
    let used: Vec<&Located<String>> = uses(&all.spec.rules)
        .chain(uses(&source.rules))
        .map(|(name, _)| name)
        .collect();
    let undecided = DECIDED
        .into_iter()
        .filter(|variable| !all.decides(variable));
    for (variable, (set, rule)) in
        undecided.flat_map(|one| rules.iter().map(move |rule| (one, rule)))
    {
        let Some(name) = used.iter().find(|name| name.value == *set) else {
            continue;
        };
        if rule.reads_variable(variable) {
            let (id, key) = (&rule.id, key_of(variable));
            let message = format!(
                "`{variable}` never has a value: the rule `{id}` of `{set}` reads it, and there is no `{key}:` here"
            );
            out.warning(&name.place, "never-filled", message).help(format!(
                "add `{key}:`, or switch the rule off: `without: [{{ rule: {id}, reason: ... }}]`"
            ));
        }
    }
}

/// The key that asks for what is decided.
fn key_of(decided: &str) -> &str {
    if decided == "role" { "roles" } else { decided }
}

fn rules(
    spec: &InstitutionSpec,
    source: &SourceSpec,
    shared: &SharedInputs,
    out: &mut Diagnostics,
) -> (Vec<(String, Arc<CompiledRule>)>, Vec<RuleException>) {
    let (mut rules, mut exceptions) = (Vec::new(), Vec::new());
    let mut known = KnownRules {
        ids: Vec::new(),
        is_whole: true,
    };
    let mut all: IndexMap<&str, (&Located<String>, Vec<&Node>)> = IndexMap::new();
    for (name, changes) in uses(&spec.rules).chain(uses(&source.rules)) {
        all.entry(name.as_str())
            .or_insert((name, Vec::new()))
            .1
            .extend(changes);
    }
    for (name, changes) in all.into_values() {
        match shared.rules.get(&name.value) {
            Some(Some(set)) => {
                let adjusted = adjusted(set, &changes, out);
                let named = |rule| (set.name.clone(), rule);
                rules.extend(adjusted.rules.into_iter().map(named));
                exceptions.extend(adjusted.exceptions);
                known.ids.extend(&set.ids);
                known.is_whole &= set.is_whole;
            }
            Some(None) => known.is_whole = false,
            None => {
                unknown_rules(name, shared, out);
                known.is_whole = false;
            }
        }
    }
    for without in spec.without.iter().chain(&source.without) {
        check_without(without, &known, out);
        match without.until {
            Some(until) => switch_off_until(without, until.0, &rules, &mut exceptions),
            None => rules.retain(|(_, rule)| rule.id != without.rule.value),
        }
    }
    (rules, exceptions)
}

/// The rules that there are, broken ones included.
struct KnownRules<'a> {
    ids: Vec<&'a String>,
    /// Whether all files could be read.
    is_whole: bool,
}

/// Two rules of one name are both applied, and switched off together.
fn check_repeated_rules(spec: &InstitutionSpec, shared: &SharedInputs, out: &mut Diagnostics) {
    let mut first: HashMap<&str, &Located<String>> = HashMap::new();
    for (name, _) in uses(&spec.rules) {
        let Some(Some(set)) = shared.rules.get(&name.value) else {
            continue;
        };
        for id in &set.ids {
            match first.get(id.as_str()) {
                Some(earlier) if earlier.value != name.value => {
                    out.warning(
                        &name.place,
                        "duplicate-rule",
                        format!("both `{earlier}` and `{name}` define the rule `{id}`: both apply"),
                    )
                    .help("rename one of the rules, or remove one of the rule sets");
                }
                Some(_) => {}
                None => {
                    first.insert(id, name);
                }
            }
        }
    }
}

/// A set that is listed twice applies once.
fn check_repeated_sets(written: &[RuleUse], out: &mut Diagnostics) {
    let mut first: HashMap<&str, &Located<String>> = HashMap::new();
    for (name, _) in uses(written) {
        if let Some(earlier) = first.get(name.as_str()) {
            out.warning(&name.place, "duplicate-rules", format!("the rule set `{name}` is listed twice; it applies once"))
                .related(&earlier.place, "first listed here")
                .help("remove one of them; write overrides under the name of the set, such as `common: { max_open: 3 months }`");
        }
        first.entry(name.as_str()).or_insert(name);
    }
}

fn unknown_rules(name: &Located<String>, shared: &SharedInputs, out: &mut Diagnostics) {
    let told = out.error(
        &name.place,
        "unknown-rules",
        format!("unknown rule set `{name}`"),
    );
    let stem = name
        .trim_start_matches("rules/")
        .trim_end_matches(".yml")
        .trim_end_matches(".yaml");
    match did_you_mean(stem, shared.rules.keys().map(String::as_str)) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!(
            "the rule set `{stem}` would be in the file `rules/{stem}.yaml`"
        )),
    };
}

/// A rule that is switched off until a day; a severity that it would have until then says nothing.
fn switch_off_until(
    without: &WithoutSpec,
    until: NaiveDate,
    rules: &[(String, Arc<CompiledRule>)],
    exceptions: &mut Vec<RuleException>,
) {
    let off = |(set, rule): &(String, Arc<CompiledRule>)| RuleException {
        set: set.clone(),
        rule: rule.id.clone(),
        until,
        instead: None,
        owner: without.owner.clone(),
        place: without.rule.place.clone(),
    };
    let of_it = rules
        .iter()
        .filter(|(_, rule)| rule.id == without.rule.value);
    exceptions.splice(0..0, of_it.map(off));
}

fn check_without(without: &WithoutSpec, known: &KnownRules, out: &mut Diagnostics) {
    if without.reason.trim().is_empty() {
        out.error(
            &without.reason.place,
            "missing-reason",
            format!("switching off `{}` needs a reason", without.rule),
        )
        .help("say why in a few words; someone will ask later");
    }
    let near = did_you_mean(&without.rule, known.ids.iter().map(|id| id.as_str()));
    if !known.ids.contains(&&without.rule.value) && (known.is_whole || near.is_some()) {
        let told = out.error(
            &without.rule.place,
            "unknown-rule",
            format!("unknown rule `{}`", without.rule),
        );
        match near {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help("use the id of a rule in one of the institution's rule sets"),
        };
    }
}

/// Connects the stages of all sources to one DAG: a node for each source, or one for the
/// institution, as the scope says.
fn connect(
    institution: InstitutionProfile,
    zone: Tz,
    schedule: Option<Schedule>,
    pipeline: &Pipeline,
    sources: Vec<CompiledSource>,
) -> Plan {
    let mut connecting = GraphBuilder {
        pipeline,
        sources: &sources,
        graph: StableDiGraph::new(),
        nodes: Vec::new(),
    };
    pipeline
        .stages
        .iter()
        .for_each(|kind| connecting.add(*kind));
    connecting.join();
    let GraphBuilder { graph, nodes, .. } = connecting;
    let flows = sources
        .into_iter()
        .enumerate()
        .map(|(index, source)| flow(index, source, &nodes))
        .collect();
    Plan {
        institution,
        zone,
        pipeline: pipeline.name.clone(),
        schedule,
        graph,
        flows,
        openings: None,
        texts: None,
        stands_in: None,
    }
}

/// A kind, the source that it works on if it works on one, and its node.
type PlacedNode = (StageKind, Option<usize>, NodeIndex);

/// A DAG under construction.
struct GraphBuilder<'c> {
    pipeline: &'c Pipeline,
    sources: &'c [CompiledSource],
    graph: StableDiGraph<PlanNode, ()>,
    nodes: Vec<PlacedNode>,
}

impl GraphBuilder<'_> {
    /// The nodes of a kind.
    fn add(&mut self, kind: StageKind) {
        if kind.scope() == StageScope::Institution {
            let all: Vec<&CompiledSource> = self
                .sources
                .iter()
                .filter(|source| source.has(kind))
                .collect();
            if all.is_empty() {
                return;
            }
            let node = self.graph.add_node(node(kind, None, &all));
            self.nodes.push((kind, None, node));
            return;
        }
        for (index, source) in self
            .sources
            .iter()
            .enumerate()
            .filter(|(_, source)| source.has(kind))
        {
            let node = self
                .graph
                .add_node(node(kind, Some(&source.name), &[source]));
            self.nodes.push((kind, Some(index), node));
        }
    }

    /// What waits for what: within a source, and an institution for each of its sources.
    fn join(&mut self) {
        for (kind, of, to) in self.nodes.clone() {
            let each = of.map_or(0..self.sources.len(), |index| index..index + 1);
            for (index, source) in each.map(|index| (index, &self.sources[index])) {
                let is_there = |kind: StageKind| source.has(kind);
                for before in self.pipeline.before(kind, is_there) {
                    let is_before = |(other, at, _): &&PlacedNode| {
                        *other == before && at.is_none_or(|at| at == index)
                    };
                    if let Some((_, _, from)) = self.nodes.iter().find(is_before) {
                        self.graph.update_edge(*from, to, ());
                    }
                }
            }
        }
    }
}

impl CompiledSource {
    fn stage(&self, kind: StageKind) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.kind() == kind)
    }

    /// Whether it needs a stage of this kind.
    fn has(&self, kind: StageKind) -> bool {
        self.stage(kind).is_some()
    }
}

fn node(kind: StageKind, source: Option<&str>, sources: &[&CompiledSource]) -> PlanNode {
    let name = source.map_or_else(
        || kind.name().to_owned(),
        |source| format!("{}:{source}", kind.name()),
    );
    let mut explain: Vec<String> = Vec::new();
    let mut parts = FingerprintParts::default();
    for (source, stage) in sources
        .iter()
        .filter_map(|source| Some((source, source.stage(kind)?)))
    {
        let fresh = stage
            .explain()
            .into_iter()
            .filter(|line| !line.is_empty() && !explain.contains(line));
        explain.extend(fresh.collect::<Vec<_>>());
        parts.add(&source.name, &stage.parts().fingerprint());
    }
    PlanNode {
        name,
        kind,
        source: source.map(str::to_owned),
        explain,
        fingerprint: parts.fingerprint(),
    }
}

fn flow(index: usize, source: CompiledSource, nodes: &[PlacedNode]) -> SourcePlan {
    let own = nodes.iter().filter(|(_, at, _)| *at == Some(index));
    let stages: Vec<(NodeIndex, Stage)> = own
        .filter_map(|(kind, _, node)| Some((*node, source.stage(*kind)?.clone())))
        .collect();
    let mut parts = FingerprintParts::default();
    for (_, stage) in stages
        .iter()
        .filter(|(_, stage)| stage.kind().scope() == StageScope::Record)
    {
        parts.extend(stage.parts());
    }
    SourcePlan {
        source: source.name,
        schedule: source.schedule,
        zone: source.zone,
        fetch: source.fetch,
        read_as: source.read_as,
        ident: Arc::new(source.ident),
        quality: source.quality,
        gauge: source.gauge,
        stages,
        parts,
        batch: source.batch,
    }
}
