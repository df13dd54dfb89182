//! The constraints of D6: their codes, in their order.

use std::fmt;

use serde::{Serialize, Serializer};

/// A reason why a replica cannot run somewhere, in the order in which reports list them (D6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Code {
    /// The deployment names a policy that nobody knows. Fails everything.
    PolicyUnresolved,
    /// No policy of a required type is in force where it is required (P13). Fails everything.
    PolicyRequired,
    /// The policies of the levels leave nothing (P7). Fails everything.
    PolicyConflict,
    /// The cluster is unhealthy (I3).
    Unhealthy,
    /// The cluster is cordoned (I3).
    Cordoned,
    /// The policies do not allow the place.
    LocationNotAllowed,
    /// The policies do not allow the flavor.
    FlavorNotAllowed,
    /// Not the kind, type, GPU memory or cpu type demanded.
    NoSuchFlavor,
    /// An empty node would not hold one replica.
    DoesNotFitNode,
    /// No node has room for one replica now.
    InsufficientCapacity,
    /// No domain may take another replica without exceeding the skew.
    SpreadImpossible,
    /// There is no cluster at all.
    NoClusters,
}

impl Code {
    /// The code as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PolicyUnresolved => "policy-unresolved",
            Self::PolicyRequired => "policy-required",
            Self::PolicyConflict => "policy-conflict",
            Self::Unhealthy => "unhealthy",
            Self::Cordoned => "cordoned",
            Self::LocationNotAllowed => "location-not-allowed",
            Self::FlavorNotAllowed => "flavor-not-allowed",
            Self::NoSuchFlavor => "no-such-flavor",
            Self::DoesNotFitNode => "does-not-fit-node",
            Self::InsufficientCapacity => "insufficient-capacity",
            Self::SpreadImpossible => "spread-impossible",
            Self::NoClusters => "no-clusters",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
