//! What a job has where a test expects something, in the shape of the expectation: fields as they
//! are; of what `classify` decided, an id or as much of the decision as the test writes. It must
//! never judge: that two values differ is said by the caller.

use serde_json::{Map, Value as Json, json};
use weir_model::Job;

/// The value of a field, in the shape of what is wanted.
pub(super) fn value_like(job: &Job, field: &str, wanted: &Json) -> Json {
    if let Some(value) = job.named(field) {
        return value.to_json();
    }
    match (field, wanted) {
        ("role", Json::Object(members)) => role_like(&job.roles.to_json(), members),
        ("capabilities", Json::Object(_)) => levels(&job.capabilities.to_json()),
        ("capabilities", Json::Array(ids)) => {
            let found = job.decided_named(field).unwrap_or_default();
            in_order_of(ids, found)
        }
        ("capabilities", Json::Null) if job.capabilities.is_null() => Json::Null,
        _ => job.decided_named(field).unwrap_or_default(),
    }
}

/// The wanted members of the first role or group that is decided, else of the first answer.
fn role_like(roles: &Json, wanted: &Map<String, Json>) -> Json {
    let all: Vec<&Json> = roles.as_array().into_iter().flatten().collect();
    let decided = all.iter().find(|one| one.get("id").is_some());
    let one = decided.or(all.first());
    let member = |name: &String| {
        one.and_then(|one| one.get(name))
            .cloned()
            .unwrap_or_default()
    };
    wanted
        .keys()
        .map(|name| (name.clone(), member(name)))
        .collect()
}

/// The level of each capability; null where it has none.
fn levels(capabilities: &Json) -> Json {
    let all = capabilities.as_array().into_iter().flatten();
    let level = |one: &Json| {
        let id = one.get("id")?.as_str()?.to_owned();
        Some((id, one.get("level").cloned().unwrap_or_default()))
    };
    Json::Object(all.filter_map(level).collect())
}

/// The same ids, first those that are wanted: their order means nothing.
fn in_order_of(wanted: &[Json], found: Json) -> Json {
    let Json::Array(mut found) = found else {
        return found;
    };
    let place = |id: &Json| {
        wanted
            .iter()
            .position(|one| one == id)
            .unwrap_or(wanted.len())
    };
    found.sort_by_key(place);
    json!(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(roles: Json, capabilities: Json) -> Job {
        let mut job = Job::default();
        job.roles = roles.into();
        job.capabilities = capabilities.into();
        job
    }

    fn undecided() -> Json {
        json!({ "framework": "f", "level": "review", "text": "Clrek Grade 1" })
    }

    fn job() -> Job {
        let nurse = json!({ "framework": "g", "level": "role", "id": "nurse", "confidence": 0.98 });
        decided(
            json!([undecided(), nurse]),
            json!([{ "id": "lead", "level": "high" }, { "id": "listen" }]),
        )
    }

    #[test]
    fn decisions_take_the_shape_of_what_is_wanted() {
        let cases = [
            ("role", json!("nurse"), json!("nurse")),
            ("role", Json::Null, json!("nurse")),
            (
                "role",
                json!({ "level": "role", "words": [] }),
                json!({ "level": "role", "words": null }),
            ),
            (
                "capabilities",
                json!(["listen", "lead"]),
                json!(["listen", "lead"]),
            ),
            ("capabilities", json!(["listen"]), json!(["listen", "lead"])),
            (
                "capabilities",
                json!({}),
                json!({ "lead": "high", "listen": null }),
            ),
            ("capabilities", Json::Null, json!(["lead", "listen"])),
        ];
        for (field, wanted, found) in cases {
            assert_eq!(
                value_like(&job(), field, &wanted),
                found,
                "{field}: {wanted}"
            );
        }
    }

    #[test]
    fn nothing_that_is_decided_is_null() {
        let job = decided(json!([undecided()]), Json::Null);
        assert_eq!(value_like(&job, "role", &Json::Null), Json::Null);
        assert_eq!(
            value_like(&job, "role", &json!({ "level": "open" })),
            json!({ "level": "review" })
        );
        assert_eq!(value_like(&job, "capabilities", &Json::Null), Json::Null);
        assert_eq!(value_like(&job, "capabilities", &json!([])), json!([]));
    }
}
