//! Decides what stands above what, so that as few lines as possible cross.
//!
//! One order of all entries (free blocks, and frames as a whole) holds in every rank, and one order
//! of blocks inside each frame: frames stay rectangles that nothing foreign enters. The order
//! starts as a walk through the picture and is improved by sifting: every entry in turn tries every
//! place and keeps the one with the fewest crossings.
//!
//! It must never depend on anything but the picture, and never work longer than its budget on a
//! huge one.
//!
//! To weigh crossings differently, change `LevelRow::change_at`; positions are `across`'s business.

use super::layers::GraphLayers;

/// Comparisons after which sifting stops: about a second for pictures far larger than a person can
/// read.
const BUDGET: usize = 40_000_000;
const ROUNDS: usize = 12;

/// The order of entries. An entry is a block, or (from `blocks` on) a frame.
#[derive(Debug)]
pub(super) struct RankOrder {
    /// Position of each entry among all entries.
    outer: Vec<usize>,
    /// Position of each block within its frame.
    inner: Vec<usize>,
    /// The outer entry of each block.
    entry: Vec<usize>,
}

impl RankOrder {
    /// Where an item stands relative to the others of its rank.
    pub fn place(&self, layers: &GraphLayers, item: usize) -> (usize, usize) {
        let block = layers.items[item].block;
        (self.outer[self.entry[block]], self.inner[block])
    }

    /// Where a frame stands relative to the entries of every rank.
    pub fn frame_place(&self, layers: &GraphLayers, frame: usize) -> usize {
        self.outer[layers.blocks.len() + frame]
    }
}

/// The best order found.
pub(super) fn order(layers: &GraphLayers) -> RankOrder {
    let blocks = layers.blocks.len();
    let entry = |block: usize| {
        layers.blocks[block]
            .frame
            .map_or(block, |frame| blocks + frame)
    };
    let mut order = RankOrder {
        outer: vec![0; blocks + layers.spans.len()],
        inner: vec![0; blocks],
        entry: (0..blocks).map(entry).collect(),
    };
    let mut rows = first_rows(layers, &order);
    for row in &rows {
        row.apply(&mut order);
    }
    let mut budget = BUDGET;
    for _ in 0..ROUNDS {
        let gain: usize = rows
            .iter_mut()
            .map(|row| row.sift(layers, &mut order, &mut budget))
            .sum();
        if gain == 0 || budget == 0 {
            break;
        }
    }
    order
}

/// Blocks in the order of a depth-first walk along the links.
fn walk(layers: &GraphLayers) -> Vec<usize> {
    let mut seen = vec![false; layers.blocks.len()];
    let mut blocks = Vec::new();
    let roots = (0..layers.items.len()).filter(|item| layers.before[*item].is_empty());
    for root in roots {
        let mut stack = vec![root];
        while let Some(item) = stack.pop() {
            let block = layers.items[item].block;
            if !seen[block] {
                seen[block] = true;
                blocks.push(block);
                let items = layers.blocks[block].items.iter();
                stack.extend(items.flat_map(|item| layers.after[*item].iter().rev()));
            }
        }
    }
    blocks
}

/// The row of all entries, then one row of blocks for each frame.
fn first_rows(layers: &GraphLayers, order: &RankOrder) -> Vec<LevelRow> {
    let walk = walk(layers);
    let mut outer = Vec::new();
    let mut met = vec![false; order.outer.len()];
    for &block in &walk {
        let entry = order.entry[block];
        if !std::mem::replace(&mut met[entry], true) {
            outer.push(entry);
        }
    }
    let mut rows = vec![LevelRow::new(layers, order, outer, false)];
    for frame in 0..layers.spans.len() {
        let inside = walk
            .iter()
            .copied()
            .filter(|block| layers.blocks[*block].frame == Some(frame))
            .collect();
        rows.push(LevelRow::new(layers, order, inside, true));
    }
    rows
}

/// Entries of one level, in order.
struct LevelRow {
    sequence: Vec<usize>,
    /// Items of each entry by rank, from the entry's first rank on.
    items: Vec<(usize, Vec<Vec<usize>>)>,
    inside: bool,
}

impl LevelRow {
    fn new(
        layers: &GraphLayers,
        order: &RankOrder,
        sequence: Vec<usize>,
        inside: bool,
    ) -> LevelRow {
        let mut items = vec![(usize::MAX, Vec::new()); order.outer.len()];
        for (number, item) in layers.items.iter().enumerate() {
            let (first, by_rank) = &mut items[if inside {
                item.block
            } else {
                order.entry[item.block]
            }];
            if *first == usize::MAX {
                *first = item.rank;
            }
            if item.rank < *first {
                by_rank.splice(0..0, vec![Vec::new(); *first - item.rank]);
                *first = item.rank;
            }
            if by_rank.len() <= item.rank - *first {
                by_rank.resize(item.rank - *first + 1, Vec::new());
            }
            by_rank[item.rank - *first].push(number);
        }
        LevelRow {
            sequence,
            items,
            inside,
        }
    }

    /// Writes the positions of this row into the order.
    fn apply(&self, order: &mut RankOrder) {
        let positions = if self.inside {
            &mut order.inner
        } else {
            &mut order.outer
        };
        for (position, entry) in self.sequence.iter().enumerate() {
            positions[*entry] = position;
        }
    }

    /// Moves every entry to its best place; returns how many crossings that saved.
    fn sift(&mut self, layers: &GraphLayers, order: &mut RankOrder, budget: &mut usize) -> usize {
        let mut saved = 0;
        for entry in self.sequence.clone() {
            saved += self.improve(entry, layers, order, budget);
            if *budget == 0 {
                break;
            }
        }
        saved
    }

    /// Moves one entry to the place with the fewest crossings, the nearest of equals.
    fn improve(
        &mut self,
        entry: usize,
        layers: &GraphLayers,
        order: &mut RankOrder,
        budget: &mut usize,
    ) -> usize {
        let Some(start) = self.sequence.iter().position(|other| *other == entry) else {
            return 0;
        };
        let (mut change, mut best, mut target) = (0, 0, start);
        let down = (start + 1..self.sequence.len()).map(|place| (place - 1, place));
        let back = (start + 1..self.sequence.len())
            .rev()
            .map(|place| (place, place - 1));
        let up = (0..start).rev().map(|place| (place + 1, place));
        for (from, to) in down.chain(back).chain(up) {
            change += self.swap(from.min(to), layers, order, budget);
            if change < best {
                (best, target) = (change, to);
            }
        }
        self.sequence.retain(|other| *other != entry);
        self.sequence.insert(target, entry);
        self.apply(order);
        usize::try_from(-best).unwrap_or(0)
    }

    /// Swaps the entries at `place` and after it; returns how many crossings that adds.
    fn swap(
        &mut self,
        place: usize,
        layers: &GraphLayers,
        order: &mut RankOrder,
        budget: &mut usize,
    ) -> i64 {
        let (a, b) = (self.sequence[place], self.sequence[place + 1]);
        let change = self.change(a, b, layers, order, budget);
        self.sequence.swap(place, place + 1);
        let positions = if self.inside {
            &mut order.inner
        } else {
            &mut order.outer
        };
        positions.swap(a, b);
        change
    }

    /// Crossings that appear, less those that vanish, when `a` and `b` right after it change
    /// places.
    fn change(
        &self,
        a: usize,
        b: usize,
        layers: &GraphLayers,
        order: &RankOrder,
        budget: &mut usize,
    ) -> i64 {
        let ((first_a, ranks_a), (first_b, ranks_b)) = (&self.items[a], &self.items[b]);
        let first = *first_a.max(first_b);
        let last = (first_a + ranks_a.len()).min(first_b + ranks_b.len());
        *budget = budget.saturating_sub(1);
        let mut change = 0;
        for rank in first..last {
            for &x in &ranks_a[rank - first_a] {
                for &y in &ranks_b[rank - first_b] {
                    for side in [&layers.before, &layers.after] {
                        *budget = budget.saturating_sub(side[x].len() * side[y].len());
                        change += self.change_at((a, &side[x]), (b, &side[y]), layers, order);
                    }
                }
            }
        }
        change
    }

    fn change_at(
        &self,
        (a, left): (usize, &[usize]),
        (b, right): (usize, &[usize]),
        layers: &GraphLayers,
        order: &RankOrder,
    ) -> i64 {
        let owner = |item: usize| {
            let block = layers.items[item].block;
            if self.inside {
                block
            } else {
                order.entry[block]
            }
        };
        let mut change = 0;
        for &x in left {
            for &y in right.iter().filter(|y| **y != x) {
                let ordered = order.place(layers, x) < order.place(layers, y);
                let swapped =
                    matches!((owner(x), owner(y)), pair if pair == (a, b) || pair == (b, a));
                change += i64::from(ordered != swapped) - i64::from(!ordered);
            }
        }
        change
    }
}
