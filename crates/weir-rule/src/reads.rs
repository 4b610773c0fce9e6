//! What a script reads. Only that is converted for the interpreter: handing over a whole ad of 3 KB
//! for every rule would cost far more than the rules.

use super::expr::{ExprKind, ScriptExpr, ScriptPosition};
use super::value::ConstantValue;
use std::collections::BTreeSet;

/// The member of a variable that is used whole.
pub(super) const WHOLE: &str = "*";

/// What a script reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptReads {
    /// Members of variables: `("job", "title")`. A variable that is used whole has the member `*`.
    pub members: BTreeSet<(String, String)>,
    /// Whether it speaks of absence (`()`), and so wants to see absent fields.
    pub absence: bool,
    places: Vec<(String, String, ScriptPosition)>,
}

impl ScriptReads {
    /// What an expression reads of these variables.
    pub(super) fn of_expr(expr: &ScriptExpr, variables: &[&str]) -> ScriptReads {
        let mut reads = ScriptReads::default();
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Constant(ConstantValue::Unit) => reads.absence = true,
            ExprKind::Variable(name, _) if variables.contains(&name.as_str()) => {
                reads.add(name, WHOLE, part.at);
            }
            ExprKind::Member(member) if variables.contains(&member.owner.as_str()) => {
                reads.add(&member.owner, &member.name, member.name_at);
            }
            _ => {}
        });
        reads
    }

    fn add(&mut self, variable: &str, member: &str, at: ScriptPosition) {
        self.members
            .insert((variable.to_owned(), member.to_owned()));
        self.places
            .push((variable.to_owned(), member.to_owned(), at));
    }

    /// The members of one variable.
    pub fn of<'a>(&'a self, variable: &'a str) -> impl Iterator<Item = &'a str> {
        let of_it = self
            .members
            .iter()
            .filter(move |(owner, _)| owner == variable);
        of_it.map(|(_, member)| member.as_str())
    }

    /// Whether the variable is read at all.
    pub fn touches(&self, variable: &str) -> bool {
        self.of(variable).next().is_some()
    }

    /// Where a member is first named: line and column from 1.
    pub fn place_of(&self, variable: &str, member: &str) -> Option<(usize, usize)> {
        let is_it = |place: &&(String, String, _)| place.0 == variable && place.1 == member;
        self.places
            .iter()
            .find(is_it)
            .map(|(_, _, at)| (at.line, at.column))
    }
}
