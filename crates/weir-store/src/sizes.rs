//! Bytes of the tables, which belong to the database and not to a run. To ask takes longer than all
//! other statements of a small run, so runs of one process that end within a moment share an
//! answer. Whoever wants the sizes of this instant asks `figures::table_bytes`.

use super::{Result, Store, figures};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long an answer is shared.
const LASTS: Duration = Duration::from_secs(10);

/// The last answer, and when it was given.
pub(super) type LastSizes = Arc<Mutex<Option<(Instant, BTreeMap<String, i64>)>>>;

impl Store {
    /// Bytes of each table with its indexes, as they were at most ten seconds ago.
    ///
    /// # Errors
    /// The database failed.
    pub async fn table_bytes(
        &self,
        connection: &mut PgConnection,
    ) -> Result<BTreeMap<String, i64>> {
        let mut last = self.sizes.lock().await;
        if let Some((_, bytes)) = last.as_ref().filter(|(at, _)| at.elapsed() < LASTS) {
            return Ok(bytes.clone());
        }
        let bytes = figures::table_bytes(connection).await?;
        *last = Some((Instant::now(), bytes.clone()));
        Ok(bytes)
    }
}
