//! How an element affects the text around it, in a browser without style sheets: whether it is
//! shown, and how it is separated from its neighbours. Inline styles count.
//!
//! It decides per element and never looks inside. To add an element: its name in [`role_of_name`],
//! and in `KNOWN` of the neighbouring module.

use scraper::node::Element;
use std::borrow::Cow;

/// How an element relates to the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementRole {
    /// Not shown, nor anything in it.
    Hidden,
    /// Inline, without separating words.
    Inline,
    /// In the line, with a gap around it, as a button has.
    Apart,
    /// Ends a line.
    Break,
    /// On its own lines.
    Line,
    /// On its own lines, with blank lines around them.
    Paragraph,
    /// A list, numbered or not.
    List { ordered: bool },
    /// An item of a list.
    Item,
    /// The description of a term; indented.
    Detail,
    /// A row of a table.
    Row,
    /// A cell of a row.
    Cell,
}

/// How whitespace and line ends in text are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextSpacing {
    /// Collapsed to one space.
    Collapsed,
    /// Line ends kept, spaces collapsed.
    Lines,
    /// As they are.
    Kept,
}

/// What an element's own attributes say about its display.
#[derive(Debug, Default)]
pub(super) struct InlineStyle {
    display: Option<String>,
    /// The properties that a later declaration does not change, unless it is important, too.
    important: Vec<String>,
    floats: bool,
    /// `visibility`.
    pub(super) is_visible: Option<bool>,
    /// `white-space`.
    pub(super) spacing: Option<TextSpacing>,
    /// `text-decoration: line-through`.
    pub(super) is_struck: bool,
}

impl InlineStyle {
    /// Reads the `style` attribute.
    pub(super) fn of(element: &Element) -> InlineStyle {
        let mut style = InlineStyle::default();
        let written = without_comments(element.attr("style").unwrap_or_default());
        for declaration in written.split(';') {
            let Some((name, value)) = declaration.split_once(':') else {
                continue;
            };
            style.declare(
                name.trim().to_ascii_lowercase(),
                &value.to_ascii_lowercase(),
            );
        }
        style
    }

    /// The last declaration of a property counts, unless an earlier one is more important.
    fn declare(&mut self, name: String, value: &str) {
        let value = value.trim();
        let important = value
            .strip_suffix("important")
            .and_then(|value| value.trim_end().strip_suffix('!'));
        match important {
            Some(value) => {
                self.set(&name, value.trim_end());
                self.important.push(name);
            }
            None if self.important.contains(&name) => {}
            None => self.set(&name, value),
        }
    }

    /// Whether it lays out each child as a box of its own.
    pub(super) fn parts_children(&self) -> bool {
        self.display
            .as_deref()
            .is_some_and(|display| display.contains("flex") || display.contains("grid"))
    }

    /// Whether its children stand in its place.
    pub(super) fn is_contents(&self) -> bool {
        self.display.as_deref() == Some("contents")
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            // Browsers pass over a value that they do not know.
            "display" if is_display(value) => self.display = Some(value.to_owned()),
            "visibility" => self.is_visible = Some(!matches!(value, "hidden" | "collapse")),
            "white-space" => self.spacing = TextSpacing::of_style(value),
            "text-decoration" | "text-decoration-line" => {
                self.is_struck = value.contains("line-through");
            }
            "float" => self.floats |= matches!(value, "left" | "right"),
            "position" => self.floats |= matches!(value, "absolute" | "fixed"),
            _ => {}
        }
    }
}

/// A style without what stands between `/*` and `*/`.
fn without_comments(style: &str) -> Cow<'_, str> {
    if !style.contains("/*") {
        return Cow::Borrowed(style);
    }
    let (mut bare, mut rest) = (String::with_capacity(style.len()), style);
    while let Some((before, comment)) = rest.split_once("/*") {
        bare.push_str(before);
        bare.push(' ');
        rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
    }
    bare.push_str(rest);
    Cow::Owned(bare)
}

/// Whether a browser knows a value of `display`.
fn is_display(value: &str) -> bool {
    const KNOWN: [&str; 21] = [
        "none",
        "contents",
        "block",
        "inline",
        "flow",
        "flow-root",
        "inline-block",
        "flex",
        "inline-flex",
        "grid",
        "inline-grid",
        "inline-table",
        "list-item",
        "run-in",
        "math",
        "initial",
        "inherit",
        "unset",
        "revert",
        "revert-layer",
        "ruby",
    ];
    let is_known = |word: &str| {
        KNOWN.contains(&word)
            || ["table", "ruby-", "-webkit-", "-moz-", "-ms-"]
                .iter()
                .any(|start| word.starts_with(start))
    };
    !value.is_empty() && value.split_whitespace().all(is_known)
}

impl TextSpacing {
    fn of_style(value: &str) -> Option<TextSpacing> {
        match value {
            "normal" | "nowrap" => Some(TextSpacing::Collapsed),
            "pre-line" => Some(TextSpacing::Lines),
            "pre" | "pre-wrap" | "break-spaces" => Some(TextSpacing::Kept),
            _ => None,
        }
    }

    /// The display implied by an element's name.
    pub(super) fn of_name(name: &str) -> Option<TextSpacing> {
        matches!(name, "pre" | "listing" | "xmp" | "plaintext" | "textarea")
            .then_some(TextSpacing::Kept)
    }
}

/// The role of an element with its own style.
pub(super) fn role_of(element: &Element, style: &InlineStyle) -> ElementRole {
    let role = role_of_name(element.name());
    let display = style.display.as_deref();
    // What never shows its content has none that a style could show.
    if matches!(element.name(), "html" | "body") {
        // Hidden only until a script has run.
        return role;
    }
    if role == ElementRole::Hidden
        || display == Some("none")
        || (display.is_none() && is_closed(element))
    {
        return ElementRole::Hidden;
    }
    let is_flow = matches!(
        role,
        ElementRole::Line | ElementRole::Paragraph | ElementRole::Item | ElementRole::Apart
    );
    match display {
        Some("inline" | "contents") if is_flow => ElementRole::Inline,
        Some(display) if display.starts_with("inline-") || display == "table-cell" => match role {
            role if is_flow || role == ElementRole::Inline => ElementRole::Apart,
            role => role,
        },
        Some("inline") | None if role == ElementRole::Inline && style.floats => ElementRole::Apart,
        Some(display) if display != "inline" && display != "contents" => match role {
            ElementRole::Inline | ElementRole::Apart => ElementRole::Line,
            role => role,
        },
        _ => role,
    }
}

/// Whether its attributes keep it closed. What a page lets its readers unfold (`<details>`,
/// `hidden=until-found`) is part of the text; what only a script could open is not.
fn is_closed(element: &Element) -> bool {
    let is_hidden = element
        .attr("hidden")
        .is_some_and(|value| !value.eq_ignore_ascii_case("until-found"));
    let is_closed = match element.name() {
        "dialog" => element.attr("open").is_none(),
        "input" => element
            .attr("type")
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("hidden")),
        _ => false,
    };
    is_hidden || is_closed || element.attr("popover").is_some()
}

/// Whether a browser strikes out its content.
pub(super) fn strikes(name: &str) -> bool {
    matches!(name, "s" | "del" | "strike")
}

/// What a browser does with an element of this name.
pub(super) fn role_of_name(name: &str) -> ElementRole {
    match name {
        "head" | "title" | "base" | "link" | "meta" | "script" | "style" | "template"
        | "noscript" | "iframe" | "noembed" | "noframes" | "frame" | "frameset" | "video"
        | "audio" | "canvas" | "meter" | "progress" | "datalist" | "area" | "param" | "source"
        | "track" | "rp" | "col" | "colgroup" | "desc" | "metadata" | "defs" | "symbol"
        | "annotation" | "annotation-xml" => ElementRole::Hidden,
        "br" => ElementRole::Break,
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "pre" | "listing"
        | "xmp" | "plaintext" | "dl" | "hr" | "figure" => ElementRole::Paragraph,
        "ol" => ElementRole::List { ordered: true },
        "ul" | "menu" | "dir" => ElementRole::List { ordered: false },
        "li" => ElementRole::Item,
        "dd" => ElementRole::Detail,
        "tr" => ElementRole::Row,
        "td" | "th" => ElementRole::Cell,
        "address" | "article" | "aside" | "body" | "caption" | "center" | "details" | "dialog"
        | "div" | "dt" | "fieldset" | "figcaption" | "footer" | "form" | "header" | "hgroup"
        | "html" | "legend" | "main" | "nav" | "optgroup" | "option" | "search" | "section"
        | "summary" | "table" | "tbody" | "tfoot" | "thead" => ElementRole::Line,
        "button" | "select" | "textarea" | "input" | "img" | "marquee" | "object" | "embed"
        | "rt" => ElementRole::Apart,
        // Elements that a page defines itself are laid out by its style sheet, hardly ever within a
        // word.
        name if name.contains('-') => ElementRole::Apart,
        _ => ElementRole::Inline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Html;

    fn role(html: &str) -> ElementRole {
        let page = Html::parse_fragment(html);
        let element = page.root_element().child_elements().next().unwrap();
        role_of(element.value(), &InlineStyle::of(element.value()))
    }

    #[test]
    fn styles_of_the_element_count() {
        for hidden in [
            "DISPLAY : None",
            "color: red; display:none !important",
            "display:none;",
            "display:none ! important; display:block",
            "display:/**/none",
            "/* x: y; */ display/* z */:none",
            "display:none; display:hidden",
        ] {
            assert_eq!(
                role(&format!("<div style='{hidden}'>")),
                ElementRole::Hidden,
                "{hidden}"
            );
        }
        for shown in [
            "display:none; display:block",
            "display:block !important; display:none",
            "display:none !important; display:block !important",
            "/* display:none */ display:block",
            "display:block /* display:none",
        ] {
            assert_eq!(
                role(&format!("<span style='{shown}'>")),
                ElementRole::Line,
                "{shown}"
            );
        }
        assert_eq!(role("<span style='display:block'>"), ElementRole::Line);
        assert_eq!(role("<div style='display:inline'>"), ElementRole::Inline);
        assert_eq!(
            role("<div style='display: inline-block'>"),
            ElementRole::Apart
        );
        assert_eq!(role("<span style='float:right'>"), ElementRole::Apart);
        assert_eq!(role("<p style='margin:0'>"), ElementRole::Paragraph);
    }

    #[test]
    fn what_is_closed_is_hidden_unless_a_style_shows_it() {
        assert_eq!(
            [role("<p hidden>"), role("<dialog>"), role("<div popover>")],
            [ElementRole::Hidden; 3]
        );
        assert_eq!(role("<dialog open>"), ElementRole::Line);
        assert_eq!(role("<p hidden=until-found>"), ElementRole::Paragraph);
        assert_eq!(
            role("<div hidden style='display:block'>"),
            ElementRole::Line
        );
        assert_eq!(role("<script style='display:block'>"), ElementRole::Hidden);
        assert_eq!(role("<input type=hidden>"), ElementRole::Hidden);
    }
}
