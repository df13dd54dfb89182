//! The steps that remedies are made of, by id while they are searched for, and by name when they are told.

use std::fmt;

use crate::catalog::{Axis, Catalog, Choice};
use crate::id::{Name, PolicyId};
use crate::inventory::is_of_clusters;
use crate::policy::Level;

/// One step, by ids of the case. The order is that in which a set lists them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Step {
    /// A policy that is not known here is named no more; by its place in the list of these.
    Forget(usize),
    /// A policy is detached: at a level, of one of the governing environments.
    Detach(Level, usize, PolicyId),
    /// A policy allows one more option.
    Add(PolicyId, Choice),
    /// A field of the demand is left out.
    Drop(Field),
    /// A quantity is lowered to what fits.
    Lower(Field),
}

/// What of a demand can be left out or lowered. Fields of a GPU are those of one alternative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Field {
    Replicas,
    Cpu,
    Memory,
    Storage,
    Bandwidth,
    CpuType,
    GpuCount(usize),
    GpuShare(usize),
    GpuType(usize),
    GpuMemory(usize),
    MaxPrice,
    MaxSkew,
    MinDomains,
    Together,
}

impl Step {
    /// Whether it can make a difference to what is allowed or fits of hardware; else it concerns places alone.
    pub(super) fn concerns_hardware(self, axis_of: impl Fn(PolicyId) -> Option<Axis>) -> bool {
        match self {
            Self::Forget(_) => false,
            Self::Detach(_, _, policy) | Self::Add(policy, _) => {
                axis_of(policy).is_none_or(|axis| !is_of_clusters(axis))
            }
            Self::Drop(_) | Self::Lower(_) => true,
        }
    }
}

impl Field {
    /// The field's path in a deployment's `spec`, where the demand has so many alternatives.
    pub(super) fn path(self, alternatives: usize) -> DemandField {
        let of_gpu = |alternative: usize, field: &str| {
            if alternatives > 1 {
                format!("resources.gpu.anyOf[{alternative}].{field}")
            } else {
                format!("resources.gpu.{field}")
            }
        };
        DemandField(match self {
            Self::Replicas => "replicas".to_owned(),
            Self::Cpu => "resources.cpu".to_owned(),
            Self::Memory => "resources.memory".to_owned(),
            Self::Storage => "resources.storage".to_owned(),
            Self::Bandwidth => "resources.bandwidth".to_owned(),
            Self::CpuType => "resources.cpuType".to_owned(),
            Self::GpuCount(alternative) => of_gpu(alternative, "count"),
            Self::GpuShare(alternative) => of_gpu(alternative, "share"),
            Self::GpuType(alternative) => of_gpu(alternative, "type"),
            Self::GpuMemory(alternative) => of_gpu(alternative, "memory"),
            Self::MaxPrice => "maxPricePerHour".to_owned(),
            Self::MaxSkew => "placement.spread.maxSkew".to_owned(),
            Self::MinDomains => "placement.spread.minDomains".to_owned(),
            Self::Together => "placement.together".to_owned(),
        })
    }
}

/// A field of what a deployment demands, by its path below `spec`: `resources.gpu.type`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DemandField(String);

impl DemandField {
    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DemandField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One change of a remedy.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RemedyChange {
    /// A policy is detached from a level. It may be one that is not known here.
    Detach {
        /// Where it is attached.
        level: Level,
        /// The environment, where the level is one.
        environment: Option<Name>,
        /// The policy.
        policy: Name,
    },
    /// A policy allows one more option, wherever it is attached.
    AddOption {
        /// The highest level that it is attached at, be it for this deployment or for others.
        level: Level,
        /// The policy.
        policy: Name,
        /// The option.
        option: Choice,
    },
    /// A field of the demand is left out.
    Drop {
        /// Which.
        field: DemandField,
    },
    /// A quantity of the demand is lowered: to the most that fits, the other changes of the set being made.
    Lower {
        /// Which.
        field: DemandField,
        /// What is demanded, as manifests write it.
        from: String,
        /// What fits.
        to: String,
    },
}

impl RemedyChange {
    /// Whose change it is.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Detach { level, .. } | Self::AddOption { level, .. } => *level,
            Self::Drop { .. } | Self::Lower { .. } => Level::Deployment,
        }
    }

    /// What kind of change it is, as reports have it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Detach { .. } => "detach",
            Self::AddOption { .. } => "add-option",
            Self::Drop { .. } => "drop",
            Self::Lower { .. } => "lower",
        }
    }

    /// The change in words: lower case, no final period.
    #[must_use]
    pub fn in_words(&self, catalog: &Catalog) -> String {
        match self {
            Self::Detach { level, environment: Some(environment), policy } => {
                format!("detach `{policy}` from {level} `{environment}`")
            }
            Self::Detach { level, environment: None, policy } => format!("detach `{policy}` from the {level}"),
            Self::AddOption { policy, option, .. } => {
                let (kind, name) = (catalog.choice_kind(*option), catalog.choice_name(*option));
                format!("let `{policy}` allow {kind} `{name}`")
            }
            Self::Drop { field } => format!("leave out `{field}`"),
            Self::Lower { field, from, to } => format!("lower `{field}` from {from} to {to}"),
        }
    }
}
