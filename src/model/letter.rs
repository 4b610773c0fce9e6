//! Letters of scraped text that must not reach a terminal: they move its cursor, or turn the direction of a line so that it reads as another one.

/// Whether a letter is a control character, or changes the direction of what stands around it.
pub fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
