//! Gives positions to things that want to be level with each other but must keep apart.
//!
//! The sum of weighted distances between connected things is made as small as it can be, exactly:
//! the problem is the dual of a circulation, which is grown by cancelling cycles. Of all best
//! answers the one halfway between the lowest and the highest is taken, so that a stage with two
//! sources stands in the middle between them.
//!
//! It must never return positions that break a distance: when its budget ends, it packs everything
//! tightly instead.
//!
//! To want something new of positions, say it as a distance or a level wish; other forms do not fit
//! the method.

/// Work after which the exact answer is given up.
const BUDGET: usize = 60_000_000;
const ENDLESS: i64 = i64::MAX / 4;

/// What is wanted of the positions of `things`.
#[derive(Debug, Default)]
pub(super) struct PositionWishes {
    pub things: usize,
    /// `(a, b, distance)`: b stands at least `distance` after a.
    pub apart: Vec<(usize, usize, i64)>,
    /// `(a, b, weight)`: a and b should be level.
    pub level: Vec<(usize, usize, i64)>,
}

/// The positions, with the first thing anywhere.
pub(super) fn positions(wishes: &PositionWishes) -> Vec<i64> {
    let mut flow = FlowNetwork::new(wishes);
    if flow.settle() {
        flow.middle()
    } else {
        packed(wishes)
    }
}

/// An arc of the residual network; arc `n ^ 1` is its way back.
#[derive(Debug, Clone, Copy)]
struct ResidualArc {
    from: usize,
    to: usize,
    gain: i64,
    room: i64,
}

struct FlowNetwork {
    arcs: Vec<ResidualArc>,
    height: Vec<i64>,
    budget: usize,
}

impl FlowNetwork {
    fn new(wishes: &PositionWishes) -> FlowNetwork {
        let mut arcs = Vec::with_capacity(2 * (wishes.apart.len() + wishes.level.len()));
        for &(from, to, gain) in &wishes.apart {
            arcs.push(ResidualArc {
                from,
                to,
                gain,
                room: ENDLESS,
            });
            arcs.push(ResidualArc {
                from: to,
                to: from,
                gain: -gain,
                room: 0,
            });
        }
        for &(from, to, weight) in &wishes.level {
            arcs.push(ResidualArc {
                from,
                to,
                gain: 0,
                room: weight,
            });
            arcs.push(ResidualArc {
                from: to,
                to: from,
                gain: 0,
                room: weight,
            });
        }
        FlowNetwork {
            arcs,
            height: vec![0; wishes.things],
            budget: BUDGET,
        }
    }

    /// Cancels gainful cycles until none is left; false when that is impossible or takes too long.
    fn settle(&mut self) -> bool {
        loop {
            let Some(cycle) = self.cycle() else {
                return self.budget > 0;
            };
            let push = cycle
                .iter()
                .map(|arc| self.arcs[*arc].room)
                .min()
                .unwrap_or(0);
            if push == 0 || push >= ENDLESS / 2 {
                return false;
            }
            for arc in cycle {
                self.arcs[arc].room -= push;
                self.arcs[arc ^ 1].room += push;
            }
        }
    }

    /// Raises heights along arcs until they fit, or until a chain of raises meets itself.
    fn cycle(&mut self) -> Option<Vec<usize>> {
        let mut raised_by = vec![usize::MAX; self.height.len()];
        loop {
            let mut changed = false;
            for (number, arc) in self.arcs.iter().enumerate() {
                if arc.room > 0 && self.height[arc.from] + arc.gain > self.height[arc.to] {
                    self.height[arc.to] = self.height[arc.from] + arc.gain;
                    raised_by[arc.to] = number;
                    changed = true;
                }
            }
            self.budget = self.budget.saturating_sub(self.arcs.len());
            if !changed || self.budget == 0 {
                return None;
            }
            if let Some(cycle) = self.closed_chain(&raised_by) {
                return Some(cycle);
            }
        }
    }

    /// A cycle among the arcs that raised each thing last.
    fn closed_chain(&self, raised_by: &[usize]) -> Option<Vec<usize>> {
        let mut visit = vec![usize::MAX; raised_by.len()];
        for start in 0..raised_by.len() {
            let mut thing = start;
            while visit[thing] == usize::MAX {
                visit[thing] = start;
                let Some(arc) = self.arcs.get(raised_by[thing]) else {
                    break;
                };
                thing = arc.from;
            }
            if visit[thing] == start && raised_by[thing] != usize::MAX {
                return Some(self.chain_from(thing, raised_by));
            }
        }
        None
    }

    fn chain_from(&self, thing: usize, raised_by: &[usize]) -> Vec<usize> {
        let mut cycle = vec![raised_by[thing]];
        let mut at = self.arcs[raised_by[thing]].from;
        while at != thing {
            cycle.push(raised_by[at]);
            at = self.arcs[raised_by[at]].from;
        }
        cycle
    }

    /// Halfway between the lowest and the highest of the best answers.
    fn middle(&self) -> Vec<i64> {
        let low = self.farthest(|arc| (arc.from, arc.to));
        let high = self.farthest(|arc| (arc.to, arc.from));
        low.iter()
            .zip(high)
            .map(|(low, high)| (low - high).div_euclid(2))
            .collect()
    }

    /// The longest way from the first thing to each, along `ends` of arcs with room.
    fn farthest(&self, ends: impl Fn(&ResidualArc) -> (usize, usize)) -> Vec<i64> {
        let mut distance = vec![-ENDLESS; self.height.len()];
        if let Some(first) = distance.first_mut() {
            *first = 0;
        }
        for _ in 0..=distance.len() {
            let mut changed = false;
            for arc in self.arcs.iter().filter(|arc| arc.room > 0) {
                let (from, to) = ends(arc);
                if distance[from] > -ENDLESS && distance[from] + arc.gain > distance[to] {
                    distance[to] = distance[from] + arc.gain;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        distance
    }
}

/// Every thing as early as the distances allow.
fn packed(wishes: &PositionWishes) -> Vec<i64> {
    let mut position = vec![0; wishes.things];
    for _ in 0..=wishes.things {
        let mut changed = false;
        for &(a, b, distance) in &wishes.apart {
            if position[a] + distance > position[b] {
                position[b] = position[a] + distance;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    position
}
