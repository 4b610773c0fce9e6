//! Plans are walked here: a run, a dry run, an applied plan and the days of a test are one walk. What
//! people decide and what is due goes through the same locks. Nothing here prints, or reads the clock
//! or the environment: callers hand them in.
//!
//! The names below are in dependency order. A decision goes into `actions`, for the command line and
//! the pages alike.

pub mod engine;

pub mod actions;

pub mod orchestration;

pub mod export;
pub mod test;
