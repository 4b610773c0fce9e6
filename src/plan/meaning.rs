//! Rules that can be read and still make no sense: told at their place by `weir check`. A comparison that is always the same is an error, for the
//! rule does not do what it says; a rule that can never fail, or applies to no ad, harms nobody and is warned of.

use super::rules::Extras;
use crate::config::RuleSpec;
use crate::diagnostic::Diagnostics;
use crate::model::FieldKind;
use crate::model::field::FIELDS;
use crate::rule::certain::{self, Known};
use crate::rule::kinds::{Kinds, Shapes};
use crate::rule::scope::RELATIONS;
use crate::rule::{Given, Rule, Sandbox, Script, sense};
use crate::yaml::Text;

/// What the variables of a rule hold; a custom field that has the name of another is told elsewhere, and does not count. Custom fields of institutions that cannot be read may hold anything.
pub fn shapes(extras: &Extras, given: &Given) -> Shapes {
    let mut shapes = Shapes::default();
    let canonical = FIELDS.iter().map(|field| (field.name().to_owned(), Kinds::of_field(field.kind())));
    let relations = RELATIONS.iter().map(|name| ((*name).to_owned(), Kinds::TEXT | Kinds::NOTHING));
    let custom = extras.kinds.iter().map(|(name, kinds)| (name.clone(), if extras.is_whole { *kinds } else { Kinds::ANY }));
    for (name, kinds) in custom.chain(canonical).chain(relations) {
        shapes.members.insert(("before", name.clone()), kinds);
        shapes.members.insert(("job", name), kinds);
    }
    for relation in ["company", "division"] {
        shapes.members.insert((relation, "name".to_owned()), Kinds::TEXT | Kinds::NOTHING);
        shapes.members.insert((relation, "known".to_owned()), Kinds::of_field(FieldKind::Boolean).present());
    }
    for list in extras.lists.keys() {
        shapes.members.insert(("lists", list.clone()), Kinds::NAMES);
    }
    let fixed = [("source", Kinds::TEXT), ("institution", Kinds::TEXT), ("today", Kinds::DATE), ("before", Kinds::MAPPING | Kinds::NOTHING)];
    shapes.variables.extend(fixed.map(|(name, kinds)| (name.to_owned(), kinds)));
    shapes.variables.extend(given.parameters.iter().map(|(name, value)| (name.clone(), Kinds::of_parameter(value))));
    shapes
}

/// Whether a rule makes sense; what does not goes to `out`.
pub fn check(spec: &RuleSpec, rule: &Rule, shapes: &Shapes, sandbox: &Sandbox, out: &mut Diagnostics) -> bool {
    let mut good = true;
    for (text, script) in [(spec.when.as_ref(), rule.when.as_ref()), (spec.assert.get(), Some(&rule.assert))] {
        let (Some(text), Some(script)) = (text, script) else { continue };
        for mistake in sense::mistakes(script, shapes, sandbox) {
            out.error(&text.name_at(mistake.line, mistake.column), "meaningless-script", mistake.message).help(mistake.help);
            good = false;
        }
    }
    if good {
        check_certain(spec, rule, shapes, sandbox, out);
    }
    good
}

fn check_certain(spec: &RuleSpec, rule: &Rule, shapes: &Shapes, sandbox: &Sandbox, out: &mut Diagnostics) {
    let absence = rule.when.iter().chain([&rule.assert]).any(|script| script.reads.absence);
    let known = Known { shapes, sandbox, absence };
    let never = |scripts: &[(&Script, bool)]| certain::is_impossible(scripts, known);
    let mut warn = |text: &Text, code: &'static str, what: &str, help: &str| {
        out.warning(&text.place_at(1, 1), code, what.to_owned()).help(help);
    };
    if let (Some(text), Some(when)) = (&spec.when, &rule.when)
        && never(&[(when, true)])
    {
        let help = "say to which ads the rule applies; `without` switches a rule off for an institution";
        return warn(text, "never-applies", "this never holds: the rule applies to no ad", help);
    }
    let Some(text) = spec.assert.get() else { return };
    if never(&[(&rule.assert, false)]) {
        warn(text, "never-fails", "this always holds: the rule can never fail", "say what must hold; `!=` with `||` is often meant to be `&&`");
    } else if rule.when.as_ref().is_some_and(|when| never(&[(when, true), (&rule.assert, false)])) {
        warn(
            text,
            "never-fails",
            "this holds wherever `when` holds: the rule can never fail",
            "`when` says to which ads it applies, `assert` what must hold",
        );
    }
}
