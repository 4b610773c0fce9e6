//! Damaged files never panic, and a file without a value always says why.

use super::*;
use crate::diagnostic::{FileTexts, render, to_json};

/// A small generator of numbers, the same at every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap_or_default()
    }
}

fn damaged(numbers: &mut Numbers) -> Vec<u8> {
    const LIKELY: &[u8] = b"\"'[]{}:,-|>&*!%#\t\n\r ~<@`\\\0\xff\xc3e0";
    let mut bytes = RIGHT.as_bytes().to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let byte = LIKELY[numbers.below(LIKELY.len())];
        match numbers.below(4) {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => drop(bytes.remove(at)),
            _ => drop(bytes.drain(at..(at + numbers.below(40)).min(bytes.len()))),
        }
    }
    bytes
}

#[test]
fn damaged_files_are_told_and_never_panic() {
    let mut numbers = Numbers(0x5eed_2026);
    let mut rights = 0;
    for _ in 0..3000 {
        let bytes = damaged(&mut numbers);
        let mut out = Diagnostics::new();
        let value: Option<Institution> = read("a.yaml", &bytes, &mut out);
        assert!(
            value.is_some() || out.has_errors(),
            "no value and no reason: {:?}",
            String::from_utf8_lossy(&bytes)
        );
        rights += usize::from(!out.has_errors());
        let mut sources = FileTexts::new();
        sources.insert("a.yaml", &String::from_utf8_lossy(&bytes));
        assert_eq!(render(&out, &sources, false).is_empty(), out.is_empty());
        assert_eq!(
            to_json(&out, &sources).as_array().map(Vec::len),
            Some(out.sorted().len())
        );
        if let Some(text) = value
            .and_then(|value| value.checks.into_iter().next())
            .map(|check| check.assert)
        {
            for position in 0..60 {
                text.place_at(position / 20, position);
            }
        }
    }
    assert!(
        (100..2900).contains(&rights),
        "the damage is neither harmless nor total: {rights} right files"
    );
}
