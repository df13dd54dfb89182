//! Where the policies let deployments run, as sets of clusters: of one, and of all at once.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use super::{LookupError, Reference, Workspace};
use crate::bitset::BitSet;
use crate::catalog::Axis;
use crate::deployment::Deployment;
use crate::id::{Atom, ClusterId, DeploymentId, EnvironmentId, ResourceTypeId};
use crate::inventory::Fleet;
use crate::policy::{Attachment, Scope};

/// Deployments whose sets take longer to make than a thread takes to start.
const WORTH_A_THREAD: usize = 200;

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
    /// assert!(workspace.allowed("bert/bert-api-v1")?.is_empty());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// O((places + flavors) × clusters / 64).
    ///
    /// # Errors
    /// [`LookupError`] for a deployment that the workspace does not have.
    pub fn allowed(&self, deployment: impl Reference<DeploymentId>) -> Result<BitSet<ClusterId>, LookupError> {
        let scope = self.scope(deployment)?;
        Ok(Masks::new(self.inventory.fleet()).admitted(&scope))
    }

    /// The same for every deployment, in the order of [`deployments`](Self::deployments), on all cores.
    /// Those under the same policies mostly share one set, which is made once.
    #[must_use]
    pub fn allowed_all(&self) -> Vec<Arc<BitSet<ClusterId>>> {
        let masks = Masks::new(self.inventory.fleet());
        let made = |deployments: &[Deployment]| self.allowed_each(&masks, deployments);
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let share = self.deployments.len().div_ceil(cores).max(WORTH_A_THREAD);
        let mut shares = self.deployments.chunks(share);
        let first = shares.next().unwrap_or_default();
        thread::scope(|scope| {
            let rest: Vec<_> = shares.map(|share| (share, scope.spawn(|| made(share)))).collect();
            let mut sets = made(first);
            // A thread that could not do its part leaves it to this one.
            sets.extend(rest.into_iter().flat_map(|(share, part)| part.join().unwrap_or_else(|_| made(share))));
            sets
        })
    }

    fn allowed_each(&self, masks: &Masks, deployments: &[Deployment]) -> Vec<Arc<BitSet<ClusterId>>> {
        let mut known: HashMap<Governed<'_>, Arc<BitSet<ClusterId>>> = HashMap::with_capacity(deployments.len());
        let sets = deployments.iter().map(|deployment| {
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

/// The clusters at each point of either axis. A cluster stands in one place, so what it is allowed is
/// decided by each axis alone.
struct Masks {
    clusters: usize,
    /// By the point on the location axis, and what stands for it in a scope that does not know it yet.
    places: BTreeMap<(Atom, Atom), BitSet<ClusterId>>,
    /// By the point on the flavor axis.
    flavors: BTreeMap<Atom, BitSet<ClusterId>>,
}

impl Masks {
    fn new(fleet: &Fleet) -> Self {
        let clusters = fleet.clusters().len();
        let mut masks = Self { clusters, places: BTreeMap::new(), flavors: BTreeMap::new() };
        let none = || BitSet::empty(clusters);
        for class in fleet.index().classes() {
            for cluster in class.members.iter().filter_map(|&pair| Some(fleet.pair(pair)?.cluster)) {
                masks.places.entry(class.point(Axis::Location)).or_insert_with(none).insert(cluster);
                masks.flavors.entry(class.flavor).or_insert_with(none).insert(cluster);
            }
        }
        masks
    }

    /// The clusters with a pool that the scope admits on both axes.
    fn admitted(&self, scope: &Scope) -> BitSet<ClusterId> {
        let (mut admitted, mut equipped) = (BitSet::empty(self.clusters), BitSet::empty(self.clusters));
        if scope.refuses_everything() {
            return admitted;
        }
        let (places, hardware) = (scope.axis(Axis::Location), scope.axis(Axis::Flavor));
        for (_, clusters) in self.places.iter().filter(|&(&(place, rest), _)| places.admits(place, rest)) {
            admitted.union_with(clusters);
        }
        for (_, clusters) in self.flavors.iter().filter(|&(&flavor, _)| hardware.admits(flavor, flavor)) {
            equipped.union_with(clusters);
        }
        admitted.intersect_with(&equipped);
        admitted
    }
}
