//! Breaks a layout into rows, as text is broken into lines, so that it fits a width: a plan of a
//! dozen stages is read without scrolling.
//!
//! A row ends between two ranks, where only lines pass. Such a line runs down at the end of its
//! row, back between the rows, and into the next one; lines that end in the same stage share their
//! way. The lowest line turns first, and so on upwards: they never cross.
//!
//! It must never move things within a row against each other: what `layout` promises holds in every
//! row.
//!
//! To weigh where rows end, change [`cost`].

use std::collections::{BTreeMap, BTreeSet};

use super::graph::LayoutGraph;
use super::layout::{BoxPlace, Layout, LinkRoute, RankGap};
use super::layout_input::BoxSize;
use super::plot::{ArrowHeading, FramePart, LineTrack, PagePlot};
use super::shapes::HEAD;
use super::svg_sizes::{FRAME_ABOVE, FRAME_BELOW};

/// Between a row and the lines beside and below it, and between those lines.
const CLEAR: i64 = 18;
const BETWEEN: i64 = 9;

/// How far the part of a frame reaches beyond its stages where a row ends.
const SIDE: i64 = 11;

/// One row: the ranks in it, and how its coordinates become the page's.
#[derive(Debug, Clone, Copy)]
struct WrappedRow {
    first: usize,
    last: usize,
    right: i64,
    down: i64,
    /// The end of its content on the page.
    end: i64,
}

/// The part of a frame around its stages, reaching beyond them where it does not begin or end.
fn around(
    (from, to): (i64, i64),
    (low, high): (i64, i64),
    (begins, ends): (bool, bool),
) -> BoxPlace {
    let (from, to) = (
        from - if begins { 0 } else { SIDE },
        to + if ends { 0 } else { SIDE },
    );
    BoxPlace {
        along: from,
        across: low - FRAME_ABOVE,
        size: BoxSize {
            along: to - from,
            across: high - low + FRAME_ABOVE + FRAME_BELOW,
        },
    }
}

/// How far out the way of a link is at the end of a row, by the row and the stage that it leads to.
type RowTurns = BTreeMap<(usize, usize), i64>;

/// The layout in rows of at most `width` pixels, as far as its ranks allow.
pub(super) fn wrap(graph: &LayoutGraph, layout: &Layout, width: i64) -> PagePlot {
    let zones = zones(layout);
    let ends = ends(&zones, &layout.gaps, width);
    let mut wrapped = WrappedLayout {
        graph,
        layout,
        zones,
        rows: Vec::new(),
        turns: RowTurns::new(),
        below: Vec::new(),
    };
    wrapped.place(&ends);
    wrapped.plot()
}

/// Start and end of each rank along.
fn zones(layout: &Layout) -> Vec<(i64, i64)> {
    let starts = std::iter::once(0).chain(layout.gaps.iter().map(|gap| gap.to));
    starts
        .zip(&layout.gaps)
        .map(|(start, gap)| (start, gap.from))
        .collect()
}

/// The last rank of each row: as few rows as possible, then where it costs least.
fn ends(zones: &[(i64, i64)], gaps: &[RankGap], width: i64) -> Vec<usize> {
    // For each number of ranks the best way to break them: rows, costs, and where the last row
    // begins.
    let mut best: Vec<(usize, i64, usize)> = vec![(0, 0, 0)];
    for end in 1..=zones.len() {
        let fits = |start: &usize| {
            let before = if *start > 0 {
                CLEAR + HEAD + beside(&gaps[*start - 1])
            } else {
                0
            };
            let sides = before
                + if end < zones.len() {
                    CLEAR + beside(&gaps[end - 1])
                } else {
                    0
                };
            *start + 1 == end || zones[end - 1].1 - zones[*start].0 + sides <= width
        };
        let ways = (0..end).rev().take_while(fits).map(|start| {
            let free = (width - (zones[end - 1].1 - zones[start].0)) / 16;
            let cost = if end < zones.len() {
                cost(&gaps[end - 1])
            } else {
                0
            };
            (best[start].0 + 1, best[start].1 + cost + free * free, start)
        });
        let way = ways.min().unwrap_or_default();
        best.push(way);
    }
    let mut ends = Vec::new();
    let mut at = zones.len();
    while at > 0 {
        ends.push(at - 1);
        at = best[at].2;
    }
    ends.reverse();
    ends
}

/// The room that the lines broken in a gap take beside each other.
fn beside(gap: &RankGap) -> i64 {
    let targets: BTreeSet<usize> = gap.hops.iter().map(|hop| hop.items.1).collect();
    BETWEEN * i64::try_from(targets.len().saturating_sub(1)).unwrap_or(i64::MAX / 1024)
}

/// What it costs to end a row in a gap: every line that is broken, and more where it parts a label
/// from its line.
fn cost(gap: &RankGap) -> i64 {
    let lines = i64::try_from(gap.hops.len()).unwrap_or(i64::MAX / 1024);
    lines * 120
        + if gap.hops.iter().any(|hop| hop.arrives) {
            0
        } else {
            400
        }
}

struct WrappedLayout<'a> {
    graph: &'a LayoutGraph,
    layout: &'a Layout,
    zones: Vec<(i64, i64)>,
    rows: Vec<WrappedRow>,
    turns: RowTurns,
    /// Where the room below each row begins on the page.
    below: Vec<i64>,
}

impl WrappedLayout<'_> {
    /// Finds the place of every row and the ways between them.
    fn place(&mut self, ends: &[usize]) {
        for (row, &last) in ends.iter().enumerate() {
            let first = if row == 0 { 0 } else { ends[row - 1] + 1 };
            self.rows.push(WrappedRow {
                first,
                last,
                right: 0,
                down: 0,
                end: 0,
            });
        }
        for row in 0..self.rows.len().saturating_sub(1) {
            self.turn(row);
        }
        let most = self.turns.values().copied().max().unwrap_or(0);
        let indent = if self.rows.len() > 1 {
            CLEAR + HEAD + most
        } else {
            0
        };
        let mut top = 0;
        for row in 0..self.rows.len() {
            let (low, high) = self.extent(row);
            let (start, lines) = (self.zones[self.rows[row].first].0, self.most(row));
            let placed = &mut self.rows[row];
            (placed.right, placed.down) = (indent - start, top - low);
            placed.end = self.zones[placed.last].1 + placed.right;
            let below = top + high - low;
            self.below.push(below);
            top = below + 2 * CLEAR + lines;
        }
    }

    /// How far out each line turns at the end of a row: the lowest first.
    fn turn(&mut self, row: usize) {
        let last = self.rows[row].last;
        let Some(gap) = self.layout.gaps.get(last) else {
            return;
        };
        let mut heights: BTreeMap<usize, i64> = BTreeMap::new();
        for hop in &gap.hops {
            let height = heights.entry(hop.items.1).or_insert(hop.across.0);
            *height = (*height).max(hop.across.0);
        }
        let mut targets: Vec<(i64, usize)> = heights
            .into_iter()
            .map(|(item, height)| (height, item))
            .collect();
        targets.sort_unstable();
        for ((_, item), out) in targets
            .into_iter()
            .rev()
            .zip((0..).map(|turn| turn * BETWEEN))
        {
            self.turns.insert((row, item), out);
        }
    }

    /// How far out the outermost line of a row turns.
    fn most(&self, row: usize) -> i64 {
        self.turns
            .range((row, 0)..(row + 1, 0))
            .map(|(_, out)| *out)
            .max()
            .unwrap_or(0)
    }

    /// The row of a position along.
    fn row(&self, along: i64) -> usize {
        let rank = self
            .zones
            .partition_point(|zone| zone.1 < along)
            .min(self.zones.len().saturating_sub(1));
        self.rows
            .partition_point(|row| row.last < rank)
            .min(self.rows.len().saturating_sub(1))
    }

    /// Lowest and highest position across of what is in a row.
    fn extent(&self, row: usize) -> (i64, i64) {
        let here = |along: i64| self.row(along) == row;
        let labels = self.layout.routes.iter().filter_map(|route| route.label);
        let parts = self.frame_parts(row).into_iter().map(|part| part.place);
        let boxes = self
            .layout
            .nodes
            .iter()
            .copied()
            .chain(labels)
            .filter(|place| here(place.along))
            .chain(parts);
        let boxes = boxes.map(|place| (place.across, place.across + place.size.across));
        let stops = self
            .layout
            .routes
            .iter()
            .flat_map(|route| &route.stops)
            .filter(|stop| here(stop.from));
        let all = boxes.chain(stops.map(|stop| (stop.across - 1, stop.across + 1)));
        all.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
            .unwrap_or_default()
    }

    /// The parts of frames in a row, around their stages in it, in coordinates of the layout.
    fn frame_parts(&self, row: usize) -> Vec<FramePart> {
        let WrappedRow { first, last, .. } = self.rows[row];
        let (start, end) = (self.zones[first].0, self.zones[last].1);
        let part = |(frame, whole): (usize, &BoxPlace)| {
            let (from, to) = (
                whole.along.max(start),
                (whole.along + whole.size.along).min(end),
            );
            let inside = |place: &&BoxPlace| place.along >= from && place.along < to;
            let own = self
                .layout
                .nodes
                .iter()
                .zip(&self.graph.frame)
                .filter(|(_, of)| **of == Some(frame));
            let own = own
                .map(|(place, _)| place)
                .filter(inside)
                .map(|place| (place.across, place.across + place.size.across));
            let (low, high) = own.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))?;
            let (begins, ends) = (whole.along >= start, whole.along + whole.size.along <= end);
            let place = if begins && ends {
                *whole
            } else {
                around((from, to), (low, high), (begins, ends))
            };
            Some(FramePart {
                frame,
                place,
                continues: !begins,
            })
        };
        self.layout
            .frames
            .iter()
            .enumerate()
            .filter_map(part)
            .collect()
    }

    fn on_page(&self, place: &BoxPlace) -> BoxPlace {
        let row = self.rows[self.row(place.along)];
        BoxPlace {
            along: place.along + row.right,
            across: place.across + row.down,
            size: place.size,
        }
    }

    fn plot(&self) -> PagePlot {
        let mut plot = PagePlot {
            nodes: self
                .layout
                .nodes
                .iter()
                .map(|place| self.on_page(place))
                .collect(),
            labels: self
                .layout
                .routes
                .iter()
                .map(|route| route.label.map(|place| self.on_page(&place)))
                .collect(),
            ..PagePlot::default()
        };
        for (row, placed) in self.rows.iter().enumerate() {
            let moved = |place: BoxPlace| BoxPlace {
                along: place.along + placed.right,
                across: place.across + placed.down,
                size: place.size,
            };
            plot.frames
                .extend(self.frame_parts(row).into_iter().map(|part| FramePart {
                    place: moved(part.place),
                    ..part
                }));
            let turns = if row + 1 < self.rows.len() {
                CLEAR + self.most(row)
            } else {
                0
            };
            plot.width = plot.width.max(placed.end + turns);
        }
        plot.rows = (
            self.rows.len(),
            self.rows
                .iter()
                .filter(|row| self.parts_a_label(row))
                .count(),
        );
        plot.height = self.below.last().copied().unwrap_or(0);
        for (link, route) in self.graph.links.iter().zip(&self.layout.routes) {
            plot.lines
                .push(self.line(route, (link.forth, link.back), &mut plot.heads));
        }
        plot
    }

    /// Whether a row ends between a label and the stage that it comes from.
    fn parts_a_label(&self, row: &WrappedRow) -> bool {
        let hops = self
            .layout
            .gaps
            .get(row.last)
            .map_or(&[][..], |gap| &gap.hops);
        !hops.is_empty() && !hops.iter().any(|hop| hop.arrives)
    }

    /// The way of one link, and its heads.
    fn line(
        &self,
        route: &LinkRoute,
        (forth, back): (bool, bool),
        heads: &mut BTreeSet<(i64, i64, ArrowHeading)>,
    ) -> LineTrack {
        let (Some(first), Some(last)) = (route.stops.first(), route.stops.last()) else {
            return LineTrack::default();
        };
        let place = |along: i64, across: i64, row: usize| {
            (along + self.rows[row].right, across + self.rows[row].down)
        };
        let mut row = self.row(first.from);
        let (x, y) = place(first.from, first.across, row);
        let mut track = LineTrack::begin(if back { x + HEAD } else { x }, y);
        if back {
            heads.insert((x + 1, y, ArrowHeading::Left));
        }
        for pair in route.stops.windows(2) {
            let next = self.row(pair[1].from);
            let (leave, _) = place(pair[0].to, pair[0].across, row);
            let (reach, height) = place(pair[1].from, pair[1].across, next);
            if next > row {
                let out = self.turns.get(&(row, pair[1].item)).copied().unwrap_or(0);
                let right = self.rows[row].end + CLEAR + out;
                let between = self.below[row] + CLEAR + out;
                let left =
                    self.rows[next].right + self.zones[self.rows[next].first].0 - CLEAR - HEAD + 4
                        - self.most(row)
                        + out;
                let (_, from) = place(pair[0].to, pair[0].across, row);
                track.corners(&[
                    (right, from),
                    (right, between),
                    (left, between),
                    (left, height),
                    (reach - HEAD, height),
                ]);
            } else {
                track.to(leave);
                let reach = if forth && pair[1].item == last.item {
                    reach - HEAD
                } else {
                    reach
                };
                track.curve((reach, height));
            }
            row = next;
        }
        let (x, y) = place(last.to, last.across, row);
        track.to(if forth { x - HEAD } else { x });
        if forth {
            heads.insert((x - 1, y, ArrowHeading::Right));
        }
        track
    }
}
