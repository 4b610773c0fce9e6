//! `weir new`: drafts an institution from a sample of its source, with its first test, or a rule.
//! It guesses by names and structure, says what it guessed, and leaves what it could not find as
//! comments; nobody should run an unreviewed draft.

use super::database::block_on;
use super::new_rule::NewRule;
use super::run::door;
use super::{CommandContext, CommandFailure, DONE, first_test};
use crate::config::connector;
use crate::diagnostic::{Diagnostics, FileTexts};
use crate::plan::board;
use crate::plan::compile::is_name;
use crate::source::Method;
use crate::source::door::{
    FetchError, HttpRequest, Manners, MannersSpec, ReadLimits, ResponseRules, ResponseTerms,
};
use crate::source::draft::{self, SourceDraft};
use crate::span::Zone;
use crate::test::first::AdSample;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Write a first draft.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct NewArgs {
    #[command(subcommand)]
    kind: Option<DraftKind>,
    #[command(flatten)]
    institution: Option<NewInstitution>,
}

#[derive(clap::Subcommand)]
enum DraftKind {
    /// Draft a rule, including a test
    Rule(NewRule),
}

/// Drafts an institution and its first test.
#[derive(Args)]
struct NewInstitution {
    /// Its name: lowercase letters, digits and `-`
    institution: String,
    /// A sample file, or the address of the source
    #[arg(long, value_name = "URL|FILE")]
    from: String,
    /// The IANA time zone of its dates
    #[arg(long, default_value = "Australia/Sydney")]
    timezone: String,
    /// Allow private addresses
    #[arg(long)]
    allow_private: bool,
    /// Guess from the response of the address, even if a connector matches it
    #[arg(long)]
    guess: bool,
}

/// Most bytes of a sample.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The line by which editors find the schema of the file.
const SCHEMA: &str = "# yaml-language-server: $schema=../schema/institution.json\n";

impl NewArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match (&self.kind, &self.institution) {
            (Some(DraftKind::Rule(rule)), _) => rule.run(edge),
            (None, Some(institution)) => institution.run(edge),
            (None, None) => Err(CommandFailure::nothing("nothing to draft")
                .help("use `weir new INST --from FILE`, or `weir new rule SET/ID`")),
        }
    }
}

impl NewInstitution {
    fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        self.can_be()?;
        let file = edge
            .project
            .join("institutions")
            .join(format!("{}.yaml", self.institution));
        if file.exists() {
            return Err(
                CommandFailure::nothing(format!("`{}` already exists", file.display()))
                    .help("choose another name, or remove the file"),
            );
        }
        let is_address = is_address(&self.from);
        if is_address && !self.guess && self.of_a_board(edge, &file)? {
            return Ok(DONE);
        }
        let sample = if is_address {
            block_on(self.fetch(edge))??
        } else {
            read(&edge.project.join(&self.from), &self.from)?
        };
        let text = draft::write(&self.draft(is_address), &sample).map_err(|why| {
            CommandFailure::nothing(format!("cannot draft from `{}`: {why}", self.from))
                .help("give a page or file that lists ads")
        })?;
        write(edge, &file, &text)?;
        let origin = if is_address {
            AdSample::Address(&self.from)
        } else {
            AdSample::File(&self.from)
        };
        let slug = &self.institution;
        match first_test::write(edge, slug, origin, &sample)? {
            Ok(test) => {
                say!("wrote institutions/{slug}.yaml, and {test} with its first test");
                say!("review both, then run `weir test {slug}` and `weir preview {slug}`");
            }
            Err(why) => {
                say!(
                    "wrote institutions/{slug}.yaml; review it, then run `weir check` and `weir \
                     preview {slug}`"
                );
                tell!(
                    "no test was written: {why}\nhelp: write one in tests/mapping/{slug}.yaml; \
                     see docs/reference/yaml.md"
                );
            }
        }
        Ok(DONE)
    }

    fn draft(&self, is_address: bool) -> SourceDraft<'_> {
        SourceDraft {
            institution: &self.institution,
            timezone: &self.timezone,
            from: &self.from,
            is_address,
            allow_private: self.allow_private,
        }
    }

    /// Writes the draft of a board whose address matches a connector; returns whether there is one.
    fn of_a_board(&self, edge: &CommandContext, file: &Path) -> Result<bool, CommandFailure> {
        let connectors = connector::load(
            &edge.project,
            &mut FileTexts::default(),
            &mut Diagnostics::new(),
        );
        // Hosts are written in any case.
        let address = url::Url::parse(&self.from).map_or_else(|_| self.from.clone(), String::from);
        let Some(board) = board::of_address(&connectors, &address) else {
            return Ok(false);
        };
        write(edge, file, &draft::of_board(&self.draft(true), &board))?;
        let (slug, name) = (&self.institution, board.connector);
        let with: String = board
            .with
            .iter()
            .map(|(name, value)| format!(", {name} `{value}`"))
            .collect();
        say!("wrote institutions/{slug}.yaml with the connector `{name}`{with}");
        if let Some(query) = board.left_out {
            tell!(
                "warning: the draft reads all ads of the board, because `{query}` in the address \
                 is ignored"
            );
        }
        say!(
            "review it, then run `weir check` and `weir preview {slug}`, which reads the board; \
             use `--guess` to draft from its response instead"
        );
        Ok(true)
    }

    /// Whether `weir check` would accept the name and the time zone, before anything is written or
    /// requested.
    fn can_be(&self) -> Result<(), CommandFailure> {
        if !is_name(&self.institution) {
            return Err(CommandFailure::nothing(format!(
                "`{}` is not a valid name for an institution",
                self.institution
            ))
            .help("use lowercase letters, digits and `-`"));
        }
        let told = |why: String| match why.split_once('\n') {
            Some((why, help)) => CommandFailure::nothing(why).help(help),
            None => CommandFailure::nothing(why),
        };
        self.timezone.parse::<Zone>().map(drop).map_err(told)
    }

    async fn fetch(&self, edge: &CommandContext) -> Result<Vec<u8>, CommandFailure> {
        let url = url::Url::parse(&self.from).map_err(|error| {
            CommandFailure::nothing(format!("`{}` is not a URL: {error}", self.from))
        })?;
        let mut out = Diagnostics::new();
        let manners: Option<Manners> =
            MannersSpec::compile(None, &ReadLimits::default(), self.allow_private, &mut out);
        let manners = Arc::new(
            manners.ok_or_else(|| CommandFailure::nothing("the default manners are invalid"))?,
        );
        let ask = HttpRequest {
            method: Method::GET,
            shown_url: url.to_string(),
            home: Some(url.clone()),
            url,
            headers: Default::default(),
            body: None,
            manners,
            responses: Arc::new(ResponseRules::default()),
            terms: ResponseTerms::default(),
            cookies: Arc::default(),
        };
        // There is no YAML yet that could declare it.
        let told = |trouble: FetchError| {
            CommandFailure::nothing(
                trouble
                    .to_string()
                    .replace("declare `allow_private: true`", "use `--allow-private`"),
            )
        };
        door(edge, None)?
            .ask(ask)
            .await
            .map_err(told)?
            .bytes(MOST_BYTES)
            .await
            .map_err(told)
    }
}

/// Writes the file of an institution, and the pipeline if there is none.
fn write(edge: &CommandContext, file: &Path, text: &str) -> Result<(), CommandFailure> {
    let told = |error: std::io::Error| {
        CommandFailure::nothing(format!("cannot write `{}`: {error}", file.display()))
    };
    std::fs::create_dir_all(edge.project.join("institutions")).map_err(told)?;
    std::fs::write(file, format!("{SCHEMA}{text}")).map_err(told)?;
    if write_pipeline(&edge.project)? {
        say!("wrote pipelines/daily.yaml: the stages and the schedule of a daily run");
    }
    Ok(())
}

/// The pipeline that an institution runs if it names none.
pub(super) const DAILY: &str = include_str!("../../pipelines/daily.yaml");

/// Writes the pipeline where the project has none; whether it did.
fn write_pipeline(project: &Path) -> Result<bool, CommandFailure> {
    let folder = project.join("pipelines");
    let is_yaml = |path: PathBuf| {
        path.extension()
            .is_some_and(|ending| ending == "yaml" || ending == "yml")
    };
    if std::fs::read_dir(&folder)
        .is_ok_and(|mut files| files.any(|file| file.is_ok_and(|file| is_yaml(file.path()))))
    {
        return Ok(false);
    }
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("daily.yaml"), DAILY)?;
    Ok(true)
}

fn is_address(from: &str) -> bool {
    let from = from.to_ascii_lowercase();
    from.starts_with("http://") || from.starts_with("https://")
}

fn read(path: &Path, shown: &str) -> Result<Vec<u8>, CommandFailure> {
    std::fs::read(path).map_err(|error| {
        let failure = CommandFailure::nothing(format!("cannot read `{shown}`: {error}"));
        if path.exists() {
            failure
        } else {
            failure
                .help("paths are relative to the project folder; addresses start with `https://`")
        }
    })
}
