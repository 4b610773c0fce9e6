//! Scans the text of a date piece by piece. Lowercase only: [`tidy`] takes care of that.

/// Letters of the longest text that is looked at.
const LONGEST: usize = 120;

/// The text in lowercase with single spaces and plain hyphens, without invisible characters. `None`
/// if it is too long for a date, or blank.
pub fn tidy(text: &str) -> Option<String> {
    let mut tidy = String::with_capacity(text.len().min(LONGEST));
    for (count, letter) in text.trim().chars().enumerate() {
        match letter {
            _ if count >= LONGEST => return None,
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' => tidy.push('-'),
            _ if letter.is_whitespace() && tidy.ends_with(' ') => {}
            _ if letter.is_whitespace() => tidy.push(' '),
            _ => tidy.extend(letter.to_lowercase()),
        }
    }
    let length = tidy.trim_end().len();
    tidy.truncate(length);
    let blank = tidy.len() - tidy.trim_start().len();
    tidy.drain(..blank);
    (!tidy.is_empty()).then_some(tidy)
}

/// What is left of a tidy text.
#[derive(Debug, Clone, Copy)]
pub struct DateScanner<'t> {
    rest: &'t str,
}

impl<'t> DateScanner<'t> {
    /// At the beginning of a text.
    pub fn new(text: &'t str) -> DateScanner<'t> {
        DateScanner { rest: text }
    }

    /// The remaining text.
    pub fn rest(&self) -> &'t str {
        self.rest
    }

    /// Whether everything has been consumed.
    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Consumes these characters, if they come next.
    pub fn eat(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Skips whitespace.
    pub fn pass_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// How many digits come next.
    pub fn digits(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// Takes a number of at least and at most so many digits.
    pub fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.digits().min(most);
        let (digits, rest) = self.rest.split_at(count);
        let number = digits.parse().ok().filter(|_| count >= least)?;
        self.rest = rest;
        Some(number)
    }

    /// Consumes a number that no further digit follows.
    pub fn whole_number(&mut self, least: usize, most: usize) -> Option<u32> {
        if self.digits() > most {
            None
        } else {
            self.number(least, most)
        }
    }

    /// Consumes the letters that come next.
    pub fn word(&mut self) -> &'t str {
        self.take_while(char::is_alphabetic)
    }

    /// Consumes matching characters.
    pub fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let end = self
            .rest
            .find(|letter| !is_part(letter))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Whether a letter comes next.
    pub fn is_at_letter(&self) -> bool {
        self.rest.starts_with(char::is_alphabetic)
    }

    /// Takes a decimal fraction, if one comes next: `.573`, `,5`.
    pub fn pass_fraction(&mut self) {
        let behind = self.rest.strip_prefix(['.', ',']);
        if let Some(behind) =
            behind.filter(|behind| behind.starts_with(|letter: char| letter.is_ascii_digit()))
        {
            self.rest = behind.trim_start_matches(|letter: char| letter.is_ascii_digit());
        }
    }
}
