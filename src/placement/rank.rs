//! Which candidate is best for the next replica (D5).

use std::cmp::Reverse;

use smallvec::SmallVec;

use super::packing::increase;
use crate::catalog::Catalog;
use crate::deployment::{Favourite, Near, Preference, Site};
use crate::id::PairId;
use crate::inventory::{Cluster, Node, Pool, Remainder, Request};
use crate::quantity::Money;

/// How good a candidate is for the next replica; smaller is better. The parts are compared in
/// their order, and the last of them differs between any two candidates, so the order is total
/// (D4).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rank {
    /// Replicas of the deployment that its domain holds already, where spreading is preferred.
    pub held_in_domain: u32,
    /// The stated preferences, in the order stated.
    pub stated: SmallVec<[PreferenceValue; 2]>,
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
pub enum PreferenceValue {
    /// What a replica costs.
    Price(UnknownLast<Money>),
    /// What the replica leaves on its node.
    Packing(UnknownLast<Remainder>),
    /// How much more GPU capacity is stranded for the expected demands: thousandths times weights.
    Stranding(UnknownLast<i64>),
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

impl PreferenceValue {
    /// How well a candidate satisfies a preference.
    pub(super) fn of(preference: &Preference, catalog: &Catalog, seen: &RankInput<'_>) -> Self {
        match preference {
            Preference::Price => Self::Price(seen.price),
            Preference::Packing(None) => Self::Packing(seen.left),
            Preference::Packing(Some(mix)) => {
                let increase = |node| increase(catalog, mix, &seen.pool.def, node, &seen.request);
                Self::Stranding(seen.node.and_then(increase).into())
            }
            Preference::Near(near) => Self::Near(remoteness(*near, catalog, seen.cluster)),
            Preference::Favourites(favourites) => {
                let weights = favourites.iter().filter(|favourite| matches(favourite, seen.cluster));
                Self::Favourite(Reverse(weights.map(|favourite| favourite.weight).max().unwrap_or(0)))
            }
        }
    }
}

/// What a candidate's rank is made from.
#[derive(Clone, Copy)]
pub(super) struct RankInput<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) pool: &'a Pool,
    pub(super) request: Request,
    /// What is free on the node that it would take; `None` where nodes are unlimited.
    pub(super) node: Option<&'a Node>,
    /// What a replica costs.
    pub(super) price: UnknownLast<Money>,
    /// What it leaves on the node.
    pub(super) left: UnknownLast<Remainder>,
}

fn remoteness(near: Near, catalog: &Catalog, cluster: &Cluster) -> UnknownLast<u32> {
    match near {
        Near::Country(country) => UnknownLast::Known(match cluster.country {
            same if same == country => 0,
            other if catalog.continent_of(other) == catalog.continent_of(country) => 1,
            _ => 2,
        }),
        Near::Coordinates(here) => cluster.coordinates.map(|there| here.kilometres_to(there)).into(),
    }
}

fn matches(favourite: &Favourite, cluster: &Cluster) -> bool {
    match &favourite.site {
        Site::Cluster(name) => *name == cluster.name,
        Site::Location(location) => Some(*location) == cluster.location,
        Site::Provider(name) => *name == cluster.provider,
    }
}
