//! `weir duplicates`: openings, why ads are or are not one, and what operators decide about them.

use super::database::{with_connection, with_store};
use super::{CommandContext, CommandFailure, DONE, DecisionArgs, named};
use crate::actions::duplicates::{self, JobPair, PairRuling};
use crate::engine::dedupe::explain;
use crate::engine::person::{self, DecidedTable, DecisionRecord};
use crate::report::duplicates as page;
use crate::store::views::biography::FoundJob;
use crate::store::{
    Connection, DatabaseDemand, PgConnection, Store, StoreError, opening_views, runs,
};
use clap::Subcommand;
use serde_json::json;
use std::path::{Path, PathBuf};
use uuid::Uuid;
use weir_openings::decision::DecisionVerdict;

/// Show which ads advertise one opening, and decide about pairs.
#[derive(clap::Args)]
#[command(
    after_help = "An institution that declares `openings:` compares the ads of its sources in every run; docs/openings.md says how. \
    An ad is named as elsewhere: 601245, nswgov:601245, nsw-gov/nswgov:601245, or the uuid of its job. Decisions outlive every \
    score; pairs that a run is unsure of are holds of kind `duplicate` (`weir holds`)."
)]
pub struct DuplicatesArgs {
    #[command(subcommand)]
    what: DuplicatesCommand,
}

#[derive(Subcommand)]
enum DuplicatesCommand {
    /// Openings that several ads advertise
    List(ListOpenings),
    /// One opening: members, evidence, where its fields come from, who joined and left
    Show(ShowOpening),
    /// Why two ads are one opening, or are not: score by score
    Explain(ExplainPair),
    /// Decide that two ads advertise one opening
    Same(RuleOnPairs),
    /// Decide that two ads advertise two openings
    Different(RuleOnPairs),
    /// Take back what was decided about two ads
    Undo(RuleOnPairs),
}

#[derive(clap::Args)]
struct ListOpenings {
    /// The institution; by default all
    institution: Option<String>,
    /// Openings of one ad, too
    #[arg(long)]
    all: bool,
    /// Maximum number of openings
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: i64,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct ShowOpening {
    /// An ad, a job, or an opening
    #[arg(value_name = "AD")]
    ad: String,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct ExplainPair {
    /// One ad
    a: String,
    /// The other
    b: String,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct RuleOnPairs {
    /// Pairs of ads: A B, or A B C D for two pairs
    #[arg(required_unless_present = "file")]
    ads: Vec<String>,
    /// Pairs from a CSV file with a header: a,b
    #[arg(long, value_name = "FILE", conflicts_with = "ads")]
    file: Option<PathBuf>,
    #[command(flatten)]
    word: DecisionArgs,
    /// As JSON, for machines
    #[arg(long)]
    json: bool,
}

impl DuplicatesArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        use DecisionVerdict::{Different, Same};
        match &self.what {
            DuplicatesCommand::List(list) => {
                with_connection(edge, async |connection| list.run(edge, connection).await)
            }
            DuplicatesCommand::Show(show) => {
                with_connection(edge, async |connection| show.run(connection).await)
            }
            DuplicatesCommand::Explain(pair) => {
                with_connection(edge, async |connection| pair.run(connection).await)
            }
            DuplicatesCommand::Same(pairs) => pairs.run(edge, Some(Same)),
            DuplicatesCommand::Different(pairs) => pairs.run(edge, Some(Different)),
            DuplicatesCommand::Undo(pairs) => pairs.run(edge, None),
        }
    }
}

impl ListOpenings {
    async fn run(
        &self,
        edge: &CommandContext,
        connection: &mut PgConnection,
    ) -> Result<u8, CommandFailure> {
        named::refuse_unknown(edge, connection, self.institution.as_slice()).await?;
        let slug = self.institution.as_deref();
        let openings = opening_views::list(connection, slug, self.all, self.limit).await?;
        let institution = match slug {
            Some(slug) => runs::institution(connection, slug).await?,
            None => None,
        };
        let figures = match institution {
            Some(institution) => opening_views::figures(connection, institution).await?,
            None => None,
        };
        if self.json {
            say!(
                "{:#}",
                json!({ "format": 1, "openings": openings, "figures": figures })
            );
            return Ok(DONE);
        }
        put!("{}", page::list(&openings));
        match figures {
            Some(figures) => say!("{}", page::figures(&figures)),
            None if openings.is_empty() => {
                say!("no ads share an opening; `openings:` of an institution looks for them");
            }
            None => {}
        }
        Ok(DONE)
    }
}

impl ShowOpening {
    async fn run(&self, connection: &mut PgConnection) -> Result<u8, CommandFailure> {
        let (institution, opening) = self.opening(connection).await?;
        let Some(head) = opening_views::head(connection, institution, opening).await? else {
            return Err(CommandFailure::nothing("the opening has no ads any more"));
        };
        let members = opening_views::members(connection, institution, opening).await?;
        let log = opening_views::log(connection, institution, opening).await?;
        let decisions = opening_views::rulings(connection, institution, opening).await?;
        let shown = page::OpeningPage {
            head,
            members,
            decisions,
            log,
        };
        if self.json {
            say!("{:#}", json!({ "format": 1, "opening": shown }));
        } else {
            put!("{}", page::page(&shown));
        }
        Ok(DONE)
    }

    /// By its own id, or by one of its ads.
    async fn opening(&self, connection: &mut PgConnection) -> Result<(Uuid, Uuid), CommandFailure> {
        if let Ok(id) = self.ad.trim().parse::<Uuid>()
            && let Some(found) = opening_views::resolve(connection, id).await?
        {
            return Ok(found);
        }
        let found = named::find(connection, &self.ad).await?;
        let job = job_of(&found, &self.ad)?;
        let opening = opening_views::of_job(connection, found.institution_id, job).await?;
        opening
            .map(|opening| (found.institution_id, opening))
            .ok_or_else(|| not_compared(&found))
    }
}

impl ExplainPair {
    async fn run(&self, connection: &mut PgConnection) -> Result<u8, CommandFailure> {
        let pair = pair(connection, &self.a, &self.b).await?;
        let mut tx = connection.begin().await.map_err(StoreError::from)?;
        let answer = explain(&mut tx, pair.institution, pair.jobs).await?;
        let Some(answer) = answer else {
            return Err(CommandFailure::nothing(format!(
                "`{}` and `{}` have not been compared by these settings",
                self.a, self.b
            ))
            .help("run the institution"));
        };
        if self.json {
            let ads = pair.ads.each_ref().map(crate::stage::dedupe::shown);
            say!("{:#}", json!({ "format": 1, "ads": ads, "answer": answer }));
        } else {
            let ads = pair.ads.each_ref().map(crate::stage::dedupe::shown);
            put!("{}", page::answer([&ads[0], &ads[1]], &answer));
        }
        Ok(DONE)
    }
}

impl RuleOnPairs {
    fn run(
        &self,
        edge: &CommandContext,
        verdict: Option<DecisionVerdict>,
    ) -> Result<u8, CommandFailure> {
        let names = self.names()?;
        with_store(edge, DatabaseDemand::DECIDE, async |store| {
            for (a, b) in &names {
                self.rule(edge, store, [a, b], verdict).await?;
            }
            Ok(DONE)
        })
    }

    fn names(&self) -> Result<Vec<(String, String)>, CommandFailure> {
        if let Some(file) = &self.file {
            return pairs_of(file);
        }
        let (pairs, rest) = self.ads.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(CommandFailure::nothing("a pair has two ads")
                .help("`weir duplicates same A B --reason ...`"));
        }
        Ok(pairs.iter().map(|[a, b]| (a.clone(), b.clone())).collect())
    }

    async fn rule(
        &self,
        edge: &CommandContext,
        store: &Store,
        names: [&str; 2],
        verdict: Option<DecisionVerdict>,
    ) -> Result<(), CommandFailure> {
        let mut connection = store.connection().await?;
        let found = named::find(&mut connection, names[0]).await?;
        let pair = pair(&mut connection, names[0], names[1]).await?;
        drop(connection);
        let whose = self
            .word
            .author
            .on(edge, pair.institution, &found.institution)?;
        let signed = self.word.signed(edge)?;
        let ruling = signed.ruling();
        let said = person::decide(
            store,
            whose,
            DecisionRecord::InTable(DecidedTable::OpeningDecisions),
            async |tx| {
                let Some(verdict) = verdict else {
                    let counts = duplicates::undo(tx, &pair, ruling).await?;
                    return counts.ok_or_else(|| {
                        CommandFailure::nothing(format!(
                            "nothing was decided about `{}` and `{}`",
                            names[0], names[1]
                        ))
                    });
                };
                match duplicates::decide(tx, &pair, verdict, ruling).await? {
                    PairRuling::Applied(counts) => Ok::<_, CommandFailure>(counts),
                    PairRuling::Refused(conflicts) => Err(crate::engine::RunError::Contradiction(
                        duplicates::contradiction(&conflicts),
                    )
                    .into()),
                }
            },
        );
        let counts = said.await?;
        let word = verdict.map_or("undone", duplicates::verdict_name);
        if self.json {
            say!(
                "{:#}",
                json!({ "format": 1, "ads": names, "decision": word, "counts": counts })
            );
            return Ok(());
        }
        let words = counts.words();
        let words = if words.is_empty() {
            "the openings stay as they are".to_owned()
        } else {
            words
        };
        say!("{} and {}: {word}; {words}", names[0], names[1]);
        Ok(())
    }
}

/// The pairs of a CSV file.
fn pairs_of(file: &Path) -> Result<Vec<(String, String)>, CommandFailure> {
    let failed =
        |error: csv::Error| CommandFailure::nothing(format!("`{}`: {error}", file.display()));
    let mut rows = csv::Reader::from_path(file).map_err(failed)?;
    let column = |name: &str, headers: &csv::StringRecord| {
        headers
            .iter()
            .position(|header| header.trim() == name)
            .ok_or_else(|| {
                CommandFailure::nothing(format!("`{}` has no column `{name}`", file.display()))
                    .help("its header is `a,b`")
            })
    };
    let headers = rows.headers().map_err(failed)?.clone();
    let (a, b) = (column("a", &headers)?, column("b", &headers)?);
    let mut pairs = Vec::new();
    for row in rows.records() {
        let row = row.map_err(failed)?;
        let cell = |at: usize| row.get(at).unwrap_or_default().trim().to_owned();
        pairs.push((cell(a), cell(b)));
    }
    Ok(pairs)
}

/// The two jobs that a user means.
async fn pair(connection: &mut PgConnection, a: &str, b: &str) -> Result<JobPair, CommandFailure> {
    let (one, other) = (
        named::find(connection, a).await?,
        named::find(connection, b).await?,
    );
    if one.institution_id != other.institution_id {
        return Err(CommandFailure::nothing(format!(
            "`{a}` is of `{}`, `{b}` of `{}`: ads of two institutions are never one opening",
            one.institution, other.institution
        )));
    }
    let jobs = [job_of(&one, a)?, job_of(&other, b)?];
    if jobs[0] == jobs[1] {
        return Err(CommandFailure::nothing(format!(
            "`{a}` and `{b}` are one ad"
        )));
    }
    let found = duplicates::pair(connection, one.institution_id, jobs).await?;
    found.ok_or_else(|| not_compared(&one))
}

fn job_of(found: &FoundJob, name: &str) -> Result<Uuid, CommandFailure> {
    found.job_id.ok_or_else(|| {
        CommandFailure::nothing(format!("`{name}` never became a job"))
            .help(format!("`weir why {name}` explains why"))
    })
}

fn not_compared(found: &FoundJob) -> CommandFailure {
    CommandFailure::nothing(format!(
        "the ads of `{}` have not been compared",
        found.institution
    ))
    .help("declare `openings:` in its file, and run it")
}
