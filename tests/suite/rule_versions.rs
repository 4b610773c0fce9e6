//! Two versions of a rule side by side: what the command and the page say about the stored ads is
//! what each version said when it ran.

use super::lab::Lab;
use super::served::{HOUSE, Served, assert_guarded, assert_harmless, harbour, weir};
use serde_json::Value as Json;

/// A harbour in which the rule was edited, and ran, once more.
async fn edited() -> Lab {
    let lab = harbour().await;
    let edited = HOUSE
        .replace("!= \"Ranger 5\"", "!= \"Ranger 7\"")
        .replace("title: Ranger 5", "title: Ranger 7")
        .replace("ranger five", "ranger seven");
    lab.write("rules/house.yaml", &edited);
    let run = said(
        &lab,
        &["run", "harbour", "--at", "2026-09-04T05:00:00+10:00"],
    );
    assert!(run.contains("harbour"), "{run}");
    lab
}

fn said(lab: &Lab, words: &[&str]) -> String {
    let done = weir(lab, words, 3).output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(
        matches!(done.status.code(), Some(0 | 1)),
        "{out}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    out
}

/// The number of ads on which the versions say these two things.
fn count(source: &Json, old: &str, new: &str) -> u64 {
    let ads = source["ads"].as_array().unwrap();
    let is_it = |one: &&Json| one["old"] == old && one["new"] == new;
    ads.iter()
        .find(is_it)
        .map_or(0, |one| one["count"].as_u64().unwrap())
}

#[tokio::test]
async fn two_versions_of_a_rule_judge_the_stored_ads_side_by_side() {
    let lab = edited().await;
    let compare = ["rules", "compare", "no-acting-for-ever"];
    let text = said(&lab, &compare);
    for words in [
        "- assert: job.title != \"Ranger 5\"",
        "+ assert: job.title != \"Ranger 7\"",
        "fails -> passes: 1 ad",
        "nobody is ranger five",
        "nobody is ranger seven",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let json: Json =
        serde_json::from_str(&said(&lab, &[&compare[..], &["--json"]].concat())).unwrap();
    let source = &json["sources"][0];
    let (ends, begins) = (
        count(source, "fails", "passes"),
        count(source, "passes", "fails"),
    );
    assert_eq!((ends, begins), (1, 1), "{source}");
    let all: u64 = source["ads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["count"].as_u64().unwrap())
        .sum();
    assert_eq!(source["judged"], all);
    // The other way round, and a version with itself.
    let (old, new) = (
        source["old"].as_str().unwrap(),
        source["new"].as_str().unwrap(),
    );
    let turned = said(&lab, &[&compare[..], &[new, old]].concat());
    assert!(
        turned.contains("+ assert: job.title != \"Ranger 5\""),
        "{turned}"
    );
    let same = said(&lab, &[&compare[..], &[new, new]].concat());
    assert!(same.contains("both versions say the same of"), "{same}");
    let mapping = weir(&lab, &["rules", "compare", "title", new, new], 3)
        .output()
        .unwrap();
    assert_eq!(mapping.status.code(), Some(2), "{mapping:?}");
}

#[tokio::test]
async fn the_page_of_a_rule_compares_its_versions() {
    let lab = edited().await;
    let json: Json = serde_json::from_str(&said(
        &lab,
        &["rules", "compare", "no-acting-for-ever", "--json"],
    ))
    .unwrap();
    let source = &json["sources"][0];
    let served = Served::start(&lab);
    let rule = served.get("/rules?rule=house%2Fno-acting-for-ever").body;
    assert!(rule.contains("action=\"/rules/compare\""), "{rule}");
    let address = |old: &str, new: &str| {
        format!(
            "/rules/compare?rule=house%2Fno-acting-for-ever&institution=harbour&source=board&old={old}&new={new}"
        )
    };
    let (old, new) = (
        source["old"].as_str().unwrap(),
        source["new"].as_str().unwrap(),
    );
    let path = address(old, new);
    let page = served.get(&path);
    assert_guarded(&path, &page);
    assert_harmless(&path, &page);
    for words in [
        "The versions differ on 2 of",
        "fails -&gt; passes: 1 ad",
        "nobody is ranger seven",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    for unknown in [
        address("", new),
        address("ffff", new),
        address(old, "%27"),
        path.replace("harbour", "nobody"),
    ] {
        assert_eq!(served.get(&unknown).status, 404, "{unknown}");
    }
}
