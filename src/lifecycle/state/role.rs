//! Roles and what each may do, as a table (L1, L2).

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a deployment is to its workload.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The draft.
    Development,
    /// The holder of production.
    Production,
    /// Every other.
    Published,
}

impl Role {
    /// Every role, in the order of the capability table.
    pub const ALL: [Self; 3] = [Self::Development, Self::Production, Self::Published];

    /// The role's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Published => "published",
        }
    }

    /// Whether a deployment of this role has `capability` (L2).
    ///
    /// ```
    /// use siting::lifecycle::{Capability, Role};
    /// assert!(Role::Development.may(Capability::LiveReload));
    /// assert!(!Role::Production.may(Capability::Delete));
    /// ```
    #[must_use]
    pub fn may(self, capability: Capability) -> bool {
        let row = CAPABILITIES.iter().find(|row| row.capability == capability);
        row.is_some_and(|row| match self {
            Self::Development => row.development,
            Self::Production => row.production,
            Self::Published => row.published,
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that a deployment may do, or not, by its role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Capability {
    /// Be called by its own id.
    CallById,
    /// Be called by the workload's id.
    CallByWorkload,
    /// Have changes patched onto the running server.
    LiveReload,
    /// Go to zero replicas.
    ScaleToZero,
    /// Have other bounds than 0 and 1.
    FullAutoscaling,
    /// Keep answering while it is updated.
    ZeroDowntimeUpdates,
    /// Be stopped.
    Deactivate,
    /// Be deleted.
    Delete,
    /// Be renamed.
    Rename,
}

impl Capability {
    /// The capability's name as tables have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallById => "call by deployment id",
            Self::CallByWorkload => "call by workload id",
            Self::LiveReload => "live reload",
            Self::ScaleToZero => "scale to zero",
            Self::FullAutoscaling => "full autoscaling",
            Self::ZeroDowntimeUpdates => "zero-downtime updates",
            Self::Deactivate => "deactivate",
            Self::Delete => "delete",
            Self::Rename => "rename",
        }
    }
}

/// One row of the capability table.
#[derive(Clone, Copy, Debug)]
pub struct CapabilityRow {
    /// What may be done.
    pub capability: Capability,
    /// Whether the draft may.
    pub development: bool,
    /// Whether the holder of production may.
    pub production: bool,
    /// Whether any other may.
    pub published: bool,
}

const fn row(capability: Capability, [development, production, published]: [bool; 3]) -> CapabilityRow {
    CapabilityRow { capability, development, production, published }
}

/// Which role may do what (L2). The code asks this table; the documentation prints it.
pub const CAPABILITIES: [CapabilityRow; 9] = [
    row(Capability::CallById, [true, true, true]),
    row(Capability::CallByWorkload, [false, true, false]),
    row(Capability::LiveReload, [true, false, false]),
    row(Capability::ScaleToZero, [true, true, true]),
    row(Capability::FullAutoscaling, [false, true, true]),
    row(Capability::ZeroDowntimeUpdates, [false, true, true]),
    row(Capability::Deactivate, [true, true, true]),
    row(Capability::Delete, [true, false, true]),
    row(Capability::Rename, [false, true, true]),
];
