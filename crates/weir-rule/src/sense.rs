//! A type checker for rules, which runs before any ad is read: finds a date compared with text,
//! arguments of the wrong type, an invalid pattern, a result that is not true or false. Rhai itself
//! would not report most of these: it finds a date and a text unequal, ad after ad.
//!
//! Must never reject a script that could be meaningful: unknown types are [`Kinds::ANY`]. To give a
//! new function a result type, see [`given_by`].

use super::kinds::{Kinds, Shapes};
use super::library;
use super::pattern::Pattern;
use super::{Mistake, Sandbox, Script};
use rhai::{Expr, FnCallExpr, Position, Stmt, StmtBlock};
use std::collections::{BTreeSet, HashMap};

/// What is wrong with the meaning of a script that must be true or false.
pub fn mistakes(script: &Script, shapes: &Shapes, sandbox: &Sandbox) -> Vec<Mistake> {
    let mut reader = Reader { shapes, sandbox, locals: HashMap::new(), mistakes: Vec::new() };
    let kinds = reader.statements(script.statements());
    let at = script.statements().last().map_or(Position::NONE, Stmt::position);
    reader.truth(kinds, "the script returns", at);
    reader.mistakes
}

/// The type of an expression; errors in it are reported elsewhere.
pub(super) fn kinds_of(expression: &Expr, shapes: &Shapes, sandbox: &Sandbox) -> Kinds {
    Reader { shapes, sandbox, locals: HashMap::new(), mistakes: Vec::new() }.expression(expression)
}

struct Reader<'a> {
    shapes: &'a Shapes,
    sandbox: &'a Sandbox,
    /// Names that the script gives to values.
    locals: HashMap<String, Kinds>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn tell(&mut self, message: String, help: &str, at: Position) {
        self.mistakes.push(Mistake::new(message, help.to_owned(), at));
    }

    fn truth(&mut self, kinds: Kinds, what: &str, at: Position) {
        if !kinds.meets(Kinds::TRUTH) {
            let help = "write a condition, such as `job.title != ()` or `is_url(job.source_url)`";
            self.tell(format!("{what} {kinds}, not true or false"), help, at);
        }
    }

    fn statements(&mut self, all: &[Stmt]) -> Kinds {
        all.iter().fold(Kinds::NOTHING, |_, statement| self.statement(statement))
    }

    fn block(&mut self, block: &StmtBlock) -> Kinds {
        self.statements(block.statements())
    }

    fn statement(&mut self, statement: &Stmt) -> Kinds {
        match statement {
            Stmt::Expr(expression) => self.expression(expression),
            Stmt::FnCall(call, at) => self.call(call, None, *at),
            Stmt::Block(block) => self.block(block),
            Stmt::If(parts, at) => {
                let asked = self.expression(&parts.expr);
                self.truth(asked, "the condition of `if` is", parts.expr.start_position().or_else(*at));
                self.block(&parts.body) | self.block(&parts.branch)
            }
            Stmt::Var(parts, ..) => {
                let kinds = self.expression(&parts.1);
                self.locals.insert(parts.0.name.to_string(), kinds);
                Kinds::NOTHING
            }
            Stmt::Assignment(_) => {
                self.locals.values_mut().for_each(|kinds| *kinds = Kinds::ANY);
                Kinds::NOTHING
            }
            _ => Kinds::ANY,
        }
    }

    fn expression(&mut self, expression: &Expr) -> Kinds {
        match expression {
            Expr::Unit(_) => Kinds::NOTHING,
            Expr::BoolConstant(..) => Kinds::TRUTH,
            Expr::IntegerConstant(..) => Kinds::WHOLE,
            Expr::FloatConstant(..) => Kinds::FRACTION,
            // Text of one character can be compared with a character.
            Expr::CharConstant(..) => Kinds::TEXT | Kinds::OTHER,
            Expr::StringConstant(..) => Kinds::TEXT,
            Expr::InterpolatedString(parts, _) => {
                parts.iter().for_each(|part| _ = self.expression(part));
                Kinds::TEXT
            }
            Expr::Array(items, _) => {
                items.iter().for_each(|item| _ = self.expression(item));
                Kinds::LIST
            }
            Expr::DynamicConstant(value, _) => Kinds::of_type(value.type_id()),
            Expr::Map(..) => Kinds::MAPPING,
            Expr::Variable(variable, ..) => self.variable(&variable.1),
            Expr::And(parts, _) => self.connected(parts, "&&"),
            Expr::Or(parts, _) => self.connected(parts, "||"),
            Expr::Coalesce(parts, _) => self.first(parts),
            Expr::FnCall(call, at) => self.call(call, None, *at),
            Expr::Dot(parts, ..) => self.chain(&parts.lhs, &parts.rhs),
            Expr::Stmt(block) => self.block(block),
            Expr::Index(parts, ..) => {
                self.expression(&parts.lhs);
                self.expression(&parts.rhs);
                Kinds::ANY
            }
            _ => Kinds::ANY,
        }
    }

    fn variable(&self, name: &str) -> Kinds {
        self.locals.get(name).copied().unwrap_or_else(|| self.shapes.variable(name))
    }

    fn connected(&mut self, parts: &[Expr], sign: &str) -> Kinds {
        for part in parts {
            let kinds = self.expression(part);
            self.truth(kinds, &format!("one side of `{sign}` is"), part.start_position());
        }
        Kinds::TRUTH
    }

    /// `a ?? b`: the second is evaluated only if the first is `()`.
    fn first(&mut self, parts: &[Expr]) -> Kinds {
        let each: Vec<Kinds> = parts.iter().map(|part| self.expression(part)).collect();
        match each.split_last() {
            Some((last, others)) => others.iter().fold(*last, |all, kinds| all | kinds.present()),
            None => Kinds::ANY,
        }
    }

    fn chain(&mut self, left: &Expr, right: &Expr) -> Kinds {
        let (first, rest) = match right {
            Expr::Dot(parts, ..) => (&parts.lhs, Some(&parts.rhs)),
            other => (other, None),
        };
        let found = match (left, first) {
            (Expr::Variable(variable, ..), Expr::Property(member, _)) if !self.locals.contains_key(variable.1.as_str()) => {
                self.shapes.member(&variable.1, &member.2)
            }
            _ => {
                let owner = self.expression(left);
                self.step(owner, first)
            }
        };
        rest.map_or(found, |rest| self.steps(found, rest))
    }

    fn steps(&mut self, found: Kinds, rest: &Expr) -> Kinds {
        match rest {
            Expr::Dot(parts, ..) => {
                let next = self.step(found, &parts.lhs);
                self.steps(next, &parts.rhs)
            }
            last => self.step(found, last),
        }
    }

    fn step(&mut self, owner: Kinds, step: &Expr) -> Kinds {
        match step {
            Expr::MethodCall(call, at) => self.call(call, Some(owner), *at),
            _ => Kinds::ANY,
        }
    }

    fn call(&mut self, call: &FnCallExpr, owner: Option<Kinds>, at: Position) -> Kinds {
        let values: Vec<Kinds> = owner.into_iter().chain(call.args.iter().map(|value| self.expression(value))).collect();
        let name = call.name.as_str();
        match (name, values.as_slice()) {
            ("==" | "!=" | "<" | "<=" | ">" | ">=", [one, other]) => self.compare(call, *one, *other, at),
            ("!", [value]) => {
                self.truth(*value, "`!` is applied to", at);
                Kinds::TRUTH
            }
            ("+" | "-" | "*" | "/" | "%", [one, other]) => self.sum(name, *one, *other, at),
            (_, values) if call.op_token.is_none() || name == "contains" => {
                self.literals(call, owner.is_some(), values);
                self.function(name, values, at)
            }
            _ => Kinds::ANY,
        }
    }

    fn compare(&mut self, call: &FnCallExpr, one: Kinds, other: Kinds, at: Position) -> Kinds {
        let name = call.name.as_str();
        let always = if name == "!=" { "always true" } else { "always false" };
        if let ([left, right], true) = (call.args.as_slice(), call.args.len() == 2)
            && let (Some(left), Some(right)) = (super::certain::key(left), super::certain::key(right))
            && left == right
        {
            self.tell(format!("`{left}` is compared with itself"), "compare it with another value", at);
            return Kinds::TRUTH;
        }
        let is_ordered = !matches!(name, "==" | "!=");
        if is_ordered && (one == Kinds::NOTHING || other == Kinds::NOTHING) {
            self.tell(format!("`{name}` compares with a missing value: it is {always}"), "use `== ()` or `!= ()`", at);
        } else if !one.present_or(other).comparable().meets(other.present_or(one).comparable()) {
            self.tell(format!("`{name}` compares {one} with {other}: it is {always}"), meant(call, one, other), at);
        }
        Kinds::TRUTH
    }

    fn sum(&mut self, name: &str, one: Kinds, other: Kinds, at: Position) -> Kinds {
        let (one, other) = (one.present(), other.present());
        let dates = one.is_within(Kinds::DATE);
        let is_bad = match name {
            _ if one.meets(Kinds::TEXT | Kinds::OTHER | Kinds::LIST | Kinds::MAPPING) || other.meets(Kinds::TEXT | Kinds::OTHER | Kinds::LIST) => {
                false
            }
            "+" if dates => !other.meets(Kinds::SPAN),
            "-" if dates => !other.meets(Kinds::SPAN | Kinds::DATE),
            _ => {
                let numbers = one.meets(Kinds::NUMBER) && other.meets(Kinds::NUMBER);
                let dates = one.meets(Kinds::DATE) && other.meets(Kinds::SPAN | Kinds::DATE);
                !numbers && !dates
            }
        };
        if is_bad {
            let help = if !matches!(name, "+" | "-") {
                "it needs numbers; dates support `+ months(6)`, `- days(30)` and `-` another date"
            } else if dates && other.meets(Kinds::NUMBER) {
                "write a duration as `days(30)` or `months(6)`"
            } else if one.is_within(Kinds::SPAN) {
                "put the date first: `job.open_date + months(6)`"
            } else {
                "add numbers to numbers, and durations such as `days(30)` to dates"
            };
            self.tell(format!("`{name}` does not work with {one} and {other}"), help, at);
        }
        match (one, other) {
            (one, other) if one.is_within(Kinds::WHOLE) && other.is_within(Kinds::WHOLE) && name != "/" => Kinds::WHOLE,
            (one, other) if one.is_within(Kinds::NUMBER) && other.is_within(Kinds::NUMBER) => Kinds::NUMBER,
            (Kinds::DATE, Kinds::SPAN) => Kinds::DATE,
            (Kinds::DATE, Kinds::DATE) if name == "-" => Kinds::WHOLE,
            (Kinds::TEXT, _) | (_, Kinds::TEXT) if name == "+" => Kinds::TEXT,
            _ => Kinds::ANY,
        }
    }

    /// Checks that an overload of the function accepts these types.
    fn function(&mut self, name: &str, values: &[Kinds], at: Position) -> Kinds {
        let Some(forms) = self.sandbox.functions.get(name) else { return Kinds::ANY };
        let forms: Vec<&Vec<Kinds>> = forms.iter().filter(|form| form.len() == values.len()).collect();
        let takes = |form: &&Vec<Kinds>| form.iter().zip(values).all(|(wanted, found)| found.present().meets(*wanted));
        if !forms.is_empty() && !forms.iter().any(takes) {
            let taken: BTreeSet<String> = forms.iter().filter(|form| !form.contains(&Kinds::OTHER)).map(|form| in_words(form)).collect();
            let help = if taken.is_empty() || taken.len() > 3 {
                "see docs/reference/rules.md for its arguments".to_owned()
            } else {
                format!("it takes {}", taken.into_iter().collect::<Vec<_>>().join(", or "))
            };
            self.tell(format!("`{name}` does not work with {}", in_words(values)), &help, at);
        }
        given_by(name, values)
    }

    /// Checks literals in the script: patterns, dates, domains, and lists that cannot contain the
    /// value.
    fn literals(&mut self, call: &FnCallExpr, is_method: bool, values: &[Kinds]) {
        let value = |index: usize| call.args.get(index.wrapping_sub(usize::from(is_method)));
        let text = |index: usize| match value(index) {
            Some(Expr::StringConstant(text, at)) => Some((text.as_str(), *at)),
            _ => None,
        };
        match (call.name.as_str(), text(0), text(1)) {
            ("matches", _, Some((pattern, at))) => {
                if let Err(why) = Pattern::new(pattern) {
                    self.tell(why, "escape a literal character with a backslash: `\\\\(` in double quotes, `\\(` in backticks", at);
                }
            }
            ("date", Some((date, at)), _) if library::date(date).is_none() => {
                self.tell(format!("`{date}` is not a date"), "write it like `2026-12-31`", at);
            }
            ("on_domain", _, Some((domain, at))) if domain.contains(['/', ':', ' ']) || domain.is_empty() => {
                self.tell(format!("`{domain}` is not a domain"), "write just the domain, such as `seek.com.au`", at);
            }
            ("contains", ..) => self.listed(value(0), values),
            _ => {}
        }
    }

    /// `job.title in [1, 2]`
    fn listed(&mut self, list: Option<&Expr>, values: &[Kinds]) {
        let (Some(Expr::DynamicConstant(list, at)), [_, found]) = (list, values) else { return };
        let Some(items) = list.read_lock::<rhai::Array>() else { return };
        let kinds = items.iter().map(|item| Kinds::of_type(item.type_id())).reduce(|all, kinds| all | kinds);
        match kinds {
            None => self.tell("an empty list contains nothing".to_owned(), "list the allowed values: `[\"Casual\", \"Temporary\"]`", *at),
            Some(kinds) if !kinds.comparable().meets(found.comparable()) => {
                self.tell(format!("{} is never in a list of {}", found.present(), plural(kinds)), "write values of the same type", *at);
            }
            Some(_) => {}
        }
    }
}

impl Kinds {
    /// Without `()`, unless the other is only `()`.
    fn present_or(self, other: Kinds) -> Kinds {
        if other == Kinds::NOTHING { self } else { self.present() }
    }
}

/// What several values are.
fn in_words(values: &[Kinds]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn plural(kinds: Kinds) -> &'static str {
    match kinds {
        Kinds::TEXT => "texts",
        kinds if kinds.is_within(Kinds::NUMBER) => "numbers",
        Kinds::TRUTH => "truths",
        _ => "other values",
    }
}

/// What may have been meant by a comparison that is always the same.
fn meant(call: &FnCallExpr, one: Kinds, other: Kinds) -> &'static str {
    let both = one.present() | other.present();
    let looks_like_date =
        call.args.iter().any(|value| matches!(value, Expr::StringConstant(text, _) if text.starts_with(|first: char| first.is_ascii_digit())));
    match both {
        _ if one == Kinds::NOTHING || other == Kinds::NOTHING => "it always has a value: remove this condition",
        _ if both == Kinds::DATE | Kinds::TEXT && looks_like_date => "write a date as `date(\"2026-12-31\")`",
        _ if both == Kinds::DATE | Kinds::TEXT => "compare a date with a date: `date(\"2026-12-31\")`, `today`, or another field",
        _ if both.is_within(Kinds::DATE | Kinds::NUMBER) => "a date minus a date is a number of days; `year(job.open_date)` is also a number",
        _ if both.is_within(Kinds::DATE | Kinds::SPAN) => "add the duration to a date: `job.open_date + months(6)`",
        _ if both.is_within(Kinds::TEXT | Kinds::NUMBER) => "`amount(text)` is the number in the text, `text.len()` its length",
        _ if both.is_within(Kinds::TEXT | Kinds::LIST | Kinds::NAMES) => "use `in` to search a list: `\"Dubbo\" in job.locations`",
        _ if both.is_within(Kinds::SPAN | Kinds::NUMBER) => "a date minus a date is a number of days: compare it with a number",
        _ if both.meets(Kinds::TRUTH) => "do not compare with true or false: write just the condition, or `!` in front of it",
        _ => "compare values of the same type",
    }
}

/// The result type of a function.
fn given_by(name: &str, values: &[Kinds]) -> Kinds {
    match name {
        "is_url" | "on_domain" | "is_blank" | "contains_any" | "contains_all" | "one_of" | "matches" | "is_upper" | "has_digits" | "mentions"
        | "contains" | "starts_with" | "ends_with" | "is_empty" => Kinds::TRUTH,
        "len" | "year" | "month" | "day" | "weekday" | "word_count" | "count" | "parse_int" => Kinds::WHOLE,
        "domain_of" | "to_lower" | "to_upper" | "to_string" | "type_of" => Kinds::TEXT,
        "date" => Kinds::DATE,
        "days" | "months" | "years" => Kinds::SPAN,
        "words" => Kinds::LIST,
        "amount" => Kinds::FRACTION | Kinds::NOTHING,
        "look_up" => Kinds::TEXT | Kinds::NOTHING,
        "trim" | "make_upper" | "make_lower" => Kinds::NOTHING,
        "abs" | "min" | "max" => values.iter().fold(Kinds::NONE, |all, kinds| all | *kinds),
        _ => Kinds::ANY,
    }
}
