//! Boards of all institutions and sources, day by day, ad by ad: nothing is kept in memory.

use crate::advert::{self, Spot};
use crate::lexicon::Lexicon;
use crate::options::Options;
use crate::truth::{Name, Pairs, Truth};
use crate::vacancy::{Listing, Vacancy, put_up};
use std::fs::{self, File};
use std::io::{BufWriter, Result, Write};

/// The name of an institution.
pub fn institution(number: u64) -> String {
    format!("inst-{number:03}")
}

/// The name of a source.
pub fn source(number: u64) -> String {
    format!("board-{number}")
}

/// Writes every day, board and truth.
///
/// # Errors
/// A file cannot be written.
pub fn write_all(options: &Options) -> Result<()> {
    fs::create_dir_all(&options.out)?;
    let lexicon = Lexicon::new();
    let mut pairs = Pairs::new(&options.out)?;
    for day in options.written_days() {
        let mut truth = Truth::new(&options.out, day)?;
        for inst in 0..options.institutions {
            fs::create_dir_all(options.out.join(institution(inst)))?;
            for source in 0..options.sources {
                let mut page = Page {
                    options,
                    lexicon: &lexicon,
                    day,
                    source,
                };
                page.write(inst, &mut truth, &mut pairs)?;
            }
        }
        truth.end()?;
    }
    pairs.end()
}

/// One source on one day.
struct Page<'o> {
    options: &'o Options,
    lexicon: &'o Lexicon,
    day: u64,
    source: u64,
}

impl Page<'_> {
    fn write(&mut self, inst: u64, truth: &mut Truth, pairs: &mut Pairs) -> Result<()> {
        let file = format!(
            "{}/{}-{}.ndjson",
            institution(inst),
            source(self.source),
            self.day
        );
        let mut out = BufWriter::new(File::create(self.options.out.join(file))?);
        for home in 0..self.options.sources {
            for vacancy in put_up(self.options, inst, home, self.day) {
                self.write_vacancy(&vacancy, &mut out, truth, pairs)?;
            }
        }
        out.flush()
    }

    fn write_vacancy(
        &self,
        vacancy: &Vacancy,
        out: &mut impl Write,
        truth: &mut Truth,
        pairs: &mut Pairs,
    ) -> Result<()> {
        let before = self
            .day
            .checked_sub(1)
            .and_then(|day| self.listed(vacancy, day));
        let now = self.listed(vacancy, self.day);
        let places = if self.source == vacancy.source {
            vacancy.places(self.options)
        } else {
            1
        };
        for place in 0..places {
            let spot = Spot {
                source: self.source,
                place,
            };
            if let Some(listing) = now {
                let (lexicon, options) = (self.lexicon, self.options);
                writeln!(
                    out,
                    "{}",
                    advert::line(lexicon, options, vacancy, listing, spot)
                )?;
                if before.is_none_or(|before| before.generation < listing.generation) {
                    self.pairs(vacancy, listing, spot, pairs)?;
                }
            }
            self.truth(vacancy, before, now, spot, truth)?;
        }
        Ok(())
    }

    fn listed(&self, vacancy: &Vacancy, day: u64) -> Option<Listing> {
        match self.source == vacancy.source {
            true => vacancy.at_home(self.options, day),
            false => vacancy.elsewhere(self.options, self.source, day),
        }
    }

    fn name(&self, vacancy: &Vacancy, listing: Listing, spot: Spot) -> Name {
        Name {
            institution: institution(vacancy.institution),
            source: source(spot.source),
            id: advert::id(self.options, vacancy, listing, spot),
        }
    }

    /// What became of a listing since the day before.
    fn truth(
        &self,
        vacancy: &Vacancy,
        before: Option<Listing>,
        now: Option<Listing>,
        spot: Spot,
        truth: &mut Truth,
    ) -> Result<()> {
        let is_home = self.source == vacancy.source;
        let invalid = is_home && vacancy.fault(self.options).is_some();
        let events = match (before, now) {
            (None, Some(now)) => vec![(now, if invalid { "invalid" } else { "create" })],
            (Some(before), None) => vec![(before, "archive")],
            (Some(before), Some(now)) if before.generation < now.generation => {
                vec![(before, "archive"), (now, "create")]
            }
            (Some(before), Some(now)) if before.revision < now.revision => vec![(now, "update")],
            _ => Vec::new(),
        };
        let told = events
            .into_iter()
            .filter(|(_, event)| !invalid || *event == "invalid");
        told.into_iter().try_for_each(|(listing, event)| {
            truth.event(
                &self.name(vacancy, listing, spot),
                event,
                &vacancy.opening(),
            )
        })
    }

    /// What a new listing is to those that are there already.
    fn pairs(
        &self,
        vacancy: &Vacancy,
        listing: Listing,
        spot: Spot,
        pairs: &mut Pairs,
    ) -> Result<()> {
        let (this, home) = (
            self.name(vacancy, listing, spot),
            Spot {
                source: vacancy.source,
                place: 0,
            },
        );
        if spot.source != vacancy.source {
            pairs.pair(&self.name(vacancy, listing, home), &this, "same")?;
        } else if spot.place > 0 {
            pairs.pair(&self.name(vacancy, listing, home), &this, "parallel")?;
        }
        if let Some(earlier) = listing.generation.checked_sub(1) {
            let earlier = Listing {
                generation: earlier,
                ..listing
            };
            pairs.pair(&self.name(vacancy, earlier, spot), &this, "repost")?;
        }
        Ok(())
    }
}
