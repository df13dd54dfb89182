//! The figures of a reason: what is short, which condition is not met, what alternatives would place (D6).

use serde::{Deserialize, Serialize};

use crate::placement::{Reason, Short, Unmet};

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
        })
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
