//! What one stage did in one run: its row in `run_stages`.

/// What one stage did in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageRecord {
    /// The stage.
    pub stage: String,
    /// The source.
    pub source: String,
    /// Ads that reached it.
    pub rows_in: i64,
    /// Ads that left it for the next.
    pub rows_out: i64,
    /// Ads that it found reasons against, or held.
    pub refused: i64,
    /// Microseconds in it.
    pub micros: i64,
    /// Why it failed.
    pub error: Option<String>,
}
