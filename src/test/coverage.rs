//! What tests touch, and what none of them does.

use crate::diagnostic::Place;
use crate::plan::Tried;
use crate::plan::tried::Point;
use std::collections::{BTreeMap, BTreeSet};

/// The points of a project and how many of them tests touch.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// What no test covers, with places.
    pub missed: BTreeMap<Point, Place>,
    /// By type of point: how many are covered, and how many there are.
    pub kinds: BTreeMap<&'static str, (usize, usize)>,
}

impl Coverage {
    /// What these tests touch of these points.
    pub fn of<'t>(
        points: &BTreeMap<Point, Place>,
        tried: impl Iterator<Item = &'t Tried>,
    ) -> Coverage {
        let touched: BTreeSet<&Point> = tried.flat_map(|test| &test.touched).collect();
        let mut coverage = Coverage::default();
        for (point, place) in points {
            let (hit, all) = coverage.kinds.entry(kind(point)).or_default();
            *all += 1;
            if touched.contains(point) {
                *hit += 1;
            } else {
                coverage.missed.insert(point.clone(), place.clone());
            }
        }
        coverage
    }

    /// The covered ratio in percent, rounded down; 100 if there is nothing to cover.
    pub fn percent(&self) -> usize {
        let (hit, all) = self
            .kinds
            .values()
            .fold((0, 0), |(hit, all), (one, of)| (hit + one, all + of));
        (hit * 100).checked_div(all).unwrap_or(100)
    }
}

/// The types of points, as reports name them.
pub const KINDS: [&str; 4] = ["verdicts", "branches", "fields", "error types"];

fn kind(point: &Point) -> &'static str {
    match point {
        Point::Verdict(..) => KINDS[0],
        Point::Branch(..) => KINDS[1],
        Point::Field(..) => KINDS[2],
        Point::ErrorType(..) => KINDS[3],
    }
}
