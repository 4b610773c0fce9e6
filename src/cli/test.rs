//! `weir test`.

use super::database::with_yard;
use super::project_files::{OF_FEEDS, OF_PLANS, change_times};
use super::{CommandContext, CommandFailure, DONE, FAILED, NOTHING, are_institutions, out};
use crate::config::Project;
use crate::plan::institution_tests::InstitutionTest;
use crate::plan::{CheckedProject, TriedTest, check};
use crate::report::test::{self as report, TestPage};
use crate::test::institution::{self, TestGround};
use crate::test::{TestCoverage, TestFilter};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often `--watch` looks for changes.
const LOOK: Duration = Duration::from_millis(300);

const HELP: &str = "\
Tests stand beside what they test:
  rules/*.yaml               under `tests:` of a rule: the fields of a job, and whether it passes
  connectors/*.yaml          under `tests:`: a page, and the ads that it gives
  tests/mapping/*.yaml       an ad as the source gives it, and the fields that come of it
  tests/institutions/*.yaml  several days of an institution, and what came of each: counts, single \
                    jobs

Only those of institutions need PostgreSQL: each runs in a database of its own, which is removed; \
                    nothing is asked over the network.
`weir new rule` and `weir new INST --from FILE` write the first test. Every key: \
                    docs/reference/yaml.md.

Examples:
  weir test                            everything
  weir test nsw-gov --coverage         the tests of one institution and of what it uses, and what \
                    none of them touches
  weir test --filter close-after-open  the tests of one rule
  weir test --watch                    again whenever a file changes

Exit codes: 0 all passed; 1 a test failed, or coverage is below `--min-coverage`; 2 broken YAML, \
                    or no tests.";

/// Try the tests that are written in the YAML.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub struct TestArgs {
    /// Institutions whose tests are tried, with those of what they use; all if none is named
    institutions: Vec<String>,
    /// Only tests whose name or place holds this text
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["coverage", "min_coverage"])]
    filter: Option<String>,
    /// List what no test touches: rules, branches of `when`, fields, error types
    #[arg(long)]
    coverage: bool,
    /// Exit with 1 if less than this share is touched, in percent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// Try them again whenever a file of the project changes; Ctrl-C ends it
    #[arg(long, conflicts_with = "json")]
    watch: bool,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
    /// Also write the outcome as JUnit XML, for build servers
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl TestArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        if !self.watch {
            return self.try_once(edge);
        }
        let mut seen = None;
        loop {
            let now = change_times(&edge.project, &[OF_PLANS, OF_FEEDS]);
            if seen.as_ref() != Some(&now) {
                if seen.is_some() {
                    say!("{}", "─".repeat(edge.width.min(100)));
                }
                seen = Some(now);
                if let Err(failure) = self.try_once(edge) {
                    tell!("error: {}", failure.message);
                }
                tell!("waiting for a change; Ctrl-C ends it");
            }
            std::thread::sleep(LOOK);
        }
    }

    fn try_once(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let begun = (edge.now)();
        self.may_write(edge)?;
        let checked = check::check_for_tests(Project::load(&edge.project));
        are_institutions(&self.institutions, &checked)?;
        let wanted = TestFilter {
            institutions: self.institutions.clone(),
            filter: self.filter.clone(),
        };
        let mut tried = crate::test::try_alone(&edge.project, &checked, &wanted);
        let runs = crate::test::runs(&checked, &wanted);
        if !runs.is_empty() {
            tried.extend(try_runs(edge, &checked, runs));
        }
        let points = checked
            .points
            .iter()
            .filter(|(_, place)| checked.belongs(place, &self.institutions));
        let points = points
            .map(|(point, place)| (point.clone(), place.clone()))
            .collect();
        let coverage = TestCoverage::of(&points, tried.iter());
        let page = TestPage {
            tried,
            coverage,
            is_part: self.filter.is_some(),
            millis: ((edge.now)() - begun).num_milliseconds(),
        };
        self.tell(edge, &checked, &page)
    }

    /// Whether the file for build servers can be written: known before the tests are tried, and
    /// what stands in it stays until then.
    fn may_write(&self, edge: &CommandContext) -> Result<(), CommandFailure> {
        let Some(file) = &self.junit else {
            return Ok(());
        };
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .open(edge.project.join(file));
        opened
            .map(|_| ())
            .map_err(|error| not_written(file, &error))
    }

    fn tell(
        &self,
        edge: &CommandContext,
        checked: &CheckedProject,
        page: &TestPage,
    ) -> Result<u8, CommandFailure> {
        let is_broken = checked.diagnostics.has_errors();
        if is_broken {
            super::show(checked, edge, &[]);
        }
        if let Some(file) = &self.junit {
            out::write_file(&edge.project.join(file), &report::junit(page))
                .map_err(|error| not_written(file, &error))?;
        }
        if self.json {
            say!("{:#}", report::json(page));
        } else {
            put!("{}", report::text(page, self.coverage, edge.ink()));
        }
        if page.tried.is_empty() {
            return Err(self.nothing());
        }
        let too_little = self
            .min_coverage
            .filter(|least| page.coverage.percent() < usize::from(*least));
        if let Some(least) = too_little {
            tell!(
                "error: coverage is {} %, below the minimum of {least} %\nhelp: `weir test \
                 --coverage` lists what is not covered",
                page.coverage.percent()
            );
        }
        Ok(match () {
            () if is_broken => NOTHING,
            () if too_little.is_some() || page.tried.iter().any(|test| !test.passed()) => FAILED,
            () => DONE,
        })
    }

    fn nothing(&self) -> CommandFailure {
        match &self.filter {
            Some(text) => CommandFailure::nothing(format!("no test name contains `{text}`"))
                .help("omit `--filter` to see all names"),
            None => CommandFailure::nothing("there are no tests").help(
                "add some under `tests:` of a rule, or in tests/mapping/*.yaml; see \
                 docs/reference/yaml.md",
            ),
        }
    }
}

fn not_written(file: &Path, error: &std::io::Error) -> CommandFailure {
    CommandFailure::failed(format!("cannot write `{}`: {error}", file.display()))
}

/// The tests that need a database; where there is none, they have failed.
fn try_runs(
    edge: &CommandContext,
    checked: &CheckedProject,
    runs: Vec<(&InstitutionTest, TriedTest)>,
) -> Vec<TriedTest> {
    let done = with_yard(edge, async |yard| {
        let ground = TestGround {
            folder: edge.project.clone(),
            yard,
            host: edge.host(),
            spool: edge.home().join("spool"),
            now: edge.now,
        };
        Ok(institution::try_all(&ground, checked, &runs).await?)
    });
    done.unwrap_or_else(|failure| {
        runs.into_iter()
            .map(|(test, tried)| {
                institution::not_tried(test, tried, &failure.message, failure.help.as_deref())
            })
            .collect()
    })
}
