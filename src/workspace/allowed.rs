//! Where the policies let deployments run, as sets of clusters: of one, and of all at once.

use std::collections::HashMap;
use std::sync::Arc;

use super::Workspace;
use crate::bitset::BitSet;
use crate::catalog::Axis;
use crate::deployment::Deployment;
use crate::id::{ClusterId, DeploymentId, EnvironmentId, ResourceTypeId};
use crate::inventory::{Class, Fleet};
use crate::policy::{Attachment, Scope};

impl Workspace {
    /// The clusters on which the policies let a deployment run, whatever it demands and whatever is free
    /// or closed. `None` for an id of another workspace.
    ///
    /// ```
    /// # #[cfg(feature = "manifest")] {
    /// use siting::manifest::Source;
    /// use siting::workspace::{LoadOptions, Workspace};
    ///
    /// let text = "
    /// apiVersion: siting.dev/v1
    /// kind: Policy
    /// metadata: {name: us-only}
    /// spec: {type: location, locations: [{type: country, name: us}]}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Deployment
    /// metadata: {name: bert-api-v1}
    /// spec: {model: bert, policies: [us-only]}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Cluster
    /// metadata: {name: paris}
    /// spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
    /// ";
    /// let workspace = Workspace::from_sources(&[Source::new("fleet.yaml", text)], LoadOptions::default())?;
    /// let bert = workspace.find_deployment("bert/bert-api-v1")?;
    /// assert!(workspace.allowed(bert).is_some_and(|clusters| clusters.is_empty()));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// O(classes × clusters / 64).
    #[must_use]
    pub fn allowed(&self, deployment: DeploymentId) -> Option<BitSet<ClusterId>> {
        let scope = self.scope(deployment)?;
        Some(Masks::new(self.inventory.fleet()).admitted(&scope))
    }

    /// The same for every deployment, in the order of [`deployments`](Self::deployments). Those under the
    /// same policies share one set, which is made once.
    #[must_use]
    pub fn allowed_all(&self) -> Vec<Arc<BitSet<ClusterId>>> {
        let masks = Masks::new(self.inventory.fleet());
        let mut known: HashMap<Governed<'_>, Arc<BitSet<ClusterId>>> = HashMap::new();
        let sets = self.deployments.iter().map(|deployment| {
            let made = || Arc::new(masks.admitted(&self.scope_of(deployment)));
            Arc::clone(known.entry(Governed::of(deployment)).or_insert_with(made))
        });
        sets.collect()
    }
}

/// All that a deployment's scope depends on, within one workspace.
#[derive(PartialEq, Eq, Hash)]
struct Governed<'a> {
    environment: EnvironmentId,
    resource_type: ResourceTypeId,
    own: &'a [Attachment],
    resolved: bool,
}

impl<'a> Governed<'a> {
    fn of(deployment: &'a Deployment) -> Self {
        Self {
            environment: deployment.environment,
            resource_type: deployment.workload.resource_type,
            own: &deployment.attachments,
            resolved: deployment.unresolved.is_empty(),
        }
    }
}

/// The clusters of each class.
struct Masks<'a> {
    clusters: usize,
    classes: Vec<(&'a Class, BitSet<ClusterId>)>,
}

impl<'a> Masks<'a> {
    fn new(fleet: &'a Fleet) -> Self {
        let clusters = fleet.clusters().len();
        let classes = fleet.index().classes().iter().map(|class| {
            let members = class.members.iter().filter_map(|&pair| Some(fleet.pair(pair)?.cluster));
            (class, BitSet::from_ids(clusters, members))
        });
        Self { clusters, classes: classes.collect() }
    }

    /// The clusters with a pool that the scope admits on both axes.
    fn admitted(&self, scope: &Scope) -> BitSet<ClusterId> {
        let mut admitted = BitSet::empty(self.clusters);
        if scope.refuses_everything() {
            return admitted;
        }
        for (class, clusters) in &self.classes {
            let admits = |axis| {
                let (atom, rest) = class.point(axis);
                scope.axis(axis).admits(atom, rest)
            };
            if Axis::ALL.into_iter().all(admits) {
                admitted.union_with(clusters);
            }
        }
        admitted
    }
}
