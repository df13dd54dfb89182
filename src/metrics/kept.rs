//! A window as it is kept: written down, and read back with every bound checked.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::tally::Tally;
use super::window::Window;
use super::{Gauge, InvalidWindow};
use crate::time::Moment;

/// The most requests or samples of one slot that are read back: no slot has seen more, and sums of them fit.
const MOST_SEEN: u64 = 1 << 48;

/// What a window holds, in plain numbers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kept {
    span_millis: u64,
    slots: u32,
    first: Option<Moment>,
    replicas: u32,
    seen: Vec<KeptSlot>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeptSlot {
    slot: u64,
    requests: u64,
    errors: u64,
    /// The longest latency of each bucket in microseconds, and how many requests it has.
    latencies: Vec<(u64, u32)>,
    /// Sum and number of the samples of each gauge.
    gauges: Vec<(Gauge, u128, u64)>,
}

/// Why something is no window that was kept.
#[derive(Debug, thiserror::Error)]
enum InvalidKept {
    #[error(transparent)]
    Window(#[from] InvalidWindow),
    #[error("the slots of a window ascend, and none is older than the window")]
    Order,
    #[error("slot {0} of a window contradicts itself")]
    Slot(u64),
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Kept::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Kept::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl From<&Window> for Kept {
    fn from(window: &Window) -> Self {
        let slot = |(slot, tally): &(u64, Tally)| KeptSlot {
            slot: *slot,
            requests: tally.requests,
            errors: tally.errors,
            latencies: tally.latency.iter().flat_map(buckets).collect(),
            gauges: tally.gauges.clone(),
        };
        Self {
            span_millis: window.width * window.slots,
            slots: u32::try_from(window.slots).unwrap_or(u32::MAX),
            first: window.first,
            replicas: window.replicas,
            seen: window.tallies.iter().map(slot).collect(),
        }
    }
}

fn buckets(histogram: &Histogram<u32>) -> impl Iterator<Item = (u64, u32)> + use<'_> {
    histogram.iter_recorded().map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value()))
}

impl TryFrom<Kept> for Window {
    type Error = InvalidKept;

    fn try_from(kept: Kept) -> Result<Self, InvalidKept> {
        let mut window = Self::new(Duration::from_millis(kept.span_millis), kept.slots)?;
        (window.first, window.replicas) = (kept.first, kept.replicas);
        let newest = kept.seen.last().map_or(0, |newest| newest.slot);
        let ascend = kept.seen.windows(2).all(|pair| matches!(pair, [one, next] if one.slot < next.slot));
        let inside = kept.seen.first().is_none_or(|oldest| newest - oldest.slot.min(newest) < window.slots);
        if !(ascend && inside) || (kept.first.is_none() && !kept.seen.is_empty()) {
            return Err(InvalidKept::Order);
        }
        for one in kept.seen {
            let slot = one.slot;
            window.tallies.push_back((slot, one.tally().ok_or(InvalidKept::Slot(slot))?));
        }
        Ok(window)
    }
}

impl KeptSlot {
    fn tally(self) -> Option<Tally> {
        let mut tally = Tally { requests: self.requests, errors: self.errors, ..Tally::default() };
        let measured: u64 = self.latencies.iter().map(|(_, count)| u64::from(*count)).sum();
        if self.errors > self.requests || self.requests > MOST_SEEN || measured > self.requests {
            return None;
        }
        if !self.latencies.is_empty() {
            let mut histogram = Histogram::new(2).ok()?;
            for (micros, count) in self.latencies {
                // A bucket ends where the next begins: the longest one may reach a little beyond the limit.
                if u128::from(micros) > 2 * Window::LONGEST.as_micros() || count == 0 {
                    return None;
                }
                histogram.record_n(micros, count).ok()?;
            }
            tally.latency = Some(histogram);
        }
        for (gauge, sum, count) in self.gauges {
            let fits = count > 0 && count <= MOST_SEEN && sum <= u128::from(count) * u128::from(u64::MAX);
            let known = tally.gauges.iter().any(|(other, ..)| *other == gauge);
            if !fits || known || !tally.has_room([&gauge]) {
                return None;
            }
            tally.add(&gauge, sum, count);
        }
        Some(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Milli;

    /// R2: what is read back says the same at every moment, and is written the same.
    #[test]
    fn r2_a_window_that_was_kept_goes_on_as_it_was() {
        let mut window = Window::new(Duration::from_secs(60), 12).expect("cut evenly");
        for n in 0..500_u64 {
            let now = Moment::from_millis(n * 397);
            window.request(now, Duration::from_micros(n * n * 37), n % 7 == 0).expect("short");
            window.gauge(now, &Gauge::Cpu, Milli::thousandths(n * 11)).expect("room");
        }
        window.request(Moment::from_millis(198_103), Window::LONGEST, true).expect("not longer");
        let text = serde_json::to_string(&window).expect("plain");
        let mut back: Window = serde_json::from_str(&text).expect("as it was written");
        assert_eq!(serde_json::to_string(&back).expect("plain"), text);
        for n in 500..900_u64 {
            let now = Moment::from_millis(n * 397);
            assert_eq!(back.summary(now), window.summary(now));
            assert_eq!(back.recent(now, Duration::from_secs(7)), window.recent(now, Duration::from_secs(7)));
            for one in [&mut window, &mut back] {
                one.request(now, Duration::from_micros(n), false).expect("short");
            }
        }
        let empty = Window::new(Duration::from_secs(1), 1).expect("cut evenly");
        let text = serde_json::to_string(&empty).expect("plain");
        assert!(serde_json::from_str::<Window>(&text).is_ok());
    }

    /// What contradicts itself is refused.
    #[test]
    fn damaged_windows_are_refused() {
        let slot = |slot: u64, rest: &str| format!(r#"{{"slot":{slot},"requests":2,"errors":1,{rest}}}"#);
        let window = |seen: &str| {
            let text = format!(r#"{{"spanMillis":1000,"slots":10,"first":5,"replicas":1,"seen":[{seen}]}}"#);
            serde_json::from_str::<Window>(&text).is_ok()
        };
        let good = r#""latencies":[[7,2]],"gauges":[["cpu",10,1]]"#;
        assert!(window(&format!("{},{}", slot(4, good), slot(6, good))));
        assert!(!window(&format!("{},{}", slot(6, good), slot(4, good))));
        assert!(!window(&format!("{},{}", slot(4, good), slot(14, good))));
        for bad in [
            r#""latencies":[[7,3]],"gauges":[]"#,
            r#""latencies":[[7,0]],"gauges":[]"#,
            r#""latencies":[[900000000000000,1]],"gauges":[]"#,
            r#""latencies":[],"gauges":[["cpu",10,0]]"#,
            r#""latencies":[],"gauges":[["cpu",10,1],["cpu",10,1]]"#,
            r#""latencies":[],"gauges":[["cpu",18446744073709551616,1]]"#,
        ] {
            assert!(!window(&slot(4, bad)), "{bad}");
        }
        assert!(!window(r#"{"slot":4,"requests":1,"errors":2,"latencies":[],"gauges":[]}"#));
        assert!(!window(r#"{"slot":4,"requests":281474976710657,"errors":2,"latencies":[],"gauges":[]}"#));
    }
}
