//! The integration tests, in one binary: they run the real plan against a real PostgreSQL.
//!
//! `WEIR_BLESS=1` rewrites expected files; look at the difference before you commit it.

#[path = "suite/bench.rs"]
mod bench;
#[path = "suite/house.rs"]
mod house;
#[path = "suite/lab.rs"]
mod lab;
#[path = "suite/promises.rs"]
mod promises;
#[path = "suite/replay.rs"]
mod replay;
