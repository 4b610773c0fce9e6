//! The words that made a rule fail, for its message: `{matched}`. A rule that looks for any of many
//! words says nothing to the author of an ad unless it says which one was found.
//!
//! Must never change a verdict: it is asked after one, and only for messages that show it. To add a
//! function that finds words: an arm in [`found_by`], and its name in [`FINDERS`].

use super::ad_input::AdView;
use super::expr::{CallExpr, ExprKind, ScriptExpr};
use super::functions::PreparedCall;
use super::library;
use super::value::NativeValue;

/// The placeholder in a message.
pub const MATCHED: &str = "matched";

/// The functions that find words in a text.
pub const FINDERS: [&str; 3] = ["contains_any", "matches", "mentions"];

impl ScriptExpr {
    /// Whether it looks for words: whether [`ScriptExpr::matched`] can find something.
    pub(super) fn looks_for_words(&self) -> bool {
        let mut looks = false;
        self.walk(&mut |part| {
            looks |=
                matches!(&part.kind, ExprKind::Call(call) if FINDERS.contains(&call.name.as_str()));
        });
        looks
    }

    /// The words that it finds in an ad: of the first function that finds any. Words of a list are
    /// in lowercase.
    pub(super) fn matched(&self, view: AdView<'_>) -> Option<String> {
        if let ExprKind::Call(call) = &self.kind
            && let Some(found) = found_by(call, view)
        {
            return Some(found);
        }
        self.parts().iter().find_map(|part| part.matched(view))
    }
}

fn found_by(call: &CallExpr, view: AdView<'_>) -> Option<String> {
    let value = |at: usize| call.values.get(at)?.evaluate(view).ok();
    let text = value(0)?;
    match call.prepared.as_ref()? {
        PreparedCall::ContainsAny(words) => {
            library::first_contained(text.text().ok()?, words.iter()).cloned()
        }
        PreparedCall::Matches(pattern) => pattern.first(text.text().ok()?).map(str::to_owned),
        PreparedCall::Plain(_) if call.name == "mentions" => match value(1)? {
            NativeValue::List(list) => list.mentioned(text.text().ok()?).ok()?,
            _ => None,
        },
        _ => None,
    }
}
