//! Decides in which column of a gap lines run when they change their position, for drawings made of
//! characters.
//!
//! Lines that share an end form one net and run in one track, so that they join; lines of different
//! nets must never lie on each other, and cross as little as possible.
//!
//! To judge crossings differently, change `TrackNet::cost_before`.

use super::layout::RankHop;

/// For each hop its track, and how many tracks there are. Straight hops need none.
#[derive(Debug, Default)]
pub(super) struct HopTracks {
    pub of: Vec<usize>,
    pub nets: Vec<usize>,
    pub count: usize,
}

/// Lines that share an end.
#[derive(Debug, Default, Clone)]
struct TrackNet {
    starts: Vec<i64>,
    ends: Vec<i64>,
}

impl TrackNet {
    fn span(&self) -> (i64, i64) {
        let all = || self.starts.iter().chain(&self.ends);
        (
            all().min().copied().unwrap_or(0),
            all().max().copied().unwrap_or(0),
        )
    }

    fn is_straight(&self) -> bool {
        let (low, high) = self.span();
        low == high
    }

    fn meets(&self, other: &TrackNet) -> bool {
        let ((low, high), (other_low, other_high)) = (self.span(), other.span());
        low <= other_high && other_low <= high
    }

    /// How bad it is to run in a track before that of `other`.
    fn cost_before(&self, other: &TrackNet) -> usize {
        let overlaps = self
            .ends
            .iter()
            .filter(|end| other.starts.contains(end))
            .count();
        let crosses = |net: &TrackNet, lines: &[i64]| {
            let (low, high) = net.span();
            lines
                .iter()
                .filter(|line| low <= **line && **line <= high)
                .count()
        };
        1000 * overlaps + crosses(other, &self.ends) + crosses(self, &other.starts)
    }
}

/// Assigns tracks to the hops of one gap.
pub(super) fn tracks(hops: &[RankHop]) -> HopTracks {
    let of_net = net_of(hops);
    let mut nets = vec![TrackNet::default(); hops.len()];
    for (hop, net) in hops.iter().zip(&of_net) {
        nets[*net].starts.push(hop.across.0);
        nets[*net].ends.push(hop.across.1);
    }
    let bent = (0..nets.len())
        .filter(|net| !nets[*net].starts.is_empty() && !nets[*net].is_straight())
        .collect();
    let order = ordered(bent, &nets);
    let mut track = vec![0; nets.len()];
    let mut count = 0;
    for (position, &net) in order.iter().enumerate() {
        let before = order[..position]
            .iter()
            .filter(|other| nets[net].meets(&nets[**other]));
        track[net] = before.map(|other| track[*other] + 1).max().unwrap_or(0);
        count = count.max(track[net] + 1);
    }
    HopTracks {
        of: of_net.iter().map(|net| track[*net]).collect(),
        nets: of_net,
        count,
    }
}

/// The net of each hop, named by its first hop: shared targets first, then shared sources.
fn net_of(hops: &[RankHop]) -> Vec<usize> {
    let position = |hop: &RankHop| {
        let shared = hops
            .iter()
            .filter(|other| other.items.1 == hop.items.1)
            .count()
            > 1;
        let same = |other: &RankHop| {
            if shared {
                other.items.1 == hop.items.1
            } else {
                other.items.0 == hop.items.0
            }
        };
        let alone = |other: &RankHop| {
            hops.iter()
                .filter(|third| third.items.1 == other.items.1)
                .count()
                == 1
        };
        hops.iter()
            .position(|other| same(other) && (shared || alone(other)))
            .unwrap_or(0)
    };
    hops.iter().map(position).collect()
}

/// Nets from the first track to the last, sorted by exchanging neighbours while that helps.
fn ordered(mut order: Vec<usize>, nets: &[TrackNet]) -> Vec<usize> {
    for _ in 0..order.len() {
        let mut changed = false;
        for place in 1..order.len() {
            let (a, b) = (&nets[order[place - 1]], &nets[order[place]]);
            if b.cost_before(a) < a.cost_before(b) {
                order.swap(place - 1, place);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    order
}
