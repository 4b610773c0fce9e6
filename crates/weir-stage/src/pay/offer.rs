//! The offers of a text, each an amount or range with its role, and the one pay that several offers
//! amount to: a repetition, its two ends, the same for another period, a table of grades.
//! Contradicting offers are not pay.

use super::labels::MoneyLabel;
use super::periods::StatedPeriod;

/// One amount or range, and its role.
#[derive(Debug, Clone)]
pub(super) struct PayOffer {
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) currency: Option<&'static str>,
    pub(super) period: StatedPeriod,
    pub(super) label: Option<MoneyLabel>,
    pub(super) is_graded: bool,
    pub(super) is_broken: bool,
}

/// One pay of several offers, if they agree.
pub(super) fn merged(offers: &[PayOffer]) -> Option<PayOffer> {
    let (first, rest) = offers.split_first()?;
    if offers.iter().any(|offer| offer.is_broken) {
        return None;
    }
    let is_same = |other: &PayOffer| other.low == first.low && other.high == first.high;
    let is_one_kind = |other: &PayOffer| {
        agrees(first.period, other.period)
            && (first.currency == other.currency
                || first.currency.is_none()
                || other.currency.is_none())
    };
    if rest
        .iter()
        .all(|other| is_same(other) && is_one_kind(other))
    {
        let period = offers
            .iter()
            .map(|offer| offer.period)
            .find(|period| *period != StatedPeriod::Unsaid)
            .unwrap_or_default();
        return Some(PayOffer {
            period,
            ..first.clone()
        });
    }
    if let [second] = rest
        && is_one_kind(second)
        && let Some(whole) = both_ends(first, second)
    {
        return Some(whole);
    }
    if rest
        .iter()
        .all(|other| first.currency == other.currency && is_same_pay(first, other))
    {
        return Some(first.clone());
    }
    let is_table = offers.iter().all(|offer| {
        offer.is_graded && is_one_kind(offer) && offer.low.is_some() && offer.high.is_some()
    });
    let least = offers.iter().filter_map(|offer| offer.low).reduce(f64::min);
    let most = offers
        .iter()
        .filter_map(|offer| offer.high)
        .reduce(f64::max);
    is_table.then(|| PayOffer {
        low: least,
        high: most,
        ..first.clone()
    })
}

/// Whether two periods may be one.
pub(super) fn agrees(one: StatedPeriod, other: StatedPeriod) -> bool {
    one == other || one == StatedPeriod::Unsaid || other == StatedPeriod::Unsaid
}

/// `From $60,000. Up to $70,000.`
fn both_ends(first: &PayOffer, second: &PayOffer) -> Option<PayOffer> {
    let ends = (first.low, first.high, second.low, second.high);
    let ((Some(low), None, None, Some(high)) | (None, Some(high), Some(low), None)) = ends else {
        return None;
    };
    let currency = first.currency.or(second.currency);
    (low <= high).then(|| PayOffer {
        low: Some(low),
        high: Some(high),
        currency,
        period: first.period.or(|| second.period),
        ..first.clone()
    })
}

/// Whether two offers with different periods are the same pay: `$52,000 a year ($26 an hour)`.
fn is_same_pay(first: &PayOffer, other: &PayOffer) -> bool {
    let yearly = |offer: &PayOffer| {
        let times = match offer.period.known()? {
            "hour" => 1950.0,
            "day" => 250.0,
            "week" => 52.0,
            "fortnight" => 26.0,
            "month" => 12.0,
            _ => 1.0,
        };
        Some(offer.low.or(offer.high)? * times)
    };
    let ratio = yearly(first)
        .zip(yearly(other))
        .map(|(one, other)| one / other);
    first.period != other.period && ratio.is_some_and(|ratio| (0.6..=1.6).contains(&ratio))
}
