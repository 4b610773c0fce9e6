//! A text about pay as numbers, words, currencies and signs. Blanks, dashes and quotes of any
//! script are one here, so that the grammar behind it sees one form of each.

use super::number::{NumberStyle, Numeral, numeral};
use super::words::{SIGNS, code, named_money};

/// What a piece of the text is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lexeme {
    /// A number.
    Number(Numeral),
    /// A word in small letters; `p.a.` is `pa`.
    Word(String),
    /// A sign, code or name of a currency, and which, where it says so.
    Money(Option<&'static str>),
    /// Another sign.
    Sign(char),
    /// The end of a sentence or line.
    Break,
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// What it is.
    pub(super) what: Lexeme,
    /// Whether it follows the piece before it without a blank.
    pub(super) is_glued: bool,
    /// Whether it is one letter or sign that stands before a number: `$`, and not `AUD`.
    pub(super) is_symbol: bool,
}

impl Token {
    /// The word, if it is one.
    pub(super) fn word(&self) -> Option<&str> {
        if let Lexeme::Word(word) = &self.what {
            Some(word)
        } else {
            None
        }
    }

    /// Whether it is this sign.
    pub(super) fn is(&self, sign: char) -> bool {
        self.what == Lexeme::Sign(sign)
    }
}

/// Words after which a full stop ends nothing.
const ABBREVIATIONS: [&str; 34] = [
    "approx", "ca", "max", "min", "incl", "inc", "excl", "ex", "est", "no", "hr", "hrs", "yr",
    "yrs", "wk", "mth", "rs", "sfr", "mind", "brutto", "std", "mtl", "jato", "env", "lvl", "gr",
    "cl", "ref", "réf", "nr", "num", "req", "máx", "mín",
];

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let letters = with_points(text.chars().map(plain).collect());
    let style = NumberStyle::of(&letters);
    let has_rand = has_rand(&letters, style);
    let mut lexer = Lexer {
        letters: &letters,
        at: 0,
        found: Vec::new(),
        is_glued: false,
    };
    while let Some(letter) = letters.get(lexer.at).copied() {
        match letter {
            ' ' => lexer.pass(),
            ';' | '!' | '?' | '|' | '•' | '·' => lexer.push(Lexeme::Break, 1),
            _ if letter.is_ascii_digit() => lexer.number(style),
            // Digits of other scripts are no numbers to us, and not to be passed by.
            _ if letter.is_numeric() => lexer.push(Lexeme::Number(UNREAD), 1),
            _ if lexer.money() => {}
            'R' if has_rand && lexer.rand(style) => {}
            _ if letter.is_alphabetic() && lexer.unknown_money(style) => {}
            _ if letter.is_alphabetic() => lexer.word(),
            '.' => lexer.full_stop(),
            _ => lexer.sign(letter),
        }
    }
    lexer.found
}

/// From here on letters are those of scripts that put no blanks between words.
const WIDE: char = '\u{2e80}';

const UNREAD: Numeral = Numeral {
    amount: None,
    digits: 1,
    is_plain: false,
    is_padded: false,
    is_dotted: false,
    is_spaced: false,
    is_grouped: false,
};

/// `45·50`: the British point is raised.
fn with_points(mut letters: Vec<char>) -> Vec<char> {
    for at in 1..letters.len().saturating_sub(1) {
        let is_point = matches!(
            letters[at],
            '\u{b7}' | '\u{2024}' | '\u{2027}' | '\u{2219}' | '\u{22c5}'
        );
        if is_point && letters[at - 1].is_ascii_digit() && letters[at + 1].is_ascii_digit() {
            letters[at] = '.';
        }
    }
    letters
}

/// Whether some `R` in a text is the rand: `R25 000`, `R450 per hour`. `R12345` is a reference.
fn has_rand(letters: &[char], style: NumberStyle) -> bool {
    (0..letters.len()).any(|at| {
        rand_number(letters, at, style).is_some_and(|(end, number)| {
            let behind: String = letters[end..].iter().take(12).collect();
            let behind = behind.trim_start();
            let is_timed = ["per ", "/", "p/", "p.", "pm", "pa", "ph", "pd", "an ", "a "]
                .iter()
                .any(|period| behind.to_lowercase().starts_with(period));
            let has_cents = !number.is_plain && number.amount.is_some();
            number.is_grouped || has_cents || behind.starts_with(['k', 'K']) || is_timed
        })
    })
}

/// The number after an `R` that no letter or digit precedes.
fn rand_number(letters: &[char], at: usize, style: NumberStyle) -> Option<(usize, Numeral)> {
    let is_inside = at > 0 && (letters[at - 1].is_alphanumeric() || letters[at - 1] == '_');
    let start = at + 1 + usize::from(letters.get(at + 1) == Some(&' '));
    let is_number = letters.get(start).is_some_and(char::is_ascii_digit);
    if letters[at] != 'R' || is_inside || !is_number {
        return None;
    }
    let (end, number) = numeral(letters, start, style);
    let has_k = matches!(letters.get(end), Some('k' | 'K'))
        && !letters
            .get(end + 1)
            .is_some_and(|next| next.is_alphanumeric());
    (number.digits >= 3 || has_k).then_some((end, number))
}

/// Dashes, blanks, quotes and wide letters in their plainest form.
fn plain(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).map_or(letter, plain),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '~' | '\u{301c}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '`' | '\u{b4}' => '\'',
        '\u{ffe5}' => '¥',
        '\u{ffe1}' => '£',
        '\n' | '\r' => ';',
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => ' ',
        _ if letter.is_whitespace() => ' ',
        _ => letter,
    }
}

struct Lexer<'l> {
    letters: &'l [char],
    at: usize,
    found: Vec<Token>,
    is_glued: bool,
}

impl Lexer<'_> {
    fn pass(&mut self) {
        self.at += 1;
        self.is_glued = false;
    }

    fn push(&mut self, what: Lexeme, length: usize) {
        self.put(what, length, false);
    }

    fn put(&mut self, what: Lexeme, length: usize, is_symbol: bool) {
        self.found.push(Token {
            what,
            is_glued: self.is_glued,
            is_symbol,
        });
        self.at += length;
        self.is_glued = true;
    }

    fn next(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn number(&mut self, style: NumberStyle) {
        let (mut end, mut numeral) = numeral(self.letters, self.at, style);
        if self.letters.get(end) == Some(&'¢') {
            (end, numeral.amount) = (end + 1, None);
        }
        self.push(Lexeme::Number(numeral), end - self.at);
        self.ending();
    }

    /// What ends an amount without saying anything: `25,000/-`, `100.-`.
    fn ending(&mut self) {
        let says_nothing = matches!(
            (self.next(0), self.next(1)),
            (Some('/' | '.' | ','), Some('-'))
        );
        let length = if self.next(2) == Some('-') { 3 } else { 2 };
        let ends = self
            .next(length)
            .is_none_or(|next| matches!(next, ' ' | ';' | ')' | ',' | '/' | '-'));
        if says_nothing && ends {
            self.at += length;
        }
    }

    /// A currency at this place, if there is one.
    fn money(&mut self) -> bool {
        let is_inside = self.at > 0
            && self.letters[self.at - 1].is_alphabetic()
            && self.letters[self.at - 1] < WIDE;
        let sign = SIGNS.iter().find(|(sign, _)| {
            let is_there = sign.chars().enumerate().all(|(ahead, letter)| {
                self.next(ahead)
                    .is_some_and(|next| next.to_lowercase().eq([letter]))
            });
            is_there && !(is_inside && sign.starts_with(char::is_alphabetic))
        });
        if let Some((sign, currency)) = sign {
            self.put(Lexeme::Money(*currency), sign.chars().count(), true);
            return true;
        }
        if is_inside || !self.letters[self.at].is_alphabetic() {
            return false;
        }
        let word = self.run(self.at);
        let Some(currency) = code(&word).map(Some).or_else(|| named_money(&word)) else {
            return false;
        };
        self.put(Lexeme::Money(currency), word.chars().count(), false);
        if self.next(0) == Some('.')
            && matches!(
                word.as_str(),
                "Rs" | "rs" | "RS" | "SFr" | "Sfr" | "sFr" | "kr"
            )
        {
            self.at += 1;
        }
        true
    }

    /// `R25 000`, in a text with rand.
    fn rand(&mut self, style: NumberStyle) -> bool {
        let is_rand = rand_number(self.letters, self.at, style).is_some();
        if is_rand {
            self.put(Lexeme::Money(Some("ZAR")), 1, true);
        }
        is_rand
    }

    /// `N250,000`: letters of money that is not known, and its number, which has no value.
    fn unknown_money(&mut self, style: NumberStyle) -> bool {
        const MOST: usize = 3;
        let letters = self.run(self.at).chars().count();
        let start = self.at + letters;
        let is_inside = self.is_glued && self.letters[self.at - 1].is_alphanumeric();
        let is_number = self.letters[start - 1] < WIDE
            && self.letters.get(start).is_some_and(char::is_ascii_digit);
        if letters > MOST || is_inside || !is_number {
            return false;
        }
        let (end, number) = numeral(self.letters, start, style);
        let is_amount = number.is_grouped && !number.is_spaced;
        if is_amount {
            let unread = Numeral {
                amount: None,
                ..number
            };
            self.push(Lexeme::Number(unread), end - self.at);
        }
        is_amount
    }

    /// The letters from a place on.
    fn run(&self, at: usize) -> String {
        self.letters
            .iter()
            .skip(at)
            .take_while(|letter| letter.is_alphabetic())
            .collect()
    }

    fn word(&mut self) {
        let (start, follows_number) = (
            self.at,
            self.is_glued
                && matches!(
                    self.found.last().map(|last| &last.what),
                    Some(Lexeme::Number(_))
                ),
        );
        let mut word = self.run(start);
        let mut end = start + word.chars().count();
        if follows_number && let Some(length) = multiplier_length(&word) {
            // `120kpa`, `400万円`: the multiplier is a word of its own.
            (word, end) = (word.chars().take(length).collect(), start + length);
        } else if word.chars().next_back().is_some_and(|last| last < WIDE) {
            // `VPSG5` is one word.
            while self
                .letters
                .get(end)
                .is_some_and(|next| next.is_alphanumeric() || *next == '_')
            {
                word.push(self.letters[end]);
                end += 1;
            }
        }
        end = self.abbreviated(&mut word, end);
        self.push(Lexeme::Word(word.to_lowercase()), end - start);
    }

    /// `p.a.`, `z.B.`: single letters with full stops between them are one word.
    fn abbreviated(&self, word: &mut String, mut end: usize) -> usize {
        let is_letter = |at: usize| {
            self.letters
                .get(at)
                .is_some_and(|letter| letter.is_alphabetic())
        };
        if word.chars().count() == 1 && self.letters.get(end) == Some(&'.') {
            while self.letters.get(end) == Some(&'.') && is_letter(end + 1) && !is_letter(end + 2) {
                word.push(self.letters[end + 1]);
                end += 2;
            }
            // `p. a.`
            let is_apart = word.eq_ignore_ascii_case("p")
                && self.letters.get(end + 1) == Some(&' ')
                && is_letter(end + 2)
                && !is_letter(end + 3);
            if is_apart {
                word.push(self.letters[end + 2]);
                end += 3;
            }
            return end + usize::from(self.letters.get(end) == Some(&'.'));
        }
        let is_short = ABBREVIATIONS.contains(&word.to_lowercase().as_str());
        end + usize::from(is_short && self.letters.get(end) == Some(&'.'))
    }

    fn full_stop(&mut self) {
        let is_end = self
            .next(1)
            .is_none_or(|next| matches!(next, ' ' | ';' | ')') || next.is_alphabetic());
        self.push(
            if is_end {
                Lexeme::Break
            } else {
                Lexeme::Sign('.')
            },
            1,
        );
    }

    fn sign(&mut self, sign: char) {
        let sign = if matches!(sign, '[' | '{') {
            '('
        } else if matches!(sign, ']' | '}') {
            ')'
        } else {
            sign
        };
        self.push(Lexeme::Sign(sign), 1);
    }
}

/// How many letters of a word that is glued to a number multiply it, where more follows.
fn multiplier_length(word: &str) -> Option<usize> {
    let mut letters = word.chars();
    let first = letters.next()?;
    let rest: String = letters.collect();
    let is_wide = matches!(first, '万' | '萬' | '만' | '億' | '亿' | '억');
    let says_more =
        || super::period_words::strong(&rest.to_lowercase()).is_some() || code(&rest).is_some();
    (is_wide || (matches!(first, 'k' | 'K') && !rest.is_empty() && says_more())).then_some(1)
}
