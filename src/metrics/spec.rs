//! A metric and its target: the four kinds of the horizontal pod autoscaler, version 2.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::quantity::Milli;

/// A metric with the target it is held against: what is read, and what is compared with what.
///
/// Only the combinations that have a meaning can be built, and no target is zero.
///
/// ```
/// use siting::metrics::{MetricSpec, Reading, Resource, Source, Target};
/// use siting::quantity::Milli;
///
/// let spec = MetricSpec::new(Source::Resource(Resource::Cpu), Target::Utilization(90))?;
/// // Three replicas that ask for one core each and use 2.7 cores together: 90 %.
/// let reading = Reading { usage: Milli::thousandths(2700), requested: Milli::whole(3), replicas: 3 };
/// assert_eq!(spec.load(&reading), Some(1000)); // just at its target
/// assert!(MetricSpec::new(Source::Resource(Resource::Cpu), Target::Value(Milli::whole(1))).is_err());
/// # Ok::<(), siting::metrics::InvalidSpec>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "AnySpec")]
pub struct MetricSpec {
    source: Source,
    target: Target,
}

/// Where a figure comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// A resource of each replica.
    Resource(Resource),
    /// Another figure of each replica.
    Pods(Name),
    /// A figure of one other object, such as the requests a second at a gateway.
    Object(Name),
    /// A figure from outside, such as the length of a queue.
    External(Name),
}

/// A resource of which a replica asks for an amount and uses some.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    /// Cpu, whose use just after the start says little about the load.
    Cpu,
    /// Memory.
    Memory,
    /// GPUs.
    Gpu,
    /// Another.
    Other(Name),
}

/// What a figure is compared with; never zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// The use of all replicas in percent of what they ask for; may be over 100.
    Utilization(u32),
    /// The figure of all replicas divided by their number.
    AverageValue(Milli),
    /// The figure as a whole.
    Value(Milli),
}

/// What was read for a spec at a moment, of all replicas together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Reading {
    /// The sum of the figure over the replicas; of an object or from outside, the figure.
    pub usage: Milli,
    /// The sum of what those replicas ask for; used by a utilisation only.
    pub requested: Milli,
    /// How many replicas `usage` is the sum of; of an object or from outside, how many there are.
    pub replicas: u32,
}

impl MetricSpec {
    /// A metric from `source`, held against `target`.
    ///
    /// # Errors
    /// [`InvalidSpec`] if the target is zero, or says nothing about such a source: a resource has a
    /// utilisation or an average, a figure of replicas an average, an object's and an outer one a
    /// value or an average.
    pub fn new(source: Source, target: Target) -> Result<Self, InvalidSpec> {
        use {Source as S, Target as T};
        let meant = match (&source, target) {
            (S::Resource(_), T::Utilization(_) | T::AverageValue(_)) | (S::Pods(_), T::AverageValue(_)) => true,
            (S::Object(_) | S::External(_), T::Value(_) | T::AverageValue(_)) => true,
            (S::Resource(_), T::Value(_)) | (S::Pods(_), T::Utilization(_) | T::Value(_)) => false,
            (S::Object(_) | S::External(_), T::Utilization(_)) => false,
        };
        let zero = match target {
            T::Utilization(percent) => percent == 0,
            T::AverageValue(value) | T::Value(value) => value.get() == 0,
        };
        match (meant, zero) {
            (false, _) => Err(InvalidSpec::OtherTarget),
            (_, true) => Err(InvalidSpec::ZeroTarget),
            (true, false) => Ok(Self { source, target }),
        }
    }

    /// Where the figure comes from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What it is compared with.
    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    /// Whether each replica gives its own figure.
    #[must_use]
    pub fn is_per_replica(&self) -> bool {
        matches!(self.source, Source::Resource(_) | Source::Pods(_))
    }

    /// The figure in thousandths of its target, rounded down: 1000 and more exactly when the target
    /// is reached. `None` where there is nothing to compare: no replica, or nothing asked for.
    #[must_use]
    pub fn load(&self, reading: &Reading) -> Option<u64> {
        let usage = u128::from(reading.usage.get()) * 1000;
        let (usage, target) = match self.target {
            Target::Utilization(percent) => (usage * 100, u128::from(reading.requested.get()) * u128::from(percent)),
            Target::AverageValue(value) => (usage, u128::from(value.get()) * u128::from(reading.replicas)),
            Target::Value(value) => (usage, u128::from(value.get())),
        };
        usage.checked_div(target).map(|load| u64::try_from(load).unwrap_or(u64::MAX))
    }
}

/// A spec that was written down, before it is checked.
#[derive(Deserialize)]
struct AnySpec {
    source: Source,
    target: Target,
}

impl TryFrom<AnySpec> for MetricSpec {
    type Error = InvalidSpec;
    fn try_from(spec: AnySpec) -> Result<Self, InvalidSpec> {
        Self::new(spec.source, spec.target)
    }
}

impl fmt::Display for MetricSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Resource(Resource::Cpu) => f.write_str("cpu"),
            Source::Resource(Resource::Memory) => f.write_str("memory"),
            Source::Resource(Resource::Gpu) => f.write_str("gpu"),
            Source::Resource(Resource::Other(name))
            | Source::Pods(name)
            | Source::Object(name)
            | Source::External(name) => name.fmt(f),
        }
    }
}

/// Why a metric cannot be held against a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSpec {
    /// The target is of a type that says nothing about such a source.
    #[error("a target of this type says nothing about a metric of this kind")]
    OtherTarget,
    /// The target is zero.
    #[error("the target is zero")]
    ZeroTarget,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(usage: u64, requested: u64, replicas: u32) -> Reading {
        Reading { usage: Milli::thousandths(usage), requested: Milli::thousandths(requested), replicas }
    }

    #[test]
    fn r6_loads_reach_a_thousand_exactly_at_the_target() {
        let name = || "queue".parse::<Name>().expect("a name");
        let cases = [
            (Source::Resource(Resource::Cpu), Target::Utilization(90), reading(2700, 3000, 3), Some(1000)),
            (Source::Resource(Resource::Cpu), Target::Utilization(90), reading(2699, 3000, 3), Some(999)),
            // The number of replicas does not raise the bar.
            (Source::Resource(Resource::Cpu), Target::Utilization(90), reading(90_000, 100_000, 100), Some(1000)),
            (Source::Resource(Resource::Memory), Target::Utilization(80), reading(5, 0, 3), None),
            (Source::Pods(name()), Target::AverageValue(Milli::whole(10)), reading(30_000, 0, 3), Some(1000)),
            (Source::Pods(name()), Target::AverageValue(Milli::whole(10)), reading(0, 0, 0), None),
            (Source::Object(name()), Target::Value(Milli::whole(10)), reading(9_999, 0, 0), Some(999)),
            (Source::External(name()), Target::Value(Milli::whole(10)), reading(20_000, 0, 5), Some(2000)),
            (Source::External(name()), Target::AverageValue(Milli::whole(10)), reading(20_000, 0, 4), Some(500)),
        ];
        for (source, target, reading, load) in cases {
            let spec = MetricSpec::new(source, target).expect("a spec");
            assert_eq!(spec.load(&reading), load, "{spec:?} {reading:?}");
        }
    }

    #[test]
    fn targets_without_a_meaning_are_refused() {
        let name: Name = "queue".parse().expect("a name");
        let other = MetricSpec::new(Source::External(name.clone()), Target::Utilization(50));
        assert_eq!(other, Err(InvalidSpec::OtherTarget));
        let zero = MetricSpec::new(Source::Pods(name), Target::AverageValue(Milli::whole(0)));
        assert_eq!(zero, Err(InvalidSpec::ZeroTarget));
    }
}
