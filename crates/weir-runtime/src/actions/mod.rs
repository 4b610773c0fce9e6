//! What an operator decides, as calls: release or discard a hold, retry or discard a failure,
//! retire a source, take two jobs for one opening or for two, look after an alert, pause a
//! schedule, remove what is no longer kept or was to be forgotten, save an edited rule file, ask for a
//! dry run, spread the database over several machines.
//!
//! The command line and a server are two faces of the same calls. Each works inside the transaction
//! of [`person::decide`](crate::engine::person::decide), so that it is done under the lock of the
//! institution, all of it or nothing. Nothing here prints, asks, or reads the clock or the
//! environment, and effects are values: the faces find the words. To add a decision, add a file
//! here, a command in `cli`, and its sentence in `report`.

pub mod access;
pub mod alerts;
pub mod companies;
pub mod distribution;
pub mod dry_runs;
pub mod duplicates;
pub mod failures;
pub mod forgetting;
pub mod hold_causes;
pub mod holds;
pub mod pauses;
pub mod retention;
pub mod retire;
pub mod rule_drafts;
pub mod ruling;
