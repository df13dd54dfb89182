//! How many replicas each domain holds, and where the next may go (D5).

use std::collections::HashMap;
use std::num::NonZeroU32;

use super::feasible::Question;
use crate::deployment::{Domain, Spread};
use crate::id::{ClusterId, Id, PairId};
use crate::inventory::Fleet;

/// The domains of a decision, with the replicas that each holds so far.
#[derive(Clone, Debug)]
pub(super) struct Domains {
    spread: Spread,
    /// By cluster; `None` for one that stands in no domain.
    of_cluster: Vec<Option<usize>>,
    /// By domain; `None` for one without a candidate, which does not count.
    held: Vec<Option<u32>>,
    /// The fewest replicas that a domain with a candidate holds, and how many domains hold just those.
    least: (u32, usize),
    /// What is still missing of the domains that have to hold a replica.
    missing: Option<Missing>,
}

/// How many more domains have to hold a replica, and how many replicas are still to be placed.
#[derive(Clone, Copy, Debug)]
struct Missing {
    domains: u32,
    replicas: u32,
}

/// By cluster, the number of its domain of a kind; what has no zone stands in none where that is a constraint, and in
/// one of its own where it is not.
pub(super) fn numbers(fleet: &Fleet, by: Domain, constraint: bool) -> Vec<Option<usize>> {
    let mut numbers: HashMap<Key<'_>, usize> = HashMap::new();
    let mut all = Vec::with_capacity(fleet.clusters().len());
    for (index, cluster) in fleet.clusters().iter().enumerate() {
        let location = cluster.place.atom.index();
        let key = match by {
            Domain::Cluster => Key::Number(index),
            Domain::Location => Key::Number(location),
            Domain::Zone => match &cluster.zone {
                Some(zone) => Key::Part(location, zone.as_str()),
                None if constraint => {
                    all.push(None);
                    continue;
                }
                None => Key::Part(location, ""),
            },
            Domain::Country => Key::Number(cluster.country.index()),
            Domain::Continent => Key::Number(fleet.catalog().continent_of(cluster.country).index()),
            Domain::Provider => Key::Name(cluster.provider.as_str()),
        };
        let next = numbers.len();
        all.push(Some(*numbers.entry(key).or_insert(next)));
    }
    all
}

impl Domains {
    /// The domains of all clusters; those with a candidate hold the replicas that stay there.
    pub(super) fn new(question: &Question<'_>, candidates: &[PairId], spread: Spread) -> Self {
        let fleet = question.fleet();
        let of_cluster = numbers(fleet, spread.by, spread.max_skew.is_some());
        let count = of_cluster.iter().flatten().max().map_or(0, |most| most + 1);
        let mut domains = Self { spread, of_cluster, held: vec![None; count], least: (0, 0), missing: None };
        for pair in candidates.iter().filter_map(|&id| fleet.pair(id)) {
            if let Some(held) = domains.held_mut(pair.cluster) {
                *held = Some(0);
            }
        }
        for (pair, replicas) in question.ask.beside.iter().filter_map(|&(id, count)| Some((fleet.pair(id)?, count))) {
            if let Some(held) = domains.held_mut(pair.cluster) {
                *held = Some(held.unwrap_or(0).saturating_add(replicas));
            }
        }
        domains.find_least();
        domains
    }

    /// Sets out to place `wanted` more replicas over as many domains as there have to be at least (D5), where `open`
    /// of those that hold nothing have room; how many replicas can be placed so at most, whatever else is in the way.
    pub(super) fn set_out(&mut self, wanted: u32, open: impl Fn(usize) -> bool) -> u32 {
        let Some(least) = self.spread.min_domains else { return wanted };
        let empty = |(domain, held): (usize, &Option<u32>)| *held == Some(0) && open(domain);
        let open = self.held.iter().enumerate().filter(|&at| empty(at)).count();
        let open = u32::try_from(open).unwrap_or(u32::MAX);
        let (used, there) = (self.used(), self.total());
        let needed = |wanted: u32| least.get().min(there.saturating_add(wanted));
        let wanted = if used.saturating_add(open) >= needed(wanted) { wanted } else { open };
        self.missing = Some(Missing { domains: needed(wanted).saturating_sub(used), replicas: wanted });
        wanted
    }

    /// How many domains hold a replica.
    pub(super) fn used(&self) -> u32 {
        let used = self.held.iter().flatten().filter(|held| **held > 0).count();
        u32::try_from(used).unwrap_or(u32::MAX)
    }

    /// How many domains have to hold a replica at least, with as many replicas as there are.
    pub(super) fn fewest(&self) -> u32 {
        self.spread.min_domains.map_or(0, |least| least.get().min(self.total()))
    }

    fn total(&self) -> u32 {
        self.held.iter().flatten().fold(0, |sum, held| sum.saturating_add(*held))
    }

    /// Replicas in a cluster's domain.
    pub(super) fn held(&self, cluster: ClusterId) -> u32 {
        let held = self.domain(cluster).and_then(|domain| self.held.get(domain));
        held.copied().flatten().unwrap_or(0)
    }

    /// Whether one more replica in a cluster's domain keeps the skew.
    pub(super) fn admits(&self, cluster: ClusterId) -> bool {
        // Enough replicas must be left for the domains that are still to hold one.
        let left = |missing: Missing| missing.replicas.saturating_sub(1) >= missing.domains;
        self.keeps_skew(cluster) && (self.missing.is_none_or(left) || self.held(cluster) == 0)
    }

    /// Whether one more replica than there are may stand in a cluster's domain.
    pub(super) fn takes_one_more(&self, cluster: ClusterId) -> bool {
        let least = self.spread.min_domains.map_or(0, |least| least.get().min(self.total().saturating_add(1)));
        self.keeps_skew(cluster) && (self.held(cluster) == 0 || self.used() >= least)
    }

    fn keeps_skew(&self, cluster: ClusterId) -> bool {
        let keeps = |most: NonZeroU32| self.held(cluster).saturating_sub(self.least.0) < most.get();
        self.spread.max_skew.is_none_or(|most| self.domain(cluster).is_some() && keeps(most))
    }

    /// Counts one more replica; whether that raised the least that any domain holds.
    pub(super) fn add(&mut self, cluster: ClusterId) -> bool {
        let Some(Some(held)) = self.held_mut(cluster) else { return false };
        *held += 1;
        let held = *held;
        if let Some(missing) = &mut self.missing {
            missing.replicas = missing.replicas.saturating_sub(1);
            missing.domains = missing.domains.saturating_sub(u32::from(held == 1));
        }
        if held - 1 > self.least.0 {
            return false;
        }
        self.least.1 -= 1;
        if self.least.1 > 0 {
            return false;
        }
        self.find_least();
        true
    }

    /// Counts replicas that have a place already, wherever that is.
    pub(super) fn add_all(&mut self, cluster: ClusterId, replicas: u32) {
        if let Some(held) = self.held_mut(cluster) {
            *held = Some(held.unwrap_or(0).saturating_add(replicas));
        }
        self.find_least();
    }

    /// How many more replicas the fullest domain holds than the emptiest.
    pub(super) fn skew(&self) -> u32 {
        let most = self.held.iter().copied().flatten().max().unwrap_or(0);
        most.saturating_sub(self.least.0)
    }

    /// Whether a full domain keeps others from growing, or is just less liked.
    pub(super) fn is_constraint(&self) -> bool {
        self.spread.max_skew.is_some()
    }

    fn find_least(&mut self) {
        let held = || self.held.iter().copied().flatten();
        let least = held().min().unwrap_or(0);
        self.least = (least, held().filter(|&held| held == least).count());
    }

    fn held_mut(&mut self, cluster: ClusterId) -> Option<&mut Option<u32>> {
        let domain = self.domain(cluster)?;
        self.held.get_mut(domain)
    }

    /// The number of a cluster's domain.
    pub(super) fn domain(&self, cluster: ClusterId) -> Option<usize> {
        self.of_cluster.get(cluster.index()).copied().flatten()
    }
}

/// What tells two domains of one kind apart.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Number(usize),
    Part(usize, &'a str),
    Name(&'a str),
}
