//! Weir by itself: what is due goes into a queue, workers claim it and run it. Any number of
//! processes share the work over PostgreSQL; one of them, whoever holds the lease, carries out the
//! schedule.
//!
//! ```text
//!   calendar    what is due, from schedules, marks, pauses and an instant     pure
//!   protocol    what may happen to a unit of work, and what then holds        pure, checked exhaustively
//!   scheduler   the leader: puts what is due into the queue, under its fence
//!   worker      claims units, runs them, says that it goes on, writes their end
//!   foreseen    what a dry run leaves: its plan of jobs, in tables
//!   plans       the plans of today: files are looked at before each run
//!   shared_manners   one pace and one robots.txt for each host, whoever asks it
//!   snapshot    the files of a project, for workers without its folder
//! ```
//!
//! Must never decide by the clock of one machine who has what (leases live by the server's), keep a
//! transaction open, or hold up one institution because of another.

pub mod calendar;
mod foreseen;
pub mod plans;
pub mod protocol;
pub mod scheduler;
pub mod shared_manners;
pub mod snapshot;
pub mod worker;

pub use plans::{PlanSet, ProjectOrigin};
pub use scheduler::Scheduler;
pub use worker::{WorkNotice, Worker};
