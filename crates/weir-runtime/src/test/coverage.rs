//! What tests touch, and what none of them does.

use std::collections::{BTreeMap, BTreeSet};
use weir_project::plan::TriedTest;
use weir_project::plan::tried::TestPoint;
use weir_yaml::diagnostic::Place;

/// The points of a project and how many of them tests touch.
#[derive(Debug, Clone, Default)]
pub struct TestCoverage {
    /// What no test covers, with places.
    pub missed: BTreeMap<TestPoint, Place>,
    /// By type of point: how many are covered, and how many there are.
    pub kinds: BTreeMap<&'static str, (usize, usize)>,
}

impl TestCoverage {
    /// What these tests touch of these points.
    pub fn of<'t>(
        points: &BTreeMap<TestPoint, Place>,
        tried: impl Iterator<Item = &'t TriedTest>,
    ) -> TestCoverage {
        let touched: BTreeSet<&TestPoint> = tried.flat_map(|test| &test.touched).collect();
        let mut coverage = TestCoverage::default();
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

fn kind(point: &TestPoint) -> &'static str {
    match point {
        TestPoint::Verdict(..) => KINDS[0],
        TestPoint::Branch(..) => KINDS[1],
        TestPoint::Field(..) => KINDS[2],
        TestPoint::ErrorType(..) => KINDS[3],
    }
}
