//! Sliding windows of observations (R2, R4).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use serde_json::{Map, Value, json};
use siting::id::Name;
use siting::metrics::{self, Gauge, Metric, Quantile, Summary};
use siting::quantity::Milli;
use siting::time::Moment;

use crate::failure::{Failure, Outcome, json};
use crate::kept::restored;

/// Requests and gauges of the last while; may be fed from many threads.
#[pyclass(frozen, module = "siting._siting")]
pub(crate) struct Window {
    shared: Mutex<metrics::Window>,
}

impl Window {
    fn lock(&self) -> MutexGuard<'_, metrics::Window> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> metrics::Window {
        self.lock().clone()
    }

    pub(crate) fn summary_of(&self, now: u64) -> Summary {
        self.lock().summary(Moment::from_millis(now))
    }
}

#[pymethods]
impl Window {
    #[staticmethod]
    fn of(span_millis: u64, slots: u32) -> Outcome<Self> {
        let window = metrics::Window::new(Duration::from_millis(span_millis), slots)
            .map_err(|error| Failure::value(error.to_string(), "let the slots divide the span"))?;
        Ok(Self { shared: Mutex::new(window) })
    }

    fn request(&self, now: u64, latency_micros: u64, failed: bool) -> Outcome<()> {
        let latency = Duration::from_micros(latency_micros);
        let noted = self.lock().request(Moment::from_millis(now), latency, failed);
        noted.map_err(|error| Failure::value(error.to_string(), "leave out what is no answer"))
    }

    fn gauge(&self, now: u64, name: &str, thousandths: u64) -> Outcome<()> {
        let gauge = gauge(name)?;
        let noted = self.lock().gauge(Moment::from_millis(now), &gauge, Milli::thousandths(thousandths));
        noted.map_err(|error| Failure::value(error.to_string(), "give other windows to other gauges"))
    }

    /// Takes in what another replica's window saw.
    fn merge(&self, other: &Self) -> Outcome<()> {
        // A copy first: two windows may take in one another at once.
        let other = other.snapshot();
        self.lock().merge(&other).map_err(|error| Failure::value(error.to_string(), "cut both windows alike"))
    }

    fn copy(&self) -> Self {
        Self { shared: Mutex::new(self.snapshot()) }
    }

    /// All that it holds, to be kept.
    fn written(&self) -> Outcome<String> {
        json(&self.snapshot())
    }

    /// Reads what was written down.
    #[staticmethod]
    fn restored(written: &str) -> Outcome<Self> {
        Ok(Self { shared: Mutex::new(restored(written)?) })
    }

    fn summary(&self, now: u64) -> Outcome<String> {
        let summary = self.summary_of(now);
        let value = |metric| summary.value(&metric).map(decimal);
        let gauges = summary.gauges.iter().map(|(gauge, value)| (gauge.to_string(), json!(decimal(*value))));
        json(&json!({
            "overMillis": summary.over.map(|over| u64::try_from(over.as_millis()).unwrap_or(u64::MAX)),
            "replicas": summary.replicas,
            "requests": summary.requests,
            "errors": summary.errors,
            "requestRate": value(Metric::RequestRate),
            "errorRate": value(Metric::ErrorRate),
            "latencyP50": value(Metric::Latency(Quantile::P50)),
            "latencyP95": value(Metric::Latency(Quantile::P95)),
            "latencyP99": value(Metric::Latency(Quantile::P99)),
            "totalConcurrency": summary.total_concurrency().map(decimal),
            "gauges": gauges.collect::<Map<String, Value>>(),
        }))
    }
}

/// A figure as a plain decimal.
fn decimal(figure: Milli) -> String {
    format!("{}.{:03}", figure.get() / 1000, figure.get() % 1000)
}

/// A metric by the name that reports give it.
pub(crate) fn metric(name: &str) -> Outcome<Metric> {
    Ok(match name {
        "request-rate" => Metric::RequestRate,
        "error-rate" => Metric::ErrorRate,
        "latency-p50" => Metric::Latency(Quantile::P50),
        "latency-p95" => Metric::Latency(Quantile::P95),
        "latency-p99" => Metric::Latency(Quantile::P99),
        name => Metric::Gauge(gauge(name)?),
    })
}

fn gauge(name: &str) -> Outcome<Gauge> {
    Ok(match name {
        "cpu" => Gauge::Cpu,
        "memory" => Gauge::Memory,
        "gpu" => Gauge::Gpu,
        "concurrency" => Gauge::Concurrency,
        name => Gauge::Custom(Name::new(name).map_err(|error| Failure::value(error.to_string(), "give it a name"))?),
    })
}
