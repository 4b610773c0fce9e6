//! Native evaluation: fills no scope and copies nothing from the ad. Whatever is opaque or goes
//! wrong here is evaluated by the interpreter, so there is one meaning and one set of messages:
//! Rhai's. Property tests check that both return the same results.
//!
//! Must never return a result where Rhai would fail, or a different one.

use super::ad_input::AdView;
use super::expr::{BoundValue, CallExpr, ExprKind, ScriptExpr};
use super::functions::PreparedCall;
use super::value::{EvaluationBail, NativeValue};

type EvaluationResult<'a> = Result<NativeValue<'a>, EvaluationBail>;

impl ScriptExpr {
    /// The value for one ad.
    ///
    /// # Errors
    /// The interpreter must evaluate it.
    pub fn evaluate<'a>(&'a self, view: AdView<'a>) -> EvaluationResult<'a> {
        match &self.kind {
            ExprKind::Constant(constant) => constant.as_value(),
            ExprKind::Variable(_, Some(bound)) => bound.value(view),
            ExprKind::Member(member) => member.bound.as_ref().ok_or(EvaluationBail)?.value(view),
            ExprKind::Compare(op, sides) => {
                let [one, other] = &**sides;
                op.apply(&one.evaluate(view)?, &other.evaluate(view)?)
                    .map(NativeValue::Bool)
            }
            ExprKind::Arithmetic(op, sides) => {
                let [one, other] = &**sides;
                op.apply(&one.evaluate(view)?, &other.evaluate(view)?)
            }
            ExprKind::All(parts) => until(parts, view, false),
            ExprKind::Any(parts) => until(parts, view, true),
            ExprKind::Not(part) => part
                .evaluate(view)?
                .truth()
                .map(|truth| NativeValue::Bool(!truth)),
            ExprKind::First(parts) => first(parts, view),
            ExprKind::Choose(parts) => {
                let [condition, then, otherwise] = &**parts;
                let holds = condition.evaluate(view)?.truth()?;
                if holds { then } else { otherwise }.evaluate(view)
            }
            ExprKind::Call(call) => call.evaluate(view),
            ExprKind::Block(statements) => match statements.as_slice() {
                [only] => only.evaluate(view),
                _ => Err(EvaluationBail),
            },
            _ => Err(EvaluationBail),
        }
    }
}

/// Evaluates parts until one is `end`; each must be true or false.
fn until<'a>(parts: &'a [ScriptExpr], view: AdView<'a>, end: bool) -> EvaluationResult<'a> {
    for part in parts {
        if part.evaluate(view)?.truth()? == end {
            return Ok(NativeValue::Bool(end));
        }
    }
    Ok(NativeValue::Bool(!end))
}

/// The first that is not `()`, or the last.
fn first<'a>(parts: &'a [ScriptExpr], view: AdView<'a>) -> EvaluationResult<'a> {
    let (last, others) = parts.split_last().ok_or(EvaluationBail)?;
    for part in others {
        let value = part.evaluate(view)?;
        if value != NativeValue::Unit {
            return Ok(value);
        }
    }
    last.evaluate(view)
}

impl BoundValue {
    fn value<'a>(&'a self, view: AdView<'a>) -> EvaluationResult<'a> {
        match self {
            BoundValue::Input(input) => input.value(view),
            BoundValue::Constant(constant) => constant.as_value(),
        }
    }
}

impl CallExpr {
    fn evaluate<'a>(&'a self, view: AdView<'a>) -> EvaluationResult<'a> {
        let prepared = self.prepared.as_ref().ok_or(EvaluationBail)?;
        match (prepared, self.evaluated(prepared)) {
            (PreparedCall::Folded(constant), _) => constant.as_value(),
            (PreparedCall::Plain(function), [one]) => {
                function(&[one.evaluate(view)?, NativeValue::Unit])
            }
            (PreparedCall::Plain(function), [one, other]) => {
                function(&[one.evaluate(view)?, other.evaluate(view)?])
            }
            (prepared, [one]) => prepared.of_one(&one.evaluate(view)?),
            _ => Err(EvaluationBail),
        }
    }
}
