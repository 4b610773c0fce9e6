//! Charts: a line over time in one hue, the usual band as a grey area behind it, and the table that
//! it was drawn from underneath. An SVG without a script; it must never be the only place of a
//! number.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use std::fmt::Write;

/// Size of the drawing.
const WIDTH: i64 = 480;
const HEIGHT: i64 = 96;

/// Values that say what is usual; fewer say nothing.
const ENOUGH: usize = 6;

/// A value.
pub(super) struct ChartPoint {
    /// When.
    pub(super) at: DateTime<Utc>,
    /// How much.
    pub(super) value: i64,
}

/// A chart.
pub(super) struct Chart<'c> {
    /// What its values are.
    pub(super) name: &'c str,
    /// The values, oldest first.
    pub(super) points: Vec<ChartPoint>,
    /// A value as text.
    pub(super) shown: fn(i64) -> String,
}

impl Chart<'_> {
    /// The chart, with its table.
    pub(super) fn show(&self) -> Markup {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return html! { p.soft { "No values yet." } };
        };
        let most = self
            .points
            .iter()
            .map(|point| point.value)
            .max()
            .unwrap_or_default()
            .max(1);
        let label = format!(
            "{} from {} to {}: newest {}, most {}",
            self.name,
            first.at.format("%-d %b %Y"),
            last.at.format("%-d %b %Y"),
            (self.shown)(last.value),
            (self.shown)(most)
        );
        html! {
            figure.chart {
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(label) {
                    @if let Some((low, high)) = usual(&self.values()) {
                        @let top = HEIGHT - scaled(high, most);
                        rect.band width=(WIDTH) y=(top) height=((scaled(high, most) - scaled(low, most)).max(1)) {}
                    }
                    polyline.value points=(self.line(most)) {}
                }
                figcaption { span { b { ((self.shown)(last.value)) } " newest" } span { "most " ((self.shown)(most)) } span { (first.at.format("%-d %b")) " to " (last.at.format("%-d %b %Y")) } }
                (self.table())
            }
        }
    }

    fn values(&self) -> Vec<i64> {
        self.points.iter().map(|point| point.value).collect()
    }

    fn line(&self, most: i64) -> String {
        let steps = i64::try_from(self.points.len()).unwrap_or(2).max(2) - 1;
        let mut out = String::new();
        for (place, point) in (0_i64..).zip(&self.points) {
            let _ = write!(
                out,
                "{},{} ",
                place * WIDTH / steps,
                HEIGHT - scaled(point.value, most)
            );
        }
        if self.points.len() == 1 {
            let _ = write!(
                out,
                "{WIDTH},{}",
                HEIGHT - scaled(self.points[0].value, most)
            );
        }
        out
    }

    fn table(&self) -> Markup {
        html! {
            details { summary { "Table" } table.plain {
                thead { tr { th { "run of" } th.number { (self.name) } } }
                tbody { @for point in self.points.iter().rev() { tr { td { time datetime=(point.at.to_rfc3339()) { (point.at.format("%Y-%m-%d %H:%MZ")) } } td.number { ((self.shown)(point.value)) } } } }
            } }
        }
    }
}

/// Between what and what most values are.
pub(super) fn usual(values: &[i64]) -> Option<(i64, i64)> {
    if values.len() < ENOUGH {
        return None;
    }
    let mut values = values.to_vec();
    values.sort_unstable();
    let last = values.len() - 1;
    Some((values[last / 10], values[last - last / 10]))
}

/// A value as a height, with room above the greatest.
fn scaled(value: i64, most: i64) -> i64 {
    let room = i128::from(HEIGHT - 8);
    i64::try_from(i128::from(value.max(0)) * room / i128::from(most)).unwrap_or_default() + 2
}

#[cfg(test)]
mod tests {
    use super::{Chart, ChartPoint, HEIGHT, scaled, usual};
    use chrono::DateTime;

    #[test]
    fn every_value_is_within_the_drawing() {
        for (value, most) in [(0, 1), (i64::MAX, i64::MAX), (-5, 3), (7, 7)] {
            assert!((2..=HEIGHT).contains(&scaled(value, most)));
        }
        let point = |value| ChartPoint {
            at: DateTime::from_timestamp(value, 0).unwrap(),
            value,
        };
        let chart = |points| Chart {
            name: "ads",
            points,
            shown: |value| value.to_string(),
        };
        assert_eq!(chart(vec![point(3)]).line(3), "0,6 480,6");
        let values: Vec<i64> = (0..10).collect();
        assert_eq!(usual(&values), Some((0, 9)));
    }
}
