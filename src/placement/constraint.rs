//! The constraints of D6: their codes, in their order.

use std::fmt;
use std::ops::BitAnd;

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

/// The constraints that judge each pair by itself, in the order of D6.
pub(super) const JUDGING: [Code; 8] = [
    Code::Unhealthy,
    Code::Cordoned,
    Code::LocationNotAllowed,
    Code::FlavorNotAllowed,
    Code::NoSuchFlavor,
    Code::DoesNotFitNode,
    Code::InsufficientCapacity,
    Code::SpreadImpossible,
];

/// The constraints of [`JUDGING`] that a pair fails, a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Failures(u8);

impl Failures {
    /// All of them.
    pub(super) const ALL: Self = Self(u8::MAX);

    /// Adds a constraint, if it is failed. Those that judge no pair are none of these.
    #[inline]
    pub(super) fn add(&mut self, code: Code, failed: bool) {
        if let Some(at) = Self::place(code) {
            self.0 |= u8::from(failed) << at;
        }
    }

    /// What either fails.
    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is failed.
    #[inline]
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether a constraint is failed.
    #[inline]
    pub(super) fn contains(self, code: Code) -> bool {
        Self::place(code).is_some_and(|at| self.0 >> at & 1 == 1)
    }

    /// The constraints, in their order.
    pub(super) fn codes(self) -> impl Iterator<Item = Code> {
        JUDGING.into_iter().filter(move |&code| self.contains(code))
    }

    /// How many constraints are passed before the first that is failed: all eight where none is.
    #[inline]
    pub(super) fn passed(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    /// How many sets there are of constraints that judge clusters: health, cordon, place, spread.
    pub(super) const OF_CLUSTER: usize = 16;

    /// The number of a set of these.
    #[inline]
    pub(super) fn cluster_index(self) -> usize {
        usize::from(self.0 & 0b111 | self.0 >> 7 << 3)
    }

    /// The set of this number.
    pub(super) fn from_cluster_index(number: usize) -> Self {
        let bits = u8::try_from(number % Self::OF_CLUSTER).unwrap_or(0);
        Self(bits & 0b111 | bits >> 3 << 7)
    }

    /// The bits, as a number below 256.
    #[inline]
    pub(super) fn bits(self) -> u8 {
        self.0
    }

    /// The constraints of these bits.
    pub(super) fn of_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Where in [`JUDGING`] a constraint stands.
    #[inline]
    const fn place(code: Code) -> Option<u32> {
        match code {
            Code::Unhealthy => Some(0),
            Code::Cordoned => Some(1),
            Code::LocationNotAllowed => Some(2),
            Code::FlavorNotAllowed => Some(3),
            Code::NoSuchFlavor => Some(4),
            Code::DoesNotFitNode => Some(5),
            Code::InsufficientCapacity => Some(6),
            Code::SpreadImpossible => Some(7),
            Code::PolicyUnresolved | Code::PolicyRequired | Code::PolicyConflict | Code::NoClusters => None,
        }
    }
}

/// What both fail.
impl BitAnd for Failures {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}
