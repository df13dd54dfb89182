//! Settings of a deployment for its lifecycle: scaling, load balancer, offloading.
//!
//! A decision reads one of them: the minimum number of replicas wanted.

use std::fmt;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::document::{Fields, Format, Item, Rule, Shape, Whole, Written, document, words};
use crate::metrics::{MetricSpec, Source, Target};
use crate::origin::ProblemCode::{InvalidValue, MissingField, OutOfRange};
use crate::quantity::Percent;
use crate::traffic;

document! {
    /// How a deployment scales with its load. Enabled scaling has both bounds, the upper from 1 and
    /// not below the lower.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Scaling "scaling" {
        /// Whether the number of replicas follows the load.
        enabled: bool = true,
        /// The fewest replicas; 0 scales to zero.
        #[serde(skip_serializing_if = "Option::is_none")]
        min_replicas: Option<u32>,
        /// The most replicas.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_replicas: Option<u32>,
        /// The target cpu utilisation, in percent of the requested cpu.
        #[serde(skip_serializing_if = "Option::is_none")]
        target_cpu_utilization: Option<Percent>,
        /// The target memory utilisation, in percent.
        #[serde(skip_serializing_if = "Option::is_none")]
        target_memory_utilization: Option<Percent>,
        /// The target GPU utilisation, in percent.
        #[serde(skip_serializing_if = "Option::is_none")]
        target_gpu_utilization: Option<Percent>,
    }
    check has_both_bounds(enabled, min_replicas, max_replicas);
    rule Rule::Where {
        key: "enabled",
        is: vec!["true"],
        or_absent: true,
        needs: vec!["minReplicas", "maxReplicas"],
        lacks: Vec::new(),
        narrowed: vec![("maxReplicas", Shape::Whole { from: 1, to: u32::MAX.into() })],
    };
}

fn has_both_bounds(enabled: &bool, min: &Option<u32>, max: &Option<u32>, scaling: &Fields<'_>) -> Option<()> {
    if !enabled {
        return Some(());
    }
    for (bound, name) in [(min, "minReplicas"), (max, "maxReplicas")] {
        if bound.is_none() {
            let help = format!("add `{name}: …`, or write `enabled: false`");
            scaling.problem(MissingField, format!("enabled scaling needs `{name}`"), Some(&help));
        }
    }
    let (from, to) = ((*min)?, (*max)?);
    if to == 0 {
        let help = "write 1 or more; or `enabled: false`, and `replicas: 0` beside it";
        return scaling.refuse("maxReplicas", OutOfRange, "`maxReplicas` is 0, so that nothing ever answers", help);
    }
    if from <= to {
        return Some(());
    }
    let message = format!("`maxReplicas` is {to}, below `minReplicas`");
    scaling.refuse("maxReplicas", OutOfRange, message, format!("write {from} or more"))
}

document! {
    /// How requests are spread over a deployment's replicas. An enabled one has an algorithm and a health check.
    #[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct LoadBalancer "a load balancer" {
        /// Whether requests are balanced.
        enabled: bool = true,
        /// The algorithm by which a replica is chosen.
        #[serde(skip_serializing_if = "Option::is_none")]
        algorithm: Option<Algorithm>,
        /// How replicas are probed.
        #[serde(skip_serializing_if = "Option::is_none")]
        health_check: Option<HealthCheck>,
        /// Whether a client stays with the same replica.
        sticky_sessions: bool = false,
    }
    check says_how(enabled, algorithm);
    check is_probed(enabled, health_check);
    rule Rule::enabled_needs(&["algorithm", "healthCheck"]);
}

fn says_how(enabled: &bool, algorithm: &Option<Algorithm>, balancer: &Fields<'_>) -> Option<()> {
    needed(*enabled && algorithm.is_none(), balancer, "algorithm", "round-robin")
}

fn is_probed(enabled: &bool, check: &Option<HealthCheck>, balancer: &Fields<'_>) -> Option<()> {
    needed(*enabled && check.is_none(), balancer, "healthCheck", "{path: /health, intervalSeconds: 30}")
}

fn needed(missing: bool, balancer: &Fields<'_>, name: &str, example: &str) -> Option<()> {
    if missing {
        let help = format!("add it, such as `{name}: {example}`, or write `enabled: false`");
        balancer.problem(MissingField, format!("an enabled load balancer needs `{name}`"), Some(&help));
    }
    (!missing).then_some(())
}

words! {
    /// The algorithm by which a load balancer chooses.
    pub enum Algorithm {
        /// Each in turn.
        RoundRobin = "round-robin",
        /// The one with the fewest open connections.
        LeastConnections = "least-connections",
        /// By the client's address.
        IpHash = "ip-hash",
        /// By the client's address, moving few when replicas change.
        ConsistentHash = "consistent-hash",
    }
}

document! {
    /// How replicas are probed.
    #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct HealthCheck "a health check" {
        /// The path that is requested; must begin with `/`.
        path: String as AbsolutePath,
        /// Seconds between probes, from 1.
        interval_seconds: u32 as Whole<1>,
    }
}

/// A path from the root on.
struct AbsolutePath;

impl Format<String> for AbsolutePath {
    fn read(item: Item<'_>) -> Option<String> {
        let path = item.string()?;
        let absolute = path.starts_with('/');
        if !absolute {
            item.problem(InvalidValue, "the path of a health check must begin with `/`", "write it as `/health`");
        }
        absolute.then_some(path)
    }

    fn write(value: &String) -> Written {
        value.into()
    }

    fn shape() -> Shape {
        Shape::Pattern("^/")
    }
}

/// When requests are offloaded to a remote side, and how many of them (R6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Offloading {
    /// How many requests, and after how long offloading begins and ends.
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

impl Format<Variables> for Variables {
    fn read(item: Item<'_>) -> Option<Variables> {
        Some(item.texts()?.into_iter().map(|(name, value)| (name, Secret(value))).collect())
    }

    /// With their values: a manifest that is written back keeps what it held.
    fn write(value: &Variables) -> Written {
        Written::Map(value.iter().map(|(name, value)| (name.clone(), value.reveal().into())).collect())
    }

    fn shape() -> Shape {
        Shape::Map { of: Box::new(Shape::StrictText), least: 0 }
    }
}

impl Format<Secret> for Secret {
    fn read(item: Item<'_>) -> Option<Secret> {
        item.string().map(Secret)
    }

    fn write(value: &Secret) -> Written {
        value.reveal().into()
    }

    fn shape() -> Shape {
        Shape::Text
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
