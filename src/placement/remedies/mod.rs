//! Remedies: the least that would have to change for a refusal to become a placement (D7).
//!
//! A remedy is a set of steps. A step detaches a policy, adds one option to a policy, drops one field of the demand, or
//! lowers one quantity to what fits. A set is listed if deciding under all of its steps places every replica, and under
//! no part of them does. No step of a listed set tightens: policies that allow together are detached together, or not
//! at all.
//!
//! The search follows places and kinds of hardware, not clusters: for each it finds the ways past all that is against
//! it, and tries unions of ways ([`ways`]). Whatever is listed has been decided ([`suppose`]).

mod classes;
mod gates;
mod governing;
mod occupants;
mod opened;
mod room_of_kinds;
mod rooms;
mod search;
mod step;
mod suppose;
mod ways;

pub(crate) use governing::Governing;
pub use occupants::{HeldRoom, Occupant};
pub use step::{DemandField, RemedyChange};

use super::Ask;
use crate::catalog::Catalog;
use crate::inventory::{Inventory, ReservationId};
use crate::policy::Level;

/// How far remedies are looked for.
///
/// ```
/// use siting::placement::RemedyBound;
///
/// let bound = RemedyBound::default();
/// assert_eq!((bound.steps, bound.sets), (3, 10));
/// assert_eq!(RemedyBound::new(2, 100).steps, 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct RemedyBound {
    /// The most steps of one set, up to 3.
    pub steps: usize,
    /// The most sets that are listed. Larger sets are not looked for once as many smaller ones are found.
    pub sets: usize,
}

impl RemedyBound {
    /// The most steps that a set ever has.
    pub const MOST_STEPS: usize = 3;

    /// So many steps a set, at most [`MOST_STEPS`](Self::MOST_STEPS), and so many sets.
    #[must_use]
    pub fn new(steps: usize, sets: usize) -> Self {
        Self { steps: steps.min(Self::MOST_STEPS), sets }
    }
}

impl Default for RemedyBound {
    /// Three steps, ten sets.
    fn default() -> Self {
        Self { steps: Self::MOST_STEPS, sets: 10 }
    }
}

/// What would turn a refusal into a placement (D7).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Remedies {
    /// Minimal sets of changes: the smallest first, then those that open the fewest clusters.
    pub sets: Vec<RemedySet>,
    /// Whether there may be more than is listed: more sets, or replicas of lower priority of which the fewest were not
    /// found in reasonable time.
    pub more: bool,
    /// The fewest replicas of lower priority without which all would fit, where room is all that is missing. They are
    /// never taken by the library on its own.
    pub lower_priority: Vec<Occupant>,
    /// What lower priorities hold of the room where it may run, though they may not be enough; `None` where room is
    /// not missing there, where they hold none of it, and under a `spread` with `maxSkew`, where it is no sum.
    pub held: Option<HeldRoom>,
}

impl Remedies {
    /// The sets in words, one after the other, with whose change each is; `None` where there are none.
    #[must_use]
    pub fn in_words(&self, catalog: &Catalog) -> Option<String> {
        let set = |set: &RemedySet| {
            let changes: Vec<_> = set.changes.iter().map(|change| change.in_words(catalog)).collect();
            let changes = changes.join(" and ");
            match set.owner {
                Level::Deployment => changes,
                owner => format!("{changes} (which is the {owner}'s to change)"),
            }
        };
        let sets: Vec<_> = self.sets.iter().map(set).collect();
        (!sets.is_empty()).then(|| sets.join(", or "))
    }
}

/// Changes that make a placement possible together, and no part of them does.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RemedySet {
    /// The changes, those of policies first.
    pub changes: Vec<RemedyChange>,
    /// The highest level that one of them belongs to: what is not the deployment's is not its owner's to change.
    pub owner: Level,
    /// Clusters that become candidates.
    pub opens: usize,
}

/// The replicas of one reservation, as far as they could make room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Holder {
    pub(crate) reservation: ReservationId,
    pub(crate) priority: i32,
    /// Whose it is, as `workload/name`.
    pub(crate) address: String,
    pub(crate) replicas: u32,
}

/// The remedies of a question that was refused on this inventory; none where it would be placed. `holders` are the
/// reservations of deployments of lower priority.
///
/// O(clusters + places × the ways past what is against each + sets tried × (places + what deciding takes)). Sets that open
/// more clusters than those listed are not tried. The larger the fleet, the fewer are: at most 20,000, and at least 200.
pub(crate) fn remedies(
    inventory: &Inventory,
    governing: &Governing<'_>,
    ask: &Ask<'_>,
    holders: &[Holder],
    bound: RemedyBound,
) -> Remedies {
    let case = suppose::Case::new(inventory, governing, ask);
    if case.fits_as_it_is() {
        return Remedies::default();
    }
    let (sets, more) = search::search(&case, bound);
    let fewest = occupants::fewest(&case, holders);
    let held = occupants::held(&case, holders);
    Remedies { sets, more: more || fewest.is_none(), lower_priority: fewest.unwrap_or_default(), held }
}
