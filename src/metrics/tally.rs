//! What a stretch of time has seen: counts, latencies, gauges.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::Gauge;

/// The most gauges that one slot tells apart.
pub(super) const MOST_GAUGES: usize = 100;

/// What one slot of a window saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) latency: Option<Histogram<u32>>,
    /// Sum and number of the samples of each gauge.
    pub(super) gauges: Vec<(Gauge, u128, u64)>,
}

impl Tally {
    /// Notes a request.
    pub(super) fn request(&mut self, latency: Duration, failed: bool) {
        self.requests = self.requests.saturating_add(1);
        self.errors = self.errors.saturating_add(u64::from(failed));
        if self.latency.is_none() {
            self.latency = Histogram::new(2).ok();
        }
        if let Some(histogram) = &mut self.latency {
            let micros = latency.as_micros();
            // Invariant `histograms-grow`: it resizes by itself, so that recording cannot fail.
            histogram.record(u64::try_from(micros).unwrap_or(0)).unwrap_or_default();
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors);
        match (&mut self.latency, &other.latency) {
            // Invariant `histograms-grow`: both resize by themselves, so that adding cannot fail.
            (Some(own), Some(other)) => own.add(other).unwrap_or_default(),
            (own @ None, Some(other)) => *own = Some(other.clone()),
            (_, None) => {}
        }
        for (gauge, sum, count) in &other.gauges {
            self.add(gauge, *sum, *count);
        }
    }

    /// Whether these gauges can be added to those there are.
    pub(super) fn has_room<'a>(&self, gauges: impl IntoIterator<Item = &'a Gauge>) -> bool {
        let is_new = |gauge: &&Gauge| !self.gauges.iter().any(|(own, ..)| own == *gauge);
        self.gauges.len() + gauges.into_iter().filter(is_new).count() <= MOST_GAUGES
    }

    pub(super) fn add(&mut self, gauge: &Gauge, sum: u128, count: u64) {
        match self.gauges.iter_mut().find(|(other, ..)| other == gauge) {
            Some((_, own, samples)) => {
                *own = own.saturating_add(sum);
                *samples = samples.saturating_add(count);
            }
            None => self.gauges.push((gauge.clone(), sum, count)),
        }
    }
}
