//! `weir failures`.

mod discard;

use crate::actions;
use crate::actions::ruling::OperatorRuling;
use crate::cli::database::with_store;
use crate::cli::decision::{RevisionBound, SeenNumber, moved};
use crate::cli::{
    CommandContext, CommandFailure, DONE, DecisionArgs, are_institutions, parse_time, unknown_name,
    warned,
};
use crate::diagnostic::one_of;
use crate::engine::person::DecisionScope;
use crate::model::{Clock, ProblemSeverity, field::FIELDS};
use crate::plan::picture::thousands;
use crate::plan::{CheckedProject, SourcePlan};
use crate::quality::loss;
use crate::report::columns::{columns, line, share};
use crate::rule::CompiledRule;
use crate::stage::Stage;
use crate::store::failures::{self, FailedDocument, FailureFilter, FailureGroup};
use crate::store::resolved::{self, ResolvedFailure};
use crate::store::{DatabaseDemand, PgConnection, Store, losses, runs, versions};
use clap::Subcommand;
use discard::{ByRule, discard, revision};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The error types that need no rule.
const ERROR_TYPES: [&str; 17] = [
    "missing_field",
    "invalid_type",
    "invalid_length",
    "invalid_date",
    "invalid_array",
    "invalid_relationship",
    "invalid_date_range",
    "invalid_url",
    "system_error",
    "unreadable",
    "missing_id",
    "duplicate_id",
    "no_detail",
    "detail_gone",
    "recycled_id",
    "renumbered_id",
    "not_derived",
];

/// Ads that did not become jobs, grouped by rule, field and source; `list` shows the ads.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct FailuresArgs {
    #[command(subcommand)]
    command: Option<FailuresCommand>,
    /// The institution; by default all
    institution: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum FailuresCommand {
    /// List the ads, with every reason, the offending values, and since when
    List {
        /// The institution; by default all
        institution: Option<String>,
        /// Only those rejected by this rule, or with this error type
        #[arg(long)]
        rule: Option<String>,
        /// Only those with a problem in this field
        #[arg(long)]
        field: Option<String>,
        /// Only those of this source
        #[arg(long)]
        source: Option<String>,
        /// List published ads that rules warn about instead, by rule
        #[arg(long, conflicts_with = "field")]
        warnings: bool,
        /// Maximum number, 0 for all
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(0..))]
        limit: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List resolved failures, and why: the content changed, or a rule, or a mapping
    Resolved {
        /// The institution; by default all
        institution: Option<String>,
        /// Only those resolved since this day
        #[arg(long, value_name = "DATE", value_parser = parse_time)]
        since: Option<Clock>,
        /// Maximum number
        #[arg(long, default_value_t = 100)]
        limit: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List values that could not be read and were dropped, in the newest run of each source
    Lost {
        /// The institution; by default all
        institution: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show how often rules and fields spoke against ads, week by week
    Trend {
        /// The institution; by default all
        institution: Option<String>,
        /// How many weeks
        #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=520))]
        weeks: u16,
        /// The day of the newest week; by default today
        #[arg(long, value_name = "DATE", value_parser = parse_time)]
        until: Option<Clock>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one: the document, the derived fields, the reasons
    Show {
        /// The number of its document, from the list
        document: SeenNumber,
    },
    /// Derive documents again in the next run
    Retry {
        /// Numbers of documents, from the list; one with a revision (44@9f2c1a) is refused if it
        /// has changed since
        #[arg(required = true, value_name = "DOCUMENT")]
        documents: Vec<SeenNumber>,
        /// The reason, for the record
        #[arg(long, default_value = "retried")]
        reason: String,
        /// Who decides, for the record; by default the user of this session
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Wait for a run of the institution to finish
        #[arg(long)]
        wait: bool,
    },
    /// Ignore the current content of documents; new content is processed again
    Discard {
        /// Documents with their revisions, from the list: 44@9f2c1a. At a terminal the number is
        /// enough: it is shown, and you are asked to confirm
        #[arg(
            required_unless_present = "rule",
            conflicts_with = "rule",
            value_name = "DOCUMENT@REVISION"
        )]
        documents: Vec<SeenNumber>,
        #[command(flatten)]
        by_rule: ByRule,
        #[command(flatten)]
        word: DecisionArgs,
    },
}

impl FailuresArgs {
    /// The institution in question.
    fn institution(&self) -> Option<&str> {
        match &self.command {
            Some(
                FailuresCommand::List { institution, .. }
                | FailuresCommand::Resolved { institution, .. }
                | FailuresCommand::Lost { institution, .. }
                | FailuresCommand::Trend { institution, .. },
            ) => institution.as_deref(),
            Some(_) => None,
            None => self.institution.as_deref(),
        }
    }

    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        with_store(edge, self.demand(), async |store| {
            self.act(edge, store).await.map(|()| DONE)
        })
    }

    fn demand(&self) -> DatabaseDemand {
        let decides = matches!(
            self.command,
            Some(FailuresCommand::Retry { .. } | FailuresCommand::Discard { .. })
        );
        if decides {
            DatabaseDemand::DECIDE
        } else {
            DatabaseDemand::READ
        }
    }

    async fn act(&self, edge: &CommandContext, store: &Store) -> Result<(), CommandFailure> {
        // A decision holds the lock, and a connection under it.
        match &self.command {
            Some(FailuresCommand::Retry {
                documents,
                reason,
                by,
                wait,
            }) => {
                let by = edge.person(by.as_deref())?;
                let words = RetryWords {
                    by: &by,
                    reason,
                    wait: *wait,
                };
                return retry(edge, store, documents, words).await;
            }
            Some(FailuresCommand::Discard {
                documents,
                by_rule,
                word,
            }) => {
                let chosen = by_rule
                    .documents(edge, &mut *store.connection().await?)
                    .await?;
                return discard(edge, store, chosen.as_deref().unwrap_or(documents), word).await;
            }
            _ => {}
        }
        let connection = &mut *store.connection().await?;
        if let Some(institution) = self.institution() {
            is_known(edge, connection, institution).await?;
        }
        let Some(command) = &self.command else {
            return groups(connection, self.institution.as_deref(), self.json).await;
        };
        match command {
            FailuresCommand::List {
                institution,
                rule,
                field,
                source,
                warnings,
                limit,
                json,
            } => {
                // A rule may be named with its set, as the report does.
                let rule = rule.as_deref().and_then(|rule| rule.rsplit('/').next());
                let wanted = FailureFilter {
                    institution: institution.as_deref(),
                    source: source.as_deref(),
                    rule,
                    field: field.as_deref(),
                };
                if *warnings {
                    return warned::list(
                        edge,
                        connection,
                        &wanted,
                        Some(*limit).filter(|limit| *limit > 0),
                        *json,
                    )
                    .await;
                }
                list(edge, connection, &wanted, *limit, *json).await
            }
            FailuresCommand::Trend {
                institution,
                weeks,
                until,
                json,
            } => {
                let today = until
                    .map_or_else(|| (edge.now)(), |until| until.0)
                    .date_naive();
                warned::trend(connection, institution.as_deref(), (*weeks, today), *json).await
            }
            FailuresCommand::Resolved {
                institution,
                since,
                limit,
                json,
            } => resolved(connection, institution.as_deref(), *since, *limit, *json).await,
            FailuresCommand::Lost { institution, json } => {
                lost(connection, institution.as_deref(), *json).await
            }
            FailuresCommand::Show { document } => show(connection, document).await,
            FailuresCommand::Retry { .. } | FailuresCommand::Discard { .. } => Ok(()),
        }
    }
}

/// An institution of the project, or of the database.
pub(super) async fn is_known(
    edge: &CommandContext,
    connection: &mut PgConnection,
    institution: &str,
) -> Result<(), CommandFailure> {
    let name = [institution.to_owned()];
    if runs::unknown(connection, &name).await?.is_empty() {
        Ok(())
    } else {
        are_institutions(&name, &edge.checked())
    }
}

async fn list(
    edge: &CommandContext,
    connection: &mut PgConnection,
    wanted: &FailureFilter<'_>,
    limit: i64,
    json: bool,
) -> Result<(), CommandFailure> {
    let letters =
        failures::list(connection, wanted, Some(limit).filter(|limit| *limit > 0)).await?;
    let none = if letters.is_empty() {
        Some(none(connection, &edge.checked(), wanted).await?)
    } else {
        None
    };
    let more = letters.first().map_or(0, |first| first.total)
        - i64::try_from(letters.len()).unwrap_or(i64::MAX);
    if json {
        say!(
            "{:#}",
            json!({ "format": 1, "failures": letters, "more": more })
        );
        return Ok(());
    }
    if let Some(none) = none {
        say!("{none}");
    }
    letters.iter().for_each(|letter| put!("{}", told(letter)));
    if more > 0 {
        say!("and {} more: `--limit 0` shows all", thousands(more));
    } else if let (Some(rule), true) = (wanted.rule, letters.len() > 1) {
        let seen = revision(&letters);
        say!(
            "`weir failures discard --rule {rule} --seen {seen} --reason ...` ignores the content \
             of all {}",
            letters.len()
        );
    }
    Ok(())
}

async fn lost(
    connection: &mut PgConnection,
    institution: Option<&str>,
    json: bool,
) -> Result<(), CommandFailure> {
    let all = losses::newest(connection, institution).await?;
    if json {
        say!("{:#}", json!({ "format": 1, "lost": all }));
        return Ok(());
    }
    if all.is_empty() {
        say!("no values were dropped");
    }
    for one in &all {
        say!("{} {} · run {}", one.institution, one.source, one.run);
        loss::lines(&one.fields)
            .iter()
            .for_each(|line| say!("  {line}"));
    }
    Ok(())
}

/// `44@9f2c1a`: a document and the revision that a decision names.
pub(super) fn name(letter: &FailedDocument) -> String {
    format!("{}@{}", letter.document_id, letter.revision)
}

/// A failure with every reason.
pub(super) fn told(letter: &FailedDocument) -> String {
    let head = format!(
        "{} {} {}:{} · document {} · since {}",
        letter.outcome,
        letter.institution,
        letter.source_id,
        line(&letter.external_id, 60),
        name(letter),
        letter.since.format("%Y-%m-%d")
    );
    format!("{head}\n{}", columns(&reasons(letter), 5))
}

/// Why there are no matching failures; refuses unknown names.
pub(super) async fn none(
    connection: &mut PgConnection,
    checked: &CheckedProject,
    wanted: &FailureFilter<'_>,
) -> Result<String, CommandFailure> {
    let plans = checked.institutions.iter().filter_map(|one| one.plan());
    let flows: Vec<&SourcePlan> = plans.flat_map(|plan| &plan.flows).collect();
    if let Some(source) = wanted.source
        && !flows.iter().any(|flow| flow.source == source)
    {
        let known = flows.iter().map(|flow| flow.source.as_str());
        return Err(unknown_name("source", source, known, || {
            "`weir plan` lists the sources".to_owned()
        }));
    }
    if let Some(field) = wanted.field {
        let fields: BTreeSet<&str> = FIELDS
            .iter()
            .map(|field| field.name())
            .chain(
                flows
                    .iter()
                    .flat_map(|flow| flow.gauge.fields())
                    .map(String::as_str),
            )
            .collect();
        if !fields.contains(field) {
            let otherwise = || format!("known fields: {}", one_of(fields.iter().copied()));
            return Err(unknown_name(
                "field",
                field,
                fields.iter().copied(),
                otherwise,
            ));
        }
    }
    let Some(name) = wanted.rule else {
        return Ok("no failures".to_owned());
    };
    let stages = flows.iter().flat_map(|flow| flow.record_stages());
    let rules = stages.filter_map(|stage| {
        if let Stage::Validate(validate) = stage {
            Some(&validate.rules)
        } else {
            None
        }
    });
    let rules: Vec<&CompiledRule> = rules
        .flatten()
        .map(|(_, rule)| rule.as_ref())
        .filter(|rule| rule.id == name || rule.kind == name)
        .collect();
    if !rules.is_empty()
        && rules
            .iter()
            .all(|rule| rule.severity == ProblemSeverity::Warn)
    {
        return Ok(format!(
            "no failures: `{name}` only warns; `weir failures list --warnings` shows the ads"
        ));
    }
    // What ran once may be no rule any more.
    if rules.is_empty()
        && !ERROR_TYPES.contains(&name)
        && !versions::has_run(connection, name).await?
    {
        return Err(
            CommandFailure::nothing(format!("no rule or error type `{name}`"))
                .help("`weir failures` lists those that occur"),
        );
    }
    Ok("no failures".to_owned())
}

fn reasons(letter: &FailedDocument) -> Vec<Vec<String>> {
    let text = |reason: &Json, name: &str| {
        reason
            .get(name)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let since = |reason: &Json| {
        let day = text(reason, "since").chars().take(10).collect::<String>();
        if day == letter.since.format("%Y-%m-%d").to_string() {
            String::new()
        } else {
            format!("since {day}")
        }
    };
    let row = |reason: &Json| {
        let message = text(reason, "message");
        let value = reason
            .get("value")
            .map(|value| shown(value, 40))
            .filter(|value| !message.contains(value.as_str()));
        // A warning alone would not keep the ad back.
        let mark = if text(reason, "severity") == "warn" {
            "!"
        } else {
            "x"
        };
        vec![
            format!("{mark} {}", text(reason, "type")),
            text(reason, "field"),
            line(&message, 160),
            value.map_or_else(String::new, |value| format!("[{value}]")),
            since(reason),
        ]
    };
    letter
        .reasons
        .as_array()
        .into_iter()
        .flatten()
        .map(row)
        .collect()
}

fn shown(value: &Json, width: usize) -> String {
    value
        .as_str()
        .map_or_else(|| line(&value.to_string(), width), |text| line(text, width))
}

async fn groups(
    connection: &mut PgConnection,
    institution: Option<&str>,
    json: bool,
) -> Result<(), CommandFailure> {
    let found = failures::groups(connection, institution).await?;
    let warnings = failures::warnings(connection, institution).await?;
    if json {
        say!(
            "{:#}",
            json!({ "format": 1, "groups": found, "warnings": warnings })
        );
        return Ok(());
    }
    if found.is_empty() {
        say!("no failures");
    }
    for group in &found {
        say!("{}", heading(group));
        say!("  {}", line(&group.message, 160));
        let value = group
            .value
            .as_ref()
            .map_or_else(String::new, |value| format!(" [{}]", shown(value, 60)));
        say!(
            "  e.g. {}{value} · document {}",
            line(&group.example, 60),
            group.document_id
        );
    }
    for warning in warnings.iter().filter(|warning| warning.ads > 0) {
        say!(
            "{} {} · rule {} · only warns, about {} of {} ads ({})",
            warning.institution,
            warning.source_id,
            warning.rule,
            thousands(warning.ads),
            thousands(warning.of),
            share(warning.ads, warning.of)
        );
    }
    if !found.is_empty() {
        say!(
            "`weir failures list --rule R --field F --source S` shows the ads, `weir failures \
             resolved` what was resolved and why"
        );
    }
    Ok(())
}

/// `nsw-gov nswgov · rule open-six-months · close_date · 2 ads, 1 new since the newest run · since
/// 2026-08-31`
fn heading(group: &FailureGroup) -> String {
    let what = group
        .rule
        .as_ref()
        .map_or_else(|| group.kind.clone(), |rule| format!("rule {rule}"));
    let count = if group.ads == 1 {
        "1 ad".to_owned()
    } else {
        format!("{} ads", thousands(group.ads))
    };
    let fresh = if group.fresh == 0 {
        String::new()
    } else {
        format!(", {} new in the newest run", thousands(group.fresh))
    };
    let place = format!("{} {}", group.institution, group.source_id);
    let parts = [
        Some(place),
        Some(what),
        group.field.clone(),
        Some(format!("{count}{fresh}")),
        Some(format!("since {}", group.since.format("%Y-%m-%d"))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

async fn resolved(
    connection: &mut PgConnection,
    institution: Option<&str>,
    since: Option<Clock>,
    limit: i64,
    json: bool,
) -> Result<(), CommandFailure> {
    let found = resolved::list(connection, institution, since, limit).await?;
    if json {
        say!("{:#}", json!({ "format": 1, "resolved": found }));
        return Ok(());
    }
    if found.is_empty() {
        say!("nothing was resolved");
    }
    let row = |one: &ResolvedFailure| {
        vec![
            one.resolved_at.format("%Y-%m-%d").to_string(),
            format!(
                "{} {}:{}",
                one.institution,
                one.source_id,
                line(&one.original_id, 40)
            ),
            one.rule.clone().unwrap_or_else(|| one.error_type.clone()),
            one.field_name.clone().unwrap_or_default(),
            line(one.error_message.as_deref().unwrap_or_default(), 80),
            format!("since {}", one.since.format("%Y-%m-%d")),
            line(&one.why, 80),
        ]
    };
    put!("{}", columns(&found.iter().map(row).collect::<Vec<_>>(), 7));
    Ok(())
}

/// The failures of these documents; refuses unknown numbers and outdated revisions before anything
/// is done.
pub(super) async fn find(
    connection: &mut PgConnection,
    documents: &[SeenNumber],
) -> Result<Vec<FailedDocument>, CommandFailure> {
    let found = failures::find(
        connection,
        &documents.iter().map(|seen| seen.id).collect::<Vec<_>>(),
    )
    .await?;
    for seen in documents {
        let document = seen.id;
        let Some(letter) = found.iter().find(|letter| letter.document_id == document) else {
            return Err(
                CommandFailure::nothing(format!("document {document} has not failed"))
                    .help("`weir failures list` shows the numbers"),
            );
        };
        if let RevisionBound::Moved(revision) = seen.bound(&letter.revision) {
            return Err(moved(
                &format!("document {document}"),
                &format!("{document}@{revision}"),
                &name(letter),
                &told(letter),
            ));
        }
    }
    Ok(found)
}

async fn show(connection: &mut PgConnection, document: &SeenNumber) -> Result<(), CommandFailure> {
    for letter in find(connection, std::slice::from_ref(document)).await? {
        let (content, metadata, fields) = failures::content(connection, &letter).await?;
        say!(
            "{}",
            format_args!(
                "{:#}",
                json!({ "failure": letter, "document": content, "metadata": metadata, "fields": fields })
            )
        );
    }
    Ok(())
}

/// The failures of each institution.
pub(super) fn by_institution(
    letters: &[FailedDocument],
) -> BTreeMap<(&str, Uuid), Vec<&FailedDocument>> {
    let mut all: BTreeMap<(&str, Uuid), Vec<&FailedDocument>> = BTreeMap::new();
    for letter in letters {
        all.entry((letter.institution.as_str(), letter.institution_id))
            .or_default()
            .push(letter);
    }
    all
}

/// What a retry says for the record.
struct RetryWords<'r> {
    by: &'r str,
    reason: &'r str,
    wait: bool,
}

async fn retry(
    edge: &CommandContext,
    store: &Store,
    documents: &[SeenNumber],
    words: RetryWords<'_>,
) -> Result<(), CommandFailure> {
    let ruling = OperatorRuling {
        at: Clock((edge.now)()),
        by: words.by,
        reason: words.reason,
    };
    let letters = find(&mut *store.connection().await?, documents).await?;
    for ((slug, institution), letters) in by_institution(&letters) {
        let (refused, derived): (Vec<&FailedDocument>, Vec<&FailedDocument>) =
            letters.into_iter().partition(|letter| letter.refused);
        for letter in refused {
            let document = letter.document_id;
            say!(
                "document {document}: cannot be derived as it is; fix the source or its `id:`, \
                 then the next read retries it"
            );
        }
        if derived.is_empty() {
            continue;
        }
        let whose = DecisionScope {
            institution,
            slug,
            at: None,
            allow_future: false,
            wait: words.wait,
        };
        actions::failures::retry(store, whose, &derived, ruling).await?;
        for letter in derived {
            let document = letter.document_id;
            say!("document {document}: the next run of `{slug}` derives it again");
        }
    }
    Ok(())
}
