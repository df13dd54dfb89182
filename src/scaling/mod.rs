//! How many replicas a load wants: pure arithmetic over plain state.
//!
//! Two evaluators propose a number. [`hpa`] is the arithmetic of the Kubernetes horizontal pod
//! autoscaler, for utilisations and other figures per replica; [`kpa`] is Knative's, for concurrency
//! and requests a second. An [`Autoscaler`] takes the largest proposal through stabilisation, rate
//! limits, bounds and the way to zero ([`zero`]). Its state is a value, and time is an argument: the
//! host says what it sees and when, and gets a [`Decision`].
//!
//! [`settings`] reads the settings of other platforms as names for these, and reports what cannot be
//! said; [`manual`] answers a wish for a number of replicas.
//!
//! Answers for the rule R4.

pub mod behaviour;
mod decide;
pub mod hpa;
pub mod kpa;
pub mod manual;
mod replica;
pub mod settings;
pub mod zero;

pub use decide::{Autoscaler, Decision, NoProposal, Observed, State};

/// The fewest and the most replicas; the fewest is never above the most.
///
/// ```
/// use siting::scaling::Bounds;
/// let bounds = Bounds::new(2, 10).unwrap();
/// assert_eq!((bounds.clamp(1), bounds.clamp(5), bounds.clamp(11)), (2, 5, 10));
/// assert!(Bounds::new(3, 2).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    min: u32,
    max: u32,
}

impl Bounds {
    /// What a draft may have (L2): none or one.
    pub const DRAFT: Self = Self { min: 0, max: 1 };

    /// From `min` to `max`; `None` where `min` is above `max`. A `min` of 0 scales to zero.
    #[must_use]
    pub fn new(min: u32, max: u32) -> Option<Self> {
        (min <= max).then_some(Self { min, max })
    }

    /// The fewest.
    #[must_use]
    pub fn min(self) -> u32 {
        self.min
    }

    /// The most.
    #[must_use]
    pub fn max(self) -> u32 {
        self.max
    }

    /// The number within the bounds that is nearest to `replicas`.
    #[must_use]
    pub fn clamp(self, replicas: u32) -> u32 {
        replicas.clamp(self.min, self.max)
    }
}

/// The most replicas that are ever proposed: what Kubernetes can count.
const MOST: u32 = i32::MAX.unsigned_abs();

/// A quotient, rounded up, up to [`MOST`]; `None` by zero.
fn quotient_up(amount: u128, by: u128) -> Option<u32> {
    (by > 0).then(|| u32::try_from(amount.div_ceil(by)).unwrap_or(MOST).min(MOST))
}
