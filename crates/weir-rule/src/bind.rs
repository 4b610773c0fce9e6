//! Binds the names of a script to what they hold and prepares its calls, once per set of
//! parameters and lists.

use super::ad_input::AdInput;
use super::bindings::{RuleParameter, ScriptBindings};
use super::expr::{BoundValue, CallExpr, CallStyle, ExprKind, MemberExpr, ScriptExpr};
use super::functions::PreparedCall;
use super::value::ConstantValue;
use std::sync::Arc;

impl ScriptExpr {
    /// Binds all names anew.
    pub(super) fn bind(&mut self, bindings: &ScriptBindings) {
        self.parts_mut()
            .iter_mut()
            .for_each(|part| part.bind(bindings));
        match &mut self.kind {
            ExprKind::Variable(name, bound) => *bound = variable(name, bindings),
            ExprKind::Member(member) => member.bound = member.value(bindings),
            ExprKind::Call(call) => call.prepared = call.prepare(),
            _ => {}
        }
    }

    /// Whether all of it can be evaluated natively. If not, the interpreter is asked at once.
    pub(super) fn is_native(&self) -> bool {
        let all = |parts: &[ScriptExpr]| parts.iter().all(ScriptExpr::is_native);
        match &self.kind {
            ExprKind::Constant(constant) => constant.as_value().is_ok(),
            ExprKind::Variable(_, bound) => bound.is_some(),
            ExprKind::Member(member) => member.bound.is_some(),
            ExprKind::Arithmetic(op, parts) => op.is_native() && all(parts.as_slice()),
            ExprKind::Call(call) => call
                .prepared
                .as_ref()
                .is_some_and(|prepared| all(call.evaluated(prepared))),
            ExprKind::Block(statements) => statements.len() == 1 && all(statements),
            ExprKind::Compare(..)
            | ExprKind::All(_)
            | ExprKind::Any(_)
            | ExprKind::Not(_)
            | ExprKind::First(_)
            | ExprKind::Choose(_) => all(self.parts()),
            _ => false,
        }
    }

    /// The value, if it is the same for every ad.
    fn constant(&self) -> Option<&ConstantValue> {
        let bound = match &self.kind {
            ExprKind::Constant(constant) => return Some(constant),
            ExprKind::Call(call) => match call.prepared.as_ref()? {
                PreparedCall::Folded(constant) => return Some(constant),
                _ => return None,
            },
            ExprKind::Variable(_, bound) => bound,
            ExprKind::Member(member) => &member.bound,
            _ => return None,
        };
        match bound.as_ref()? {
            BoundValue::Constant(constant) => Some(constant),
            BoundValue::Input(_) => None,
        }
    }
}

fn variable(name: &str, bindings: &ScriptBindings) -> Option<BoundValue> {
    if let Some(input) = AdInput::of_variable(name) {
        return Some(BoundValue::Input(input));
    }
    bindings
        .parameters
        .get(name)
        .map(RuleParameter::to_constant)
        .map(BoundValue::Constant)
}

impl MemberExpr {
    fn value(&self, bindings: &ScriptBindings) -> Option<BoundValue> {
        if self.is_optional {
            return None;
        }
        if self.owner == "lists" {
            let list = Arc::clone(bindings.lists.get(&self.name)?);
            return Some(BoundValue::Constant(ConstantValue::List(list)));
        }
        AdInput::of_member(&self.owner, &self.name).map(BoundValue::Input)
    }
}

impl CallExpr {
    fn prepare(&self) -> Option<PreparedCall> {
        if matches!(self.style, CallStyle::OptionalMethod | CallStyle::Capturing) {
            return None;
        }
        let values: Vec<_> = self.values.iter().map(ScriptExpr::constant).collect();
        PreparedCall::of(&self.name, &values)
    }
}
