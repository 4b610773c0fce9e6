//! Reads Rhai's syntax tree, once for each script: the only file that matches on its nodes.
//!
//! Rhai nests a chain to the right (`a.(b.(c))`, so that it can be assigned to); here it is nested
//! to the left, as it is evaluated. What has no form here becomes [`ExprKind::Opaque`] and keeps
//! its parts.

use crate::expr::{
    CallExpr, CallStyle, ExprKind, MemberExpr, OpaqueForm, ScriptExpr, ScriptPosition,
};
use crate::value::{ArithmeticOp, ComparisonOp, ConstantValue};
use rhai::{
    AST, ASTFlags, Array, BinaryExpr, Dynamic, Expr, FnCallExpr, Position, Stmt, StmtBlock,
};
use std::ops::{Range, RangeInclusive};

/// Nested forms; a chain of calls may be this long. Rhai itself allows less for all other forms.
const MAX_DEPTH: usize = 256;

/// A script: a block of its statements.
///
/// # Errors
/// The position at which it is nested too deeply.
pub(super) fn of_script(ast: &AST) -> Result<ScriptExpr, ScriptPosition> {
    let mut reader = TreeReader {
        depth: 0,
        too_deep: None,
    };
    let statements = ast
        .statements()
        .iter()
        .map(|one| reader.statement(one))
        .collect();
    let script = ScriptExpr {
        kind: ExprKind::Block(statements),
        at: ScriptPosition::START,
    };
    reader.too_deep.map_or(Ok(script), Err)
}

pub(super) fn position(at: Position) -> ScriptPosition {
    let (line, column) = (at.line().unwrap_or(1), at.position().unwrap_or(1));
    ScriptPosition { line, column }
}

struct TreeReader {
    depth: usize,
    too_deep: Option<ScriptPosition>,
}

/// How a step of a chain follows its owner.
#[derive(Clone, Copy)]
enum ChainLink {
    Dot { is_optional: bool },
    Index,
}

impl TreeReader {
    fn statement(&mut self, statement: &Stmt) -> ScriptExpr {
        let kind = match statement {
            Stmt::Expr(expr) => return self.expr(expr),
            Stmt::FnCall(call, _) => self.call(call),
            Stmt::Block(block) => self.block_kind(block),
            Stmt::If(parts, _) => {
                let condition = self.expr(&parts.expr);
                let (then, otherwise) = (self.block(&parts.body), self.block(&parts.branch));
                ExprKind::Choose(Box::new([condition, then, otherwise]))
            }
            Stmt::Var(parts, ..) => {
                let kind = ExprKind::Let(parts.0.name.to_string(), Box::new(self.expr(&parts.1)));
                return ScriptExpr {
                    kind,
                    at: position(parts.0.pos),
                };
            }
            Stmt::Assignment(parts) => {
                let sides = [self.expr(&parts.1.lhs), self.expr(&parts.1.rhs)];
                let at = position(parts.0.position());
                return ScriptExpr {
                    kind: ExprKind::Assign(Box::new(sides)),
                    at,
                };
            }
            Stmt::Noop(_) => ExprKind::Nothing,
            Stmt::Switch(parts, _) => {
                let cases = parts
                    .1
                    .expressions
                    .iter()
                    .flat_map(|case| [&case.lhs, &case.rhs]);
                let parts: Vec<&Expr> = std::iter::once(&parts.0).chain(cases).collect();
                self.opaque(OpaqueForm::Switch, parts)
            }
            Stmt::Return(value, flags, _) if flags.is_empty() => {
                self.opaque(OpaqueForm::Return, value.as_deref())
            }
            other => self.unknown(other),
        };
        ScriptExpr {
            kind,
            at: position(statement.position()),
        }
    }

    /// A statement that scripts hardly use.
    fn unknown(&mut self, statement: &Stmt) -> ExprKind {
        match statement {
            Stmt::While(parts, _) | Stmt::Do(parts, ..) | Stmt::TryCatch(parts, _) => {
                let parts = vec![
                    self.expr(&parts.expr),
                    self.block(&parts.body),
                    self.block(&parts.branch),
                ];
                ExprKind::Opaque(OpaqueForm::Other, parts)
            }
            Stmt::For(parts, _) => {
                let parts = vec![self.expr(&parts.2.expr), self.block(&parts.2.body)];
                ExprKind::Opaque(OpaqueForm::Other, parts)
            }
            Stmt::Return(value, ..) | Stmt::BreakLoop(value, ..) => {
                self.opaque(OpaqueForm::Other, value.as_deref())
            }
            _ => ExprKind::Opaque(OpaqueForm::Other, Vec::new()),
        }
    }

    fn block(&mut self, block: &StmtBlock) -> ScriptExpr {
        ScriptExpr {
            kind: self.block_kind(block),
            at: position(block.position()),
        }
    }

    fn block_kind(&mut self, block: &StmtBlock) -> ExprKind {
        ExprKind::Block(
            block
                .statements()
                .iter()
                .map(|one| self.statement(one))
                .collect(),
        )
    }

    fn expr(&mut self, expr: &Expr) -> ScriptExpr {
        let at = position(expr.position());
        if self.depth >= MAX_DEPTH {
            self.too_deep.get_or_insert(at);
            return ScriptExpr {
                kind: ExprKind::Nothing,
                at,
            };
        }
        self.depth += 1;
        let found = match expr {
            Expr::Dot(parts, flags, _) => self.chain(
                parts,
                ChainLink::Dot {
                    is_optional: !flags.is_empty(),
                },
                *flags,
            ),
            Expr::Index(parts, flags, _) => self.chain(parts, ChainLink::Index, *flags),
            other => ScriptExpr {
                kind: self.kind(other),
                at,
            },
        };
        self.depth -= 1;
        found
    }

    fn kind(&mut self, expr: &Expr) -> ExprKind {
        match expr {
            Expr::And(parts, _) => ExprKind::All(self.all(&**parts)),
            Expr::Or(parts, _) => ExprKind::Any(self.all(&**parts)),
            Expr::Coalesce(parts, _) => ExprKind::First(self.all(&**parts)),
            Expr::FnCall(call, _) => self.call(call),
            Expr::MethodCall(call, _) => self.opaque(OpaqueForm::Other, call.args.iter()),
            Expr::Variable(variable, ..) => ExprKind::Variable(variable.1.to_string(), None),
            Expr::Stmt(block) => self.block_kind(block),
            Expr::InterpolatedString(parts, _) => ExprKind::Interpolation(self.all(parts)),
            Expr::Array(items, _) => self.array(items),
            Expr::Map(entries, _) => self.opaque(
                OpaqueForm::Mapping,
                entries.0.iter().map(|(_, value)| value),
            ),
            Expr::DynamicConstant(value, _) if value.is_map() => {
                ExprKind::Opaque(OpaqueForm::Mapping, Vec::new())
            }
            other => constant(other).map_or_else(
                || ExprKind::Opaque(OpaqueForm::Other, Vec::new()),
                ExprKind::Constant,
            ),
        }
    }

    fn all<'a>(&mut self, parts: impl IntoIterator<Item = &'a Expr>) -> Vec<ScriptExpr> {
        parts.into_iter().map(|part| self.expr(part)).collect()
    }

    fn opaque<'a>(
        &mut self,
        form: OpaqueForm,
        parts: impl IntoIterator<Item = &'a Expr>,
    ) -> ExprKind {
        ExprKind::Opaque(form, self.all(parts))
    }

    fn array(&mut self, items: &[Expr]) -> ExprKind {
        let constants: Option<Vec<ConstantValue>> = items.iter().map(constant).collect();
        match constants {
            Some(constants) => ExprKind::Constant(list(constants)),
            None => ExprKind::Array(self.all(items)),
        }
    }

    fn call(&mut self, call: &FnCallExpr) -> ExprKind {
        let mut values = self.all(call.args.iter());
        let name = call.name.as_str();
        let style = match (call.capture_parent_scope, call.op_token.is_some()) {
            (true, _) => CallStyle::Capturing,
            (false, true) => CallStyle::Operator,
            (false, false) => CallStyle::Function,
        };
        let (comparison, arithmetic) = (ComparisonOp::named(name), ArithmeticOp::named(name));
        match (style, values.len()) {
            (CallStyle::Operator, 1) if name == "!" => ExprKind::Not(Box::new(values.remove(0))),
            (CallStyle::Operator, 2) if comparison.is_some() || arithmetic.is_some() => {
                let (one, other) = (values.remove(0), values.remove(0));
                let sides = Box::new([one, other]);
                match (comparison, arithmetic) {
                    (Some(op), _) => ExprKind::Compare(op, sides),
                    (_, Some(op)) => ExprKind::Arithmetic(op, sides),
                    (None, None) => ExprKind::Nothing,
                }
            }
            _ => {
                let name = name.to_owned();
                ExprKind::Call(CallExpr {
                    name,
                    style,
                    values,
                    prepared: None,
                })
            }
        }
    }

    /// `a.b.c`, `a[b].c`: an owner, and what follows it.
    fn chain(&mut self, parts: &BinaryExpr, link: ChainLink, flags: ASTFlags) -> ScriptExpr {
        let mut owner = self.expr(&parts.lhs);
        let (mut link, mut flags, mut rest) = (link, flags, &parts.rhs);
        let begun = self.depth;
        // `a[b.c]` ends with its index, where `a[b].c` goes on.
        while !(matches!(link, ChainLink::Index) && flags.contains(ASTFlags::BREAK)) {
            let (parts, next, next_flags) = match rest {
                Expr::Dot(parts, flags, _) => (
                    parts,
                    ChainLink::Dot {
                        is_optional: !flags.is_empty(),
                    },
                    *flags,
                ),
                Expr::Index(parts, flags, _) => (parts, ChainLink::Index, *flags),
                _ => break,
            };
            owner = self.step(owner, link, &parts.lhs);
            (link, flags, rest) = (next, next_flags, &parts.rhs);
        }
        let chain = self.step(owner, link, rest);
        self.depth = begun;
        chain
    }

    fn step(&mut self, owner: ScriptExpr, link: ChainLink, step: &Expr) -> ScriptExpr {
        let at = position(step.position());
        self.depth += 1;
        if self.depth >= MAX_DEPTH {
            self.too_deep.get_or_insert(at);
            return owner;
        }
        let start = owner.at;
        match (link, step) {
            (ChainLink::Dot { is_optional }, Expr::Property(name, _)) => {
                let name = name.2.to_string();
                match owner.kind {
                    ExprKind::Variable(variable, _) => {
                        let member = MemberExpr {
                            owner: variable,
                            name,
                            name_at: at,
                            is_optional,
                            bound: None,
                        };
                        ScriptExpr {
                            kind: ExprKind::Member(member),
                            at: start,
                        }
                    }
                    _ => ScriptExpr {
                        kind: ExprKind::Property(Box::new(owner), name),
                        at,
                    },
                }
            }
            (ChainLink::Dot { is_optional }, Expr::MethodCall(call, _)) => {
                let mut values = vec![owner];
                values.extend(self.all(call.args.iter()));
                let style = if is_optional {
                    CallStyle::OptionalMethod
                } else {
                    CallStyle::Method
                };
                let call = CallExpr {
                    name: call.name.to_string(),
                    style,
                    values,
                    prepared: None,
                };
                ScriptExpr {
                    kind: ExprKind::Call(call),
                    at,
                }
            }
            (ChainLink::Index, index) => {
                let index = self.expr(index);
                ScriptExpr {
                    kind: ExprKind::Index(Box::new([owner, index])),
                    at,
                }
            }
            (ChainLink::Dot { .. }, other) => {
                let other = self.expr(other);
                ScriptExpr {
                    kind: ExprKind::Opaque(OpaqueForm::Other, vec![owner, other]),
                    at,
                }
            }
        }
    }
}

/// The value of a literal.
fn constant(expr: &Expr) -> Option<ConstantValue> {
    Some(match expr {
        Expr::Unit(_) => ConstantValue::Unit,
        Expr::BoolConstant(truth, _) => ConstantValue::Bool(*truth),
        Expr::IntegerConstant(number, _) => ConstantValue::Int(*number),
        Expr::FloatConstant(number, _) => ConstantValue::Float(**number),
        Expr::CharConstant(letter, _) => ConstantValue::Char(*letter),
        Expr::StringConstant(text, _) => ConstantValue::Text(text.to_string()),
        Expr::DynamicConstant(value, _) => of_value(value),
        _ => return None,
    })
}

fn of_value(value: &Dynamic) -> ConstantValue {
    if let Some(items) = value.read_lock::<Array>() {
        return list(items.iter().map(of_value).collect());
    }
    let value = value.clone();
    match value.type_name() {
        "()" => ConstantValue::Unit,
        "bool" => ConstantValue::Bool(value.as_bool().unwrap_or_default()),
        "i64" => ConstantValue::Int(value.as_int().unwrap_or_default()),
        "f64" => ConstantValue::Float(value.as_float().unwrap_or_default()),
        "char" => ConstantValue::Char(value.as_char().unwrap_or_default()),
        "string" => ConstantValue::Text(value.into_string().unwrap_or_default()),
        _ => range(&value).unwrap_or_else(|| ConstantValue::Other(value.to_string())),
    }
}

/// `1..=500`, or `1..501`.
fn range(value: &Dynamic) -> Option<ConstantValue> {
    let whole = value.clone().try_cast::<RangeInclusive<i64>>();
    let half = || value.clone().try_cast::<Range<i64>>();
    let (from, to) = match whole {
        Some(range) => (*range.start(), *range.end()),
        None => half().and_then(|range| Some((range.start, range.end.checked_sub(1)?)))?,
    };
    Some(ConstantValue::Range(from, to, value.to_string()))
}

fn list(items: Vec<ConstantValue>) -> ConstantValue {
    let text = |item: &ConstantValue| match item {
        ConstantValue::Text(text) => Some(text.clone()),
        _ => None,
    };
    let texts: Option<Vec<String>> = items.iter().map(text).collect();
    texts.map_or(ConstantValue::Items(items), ConstantValue::Texts)
}
