//! The canonical text of an expression: equal text means equal value. Must be `None` for anything
//! that is not understood.

use super::expr::{CallExpr, CallStyle, ExprKind, ScriptExpr};
use super::value::ConstantValue;

impl ScriptExpr {
    /// Its canonical text.
    pub(super) fn canonical(&self) -> Option<String> {
        Some(match &self.kind {
            ExprKind::Constant(constant) => constant.canonical()?,
            ExprKind::Variable(name, _) => name.clone(),
            ExprKind::Member(member) => format!("{}.{}", member.owner, member.name),
            ExprKind::Property(part, name) => format!("{}.{name}", part.canonical()?),
            ExprKind::Compare(op, sides) => operation(op.sign(), sides)?,
            ExprKind::Arithmetic(op, sides) => operation(op.sign(), sides)?,
            ExprKind::Not(part) => format!("!{}", part.canonical()?),
            ExprKind::Call(call) => call.canonical()?,
            ExprKind::Array(items) => format!("[{}]", listed(items)?.join(", ")),
            _ => return None,
        })
    }
}

impl CallExpr {
    fn canonical(&self) -> Option<String> {
        let values = listed(&self.values)?;
        Some(match (self.style, values.as_slice()) {
            (CallStyle::Operator, [one]) => format!("{}{one}", self.name),
            (CallStyle::Operator, [one, other]) => format!("({one} {} {other})", self.name),
            _ => format!("{}({})", self.name, values.join(", ")),
        })
    }
}

impl ConstantValue {
    fn canonical(&self) -> Option<String> {
        let list = |items: Vec<String>| format!("[{}]", items.join(", "));
        Some(match self {
            ConstantValue::Unit => "()".to_owned(),
            ConstantValue::Bool(truth) => truth.to_string(),
            ConstantValue::Int(number) => number.to_string(),
            ConstantValue::Float(number) => format!("{number:?}"),
            ConstantValue::Text(text) => format!("{text:?}"),
            ConstantValue::Texts(texts) => {
                list(texts.iter().map(|text| format!("{text:?}")).collect())
            }
            ConstantValue::Items(items) => list(
                items
                    .iter()
                    .map(ConstantValue::canonical)
                    .collect::<Option<Vec<_>>>()?,
            ),
            ConstantValue::Range(_, _, text) | ConstantValue::Other(text) => text.clone(),
            ConstantValue::Char(_)
            | ConstantValue::Date(_)
            | ConstantValue::Span(_)
            | ConstantValue::List(_) => return None,
        })
    }
}

fn listed(parts: &[ScriptExpr]) -> Option<Vec<String>> {
    parts.iter().map(ScriptExpr::canonical).collect()
}

fn operation(sign: &str, sides: &[ScriptExpr; 2]) -> Option<String> {
    let [one, other] = sides;
    Some(format!(
        "({} {sign} {})",
        one.canonical()?,
        other.canonical()?
    ))
}
