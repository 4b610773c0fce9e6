//! A type checker for rules, which runs before any ad is read: finds a date compared with text,
//! arguments of the wrong type, an invalid pattern, a result that is not true or false. Rhai itself
//! would not report most of these: it finds a date and a text unequal, ad after ad.
//!
//! Must never reject a script that could be meaningful: unknown types are [`TypeSet::ANY`]. To give
//! a new function a result type, see [`given_by`].

use super::expr::{CallExpr, CallStyle, ExprKind, MemberExpr, ScriptExpr, ScriptPosition};
use super::library;
use super::pattern::TextPattern;
use super::script::CompiledScript;
use super::script_error::ScriptDiagnostic;
use super::types::{FunctionTypes, TypeEnv, TypeSet};
use super::value::{ArithmeticOp, ComparisonOp, ConstantValue};
use std::collections::{BTreeSet, HashMap};

/// What is wrong with the meaning of a script that must be true or false.
pub fn mistakes(
    script: &CompiledScript,
    types: &TypeEnv,
    functions: &FunctionTypes,
) -> Vec<ScriptDiagnostic> {
    let mut checker = TypeChecker::new(types, functions);
    let found = checker.expr(script.tree());
    let at = script
        .tree()
        .last()
        .map_or(ScriptPosition::START, ScriptExpr::start);
    checker.truth(found, "the script returns", at);
    checker.mistakes
}

/// The type of an expression; errors in it are reported elsewhere.
pub(super) fn types_of(expr: &ScriptExpr, types: &TypeEnv, functions: &FunctionTypes) -> TypeSet {
    TypeChecker::new(types, functions).expr(expr)
}

struct TypeChecker<'a> {
    types: &'a TypeEnv,
    functions: &'a FunctionTypes,
    /// Names that the script gives to values.
    locals: HashMap<String, TypeSet>,
    mistakes: Vec<ScriptDiagnostic>,
}

impl<'a> TypeChecker<'a> {
    fn new(types: &'a TypeEnv, functions: &'a FunctionTypes) -> TypeChecker<'a> {
        TypeChecker {
            types,
            functions,
            locals: HashMap::new(),
            mistakes: Vec::new(),
        }
    }

    fn report(&mut self, message: String, help: &str, at: ScriptPosition) {
        self.report_about(&[], message, help, at);
    }

    /// Reports a mistake that the variables of these parts take part in.
    fn report_about(
        &mut self,
        parts: &[ScriptExpr],
        message: String,
        help: &str,
        at: ScriptPosition,
    ) {
        let mistake = ScriptDiagnostic::new(message, help.to_owned(), at);
        self.mistakes.push(mistake.about(parts));
    }

    fn truth(&mut self, found: TypeSet, what: &str, at: ScriptPosition) {
        if !found.meets(TypeSet::TRUTH) {
            let help = "write a condition, such as `job.title != ()` or `is_url(job.source_url)`";
            self.report(format!("{what} {found}, not true or false"), help, at);
        }
    }

    fn expr(&mut self, expr: &ScriptExpr) -> TypeSet {
        match &expr.kind {
            ExprKind::Constant(constant) => TypeSet::of_constant(constant),
            ExprKind::Variable(name, _) => self.variable(name),
            ExprKind::Member(member) => self.member(member),
            ExprKind::Compare(op, sides) => self.compare(*op, sides, expr.at),
            ExprKind::Arithmetic(op, sides) => self.arithmetic(*op, sides, expr.at),
            ExprKind::All(parts) => self.connected(parts, "&&"),
            ExprKind::Any(parts) => self.connected(parts, "||"),
            ExprKind::Not(part) => {
                let found = self.expr(part);
                self.truth(found, "`!` is applied to", expr.at);
                TypeSet::TRUTH
            }
            ExprKind::First(parts) => self.first(parts),
            ExprKind::Choose(parts) => self.choose(parts),
            ExprKind::Call(call) => self.call(call, expr.at),
            ExprKind::Interpolation(parts) => self.parts(parts, TypeSet::TEXT),
            ExprKind::Array(items) => self.parts(items, TypeSet::LIST),
            ExprKind::Block(statements) => self.block(statements),
            ExprKind::Let(name, value) => {
                let found = self.expr(value);
                self.locals.insert(name.clone(), found);
                TypeSet::NOTHING
            }
            ExprKind::Assign(sides) => self.assign(sides),
            ExprKind::Nothing => TypeSet::NOTHING,
            ExprKind::Property(part, _) => self.parts(std::slice::from_ref(part), TypeSet::ANY),
            ExprKind::Index(parts) => self.parts(parts.as_slice(), TypeSet::ANY),
            ExprKind::Opaque(form, parts) => self.parts(parts, form.types()),
        }
    }

    /// Checks parts of something with a known type.
    fn parts(&mut self, parts: &[ScriptExpr], whole: TypeSet) -> TypeSet {
        parts.iter().for_each(|part| _ = self.expr(part));
        whole
    }

    /// Names that it gives to values end with it.
    fn block(&mut self, statements: &[ScriptExpr]) -> TypeSet {
        let outside = self.locals.clone();
        let found = statements
            .iter()
            .fold(TypeSet::NOTHING, |_, statement| self.expr(statement));
        if statements.iter().any(ScriptExpr::assigns) {
            // What it assigns to may be a variable from outside.
            self.locals.extend(outside);
            self.locals
                .values_mut()
                .for_each(|types| *types = TypeSet::ANY);
        } else {
            self.locals = outside;
        }
        found
    }

    /// Whatever is assigned to may have any type then.
    fn assign(&mut self, sides: &[ScriptExpr; 2]) -> TypeSet {
        let [target, value] = sides;
        self.expr(value);
        self.locals
            .values_mut()
            .for_each(|types| *types = TypeSet::ANY);
        target.walk(&mut |part| {
            let name = match &part.kind {
                ExprKind::Variable(name, _) => name,
                ExprKind::Member(member) => &member.owner,
                _ => return,
            };
            self.locals.insert(name.clone(), TypeSet::ANY);
        });
        TypeSet::NOTHING
    }

    fn choose(&mut self, parts: &[ScriptExpr; 3]) -> TypeSet {
        let [condition, then, otherwise] = parts;
        let found = self.expr(condition);
        self.truth(found, "the condition of `if` is", condition.start());
        self.expr(then) | self.expr(otherwise)
    }

    fn variable(&self, name: &str) -> TypeSet {
        self.locals
            .get(name)
            .copied()
            .unwrap_or_else(|| self.types.variable(name))
    }

    fn member(&self, member: &MemberExpr) -> TypeSet {
        if self.locals.contains_key(&member.owner) {
            return TypeSet::ANY;
        }
        self.types.member(&member.owner, &member.name)
    }

    fn connected(&mut self, parts: &[ScriptExpr], sign: &str) -> TypeSet {
        for part in parts {
            let found = self.expr(part);
            self.truth(found, &format!("one side of `{sign}` is"), part.start());
        }
        TypeSet::TRUTH
    }

    /// `a ?? b`: the second is evaluated only if the first is `()`.
    fn first(&mut self, parts: &[ScriptExpr]) -> TypeSet {
        let each: Vec<TypeSet> = parts.iter().map(|part| self.expr(part)).collect();
        match each.split_last() {
            Some((last, others)) => others
                .iter()
                .fold(*last, |all, types| all | types.present()),
            None => TypeSet::ANY,
        }
    }

    fn call(&mut self, call: &CallExpr, at: ScriptPosition) -> TypeSet {
        let values: Vec<TypeSet> = call.values.iter().map(|value| self.expr(value)).collect();
        if call.style == CallStyle::Operator && call.name != "contains" {
            return TypeSet::ANY;
        }
        self.literals(call, &values);
        self.function(call, &values, at)
    }

    fn compare(
        &mut self,
        op: ComparisonOp,
        sides: &[ScriptExpr; 2],
        at: ScriptPosition,
    ) -> TypeSet {
        let [left, right] = sides;
        let (one, other) = (self.expr(left), self.expr(right));
        let sign = op.sign();
        let text = left.canonical();
        let always = if op == ComparisonOp::Unequal {
            "always true"
        } else {
            "always false"
        };
        if let Some(text) = text.filter(|text| Some(text) == right.canonical().as_ref()) {
            let message = format!("`{text}` is compared with itself");
            self.report(message, "compare it with another value", at);
        } else if !op.is_equality() && (one == TypeSet::NOTHING || other == TypeSet::NOTHING) {
            let message = format!("`{sign}` compares with a missing value: it is {always}");
            self.report(message, "use `== ()` or `!= ()`", at);
        } else if !one
            .present_or(other)
            .comparable()
            .meets(other.present_or(one).comparable())
        {
            let message = format!("`{sign}` compares {one} with {other}: it is {always}");
            self.report_about(sides, message, meant(sides, one, other), at);
        }
        TypeSet::TRUTH
    }

    fn arithmetic(
        &mut self,
        op: ArithmeticOp,
        sides: &[ScriptExpr; 2],
        at: ScriptPosition,
    ) -> TypeSet {
        let [one, other] = sides.each_ref().map(|side| self.expr(side).present());
        if !can_calculate(op, one, other) {
            let message = format!("`{}` does not work with {one} and {other}", op.sign());
            self.report_about(sides, message, how_to_calculate(op, one, other), at);
        }
        let both = one | other;
        match op {
            _ if both.is_within(TypeSet::WHOLE) && op != ArithmeticOp::Over => TypeSet::WHOLE,
            _ if both.is_within(TypeSet::NUMBER) => TypeSet::NUMBER,
            _ if one == TypeSet::DATE && other == TypeSet::SPAN => TypeSet::DATE,
            ArithmeticOp::Minus if both == TypeSet::DATE => TypeSet::WHOLE,
            ArithmeticOp::Plus if one == TypeSet::TEXT || other == TypeSet::TEXT => TypeSet::TEXT,
            _ => TypeSet::ANY,
        }
    }

    /// Checks that an overload of the function accepts these types.
    fn function(&mut self, call: &CallExpr, values: &[TypeSet], at: ScriptPosition) -> TypeSet {
        let name = call.name.as_str();
        let Some(overloads) = self.functions.overloads(name) else {
            return TypeSet::ANY;
        };
        let overloads: Vec<&Vec<TypeSet>> = overloads
            .iter()
            .filter(|overload| overload.len() == values.len())
            .collect();
        let takes = |overload: &&Vec<TypeSet>| {
            overload
                .iter()
                .zip(values)
                .all(|(wanted, found)| found.present().meets(*wanted))
        };
        if !overloads.is_empty() && !overloads.iter().any(takes) {
            let known = overloads
                .iter()
                .filter(|overload| !overload.contains(&TypeSet::OTHER));
            let taken: BTreeSet<String> = known.map(|overload| in_words(overload)).collect();
            let help = if taken.is_empty() || taken.len() > 3 {
                "see docs/reference/rules.md for its arguments".to_owned()
            } else {
                format!(
                    "it takes {}",
                    taken.into_iter().collect::<Vec<_>>().join(", or ")
                )
            };
            let message = format!("`{name}` does not work with {}", in_words(values));
            self.report_about(&call.values, message, &help, at);
        }
        given_by(name, values)
    }

    /// Checks literals in the script: patterns, dates, domains, and lists that cannot contain the
    /// value.
    fn literals(&mut self, call: &CallExpr, types: &[TypeSet]) {
        let text = |index: usize| {
            let value = call.values.get(index)?;
            Some((value.text()?, value.at))
        };
        match (call.name.as_str(), text(0), text(1)) {
            ("matches", _, Some((pattern, at))) => {
                if let Err(why) = TextPattern::new(pattern) {
                    let help = "escape a literal character with a backslash: `\\\\(` in double \
                                quotes, `\\(` in backticks";
                    self.report(why, help, at);
                }
            }
            ("date", Some((date, at)), _) if library::date(date).is_none() => {
                self.report(
                    format!("`{date}` is not a date"),
                    "write it like `2026-12-31`",
                    at,
                );
            }
            ("on_domain", _, Some((domain, at)))
                if domain.contains(['/', ':', ' ']) || domain.is_empty() =>
            {
                let help = "write just the domain, such as `seek.com.au`";
                self.report(format!("`{domain}` is not a domain"), help, at);
            }
            ("contains", ..) => self.listed(call, types),
            _ => {}
        }
    }

    /// `job.title in [1, 2]`
    fn listed(&mut self, call: &CallExpr, types: &[TypeSet]) {
        let ([list, _], [_, found]) = (call.values.as_slice(), types) else {
            return;
        };
        let items = match &list.kind {
            ExprKind::Constant(ConstantValue::Texts(texts)) if texts.is_empty() => None,
            ExprKind::Constant(ConstantValue::Texts(_)) => Some(TypeSet::TEXT),
            ExprKind::Constant(ConstantValue::Items(items)) => items
                .iter()
                .map(TypeSet::of_constant)
                .reduce(|all, types| all | types),
            _ => return,
        };
        match items {
            None => {
                let help = "list the allowed values: `[\"Casual\", \"Temporary\"]`";
                self.report("an empty list contains nothing".to_owned(), help, list.at);
            }
            Some(items) if !items.comparable().meets(found.comparable()) => {
                let message = format!(
                    "{} is never in a list of {}",
                    found.present(),
                    plural(items)
                );
                self.report(message, "write values of the same type", list.at);
            }
            Some(_) => {}
        }
    }
}

impl ScriptExpr {
    /// Whether something in it assigns to a variable.
    fn assigns(&self) -> bool {
        matches!(self.kind, ExprKind::Assign(_)) || self.parts().iter().any(ScriptExpr::assigns)
    }
}

/// Whether values of these types can be calculated with.
fn can_calculate(op: ArithmeticOp, one: TypeSet, other: TypeSet) -> bool {
    let open = TypeSet::TEXT | TypeSet::OTHER | TypeSet::LIST;
    if one.meets(open | TypeSet::MAPPING) || other.meets(open) {
        return true;
    }
    let moved = TypeSet::SPAN | TypeSet::DATE;
    match op {
        ArithmeticOp::Plus if one.is_within(TypeSet::DATE) => other.meets(TypeSet::SPAN),
        ArithmeticOp::Minus if one.is_within(TypeSet::DATE) => other.meets(moved),
        _ => {
            let numbers = one.meets(TypeSet::NUMBER) && other.meets(TypeSet::NUMBER);
            numbers || (one.meets(TypeSet::DATE) && other.meets(moved))
        }
    }
}

fn how_to_calculate(op: ArithmeticOp, one: TypeSet, other: TypeSet) -> &'static str {
    if !matches!(op, ArithmeticOp::Plus | ArithmeticOp::Minus) {
        "it needs numbers; dates support `+ months(6)`, `- days(30)` and `-` another date"
    } else if one.is_within(TypeSet::DATE) && other.meets(TypeSet::NUMBER) {
        "write a duration as `days(30)` or `months(6)`"
    } else if one.is_within(TypeSet::SPAN) {
        "put the date first: `job.open_date + months(6)`"
    } else {
        "add numbers to numbers, and durations such as `days(30)` to dates"
    }
}

impl TypeSet {
    /// Without `()`, unless the other is only `()`.
    fn present_or(self, other: TypeSet) -> TypeSet {
        if other == TypeSet::NOTHING {
            self
        } else {
            self.present()
        }
    }
}

/// What several values are.
fn in_words(values: &[TypeSet]) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" and ")
}

fn plural(types: TypeSet) -> &'static str {
    match types {
        TypeSet::TEXT => "texts",
        types if types.is_within(TypeSet::NUMBER) => "numbers",
        TypeSet::TRUTH => "truths",
        _ => "other values",
    }
}

/// What may have been meant by a comparison that is always the same.
fn meant(sides: &[ScriptExpr; 2], one: TypeSet, other: TypeSet) -> &'static str {
    let both = one.present() | other.present();
    let starts_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let looks_like_date = || {
        sides
            .iter()
            .filter_map(ScriptExpr::text)
            .any(starts_with_digit)
    };
    match both {
        _ if one == TypeSet::NOTHING || other == TypeSet::NOTHING => {
            "it always has a value: remove this condition"
        }
        _ if both == TypeSet::DATE | TypeSet::TEXT && looks_like_date() => {
            "write a date as `date(\"2026-12-31\")`"
        }
        _ if both == TypeSet::DATE | TypeSet::TEXT => {
            "compare a date with a date: `date(\"2026-12-31\")`, `today`, or another field"
        }
        _ if both.is_within(TypeSet::DATE | TypeSet::NUMBER) => {
            "a date minus a date is a number of days; `year(job.open_date)` is also a number"
        }
        _ if both.is_within(TypeSet::DATE | TypeSet::SPAN) => {
            "add the duration to a date: `job.open_date + months(6)`"
        }
        _ if both.is_within(TypeSet::TEXT | TypeSet::NUMBER) => {
            "`amount(text)` is the number in the text, `text.len()` its length"
        }
        _ if both.is_within(TypeSet::TEXT | TypeSet::LIST | TypeSet::NAMES) => {
            "use `in` to search a list: `\"Dubbo\" in job.locations`"
        }
        _ if both.is_within(TypeSet::SPAN | TypeSet::NUMBER) => {
            "a date minus a date is a number of days: compare it with a number"
        }
        _ if both.meets(TypeSet::TRUTH) => {
            "do not compare with true or false: write just the condition, or `!` in front of it"
        }
        _ => "compare values of the same type",
    }
}

/// The result type of a function.
fn given_by(name: &str, values: &[TypeSet]) -> TypeSet {
    match name {
        "is_url" | "on_domain" | "is_blank" | "contains_any" | "contains_all" | "one_of"
        | "matches" | "is_upper" | "has_digits" | "mentions" | "contains" | "starts_with"
        | "ends_with" | "is_empty" => TypeSet::TRUTH,
        "len" | "year" | "month" | "day" | "weekday" | "word_count" | "count" | "parse_int" => {
            TypeSet::WHOLE
        }
        "domain_of" | "to_lower" | "to_upper" | "to_string" | "type_of" => TypeSet::TEXT,
        "date" => TypeSet::DATE,
        "days" | "months" | "years" => TypeSet::SPAN,
        "words" => TypeSet::LIST,
        "amount" => TypeSet::FRACTION | TypeSet::NOTHING,
        "look_up" => TypeSet::TEXT | TypeSet::NOTHING,
        "trim" | "make_upper" | "make_lower" => TypeSet::NOTHING,
        "abs" | "min" | "max" => values.iter().fold(TypeSet::NONE, |all, types| all | *types),
        _ => TypeSet::ANY,
    }
}
