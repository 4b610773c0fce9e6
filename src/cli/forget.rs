//! `weir forget`.

use super::database::{with_connection, with_store};
use super::decision::confirmed;
use super::{AuthorArgs, CommandContext, CommandFailure, DONE, flow, named, unknown_name};
use crate::actions::forgetting::{self, ForgetReport, ForgetTarget};
use crate::actions::ruling::OperatorRuling;
use crate::diagnostic::one_of;
use crate::engine::person::DecisionScope;
use crate::model::forgotten::TextMask;
use crate::report::columns::{columns, line};
use crate::store::erasure::{self, ErasedAd};
use crate::store::forgotten::{self, ForgottenLine};
use crate::store::views::biography::JobName;
use crate::store::{DatabaseDemand, PgConnection, Store, figures, runs};
use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;
use std::fmt::Write;
use uuid::Uuid;

/// Remove what is personal on request: an ad with its jobs, or a text wherever it stands.
#[derive(clap::Args)]
#[command(
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    after_help = "JOB is the uuid of a job, or the id of its ad: 601245, nswgov:601245. Everything \
                  of the ad goes: documents, jobs, all versions, failures, holds, samples; what \
                  alerts, logs and reports say of it is masked. It stays out when its source lists \
                  it again.\n\nA text is masked in documents, jobs, versions and whatever was \
                  written about them, in any case and whatever stands between its words, and in \
                  all that is read later.\n\nWhat goes is shown before it goes. Only hashes of it \
                  are kept: do not write it into the reason. Exports, saved plans, messages that \
                  were sent and backups are not reached. docs/forgetting.md has the details."
)]
pub struct ForgetArgs {
    #[command(subcommand)]
    command: Option<ForgetCommand>,
    /// The institution
    #[arg(required = true)]
    institution: Option<String>,
    /// The job, or the ad
    #[arg(required_unless_present = "recruiter", conflicts_with = "recruiter")]
    job: Option<String>,
    /// A text to mask: a name, an address, a number; can be repeated
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    recruiter: Vec<String>,
    /// The reason, for the record
    #[arg(long, required_unless_present = "dry_run", value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Show what would go, without writing anything
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    whom: AuthorArgs,
}

#[derive(Subcommand)]
enum ForgetCommand {
    /// Show what was forgotten: when, by whom and why, not what it was
    List {
        /// The institution; by default all
        institution: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let something in again: the next read brings what its source still has
    Undo {
        /// Its number, from the list
        number: i64,
        /// The reason, for the record
        #[arg(long, value_parser = NonEmptyStringValueParser::new())]
        reason: String,
        #[command(flatten)]
        whom: AuthorArgs,
    },
}

/// What the command line means.
enum Meant {
    Ad(ErasedAd),
    Texts(Vec<String>),
}

impl Meant {
    fn target(&self) -> ForgetTarget<'_> {
        match self {
            Meant::Ad(ad) => ForgetTarget::Ad(ad),
            Meant::Texts(texts) => ForgetTarget::Texts(texts),
        }
    }

    fn name(&self) -> String {
        match self {
            Meant::Ad(ad) => format!("{}:{}", ad.source_id, line(&ad.external_id, 60)),
            Meant::Texts(texts) if texts.len() == 1 => "a text".to_owned(),
            Meant::Texts(texts) => format!("{} texts", texts.len()),
        }
    }
}

impl ForgetArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match &self.command {
            Some(ForgetCommand::List { institution, json }) => {
                list(edge, institution.as_deref(), *json)
            }
            Some(ForgetCommand::Undo {
                number,
                reason,
                whom,
            }) => with_store(edge, DatabaseDemand::DECIDE, async |store| {
                undo(edge, store, *number, reason, whom).await
            }),
            None => with_store(edge, DatabaseDemand::DECIDE, async |store| {
                self.forget(edge, store).await
            }),
        }
    }

    async fn forget(&self, edge: &CommandContext, store: &Store) -> Result<u8, CommandFailure> {
        let slug = self.institution.as_deref().unwrap_or_default();
        let mut connection = store.connection().await?;
        let institution = institution(edge, &mut connection, slug).await?;
        let Some(meant) = self.meant(&mut connection, institution, slug).await? else {
            return Ok(DONE);
        };
        drop(connection);
        let work = ForgetWork {
            edge,
            store,
            command: self,
            whose: self.whom.on(edge, institution, slug)?,
            meant: &meant,
        };
        if !self.yes {
            let foreseen = work.carry_out(true).await?;
            let text = text(slug, &meant, &foreseen, true);
            if self.dry_run {
                self.show(&foreseen, &text);
                return Ok(DONE);
            }
            if !edge.interactive {
                self.show(&foreseen, &text);
                return Err(CommandFailure::nothing("nothing is forgotten yet")
                    .help("add `--yes` to do it, or `--dry-run` to look only"));
            }
            confirmed(edge, &text, &format!("forget {}?", meant.name()))?;
        }
        let done = work.carry_out(false).await?;
        // The newest dry run on this machine may have left samples.
        flow::forget(edge, slug);
        self.show(&done, &text(slug, &meant, &done, false));
        Ok(DONE)
    }

    fn show(&self, report: &ForgetReport, text: &str) {
        if self.json {
            say!("{:#}", json!({ "format": 1, "forgotten": report }));
        } else {
            put!("{text}");
        }
    }

    /// What is meant; nothing if it is forgotten already.
    async fn meant(
        &self,
        connection: &mut PgConnection,
        institution: Uuid,
        slug: &str,
    ) -> Result<Option<Meant>, CommandFailure> {
        let Some(job) = &self.job else {
            let short = |text: &&String| TextMask::of(institution, text).is_none();
            if let Some(text) = self.recruiter.iter().find(short) {
                return Err(CommandFailure::nothing(format!(
                    "`{}` is too short: it stands in too many other texts",
                    line(text, 40)
                ))
                .help("give at least four letters or digits"));
            }
            return Ok(Some(Meant::Texts(self.recruiter.clone())));
        };
        let name = JobName {
            institution: Some(slug),
            ..JobName::read(job.trim())
        };
        let mut found = erasure::find(connection, institution, &name).await?;
        match (found.pop(), found.is_empty()) {
            (Some(ad), true) => Ok(Some(Meant::Ad(ad))),
            (Some(last), false) => {
                found.push(last);
                let names = found
                    .iter()
                    .map(|ad| format!("{}:{}", ad.source_id, line(&ad.external_id, 60)));
                Err(
                    CommandFailure::nothing(format!("`{}` is ambiguous", line(job, 80))).help(
                        format!(
                            "choose one of:\n  {}",
                            names.collect::<Vec<_>>().join("\n  ")
                        ),
                    ),
                )
            }
            (None, _) => match forgotten::named(connection, &name).await? {
                Some(gone) if gone.lifted_at.is_none() => {
                    say!("`{}` was {}", line(job, 80), line(&gone.words(), 200));
                    Ok(None)
                }
                _ => Err(CommandFailure::nothing(format!(
                    "`{slug}` has no ad or job `{}`",
                    line(job, 80)
                ))
                .help("give the whole uuid of a job, or the whole id of its ad: `nswgov:601245`")),
            },
        }
    }
}

/// A request to forget, and what carries it out.
struct ForgetWork<'w> {
    edge: &'w CommandContext,
    store: &'w Store,
    command: &'w ForgetArgs,
    whose: DecisionScope<'w>,
    meant: &'w Meant,
}

impl ForgetWork<'_> {
    async fn carry_out(&self, is_dry: bool) -> Result<ForgetReport, CommandFailure> {
        let whom = &self.command.whom;
        // What is only shown is nobody's decision.
        let by = match whom.person(self.edge) {
            Err(_) if is_dry => String::new(),
            by => by?,
        };
        let ruling = OperatorRuling {
            at: whom.at.clock(self.edge)?,
            by: &by,
            reason: self.command.reason.as_deref().unwrap_or_default(),
        };
        let target = self.meant.target();
        Ok(forgetting::forget(self.store, self.whose, target, ruling, is_dry).await?)
    }
}

/// The institution of a name, also one that is gone from the YAML.
async fn institution(
    edge: &CommandContext,
    connection: &mut PgConnection,
    slug: &str,
) -> Result<Uuid, CommandFailure> {
    named::refuse_unknown(edge, connection, &[slug.to_owned()]).await?;
    if let Some(institution) = runs::institution(connection, slug).await? {
        return Ok(institution);
    }
    let known = figures::institutions(connection).await?;
    let known = || known.iter().map(String::as_str);
    Err(unknown_name("institution", slug, known(), || {
        format!("known institutions: {}", one_of(known()))
    }))
}

fn text(slug: &str, meant: &Meant, report: &ForgetReport, is_dry: bool) -> String {
    let mut out = format!("{slug} · {}", meant.name());
    out.push_str(if is_dry {
        " · what would go; nothing was written\n"
    } else {
        " · forgotten\n"
    });
    let row = |what: &'static str| {
        move |(table, rows): (&String, &u64)| vec![table.clone(), rows.to_string(), what.to_owned()]
    };
    let erased = report.erased.iter().map(row("removed"));
    let rows: Vec<Vec<String>> = erased
        .chain(report.masked.iter().map(row("masked")))
        .collect();
    if rows.is_empty() {
        out.push_str("  nothing of it is stored\n");
    }
    out.push_str(&columns(&rows, 3));
    // Writing to a String cannot fail.
    if !report.beside.is_empty() {
        let _ = writeln!(out, "these contacts also say: {}", listed(&report.beside));
    }
    if !report.employers.is_empty() {
        let _ = writeln!(
            out,
            "names of employers stay: {}",
            listed(&report.employers)
        );
    }
    if !is_dry {
        out.push_str("exports, saved plans, messages that were sent and backups are not reached\n");
    }
    out
}

fn listed(texts: &[String]) -> String {
    let texts = texts.iter().map(|text| line(text, 60));
    texts.collect::<Vec<_>>().join(", ")
}

fn list(
    edge: &CommandContext,
    institution: Option<&str>,
    json: bool,
) -> Result<u8, CommandFailure> {
    with_connection(edge, async |connection| {
        named::refuse_unknown(
            edge,
            connection,
            &institution
                .map(str::to_owned)
                .into_iter()
                .collect::<Vec<_>>(),
        )
        .await?;
        let all = forgotten::list(connection, institution).await?;
        if json {
            say!("{:#}", json!({ "format": 1, "forgotten": all }));
        } else if all.is_empty() {
            say!("nothing was forgotten");
        } else {
            put!("{}", columns(&all.iter().map(row).collect::<Vec<_>>(), 6));
        }
        Ok(DONE)
    })
}

fn row(one: &ForgottenLine) -> Vec<String> {
    let what = if one.kind == "ad" {
        format!("an ad of {}", one.source_id)
    } else {
        "a text".to_owned()
    };
    let lifted = match (&one.lifted_at, &one.lifted_by) {
        (Some(at), Some(by)) => format!("lifted on {} by {by}", at.format("%Y-%m-%d")),
        _ => "in force".to_owned(),
    };
    vec![
        one.id.to_string(),
        one.institution.clone(),
        what,
        format!(
            "{} by {}",
            one.forgotten_at.format("%Y-%m-%d"),
            one.forgotten_by
        ),
        lifted,
        line(&one.reason, 80),
    ]
}

async fn undo(
    edge: &CommandContext,
    store: &Store,
    number: i64,
    reason: &str,
    whom: &AuthorArgs,
) -> Result<u8, CommandFailure> {
    let all = forgotten::list(&mut *store.connection().await?, None).await?;
    let known = all.iter().find(|one| one.id == number);
    let Some(one) = known.filter(|one| one.lifted_at.is_none()) else {
        return Err(CommandFailure::nothing(format!(
            "nothing is kept out under the number {number}"
        ))
        .help("`weir forget list` shows the numbers"));
    };
    let by = whom.person(edge)?;
    let ruling = OperatorRuling {
        at: whom.at.clock(edge)?,
        by: &by,
        reason,
    };
    let whose = whom.on(edge, one.institution_id, &one.institution)?;
    forgetting::lift(store, whose, number, ruling).await?;
    say!(
        "{number}: the next read of `{}` brings what its sources still have",
        one.institution
    );
    Ok(DONE)
}
