//! `weir failures`.

use super::database::with_connection;
use super::{DONE, Edge, Failure};
use crate::model::Clock;
use crate::report::columns::{columns, line};
use crate::store::failures::{self, Failure as Letter};
use clap::Subcommand;
use serde_json::json;
use sqlx::PgConnection;

/// Ads that did not become jobs.
#[derive(clap::Args)]
pub struct Failures {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List them, with every reason
    List {
        /// The institution; all if none is named
        institution: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: i64,
        /// As JSON, for machines
        #[arg(long)]
        json: bool,
    },
    /// Show one: the document, the fields derived from it, the reasons
    Show {
        /// The number of its document, from the list
        document: i64,
    },
    /// Derive documents again in the next run
    Retry {
        /// Numbers of documents, from the list
        #[arg(required = true)]
        documents: Vec<i64>,
    },
    /// Ignore this content of documents; other content counts again
    Discard {
        /// Numbers of documents, from the list
        #[arg(required = true)]
        documents: Vec<i64>,
        /// Why, for the record
        #[arg(long)]
        reason: String,
    },
}

impl Failures {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        with_connection(edge, async |connection| self.act(edge, connection).await.map(|()| DONE))
    }

    async fn act(&self, edge: &Edge, connection: &mut PgConnection) -> Result<(), Failure> {
        match &self.command {
            Command::List { institution, limit, json } => list(connection, institution.as_deref(), *limit, *json).await,
            Command::Show { document } => show(connection, *document).await,
            Command::Retry { documents } => retry(connection, documents).await,
            Command::Discard { documents, reason } => discard(edge, connection, documents, reason).await,
        }
    }
}

async fn list(connection: &mut PgConnection, institution: Option<&str>, limit: i64, json: bool) -> Result<(), Failure> {
    let letters = failures::list(connection, institution, limit).await?;
    if json {
        say!("{:#}", json!({ "format": 1, "failures": letters }));
        return Ok(());
    }
    if letters.is_empty() {
        say!("no failures");
    }
    for letter in &letters {
        say!(
            "{} {} {}:{} · document {} · since {}",
            letter.outcome,
            letter.institution,
            letter.source_id,
            line(&letter.external_id, 60),
            letter.document_id,
            letter.since.format("%Y-%m-%d")
        );
        put!("{}", columns(&reasons(letter), 3));
    }
    Ok(())
}

fn reasons(letter: &Letter) -> Vec<Vec<String>> {
    let text = |reason: &serde_json::Value, name: &str| reason.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let reasons = letter.reasons.as_array().into_iter().flatten();
    reasons.map(|reason| vec![text(reason, "type"), text(reason, "field"), line(&text(reason, "message"), 160)]).collect()
}

async fn find(connection: &mut PgConnection, document: i64) -> Result<Letter, Failure> {
    let found = failures::find(connection, document).await?;
    found.ok_or_else(|| Failure::nothing(format!("document {document} is no failure\nhelp: `weir failures list` shows the numbers")))
}

async fn show(connection: &mut PgConnection, document: i64) -> Result<(), Failure> {
    let letter = find(connection, document).await?;
    let (content, metadata, fields) = failures::content(connection, &letter).await?;
    say!("{:#}", json!({ "failure": letter, "document": content, "metadata": metadata, "fields": fields }));
    Ok(())
}

async fn retry(connection: &mut PgConnection, documents: &[i64]) -> Result<(), Failure> {
    for document in documents {
        let letter = find(connection, *document).await?;
        if letter.refused {
            say!("document {document}: cannot be derived as it is; mend the source or its `id:`, and the next read brings it again");
        } else {
            failures::retry(connection, &letter).await?;
            say!("document {document}: will be derived again by the next run of `{}`", letter.institution);
        }
    }
    Ok(())
}

async fn discard(edge: &Edge, connection: &mut PgConnection, documents: &[i64], reason: &str) -> Result<(), Failure> {
    for document in documents {
        let letter = find(connection, *document).await?;
        failures::discard(connection, &letter, Clock((edge.now)()), &edge.person(), reason).await?;
        say!("document {document}: this content is ignored from now on");
    }
    Ok(())
}
