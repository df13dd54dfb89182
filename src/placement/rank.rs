//! Which candidate is best for the next replica (D5).

use std::cmp::Reverse;

use smallvec::SmallVec;

use super::distance::kilometres;
use crate::catalog::Catalog;
use crate::deployment::{Favourite, Near, Preference, Site};
use crate::id::PairId;
use crate::inventory::{Cluster, Remainder};
use crate::quantity::Money;

/// How good a candidate is for the next replica; smaller is better. The parts are compared in
/// their order, and the last of them differs between any two candidates, so the order is total
/// (D4).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rank {
    /// Replicas of the deployment that its domain holds already, where spreading is preferred.
    pub crowd: u32,
    /// The stated preferences, in the order stated.
    pub stated: SmallVec<[Liking; 2]>,
    /// Whether it would be a move away from where replicas run now; where nothing is preferred.
    pub moves: bool,
    /// Whether a pool with GPUs would hold a replica that demands none.
    pub spends_gpus: bool,
    /// What a replica costs; the unknown comes last.
    pub price: UnknownLast<Money>,
    /// What the replica leaves on its node; the unlimited comes last.
    pub left: UnknownLast<Remainder>,
    /// Cluster, pool, flavor kind and code, by bytes: ids ascend with them.
    pub pair: PairId,
}

/// How well a candidate satisfies one stated preference; smaller is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Liking {
    /// What a replica costs.
    Price(UnknownLast<Money>),
    /// What the replica leaves on its node.
    Packing(UnknownLast<Remainder>),
    /// 0 in the country, 1 on its continent, 2 elsewhere; or whole kilometres.
    Near(UnknownLast<u32>),
    /// The highest weight that matches.
    Favourite(Reverse<u32>),
}

/// A value that may be unknown, which compares as more than any known one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum UnknownLast<T> {
    /// Known.
    Known(T),
    /// Unknown or without end.
    Unknown,
}

impl<T> UnknownLast<T> {
    /// The value, where known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl<T> From<Option<T>> for UnknownLast<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Self::Known)
    }
}

impl Liking {
    /// How well a candidate on a cluster satisfies a preference, where a replica costs and leaves so
    /// much.
    pub(super) fn of(
        preference: &Preference,
        catalog: &Catalog,
        cluster: &Cluster,
        price: UnknownLast<Money>,
        left: UnknownLast<Remainder>,
    ) -> Self {
        match preference {
            Preference::Price => Self::Price(price),
            Preference::Packing => Self::Packing(left),
            Preference::Near(near) => Self::Near(remoteness(*near, catalog, cluster)),
            Preference::Favourites(favourites) => {
                let weights = favourites.iter().filter(|favourite| matches(favourite, cluster));
                Self::Favourite(Reverse(weights.map(|favourite| favourite.weight).max().unwrap_or(0)))
            }
        }
    }
}

fn remoteness(near: Near, catalog: &Catalog, cluster: &Cluster) -> UnknownLast<u32> {
    match near {
        Near::Country(country) => UnknownLast::Known(match cluster.country {
            same if same == country => 0,
            other if catalog.continent_of(other) == catalog.continent_of(country) => 1,
            _ => 2,
        }),
        Near::Coordinates(here) => cluster.coordinates.map(|there| kilometres(here, there)).into(),
    }
}

fn matches(favourite: &Favourite, cluster: &Cluster) -> bool {
    match &favourite.site {
        Site::Cluster(name) => *name == cluster.name,
        Site::Location(location) => Some(*location) == cluster.location,
        Site::Provider(name) => *name == cluster.provider,
    }
}
