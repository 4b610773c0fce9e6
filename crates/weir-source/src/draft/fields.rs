//! Guesses which canonical field each member of the ads may be: by name, then by the look of its
//! values. What no line uses is listed as a comment, so that nothing of the sample is overlooked.
//!
//! Must never guess what only the author can know: a date that may be day first or month first is
//! left as a comment.

use super::id;
use super::members::{AdMember, MemberSelector};
use super::words::{FIELDS, PARTS, heading};
use super::{dates, quoted};
use regex::Regex;
use serde_json::Value as Json;
use std::fmt::Write;
use std::sync::LazyLock;

/// Most unused members that are listed, and most characters of a value.
const MOST_UNUSED: usize = 20;
const MOST_SHOWN: usize = 50;
/// From this length on, a text may be a description.
const LONG: usize = 80;

/// A tag, or a character written by name or number.
static MARKUP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<[a-zA-Z/][^>]*>|&(?:[a-zA-Z]{2,8}|#\d+);").ok());
/// Markup of whole paragraphs, escaped or not.
static BLOCKS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:<|&lt;)(?:p|ul|ol|div|h[1-6])\b").ok());

/// Writes `id:` and `job:`; `id` is the right side of its line if already known.
pub(super) fn write(
    out: &mut String,
    members: &[AdMember],
    documents: &[Json],
    ads: usize,
    id: Option<String>,
) {
    let known = id.map(|id| id::IdLines {
        id,
        duplicates: None,
    });
    let lines = known.unwrap_or_else(|| id::of(members, ads, documents));
    let _ = writeln!(out, "    id: {}", lines.id);
    out.extend(lines.duplicates.map(|line| format!("    {line}\n")));
    out.push_str("    job:\n");
    let used = write_fields(out, members);
    write_unused(out, members, &used, &lines.id);
}

/// Writes a line for each field; returns the members that they use.
fn write_fields<'m>(out: &mut String, members: &'m [AdMember]) -> Vec<&'m MemberSelector> {
    let mut used: Vec<&MemberSelector> = Vec::new();
    let found: Vec<Option<&AdMember>> = FIELDS
        .iter()
        .map(|(field, words)| {
            let member = named(field, words, members, &used)?;
            used.push(&member.take);
            Some(member)
        })
        .collect();
    for ((field, _), member) in FIELDS.iter().zip(found) {
        let parts = if *field == "description" {
            parts(member, members, &used)
        } else {
            Vec::new()
        };
        used.extend(parts.iter().map(|part| &part.take));
        match member {
            _ if !parts.is_empty() => write_parts(out, member, &parts),
            Some(member) => write_line(out, field, &line(field, member)),
            None => write_line(out, &format!("# {field}"), &unnamed(field, members, &used)),
        }
    }
    used
}

fn write_line(out: &mut String, field: &str, line: &str) {
    let _ = writeln!(out, "      {field}: {line}");
}

/// The member that is called as a field is.
fn named<'m>(
    field: &str,
    words: &[&str],
    members: &'m [AdMember],
    used: &[&MemberSelector],
) -> Option<&'m AdMember> {
    // Classes are longer than names: `search-result__location--short`.
    let is_markup = members
        .iter()
        .any(|member| matches!(member.take, MemberSelector::Css(_)));
    let is_free = |member: &&AdMember| !used.contains(&&member.take) && can_be(field, member);
    let first = |fits: &dyn Fn(&AdMember, &str) -> bool| {
        words.iter().find_map(|word| {
            members
                .iter()
                .filter(is_free)
                .find(|member| fits(member, word))
        })
    };
    first(&|member, word| member.key == word)
        .or_else(|| first(&AdMember::is_called))
        .or_else(|| first(&AdMember::ends_with))
        .or_else(|| {
            is_markup
                .then(|| first(&|member, word| word.len() > 4 && member.key.contains(word)))
                .flatten()
        })
}

/// Whether the values of a member can be those of a field.
fn can_be(field: &str, member: &AdMember) -> bool {
    match field {
        "open_date" | "close_date" => dates::can_be(member),
        "title" | "description" => member.values.iter().all(Json::is_string),
        "source_url" => member.all_texts(|text| !text.trim().contains(char::is_whitespace)),
        _ => member.values.iter().all(|value| !value.is_boolean()),
    }
}

/// Whether a member is a link that leads nowhere by itself: `/jobs/7`.
pub(super) fn has_relative_link(member: &AdMember) -> bool {
    let is_link = FIELDS[8].1.iter().any(|word| member.is_called(word));
    is_link && member.all_texts(|text| text.starts_with('/') && !text.starts_with("//"))
}

/// The right side of a field.
fn line(field: &str, member: &AdMember) -> String {
    match (field, &member.take) {
        ("description", MemberSelector::Path(_)) => member.take.with("as: html"),
        ("source_url", _) => member.take.with("as: url"),
        ("open_date" | "close_date", _) => dates::line(member),
        // The items of a list are read so by themselves.
        ("locations", _) | (_, MemberSelector::Css(_)) => member.take.with(""),
        _ if has(&MARKUP, member) => member.take.with("as: html"),
        _ => member.take.with(""),
    }
}

fn has(pattern: &LazyLock<Option<Regex>>, member: &AdMember) -> bool {
    pattern
        .as_ref()
        .is_some_and(|pattern| member.texts().iter().any(|text| pattern.is_match(text)))
}

/// What a field could be that no member is called as.
fn unnamed(field: &str, members: &[AdMember], used: &[&MemberSelector]) -> String {
    let looks = |member: &&AdMember| match field {
        "open_date" | "close_date" => dates::are_dates(member),
        "source_url" => {
            member.all_texts(|text| text.starts_with("http://") || text.starts_with("https://"))
        }
        "description" => member
            .texts()
            .iter()
            .any(|text| text.chars().count() > LONG),
        _ => false,
    };
    let found = members
        .iter()
        .filter(|member| !used.contains(&&member.take))
        .find(looks);
    found.map_or_else(
        || "     # nothing in the sample looks like this field".to_owned(),
        |member| {
            format!(
                "{}      # unused, and looks like one: {}",
                line(field, member),
                shown(member)
            )
        },
    )
}

/// The members that continue a description: lists of duties and the like, as markup or by name.
fn parts<'m>(
    description: Option<&AdMember>,
    members: &'m [AdMember],
    used: &[&MemberSelector],
) -> Vec<&'m AdMember> {
    if !matches!(
        description,
        Some(AdMember {
            take: MemberSelector::Path(_),
            ..
        })
    ) {
        return Vec::new();
    }
    let place = |member: &AdMember| PARTS.iter().position(|word| member.is_called(word));
    let is_text =
        |member: &AdMember| member.values.iter().all(Json::is_string) && member.take.depth() < 3;
    let is_part =
        |member: &&AdMember| is_text(member) && (place(member).is_some() || has(&BLOCKS, member));
    let mut parts: Vec<&AdMember> = members
        .iter()
        .filter(|member| !used.contains(&&member.take))
        .filter(is_part)
        .collect();
    parts.sort_by_key(|member| place(member).unwrap_or(PARTS.len()));
    parts
}

fn write_parts(out: &mut String, description: Option<&AdMember>, parts: &[&AdMember]) {
    out.push_str("      description:\n        parts:\n");
    out.extend(description.map(|member| format!("          - {}\n", member.take.with(""))));
    for part in parts {
        let MemberSelector::Path(path) = &part.take else {
            continue;
        };
        let name = path
            .rsplit(['.', '\''])
            .find(|name| name.chars().any(char::is_alphanumeric))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "          - {{ heading: {}, from: {} }}",
            scalar(&heading(name)),
            quoted(path)
        );
    }
    out.push_str("        as: html\n");
}

/// Words as YAML in a flow mapping.
fn scalar(text: &str) -> String {
    let is_plain = text
        .chars()
        .all(|letter| letter.is_ascii_alphabetic() || letter == ' ')
        && !text.is_empty();
    let is_word = !matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off"
    );
    if is_plain && is_word {
        text.to_owned()
    } else {
        Json::from(text).to_string()
    }
}

/// Lists the members that no line uses.
fn write_unused(out: &mut String, members: &[AdMember], used: &[&MemberSelector], id: &str) {
    let is_in_id = |path: &str| {
        let path = quoted(path);
        id.match_indices(&path).any(|(at, _)| {
            !id[at + path.len()..]
                .starts_with(|next: char| next.is_ascii_alphanumeric() || "_.[".contains(next))
        })
    };
    let unused: Vec<(&str, &AdMember)> = members
        .iter()
        .filter(|member| !used.contains(&&member.take))
        .filter_map(|member| {
            if let MemberSelector::Path(path) = &member.take {
                Some((path.as_str(), member))
            } else {
                None
            }
        })
        .filter(|(path, _)| !is_in_id(path))
        .collect();
    if unused.is_empty() {
        return;
    }
    out.push_str("      # no line above uses these members of the sample:\n");
    for (path, member) in unused.iter().take(MOST_UNUSED) {
        let _ = writeln!(out, "      #   {path}: {}", shown(member));
    }
    if unused.len() > MOST_UNUSED {
        let _ = writeln!(out, "      #   and {} more", unused.len() - MOST_UNUSED);
    }
}

/// The first value of a member, as a comment can hold it.
fn shown(member: &AdMember) -> String {
    let text = member
        .values
        .first()
        .map(Json::to_string)
        .unwrap_or_default();
    let is_odd = |letter: char| {
        letter.is_control()
            || matches!(
                letter,
                '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            )
    };
    let mut shown: String = text
        .chars()
        .map(|letter| if is_odd(letter) { ' ' } else { letter })
        .take(MOST_SHOWN)
        .collect();
    if text.chars().count() > MOST_SHOWN {
        shown.push('…');
    }
    shown
}
