//! Whoever must know is told: alerts are judged over figures, notices recorded, and sent.
//!
//! ```text
//! figures -- judge --> alert_states, alert_causes, notices -- deliver_due --> channels
//! ```
//!
//! [`judge`] decides, in one transaction; [`report_if_due`] makes the daily report,
//! [`tell_ended_runs`] records runs that have ended; [`deliver_due`] sends what is due. All are
//! given the time, work without a server, and can run in several processes at once. Conditions are
//! pure ([`weir_project::plan::alerts`]), and so are the states ([`weir_model::alert_state`]).
//!
//! To add a figure: [`weir_project::plan::figures`] and [`subject`]. To add a kind of channel: a variant
//! of `ChannelSpec`, its compile step in [`weir_project::plan::channels`], its arm in [`sender`].

mod daily;
mod delivery;
mod judge;
mod message;
mod runs;
mod sender;
pub mod subject;

pub use daily::report_if_due;
pub use delivery::{DeliveryOutcome, deliver_due};
pub use judge::{AlertJudging, JudgingOutcome, judge};
pub use message::{AlertMessage, test_message};
pub use runs::tell_ended_runs;
pub use sender::NoticeSender;
