//! What an institution or source changes of a rule set that it uses: parameters (`max_open: 3
//! months`) and severities (`close-after-open: warn`). The rules are compiled once more with these
//! values; the files stay as they are for all others. A severity may end on a day:
//! `{ severity: warn, until: 2026-12-31 }`.

use super::rule_set::RuleSet;
use crate::config::institution::TimedSeveritySpec;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_model::ProblemSeverity;
use weir_rule::{CompiledRule, RuleParameter, ScriptBindings};
use weir_stage::exception::RuleException;
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::{self, MappingEntry, Node};

/// What is changed.
#[derive(Debug, Default)]
struct RuleChanges {
    parameters: BTreeMap<String, RuleParameter>,
    severities: BTreeMap<String, ProblemSeverity>,
    timed: BTreeMap<String, (TimedSeveritySpec, Place)>,
}

/// The rules of a set as an institution uses them.
#[derive(Debug, Default)]
pub struct AdjustedRules {
    /// The rules, as they count for good.
    pub rules: Vec<Arc<CompiledRule>>,
    /// Severities that end on a day.
    pub exceptions: Vec<RuleException>,
}

/// The rules of a set as changed by an institution, then by its source; problems go to `out`.
pub fn adjusted(set: &RuleSet, changes: &[&Node], out: &mut Diagnostics) -> AdjustedRules {
    if changes.is_empty() {
        return AdjustedRules {
            rules: set.rules.clone(),
            ..AdjustedRules::default()
        };
    }
    let mut all = RuleChanges {
        parameters: set.bindings.parameters.clone(),
        ..RuleChanges::default()
    };
    changes.iter().for_each(|node| all.read(set, node, out));
    let bindings = ScriptBindings {
        parameters: all.parameters,
        ..set.bindings.clone()
    };
    let with = |severities: &BTreeMap<String, ProblemSeverity>| -> Vec<Arc<CompiledRule>> {
        let rules = set.rules.iter();
        rules
            .map(|rule| Arc::new(changed(rule, &bindings, severities)))
            .collect()
    };
    let mut timed = all.severities.clone();
    timed.extend(
        all.timed
            .iter()
            .map(|(id, (spec, _))| (id.clone(), spec.severity)),
    );
    let exceptions = with(&timed).into_iter().filter_map(|rule| {
        let (spec, place) = all.timed.get(&rule.id)?;
        Some(RuleException {
            set: set.name.clone(),
            rule: rule.id.clone(),
            until: spec.until.0,
            instead: Some(rule),
            owner: spec.owner.clone(),
            place: place.clone(),
        })
    });
    AdjustedRules {
        exceptions: exceptions.collect(),
        rules: with(&all.severities),
    }
}

fn changed(
    rule: &CompiledRule,
    bindings: &ScriptBindings,
    severities: &BTreeMap<String, ProblemSeverity>,
) -> CompiledRule {
    let severity = severities.get(&rule.id).copied().unwrap_or(rule.severity);
    CompiledRule {
        severity,
        ..rule.clone()
    }
    .with(bindings)
}

impl RuleChanges {
    fn read(&mut self, set: &RuleSet, node: &Node, out: &mut Diagnostics) {
        if node.to_json().is_array() || node.text().is_some() {
            out.error(
                node.place(),
                "wrong-type",
                format!(
                    "expected overrides for `{}`, found {}",
                    set.name,
                    node.described()
                ),
            )
            .help("write for example `common: { max_open: 3 months }`");
        }
        node.entries()
            .iter()
            .for_each(|entry| self.read_one(set, entry, out));
    }

    fn read_one(&mut self, set: &RuleSet, entry: &MappingEntry, out: &mut Diagnostics) {
        let name = entry.key_text();
        if let Some(usual) = set.bindings.parameters.get(&name) {
            self.parameters
                .extend(parameter(entry, usual, out).map(|value| (name, value)));
        } else if set.ids.contains(&name) && !entry.value.entries().is_empty() {
            let place = entry.key.place().clone();
            let timed = yaml::decode::<TimedSeveritySpec>(&entry.value, out);
            self.timed.extend(timed.map(|spec| (name, (spec, place))));
        } else if set.ids.contains(&name) {
            self.severities
                .extend(severity(entry, out).map(|severity| (name, severity)));
        } else if set.is_whole {
            unknown(set, entry, out);
        }
    }
}

fn parameter(
    entry: &MappingEntry,
    usual: &RuleParameter,
    out: &mut Diagnostics,
) -> Option<RuleParameter> {
    let value = RuleParameter::parse(&entry.value)
        .ok()
        .filter(|value| value.is_like(usual));
    if value.is_none() {
        let (name, found) = (entry.key_text(), entry.value.described());
        out.error(
            entry.value.place(),
            "wrong-type",
            format!("`{name}` is {}, found {found}", usual.kind()),
        )
        .help(format!("its default is `{usual}`"));
    }
    value
}

fn severity(entry: &MappingEntry, out: &mut Diagnostics) -> Option<ProblemSeverity> {
    match entry.value.text() {
        Some("warn") => Some(ProblemSeverity::Warn),
        Some("error") => Some(ProblemSeverity::Error),
        _ => {
            out.error(
                entry.value.place(),
                "unknown-value",
                format!(
                    "only the severity of the rule `{}` can be overridden",
                    entry.key_text()
                ),
            )
            .help("write `warn` or `error`; use `without` to switch a rule off");
            None
        }
    }
}

fn unknown(set: &RuleSet, entry: &MappingEntry, out: &mut Diagnostics) {
    let name = entry.key_text();
    let names: Vec<&str> = set
        .bindings
        .parameters
        .keys()
        .chain(&set.ids)
        .map(String::as_str)
        .collect();
    let told = out.error(
        entry.key.place(),
        "unknown-parameter",
        format!(
            "the rule set `{}` has no parameter and no rule `{name}`",
            set.name
        ),
    );
    match did_you_mean(&name, names.iter().copied()) {
        Some(near) => told.help(format!("did you mean `{near}`?")),
        None => told.help(format!("it has {}", one_of(names))),
    };
}
