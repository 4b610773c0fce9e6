//! Lints for rules that compile but make no sense, reported at their place by `weir check`. A
//! comparison with a constant result is an error, because the rule does not do what it says; a rule
//! that can never fail, or applies to no ad, does no harm and is a warning.

use super::rule_set::{RuleExtras, RuleSet};
use crate::config::{InstitutionSpec, ParsedFile, RuleSetSpec, RuleSpec, rules};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use weir_model::{FieldKind, field::FIELDS};
use weir_rule::ad_input::{RELATIONS, ROLE_MEMBERS};
use weir_rule::satisfiability::{FormulaContext, is_impossible};
use weir_rule::types::{TypeEnv, TypeSet};
use weir_rule::{
    CompiledRule, CompiledScript, ScriptBindings, ScriptSandbox, compared_names, typecheck,
};
use weir_stage::extract::JobSpec;
use weir_yaml::diagnostic::{Diagnostics, Place, did_you_mean, one_of};
use weir_yaml::yaml::Text;

/// The types of a rule's variables; a custom field with the name of another is reported elsewhere
/// and ignored here. Custom fields of unreadable institutions may have any type.
pub fn types(extras: &RuleExtras, bindings: &ScriptBindings) -> TypeEnv {
    let mut types = TypeEnv::default();
    let canonical = FIELDS
        .iter()
        .map(|field| (field.name().to_owned(), TypeSet::of_field(field.kind())));
    let relations = RELATIONS
        .iter()
        .map(|name| ((*name).to_owned(), TypeSet::TEXT | TypeSet::NOTHING));
    let custom = extras.kinds.iter().map(|(name, kinds)| {
        (
            name.clone(),
            if extras.is_whole {
                *kinds
            } else {
                TypeSet::ANY
            },
        )
    });
    for (name, kinds) in custom.chain(canonical).chain(relations) {
        types.insert("before", &name, kinds);
        types.insert("job", &name, kinds);
    }
    for relation in ["company", "division"] {
        types.insert(relation, "name", TypeSet::TEXT | TypeSet::NOTHING);
        types.insert(
            relation,
            "known",
            TypeSet::of_field(FieldKind::Boolean).present(),
        );
    }
    for member in ROLE_MEMBERS {
        let kinds = match member {
            "confidence" => TypeSet::FRACTION,
            _ => TypeSet::TEXT,
        };
        types.insert("role", member, kinds | TypeSet::NOTHING);
    }
    for list in extras.lists.keys() {
        types.insert("lists", list, TypeSet::NAMES);
    }
    let fixed = [
        ("source", TypeSet::TEXT),
        ("institution", TypeSet::TEXT),
        ("today", TypeSet::DATE),
        ("capabilities", TypeSet::LIST | TypeSet::NOTHING),
        ("before", TypeSet::MAPPING | TypeSet::NOTHING),
    ];
    types
        .variables
        .extend(fixed.map(|(name, kinds)| (name.to_owned(), kinds)));
    types.variables.extend(
        bindings
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), TypeSet::of_parameter(value))),
    );
    types
}

/// The scripts of a rule, as they are written and as they are read.
fn scripts<'r>(
    spec: &'r RuleSpec,
    rule: &'r CompiledRule,
) -> impl Iterator<Item = (&'r Text, &'r CompiledScript)> {
    let parts = [
        (spec.when.as_ref(), rule.when.as_ref()),
        (spec.assert.get(), Some(&rule.assert)),
    ];
    parts
        .into_iter()
        .filter_map(|(text, script)| Some((text?, script?)))
}

/// Whether a rule makes sense; what does not goes to `out`. A parameter that takes part in a
/// mistake is shown with it.
pub fn check(
    spec: &RuleSpec,
    rule: &CompiledRule,
    (types, places): (&TypeEnv, &BTreeMap<String, Place>),
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) -> bool {
    let mut good = true;
    for (text, script) in scripts(spec, rule) {
        for mistake in typecheck::mistakes(script, types, sandbox.functions()) {
            let place = text.name_at(mistake.line, mistake.column);
            let told = out
                .error(&place, "meaningless-script", mistake.message)
                .help(mistake.help);
            for (name, place) in mistake
                .variables
                .iter()
                .filter_map(|name| places.get_key_value(name))
            {
                told.related(place, format!("`{name}` is {} here", types.variable(name)));
            }
            good = false;
        }
    }
    if good {
        check_certain(spec, rule, types, sandbox, out);
    }
    good
}

/// Tells names of sources and institutions that the project does not have. A warning: the source
/// may have gone, and its rule does no harm.
pub fn check_names(
    spec: &RuleSpec,
    rule: &CompiledRule,
    extras: &RuleExtras,
    out: &mut Diagnostics,
) {
    for (text, script) in scripts(spec, rule) {
        for named in compared_names::names(script) {
            let Some(known) = extras.names.get(named.variable).filter(|known| {
                extras.is_whole && !known.is_empty() && !known.contains(&named.name)
            }) else {
                continue;
            };
            let near = did_you_mean(&named.name, known.iter().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"));
            let few = || {
                (known.len() < 12).then(|| {
                    format!(
                        "known in this project: {}",
                        one_of(known.iter().map(String::as_str))
                    )
                })
            };
            let help = near
                .or_else(few)
                .unwrap_or_else(|| "`weir plan` lists them".to_owned());
            let message = format!("no {} is called `{}`", named.variable, named.name);
            out.warning(
                &text.name_at(named.line, named.column),
                "unknown-name",
                message,
            )
            .help(help);
        }
    }
}

/// Reports a rule set that nobody uses, and fields that no source using it declares, although
/// others do: the rule would never apply.
pub fn check_users(
    file: &ParsedFile<RuleSetSpec>,
    set: &RuleSet,
    institutions: &[ParsedFile<InstitutionSpec>],
    extras: &RuleExtras,
    out: &mut Diagnostics,
) {
    if extras.is_whole
        && !institutions.is_empty()
        && !institutions.iter().any(|file| is_used_by(file, &set.name))
    {
        out.warning(
            &file.start(),
            "unused-rules",
            format!("no institution uses the rule set `{}`", set.name),
        )
        .help(format!(
            "add it to an institution or a source: `rules: [{}]`",
            set.name
        ));
    }
    let users: Vec<&JobSpec> = institutions
        .iter()
        .filter_map(|file| file.spec.as_ref())
        .flat_map(|spec| users_in(spec, &set.name))
        .collect();
    if users.is_empty() || !extras.is_whole || !set.is_whole {
        return;
    }
    let is_declared = |name: &str| {
        users
            .iter()
            .any(|job| job.extras().any(|extra| extra == name))
    };
    let specs: BTreeMap<&str, &RuleSpec> = file
        .spec
        .iter()
        .filter_map(|spec| spec.rules.get())
        .flatten()
        .filter_map(|spec| Some((spec.id.get()?.as_str(), spec)))
        .collect();
    for rule in &set.rules {
        let Some(spec) = specs.get(rule.id.as_str()) else {
            continue;
        };
        for (text, script) in scripts(spec, rule) {
            for member in script
                .reads
                .of("job")
                .filter(|member| extras.kinds.contains_key(*member) && !is_declared(member))
            {
                let (line, column) = script.reads.place_of("job", member).unwrap_or((1, 1));
                out.warning(&text.name_at(line, column), "undeclared-field", format!("no source that uses this set declares `job.{member}`"))
                    .help("map it under `extra:` of a source, or move the rule to a set whose sources map it");
            }
        }
    }
}

/// Whether an institution or one of its sources names a rule set; one that cannot be read may.
fn is_used_by(file: &ParsedFile<InstitutionSpec>, set: &str) -> bool {
    let Some(spec) = &file.spec else { return true };
    let uses = |written| rules::uses(written).any(|(name, _)| name.value == set);
    uses(&spec.rules)
        || spec
            .sources
            .get()
            .is_none_or(|sources| sources.values().any(|source| uses(&source.rules)))
}

/// The mappings of an institution whose ads a rule set validates.
fn users_in<'a>(spec: &'a InstitutionSpec, set: &str) -> Vec<&'a JobSpec> {
    let uses = |written| rules::uses(written).any(|(name, _)| name.value == set);
    let for_all = uses(&spec.rules);
    let sources = spec.sources.get().into_iter().flat_map(IndexMap::values);
    sources
        .filter(|source| for_all || uses(&source.rules))
        .filter_map(|source| source.job.get())
        .collect()
}

fn check_certain(
    spec: &RuleSpec,
    rule: &CompiledRule,
    types: &TypeEnv,
    sandbox: &ScriptSandbox,
    out: &mut Diagnostics,
) {
    let absence = rule
        .when
        .iter()
        .chain([&rule.assert])
        .any(|script| script.reads.absence);
    let context = FormulaContext {
        types,
        functions: sandbox.functions(),
        absence,
    };
    let never = |scripts: &[(&CompiledScript, bool)]| is_impossible(scripts, context);
    let both = |holds: bool| {
        rule.when
            .iter()
            .map(|when| (when, true))
            .chain([(&rule.assert, holds)])
            .collect::<Vec<_>>()
    };
    let mut warn = |text: &Text, code: &'static str, what: &str, help: &str| {
        out.warning(&text.place_at(1, 1), code, what.to_owned())
            .help(help);
    };
    if let (Some(text), Some(when)) = (&spec.when, &rule.when)
        && never(&[(when, true)])
    {
        let help = "correct the condition; use `without` to switch a rule off for an institution";
        return warn(
            text,
            "never-applies",
            "this never holds: the rule applies to no ad",
            help,
        );
    }
    let Some(text) = spec.assert.get() else {
        return;
    };
    if never(&[(&rule.assert, false)]) {
        warn(
            text,
            "never-fails",
            "this always holds: the rule can never fail",
            "state what must hold; `!=` with `||` is often meant to be `&&`",
        );
    } else if never(&both(false)) {
        warn(
            text,
            "never-fails",
            "this holds wherever `when` holds: the rule can never fail",
            "`when` selects the ads, `assert` is the condition that must hold",
        );
    } else if !rule.assert.is_false() && never(&[(&rule.assert, true)]) {
        let help =
            "state what must hold; to reject every ad that `when` selects, write `assert: false`";
        warn(
            text,
            "always-fails",
            "this never holds: the rule fails for every ad",
            help,
        );
    } else if !rule.assert.is_false() && never(&both(true)) {
        warn(
            text,
            "always-fails",
            "this never holds where `when` holds: the rule fails for every ad that it applies to",
            "state what must hold; to reject every ad that `when` selects, write `assert: false`",
        );
    }
}
