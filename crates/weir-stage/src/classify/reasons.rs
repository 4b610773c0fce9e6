//! Why a version was made, where roles or capabilities differ: in the words of its reason.

use serde_json::Value as Json;

/// What changed of roles and capabilities; `edited` are the parts of the YAML that are new.
pub fn reasons(differing: &[(&str, &Json, &Json)], edited: &[String]) -> Vec<String> {
    let of = |wanted: &str| {
        let mut all = differing.iter();
        all.find(|(name, ..)| *name == wanted)
    };
    let mut reasons = Vec::new();
    if let Some((_, old, new)) = of("roles") {
        reasons.extend(of_roles(old, new, edited));
    }
    if let Some((_, old, new)) = of("capabilities") {
        reasons.extend(of_capabilities(old, new, edited));
    }
    reasons
}

/// The decisions of both versions, framework by framework.
fn of_roles(old: &Json, new: &Json, edited: &[String]) -> Vec<String> {
    let frameworks = names(old, new, "framework");
    let mut reasons = Vec::new();
    for framework in &frameworks {
        let (before, after) = (role(old, framework), role(new, framework));
        if before != after {
            let why = why(&in_both(old, new, &[framework]), edited);
            reasons.push(format!("role: {before} → {after}{why}"));
        }
    }
    if reasons.is_empty() {
        reasons.push("role: its details updated".to_owned());
    }
    reasons
}

/// The role in a framework, as people read it.
fn role<'j>(roles: &'j Json, framework: &str) -> &'j str {
    let mut own = members(roles).filter(|one| text(one, "framework") == Some(framework));
    own.find_map(|one| text(one, "name")).unwrap_or("none")
}

fn of_capabilities(old: &Json, new: &Json, edited: &[String]) -> Option<String> {
    let is_in = |all: &Json, one: &Json| {
        let same = |other: &Json, member: &str| text(other, member) == text(one, member);
        members(all).any(|other| same(other, "framework") && same(other, "id"))
    };
    let fresh = members(new).filter(|one| !is_in(old, one)).count();
    let gone = members(old).filter(|one| !is_in(new, one)).count();
    let counts = match (fresh, gone) {
        (0, 0) => "levels updated".to_owned(),
        (fresh, 0) => format!("{fresh} added"),
        (0, gone) => format!("{gone} removed"),
        (fresh, gone) => format!("{fresh} added, {gone} removed"),
    };
    let frameworks = names(old, new, "framework");
    let why = why(&in_both(old, new, &frameworks), edited);
    Some(format!("capabilities: {counts}{why}"))
}

/// The frameworks that both versions were decided by: one that is asked for the first time, or no
/// longer, was not edited.
fn in_both<'f>(old: &Json, new: &Json, frameworks: &[&'f str]) -> Vec<&'f str> {
    let is_in =
        |all: &Json, name: &str| members(all).any(|one| text(one, "framework") == Some(name));
    let both = frameworks.iter().copied();
    both.filter(|name| is_in(old, name) && is_in(new, name))
        .collect()
}

/// The edited frameworks among some, in brackets.
fn why(frameworks: &[&str], edited: &[String]) -> String {
    let is_edited = |framework: &&&str| {
        let part = format!("framework {framework}");
        edited.iter().any(|edited| {
            edited
                .strip_prefix(&part)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    let names: Vec<&str> = frameworks.iter().filter(is_edited).copied().collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" (framework {} edited)", names.join(", "))
    }
}

/// The values of a member in both, each once, in order.
fn names<'j>(old: &'j Json, new: &'j Json, member: &str) -> Vec<&'j str> {
    let all = members(old).chain(members(new));
    let mut names: Vec<&str> = all.filter_map(|one| text(one, member)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn members(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

fn text<'j>(one: &'j Json, member: &str) -> Option<&'j str> {
    one.get(member).and_then(Json::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reasons_name_both_roles_and_the_edited_framework() {
        let role = |name: &str| json!([{ "framework": "f", "name": name }]);
        let (old, new) = (role("Officer"), role("Senior Officer"));
        let differing = [("roles", &old, &new)];
        let edited = ["framework f accepted titles".to_owned()];
        assert_eq!(
            reasons(&differing, &edited),
            ["role: Officer → Senior Officer (framework f edited)"]
        );
        assert_eq!(
            reasons(&differing, &["framework fx".to_owned()]),
            ["role: Officer → Senior Officer"]
        );
        let differing = [("roles", &Json::Null, &new)];
        assert_eq!(
            reasons(&differing, &["framework f".to_owned()]),
            ["role: none → Senior Officer"]
        );
    }

    #[test]
    fn capabilities_are_counted() {
        let (old, new) = (
            json!([{ "id": "a" }, { "id": "b" }]),
            json!([{ "id": "b" }, { "id": "c" }, { "id": "d" }]),
        );
        let differing = [("capabilities", &old, &new)];
        assert_eq!(
            reasons(&differing, &[]),
            ["capabilities: 2 added, 1 removed"]
        );
        let levels = (
            json!([{ "id": "a", "level": "x" }]),
            json!([{ "id": "a", "level": "y" }]),
        );
        let differing = [("capabilities", &levels.0, &levels.1)];
        assert_eq!(reasons(&differing, &[]), ["capabilities: levels updated"]);
    }
}
