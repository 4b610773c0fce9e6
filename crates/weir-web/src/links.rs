//! Addresses of pages, with their filters: plain words that can be kept and sent. Everything that
//! stands in an address passes through here, so that no text of a source can break out of it.

use std::fmt::Display;
use url::form_urlencoded::{Serializer, byte_serialize};
use weir_model::RunId;

/// An address with filters; empty ones are left out.
pub(super) fn address<'f>(
    path: &str,
    filters: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in filters {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// One step of a path.
fn step(text: &str) -> String {
    byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// The page of a run.
pub(super) fn run(institution: &str, run: RunId) -> String {
    format!("/runs/{}/{run}", step(institution))
}

/// The page of a dry run.
pub(super) fn dry_run(number: i64) -> String {
    format!("/dry-runs/{number}")
}

/// The page of a job.
pub(super) fn job(job: impl Display) -> String {
    format!("/jobs/{job}")
}

#[cfg(test)]
mod tests {
    use super::{address, run};
    use weir_model::RunId;

    #[test]
    fn no_text_breaks_out_of_an_address() {
        assert_eq!(
            address("/jobs", [("q", "a&b=\"<c>"), ("source", "")]),
            "/jobs?q=a%26b%3D%22%3Cc%3E"
        );
        assert_eq!(address("/jobs", []), "/jobs");
        assert_eq!(run("../x y", RunId(3)), "/runs/..%2Fx%20y/3");
    }
}
