//! A script as an expression of our own. The module `parse` makes it once; the checks of
//! `weir check` and native evaluation walk it, so neither knows how Rhai builds its tree.
//!
//! Must keep every part of a script, also of what it cannot express: that part is
//! [`ExprKind::Opaque`], is evaluated by the interpreter, and its own parts are still checked. To
//! add a form, extend [`ExprKind`] and [`ScriptExpr::parts`]; the compiler finds the other places.

use super::ad_input::AdInput;
use super::functions::PreparedCall;
use super::types::TypeSet;
use super::value::{ArithmeticOp, ComparisonOp, ConstantValue};

/// A position in the text of a script; line and column from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptPosition {
    /// Line.
    pub line: usize,
    /// Column in that line.
    pub column: usize,
}

impl ScriptPosition {
    /// The beginning of a script.
    pub const START: ScriptPosition = ScriptPosition { line: 1, column: 1 };

    /// The position one character further.
    #[must_use]
    pub fn next(self) -> ScriptPosition {
        ScriptPosition {
            column: self.column + 1,
            ..self
        }
    }
}

/// An expression or a statement, and where it is: for an operator or a call its sign or its name.
#[derive(Debug, Clone)]
pub struct ScriptExpr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is.
    pub at: ScriptPosition,
}

/// The forms of an expression.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A literal.
    Constant(ConstantValue),
    /// A variable that is used whole: `source`, a parameter, a local name.
    Variable(String, Option<BoundValue>),
    /// A member of a variable: `job.title`.
    Member(MemberExpr),
    /// A member of another value: `job.recruiter.email`.
    Property(Box<ScriptExpr>, String),
    /// `list[index]`
    Index(Box<[ScriptExpr; 2]>),
    /// A comparison.
    Compare(ComparisonOp, Box<[ScriptExpr; 2]>),
    /// A calculation.
    Arithmetic(ArithmeticOp, Box<[ScriptExpr; 2]>),
    /// `&&`
    All(Vec<ScriptExpr>),
    /// `||`
    Any(Vec<ScriptExpr>),
    /// `!`
    Not(Box<ScriptExpr>),
    /// `??`
    First(Vec<ScriptExpr>),
    /// `if`: a condition and both branches.
    Choose(Box<[ScriptExpr; 3]>),
    /// A call of a function, a method or another operator.
    Call(CallExpr),
    /// Text with `${...}`.
    Interpolation(Vec<ScriptExpr>),
    /// A list that is not constant.
    Array(Vec<ScriptExpr>),
    /// Statements; the value is that of the last.
    Block(Vec<ScriptExpr>),
    /// `let name = value`
    Let(String, Box<ScriptExpr>),
    /// An assignment: its target and its value.
    Assign(Box<[ScriptExpr; 2]>),
    /// A statement that is empty.
    Nothing,
    /// Anything else, with its parts.
    Opaque(OpaqueForm, Vec<ScriptExpr>),
}

/// What an opaque part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpaqueForm {
    /// `#{ a: 1 }`
    Mapping,
    /// `switch`
    Switch,
    /// `return`
    Return,
    /// Anything else, which may change variables.
    Other,
}

/// What a name is bound to.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundValue {
    /// Something of the ad, or known of it.
    Input(AdInput),
    /// A value that is the same for every ad: a parameter, a named list.
    Constant(ConstantValue),
}

/// A member of a variable.
#[derive(Debug, Clone)]
pub struct MemberExpr {
    /// The variable.
    pub owner: String,
    /// The member.
    pub name: String,
    /// Where the member is named; the variable is at the position of the expression.
    pub name_at: ScriptPosition,
    /// Whether it is written with `?.`.
    pub is_optional: bool,
    /// What it is bound to.
    pub bound: Option<BoundValue>,
}

/// How a call is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStyle {
    /// `len(text)`
    Function,
    /// `text.len()`
    Method,
    /// `text?.len()`
    OptionalMethod,
    /// `-x`, `x in list`
    Operator,
    /// `len!(text)`, which sees the variables of its caller.
    Capturing,
}

/// A call.
#[derive(Debug, Clone)]
pub struct CallExpr {
    /// The function.
    pub name: String,
    /// How it is written.
    pub style: CallStyle,
    /// Its arguments; of a method the receiver first.
    pub values: Vec<ScriptExpr>,
    /// How it is evaluated natively, if it can be.
    pub prepared: Option<PreparedCall>,
}

impl CallExpr {
    /// Whether it is written as a method.
    pub fn is_method(&self) -> bool {
        matches!(self.style, CallStyle::Method | CallStyle::OptionalMethod)
    }

    /// The values that its prepared form evaluates; the others are constants that it contains.
    #[inline]
    pub(super) fn evaluated(&self, prepared: &PreparedCall) -> &[ScriptExpr] {
        match prepared {
            PreparedCall::Plain(_) => &self.values,
            PreparedCall::ContainsAny(_) | PreparedCall::Matches(_) => {
                self.values.get(..1).unwrap_or_default()
            }
            PreparedCall::Between(..) => self.values.get(1..).unwrap_or_default(),
            PreparedCall::Folded(_) => &[],
        }
    }
}

impl OpaqueForm {
    /// The types that it may have.
    pub fn types(self) -> TypeSet {
        if self == OpaqueForm::Mapping {
            TypeSet::MAPPING
        } else {
            TypeSet::ANY
        }
    }
}

impl ScriptExpr {
    /// The expressions that it is made of, in the order of the text.
    pub fn parts(&self) -> &[ScriptExpr] {
        match &self.kind {
            ExprKind::Constant(_)
            | ExprKind::Variable(..)
            | ExprKind::Member(_)
            | ExprKind::Nothing => &[],
            ExprKind::Property(part, _) | ExprKind::Not(part) | ExprKind::Let(_, part) => {
                std::slice::from_ref(part)
            }
            ExprKind::Index(parts)
            | ExprKind::Compare(_, parts)
            | ExprKind::Arithmetic(_, parts)
            | ExprKind::Assign(parts) => parts.as_slice(),
            ExprKind::Choose(parts) => parts.as_slice(),
            ExprKind::All(parts)
            | ExprKind::Any(parts)
            | ExprKind::First(parts)
            | ExprKind::Interpolation(parts)
            | ExprKind::Array(parts)
            | ExprKind::Block(parts)
            | ExprKind::Opaque(_, parts) => parts,
            ExprKind::Call(call) => &call.values,
        }
    }

    /// As [`ScriptExpr::parts`], to be changed.
    pub(super) fn parts_mut(&mut self) -> &mut [ScriptExpr] {
        match &mut self.kind {
            ExprKind::Constant(_)
            | ExprKind::Variable(..)
            | ExprKind::Member(_)
            | ExprKind::Nothing => &mut [],
            ExprKind::Property(part, _) | ExprKind::Not(part) | ExprKind::Let(_, part) => {
                std::slice::from_mut(part)
            }
            ExprKind::Index(parts)
            | ExprKind::Compare(_, parts)
            | ExprKind::Arithmetic(_, parts)
            | ExprKind::Assign(parts) => parts.as_mut_slice(),
            ExprKind::Choose(parts) => parts.as_mut_slice(),
            ExprKind::All(parts)
            | ExprKind::Any(parts)
            | ExprKind::First(parts)
            | ExprKind::Interpolation(parts)
            | ExprKind::Array(parts)
            | ExprKind::Block(parts)
            | ExprKind::Opaque(_, parts) => parts,
            ExprKind::Call(call) => &mut call.values,
        }
    }

    /// Visits it and everything that it is made of, the outermost first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a ScriptExpr)) {
        visit(self);
        self.parts().iter().for_each(|part| part.walk(visit));
    }

    /// Where it begins: of `job.title.len()` at `job`.
    pub fn start(&self) -> ScriptPosition {
        let first = match &self.kind {
            ExprKind::All(parts) | ExprKind::Any(parts) | ExprKind::First(parts) => parts.first(),
            ExprKind::Property(part, _) => Some(&**part),
            ExprKind::Index(parts) => parts.first(),
            ExprKind::Call(call) if call.is_method() => call.values.first(),
            _ => None,
        };
        first.map_or(self.at, ScriptExpr::start)
    }

    /// Its text, if it is a literal.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Constant(ConstantValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The last statement of a script.
    pub(super) fn last(&self) -> Option<&ScriptExpr> {
        self.parts().last()
    }
}
