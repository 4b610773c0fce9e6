//! The integration tests, in one binary: they run the real plan against a real PostgreSQL.
//!
//! `WEIR_BLESS=1` rewrites expected files; look at the difference before you commit it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a test prints as it likes"
)]

#[path = "suite/access.rs"]
mod access;
#[path = "suite/alerts.rs"]
mod alerts;
#[path = "suite/analysts.rs"]
mod analysts;
#[path = "suite/answers.rs"]
mod answers;
#[path = "suite/api.rs"]
mod api;
#[path = "suite/bench.rs"]
mod bench;
#[path = "suite/biographies.rs"]
mod biographies;
#[path = "suite/browser.rs"]
mod browser;
#[path = "suite/clock_jumps.rs"]
mod clock_jumps;
#[path = "suite/clocks.rs"]
mod clocks;
#[path = "suite/cluster.rs"]
mod cluster;
#[path = "suite/companies.rs"]
mod companies;
#[path = "suite/connectors.rs"]
mod connectors;
#[path = "suite/crashes.rs"]
mod crashes;
#[path = "suite/decided.rs"]
mod decided;
#[path = "suite/decisions.rs"]
mod decisions;
#[path = "suite/distribution.rs"]
mod distribution;
#[path = "suite/drafts.rs"]
mod drafts;
#[path = "suite/dry_runs.rs"]
mod dry_runs;
#[path = "suite/evaluations.rs"]
mod evaluations;
#[path = "suite/exports.rs"]
mod exports;
#[path = "suite/faults.rs"]
mod faults;
#[path = "suite/feeds.rs"]
mod feeds;
#[path = "suite/fingerprints.rs"]
mod fingerprints;
#[path = "suite/followers.rs"]
mod followers;
#[path = "suite/forgetting.rs"]
mod forgetting;
#[path = "suite/full_disks.rs"]
mod full_disks;
#[path = "suite/hostile_database.rs"]
mod hostile_database;
#[path = "suite/house.rs"]
mod house;
#[path = "suite/house_imports.rs"]
mod house_imports;
#[path = "suite/house_names.rs"]
mod house_names;
#[path = "suite/http.rs"]
mod http;
#[path = "suite/installation.rs"]
mod installation;
#[path = "suite/lab.rs"]
mod lab;
#[path = "suite/last_good.rs"]
mod last_good;
#[path = "suite/lease_protocol.rs"]
mod lease_protocol;
#[path = "suite/limits.rs"]
mod limits;
#[path = "suite/logs.rs"]
mod logs;
#[path = "suite/losses.rs"]
mod losses;
#[path = "suite/metrics.rs"]
mod metrics;
#[path = "suite/mistakes.rs"]
mod mistakes;
#[path = "suite/mornings.rs"]
mod mornings;
#[path = "suite/openings.rs"]
mod openings;
#[path = "suite/operations.rs"]
mod operations;
#[path = "suite/orchestration.rs"]
mod orchestration;
#[path = "suite/page_decisions.rs"]
mod page_decisions;
#[path = "suite/page_looks.rs"]
mod page_looks;
#[path = "suite/people.rs"]
mod people;
#[path = "suite/pictures.rs"]
mod pictures;
#[path = "suite/plans.rs"]
mod plans;
#[path = "suite/presence.rs"]
mod presence;
#[path = "suite/projects.rs"]
mod projects;
#[path = "suite/promises.rs"]
mod promises;
#[path = "suite/proofs.rs"]
mod proofs;
#[path = "suite/readable.rs"]
mod readable;
#[path = "suite/reference.rs"]
mod reference;
#[path = "suite/refusals.rs"]
mod refusals;
#[path = "suite/rehearsals.rs"]
mod rehearsals;
#[path = "suite/replay.rs"]
mod replay;
#[path = "suite/retention.rs"]
mod retention;
#[path = "suite/roles.rs"]
mod roles;
#[path = "suite/rollbacks.rs"]
mod rollbacks;
#[path = "suite/rule_versions.rs"]
mod rule_versions;
#[path = "suite/schemas.rs"]
mod schemas;
#[path = "suite/served.rs"]
mod served;
#[path = "suite/shared_manners.rs"]
mod shared_manners;
#[path = "suite/sitemaps.rs"]
mod sitemaps;
#[path = "suite/snapshots.rs"]
mod snapshots;
#[path = "suite/soaks.rs"]
mod soaks;
#[path = "suite/sources.rs"]
mod sources;
#[path = "suite/starters.rs"]
mod starters;
#[path = "suite/statistics.rs"]
mod statistics;
#[path = "suite/testing.rs"]
mod testing;
#[path = "suite/upgrades.rs"]
mod upgrades;
#[path = "suite/walkthroughs.rs"]
mod walkthroughs;
#[path = "suite/watching.rs"]
mod watching;
#[path = "suite/ways_out.rs"]
mod ways_out;
#[path = "suite/web.rs"]
mod web;
#[path = "suite/workbench.rs"]
mod workbench;
