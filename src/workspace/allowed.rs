//! Where the policies let deployments run, as sets of clusters: of one, and of all at once.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, RwLock, Weak};
use std::thread;

use smallvec::SmallVec;

use super::{LookupError, Reference, Workspace};
use crate::bitset::BitSet;
use crate::catalog::Axis;
use crate::deployment::Deployment;
use crate::id::{ClusterId, DeploymentId, EnvironmentId, PairId, ResourceTypeId};
use crate::inventory::Fleet;
use crate::policy::{Attachment, Bundle, Environment, PolicySet, Scope};
use crate::time::Moment;

/// The number of deployments from which on threads pay off.
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
    /// The set is cached, and recomputed if policies, attachments or clusters have changed: O(places + kinds +
    /// clusters).
    ///
    /// # Errors
    /// [`LookupError`] for a deployment that the workspace does not have.
    pub fn allowed(&self, deployment: impl Reference<DeploymentId>) -> Result<Arc<BitSet<ClusterId>>, LookupError> {
        let (_, deployment) = self.found(deployment)?;
        let governed = Governed::of(deployment);
        let environment = self.environment(deployment.environment).map(Environment::bundle).unwrap_or_default();
        let imposed = [self.bundle(), environment];
        if let Some(known) = self.allowed_sets.get(self, &governed, imposed) {
            return Ok(known);
        }
        let made = Arc::new(self.allowed_by(&self.scope_of(deployment)));
        self.allowed_sets.keep(self, governed, imposed, &made);
        Ok(made)
    }

    /// Whether the policies let a deployment run on some cluster.
    ///
    /// # Errors
    /// As [`allowed`](Self::allowed).
    pub fn is_allowed_anywhere(&self, deployment: impl Reference<DeploymentId>) -> Result<bool, LookupError> {
        let scope = self.scope(deployment)?;
        Ok(self.inventory.fleet().index().allowed(&scope).is_any())
    }

    /// On how many pools and flavors the policies let a deployment run. O(places + classes), however many pools
    /// there are.
    ///
    /// # Errors
    /// As [`allowed`](Self::allowed).
    pub fn count_allowed(&self, deployment: impl Reference<DeploymentId>) -> Result<usize, LookupError> {
        let scope = self.scope(deployment)?;
        Ok(self.inventory.fleet().index().allowed(&scope).count())
    }

    /// The pools and flavors on which the policies let a deployment run. O(classes + pairs).
    ///
    /// # Errors
    /// As [`allowed`](Self::allowed).
    pub fn allowed_pairs(&self, deployment: impl Reference<DeploymentId>) -> Result<BitSet<PairId>, LookupError> {
        let scope = self.scope(deployment)?;
        Ok(self.inventory.fleet().index().allowed(&scope).pairs())
    }

    fn allowed_by(&self, scope: &Scope) -> BitSet<ClusterId> {
        self.inventory.fleet().index().allowed(scope).clusters()
    }

    /// The same for every deployment, in the order of [`deployments`](Self::deployments), on all cores.
    /// Those under the same policies mostly share one set, which is made once.
    #[must_use]
    pub fn allowed_all(&self) -> Vec<Arc<BitSet<ClusterId>>> {
        let made = |deployments: &[Deployment]| self.allowed_each(deployments);
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let share = self.deployments().len().div_ceil(cores).max(WORTH_A_THREAD);
        let mut shares = self.deployments().chunks(share);
        let first = shares.next().unwrap_or_default();
        thread::scope(|scope| {
            let rest: Vec<_> = shares.map(|share| (share, scope.spawn(|| made(share)))).collect();
            let mut sets = made(first);
            // If a thread failed, this one does its part.
            sets.extend(rest.into_iter().flat_map(|(share, part)| part.join().unwrap_or_else(|_| made(share))));
            sets
        })
    }

    fn allowed_each(&self, deployments: &[Deployment]) -> Vec<Arc<BitSet<ClusterId>>> {
        let mut known: HashMap<Governed, Arc<BitSet<ClusterId>>> = HashMap::with_capacity(deployments.len());
        let sets = deployments.iter().map(|deployment| {
            let made = || Arc::new(self.allowed_by(&self.scope_of(deployment)));
            Arc::clone(known.entry(Governed::of(deployment)).or_insert_with(made))
        });
        sets.collect()
    }
}

/// All that a deployment's scope depends on beside what its levels impose, within one workspace.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Governed {
    environment: EnvironmentId,
    resource_type: ResourceTypeId,
    own: SmallVec<[Attachment; 4]>,
    resolved: bool,
}

impl Governed {
    pub(super) fn of(deployment: &Deployment) -> Self {
        Self {
            environment: deployment.environment,
            resource_type: deployment.workload.resource_type,
            own: deployment.attachments.iter().cloned().collect(),
            resolved: deployment.unresolved.is_empty(),
        }
    }
}

/// A cache of the latest sets of allowed clusters, each with all that it was made from: what has changed since is
/// noticed on lookup, so no invalidation is needed.
#[derive(Debug, Default)]
pub(super) struct AllowedSets(RwLock<Known>);

#[derive(Clone, Debug, Default)]
struct Known {
    fleet: Weak<Fleet>,
    policies: Weak<PolicySet>,
    sets: HashMap<Governed, Made>,
}

#[derive(Clone, Debug)]
struct Made {
    /// What the workspace and the environment imposed.
    imposed: [Imposed; 2],
    /// The moment for which it was made.
    at: Option<Moment>,
    clusters: Arc<BitSet<ClusterId>>,
}

#[derive(Clone, Debug)]
struct Imposed {
    attachments: SmallVec<[Attachment; 4]>,
    require: SmallVec<[Axis; 2]>,
}

/// The most bits that all sets take together: 16 MiB.
const MOST_BITS: usize = 1 << 27;

impl AllowedSets {
    fn get(
        &self,
        workspace: &Workspace,
        governed: &Governed,
        imposed: [Bundle<'_>; 2],
    ) -> Option<Arc<BitSet<ClusterId>>> {
        let known = self.0.read().ok()?;
        let made = known.sets.get(governed).filter(|_| known.is_of(workspace))?;
        let same = made.imposed.iter().zip(imposed).all(|(made, now)| made.is(now));
        // What has ended since, or not yet, makes another set.
        let now = workspace.now();
        let mut attached = governed.own.iter().chain(imposed.iter().flat_map(|bundle| bundle.attachments));
        let same = same && attached.all(|attached| attached.has_ended(made.at) == attached.has_ended(now));
        same.then(|| Arc::clone(&made.clusters))
    }

    fn keep(
        &self,
        workspace: &Workspace,
        governed: Governed,
        imposed: [Bundle<'_>; 2],
        clusters: &Arc<BitSet<ClusterId>>,
    ) {
        // A poisoned lock only means that each set is made again.
        let Ok(mut known) = self.0.write() else { return };
        if !known.is_of(workspace) || known.sets.len().saturating_mul(clusters.universe()) > MOST_BITS {
            let fleet = Arc::downgrade(workspace.inventory.fleet());
            *known = Known { fleet, policies: Arc::downgrade(&workspace.policies), sets: HashMap::new() };
        }
        let (imposed, at) = (imposed.map(Imposed::of), workspace.now());
        known.sets.insert(governed, Made { imposed, at, clusters: Arc::clone(clusters) });
    }
}

impl Clone for AllowedSets {
    fn clone(&self) -> Self {
        Self(RwLock::new(self.0.read().map(|known| known.clone()).unwrap_or_default()))
    }
}

impl Known {
    /// Whether the sets are of this fleet and these policies. A weak handle keeps its address from being used again.
    fn is_of(&self, workspace: &Workspace) -> bool {
        std::ptr::eq(self.fleet.as_ptr(), Arc::as_ptr(workspace.inventory.fleet()))
            && std::ptr::eq(self.policies.as_ptr(), Arc::as_ptr(&workspace.policies))
    }
}

impl Imposed {
    fn of(bundle: Bundle<'_>) -> Self {
        Self {
            attachments: bundle.attachments.iter().cloned().collect(),
            require: SmallVec::from_slice(bundle.require),
        }
    }

    fn is(&self, bundle: Bundle<'_>) -> bool {
        self.attachments.as_slice() == bundle.attachments && self.require.as_slice() == bundle.require
    }
}
