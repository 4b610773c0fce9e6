//! JSON text, as far as ads need it: members in the order in which they are written.

use std::fmt::Write;

/// An object under construction.
pub struct JsonObject(String);

impl JsonObject {
    pub fn new() -> JsonObject {
        JsonObject("{".to_owned())
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, value: &str) -> &mut JsonObject {
        self.raw(name, &quoted(value))
    }

    /// Adds a text if there is one.
    pub fn maybe(&mut self, name: &str, value: Option<&str>) -> &mut JsonObject {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// Adds what is JSON already.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut JsonObject {
        let comma = if self.0.len() > 1 { "," } else { "" };
        let _ = write!(self.0, "{comma}{}:{json}", quoted(name));
        self
    }

    /// The whole object.
    pub fn end(&self) -> String {
        format!("{}}}", self.0)
    }
}

/// A list of JSON values.
pub fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            character if u32::from(character) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            character => out.push(character),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_members_stay_in_order() {
        let mut object = JsonObject::new();
        object
            .text("b", "a \"q\" \\ \n\u{1}é")
            .maybe("x", None)
            .raw("a", &list([quoted("1")]));
        assert_eq!(object.end(), r#"{"b":"a \"q\" \\ \n\u0001é","a":["1"]}"#);
    }
}
