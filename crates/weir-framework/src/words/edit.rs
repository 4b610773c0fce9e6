//! Nearness of names: typos and the known names that a text may mean.

/// Edits from one text to another: insert, delete, replace, swap of neighbours. Gives up with
/// `None` as soon as more than `most` are needed.
#[must_use]
pub fn edit_distance(left: &str, right: &str, most: usize) -> Option<usize> {
    if left.is_ascii() && right.is_ascii() {
        return letters_distance(left.as_bytes(), right.as_bytes(), most);
    }
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    letters_distance(&left, &right, most)
}

fn letters_distance<T: Copy + Eq>(left: &[T], right: &[T], most: usize) -> Option<usize> {
    if left.len().abs_diff(right.len()) > most {
        return None;
    }
    let (left, right) = without_common_ends(left, right);
    // Both ends of what is left are wrong: one edit is not enough for more than two letters.
    if most < 2 && left.len().max(right.len()) > 2 {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(from != to);
            let mut least = replaced.min(above[column + 1] + 1).min(line[column] + 1);
            let swapped =
                row > 0 && column > 0 && *from == right[column - 1] && left[row - 1] == *to;
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            line.push(least);
        }
        if line.iter().min().is_none_or(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().filter(|edits| *edits <= most)
}

/// What is left of two texts without the letters that both begin and end with: no edit is there.
fn without_common_ends<'t, T: Eq>(left: &'t [T], right: &'t [T]) -> (&'t [T], &'t [T]) {
    let same = |(left, right): &(&T, &T)| left == right;
    let begin = left.iter().zip(right).take_while(same).count();
    let (left, right) = (&left[begin..], &right[begin..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(same).count();
    (&left[..left.len() - end], &right[..right.len() - end])
}

/// The names nearest to a text, the best first: at most `count`, none that shares too little.
/// Nearness is the overlap of letter pairs, between 0 and 1.
#[must_use]
pub fn nearest_names<'a, T: Copy + Ord>(
    text: &str,
    names: impl IntoIterator<Item = (T, &'a str)>,
    count: usize,
) -> Vec<(T, f32)> {
    let pairs = letter_pairs(text);
    let near = |(id, name): (T, &str)| (id, pair_overlap(&pairs, &letter_pairs(name)));
    let mut found: Vec<(T, f32)> =
        names.into_iter().map(near).filter(|(_, near)| *near >= LEAST_OVERLAP).collect();
    found.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    found.truncate(count);
    found
}

/// Names with less in common are no proposals.
const LEAST_OVERLAP: f32 = 0.45;

fn letter_pairs(text: &str) -> Vec<(char, char)> {
    let letters: Vec<char> = format!(" {text} ").chars().collect();
    let mut pairs: Vec<(char, char)> = letters.windows(2).map(|two| (two[0], two[1])).collect();
    pairs.sort_unstable();
    pairs
}

/// Twice the shared pairs over all pairs; both sorted.
fn pair_overlap(left: &[(char, char)], right: &[(char, char)]) -> f32 {
    let (mut at, mut other, mut shared) = (0, 0, 0_u16);
    while at < left.len() && other < right.len() {
        match left[at].cmp(&right[other]) {
            std::cmp::Ordering::Less => at += 1,
            std::cmp::Ordering::Greater => other += 1,
            std::cmp::Ordering::Equal => {
                (at, other) = (at + 1, other + 1);
                shared = shared.saturating_add(1);
            }
        }
    }
    let all = u16::try_from(left.len() + right.len()).unwrap_or(u16::MAX);
    2.0 * f32::from(shared) / f32::from(all.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typos_are_near() {
        let cases = [
            ("manger", "manager", Some(1)),
            ("clrek", "clerk", Some(1)),
            ("woker", "worker", Some(1)),
            ("", "ab", Some(2)),
            ("nurse", "driver", None),
        ];
        for (left, right, edits) in cases {
            assert_eq!(edit_distance(left, right, 2), edits, "{left} {right}");
        }
        let names = ["kestrel rail", "tamarind health", "corvane technologies"];
        let near = nearest_names("kestral rail", names.iter().copied().enumerate(), 3);
        assert_eq!(near.first().map(|(at, _)| *at), Some(0));
    }

    proptest! {
        /// What both begin and end with is no matter.
        #[test]
        fn common_ends_are_no_edits(
            left in "[a-d]{0,6}", right in "[a-dé]{0,6}", begin in "[a-d]{0,3}", end in "[a-d]{0,3}", most in 0_usize..4,
        ) {
            let (long, other) = (format!("{begin}{left}{end}"), format!("{begin}{right}{end}"));
            prop_assert_eq!(edit_distance(&long, &other, most), edit_distance(&left, &right, most));
        }

        /// The distance is the same both ways, and nothing only for equal texts.
        #[test]
        fn distance_is_symmetric(left in "[a-d]{0,8}", right in "[a-d]{0,8}") {
            prop_assert_eq!(edit_distance(&left, &right, 8), edit_distance(&right, &left, 8));
            prop_assert_eq!(edit_distance(&left, &right, 0).is_some(), left == right);
            let edits = edit_distance(&left, &right, 8);
            prop_assert_eq!(edit_distance(&left, &right, 1), edits.filter(|edits| *edits <= 1));
        }
    }
}
