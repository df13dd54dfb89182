//! What is measured of a running deployment, over which window, and how it compares with a target.
//!
//! The host passes observations in; a [`Window`] keeps the recent ones of a replica, windows of
//! several replicas merge, and a [`Summary`] is what a window says at a moment. A [`MetricSpec`] is
//! a metric with a target, as the Kubernetes horizontal pod autoscaler (version 2) states them.
//!
//! Figures are [`Milli`](crate::quantity::Milli): integers, in thousandths of the unit that each
//! [`Metric`] names. Nothing here reads a clock.
//!
//! Answers for the measuring part of the rules R2, R4 and R6.

mod kept;
mod spec;
mod summary;
mod tally;
mod window;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use spec::{InvalidSpec, MetricSpec, Reading, Resource, Source, Target};
pub use summary::Summary;
pub use window::{InvalidMerge, InvalidSample, InvalidWindow, Window};

use crate::id::Name;

/// Something that is measured, with its unit.
///
/// ```
/// use siting::metrics::{Gauge, Metric, Quantile};
/// assert_eq!(Metric::Latency(Quantile::P95).to_string(), "latency-p95");
/// assert_eq!(Metric::Gauge(Gauge::Cpu).to_string(), "cpu");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// A figure that replicas report.
    Gauge(Gauge),
    /// Requests a second.
    RequestRate,
    /// Failed requests in percent of all.
    ErrorRate,
    /// Milliseconds until a request is answered.
    Latency(Quantile),
}

/// A figure that each replica reports.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Gauge {
    /// Cpu in use, in percent of what is asked for.
    Cpu,
    /// Memory in use, in percent of what is asked for.
    Memory,
    /// GPUs in use, in percent.
    Gpu,
    /// Requests being answered.
    Concurrency,
    /// A figure of the user's own, in the user's own unit.
    Custom(Name),
}

/// Which part of the requests is answered within a latency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantile {
    /// Half of them: the median.
    P50,
    /// 95 of a hundred.
    P95,
    /// 99 of a hundred.
    P99,
}

impl Quantile {
    /// All of them, ascending.
    pub const ALL: [Self; 3] = [Self::P50, Self::P95, Self::P99];

    /// The part, from 0 to 1.
    #[must_use]
    pub const fn part(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gauge(gauge) => return gauge.fmt(f),
            Self::RequestRate => "request-rate",
            Self::ErrorRate => "error-rate",
            Self::Latency(Quantile::P50) => "latency-p50",
            Self::Latency(Quantile::P95) => "latency-p95",
            Self::Latency(Quantile::P99) => "latency-p99",
        })
    }
}

impl fmt::Display for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Gpu => "gpu",
            Self::Concurrency => "concurrency",
            Self::Custom(name) => return name.fmt(f),
        })
    }
}
