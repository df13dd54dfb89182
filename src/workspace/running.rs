//! Replicas that run now: they take capacity, and their places are kept where that is legal (I4).

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use super::names::{self, Problems};
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
    problems: &mut Problems,
) -> Vec<Running> {
    let mut specs: Vec<_> = specs.iter().collect();
    specs.sort_by(|a, b| a.metadata.name.value.cmp(&b.metadata.name.value));
    let mut running = Vec::with_capacity(specs.len());
    let left_out: HashSet<_> = left_out.iter().map(|cluster| cluster.name.as_str()).collect();
    let addressed = if specs.is_empty() { HashMap::new() } else { addresses(catalog, deployments) };
    for spec in specs {
        let deployment = find_deployment(&addressed, deployments, spec, problems);
        if left_out.contains(spec.cluster.as_str()) {
            continue;
        }
        let pairs = find_pairs(inventory, spec, problems);
        let (Some((id, deployment)), Some(pairs)) = (deployment, pairs) else { continue };
        let Some(pair) = pair_of(catalog, inventory, deployment, &pairs, spec, problems) else { continue };
        let request = placement::request(inventory.fleet(), &deployment.demand, pair);
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

/// The deployments of every address, with and without the workload's type.
fn addresses(catalog: &Catalog, deployments: &[Deployment]) -> HashMap<String, Vec<usize>> {
    let mut found: HashMap<String, Vec<usize>> = HashMap::with_capacity(deployments.len() * 2);
    for (index, deployment) in deployments.iter().enumerate() {
        let short = deployment.address();
        let full = format!("{}/{short}", catalog.resource_type_name(deployment.workload.resource_type));
        found.entry(short).or_default().push(index);
        found.entry(full).or_default().push(index);
    }
    found
}

fn find_deployment<'d>(
    addressed: &HashMap<String, Vec<usize>>,
    deployments: &'d [Deployment],
    spec: &RunningSpec,
    problems: &mut Problems,
) -> Option<(DeploymentId, &'d Deployment)> {
    let address = spec.deployment.as_str();
    let found = addressed.get(address).map(Vec::as_slice).unwrap_or_default();
    let mut found = found.iter().filter_map(|&index| Some((index, deployments.get(index)?)));
    match (found.next(), found.next()) {
        (Some((index, deployment)), None) => Some((DeploymentId::from_index(index), deployment)),
        (None, _) => {
            let addresses = OnceCell::new();
            let known = || addresses.get_or_init(|| deployments.iter().map(Deployment::address).collect::<Vec<_>>());
            let near = problems.nearest("deployment", address, || known().iter().map(String::as_str));
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
fn find_pairs(inventory: &Inventory, spec: &RunningSpec, problems: &mut Problems) -> Option<Vec<PairId>> {
    let fleet = inventory.fleet();
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

/// The pair that the deployment's replicas run on: the gpu flavor if it demands GPUs, else the cpu
/// flavor, if the pool has one.
fn pair_of(
    catalog: &Catalog,
    inventory: &Inventory,
    deployment: &Deployment,
    pairs: &[PairId],
    spec: &RunningSpec,
    problems: &mut Problems,
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
