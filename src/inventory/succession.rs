//! Another fleet in the place of the present one: what runs, runs on, on the nodes that it runs on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cluster::{ClusterDef, PoolDef};
use super::fleet::InvalidFleet;
use super::node_numbers::Stretch;
use super::nodes::Nodes;
use super::owner::Owner;
use super::request::Request;
use super::state::{Held, Inventory, ReservationId};
use crate::catalog::Catalog;
use crate::id::{Name, PairId, PoolId};

/// Replicas that run on nodes which are gone (I1). They hold them until they are stopped; those of lives are lost, and
/// others take their place (W9).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Displaced {
    /// The cluster.
    pub cluster: Name,
    /// The pool.
    pub pool: Name,
    /// Whose they are.
    pub owner: Owner,
    /// The reservation that holds their nodes.
    pub reservation: ReservationId,
    /// How many replicas.
    pub replicas: u64,
}

/// What is said anew of a fleet.
#[derive(Debug, Default)]
pub(crate) struct Restated {
    /// The clusters whose documents are put anew, with the nodes that they say.
    pub(crate) described: BTreeSet<Name>,
    /// The clusters whose health and cordons are those of their documents: those that are described anew, and those of
    /// which one was set.
    pub(crate) clusters: BTreeSet<Name>,
    /// Which nodes are gone where their number falls, by cluster and pool.
    pub(crate) gone: BTreeMap<(Name, Name), Vec<u32>>,
}

/// All nodes of a pool that are closed, and those of them that were open so far.
type Closed = (Vec<Stretch>, Vec<Stretch>);

/// Why what runs cannot run on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Homeless {
    #[error("{} room on cluster `{cluster}`; move or release {} first", hold(*.reservations), those(*.reservations))]
    Cluster { cluster: Name, reservations: usize },
    #[error(
        "{} room on pool `{pool}` of cluster `{cluster}`; move or release {} first",
        hold(*.reservations),
        those(*.reservations)
    )]
    Pool { cluster: Name, pool: Name, reservations: usize },
    #[error("{} nodes of pool `{pool}` of cluster `{cluster}`, which were not counted; release {} first", hold(*.reservations), those(*.reservations))]
    NotCounted { cluster: Name, pool: Name, reservations: usize },
    #[error("pool `{pool}` of cluster `{cluster}` would have no room for what {owner} holds there by reservation {id}")]
    NoRoom { cluster: Name, pool: Name, owner: Owner, id: ReservationId },
    #[error("pool `{pool}` of cluster `{cluster}`: {message}")]
    Nodes { cluster: Name, pool: Name, message: String },
}

fn hold(reservations: usize) -> String {
    if reservations == 1 { "1 reservation holds".to_owned() } else { format!("{reservations} reservations hold") }
}

fn those(reservations: usize) -> &'static str {
    if reservations == 1 { "it" } else { "them" }
}

impl Homeless {
    /// The cluster that it is about.
    pub(crate) fn cluster(&self) -> &Name {
        match self {
            Self::Cluster { cluster, .. }
            | Self::Pool { cluster, .. }
            | Self::NotCounted { cluster, .. }
            | Self::NoRoom { cluster, .. }
            | Self::Nodes { cluster, .. } => cluster,
        }
    }
}

impl Held {
    /// The replicas of a reservation that are on nodes which are gone.
    fn displaced(&self, id: ReservationId, gone: &[Stretch], names: impl Fn() -> (Name, Name)) -> Option<Displaced> {
        let replicas = self.replicas_on(gone);
        (replicas > 0).then(|| {
            let ((cluster, pool), owner) = (names(), self.owner.clone());
            Displaced { cluster, pool, owner, reservation: id, replicas }
        })
    }
}

impl Inventory {
    /// Gives a pool another number of nodes; whose replicas ran on those that are gone. Nothing, and nothing has changed,
    /// where its nodes are not counted or those that are gone cannot be.
    ///
    /// O(log n) in nodes, and the reservations where some go.
    pub(crate) fn resize(&mut self, id: PoolId, count: u32, gone: &[u32]) -> Option<Vec<Displaced>> {
        let pool = self.fleet.pool(id)?;
        let (shape, name) = (pool.def.shape?, pool.def.name.clone());
        let cluster = self.fleet.cluster(pool.cluster)?.name.clone();
        let mut nodes = Nodes::clone(self.nodes(id)?);
        let closed = nodes.resize(&shape, count, gone).ok()?;
        *self.nodes.get_mut(crate::id::Id::index(id))? = Some(Arc::new(nodes));
        Arc::make_mut(&mut self.fleet).set_nodes(id, count);
        self.note_use(id);
        if closed.is_empty() {
            return Some(Vec::new());
        }
        let names = || (cluster.clone(), name.clone());
        let of_pool = self.reservations.iter().filter(|(_, held)| held.pool == id);
        Some(of_pool.filter_map(|(&reservation, held)| held.displaced(reservation, &closed, names)).collect())
    }

    /// The inventory of another fleet in which all reservations are held on their nodes. Nodes keep their numbers;
    /// health and cordons are those of now, but for clusters that are restated.
    ///
    /// O(n log n) in clusters, pools and reservations.
    ///
    /// # Errors
    /// All that cannot run on, or the clusters that make no fleet.
    pub(crate) fn succeeded(
        &self,
        catalog: &Catalog,
        defs: Vec<ClusterDef>,
        restated: &Restated,
    ) -> Result<(Self, Vec<Displaced>), Result<Vec<Homeless>, InvalidFleet>> {
        let mut homeless = Vec::new();
        let (mut closed, mut newly) = (super::ClosedNodes::default(), BTreeMap::new());
        for def in &defs {
            for pool in &def.pools {
                let gone = restated.gone.get(&(def.name.clone(), pool.name.clone()));
                match self.resized(def, pool, gone.map(Vec::as_slice).unwrap_or_default()) {
                    Ok(None) => {}
                    Ok(Some((all, now))) => {
                        closed.set(&def.name, &pool.name, all);
                        newly.insert((def.name.clone(), pool.name.clone()), now);
                    }
                    Err(message) => {
                        let (cluster, pool) = (def.name.clone(), pool.name.clone());
                        homeless.push(Homeless::Nodes { cluster, pool, message });
                    }
                }
            }
        }
        if !homeless.is_empty() {
            return Err(Ok(homeless));
        }
        let mut after = Self::with_closed_nodes(catalog, defs, &closed).map_err(Err)?;
        after.next = self.next;
        for (index, cluster) in self.fleet.clusters().iter().enumerate() {
            let old = crate::id::Id::from_index(index);
            if let Some(new) =
                after.fleet.find_cluster(cluster.name.as_str()).filter(|_| !restated.clusters.contains(&cluster.name))
            {
                after.set_healthy(new, self.healthy.contains(old));
                after.set_cordoned(new, self.cordoned.contains(old));
            }
        }
        let displaced = after.hold_again(self, &newly).map_err(Ok)?;
        Ok((after, displaced))
    }

    /// The clusters of another inventory whose health is not that of here, by name, and whether they are healthy there.
    pub(crate) fn turned(&self, after: &Self) -> Vec<(Name, bool)> {
        let health = |of: &Self, name: &Name| {
            of.fleet.find_cluster(name.as_str()).is_none_or(|cluster| of.healthy.contains(cluster))
        };
        let names = after.fleet.clusters().iter().map(|cluster| &cluster.name);
        let turned = names.filter(|name| health(self, name) != health(after, name));
        turned.map(|name| (name.clone(), health(after, name))).collect()
    }

    /// What is closed of a pool under its new definition; nothing where nodes are not counted.
    fn resized(&self, def: &ClusterDef, pool: &PoolDef, gone: &[u32]) -> Result<Option<Closed>, String> {
        let known = self.find_pool(&def.name, &pool.name).and_then(|id| self.nodes(id));
        match (known, &pool.shape, pool.nodes) {
            (Some(nodes), Some(shape), Some(count)) => {
                let mut nodes = nodes.clone();
                let now = nodes.resize(shape, count, gone)?;
                Ok(Some((nodes.closed(), now)))
            }
            _ if !gone.is_empty() => Err("its nodes are not counted, so none of them can be named".to_owned()),
            _ => Ok(None),
        }
    }

    /// What replicas that another inventory knows take on the same pool here, where nodes are not counted.
    fn uncounted_of(
        &self,
        before: &Self,
        id: ReservationId,
        (cluster, pool): (&Name, &Name),
    ) -> Option<(PairId, Request, u32)> {
        let held = before.held(id);
        let &(pair, request, _) = held.first()?;
        let (old, new) = (before.fleet.catalog(), self.fleet.catalog());
        let flavor = before.fleet.pair(pair)?.flavor;
        let flavor = new.flavor(old.flavor_kind(flavor), old.flavor_code(flavor))?;
        let pair = self.fleet.find_pair(cluster.as_str(), pool.as_str(), flavor)?;
        let replicas = held.iter().map(|(.., replicas)| *replicas).fold(0, u32::saturating_add);
        Some((pair, request, replicas))
    }

    /// Holds all that another inventory holds, on the same nodes.
    fn hold_again(
        &mut self,
        before: &Self,
        newly: &BTreeMap<(Name, Name), Vec<Stretch>>,
    ) -> Result<Vec<Displaced>, Vec<Homeless>> {
        let mut by_pool: BTreeMap<PoolId, Vec<(ReservationId, &Held)>> = BTreeMap::new();
        for (&id, held) in &before.reservations {
            by_pool.entry(held.pool).or_default().push((id, held));
        }
        let (mut homeless, mut displaced, mut lost) = (Vec::new(), Vec::new(), BTreeMap::<&Name, usize>::new());
        for (old, all) in by_pool {
            let Some(pool) = before.fleet.pool(old) else { continue };
            let Some(cluster) = before.fleet.cluster(pool.cluster).map(|cluster| &cluster.name) else { continue };
            let reservations = all.len();
            if self.fleet.find_cluster(cluster.as_str()).is_none() {
                *lost.entry(cluster).or_default() += reservations;
                continue;
            }
            let names = || (cluster.clone(), pool.def.name.clone());
            let Some(new) = self.find_pool(cluster, &pool.def.name) else {
                let (cluster, pool) = names();
                homeless.push(Homeless::Pool { cluster, pool, reservations });
                continue;
            };
            let counted = before.nodes(old).is_some();
            match self.nodes.get_mut(crate::id::Id::index(new)) {
                Some(Some(_)) if !counted => {
                    let (cluster, pool) = names();
                    homeless.push(Homeless::NotCounted { cluster, pool, reservations });
                    continue;
                }
                Some(Some(nodes)) => {
                    let mut after = Nodes::clone(nodes);
                    for (id, held) in &all {
                        if !held.taken.iter().all(|taken| after.take_again(taken)) {
                            let (cluster, pool) = names();
                            homeless.push(Homeless::NoRoom { cluster, pool, owner: held.owner.clone(), id: *id });
                        }
                    }
                    *nodes = Arc::new(after);
                }
                _ => {}
            }
            let gone = newly.get(&names()).map(Vec::as_slice).unwrap_or_default();
            for (id, held) in all {
                displaced.extend(held.displaced(id, gone, names));
                // Where nodes are not counted any more, nothing is held.
                let (taken, uncounted) = match self.nodes(new) {
                    Some(_) => (held.taken.clone(), None),
                    None => (Vec::new(), self.uncounted_of(before, id, (cluster, &pool.def.name))),
                };
                self.reservations.insert(id, Held { pool: new, owner: held.owner.clone(), taken, uncounted });
            }
            self.note_use(new);
        }
        let clusters = lost.into_iter();
        homeless.extend(
            clusters.map(|(cluster, reservations)| Homeless::Cluster { cluster: cluster.clone(), reservations }),
        );
        displaced.sort_by_key(|displaced| displaced.reservation);
        if homeless.is_empty() { Ok(displaced) } else { Err(homeless) }
    }
}
