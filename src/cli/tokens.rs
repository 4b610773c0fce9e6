//! `weir tokens`: what programs show to be let in to the API and the metrics. A token is shown
//! once, when it is created, and stored as a hash.

use super::users::{AdministratorArgs, at_once, limits};
use super::{CommandContext, CommandFailure, DONE, parse_span};
use crate::actions::access;
use crate::model::TokenScope;
use crate::report::columns::{columns, line};
use crate::span::Span;
use crate::store::api_tokens::{self, KnownToken, NewToken};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::json;

/// Tokens of programs that use the API or the metrics.
#[derive(clap::Args)]
#[command(
    after_help = "Scopes: read (the API), contacts (contacts of recruiters in it), metrics \
                  (/metrics).\nA program sends it as `Authorization: Bearer TOKEN`."
)]
pub struct TokensArgs {
    #[command(subcommand)]
    command: TokensCommand,
}

#[derive(Subcommand)]
enum TokensCommand {
    /// Create one, and print it: it is shown this once
    Create(TokenCreate),
    /// List them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End one, at once
    Revoke {
        /// Its number
        #[arg(value_name = "N")]
        id: i64,
        #[command(flatten)]
        who: AdministratorArgs,
    },
}

#[derive(clap::Args)]
struct TokenCreate {
    /// What it is for
    name: String,
    /// What it may do: read, contacts, metrics; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", default_value = "read", value_parser = parse_scope)]
    scopes: Vec<TokenScope>,
    /// Only this institution; may be repeated
    #[arg(long = "institution", value_name = "INSTITUTION")]
    institutions: Vec<String>,
    /// When it ends by itself: 90d; by default when you revoke it
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    expires: Option<Span>,
    #[command(flatten)]
    who: AdministratorArgs,
}

fn parse_scope(text: &str) -> Result<TokenScope, String> {
    TokenScope::try_from(text.to_owned())
        .map_err(|_| "known scopes: read, contacts, metrics".to_owned())
}

impl TokensArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match &self.command {
            TokensCommand::Create(create) => create.run(edge),
            TokensCommand::List { json } => list(edge, *json),
            TokensCommand::Revoke { id, who } => revoke(edge, *id, who),
        }
    }
}

impl TokenCreate {
    fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let (now, by) = ((edge.now)(), self.who.name(edge)?);
        let institutions = limits(edge, &self.institutions)?;
        if institutions.is_some() && self.scopes.contains(&TokenScope::Metrics) {
            return Err(
                CommandFailure::nothing("the metrics are of all institutions")
                    .help("leave out `--institution`, or `--scope metrics`"),
            );
        }
        let expires_at = self.expires.as_ref().map(|span| {
            now.checked_add_signed(span.0)
                .ok_or_else(|| CommandFailure::nothing(format!("`{span}` is too long")))
        });
        let mut scopes: Vec<String> = self
            .scopes
            .iter()
            .map(|scope| scope.name().to_owned())
            .collect();
        scopes.sort();
        scopes.dedup();
        let secret = access::new_secret()?;
        let hash = access::secret_hash(&secret);
        let token = NewToken {
            name: &self.name,
            secret: &hash,
            scopes: &scopes,
            institutions: institutions.as_deref(),
            at: now,
            by: &by,
            expires_at: expires_at.transpose()?,
        };
        let id = at_once(edge, async |tx| Ok(access::create_token(tx, &token).await?))?;
        tell!(
            "token {id} `{}`: {}; it is not shown again",
            line(&self.name, 60),
            scopes.join(", ")
        );
        say!("{secret}");
        Ok(DONE)
    }
}

fn list(edge: &CommandContext, json: bool) -> Result<u8, CommandFailure> {
    let all = super::database::with_connection(edge, async |connection| {
        Ok(api_tokens::all(connection).await?)
    })?;
    if json {
        say!("{:#}", json!({ "format": 1, "tokens": all }));
        return Ok(DONE);
    }
    if all.is_empty() {
        say!("there are no tokens");
        return Ok(DONE);
    }
    let head = ["token", "name", "scopes", "institutions", "state", "used"].map(str::to_owned);
    let now = (edge.now)();
    let rows = all.iter().map(|token| row(token, now));
    let rows: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
    put!("{}", columns(&rows, 6));
    Ok(DONE)
}

fn row(token: &KnownToken, now: DateTime<Utc>) -> Vec<String> {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
    let only = token.institutions.as_ref();
    let state = match (&token.revoked_by, token.expires_at) {
        (Some(by), _) => format!("revoked by {}", line(by, 40)),
        (None, Some(end)) if end <= now => format!("over since {}", day(end)),
        (None, Some(end)) => format!("until {}", day(end)),
        (None, None) => "until revoked".to_owned(),
    };
    vec![
        token.id.to_string(),
        line(&token.name, 60),
        token.scopes.join(", "),
        only.map_or_else(|| "all".to_owned(), |only| line(&only.join(", "), 80)),
        state,
        token.used_at.map_or_else(|| "never".to_owned(), day),
    ]
}

fn revoke(edge: &CommandContext, id: i64, who: &AdministratorArgs) -> Result<u8, CommandFailure> {
    let by = who.name(edge)?;
    let name = at_once(edge, async |tx| {
        Ok(access::revoke_token(tx, id, &by, (edge.now)()).await?)
    })?;
    let Some(name) = name else {
        return Err(CommandFailure::nothing(format!("no token {id} is in use"))
            .help("`weir tokens list` shows them"));
    };
    say!("token {id} `{}` is revoked", line(&name, 60));
    Ok(DONE)
}
