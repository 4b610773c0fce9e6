//! Turns events and tables into output for people: the summary of a run, progress on a terminal,
//! JSON lines, the daily report. Read-only: nothing here decides or writes anything. To add a
//! report, add a file that reads the same data.

mod ad_examples;
pub mod alerts;
pub mod biography;
pub mod classes;
pub mod columns;
pub mod companies;
pub mod daily;
pub mod difference;
pub mod duplicates;
pub mod graph;
pub mod health;
pub mod history;
pub mod holds;
pub mod ink;
pub mod keys;
pub mod metrics;
pub mod morning;
pub mod page;
pub mod progress;
pub mod quality;
pub mod records;
pub mod rehearsal;
pub mod rollback;
pub mod rule_comparison;
pub mod rule_history;
pub mod runs;
pub mod schedule;
pub mod status;
pub mod summary;
pub mod test;
