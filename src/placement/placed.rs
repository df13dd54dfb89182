//! Placements with the names of what they are on.

use std::fmt;

use super::{Decision, Placement};
use crate::catalog::FlavorKind;
use crate::id::Name;
use crate::inventory::Fleet;
use crate::quantity::Money;

/// Replicas of a deployment on one place, by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PlacedReplicas<'a> {
    /// The cluster.
    pub cluster: &'a Name,
    /// The pool.
    pub pool: &'a Name,
    /// Whether they run on a cpu or a gpu flavor.
    pub kind: FlavorKind,
    /// The flavor's code, such as `t4`.
    pub flavor: &'a str,
    /// How many; 0 for a deployment that is scaled to zero and would wake here.
    pub replicas: u32,
    /// What all of them cost an hour, in the workspace's currency; `None` if unknown (I5).
    pub price_per_hour: Option<Money>,
}

/// `3 × paris/rack on gpu t4`
impl fmt::Display for PlacedReplicas<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}/{} on {} {}", self.replicas, self.cluster, self.pool, self.kind, self.flavor)
    }
}

impl Decision {
    /// Where the replicas run, by name, in the order of each candidate's first; nothing where all are refused.
    ///
    /// ```
    /// # #[cfg(feature = "manifest")] {
    /// use siting::Workspace;
    ///
    /// let workspace: Workspace = "
    /// apiVersion: siting.dev/v1
    /// kind: Deployment
    /// metadata: {name: bert-api-v1}
    /// spec: {model: bert, replicas: 3, resources: {cpu: 1, memory: 1Gi, gpu: {count: 1}}}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Cluster
    /// metadata: {name: paris}
    /// spec:
    ///   provider: onprem
    ///   country: fr
    ///   pools: [{name: rack, nodes: 3, cpuFlavor: x86, cpu: 4, memory: 16Gi, gpu: {type: t4, count: 1}}]
    /// ".parse()?;
    /// let decision = workspace.place("bert-api-v1")?.decision;
    /// let placed: Vec<_> = decision.placed().map(|placed| placed.to_string()).collect();
    /// assert_eq!(placed, ["3 × paris/rack on gpu t4"]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn placed(&self) -> impl Iterator<Item = PlacedReplicas<'_>> {
        // A decision's pairs are of its own fleet, so each has its names.
        self.placements().iter().filter_map(|placement| named(self.fleet(), placement))
    }
}

fn named<'a>(fleet: &'a Fleet, placement: &Placement) -> Option<PlacedReplicas<'a>> {
    let (cluster, pool, flavor) = fleet.names(placement.pair)?;
    let kind = fleet.catalog().flavor_kind(fleet.pair(placement.pair)?.flavor);
    let Placement { replicas, price_per_hour, .. } = *placement;
    Some(PlacedReplicas { cluster, pool, kind, flavor, replicas, price_per_hour })
}
