//! Replicas that run now: they take capacity, and their places are kept where that is legal (I4).

use super::names::{self, Problems, Unsound};
use super::{LeftOut, LookupError, Workspace};
use crate::catalog::{FlavorKind, nearest};
use crate::deployment::{Deployment, Needs};
use crate::id::{DeploymentId, Id, Name, PairId};
use crate::inventory::{Inventory, Request, ReservationId};
use crate::manifest::spec::RunningSpec;
use crate::origin::{Problem, ProblemCode, Sourced};
use crate::placement;

/// Replicas of a deployment that run on a pool now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Running {
    /// The name of the document that says so.
    pub document: Name,
    /// The deployment.
    pub deployment: DeploymentId,
    /// Where, and on what.
    pub pair: PairId,
    /// How many.
    pub replicas: u32,
    /// What each of them takes.
    pub request: Request,
    /// What they hold.
    pub reservation: ReservationId,
}

impl Workspace {
    /// Whether of some replicas that run, the policies say on which flavor of their pool they do: the document does not,
    /// and their deployment takes any.
    pub(super) fn runs_where_policies_say(&self) -> bool {
        let takes_any = |found: &Deployment| found.demand.needs == Needs::AnyFlavor;
        self.running.iter().any(|own| self.deployment(own.deployment).is_some_and(takes_any))
    }
}

impl Workspace {
    /// What documents say that runs on what was left out (I6): nobody can say whether it may, and it takes no room.
    pub(crate) fn running_on_left_out(&self) -> impl Iterator<Item = &RunningSpec> {
        let left_out = LeftOut::of(&self.quarantined);
        let running = self.specs.running.iter().filter(|spec| spec.replicas > 0);
        running.filter(move |spec| left_out.holds(spec.cluster.as_str(), spec.pool.as_str()))
    }
}

/// What a document says that runs, by its names found.
pub(super) struct Claimed {
    pub(super) document: Name,
    pub(super) deployment: DeploymentId,
    pub(super) pair: PairId,
    pub(super) request: Request,
    replicas: u32,
    pool: Sourced<String>,
}

/// Reserves what runs now, in the order of the documents' names.
pub(super) fn reserve(workspace: &mut Workspace, unsound: &Unsound, problems: &mut Problems) {
    let claims = claims(workspace, unsound, problems);
    let reserved = claims.into_iter().filter_map(|claim| claim.reserve(&mut workspace.inventory, problems));
    workspace.running = reserved.collect();
}

/// What runs now, in the order of the documents' names.
///
/// Replicas on a cluster or pool that was left out of the load run where nobody counts; so do those on one
/// that is unhealthy or cordoned, but they are counted.
pub(super) fn claims(workspace: &Workspace, unsound: &Unsound, problems: &mut Problems) -> Vec<Claimed> {
    let mut specs: Vec<_> = workspace.specs.running.iter().collect();
    specs.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
    let left_out = LeftOut::of(&workspace.quarantined);
    let mut claims = Vec::with_capacity(specs.len());
    for spec in specs {
        let deployment = find_deployment(workspace, unsound, spec, problems);
        if left_out.holds(spec.cluster.as_str(), spec.pool.as_str()) {
            continue;
        }
        let pairs = find_pairs(workspace, spec, problems);
        let (Some(id), Some(pairs)) = (deployment, pairs) else { continue };
        let Some(deployment) = workspace.deployment(id) else { continue };
        let Some(pair) = pair_of(workspace, deployment, &pairs, spec, problems) else { continue };
        let request = placement::request(workspace.inventory.fleet(), &deployment.demand, pair);
        let (document, pool) = (spec.metadata.name.value.clone(), spec.pool.clone());
        claims.push(Claimed { document, deployment: id, pair, request, replicas: spec.replicas, pool });
    }
    claims
}

impl Claimed {
    /// As it is held by a reservation, or was until the host released that.
    pub(super) fn held_by(self, reservation: ReservationId) -> Running {
        let Self { document, deployment, pair, request, replicas, .. } = self;
        Running { document, deployment, pair, replicas, request, reservation }
    }

    /// Takes the room, be the cluster open or not.
    pub(super) fn reserve(self, inventory: &mut Inventory, problems: &mut Problems) -> Option<Running> {
        match inventory.reserve_anyway(self.pair, &self.request, self.replicas) {
            Ok(reservation) => Some(self.held_by(reservation)),
            Err(error) => {
                let message = format!("more runs on pool `{}` than it holds: {error}", self.pool.value);
                let help = "correct the replicas, or what the pool states as `used`, which does not count them";
                problems.push(Problem::new(ProblemCode::OverUsed, &self.pool.origin, message).help(help));
                None
            }
        }
    }
}

/// The deployment of the address that a document gives. What is wrong with an unsound one is said where it stands.
fn find_deployment(
    workspace: &Workspace,
    unsound: &Unsound,
    spec: &RunningSpec,
    problems: &mut Problems,
) -> Option<DeploymentId> {
    let address = spec.deployment.as_str();
    match workspace.addresses.find(address) {
        [id] => return Some(*id),
        [] if address.rsplit('/').next().is_some_and(|name| unsound.deployments.contains(name)) => {}
        [] => {
            let known = workspace.addresses.names();
            let near = problems.nearest("deployment", address, || known);
            problems.push(names::unknown("deployment", &spec.deployment, &near));
        }
        several => {
            let problem = Problem::from(LookupError::ambiguous(workspace, address, several));
            problems.push(Problem { origin: spec.deployment.origin.clone(), ..problem });
        }
    }
    None
}

/// The pool's pairs.
fn find_pairs(workspace: &Workspace, spec: &RunningSpec, problems: &mut Problems) -> Option<Vec<PairId>> {
    let fleet = workspace.inventory.fleet();
    let Some(cluster) = fleet.find_cluster(&spec.cluster).and_then(|id| fleet.cluster(id)) else {
        let known = || fleet.clusters().iter().map(|cluster| cluster.name.as_str());
        let near = problems.nearest("cluster", &spec.cluster, known);
        problems.push(names::unknown("cluster", &spec.cluster, &near));
        return None;
    };
    let pools = fleet.pools().get(cluster.pools.clone()).unwrap_or_default();
    let Some(at) = pools.iter().position(|pool| pool.def.name.as_str() == spec.pool.as_str()) else {
        let near = nearest(&spec.pool, pools.iter().map(|pool| pool.def.name.as_str()));
        problems.push(names::unknown("pool", &spec.pool, &near));
        return None;
    };
    let of_pool = cluster
        .pairs
        .clone()
        .map(PairId::from_index)
        .filter(|&id| fleet.pair(id).is_some_and(|pair| pair.pool.index() == cluster.pools.start + at));
    Some(of_pool.collect())
}

/// The pair that the deployment's replicas run on: the gpu flavor if it demands GPUs, else the cpu flavor, if the
/// pool has one. Where the demand takes any flavor, one that the policies allow comes before others: the document
/// does not say on which the replicas run.
fn pair_of(
    workspace: &Workspace,
    deployment: &Deployment,
    pairs: &[PairId],
    spec: &RunningSpec,
    problems: &mut Problems,
) -> Option<PairId> {
    let wants_gpu = deployment.demand.wants_gpu();
    let fleet = workspace.inventory.fleet();
    let is_wanted = |id: &PairId| {
        let kind = fleet.pair(*id).map(|pair| workspace.catalog.flavor_kind(pair.flavor));
        kind == Some(if wants_gpu { FlavorKind::Gpu } else { FlavorKind::Cpu })
    };
    if deployment.demand.needs == Needs::AnyFlavor && pairs.len() > 1 {
        let scope = workspace.scope_of(deployment);
        let allowed = fleet.index().allowed(&scope);
        return pairs.iter().copied().min_by_key(|pair| (!allowed.contains(*pair), !is_wanted(pair)));
    }
    let pair = pairs.iter().copied().find(is_wanted).or_else(|| pairs.first().copied().filter(|_| !wants_gpu));
    if pair.is_none() {
        let message = format!("`{}` demands GPUs, and the pool has none", spec.deployment.value);
        let help = "correct the pool, or the deployment";
        problems.push(Problem::new(ProblemCode::InvalidValue, &spec.pool.origin, message).help(help));
    }
    pair
}
