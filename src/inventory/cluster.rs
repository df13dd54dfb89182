//! Clusters and pools: as they are defined, and as a fleet holds them.

use std::ops::Range;

use indexmap::IndexMap;

use super::request::Request;
use super::slice::Devices;
use crate::catalog::{Capacity, Point};
use crate::id::{AttributeSetId, ClusterId, CountryId, FlavorId, Id, LocationId, Name, PairId};
use crate::origin::Origin;
use crate::quantity::{Bandwidth, Bytes, Coordinates, Cpu, GpuShare, Money};
use crate::time::Moment;

/// A cluster with its names resolved, before it joins a fleet.
#[derive(Clone, PartialEq, Debug)]
pub struct ClusterDef {
    /// Its name, unique in the fleet.
    pub name: Name,
    /// Who runs it.
    pub provider: Name,
    /// The country it stands in.
    pub country: CountryId,
    /// The known location it stands in.
    pub location: Option<LocationId>,
    /// The part of the location that it stands in.
    pub zone: Option<Name>,
    /// Where it stands.
    pub coordinates: Option<Coordinates>,
    /// Labels.
    pub labels: IndexMap<String, String>,
    /// Whether it can run anything (I3).
    pub healthy: bool,
    /// Whether it is closed to new work (I3).
    pub cordoned: bool,
    /// When all of this was observed (I8).
    pub observed_at: Option<Moment>,
    /// What it has.
    pub pools: Vec<PoolDef>,
    /// Where it was written.
    pub origin: Origin,
}

/// A pool with its names resolved, before it joins a fleet.
#[derive(Clone, PartialEq, Debug)]
pub struct PoolDef {
    /// Its name, unique in the cluster.
    pub name: Name,
    /// What one node has; `None` is a pool of no shape, on which any demand of its kind fits (I1).
    pub shape: Option<Shape>,
    /// How many nodes; `None` is unlimited.
    pub nodes: Option<u32>,
    /// The cpu flavor.
    pub cpu_flavor: Option<FlavorId>,
    /// The gpu flavor.
    pub gpu_flavor: Option<FlavorId>,
    /// What is known of its GPUs beside their flavor.
    pub devices: Devices,
    /// Price of a node for an hour.
    pub price: Option<Money>,
    /// How its nodes are bought.
    pub capacity: Capacity,
    /// What it bears, its cluster's attributes among it.
    pub attributes: AttributeSetId,
    /// What is in use already, over all nodes.
    pub used: Used,
    /// What is in use already, node by node from the first on; empty where `used` says it, or nothing is.
    pub used_per_node: Vec<NodeUse>,
}

impl PoolDef {
    /// A pool of the short form: unlimited, of no shape, serving one flavor.
    #[must_use]
    pub fn unlimited(name: Name, cpu_flavor: Option<FlavorId>, gpu_flavor: Option<FlavorId>) -> Self {
        Self {
            name,
            shape: None,
            nodes: None,
            cpu_flavor,
            gpu_flavor,
            devices: Devices::default(),
            price: None,
            capacity: Capacity::default(),
            attributes: AttributeSetId::default(),
            used: Used::default(),
            used_per_node: Vec::new(),
        }
    }
}

/// What one node of a pool has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Shape {
    /// Cpu.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Bytes,
    /// Storage; `None` limits nothing.
    pub storage: Option<Bytes>,
    /// Bandwidth; `None` limits nothing.
    pub bandwidth: Option<Bandwidth>,
    /// GPUs.
    pub gpus: Gpus,
    /// The most replicas; `None` limits nothing.
    pub replicas: Option<u32>,
}

impl Shape {
    /// Thousandths of GPUs on one node.
    #[must_use]
    pub fn gpu_thousandths(&self) -> u64 {
        u64::from(self.gpus) * u64::from(GpuShare::WHOLE)
    }
}

/// A number of GPUs on one node.
pub type Gpus = u16;

/// What of a pool is in use, over all its nodes, or of one node (I1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Cpu.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Bytes,
    /// Storage.
    pub storage: Bytes,
    /// Bandwidth.
    pub bandwidth: Bandwidth,
    /// Thousandths of GPUs.
    pub gpu_thousandths: u64,
}

/// What of one node is in use (I1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NodeUse {
    /// Of its resources.
    pub used: Used,
    /// The replicas that run on it.
    pub replicas: u32,
}

/// A cluster of a fleet.
#[derive(Clone, PartialEq, Debug)]
pub struct Cluster {
    /// Its name.
    pub name: Name,
    /// Who runs it.
    pub provider: Name,
    /// The country it stands in.
    pub country: CountryId,
    /// The known location it stands in.
    pub location: Option<LocationId>,
    /// The part of the location that it stands in.
    pub zone: Option<Name>,
    /// Its point on the location axis: the location, else the rest of the country.
    pub place: Point,
    /// The point of its provider on the axis of providers.
    pub run_by: Point,
    /// Where it stands.
    pub coordinates: Option<Coordinates>,
    /// Labels.
    pub labels: IndexMap<String, String>,
    /// When it was observed (I8).
    pub observed_at: Option<Moment>,
    /// Its pools, by index of [`PoolId`](crate::id::PoolId).
    pub pools: Range<usize>,
    /// Its pairs, by index of [`PairId`](crate::id::PairId).
    pub pairs: Range<usize>,
    /// Where it was written.
    pub origin: Origin,
}

/// A pool of a fleet.
#[derive(Clone, PartialEq, Debug)]
pub struct Pool {
    /// The cluster it belongs to.
    pub cluster: ClusterId,
    pub(super) pairs: Range<usize>,
    /// What it is.
    pub def: PoolDef,
}

impl Pool {
    /// Its pairs: one for each of its flavors.
    pub fn pairs(&self) -> impl Iterator<Item = PairId> + use<> {
        self.pairs.clone().map(PairId::from_index)
    }

    /// Whether it has GPUs.
    #[must_use]
    pub fn has_gpus(&self) -> bool {
        self.def.gpu_flavor.is_some()
    }

    /// Whether an idle node of it holds the request; one of no shape holds any (I1).
    #[must_use]
    pub fn holds(&self, request: &Request) -> bool {
        self.def.shape.as_ref().is_none_or(|shape| request.fits(shape))
    }
}
