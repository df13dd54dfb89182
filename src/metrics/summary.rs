//! What a window says at a moment.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::tally::Tally;
use super::{Gauge, Metric, Quantile};
use crate::quantity::Milli;

/// What a window says at a moment: figures, each in the unit that its [`Metric`] names.
///
/// A host that has its own metrics can fill one by hand.
///
/// ```
/// use std::time::Duration;
/// use siting::metrics::{Metric, Summary};
/// use siting::quantity::Milli;
///
/// let summary = Summary { requests: 200, errors: 1, over: Some(Duration::from_secs(100)), ..Summary::default() };
/// assert_eq!(summary.value(&Metric::ErrorRate), Some(Milli::thousandths(500))); // 0.5 %
/// assert_eq!(summary.value(&Metric::RequestRate), Some(Milli::whole(2)));
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Summary {
    /// The time it speaks of: the window's, or less where the window has seen less; `None` where
    /// nothing was seen at all.
    pub over: Option<Duration>,
    /// How many replicas it speaks of.
    pub replicas: u32,
    /// Requests answered.
    pub requests: u64,
    /// Of these, failed.
    pub errors: u64,
    /// Latencies in thousandths of a millisecond, in the order of [`Quantile::ALL`]; `None` without
    /// requests.
    pub latencies: Option<[Milli; 3]>,
    /// The mean of each gauge over all samples of all replicas.
    pub gauges: Vec<(Gauge, Milli)>,
}

impl Summary {
    /// A metric's figure; `None` where nothing was measured. Rates are rounded up to a thousandth.
    #[must_use]
    pub fn value(&self, metric: &Metric) -> Option<Milli> {
        match metric {
            Metric::Gauge(gauge) => self.gauges.iter().find(|(other, _)| other == gauge).map(|&(_, value)| value),
            Metric::RequestRate => {
                let millis = self.over?.as_millis();
                rounded_up(u128::from(self.requests) * 1_000_000, millis)
            }
            Metric::ErrorRate => rounded_up(u128::from(self.errors) * 100_000, u128::from(self.requests)),
            Metric::Latency(quantile) => self.latencies.map(|[p50, p95, p99]| match quantile {
                Quantile::P50 => p50,
                Quantile::P95 => p95,
                Quantile::P99 => p99,
            }),
        }
    }

    /// The requests that all replicas answer at one time, by the mean of their reports.
    #[must_use]
    pub fn total_concurrency(&self) -> Option<Milli> {
        let mean = self.value(&Metric::Gauge(Gauge::Concurrency))?;
        Some(Milli::thousandths(mean.get().saturating_mul(u64::from(self.replicas))))
    }

    pub(super) fn of<'a>(tallies: impl Iterator<Item = &'a Tally>, over: Option<Duration>, replicas: u32) -> Self {
        let mut all = Tally::default();
        for tally in tallies {
            all.merge(tally);
        }
        let at = |histogram: &Histogram<u32>, quantile: Quantile| {
            Milli::thousandths(histogram.value_at_quantile(quantile.part()))
        };
        let latencies = all.latency.as_ref().map(|histogram| Quantile::ALL.map(|quantile| at(histogram, quantile)));
        let mean = |sum: u128, count: u64| sum.checked_div(u128::from(count)).and_then(|mean| u64::try_from(mean).ok());
        let mut gauges: Vec<_> = all
            .gauges
            .into_iter()
            .filter_map(|(gauge, sum, count)| Some((gauge, Milli::thousandths(mean(sum, count)?))))
            .collect();
        gauges.sort();
        Self { over, replicas, requests: all.requests, errors: all.errors, latencies, gauges }
    }
}

fn rounded_up(amount: u128, by: u128) -> Option<Milli> {
    (by > 0).then(|| Milli::thousandths(u64::try_from(amount.div_ceil(by)).unwrap_or(u64::MAX)))
}
