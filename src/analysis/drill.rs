//! What a loss of clusters would make impossible, and the least losses that take a deployment down (A3).
//!
//! Each deployment is asked alone, as [`Workspace::place`] asks it: how many of its replicas fit without the lost
//! clusters. Where only room and policies matter, that is a sum over the pools that are left, so a loss costs what it
//! touches; deployments with constraints that span replicas are decided anew.

use std::collections::{BTreeMap, BTreeSet};

use super::rooms;
use crate::bitset::BitSet;
use crate::id::{ClusterId, CountryId, DeploymentId, Id, LocationId, Name};
use crate::inventory::{Cluster, Fleet};
use crate::workspace::{LookupError, Workspace};

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
    /// What was to be lost at once; empty where each single loss was asked for.
    pub together: Vec<Loss>,
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

/// Drills losses: given ones together, or every single one (A3). See [`Loss::all`].
///
/// O(deployments + distinct questions × candidates), and for each loss the questions that it touches: deployments that are
/// governed alike, ask for the same and run nowhere ask one question.
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
    let all = rooms::all(workspace);
    let sets: Vec<Vec<Loss>> = if together.is_empty() {
        Loss::all(workspace).into_iter().map(|loss| vec![loss]).collect()
    } else {
        vec![together.to_vec()]
    };
    let mut losses = Vec::new();
    // Each loss by itself, and what it takes.
    let (mut singles, mut taken) = (Vec::with_capacity(sets.len()), Vec::with_capacity(sets.len()));
    // Those who have room in each cluster, so that a loss asks only them.
    let count = workspace.inventory().fleet().clusters().len();
    let mut tenants: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, rooms) in all.iter().enumerate() {
        for cluster in rooms.clusters.iter() {
            tenants.get_mut(cluster.index()).into_iter().for_each(|tenants| tenants.push(at));
        }
    }
    let drilled = sets.len();
    for lost in sets {
        let clusters = lost.iter().fold(BitSet::empty(count), |all, loss| all.union(&loss.clusters(workspace)));
        let mut touched: Vec<usize> =
            clusters.iter().filter_map(|cluster| tenants.get(cluster.index())).flatten().copied().collect();
        touched.sort_unstable();
        touched.dedup();
        let touched = touched.into_iter().filter_map(|at| all.get(at));
        let mut affected: Vec<(usize, Affected)> = Vec::new();
        for rooms in touched {
            let (wanted, before, after) = (rooms.wanted, rooms.before, rooms.without(workspace, &clusters));
            if after < before {
                let less = |&(at, deployment): &_| (at, Affected { deployment, wanted, before, after });
                affected.extend(rooms.of.iter().map(less));
            }
        }
        affected.sort_unstable_by_key(|(at, _)| *at);
        if !affected.is_empty() {
            let affected = affected.into_iter().map(|(_, affected)| affected).collect();
            losses.push(LossResult { lost: lost.clone(), clusters: clusters.len(), affected });
        }
        if together.is_empty() {
            singles.extend(lost);
            taken.push(clusters);
        }
    }
    let mut least: Vec<(usize, LeastLosses)> = Vec::new();
    for rooms in all.iter().filter(|rooms| rooms.before > 0 && together.is_empty()) {
        let named = |set: Vec<usize>| set.into_iter().filter_map(|at| singles.get(at).cloned()).collect();
        let sets: Vec<Vec<Loss>> = rooms.least(&taken).into_iter().map(named).collect();
        let of = rooms.of.iter().filter(|_| !sets.is_empty());
        least.extend(of.map(|&(at, deployment)| (at, LeastLosses { deployment, sets: sets.clone() })));
    }
    least.sort_unstable_by_key(|(at, _)| *at);
    let down = all.iter().filter(|rooms| rooms.before == 0).flat_map(|rooms| &rooms.of);
    let mut down: Vec<(usize, DeploymentId)> = down.copied().collect();
    down.sort_unstable();
    Drill {
        together: together.to_vec(),
        least: least.into_iter().map(|(_, least)| least).collect(),
        down: down.into_iter().map(|(_, id)| id).collect(),
        losses,
        drilled,
    }
}
