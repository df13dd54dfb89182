//! The constraints of D6: their codes, in their order.

use std::fmt;
use std::ops::BitAnd;

use serde::{Serialize, Serializer};

use crate::catalog::Axis;

/// Declares the codes in the order of D6, a row each: the variant, its name in reports, and what it says by itself.
/// The codes of the axes stand between both lists, in the order of [`Axis::ALL`].
macro_rules! codes {
    (
        before { $($(#[doc = $before_doc:literal])+ $before:ident $before_name:literal $before_says:literal;)+ }
        after { $($(#[doc = $after_doc:literal])+ $after:ident $after_name:literal $after_says:literal;)+ }
    ) => {
        /// A reason why a replica cannot run somewhere, in the order in which reports list them (D6).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $before_doc])+ $before,)+
            /// The policies of an axis do not allow where the pool stands on it.
            NotAllowed(Axis),
            $($(#[doc = $after_doc])+ $after,)+
        }

        const BEFORE: usize = [$($before_name),+].len();
        const AXES: usize = Axis::ALL.len();

        impl Code {
            /// How many codes there are.
            pub const COUNT: usize = BEFORE + AXES + [$($after_name),+].len();

            /// Every code, in its order.
            pub fn all() -> impl Iterator<Item = Self> {
                let before = [$(Self::$before),+].into_iter();
                before.chain(Axis::ALL.map(Self::NotAllowed)).chain([$(Self::$after),+])
            }

            /// The code as reports have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$before => $before_name,)+
                    Self::NotAllowed(axis) => axis.not_allowed(),
                    $(Self::$after => $after_name,)+
                }
            }

            /// What the code says by itself: lower case, no final period.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$before => $before_says,)+
                    Self::NotAllowed(axis) => axis.not_allowed_summary(),
                    $(Self::$after => $after_says,)+
                }
            }

            /// Whether policies say it, of one place or of all.
            #[must_use]
            pub fn is_of_policies(self) -> bool {
                self.fails_everything() || matches!(self, Self::NotAllowed(_))
            }

            /// Whether it fails every place there is, whatever clusters there are: what D6 says of `policy-unresolved`,
            /// `policy-required` and `policy-conflict`.
            #[must_use]
            pub fn fails_everything(self) -> bool {
                matches!(self, Self::PolicyUnresolved | Self::PolicyRequired | Self::PolicyConflict)
            }

            /// The code of a name in reports.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::all().find(|code| code.as_str() == name)
            }

            /// Its place in the order, from 0.
            #[inline]
            pub(super) const fn place(self) -> usize {
                enum Before { $($before),+ }
                enum After { $($after),+ }
                match self {
                    $(Self::$before => Before::$before as usize,)+
                    Self::NotAllowed(axis) => BEFORE + axis.index(),
                    $(Self::$after => BEFORE + AXES + After::$after as usize,)+
                }
            }
        }
    };
}

codes! {
    before {
        /// The deployment names a policy that nobody knows. Fails everything.
        PolicyUnresolved "policy-unresolved" "the deployment names policies that are not known here";
        /// No policy of a required type is in force where it is required (P13). Fails everything.
        PolicyRequired "policy-required" "a policy of a required type is missing";
        /// The policies of the levels leave nothing (P7). Fails everything.
        PolicyConflict "policy-conflict" "the levels' policies leave nothing together";
        /// The cluster is unhealthy (I3).
        Unhealthy "unhealthy" "the cluster is unhealthy";
        /// The cluster is cordoned (I3).
        Cordoned "cordoned" "the cluster is cordoned";
        /// The cluster was observed too long ago (I8).
        Stale "stale" "what is known of the cluster is too old";
    }
    after {
        /// Not the kind, type, GPU memory or cpu type demanded.
        NoSuchFlavor "no-such-flavor" "the hardware is not what is demanded";
        /// An empty node would not hold one replica.
        DoesNotFitNode "does-not-fit-node" "one replica is more than a whole node holds";
        /// One replica costs more than the demand bounds its price to, or nobody knows what it costs.
        TooExpensive "too-expensive" "a replica costs more than is allowed";
        /// No node has room for one replica now.
        InsufficientCapacity "insufficient-capacity" "there is not enough room left on the nodes";
        /// The limits of the workspace or an environment leave no room for one replica.
        OverLimit "over-limit" "it would pass a limit";
        /// No one domain has a place for all replicas.
        TogetherImpossible "together-impossible" "no one domain has a place for all replicas, which are to stand together";
        /// No domain may take another replica without exceeding the skew, or too few domains hold one.
        SpreadImpossible "spread-impossible" "another replica would exceed the skew that the spread allows";
        /// There is no cluster at all.
        NoClusters "no-clusters" "there is no cluster";
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

/// The constraints that something fails, a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Failures(u32);

/// There is a bit for every code.
const _: () = assert!(Code::COUNT <= Failures::MOST);

impl Failures {
    /// All of them.
    pub(super) const ALL: Self = Self(u32::MAX);

    /// The most constraints there can be.
    pub(super) const MOST: usize = 32;

    /// Adds a constraint, if it is failed.
    #[inline]
    pub(super) fn add(&mut self, code: Code, failed: bool) {
        self.0 |= u32::from(failed) << code.place();
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
        self.0 >> code.place() & 1 == 1
    }

    /// The constraints, in their order.
    pub(super) fn codes(self) -> impl Iterator<Item = Code> {
        Code::all().filter(move |&code| self.contains(code))
    }

    /// The places of the constraints in the order.
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (place < u32::BITS).then_some(place as usize)
        })
    }

    /// How many constraints are passed before the first that is failed: [`MOST`](Self::MOST) where none is.
    #[inline]
    pub(super) fn passed(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    /// Adds the constraint that stands at a place of the order.
    #[inline]
    pub(super) fn add_place(&mut self, place: usize) {
        self.0 |= 1_u32.checked_shl(u32::try_from(place).unwrap_or(u32::MAX)).unwrap_or(0);
    }
}

/// What both fail.
impl BitAnd for Failures {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}
