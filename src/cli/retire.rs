//! `weir retire`.

use super::database::{Database, block_on};
use super::{At, DONE, Edge, Failure};
use crate::plan::compile::institution_id;
use crate::store::{Stream, figures, settle};
use sqlx::Connection;

/// Archive the open jobs of an institution or source on purpose.
#[derive(clap::Args)]
pub struct Retire {
    /// The institution
    institution: String,
    /// The source; all sources of the institution if none is named
    source: Option<String>,
    /// Why, for the record
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    at: At,
}

impl Retire {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let checked = edge.checked();
        let plan = checked.institutions.iter().find(|one| one.slug == self.institution).and_then(|one| one.plan());
        // An institution that is gone from the YAML can still be retired by its name.
        let institution = plan.map_or_else(|| institution_id(&self.institution), |plan| plan.tenant.id);
        block_on(async {
            let database = Database::open(edge).await?;
            let mut connection = database.store.connection().await?;
            let known = figures::known_sources(&mut connection, institution).await?;
            let chosen: Vec<String> = known.into_iter().filter(|source| self.source.as_ref().is_none_or(|wanted| wanted == source)).collect();
            if chosen.is_empty() {
                say!("no open jobs there: nothing to retire");
            }
            for source in chosen {
                let mut tx = connection.begin().await?;
                let stream = Stream { institution, source: source.clone() };
                let retired = settle::retire_by_person(&mut tx, &stream, self.at.clock(edge), &edge.person(), &self.reason).await?;
                tx.commit().await?;
                say!("{source}: {} jobs archived", retired.len());
            }
            drop(connection);
            database.close().await?;
            Ok(DONE)
        })?
    }
}
