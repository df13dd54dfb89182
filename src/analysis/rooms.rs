//! Where the replicas of deployments fit, cluster by cluster: found once for all that are governed alike and ask for the
//! same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::governed::Subject;
use crate::bitset::BitSet;
use crate::deployment::{Demand, Preferences};
use crate::id::{ClusterId, DeploymentId, PairId};
use crate::inventory::Fleet;
use crate::workspace::{PlaceOptions, Workspace};

/// Where the replicas of deployments fit that are alike.
pub(super) struct Rooms {
    /// The deployments, by their place in the order in which deployments are decided.
    pub(super) of: Vec<(usize, DeploymentId)>,
    pub(super) wanted: u32,
    /// By alternative of the demand: how many replicas fit on each cluster that has room, ascending by cluster.
    by_cluster: Vec<Vec<(ClusterId, u32)>>,
    /// The clusters that have room under some alternative.
    pub(super) clusters: BitSet<ClusterId>,
    pub(super) before: u32,
    /// Whether the sum of what fits is what a decision finds; else it is decided.
    adds_up: bool,
}

/// What deployments ask that are alike: who governs them, what a replica takes, and how many are wanted.
type Question<'a> = (Subject<'a>, &'a Demand, u32);

/// All of a workspace. O(deployments + distinct questions × candidates).
pub(super) fn all(workspace: &Workspace) -> Vec<Rooms> {
    let running: BTreeSet<DeploymentId> = workspace.running().iter().map(|running| running.deployment).collect();
    let mut known: HashMap<Question<'_>, Vec<(&Preferences, usize)>> = HashMap::new();
    let mut all: Vec<Rooms> = Vec::new();
    for (at, id) in workspace.deployment_ids().enumerate() {
        let Some((found, subject)) = workspace.deployment(id).zip(Subject::deployment(workspace, id)) else { continue };
        // What it holds itself is free for it alone.
        let key = (Subject { deployment: None, ..subject }, &found.demand, found.replicas.max(1));
        let alike = if running.contains(&id) { None } else { Some(known.entry(key).or_default()) };
        let same = alike.as_ref().and_then(|alike| alike.iter().find(|(of, _)| **of == found.preferences));
        if let Some(rooms) = same.and_then(|(_, rooms)| all.get_mut(*rooms)) {
            rooms.of.push((at, id));
            continue;
        }
        let Some(rooms) = Rooms::new(workspace, at, id) else { continue };
        alike.into_iter().for_each(|alike| alike.push((&found.preferences, all.len())));
        all.push(rooms);
    }
    all
}

impl Rooms {
    fn new(workspace: &Workspace, at: usize, id: DeploymentId) -> Option<Self> {
        let (deployment, fleet) = (workspace.deployment(id)?, workspace.inventory().fleet());
        let wanted = deployment.replicas.max(1);
        let by_cluster = by_cluster(fleet, &workspace.rooms(id).ok()?);
        let options = PlaceOptions { partial: true, optimize: 0 };
        let decided = workspace.place_as(id, options).ok()?.decision;
        let before = decided.refusal().map_or(wanted, |refusal| refusal.fitting);
        let clusters = by_cluster.iter().flatten().map(|(cluster, _)| *cluster);
        let clusters = BitSet::from_ids(fleet.clusters().len(), clusters);
        let nothing = BitSet::empty(fleet.clusters().len());
        let mut rooms = Self { of: vec![(at, id)], wanted, by_cluster, clusters, before, adds_up: true };
        // What spans replicas, or what else a decision knows of, does not add up.
        let is_plain = deployment.preferences.is_plain() && workspace.limits_in(deployment.environment).is_empty();
        rooms.adds_up = is_plain && rooms.sum_without(&nothing) == before;
        Some(rooms)
    }

    /// How many replicas of each fit without some clusters.
    pub(super) fn without(&self, workspace: &Workspace, lost: &BitSet<ClusterId>) -> u32 {
        if self.adds_up { self.sum_without(lost) } else { self.decided_without(workspace, lost) }
    }

    /// The most replicas that fit under one alternative, on the clusters that are left.
    fn sum_without(&self, lost: &BitSet<ClusterId>) -> u32 {
        let sum = |rooms: &Vec<(ClusterId, u32)>| {
            let mut left = 0_u32;
            for (_, room) in rooms.iter().filter(|(cluster, _)| !lost.contains(*cluster)) {
                left = left.saturating_add(*room);
                if left >= self.wanted {
                    return self.wanted;
                }
            }
            left
        };
        self.by_cluster.iter().map(sum).max().unwrap_or(0)
    }

    fn decided_without(&self, workspace: &Workspace, lost: &BitSet<ClusterId>) -> u32 {
        let decided = self.of.first().and_then(|(_, id)| workspace.place_without(*id, lost).ok());
        decided.map_or(0, |decision| decision.refusal().map_or(self.wanted, |refusal| refusal.fitting))
    }

    /// The sets of one or two losses that leave no room, without a part that is enough, and without one that could be
    /// smaller: by their places among the losses, each of which is of so many clusters.
    pub(super) fn least(&self, losses: &[BitSet<ClusterId>]) -> Vec<Vec<usize>> {
        // A loss counts by what it takes of the room.
        let touching = losses.iter().enumerate().filter(|(_, clusters)| !clusters.is_disjoint(&self.clusters));
        let taken = touching.map(|(at, clusters)| (at, clusters.intersection(&self.clusters)));
        let (all, partial): (Vec<_>, Vec<_>) = taken.partition(|(_, taken)| *taken == self.clusters);
        let mut found: Vec<Vec<usize>> = all.into_iter().map(|(at, _)| vec![at]).collect();
        let mut of_cluster: BTreeMap<ClusterId, Vec<usize>> = BTreeMap::new();
        for (place, (_, taken)) in partial.iter().enumerate() {
            taken.iter().for_each(|cluster| of_cluster.entry(cluster).or_default().push(place));
        }
        for (place, (at, taken)) in partial.iter().enumerate() {
            // What the other must take, too.
            let missing = self.clusters.difference(taken);
            let Some(one) = missing.first_present(0..missing.universe()) else { continue };
            for &other in of_cluster.get(&one).into_iter().flatten().filter(|other| **other > place) {
                let Some((other_at, other_taken)) = partial.get(other) else { continue };
                if missing.is_subset(other_taken) {
                    found.push(vec![*at, *other_at]);
                }
            }
        }
        let size = |set: &Vec<usize>| {
            let clusters = set.iter().filter_map(|at| losses.get(*at));
            clusters.fold(BitSet::empty(self.clusters.universe()), |all, clusters| all.union(clusters))
        };
        let sizes: Vec<_> = found.iter().map(size).map(|own| (own.len(), own)).collect();
        let is_least = |at: usize| {
            let Some(((count, own), set)) = sizes.get(at).zip(found.get(at)) else { return false };
            let smaller = |((other_count, other), found): (&(usize, BitSet<ClusterId>), &Vec<usize>)| {
                found.len() <= set.len() && other_count < count && other.is_subset(own)
            };
            !sizes.iter().zip(&found).any(smaller)
        };
        found.iter().enumerate().filter(|(at, _)| is_least(*at)).map(|(_, set)| set.clone()).collect()
    }
}

/// How many replicas fit on each cluster that has room, by alternative.
fn by_cluster(fleet: &Fleet, rooms: &[Vec<(PairId, u32)>]) -> Vec<Vec<(ClusterId, u32)>> {
    let gathered = |rooms: &Vec<(PairId, u32)>| {
        let with_room = rooms.iter().filter(|(_, room)| *room > 0);
        let mut clusters: Vec<(ClusterId, u32)> =
            with_room.filter_map(|(pair, room)| Some((fleet.pair(*pair)?.cluster, *room))).collect();
        clusters.sort_unstable_by_key(|(cluster, _)| *cluster);
        clusters.dedup_by(|(next, more), (cluster, room)| {
            let same = next == cluster;
            if same {
                *room = room.saturating_add(*more);
            }
            same
        });
        clusters
    };
    rooms.iter().map(gathered).collect()
}
