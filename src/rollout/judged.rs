//! How the metric of a check stands in text.

use crate::document::{Format, Item, Map, Shape, Written, document};
use crate::id::Name;
use crate::metrics::{Gauge, Metric, Quantile};

/// A metric by its word, or `{custom: name}`.
pub(super) struct Judged;

impl Judged {
    fn words() -> impl Iterator<Item = Metric> {
        let gauges = [Gauge::Cpu, Gauge::Memory, Gauge::Gpu, Gauge::Concurrency].map(Metric::Gauge);
        let latencies = Quantile::ALL.map(Metric::Latency);
        [Metric::ErrorRate].into_iter().chain(latencies).chain([Metric::RequestRate]).chain(gauges)
    }
}

impl Format<Metric> for Judged {
    fn read(item: Item<'_>) -> Option<Metric> {
        if item.is_object() {
            return Custom::read(item).map(|custom| Metric::Gauge(Gauge::Custom(custom.custom)));
        }
        let words: Vec<_> = WORDS.into_iter().zip(0_usize..).collect();
        Judged::words().nth(item.one_of(&words)?)
    }

    fn write(value: &Metric) -> Written {
        match value {
            Metric::Gauge(Gauge::Custom(name)) => Map::default().with("custom", name.as_str()).into(),
            metric => Written::text(metric),
        }
    }

    fn shape() -> Shape {
        Shape::Either(vec![Shape::Words(WORDS.to_vec()), Custom::shape()])
    }
}

/// The words of [`Judged::words`].
const WORDS: [&str; 9] =
    ["error-rate", "latency-p50", "latency-p95", "latency-p99", "request-rate", "cpu", "memory", "gpu", "concurrency"];

document! {
    /// A figure of the host's own.
    struct Custom "a custom metric" {
        /// Its name.
        custom: Name,
    }
}
