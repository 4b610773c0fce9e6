//! What serde wants against what an author wrote, for single values.
//!
//! Each function gives the wanted value or a fault that says how to write it. Help is given only
//! where the text shows what was meant: `yes` for `true`, a number in quotes. Nothing is converted
//! silently but numbers to text, which stay as written.

use super::fault::{DecodeFault, DecodeResult};
use super::node::Node;
use super::scalar::{Scalar, ScalarMeaning};

fn meaning(node: &Node) -> Option<ScalarMeaning> {
    node.scalar().map(Scalar::meaning)
}

pub(super) fn text(node: &Node) -> DecodeResult<&str> {
    node.text().ok_or_else(|| {
        let help = if node.is_nothing() {
            "write it after the `: `, or write `\"\"` for empty text"
        } else {
            "write plain text, without brackets or `- `"
        };
        DecodeFault::wrong_type("text", node).with_help(help)
    })
}

pub(super) fn boolean(node: &Node) -> DecodeResult<bool> {
    if let Some(ScalarMeaning::Boolean(value)) = meaning(node) {
        return Ok(value);
    }
    let fault = DecodeFault::wrong_type("`true` or `false`", node);
    let meant = match node.text().unwrap_or_default().to_lowercase().as_str() {
        "yes" | "on" | "true" => "write `true`, without quotes",
        "no" | "off" | "false" => "write `false`, without quotes",
        _ => "write `true` or `false`",
    };
    Err(fault.with_help(meant))
}

pub(super) fn whole<T: TryFrom<i128> + Into<i128>>(
    node: &Node,
    smallest: T,
    largest: T,
) -> DecodeResult<T> {
    let Some(ScalarMeaning::Whole(value)) = meaning(node) else {
        return Err(not_a_number(node, "an integer"));
    };
    T::try_from(value).map_err(|_| {
        let (smallest, largest): (i128, i128) = (smallest.into(), largest.into());
        let upwards = if largest < i128::from(i64::MAX) {
            format!("to {largest}")
        } else {
            "upwards".to_owned()
        };
        DecodeFault::new(
            "invalid-value",
            format!("the number `{value}` is out of range"),
        )
        .with_help(format!("write an integer from {smallest} {upwards}"))
    })
}

pub(super) fn real(node: &Node) -> DecodeResult<f64> {
    match meaning(node) {
        Some(ScalarMeaning::Whole(value)) => Ok(value as f64),
        Some(ScalarMeaning::Real(value)) => Ok(value),
        _ => Err(not_a_number(node, "a number")),
    }
}

fn not_a_number(node: &Node, expected: &str) -> DecodeFault {
    let fault = DecodeFault::wrong_type(expected, node);
    let is_quoted = meaning(node) == Some(ScalarMeaning::Text)
        && node.text().is_some_and(|text| text.parse::<f64>().is_ok());
    fault.with_help(match meaning(node) {
        _ if is_quoted => "remove the quotes",
        Some(ScalarMeaning::Real(_)) => "write it without a fraction",
        _ => "write it in digits, such as `5`",
    })
}
