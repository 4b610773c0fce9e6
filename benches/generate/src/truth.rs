//! What truly happened, for whoever checks what was made of it: an event a line, and pairs of
//! listings that are one vacancy.

use crate::json::JsonObject;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

/// Writes the events of one day, and pairs of all days.
pub struct Truth {
    events: BufWriter<File>,
}

/// One listing, named as Weir names jobs: `institution/source:id`.
#[derive(Debug, Clone)]
pub struct Name {
    pub institution: String,
    pub source: String,
    pub id: String,
}

impl Name {
    fn job(&self) -> String {
        format!("{}/{}:{}", self.institution, self.source, self.id)
    }
}

impl Truth {
    pub fn new(folder: &Path, day: u64) -> Result<Truth> {
        let events = File::create(folder.join(format!("truth-{day}.ndjson")))?;
        Ok(Truth {
            events: BufWriter::new(events),
        })
    }

    /// One event: `create`, `update`, `archive`, or `invalid` for a listing that no rule lets pass.
    pub fn event(&mut self, name: &Name, event: &str, opening: &str) -> Result<()> {
        let mut line = JsonObject::new();
        line.text("institution", &name.institution)
            .text("source", &name.source);
        line.text("id", &name.id)
            .text("event", event)
            .text("opening", opening);
        writeln!(self.events, "{}", line.end())
    }

    pub fn end(mut self) -> Result<()> {
        self.events.flush()
    }
}

/// Writes pairs of listings with what they are to each other: `same`, `parallel`, `repost`.
pub struct Pairs(BufWriter<File>);

impl Pairs {
    pub fn new(folder: &Path) -> Result<Pairs> {
        let mut out = BufWriter::new(File::create(folder.join("pairs.csv"))?);
        writeln!(out, "a,b,label")?;
        Ok(Pairs(out))
    }

    pub fn pair(&mut self, a: &Name, b: &Name, label: &str) -> Result<()> {
        writeln!(self.0, "{},{},{label}", a.job(), b.job())
    }

    pub fn end(mut self) -> Result<()> {
        self.0.flush()
    }
}
