//! What a command needs of the database: said before it starts, checked by `preflight`.

/// What a command does to the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableUse {
    /// It reads: `SELECT` is enough.
    Read,
    /// It writes rows.
    Write,
    /// It creates and changes tables, and nothing else.
    Migrate,
}

/// What a command needs of the database.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseDemand {
    /// What it does.
    pub need: TableUse,
    /// Connections without which it cannot work.
    pub least: u32,
    /// Connections that it can use.
    pub most: u32,
    /// Whether the server is the private one: nobody else uses it, and its tables are always
    /// migrated.
    pub is_private: bool,
}

impl DatabaseDemand {
    /// One connection to read with.
    pub const READ: DatabaseDemand = DatabaseDemand {
        need: TableUse::Read,
        least: 1,
        most: 4,
        is_private: false,
    };
    /// Reading for judging stored ads: each batch takes a connection.
    pub const JUDGE: DatabaseDemand = DatabaseDemand {
        most: 12,
        ..DatabaseDemand::READ
    };
    /// A lock, and a connection under it.
    pub const DECIDE: DatabaseDemand = DatabaseDemand {
        need: TableUse::Write,
        least: 2,
        most: 4,
        is_private: false,
    };
    /// The tables alone.
    pub const MIGRATE: DatabaseDemand = DatabaseDemand {
        need: TableUse::Migrate,
        least: 1,
        most: 1,
        is_private: false,
    };

    /// Writing with at most so many connections.
    pub fn writing(most: u32) -> DatabaseDemand {
        DatabaseDemand {
            need: TableUse::Write,
            least: 1,
            most,
            is_private: false,
        }
    }
}
