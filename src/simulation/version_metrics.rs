//! What a version shows in a scenario, and what was measured of the requests it served.

use std::collections::VecDeque;
use std::time::Duration;

use super::queue::Queue;
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
    /// Those of them that were answered, well or not.
    pub(super) answered: u64,
    pub(super) failed: u64,
    /// Those that waited for a replica for too long.
    pub(super) timed_out: u64,
    /// Those that wait for a replica.
    queue: Queue,
    /// Since when nobody has called it.
    pub(super) quiet_since: Option<Moment>,
    /// Of the last minute: when, how many came to an end, and how many of them failed or timed out.
    recent: VecDeque<(Moment, u64, u64)>,
    /// How long those answered last had waited.
    waited: Duration,
    /// Requests since the last measurement: those that came, and those that were answered.
    unmeasured: (u64, u64),
    cpu: Milli,
    window: Option<Window>,
}

/// How far back a summary looks.
const MINUTE: Duration = Duration::from_secs(60);

impl Default for Served {
    fn default() -> Self {
        Self {
            sent: 0,
            answered: 0,
            failed: 0,
            timed_out: 0,
            queue: Queue::default(),
            quiet_since: None,
            recent: VecDeque::new(),
            waited: Duration::ZERO,
            unmeasured: (0, 0),
            cpu: Milli::whole(0),
            window: Window::new(MINUTE, 60).ok(),
        }
    }
}

impl Served {
    /// Requests that came at a moment, and wait for a replica from now on.
    pub(super) fn receive(&mut self, came: Moment, requests: u64) {
        self.sent = self.sent.saturating_add(requests);
        self.unmeasured.0 = self.unmeasured.0.saturating_add(requests);
        self.queue.push(came, requests);
    }

    /// Answers as many of the waiting requests as the ready replicas can in the time that passed; some of the
    /// answers are failures. Whoever has waited for the limit then is not answered any more.
    pub(super) fn work(&mut self, now: Moment, passed: Duration, ready: u32, shown: &Shown, limit: Duration) {
        let most = u64::from(ready).saturating_mul(u64::from(shown.capacity)).saturating_mul(millis(passed));
        let (answered, waited) = self.queue.take(most, now);
        let failed = answered.saturating_mul(shown.error_rate.get()) / 100_000;
        let timed_out = self.queue.expire(limit, now);
        self.answered += answered;
        self.unmeasured.1 += answered;
        self.failed += failed;
        self.timed_out += timed_out;
        if answered > 0 {
            self.waited = waited;
        }
        if answered + timed_out > 0 {
            self.recent.push_back((now, answered + timed_out, failed + timed_out));
        }
        while self.recent.front().is_some_and(|(at, ..)| now.since(*at) >= MINUTE.max(passed)) {
            self.recent.pop_front();
        }
    }

    /// Nobody answers those that wait any more.
    pub(super) fn give_up(&mut self) {
        self.timed_out += self.queue.drain().map(|(_, requests)| requests).sum::<u64>();
    }

    /// What its replicas report now: requests in flight by their latency and those that wait, and the cpu that
    /// what came would take, by their capacity.
    pub(super) fn measure(&mut self, now: Moment, passed: Duration, ready: u32, shown: &Shown) {
        let (came, answered) = std::mem::take(&mut self.unmeasured);
        self.quiet_since = if came > 0 { None } else { self.quiet_since.or(Some(now)) };
        // Thousandths of requests a second, of each replica.
        let rate = |requests: u64| requests.saturating_mul(1000) / millis(passed).max(1) / u64::from(ready.max(1));
        let waiting = self.queue.len() / u64::from(ready.max(1));
        let in_flight = (rate(answered).saturating_mul(shown.latency.get()) / 1_000_000).saturating_add(waiting);
        self.cpu = Milli::thousandths(rate(came).saturating_mul(100) / u64::from(shown.capacity.max(1)));
        if let Some(window) = &mut self.window
            && ready > 0
        {
            // Invariant `few-gauges`: two are far below what a window holds.
            window.gauge(now, &Gauge::Concurrency, Milli::thousandths(in_flight)).unwrap_or_default();
            window.gauge(now, &Gauge::Cpu, self.cpu).unwrap_or_default();
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
        let latency = Milli::thousandths(shown.latency.get().saturating_add(millis(self.waited).saturating_mul(1000)));
        Summary {
            over: Some(MINUTE),
            replicas: 1,
            requests: requests / 1000,
            errors: errors / 1000,
            latencies: (requests > 0).then_some([latency; 3]),
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

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
