//! One institution's files to its plan: layers laid over each other, stages compiled for each source, the DAG
//! connected.

use super::pipeline::{self, Pipeline};
use super::rules::RuleSet;
use super::{Flow, Node, Plan};
use crate::config::institution::WithoutSpec;
use crate::config::{InstitutionSpec, SourceSpec};
use crate::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use crate::model::Parts;
use crate::model::field::{FIELDS, Field};
use crate::model::job::Compared;
use crate::rule::{Rule, Sandbox};
use crate::source::file::json_path;
use crate::source::{Ident, Source};
use crate::stage::archive::Archive;
use crate::stage::promote::Promote;
use crate::stage::resolve::Resolve;
use crate::stage::schema::Mandatory;
use crate::stage::validate::Validate;
use crate::stage::{Kind, Role, Stage};
use crate::store::runs::Tenant;
use crate::yaml::Located;
use chrono_tz::Tz;
use indexmap::IndexMap;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// What institutions share.
pub struct Shared<'a> {
    /// Pipelines by name.
    pub pipelines: &'a IndexMap<String, Option<Pipeline>>,
    /// Rule sets by name.
    pub rules: &'a IndexMap<String, Option<RuleSet>>,
    /// The engine for scripts.
    pub sandbox: &'a Sandbox,
}

/// Compiles one institution; problems go to `out`.
pub fn compile(spec: &InstitutionSpec, shared: &Shared, out: &mut Diagnostics) -> Option<Plan> {
    let tenant = tenant(spec, out);
    if let Some(schedule) = &spec.schedule {
        pipeline::check_cron(schedule, out);
    }
    let pipeline = find_pipeline(spec, shared, out);
    let zone = spec.timezone.get().map(|zone| zone.value.0);
    let sources = spec.sources.get()?;
    let batch = pipeline.map_or(500, |pipeline| pipeline.batch);
    let mut compiled = Vec::new();
    for (name, source) in sources {
        check_name("source", name, out);
        compiled.push(compile_source(spec, name, source, zone.unwrap_or(Tz::UTC), batch, shared, out));
    }
    if sources.is_empty() {
        let place = spec.institution.get().map_or_else(|| Place::start_of(""), |name| name.place.clone());
        out.error(&place, "no-source", "the institution has no source").help("add one under `sources:`");
    }
    let (tenant, pipeline, zone) = (tenant?, pipeline?, zone?);
    let sources = compiled.into_iter().collect::<Option<Vec<_>>>()?;
    let schedule = spec.schedule.as_ref().or(pipeline.schedule.as_ref()).map(|schedule| schedule.value.clone());
    Some(connect(tenant, zone, schedule, pipeline, sources))
}

/// A source compiled, each kind of stage at hand.
struct CompiledSource {
    name: String,
    zone: Tz,
    fetch: Source,
    ident: Ident,
    batch: usize,
    stages: Vec<Stage>,
}

fn tenant(spec: &InstitutionSpec, out: &mut Diagnostics) -> Option<Tenant> {
    let slug = spec.institution.get()?;
    check_name("institution", slug, out);
    let identity = spec.formerly.as_ref().map_or(&slug.value, |formerly| &formerly.value);
    let id = spec.id.as_ref().map_or_else(|| institution_id(identity), |id| id.value.0);
    let name = spec.name.as_ref().map_or_else(|| slug.value.clone(), |name| name.value.clone());
    let timezone = spec.timezone.get()?.value.0.name().to_owned();
    let formerly = spec.formerly.as_ref().map(|formerly| formerly.value.clone());
    Some(Tenant { id, slug: slug.value.clone(), name, timezone, active: spec.active, formerly })
}

/// The id that follows from an institution's name.
pub fn institution_id(slug: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("weir:institution:{slug}").as_bytes())
}

fn check_name(what: &str, name: &Located<String>, out: &mut Diagnostics) {
    let good = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if !good {
        out.error(&name.place, "bad-name", format!("`{name}` cannot be the name of {} {what}", if what == "institution" { "an" } else { "a" }))
            .help("use lower-case letters, digits and `-`: the name is part of ids and keys");
    }
}

fn find_pipeline<'a>(spec: &InstitutionSpec, shared: &'a Shared, out: &mut Diagnostics) -> Option<&'a Pipeline> {
    let wanted = spec.pipeline.as_ref().map_or("daily", |pipeline| pipeline.value.as_str());
    if let Some(found) = shared.pipelines.get(wanted) {
        return found.as_ref();
    }
    let place = spec.pipeline.as_ref().or(spec.institution.get()).map(|name| name.place.clone())?;
    let told = out.error(&place, "unknown-pipeline", format!("unknown pipeline `{wanted}`"));
    match did_you_mean(wanted, shared.pipelines.keys().map(String::as_str)) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None if shared.pipelines.is_empty() => told.help("there is no file `pipelines/*.yaml`"),
        None => told.help(format!("the pipelines are {}", one_of(shared.pipelines.keys().map(String::as_str)))),
    };
    None
}

fn compile_source(
    spec: &InstitutionSpec,
    name: &Located<String>,
    source: &SourceSpec,
    zone: Tz,
    batch: usize,
    shared: &Shared,
    out: &mut Diagnostics,
) -> Option<CompiledSource> {
    let zone = source.timezone.as_ref().map_or(zone, |zone| zone.0);
    let fetch = source.fetch.compile(out);
    let path = json_path(&source.id, out);
    let extract = source.job.compile(shared.sandbox, zone, batch, out);
    let resolve = Resolve::compile(source.company.as_ref().or(spec.company.as_ref()), source.division.as_ref().or(spec.division.as_ref()), out);
    let validate = validate(spec, name, source, shared, out);
    let compared: Vec<Field> = spec.compare.iter().map(|field| field.value).collect();
    let archive = Archive::compile([source.missing.as_ref(), spec.missing.as_ref()], [source.archive.as_ref(), spec.archive.as_ref()]);
    let fetch = fetch?;
    let stages = vec![
        Stage::Fetch(fetch.clone()),
        Stage::Extract(Arc::new(extract)),
        Stage::Resolve(Arc::new(resolve)),
        Stage::Validate(Arc::new(validate)),
        Stage::Promote(Arc::new(Promote { compared: Compared::with(&compared) })),
        Stage::Archive(Arc::new(archive)),
        Stage::Report,
    ];
    Some(CompiledSource { name: name.value.clone(), zone, fetch, ident: Ident { path: path? }, batch, stages })
}

fn validate(spec: &InstitutionSpec, name: &Located<String>, source: &SourceSpec, shared: &Shared, out: &mut Diagnostics) -> Validate {
    let mut fields = spec.require.clone();
    fields.extend(source.require.clone());
    let mapped = source.job.mapped();
    let mut require = Vec::new();
    for (field, keywords) in &fields {
        let declared = Field::named(field).is_some() || source.job.extras().any(|extra| extra == field);
        if !declared {
            unknown_field(field, source, out);
        } else if !mapped.contains(&field.value.as_str()) {
            out.warning(
                &field.place,
                "never-filled",
                format!("`{field}` is mandatory, and source `{name}` does not map it: every ad would be rejected"),
            )
            .help(format!("add `{field}` under `job:` of the source, or take it out of `require`"));
        }
        require.extend(Mandatory::compile(field, keywords, out));
    }
    let rules = rules(spec, source, shared, out);
    Validate { require, rules }
}

fn unknown_field(field: &Located<String>, source: &SourceSpec, out: &mut Diagnostics) {
    let names: Vec<&str> = FIELDS.iter().map(|field| field.name()).chain(source.job.extras().map(|extra| extra.value.as_str())).collect();
    let told = out.error(&field.place, "unknown-field-reference", format!("unknown field `{field}`"));
    match did_you_mean(field, names.iter().copied()) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("the fields are {}; custom ones are declared under `job: extra:`", one_of(names))),
    };
}

fn rules(spec: &InstitutionSpec, source: &SourceSpec, shared: &Shared, out: &mut Diagnostics) -> Vec<(String, Arc<Rule>)> {
    let mut seen = BTreeSet::new();
    let mut rules = Vec::new();
    for name in spec.rules.iter().chain(&source.rules).filter(|name| seen.insert(name.value.clone())) {
        match shared.rules.get(&name.value) {
            Some(Some(set)) => rules.extend(set.rules.iter().map(|rule| (set.name.clone(), Arc::clone(rule)))),
            Some(None) => {}
            None => unknown_rules(name, shared, out),
        }
    }
    for without in spec.without.iter().chain(&source.without) {
        switch_off(without, &mut rules, out);
    }
    rules
}

fn unknown_rules(name: &Located<String>, shared: &Shared, out: &mut Diagnostics) {
    let told = out.error(&name.place, "unknown-rules", format!("unknown rule set `{name}`"));
    match did_you_mean(name, shared.rules.keys().map(String::as_str)) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("a rule set `{name}` would be the file `rules/{name}.yaml`")),
    };
}

fn switch_off(without: &WithoutSpec, rules: &mut Vec<(String, Arc<Rule>)>, out: &mut Diagnostics) {
    let ids: Vec<String> = rules.iter().map(|(_, rule)| rule.id.clone()).collect();
    if without.reason.trim().is_empty() {
        out.error(&without.reason.place, "missing-reason", format!("switching off `{}` needs a reason", without.rule))
            .help("say why in a few words: the next person will ask");
    }
    if !ids.contains(&without.rule.value) {
        let told = out.error(&without.rule.place, "unknown-rule", format!("unknown rule `{}`", without.rule));
        match did_you_mean(&without.rule, ids.iter().map(String::as_str)) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help("name a rule of one of the rule sets of this institution"),
        };
    }
    rules.retain(|(_, rule)| rule.id != without.rule.value);
}

/// Connects the stages of all sources to one DAG.
fn connect(tenant: Tenant, zone: Tz, schedule: Option<String>, pipeline: &Pipeline, sources: Vec<CompiledSource>) -> Plan {
    let mut graph = StableDiGraph::new();
    let mut nodes: Vec<(Kind, Option<usize>, NodeIndex)> = Vec::new();
    for kind in &pipeline.stages {
        if kind.is_per_source() {
            let each =
                sources.iter().enumerate().map(|(index, source)| (*kind, Some(index), graph.add_node(node(*kind, Some(&source.name), &[source]))));
            nodes.extend(each.collect::<Vec<_>>());
        } else {
            let all: Vec<&CompiledSource> = sources.iter().collect();
            nodes.push((*kind, None, graph.add_node(node(*kind, None, &all))));
        }
    }
    for (before, after) in &pipeline.edges {
        for (_, one, from) in nodes.iter().filter(|(kind, ..)| kind == before) {
            for (_, other, to) in nodes.iter().filter(|(kind, ..)| kind == after) {
                if one.is_none() || other.is_none() || one == other {
                    graph.update_edge(*from, *to, ());
                }
            }
        }
    }
    let flows = sources.into_iter().enumerate().map(|(index, source)| flow(index, source, &pipeline.stages, &nodes)).collect();
    Plan { tenant, zone, pipeline: pipeline.name.clone(), schedule, graph, flows }
}

fn node(kind: Kind, source: Option<&str>, sources: &[&CompiledSource]) -> Node {
    let name = source.map_or_else(|| kind.name().to_owned(), |source| format!("{}:{source}", kind.name()));
    let stages: Vec<&Stage> = sources.iter().filter_map(|source| source.stages.iter().find(|stage| stage.kind() == kind)).collect();
    let mut explain: Vec<String> = Vec::new();
    for line in stages.iter().flat_map(|stage| stage.explain()) {
        if !line.is_empty() && !explain.contains(&line) {
            explain.push(line);
        }
    }
    let mut parts = Parts::default();
    for (source, stage) in sources.iter().zip(&stages) {
        parts.add(&source.name, &stage.parts().fingerprint());
    }
    Node { name, kind, source: source.map(str::to_owned), explain, fingerprint: parts.fingerprint() }
}

fn flow(index: usize, source: CompiledSource, order: &[Kind], nodes: &[(Kind, Option<usize>, NodeIndex)]) -> Flow {
    let node_of = |kind: Kind| nodes.iter().find(|(other, at, _)| *other == kind && at.is_none_or(|at| at == index)).map(|(.., node)| *node);
    let in_order = order.iter().filter_map(|kind| Some((node_of(*kind)?, source.stages.iter().find(|stage| stage.kind() == *kind)?.clone())));
    let stages: Vec<(NodeIndex, Stage)> = in_order.filter(|(_, stage)| stage.kind() != Kind::Fetch).collect();
    let mut parts = Parts::default();
    for (_, stage) in stages.iter().filter(|(_, stage)| matches!(stage.kind().role(), Role::Record | Role::Write)) {
        parts.extend(stage.parts());
    }
    Flow { source: source.name, zone: source.zone, fetch: source.fetch, ident: Arc::new(source.ident), stages, parts, batch: source.batch }
}
