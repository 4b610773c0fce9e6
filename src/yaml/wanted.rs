//! What serde wants against what an author wrote, for single values.
//!
//! Each function gives the wanted value or a fault that says how to write it. Help is given only where the text shows what was meant:
//! `yes` for `true`, a number in quotes. Nothing is converted silently but numbers to text, which stay as written.

use super::decoder::Decoded;
use super::fault::Fault;
use super::node::Node;
use super::scalar::{Meaning, Scalar};

fn meaning(node: &Node) -> Option<Meaning> {
    node.scalar().map(Scalar::meaning)
}

pub(super) fn text(node: &Node) -> Decoded<&str> {
    node.text().ok_or_else(|| {
        let fault = Fault::wrong_type("text", node);
        if node.is_nothing() { fault.with_help("write `\"\"` if an empty text is meant") } else { fault }
    })
}

pub(super) fn boolean(node: &Node) -> Decoded<bool> {
    if let Some(Meaning::Boolean(value)) = meaning(node) {
        return Ok(value);
    }
    let fault = Fault::wrong_type("`true` or `false`", node);
    let meant = match node.text().unwrap_or_default().to_lowercase().as_str() {
        "yes" | "on" | "true" => "write `true`, without quotes",
        "no" | "off" | "false" => "write `false`, without quotes",
        _ => return Err(fault),
    };
    Err(fault.with_help(meant))
}

pub(super) fn whole<T: TryFrom<i128> + Into<i128>>(node: &Node, smallest: T, largest: T) -> Decoded<T> {
    let Some(Meaning::Whole(value)) = meaning(node) else {
        return Err(not_a_number(node, "a whole number"));
    };
    T::try_from(value).map_err(|_| {
        let (smallest, largest): (i128, i128) = (smallest.into(), largest.into());
        let message = format!("expected a whole number from {smallest} to {largest}, found `{value}`");
        Fault::new("invalid-value", message)
    })
}

pub(super) fn real(node: &Node) -> Decoded<f64> {
    match meaning(node) {
        Some(Meaning::Whole(value)) => Ok(value as f64),
        Some(Meaning::Real(value)) => Ok(value),
        _ => Err(not_a_number(node, "a number")),
    }
}

fn not_a_number(node: &Node, expected: &str) -> Fault {
    let fault = Fault::wrong_type(expected, node);
    let is_quoted = meaning(node) == Some(Meaning::Text) && node.text().is_some_and(|text| text.parse::<f64>().is_ok());
    if is_quoted { fault.with_help("remove the quotes") } else { fault }
}
