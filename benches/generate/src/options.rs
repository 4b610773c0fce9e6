//! The arguments of the command.

use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
Writes job boards for benchmarks and loads, always the same for the same arguments

usage: weir-generate [OPTIONS] --out DIR

  --out DIR            where to write: DIR/INSTITUTION/SOURCE-DAY.ndjson, DIR/truth-DAY.ndjson
                       and, with several listings of one vacancy, DIR/pairs.csv
  --ads N              ads of a source on day 0 [1000]
  --days N             how many days, from day 0 [2]
  --only DAY           write this day alone
  --institutions N     how many institutions [1]
  --sources N          sources of each institution [1]
  --seed N             another world [1]
  --project            write an institution's YAML for each, a pipeline and rules, too

shares, each day of all ads of a source:
  --changed SHARE      edited [0.02]
  --gone SHARE         taken down [0.01]
  --new SHARE          put up [0.01]
  --reposts SHARE      of those taken down: come back the next day under a new id [0.1]
shares, of all vacancies:
  --parallel SHARE     listed under several ids, one a place [0.03]
  --across SHARE       listed by each other source, in its own words [0.3]
  --invalid SHARE      without a title, a text or places, or closing before they open [0.03]
";

/// What to write.
#[derive(Debug, Clone)]
pub struct Options {
    pub out: PathBuf,
    pub ads: u64,
    pub days: u64,
    pub only: Option<u64>,
    pub institutions: u64,
    pub sources: u64,
    pub seed: u64,
    pub project: bool,
    pub changed: f64,
    pub gone: f64,
    pub new: f64,
    pub reposts: f64,
    pub parallel: f64,
    pub across: f64,
    pub invalid: f64,
}

impl Options {
    /// The days to write.
    pub fn written_days(&self) -> std::ops::Range<u64> {
        self.only.map_or(0..self.days, |day| day..day + 1)
    }

    fn unset() -> Options {
        Options {
            out: PathBuf::new(),
            ads: 1000,
            days: 2,
            only: None,
            institutions: 1,
            sources: 1,
            seed: 1,
            project: false,
            changed: 0.02,
            gone: 0.01,
            new: 0.01,
            reposts: 0.1,
            parallel: 0.03,
            across: 0.3,
            invalid: 0.03,
        }
    }

    /// The options of a command line.
    ///
    /// # Errors
    /// A sentence about the argument that is wrong.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options::unset();
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            if name == "--project" {
                options.project = true;
                continue;
            }
            let value = rest
                .next()
                .ok_or_else(|| format!("`{name}` needs a value"))?;
            options.set(name, value)?;
        }
        match () {
            () if options.out.as_os_str().is_empty() => Err("`--out` is missing".to_owned()),
            () if options.sources == 0 || options.institutions == 0 => {
                Err("there is nothing to write for no source or no institution".to_owned())
            }
            () => Ok(options),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--out" => self.out = PathBuf::from(value),
            "--ads" => self.ads = number(name, value)?,
            "--days" => self.days = number(name, value)?,
            "--only" => self.only = Some(number(name, value)?),
            "--institutions" => self.institutions = number(name, value)?,
            "--sources" => self.sources = number(name, value)?,
            "--seed" => self.seed = number(name, value)?,
            "--changed" => self.changed = share(name, value)?,
            "--gone" => self.gone = share(name, value)?,
            "--new" => self.new = share(name, value)?,
            "--reposts" => self.reposts = share(name, value)?,
            "--parallel" => self.parallel = share(name, value)?,
            "--across" => self.across = share(name, value)?,
            "--invalid" => self.invalid = share(name, value)?,
            _ => return Err(format!("unknown option `{name}`")),
        }
        Ok(())
    }
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    value
        .parse()
        .map_err(|_| format!("`{name}` must be a whole number, not `{value}`"))
}

fn share(name: &str, value: &str) -> Result<f64, String> {
    let share = value
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("`{name}` must be a share from 0 to 1, not `{value}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn mistakes_are_named() {
        let why = |line| parse(line).unwrap_err();
        assert_eq!(why(""), "`--out` is missing");
        assert_eq!(why("--ads"), "`--ads` needs a value");
        assert_eq!(why("--ads x"), "`--ads` must be a whole number, not `x`");
        assert_eq!(
            why("--gone 2"),
            "`--gone` must be a share from 0 to 1, not `2`"
        );
        assert_eq!(why("--adds 2"), "unknown option `--adds`");
    }

    #[test]
    fn one_day_can_be_written_alone() {
        assert_eq!(parse("--out x --days 5").unwrap().written_days(), 0..5);
        assert_eq!(parse("--out x --only 3").unwrap().written_days(), 3..4);
    }
}
