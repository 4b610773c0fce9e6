//! Progress during a run: bars on a terminal, JSON lines for machines, otherwise nothing.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weir_runtime::engine::{RunEvent, RunWatcher};

/// Nothing is shown.
pub fn quiet() -> RunWatcher {
    Arc::new(|_| ControlFlow::Continue(()))
}

/// Every event as a line of JSON, printed by `print`. A reader that has gone away stops the run.
pub fn json_lines(print: fn(&str) -> std::io::Result<()>) -> RunWatcher {
    Arc::new(move |event| {
        let line = serde_json::to_string(event).unwrap_or_default();
        match print(&format!("{line}\n")) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })
}

/// A bar for each source, on the terminal.
pub fn bars() -> RunWatcher {
    let bars = Arc::new(Mutex::new(ProgressBars {
        all: MultiProgress::new(),
        sources: HashMap::new(),
    }));
    Arc::new(move |event| {
        bars.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .see(event);
        ControlFlow::Continue(())
    })
}

/// A bar for a download, on the terminal: the function hears how many bytes have come.
pub fn download_bar(bytes: Option<u64>) -> impl Fn(u64) {
    let bar = bytes.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let shape = if bytes.is_some() {
        "{bar:30} {bytes} of {total_bytes} ({bytes_per_sec})"
    } else {
        "{spinner} {bytes} ({bytes_per_sec})"
    };
    if let Ok(style) = ProgressStyle::with_template(shape) {
        bar.set_style(style);
    }
    move |come| {
        bar.set_position(come);
        if Some(come) == bytes {
            bar.finish_and_clear();
        }
    }
}

struct ProgressBars {
    all: MultiProgress,
    sources: HashMap<(String, String), ProgressLine>,
}

struct ProgressLine {
    bar: ProgressBar,
    read: usize,
    derived: usize,
}

impl ProgressBars {
    fn see(&mut self, event: &RunEvent) {
        match event {
            RunEvent::PageStored {
                institution,
                source,
                documents,
                ..
            } => self.add(institution, source, *documents, 0),
            RunEvent::BatchWritten {
                institution,
                source,
                ads,
                ..
            } => self.add(institution, source, 0, *ads),
            RunEvent::SourceSettled {
                institution,
                source,
                ..
            } => {
                if let Some(line) = self.sources.remove(&(institution.clone(), source.clone())) {
                    line.bar.finish_and_clear();
                }
            }
            RunEvent::RunFinished { institution, .. } => self.sources.retain(|(of, _), line| {
                if of == institution {
                    line.bar.finish_and_clear();
                }
                of != institution
            }),
            _ => {}
        }
    }

    fn add(&mut self, institution: &str, source: &str, read: usize, derived: usize) {
        let all = &self.all;
        let line = self
            .sources
            .entry((institution.to_owned(), source.to_owned()))
            .or_insert_with(|| {
                let bar = all.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                    bar.set_style(style);
                }
                bar.enable_steady_tick(Duration::from_millis(120));
                ProgressLine {
                    bar,
                    read: 0,
                    derived: 0,
                }
            });
        line.read += read;
        line.derived += derived;
        line.bar.set_message(format!(
            "{institution} {source}: {} ads read, {} derived",
            line.read, line.derived
        ));
    }
}
