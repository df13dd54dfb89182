//! What is asked of a decision: a demand, how many of it, and what would be liked best.

use super::limits::Limit;
use crate::deployment::{Demand, Preferences};
use crate::id::PairId;

/// What is asked of a decision.
///
/// ```
/// use siting::deployment::{Demand, Preference, Preferences};
/// use siting::placement::Ask;
///
/// let demand = Demand::any_flavor();
/// let cheap = Preferences { prefer: vec![Preference::Price], ..Preferences::default() };
/// let ask = Ask::new(&demand, 3).preferring(&cheap).partially();
/// assert_eq!(ask.replicas, 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What one replica takes.
    pub demand: &'a Demand,
    /// How many replicas; 0 is decided as 1 would be, where it would wake.
    pub replicas: u32,
    /// Which candidates are liked best.
    pub preferences: &'a Preferences,
    /// Where replicas run now, and how many; what they take must be free in the inventory.
    pub current: &'a [(PairId, u32)],
    /// Where replicas of the same deployment stand that stay, beside those asked for: they count where replicas are
    /// to be spread, or to stand together. What they take must not be free in the inventory.
    pub beside: &'a [(PairId, u32)],
    /// The limits in force, with what is held of each (E4).
    pub limits: &'a [Limit],
    /// Whether some replicas are better than none.
    pub partial: bool,
}

/// What nobody has preferred anything about.
const NO_PREFERENCES: &Preferences = &Preferences { prefer: Vec::new(), spread: None, together: None };

impl<'a> Ask<'a> {
    /// So many replicas of a demand, all or none, wherever the default ranking puts them.
    #[must_use]
    pub fn new(demand: &'a Demand, replicas: u32) -> Self {
        Self { demand, replicas, preferences: NO_PREFERENCES, current: &[], beside: &[], limits: &[], partial: false }
    }

    /// With preferences.
    #[must_use]
    pub fn preferring(self, preferences: &'a Preferences) -> Self {
        Self { preferences, ..self }
    }

    /// With the places where replicas run now. They are kept where they are legal and nothing else
    /// is preferred (I4).
    #[must_use]
    pub fn running(self, current: &'a [(PairId, u32)]) -> Self {
        Self { current, ..self }
    }

    /// Beside replicas that stay where they are.
    #[must_use]
    pub fn beside(self, beside: &'a [(PairId, u32)]) -> Self {
        Self { beside, ..self }
    }

    /// Under limits, of which so much is held.
    #[must_use]
    pub fn within(self, limits: &'a [Limit]) -> Self {
        Self { limits, ..self }
    }

    /// Placing as many as fit, where not all do.
    #[must_use]
    pub fn partially(self) -> Self {
        Self { partial: true, ..self }
    }

    /// How many replicas need a place for the decision to be made.
    pub(super) fn wanted(&self) -> u32 {
        self.replicas.max(1)
    }
}
