//! A plan that empties a cluster, move by move, or what is in the way (A3).

use std::collections::BTreeMap;

use crate::id::{ClusterId, DeploymentId, PairId};
use crate::inventory::Inventory;
use crate::placement::{self, Ask, Code, Reason};
use crate::workspace::{LookupError, Reference, Running, Workspace};

/// How to empty a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Drain {
    /// The cluster.
    pub cluster: ClusterId,
    /// The moves, in the order in which they can be made: the new replicas have room before the old ones stop.
    pub moves: Vec<DrainMove>,
    /// What cannot leave, and why.
    pub blocked: Vec<Blocked>,
}

/// Replicas that go from one place to another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct DrainMove {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Where they run.
    pub from: PairId,
    /// Where they go.
    pub to: PairId,
    /// How many.
    pub replicas: u32,
}

/// Replicas that cannot leave.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Blocked {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Where they run.
    pub from: PairId,
    /// How many.
    pub replicas: u32,
    /// Why they have no other place.
    pub reasons: Vec<Reason>,
}

/// Plans how to empty a cluster of what documents say that runs there (A3).
///
/// Deployments come in the order in which they are decided. Each move goes where the deployment may run, and where there
/// is room while everything else runs, with the moves before it made and none of the replicas on the cluster stopped.
/// The cluster itself, and what is closed, takes nothing. A deployment whose constraints span its replicas is decided as
/// a whole, and moves or stays as a whole.
///
/// ```
/// use siting::Workspace;
/// use siting::analysis::drain;
///
/// let workspace: Workspace = "
/// apiVersion: siting.dev/v1
/// kind: Deployment
/// metadata: {name: v1}
/// spec: {model: bert, replicas: 1, resources: {cpu: 1, memory: 1Gi}}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {name: paris}
/// spec: {provider: ovh, country: fr, pools: [{name: a, nodes: 1, cpuFlavor: x86, cpu: 8, memory: 32Gi}]}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {name: lyon}
/// spec: {provider: ovh, country: fr, pools: [{name: a, nodes: 1, cpuFlavor: x86, cpu: 8, memory: 32Gi}]}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Placement
/// metadata: {name: v1-a}
/// spec: {deployment: bert/v1, cluster: paris, pool: a, replicas: 1}
/// ".parse()?;
/// let plan = drain(&workspace, "paris")?;
/// assert_eq!((plan.moves.len(), plan.blocked.len()), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`LookupError`] for a cluster that the workspace does not have, and for one of which a pool was left out where replicas
/// run: they are not counted, so that no plan can say when the cluster is empty.
pub fn drain(workspace: &Workspace, cluster: impl Reference<ClusterId>) -> Result<Drain, LookupError> {
    let cluster = cluster.find_in(workspace)?;
    let fleet = workspace.inventory().fleet();
    let name = fleet.cluster(cluster).map_or("", |found| found.name.as_str());
    if let Some(left_out) = workspace.running_on_left_out().find(|spec| spec.cluster.as_str() == name) {
        let message = format!("pool `{}` of cluster `{name}` is left out, and replicas run there", left_out.pool.value);
        return Err(LookupError::Malformed { message, help: "correct the pool first".to_owned() });
    }
    let mut inventory = workspace.inventory().clone();
    inventory.set_cordoned(cluster, true);
    let stands_there = |pair: PairId| fleet.pair(pair).is_some_and(|found| found.cluster == cluster);
    let mut leaving: BTreeMap<DeploymentId, Vec<&Running>> = BTreeMap::new();
    for running in workspace.running().iter().filter(|running| running.replicas > 0 && stands_there(running.pair)) {
        leaving.entry(running.deployment).or_default().push(running);
    }
    let mut plan = Drain { cluster, moves: Vec::new(), blocked: Vec::new() };
    for (id, leaving) in leaving {
        let (Some(deployment), Ok(scope)) = (workspace.deployment(id), workspace.scope(id)) else { continue };
        let elsewhere = workspace.running().iter().filter(|own| own.deployment == id && !stands_there(own.pair));
        let elsewhere: Vec<&Running> = elsewhere.filter(|own| own.replicas > 0).collect();
        let is_plain = deployment.preferences.is_plain();
        let wanted: u32 = leaving.iter().fold(0, |sum, own| sum.saturating_add(own.replicas));
        // The new replicas run beside the old ones for a while, also where they count for a limit (E4).
        let limits = workspace.limits_on(&inventory, &[deployment.environment]);
        let ask = Ask::new(&deployment.demand, wanted).preferring(&deployment.preferences).within(&limits);
        let (targets, reasons) = if is_plain {
            let decided = placement::decide(&inventory, &scope, &ask.partially());
            let targets = decided.placements().iter().map(|placed| (placed.pair, placed.replicas)).collect();
            (targets, decided.refusal().map(|refusal| refusal.reasons.clone()).unwrap_or_default())
        } else {
            as_a_whole(&inventory, &elsewhere, wanted, |inventory, current, all| {
                placement::decide(inventory, &scope, &Ask { replicas: all, ..ask }.running(current))
            })
        };
        let sources = leaving.iter().map(|own| (own.pair, own.replicas)).collect();
        let request = |pair| placement::request(fleet, &deployment.demand, pair);
        let taken: Result<Vec<_>, _> =
            targets.iter().map(|&(pair, replicas)| inventory.reserve(pair, &request(pair), replicas)).collect();
        let (targets, reasons) = match taken {
            Ok(_) => (targets, reasons),
            // A whole that needs what its own replicas elsewhere still hold.
            Err(_) => (Vec::new(), vec![Reason::of_code(Code::InsufficientCapacity)]),
        };
        let rest = pair_up(id, sources, targets, &mut plan.moves);
        let blocked = rest.into_iter().map(|(from, replicas)| Blocked {
            deployment: id,
            from,
            replicas,
            reasons: reasons.clone(),
        });
        plan.blocked.extend(blocked);
    }
    Ok(plan)
}

/// Where the replicas that leave go, where all of a deployment's replicas are decided together: nowhere, unless all have
/// a place and those elsewhere can stay.
fn as_a_whole(
    inventory: &Inventory,
    elsewhere: &[&Running],
    leaving: u32,
    decide: impl Fn(&Inventory, &[(PairId, u32)], u32) -> placement::Decision,
) -> (Vec<(PairId, u32)>, Vec<Reason>) {
    let mut free = inventory.clone();
    let mut current: BTreeMap<PairId, u32> = BTreeMap::new();
    for own in elsewhere {
        // It is held in the inventory that this is a copy of.
        let _ = free.release(own.reservation);
        *current.entry(own.pair).or_default() += own.replicas;
    }
    let staying: u32 = current.values().fold(0, |sum, replicas| sum.saturating_add(*replicas));
    let listed: Vec<(PairId, u32)> = current.iter().map(|(pair, replicas)| (*pair, *replicas)).collect();
    let decided = decide(&free, &listed, staying.saturating_add(leaving));
    if let Some(refusal) = decided.refusal() {
        return (Vec::new(), refusal.reasons.clone());
    }
    let mut targets: BTreeMap<PairId, u32> = BTreeMap::new();
    for placed in decided.placements() {
        *targets.entry(placed.pair).or_default() += placed.replicas;
    }
    for (pair, replicas) in current {
        match targets.get_mut(&pair) {
            Some(target) if *target >= replicas => *target -= replicas,
            // Replicas elsewhere would have to move as well.
            _ => return (Vec::new(), vec![Reason::of_code(Code::SpreadImpossible)]),
        }
    }
    (targets.into_iter().filter(|(_, replicas)| *replicas > 0).collect(), Vec::new())
}

/// Pairs what leaves with where it goes; what is left has nowhere to go.
fn pair_up(
    deployment: DeploymentId,
    sources: Vec<(PairId, u32)>,
    targets: Vec<(PairId, u32)>,
    moves: &mut Vec<DrainMove>,
) -> Vec<(PairId, u32)> {
    let mut targets = targets.into_iter();
    let mut target = targets.next();
    let mut rest = Vec::new();
    for (from, mut left) in sources {
        while left > 0 {
            let Some((to, room)) = &mut target else { break };
            let replicas = left.min(*room);
            if replicas > 0 {
                moves.push(DrainMove { deployment, from, to: *to, replicas });
            }
            left -= replicas;
            *room -= replicas;
            if *room == 0 {
                target = targets.next();
            }
        }
        if left > 0 {
            rest.push((from, left));
        }
    }
    rest
}
