//! The first test of an institution that was just drafted: its own file, which `weir test` then
//! passes.

use super::{CommandContext, CommandFailure};
use crate::config::Project;
use crate::model::Clock;
use crate::plan::check::check_for_tests;
use crate::plan::trial::clock_of;
use crate::test::first::{self, AdSample, FirstTest};
use crate::test::{TestFilter, mapping};
use std::path::Path;

/// Writes the first test, made from the sample; returns its file, or why there is none.
pub(super) fn write(
    edge: &CommandContext,
    institution: &str,
    sample: AdSample<'_>,
    body: &[u8],
) -> Result<Result<String, String>, CommandFailure> {
    let shown = format!("tests/mapping/{institution}.yaml");
    let file = edge.project.join(&shown);
    if file.exists() {
        return Ok(Err(format!("`{shown}` already exists")));
    }
    let (text, doubt) = match text(edge, institution, sample, body) {
        Ok(made) => made,
        Err(why) => return Ok(Err(why)),
    };
    if let Some(doubt) = doubt {
        tell!(
            "warning: {doubt}\nhelp: correct `id` and `records` in \
             institutions/{institution}.yaml, then `weir preview {institution}`"
        );
    }
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    std::fs::write(&file, text)?;
    Ok(is_good(edge, institution).map(|()| shown))
}

fn text(
    edge: &CommandContext,
    institution: &str,
    sample: AdSample<'_>,
    body: &[u8],
) -> Result<(String, Option<String>), String> {
    let checked = check_for_tests(Project::load(&edge.project));
    let plan = checked
        .institutions
        .iter()
        .find(|one| one.slug == institution)
        .and_then(|one| one.plan());
    let plan = plan.ok_or("the draft has errors; `weir check` shows them")?;
    let flow = plan.flows.first().ok_or("the draft has no source")?;
    let on = Clock((edge.now)()).today(flow.zone);
    let at = clock_of(Some(on), flow.zone);
    let (ad, doubt) = first::ad(flow, sample, body, at)?;
    let draft = mapping::derived(&checked, plan, flow, ad, at);
    Ok((
        first::text(
            &FirstTest {
                institution,
                sample,
                on,
            },
            &draft,
        ),
        doubt,
    ))
}

/// Whether the test that was written passes.
fn is_good(edge: &CommandContext, institution: &str) -> Result<(), String> {
    let checked = check_for_tests(Project::load(&edge.project));
    let wanted = TestFilter {
        institutions: vec![institution.to_owned()],
        filter: None,
    };
    let tried = mapping::try_all(&edge.project, &checked, &wanted);
    let failure = tried.iter().flat_map(|test| &test.failures).next();
    match failure {
        Some(failure) => Err(format!(
            "the generated test does not pass: {}",
            failure.told.message
        )),
        None if tried.is_empty() => {
            Err("the generated test cannot be read; `weir check` shows why".to_owned())
        }
        None => Ok(()),
    }
}
