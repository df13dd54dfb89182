//! Settings that a deployment carries for its later life: scaling, load balancer, offloading.
//!
//! A decision reads one of them: how many replicas are wanted at least.

use std::fmt;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::metrics::{MetricSpec, Source, Target};
use crate::quantity::Percent;
use crate::traffic;

/// How a deployment follows its load. Enabled scaling has both bounds, the lower not above the
/// upper.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scaling {
    /// Whether replicas follow the load.
    pub enabled: bool,
    /// The fewest replicas; 0 scales to zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_replicas: Option<u32>,
    /// The most replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_replicas: Option<u32>,
    /// The utilisation of cpu to hold, in percent of what is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_cpu_utilization: Option<Percent>,
    /// The utilisation of memory to hold, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_memory_utilization: Option<Percent>,
    /// The utilisation of GPUs to hold, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_gpu_utilization: Option<Percent>,
}

/// How requests are spread over a deployment's replicas. An enabled one has an algorithm and a
/// health check.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// Whether requests are balanced.
    pub enabled: bool,
    /// By which rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
    /// How replicas are probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Whether a client stays with its replica.
    pub sticky_sessions: bool,
}

/// The rule by which a load balancer chooses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Each in turn.
    RoundRobin,
    /// The one with the fewest open connections.
    LeastConnections,
    /// By the client's address.
    IpHash,
    /// By the client's address, moving few when replicas change.
    ConsistentHash,
}

/// How replicas are probed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// The path that is asked for; begins with `/`.
    pub path: String,
    /// Seconds between probes, from 1.
    pub interval_seconds: u32,
}

/// When requests are offloaded to a remote side, and how many of them (R6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Offloading {
    /// How many, and how long it takes to begin and to end.
    pub rule: traffic::Offloading,
    /// What is watched: any one that has reached its target is enough.
    pub metrics: Vec<MetricSpec>,
}

impl fmt::Display for Offloading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rule, seconds) = (&self.rule, |span: Duration| span.as_secs_f64());
        write!(f, "{}% after {}s", rule.percentage(), seconds(rule.window))?;
        if rule.release_window != rule.window {
            write!(f, ", back after {}s", seconds(rule.release_window))?;
        }
        if let Some(release) = rule.release() {
            write!(f, " below {}% of the target", f64::from(release) / 10.0)?;
        }
        for (place, metric) in self.metrics.iter().enumerate() {
            let target = match metric.target() {
                Target::Utilization(percent) => format!("{percent}%"),
                Target::AverageValue(value) => format!("{value} each"),
                Target::Value(value) => value.to_string(),
            };
            let kind = match metric.source() {
                Source::Resource(_) => "",
                Source::Pods(_) => "pods ",
                Source::Object(_) => "object ",
                Source::External(_) => "external ",
            };
            write!(f, "{} {kind}{metric} at {target}", if place == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// Environment variables for the workload's process. Their values are secrets (L11).
pub type Variables = IndexMap<String, Secret>;

/// A text that is kept and written back, and never shown.
///
/// ```
/// use siting::deployment::Secret;
/// let secret = Secret::new("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert_eq!(secret.reveal(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the host that starts the process.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Serialize for Secret {
    /// Manifests written back keep what they held; nothing else serialises specs.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
