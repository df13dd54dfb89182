//! How many replicas each domain holds, and where the next may go (D5).

use std::collections::HashMap;
use std::num::NonZeroU32;

use super::feasible::Question;
use crate::deployment::{Domain, Spread};
use crate::id::{ClusterId, Id, PairId};

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
}

impl Domains {
    /// The domains of all clusters; those with a candidate hold nothing yet.
    pub(super) fn new(question: &Question<'_>, candidates: &[PairId], spread: Spread) -> Self {
        let fleet = question.fleet();
        let mut numbers: HashMap<Key, usize> = HashMap::new();
        let mut of_cluster = Vec::with_capacity(fleet.clusters().len());
        for (index, cluster) in fleet.clusters().iter().enumerate() {
            let location = cluster.place.atom.index();
            let key = match spread.by {
                Domain::Cluster => Key::Number(index),
                Domain::Location => Key::Number(location),
                Domain::Zone => match &cluster.zone {
                    Some(zone) => Key::Part(location, zone.as_str()),
                    // What has no zone is no place for a constraint; for a preference it is one of its own.
                    None if spread.max_skew.is_none() => Key::Part(location, ""),
                    None => {
                        of_cluster.push(None);
                        continue;
                    }
                },
                Domain::Country => Key::Number(cluster.country.index()),
                Domain::Continent => Key::Number(fleet.catalog().continent_of(cluster.country).index()),
                Domain::Provider => Key::Name(cluster.provider.as_str()),
            };
            let next = numbers.len();
            of_cluster.push(Some(*numbers.entry(key).or_insert(next)));
        }
        let mut domains = Self { spread, of_cluster, held: vec![None; numbers.len()], least: (0, 0) };
        for pair in candidates.iter().filter_map(|&id| fleet.pair(id)) {
            if let Some(held) = domains.held_mut(pair.cluster) {
                *held = Some(0);
            }
        }
        domains.find_least();
        domains
    }

    /// Replicas in a cluster's domain.
    pub(super) fn held(&self, cluster: ClusterId) -> u32 {
        let held = self.domain(cluster).and_then(|domain| self.held.get(domain));
        held.copied().flatten().unwrap_or(0)
    }

    /// Whether one more replica in a cluster's domain keeps the skew.
    pub(super) fn admits(&self, cluster: ClusterId) -> bool {
        let keeps = |most: NonZeroU32| self.held(cluster).saturating_sub(self.least.0) < most.get();
        self.spread.max_skew.is_none_or(|most| self.domain(cluster).is_some() && keeps(most))
    }

    /// Counts one more replica; whether that raised the least that any domain holds.
    pub(super) fn add(&mut self, cluster: ClusterId) -> bool {
        let Some(Some(held)) = self.held_mut(cluster) else { return false };
        *held += 1;
        if *held - 1 > self.least.0 {
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

    fn domain(&self, cluster: ClusterId) -> Option<usize> {
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
