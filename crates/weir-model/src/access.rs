//! What people and programs may do with the pages and the API.

use crate::text_enum::text_enum;

text_enum!(
    /// What a person may do; each may do what those before may.
    AccessRole, "role", {
        /// Sees.
        Look = "look",
        /// Decides.
        Operate = "operate",
        /// Changes the files of the project.
        Edit = "edit",
    }
);

text_enum!(
    /// What a program may do.
    TokenScope, "scope", {
        /// Reads the API.
        Read = "read",
        /// Sees contacts of recruiters in it.
        Contacts = "contacts",
        /// Reads the metrics.
        Metrics = "metrics",
    }
);
