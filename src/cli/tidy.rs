//! `weir db tidy`: removes finished work that nobody needs, and what `retention:` of `weir.yaml` no
//! longer keeps.

use super::database::Database;
use super::{CommandContext, CommandFailure, DONE, FAILED, identity};
use crate::actions::retention::{self, RemovalLine};
use crate::config::identity::FILE;
use crate::engine::person::DecisionScope;
use crate::model::RetentionPolicy;
use crate::orchestration::worker::{KEPT, REPLACED_FILES_KEPT};
use crate::plan::picture::thousands;
use crate::report::columns::{columns, counted, size};
use crate::store::{DatabaseDemand, PgConnection, Store, host_turns, projects, queue, snapshots};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// Removes what nobody needs.
#[derive(clap::Args, Clone)]
#[command(
    after_help = "Without `retention:` in weir.yaml, only finished work and turns at hosts are \
                  removed. An institution that is running is left for the next time."
)]
pub struct TidyArgs {
    /// Show what would be removed, and how many bytes it holds; remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Who removes it, for the record; by default the user of this session
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a sweep did.
#[derive(Default)]
struct SweepOutcome {
    units: u64,
    hosts: u64,
    versions: u64,
    lines: Vec<RemovalLine>,
    left: Vec<(String, String)>,
}

impl TidyArgs {
    pub(super) async fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let policy = policy(edge)?;
        let demand = if self.dry_run {
            DatabaseDemand::READ
        } else {
            DatabaseDemand::DECIDE
        };
        let database = Database::open(edge, demand).await?;
        let store = database.store.clone().of_project(identity::known(edge)?);
        let swept = self.sweep(edge, &store, &policy).await;
        drop(store);
        database.close().await?;
        let swept = swept?;
        if self.json {
            say!("{:#}", swept.json(self.dry_run));
        } else {
            put!("{}", swept.text(self.dry_run, &policy));
        }
        for (slug, why) in &swept.left {
            tell!("left for the next time: {slug}: {why}");
        }
        Ok(if swept.left.is_empty() { DONE } else { FAILED })
    }

    async fn sweep(
        &self,
        edge: &CommandContext,
        store: &Store,
        policy: &RetentionPolicy,
    ) -> Result<SweepOutcome, CommandFailure> {
        let mut swept = SweepOutcome::default();
        let mut connection = store.connection().await?;
        if !self.dry_run {
            (swept.units, swept.hosts) = sweep_work(&mut connection).await?;
            swept.versions = snapshots::sweep(&mut connection, REPLACED_FILES_KEPT).await?;
        }
        if policy.ages().next().is_none() {
            return Ok(swept);
        }
        let own = match store.identity() {
            Some(own) => projects::institutions_of(&mut connection, &own.project).await?,
            None => Vec::new(),
        };
        drop(connection);
        let now = (edge.now)();
        for (institution, slug) in &own {
            self.remove(edge, store, (*institution, slug), policy, now, &mut swept)
                .await?;
        }
        Ok(swept)
    }

    async fn remove(
        &self,
        edge: &CommandContext,
        store: &Store,
        (institution, slug): (Uuid, &str),
        policy: &RetentionPolicy,
        now: DateTime<Utc>,
        swept: &mut SweepOutcome,
    ) -> Result<(), CommandFailure> {
        let whose = DecisionScope {
            institution,
            slug,
            at: None,
            allow_future: false,
            wait: false,
        };
        if self.dry_run {
            let lines = retention::foresee(store, whose, policy, now).await?;
            swept.lines.extend(lines);
            return Ok(());
        }
        let by = edge.person(self.by.as_deref())?;
        match retention::remove(store, whose, policy, now, &by).await {
            Ok(lines) => swept.lines.extend(lines),
            // One institution that runs does not stop the others.
            Err(error) => swept.left.push((slug.to_owned(), error.to_string())),
        }
        Ok(())
    }
}

/// What the project does not keep; refused where its file cannot be read, lest too much goes.
fn policy(edge: &CommandContext) -> Result<RetentionPolicy, CommandFailure> {
    let checked = edge.checked();
    if checked.diagnostics.has_errors_in(FILE) {
        return Err(CommandFailure::nothing(format!("`{FILE}` has errors"))
            .help("`weir check` shows them; nothing was removed"));
    }
    Ok(checked.retention)
}

/// Finished work, in small batches, so that nobody waits for it.
async fn sweep_work(connection: &mut PgConnection) -> Result<(u64, u64), CommandFailure> {
    let mut units = 0;
    loop {
        match queue::sweep(connection, KEPT).await? {
            0 => break,
            swept => units += swept,
        }
    }
    Ok((units, host_turns::forget(connection).await?))
}

impl SweepOutcome {
    fn json(&self, dry_run: bool) -> serde_json::Value {
        json!({
            "format": 1, "dry_run": dry_run, "units": self.units, "hosts": self.hosts, "project_versions": self.versions, "removed": self.lines,
            "left": self.left.iter().map(|(slug, why)| json!({ "institution": slug, "why": why })).collect::<Vec<_>>(),
        })
    }

    fn text(&self, dry_run: bool, policy: &RetentionPolicy) -> String {
        let mut out = String::new();
        if !dry_run {
            out = format!(
                "removed {} of finished work, {} and {} of the project's files\n",
                whole(self.units, "unit"),
                whole(self.hosts, "host"),
                whole(self.versions, "version")
            );
        }
        if policy.ages().next().is_none() {
            return out + "`retention:` of weir.yaml removes nothing: everything is kept\n";
        }
        if self.lines.is_empty() {
            return out + "nothing is older than `retention:` of weir.yaml keeps\n";
        }
        let verb = if dry_run { "would remove" } else { "removed" };
        let held = if dry_run { "about" } else { "bytes" };
        let head = ["institution", verb, "older than", "rows", held]
            .map(str::to_owned)
            .to_vec();
        let rows = self.lines.iter().map(|line| {
            vec![
                line.institution.clone(),
                line.kind.to_string(),
                line.older_than.format("%Y-%m-%d").to_string(),
                thousands(line.extent.row_count),
                size(line.extent.bytes),
            ]
        });
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        out + columns(&rows, 3).as_str()
    }
}

fn whole(number: u64, thing: &str) -> String {
    counted(usize::try_from(number).unwrap_or(usize::MAX), thing)
}
