//! Positions across: how far apart the things of a rank stand, and what wants to be level with
//! what.
//!
//! Everything is said as wishes and given to `align`. One thing stands for each block and one for
//! each border of a frame, so that long links stay straight and frames stay rectangles. It must
//! never let two members of a rank go without a distance: that is what keeps boxes, labels and
//! lines off each other.
//!
//! To make something else level or keep it apart, add a wish in `RankStack::wishes`.

use super::align::{self, PositionWishes};
use super::layers::LayerContent;
use super::layout_input::LayoutInput;

/// How much things want to be level: lines that pass by, stages, and the ends of a chain that
/// nothing else joins.
const LINE: i64 = 8;
const STAGE: i64 = 16;
const CHAIN: i64 = 6;
/// How much frames want to be small: more than what pulls neighbours together.
const TIGHT: i64 = 200;

/// The member of a rank's sequence: an item alone, or a frame with items.
enum RankMember {
    Item(usize),
    Frame(usize, Vec<usize>),
}

/// The positions found.
pub(super) struct CrossPositions {
    /// Of the middle of each block, then of both borders of each frame.
    things: Vec<i64>,
    /// The block of each item.
    block: Vec<usize>,
    blocks: usize,
}

impl CrossPositions {
    /// Finds positions, the lowest cell at 0.
    pub fn new(drawing: &LayoutInput) -> CrossPositions {
        let stack = RankStack { drawing };
        let mut things = align::positions(&stack.wishes());
        let first = stack.first_cell(&things);
        things.iter_mut().for_each(|position| *position -= first);
        let block = drawing.layers.items.iter().map(|item| item.block).collect();
        CrossPositions {
            things,
            block,
            blocks: drawing.layers.blocks.len(),
        }
    }

    /// The middle of an item.
    pub fn middle(&self, item: usize) -> i64 {
        self.things[self.block[item]]
    }

    /// Both borders of a frame.
    pub fn borders(&self, frame: usize) -> (i64, i64) {
        (
            self.things[self.blocks + 2 * frame],
            self.things[self.blocks + 2 * frame + 1],
        )
    }

    /// The last position of a middle.
    pub fn last(&self) -> i64 {
        self.things.iter().max().copied().unwrap_or(0)
    }
}

/// How far something that is `across` long reaches before and after its middle.
pub(super) fn reach(across: i64) -> (i64, i64) {
    ((across - 1) / 2, across / 2)
}

struct RankStack<'a> {
    drawing: &'a LayoutInput<'a>,
}

impl RankStack<'_> {
    fn wishes(&self) -> PositionWishes {
        let layers = self.drawing.layers;
        let mut wishes = PositionWishes {
            things: layers.blocks.len() + 2 * layers.spans.len(),
            ..PositionWishes::default()
        };
        for rank in self.members() {
            self.keep_apart(&rank, &mut wishes);
        }
        for (frame, least) in self.drawing.spacing.frame_least.iter().enumerate() {
            let (start, end) = self.borders(frame);
            wishes.apart.push((start, end, least - 1));
            wishes.level.push((start, end, TIGHT));
        }
        self.straighten(&mut wishes);
        wishes
    }

    /// The lowest position that anything covers.
    fn first_cell(&self, blocks: &[i64]) -> i64 {
        let items = (0..self.drawing.layers.items.len())
            .map(|item| blocks[self.drawing.layers.items[item].block] - self.reach(item).0);
        let frames =
            (0..self.drawing.layers.spans.len()).map(|frame| blocks[self.borders(frame).0]);
        items.chain(frames).min().unwrap_or(0)
    }

    /// The things that stand for the borders of a frame.
    fn borders(&self, frame: usize) -> (usize, usize) {
        let start = self.drawing.layers.blocks.len() + 2 * frame;
        (start, start + 1)
    }

    /// What stands in each rank, in order.
    fn members(&self) -> Vec<Vec<RankMember>> {
        let mut ranks: Vec<Vec<(usize, RankMember)>> =
            (0..self.drawing.layers.ranks).map(|_| Vec::new()).collect();
        let mut framed: Vec<Vec<Vec<usize>>> =
            vec![vec![Vec::new(); self.drawing.layers.ranks]; self.drawing.layers.spans.len()];
        for (number, item) in self.drawing.layers.items.iter().enumerate() {
            match self.drawing.layers.blocks[item.block].frame {
                Some(frame) => framed[frame][item.rank].push(number),
                None => ranks[item.rank].push((
                    self.drawing.order.place(self.drawing.layers, number).0,
                    RankMember::Item(number),
                )),
            }
        }
        for (frame, mut by_rank) in framed.into_iter().enumerate() {
            let place = self.drawing.order.frame_place(self.drawing.layers, frame);
            let (first, last) = self.drawing.layers.spans[frame];
            for rank in first..=last {
                let mut items = std::mem::take(&mut by_rank[rank]);
                items.sort_by_key(|item| self.drawing.order.place(self.drawing.layers, *item));
                ranks[rank].push((place, RankMember::Frame(frame, items)));
            }
        }
        let sorted = |mut rank: Vec<(usize, RankMember)>| {
            rank.sort_by_key(|(place, _)| *place);
            rank.into_iter().map(|(_, member)| member).collect()
        };
        ranks.into_iter().map(sorted).collect()
    }

    /// Distances between the members of one rank.
    fn keep_apart(&self, rank: &[RankMember], wishes: &mut PositionWishes) {
        for member in rank {
            if let RankMember::Frame(frame, items) = member {
                self.keep_inside(*frame, items, wishes);
            }
        }
        for pair in rank.windows(2) {
            let (before, after) = (self.ending(&pair[0]), self.beginning(&pair[1]));
            let distance = match pair {
                [RankMember::Item(a), RankMember::Item(b)] => self.between(*a, *b),
                _ => self.drawing.spacing.frames,
            };
            wishes
                .apart
                .push((before.0, after.0, before.1 + distance + after.1 + 1));
            wishes.level.push((before.0, after.0, 1));
        }
    }

    /// Distances between a frame's borders and its items in one rank.
    fn keep_inside(&self, frame: usize, items: &[usize], wishes: &mut PositionWishes) {
        let (start, end) = self.borders(frame);
        let (_, _, before, after) = self.drawing.spacing.border;
        let block = |item: usize| self.drawing.layers.items[item].block;
        if let (Some(&first), Some(&last)) = (items.first(), items.last()) {
            wishes
                .apart
                .push((start, block(first), before + self.reach(first).0));
            wishes
                .apart
                .push((block(last), end, after + self.reach(last).1));
        }
        for pair in items.windows(2) {
            let distance =
                self.reach(pair[0]).1 + self.between(pair[0], pair[1]) + self.reach(pair[1]).0 + 1;
            wishes
                .apart
                .push((block(pair[0]), block(pair[1]), distance));
            wishes.level.push((block(pair[0]), block(pair[1]), 1));
        }
    }

    fn beginning(&self, member: &RankMember) -> (usize, i64) {
        match member {
            RankMember::Item(item) => (self.drawing.layers.items[*item].block, self.reach(*item).0),
            RankMember::Frame(frame, _) => (self.borders(*frame).0, 0),
        }
    }

    fn ending(&self, member: &RankMember) -> (usize, i64) {
        match member {
            RankMember::Item(item) => (self.drawing.layers.items[*item].block, self.reach(*item).1),
            RankMember::Frame(frame, _) => (self.borders(*frame).1, 0),
        }
    }

    fn between(&self, a: usize, b: usize) -> i64 {
        let node =
            |item: usize| matches!(self.drawing.layers.items[item].what, LayerContent::Node(_));
        if node(a) && node(b) {
            self.drawing.spacing.nodes
        } else {
            self.drawing.spacing.lines
        }
    }

    fn reach(&self, item: usize) -> (i64, i64) {
        reach(self.drawing.size(item).across)
    }

    /// Connected blocks want to be level: chains most, lines that pass by least.
    fn straighten(&self, wishes: &mut PositionWishes) {
        for (item, after) in self.drawing.layers.after.iter().enumerate() {
            for &next in after {
                let (a, b) = (
                    self.drawing.layers.items[item],
                    self.drawing.layers.items[next],
                );
                let bend = a.what == LayerContent::Bend || b.what == LayerContent::Bend;
                let alone = after.len() == 1 && self.drawing.layers.before[next].len() == 1;
                let weight = if bend { LINE } else { STAGE } * if alone { CHAIN } else { 1 };
                if a.block != b.block {
                    wishes.level.push((a.block, b.block, weight));
                }
            }
        }
    }
}
