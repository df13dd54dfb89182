//! The figures of a reason: what is short, which condition is not met, what alternatives would place (D6).

use serde::{Deserialize, Serialize};

use crate::placement::{Limit, Reason, Short, Unmet};
use crate::policy::Level;

/// What a reason is about, in figures.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FiguresReport {
    /// The resources of which there is too little.
    pub short: Vec<ShortReport>,
    /// The conditions on hardware that are not met.
    pub unmet: Vec<UnmetReport>,
    /// How many replicas each alternative alone would place, where there are several.
    pub places: Vec<u32>,
    /// The limits in the way, with what is held of each (E4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitReport>,
}

/// A limit, what is held of it, and by whom (E4). Amounts are as manifests write them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LimitReport {
    /// Whose it is: `workspace` or `environment`.
    pub level: Level,
    /// The environment, where it is one's.
    pub environment: Option<String>,
    /// `gpu`, `gpus.TYPE`, `cpu`, `memory` or `pricePerHour`.
    pub name: String,
    /// The most that may be held.
    pub most: String,
    /// What is held.
    pub held: String,
    /// By whom, the most first.
    pub by: Vec<HeldReport>,
}

/// What somebody holds of a limit.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HeldReport {
    /// A deployment, as `workload/name`, or `the host`.
    pub who: String,
    /// How much.
    pub held: String,
}

/// A resource of which there is too little on every node, or on some.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ShortReport {
    /// `cpu`, `memory`, `storage`, `bandwidth`, `gpu`, `replicas`, `nodes` or `price`.
    pub resource: String,
    /// What one replica wants, as manifests write it.
    pub wanted: String,
    /// The most that there is on one node.
    pub most: String,
    /// The alternative of the demand, from 1, where it has several.
    pub alternative: Option<usize>,
}

/// A condition on hardware that is not met, or not known to be.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct UnmetReport {
    /// `kind`, `type`, `memory`, `slice`, `cpuType` or `price`.
    pub condition: String,
    /// What is demanded.
    pub wanted: String,
    /// Whether it is only not known to be met.
    pub unknown: bool,
    /// The alternative of the demand, from 1, where it has several.
    pub alternative: Option<usize>,
}

impl FiguresReport {
    /// `None` where the reason has none.
    pub(super) fn new(reason: &Reason) -> Option<Self> {
        let figures = reason.figures();
        (!figures.is_empty()).then(|| Self {
            short: figures.short.iter().map(ShortReport::from).collect(),
            unmet: figures.unmet.iter().map(UnmetReport::from).collect(),
            places: figures.places.clone(),
            limits: figures.limits.iter().map(LimitReport::from).collect(),
        })
    }
}

impl From<&Limit> for LimitReport {
    fn from(limit: &Limit) -> Self {
        let held = |(who, held): &(String, u64)| HeldReport { who: who.clone(), held: limit.of.written(*held) };
        Self {
            level: limit.level,
            environment: limit.environment.as_ref().map(ToString::to_string),
            name: limit.name.clone(),
            most: limit.of.written(limit.most),
            held: limit.of.written(limit.held),
            by: limit.by.iter().map(held).collect(),
        }
    }
}

impl From<&Short> for ShortReport {
    fn from(short: &Short) -> Self {
        Self {
            resource: short.resource.as_str().to_owned(),
            wanted: short.resource.written(short.wanted),
            most: short.resource.written(short.most),
            alternative: short.alternative,
        }
    }
}

impl From<&Unmet> for UnmetReport {
    fn from(unmet: &Unmet) -> Self {
        Self {
            condition: unmet.condition.as_str().to_owned(),
            wanted: unmet.wanted.clone(),
            unknown: unmet.unknown,
            alternative: unmet.alternative,
        }
    }
}
