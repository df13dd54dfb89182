//! What a loss of clusters would make impossible, and the least losses that take a deployment down (A3).
//!
//! Each deployment is asked alone, as [`Workspace::place`] asks it: how many of its replicas fit without the lost
//! clusters. Where only room and policies matter, that is a sum over the pools that are left, so a loss costs what it
//! touches; deployments with constraints that span replicas are decided anew.

use std::collections::{BTreeMap, BTreeSet};

use crate::bitset::BitSet;
use crate::id::{ClusterId, CountryId, DeploymentId, Id, LocationId, Name, PairId};
use crate::inventory::{Cluster, Fleet};
use crate::workspace::{LookupError, PlaceOptions, Workspace};

/// What can be lost at once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Loss {
    /// One cluster.
    Cluster(ClusterId),
    /// All clusters of a location.
    Location(LocationId),
    /// All clusters of a zone of a location.
    Zone(LocationId, Name),
    /// All clusters of a country.
    Country(CountryId),
    /// All clusters of a provider, by its name.
    Provider(String),
}

impl Loss {
    /// A loss as it is typed: `cluster:paris`, `location:aws/us-east-1`, `zone:aws/us-east-1/us-east-1a`, `country:de`,
    /// `provider:aws`.
    ///
    /// # Errors
    /// [`LookupError`] where there is no such kind, or nothing of the kind is called so.
    pub fn named(workspace: &Workspace, text: &str) -> Result<Self, LookupError> {
        let malformed = |message: String| LookupError::Malformed {
            message,
            help:
                "write it as `cluster:NAME`, `location:NAME`, `zone:LOCATION/NAME`, `country:CODE` or `provider:NAME`"
                    .to_owned(),
        };
        let Some((kind, name)) = text.split_once(':') else {
            return Err(malformed(format!("`{text}` is nothing that can be lost")));
        };
        let catalog = workspace.catalog();
        match kind {
            "cluster" => workspace.find_cluster(name).map(Self::Cluster),
            "location" | "country" => match workspace.find_choice(text)? {
                crate::catalog::Choice::Location(location) => Ok(Self::Location(location)),
                crate::catalog::Choice::Country(country) => Ok(Self::Country(country)),
                _ => Err(malformed(format!("`{text}` is nothing that can be lost"))),
            },
            "zone" => {
                let Some((place, zone)) = name.rsplit_once('/') else {
                    return Err(malformed(format!("`{text}` names no location before its zone")));
                };
                let location = match workspace.find_choice(&format!("location:{place}"))? {
                    crate::catalog::Choice::Location(location) => location,
                    _ => return Err(malformed(format!("`{text}` is nothing that can be lost"))),
                };
                let of_location = |cluster: &&Cluster| cluster.location == Some(location);
                let clusters = workspace.inventory().fleet().clusters().iter().filter(of_location);
                let known: BTreeSet<&Name> = clusters.filter_map(|cluster| cluster.zone.as_ref()).collect();
                match known.iter().find(|known| known.as_str() == zone) {
                    Some(zone) => Ok(Self::Zone(location, (*zone).clone())),
                    None => {
                        let near = crate::catalog::nearest(zone, known.iter().map(|known| known.as_str()));
                        let kind = format!("zone of a cluster in `{place}`");
                        Err(LookupError::Unknown { kind, name: zone.to_owned(), near })
                    }
                }
            }
            "provider" => {
                let known: BTreeSet<&str> = providers(workspace.inventory().fleet());
                let meant = catalog.provider(name).into_owned();
                if known.contains(meant.as_str()) {
                    return Ok(Self::Provider(meant));
                }
                let near = crate::catalog::nearest(name, known.iter().copied());
                Err(LookupError::Unknown { kind: "provider of a cluster".to_owned(), name: name.to_owned(), near })
            }
            _ => Err(malformed(format!("`{kind}` is no kind of loss"))),
        }
    }

    /// Every single loss there is: of each cluster, and of each location, zone, country and provider that has more than
    /// one.
    #[must_use]
    pub fn all(workspace: &Workspace) -> Vec<Self> {
        let fleet = workspace.inventory().fleet();
        let mut wider: BTreeMap<Self, usize> = BTreeMap::new();
        for cluster in fleet.clusters() {
            let mut count = |loss| *wider.entry(loss).or_default() += 1;
            if let Some(location) = cluster.location {
                count(Self::Location(location));
                cluster.zone.iter().for_each(|zone| count(Self::Zone(location, zone.clone())));
            }
            count(Self::Country(cluster.country));
            count(Self::Provider(cluster.provider.as_str().to_owned()));
        }
        let clusters = (0..fleet.clusters().len()).map(ClusterId::from_index).map(Self::Cluster);
        clusters.chain(wider.into_iter().filter(|(_, count)| *count > 1).map(|(loss, _)| loss)).collect()
    }

    /// The clusters that are lost. O(clusters).
    #[must_use]
    pub fn clusters(&self, workspace: &Workspace) -> BitSet<ClusterId> {
        let fleet = workspace.inventory().fleet();
        if let Self::Cluster(cluster) = self {
            return BitSet::from_ids(
                fleet.clusters().len(),
                [*cluster].into_iter().filter(|id| id.index() < fleet.clusters().len()),
            );
        }
        BitSet::of_items(fleet.clusters(), |cluster| match self {
            Self::Cluster(_) => false,
            Self::Location(location) => cluster.location == Some(*location),
            Self::Zone(location, zone) => cluster.location == Some(*location) && cluster.zone.as_ref() == Some(zone),
            Self::Country(country) => cluster.country == *country,
            Self::Provider(provider) => cluster.provider.as_str() == provider,
        })
    }

    /// How it is typed.
    #[must_use]
    pub fn text(&self, workspace: &Workspace) -> String {
        let (catalog, fleet) = (workspace.catalog(), workspace.inventory().fleet());
        match self {
            Self::Cluster(id) => {
                format!("cluster:{}", fleet.cluster(*id).map_or("", |cluster| cluster.name.as_str()))
            }
            Self::Location(location) => format!("location:{}", catalog.location_name(*location)),
            Self::Zone(location, zone) => format!("zone:{}/{zone}", catalog.location_name(*location)),
            Self::Country(country) => format!("country:{}", catalog.country_code(*country)),
            Self::Provider(provider) => format!("provider:{provider}"),
        }
    }
}

fn providers(fleet: &Fleet) -> BTreeSet<&str> {
    fleet.clusters().iter().map(|cluster| cluster.provider.as_str()).collect()
}

/// What losses would do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Drill {
    /// Each loss, or the given ones together, with those that it touches; losses that touch nobody are left out.
    pub losses: Vec<LossResult>,
    /// For each deployment the least losses that take it down: nothing of it fits then. One or two at once.
    pub least: Vec<LeastLosses>,
    /// Deployments of which nothing fits as it is.
    pub down: Vec<DeploymentId>,
    /// How many losses were looked at.
    pub drilled: usize,
}

/// What losing something would do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LossResult {
    /// What is lost at once.
    pub lost: Vec<Loss>,
    /// How many clusters that are.
    pub clusters: usize,
    /// Who is touched, in the order in which deployments are decided.
    pub affected: Vec<Affected>,
}

/// A deployment of which less fits after a loss.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Affected {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Replicas wanted; 1 for a deployment that is scaled to zero.
    pub wanted: u32,
    /// Replicas that fit now.
    pub before: u32,
    /// Replicas that would fit; none means that it becomes impossible.
    pub after: u32,
}

/// The least losses that take a deployment down.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LeastLosses {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Sets of one or two losses. No part of one is enough, and none could be replaced by a smaller loss.
    pub sets: Vec<Vec<Loss>>,
}

/// Where the replicas of a deployment fit.
struct Rooms {
    id: DeploymentId,
    wanted: u32,
    /// By alternative of the demand and cluster: how many replicas fit, at most as many as are wanted.
    by_cluster: Vec<BTreeMap<ClusterId, u32>>,
    before: u32,
    /// Whether the sum of what fits is what a decision finds; else it is decided.
    adds_up: bool,
}

/// Drills losses: given ones together, or every single one (A3). See [`Loss::all`].
///
/// O(deployments × candidates), and for each loss the deployments that it touches.
///
/// ```
/// use siting::Workspace;
/// use siting::analysis::{Loss, drill};
///
/// let workspace: Workspace = "
/// apiVersion: siting.dev/v1
/// kind: Deployment
/// metadata: {name: v1}
/// spec: {model: bert, replicas: 2, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1}}}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {name: paris}
/// spec: {provider: ovh, country: fr, pools: [{name: a, nodes: 1, cpu: 8, memory: 32Gi, gpu: {type: t4, count: 1}}]}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {name: lyon}
/// spec: {provider: ovh, country: fr, pools: [{name: a, nodes: 1, cpu: 8, memory: 32Gi, gpu: {type: t4, count: 1}}]}
/// ".parse()?;
/// let found = drill(&workspace, &[]);
/// // Each cluster leaves room for one replica; the country, which is the provider, for none.
/// let after: Vec<u32> = found.losses.iter().map(|loss| loss.affected[0].after).collect();
/// assert_eq!(after, [1, 1, 0, 0]);
/// // The country, the provider, or both clusters.
/// assert_eq!(found.least[0].sets.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 2]);
/// assert_eq!(drill(&workspace, &[Loss::named(&workspace, "country:fr")?]).losses.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn drill(workspace: &Workspace, together: &[Loss]) -> Drill {
    let rooms: Vec<Rooms> = workspace.deployment_ids().filter_map(|id| Rooms::new(workspace, id)).collect();
    let sets: Vec<Vec<Loss>> = if together.is_empty() {
        Loss::all(workspace).into_iter().map(|loss| vec![loss]).collect()
    } else {
        vec![together.to_vec()]
    };
    let mut losses = Vec::new();
    let mut singles = Vec::with_capacity(sets.len());
    // Those who have room in each cluster, so that a loss asks only them.
    let mut tenants: Vec<Vec<usize>> = vec![Vec::new(); workspace.inventory().fleet().clusters().len()];
    for (at, rooms) in rooms.iter().enumerate() {
        for cluster in rooms.clusters() {
            tenants.get_mut(cluster.index()).into_iter().for_each(|tenants| tenants.push(at));
        }
    }
    let drilled = sets.len();
    for lost in sets {
        let empty = BitSet::empty(workspace.inventory().fleet().clusters().len());
        let clusters = lost.iter().fold(empty, |all, loss| all.union(&loss.clusters(workspace)));
        let touched: BTreeSet<usize> =
            clusters.iter().filter_map(|cluster| tenants.get(cluster.index())).flatten().copied().collect();
        let affected: Vec<Affected> = touched
            .into_iter()
            .filter_map(|at| rooms.get(at))
            .map(|rooms| rooms.without(workspace, &clusters))
            .filter(|affected| affected.after < affected.before)
            .collect();
        if together.is_empty()
            && let [only] = lost.as_slice()
        {
            singles.push((only.clone(), clusters.clone()));
        }
        if !affected.is_empty() {
            losses.push(LossResult { lost, clusters: clusters.len(), affected });
        }
    }
    let least = rooms.iter().filter(|rooms| rooms.before > 0 && together.is_empty());
    let least = least.map(|rooms| LeastLosses { deployment: rooms.id, sets: rooms.least(&singles) });
    Drill {
        least: least.filter(|least| !least.sets.is_empty()).collect(),
        down: rooms.iter().filter(|rooms| rooms.before == 0).map(|rooms| rooms.id).collect(),
        losses,
        drilled,
    }
}

impl Rooms {
    fn new(workspace: &Workspace, id: DeploymentId) -> Option<Self> {
        let deployment = workspace.deployment(id)?;
        let wanted = deployment.replicas.max(1);
        let by_cluster = by_cluster(workspace.inventory().fleet(), &workspace.rooms(id).ok()?);
        let options = PlaceOptions { partial: true, optimize: 0 };
        let decided = workspace.place_as(id, options).ok()?.decision;
        let before = decided.refusal().map_or(wanted, |refusal| refusal.fitting);
        // What spans replicas, or what else a decision knows of, does not add up.
        let sum = most(&by_cluster, wanted, |_| true);
        let adds_up = deployment.preferences.is_plain() && sum == before;
        Some(Self { id, wanted, by_cluster, before, adds_up })
    }

    /// The clusters that have room.
    fn clusters(&self) -> BTreeSet<ClusterId> {
        self.by_cluster.iter().flat_map(|rooms| rooms.keys().copied()).collect()
    }

    /// What fits without some clusters.
    fn without(&self, workspace: &Workspace, lost: &BitSet<ClusterId>) -> Affected {
        let after = if self.adds_up {
            most(&self.by_cluster, self.wanted, |cluster| !lost.contains(cluster))
        } else {
            self.decided_without(workspace, lost)
        };
        Affected { deployment: self.id, wanted: self.wanted, before: self.before, after }
    }

    fn decided_without(&self, workspace: &Workspace, lost: &BitSet<ClusterId>) -> u32 {
        let decided = workspace.place_without(self.id, lost);
        decided.map_or(0, |decision| decision.refusal().map_or(self.wanted, |refusal| refusal.fitting))
    }

    /// The sets of one or two losses without a part that is enough, and without one that could be smaller.
    fn least(&self, losses: &[(Loss, BitSet<ClusterId>)]) -> Vec<Vec<Loss>> {
        let rooms = self.clusters();
        // A loss counts by what it takes of the room.
        let taken: Vec<(usize, BTreeSet<ClusterId>)> = losses
            .iter()
            .enumerate()
            .map(|(at, (_, clusters))| {
                (at, rooms.iter().copied().filter(|cluster| clusters.contains(*cluster)).collect())
            })
            .filter(|(_, taken): &(usize, BTreeSet<ClusterId>)| !taken.is_empty())
            .collect();
        let mut found: Vec<Vec<usize>> =
            taken.iter().filter(|(_, taken)| *taken == rooms).map(|(at, _)| vec![*at]).collect();
        let partial: Vec<_> = taken.iter().filter(|(_, taken)| *taken != rooms).collect();
        let mut of_cluster: BTreeMap<ClusterId, Vec<usize>> = BTreeMap::new();
        for (place, (_, taken)) in partial.iter().enumerate() {
            taken.iter().for_each(|cluster| of_cluster.entry(*cluster).or_default().push(place));
        }
        for (place, (at, taken)) in partial.iter().enumerate() {
            // What the other must take, too.
            let Some(missing) = rooms.iter().find(|cluster| !taken.contains(cluster)) else { continue };
            for &other in of_cluster.get(missing).into_iter().flatten().filter(|other| **other > place) {
                let Some((other_at, other_taken)) = partial.get(other) else { continue };
                if rooms.iter().all(|cluster| taken.contains(cluster) || other_taken.contains(cluster)) {
                    found.push(vec![*at, *other_at]);
                }
            }
        }
        let size = |set: &Vec<usize>| -> BTreeSet<ClusterId> {
            set.iter().filter_map(|at| losses.get(*at)).flat_map(|(_, clusters)| clusters.iter()).collect()
        };
        let sizes: Vec<_> = found.iter().map(size).collect();
        let is_least = |at: usize| {
            let Some((own, set)) = sizes.get(at).zip(found.get(at)) else { return false };
            let smaller = |(other, found): (&BTreeSet<ClusterId>, &Vec<usize>)| {
                found.len() <= set.len() && other.is_subset(own) && other.len() < own.len()
            };
            !sizes.iter().zip(&found).any(smaller)
        };
        let least = found.iter().enumerate().filter(|(at, _)| is_least(*at)).map(|(_, set)| set);
        least.map(|set| set.iter().filter_map(|at| Some(losses.get(*at)?.0.clone())).collect()).collect()
    }
}

/// The most replicas that fit under one alternative, on some clusters.
fn most(by_cluster: &[BTreeMap<ClusterId, u32>], wanted: u32, counts: impl Fn(ClusterId) -> bool) -> u32 {
    let sum = |rooms: &BTreeMap<ClusterId, u32>| {
        let rooms = rooms.iter().filter(|(cluster, _)| counts(**cluster)).map(|(_, room)| u64::from(*room));
        u32::try_from(rooms.sum::<u64>()).unwrap_or(u32::MAX).min(wanted)
    };
    by_cluster.iter().map(sum).max().unwrap_or(0)
}

/// How many replicas fit on each cluster, by alternative.
fn by_cluster(fleet: &Fleet, rooms: &[Vec<(PairId, u32)>]) -> Vec<BTreeMap<ClusterId, u32>> {
    let gathered = |rooms: &Vec<(PairId, u32)>| {
        let mut clusters: BTreeMap<ClusterId, u32> = BTreeMap::new();
        for (pair, room) in rooms.iter().filter(|(_, room)| *room > 0) {
            if let Some(pair) = fleet.pair(*pair) {
                let of_cluster = clusters.entry(pair.cluster).or_default();
                *of_cluster = of_cluster.saturating_add(*room);
            }
        }
        clusters
    };
    rooms.iter().map(gathered).collect()
}
