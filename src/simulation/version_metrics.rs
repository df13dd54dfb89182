//! What a version shows in a scenario, and what was measured of the requests it served.

use std::collections::VecDeque;
use std::time::Duration;

use crate::id::Name;
use crate::manifest::scenario::ShownSpec;
use crate::metrics::{Gauge, MetricSpec, Reading, Resource, Source, Summary, Window};
use crate::quantity::Milli;
use crate::time::Moment;

/// What a version shows.
#[derive(Clone)]
pub(super) struct Shown {
    /// Percent of its requests that fail.
    error_rate: Milli,
    /// Milliseconds until a request is answered.
    latency: Milli,
    /// Requests a second that take all cpu of a replica.
    capacity: u32,
    /// Whether its replicas become ready.
    pub(super) starts: bool,
    custom: Vec<(Name, Milli)>,
}

impl Default for Shown {
    fn default() -> Self {
        let (error_rate, latency) = (Milli::whole(0), Milli::whole(100));
        Self { error_rate, latency, capacity: 100, starts: true, custom: Vec::new() }
    }
}

impl Shown {
    pub(super) fn update(&mut self, spec: &ShownSpec) {
        self.error_rate = spec.error_rate.unwrap_or(self.error_rate);
        self.latency = spec.latency.unwrap_or(self.latency);
        self.capacity = spec.capacity.unwrap_or(self.capacity);
        self.starts = spec.starts.unwrap_or(self.starts);
        for (name, value) in &spec.custom {
            self.custom.retain(|(other, _)| other != name);
            self.custom.push((name.clone(), *value));
        }
    }

    fn named(&self, name: &Name) -> Option<Milli> {
        self.custom.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }
}

/// What a deployment has served. Requests are counted in thousandths.
pub(super) struct Served {
    pub(super) sent: u64,
    pub(super) failed: u64,
    /// Since when nobody has called it.
    pub(super) quiet_since: Option<Moment>,
    /// Of the last minute: when, how many, and how many of them failed.
    recent: VecDeque<(Moment, u64, u64)>,
    /// Requests since the last measurement.
    unmeasured: u64,
    cpu: Milli,
    window: Option<Window>,
}

/// How far back a summary looks.
const MINUTE: Duration = Duration::from_secs(60);

impl Default for Served {
    fn default() -> Self {
        Self {
            sent: 0,
            failed: 0,
            quiet_since: None,
            recent: VecDeque::new(),
            unmeasured: 0,
            cpu: Milli::whole(0),
            window: Window::new(MINUTE, 60).ok(),
        }
    }
}

impl Served {
    /// Requests that came in the time that passed, of which some fail.
    pub(super) fn serve(&mut self, now: Moment, passed: Duration, requests: u64, shown: &Shown) {
        let failed = requests.saturating_mul(shown.error_rate.get()) / 100_000;
        self.sent += requests;
        self.failed += failed;
        self.unmeasured += requests;
        self.recent.push_back((now, requests, failed));
        while self.recent.front().is_some_and(|(at, ..)| now.since(*at) >= MINUTE.max(passed)) {
            self.recent.pop_front();
        }
    }

    /// What its replicas report now: requests in flight by their latency, and cpu by their capacity.
    pub(super) fn measure(&mut self, now: Moment, passed: Duration, ready: u32, shown: &Shown) {
        let requests = std::mem::take(&mut self.unmeasured);
        self.quiet_since = if requests > 0 { None } else { self.quiet_since.or(Some(now)) };
        let millis = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1);
        // Thousandths of requests a second, of each replica.
        let rate = requests.saturating_mul(1000) / millis / u64::from(ready.max(1));
        let in_flight = rate.saturating_mul(shown.latency.get()) / 1_000_000;
        self.cpu = Milli::thousandths(rate.saturating_mul(100) / u64::from(shown.capacity.max(1)));
        if let Some(window) = &mut self.window
            && ready > 0
        {
            window.gauge(now, &Gauge::Concurrency, Milli::thousandths(in_flight));
            window.gauge(now, &Gauge::Cpu, self.cpu);
        }
    }

    pub(super) fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// The last minute.
    pub(super) fn summary(&self, now: Moment, shown: &Shown) -> Summary {
        let recent = self.recent.iter().filter(|(at, ..)| now.since(*at) < MINUTE);
        let (requests, errors) = recent.fold((0, 0), |(sent, failed), (_, s, f)| (sent + s, failed + f));
        let mut gauges: Vec<_> =
            shown.custom.iter().map(|(name, value)| (Gauge::Custom(name.clone()), *value)).collect();
        gauges.push((Gauge::Cpu, self.cpu));
        gauges.sort();
        Summary {
            over: Some(MINUTE),
            replicas: 1,
            requests: requests / 1000,
            errors: errors / 1000,
            latencies: (requests > 0).then_some([shown.latency; 3]),
            gauges,
        }
    }

    /// What is read for a metric that offloading watches.
    pub(super) fn reading(&self, spec: &MetricSpec, ready: u32, shown: &Shown) -> Option<Reading> {
        let all = |each: Milli| Milli::thousandths(each.get().saturating_mul(u64::from(ready)));
        match spec.source() {
            Source::Resource(Resource::Cpu) => {
                let requested = Milli::whole(100 * u64::from(ready));
                Some(Reading { usage: all(self.cpu), requested, replicas: ready })
            }
            Source::Resource(_) => None,
            Source::Pods(name) => {
                Some(Reading { usage: all(shown.named(name)?), replicas: ready, ..Reading::default() })
            }
            Source::Object(name) | Source::External(name) => {
                Some(Reading { usage: shown.named(name)?, replicas: ready, ..Reading::default() })
            }
        }
    }
}
