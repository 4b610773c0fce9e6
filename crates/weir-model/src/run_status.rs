//! How runs and their reads are recorded while they go and once they have ended.

use crate::text_enum::text_enum;

text_enum!(
    /// How a run stands.
    RunStatus, "status of a run", {
        /// It runs.
        Running = "running",
        /// It came to its end.
        Done = "done",
        /// It, or a source of it, failed.
        Failed = "failed",
        /// It was stopped.
        Interrupted = "interrupted",
    }
);

text_enum!(
    /// How a read is recorded: under way, or as its [`ReadState`](super::ReadState) says.
    ReadStatus, "state of a read", {
        /// It is under way, or its run died.
        Reading = "reading",
        /// All was read.
        Complete = "complete",
        /// All was read, and there was nothing.
        Empty = "empty",
        /// Something is missing.
        Partial = "partial",
        /// The source refuses Weir.
        Blocked = "blocked",
        /// The source does not answer.
        Unreachable = "unreachable",
    }
);

impl ReadStatus {
    /// Whether everything that the source has was read.
    pub fn is_whole(self) -> bool {
        matches!(self, ReadStatus::Complete | ReadStatus::Empty)
    }
}
