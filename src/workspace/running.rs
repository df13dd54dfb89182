//! Replicas that run now: they take capacity, and their places are kept where that is legal (I4).

use super::names;
use crate::catalog::{Catalog, FlavorKind, nearest};
use crate::deployment::Deployment;
use crate::id::{DeploymentId, Id, PairId};
use crate::inventory::{Inventory, ReservationId};
use crate::manifest::spec::RunningSpec;
use crate::origin::{Problem, ProblemCode};
use crate::placement;

/// Replicas of a deployment that run on a pool now.
#[derive(Clone, Debug)]
pub struct Running {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Where, and on what.
    pub pair: PairId,
    /// How many.
    pub replicas: u32,
    /// What they hold.
    pub reservation: ReservationId,
}

/// Reserves what runs now, in the order of the documents' names.
///
/// Replicas on a cluster that was left out of the load run where nobody counts; so do those on one
/// that is unhealthy or cordoned, but they are counted.
pub(super) fn reserve(
    catalog: &Catalog,
    deployments: &[Deployment],
    specs: &[RunningSpec],
    left_out: &[super::Quarantined],
    inventory: &mut Inventory,
    problems: &mut Vec<Problem>,
) -> Vec<Running> {
    let mut specs: Vec<_> = specs.iter().collect();
    specs.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
    let mut running = Vec::with_capacity(specs.len());
    for spec in specs {
        let deployment = find_deployment(catalog, deployments, spec, problems);
        if left_out.iter().any(|cluster| cluster.name == spec.cluster.value) {
            continue;
        }
        let pairs = find_pairs(inventory, spec, problems);
        let (Some((id, deployment)), Some(pairs)) = (deployment, pairs) else { continue };
        let Some(pair) = pair_of(catalog, inventory, deployment, &pairs, spec, problems) else { continue };
        let request = placement::request(catalog, &deployment.demand, inventory.fleet().pair(pair));
        match inventory.reserve_anyway(pair, &request, spec.replicas) {
            Ok(reservation) => running.push(Running { deployment: id, pair, replicas: spec.replicas, reservation }),
            Err(error) => {
                let message = format!("more runs on pool `{}` than it holds: {error}", spec.pool.value);
                let help = "correct the replicas, or what the pool states as `used`, which does not count them";
                problems.push(Problem::new(ProblemCode::OverUsed, &spec.pool.origin, message).help(help));
            }
        }
    }
    running
}

fn find_deployment<'d>(
    catalog: &Catalog,
    deployments: &'d [Deployment],
    spec: &RunningSpec,
    problems: &mut Vec<Problem>,
) -> Option<(DeploymentId, &'d Deployment)> {
    let address = spec.deployment.as_str();
    let is_named = |deployment: &Deployment| {
        let short = deployment.address();
        short == address
            || address.strip_suffix(&short).and_then(|rest| rest.strip_suffix('/'))
                == Some(catalog.resource_type_name(deployment.workload.resource_type))
    };
    let mut found = deployments.iter().enumerate().filter(|(_, deployment)| is_named(deployment));
    match (found.next(), found.next()) {
        (Some((index, deployment)), None) => Some((DeploymentId::from_index(index), deployment)),
        (None, _) => {
            let addresses: Vec<_> = deployments.iter().map(Deployment::address).collect();
            let near = nearest(address, addresses.iter().map(String::as_str));
            problems.push(names::unknown("deployment", &spec.deployment, &near));
            None
        }
        (Some(_), Some(_)) => {
            let message = format!("several deployments are called `{address}`");
            let problem = Problem::new(ProblemCode::InvalidValue, &spec.deployment.origin, message);
            problems.push(problem.help("write `type/workload/name`"));
            None
        }
    }
}

/// The pool's pairs.
fn find_pairs(inventory: &Inventory, spec: &RunningSpec, problems: &mut Vec<Problem>) -> Option<Vec<PairId>> {
    let fleet = inventory.fleet();
    let Some(cluster) = fleet.find_cluster(&spec.cluster).and_then(|id| fleet.cluster(id)) else {
        let near = nearest(&spec.cluster, fleet.clusters().iter().map(|cluster| cluster.name.as_str()));
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

/// The pair that the deployment's replicas run on: the gpu flavor if it demands GPUs, else the cpu
/// flavor, if the pool has one.
fn pair_of(
    catalog: &Catalog,
    inventory: &Inventory,
    deployment: &Deployment,
    pairs: &[PairId],
    spec: &RunningSpec,
    problems: &mut Vec<Problem>,
) -> Option<PairId> {
    let wants_gpu = deployment.demand.wants_gpu();
    let is_wanted = |id: &PairId| {
        let kind = inventory.fleet().pair(*id).map(|pair| catalog.flavor_kind(pair.flavor));
        kind == Some(if wants_gpu { FlavorKind::Gpu } else { FlavorKind::Cpu })
    };
    let pair = pairs.iter().copied().find(is_wanted).or_else(|| pairs.first().copied().filter(|_| !wants_gpu));
    if pair.is_none() {
        let message = format!("`{}` demands GPUs, which the pool has not", spec.deployment.value);
        let help = "correct the pool, or the deployment";
        problems.push(Problem::new(ProblemCode::InvalidValue, &spec.pool.origin, message).help(help));
    }
    pair
}
