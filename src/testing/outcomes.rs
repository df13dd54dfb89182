//! The outcome of a world: something is refused, or all is placed, and what is placed may run.

use std::collections::HashMap;

use super::beamlit;
use super::choices::Choices;
use super::policies::attachment;
use super::values::name;
use crate::catalog::{Axis, ChoiceKind};
use crate::deployment::{Domain, Spread};
use crate::id::{ClusterId, DeploymentId, Id, Name};
use crate::manifest::spec::{
    Allowed, AttachmentSpec, ChoiceSpec, ClusterSpec, DeploymentSpec, Dialect, Metadata, PolicySpec, PoolsSpec,
    PreferencesSpec, ResourcesSpec, RunningSpec, Specs,
};
use crate::placement::{Code, Reason};
use crate::policy::{Enforcement, Level};
use crate::quantity::{Bytes, Cpu};
use crate::workspace::{LoadOptions, Workspace};

/// Makes a deployment refused, or all placed, according to the share of refusals; and what is placed run. There are
/// at most so many policies in the end.
pub(super) fn settle(choices: &mut Choices<'_>, world: &mut Specs, policies: u32, refusals: u8, running: u8) {
    let refuses = choices.chance(refusals);
    if refuses {
        if load(world.clone()).is_some_and(|workspace| all_placed(&workspace)) {
            spoil(choices, world, usize::try_from(policies).unwrap_or(usize::MAX));
        }
    } else {
        mend_all(world);
    }
    if choices.chance(running) {
        run(choices, world, refuses);
    }
}

fn load(world: Specs) -> Option<Workspace> {
    Workspace::from_specs(world, LoadOptions::default()).ok()
}

fn all_placed(workspace: &Workspace) -> bool {
    workspace.deployment_ids().all(|id| is_placed(workspace, id))
}

fn is_placed(workspace: &Workspace, id: DeploymentId) -> bool {
    workspace.place(id).is_ok_and(|outcome| outcome.decision.is_placed())
}

/// The first deployment that is refused when decided alone.
fn first_refused(world: &Specs) -> Option<usize> {
    let workspace = load(world.clone())?;
    world.deployments.iter().position(|deployment| {
        workspace.find_deployment(&deployment.address()).is_ok_and(|id| !is_placed(&workspace, id))
    })
}

/// Mends one refused deployment after another, from the first again after each: what helps one can hinder
/// another, as a cluster that comes back is one more that replicas have to be spread over.
///
/// It ends: hindrances are only taken away, never put back; there are finitely many, and each round that goes on
/// took one. Where none is left, a deployment is placed if there is a cluster at all.
fn mend_all(world: &mut Specs) {
    while let Some(index) = first_refused(world) {
        let before = world.clone();
        mend(world, index);
        if *world == before {
            break;
        }
    }
}

/// Removes as few of a deployment's obstacles as lets it be placed, and as few of its policies as possible.
fn mend(world: &mut Specs, index: usize) {
    let Some(deployment) = world.deployments.get(index) else { return };
    // What it is decided by alone, which is less to load.
    let alone = Specs { deployments: vec![deployment.clone()], ..world.clone() };
    let without = |taken: &[Hindrance]| {
        let mut world = alone.clone();
        taken.iter().for_each(|hindrance| hindrance.take_away(&mut world, 0));
        world
    };
    let placed = |taken: &[Hindrance]| load(without(taken)).is_some_and(|workspace| all_placed(&workspace));
    let mut all = hindrances(&alone);
    all.retain(|&hindrance| without(&[hindrance]) != alone);
    let enough = (1..=all.len()).find(|&count| all.get(..count).is_some_and(placed));
    all.truncate(enough.unwrap_or(all.len()));
    // The last was needed. Those before it that were not stay, policies sooner than anything else.
    for at in (0..all.len().saturating_sub(1)).rev() {
        let mut fewer = all.clone();
        fewer.remove(at);
        if placed(&fewer) {
            all = fewer;
        }
    }
    all.iter().for_each(|hindrance| hindrance.take_away(world, index));
}

/// What can keep a deployment from being placed.
#[derive(Clone, Copy, Debug)]
enum Hindrance {
    /// A cluster is down or cordoned.
    State(usize),
    /// A cluster is small, or full.
    Room(usize),
    /// What it may hold together with others.
    Limits,
    /// It insists on being spread.
    Spread,
    /// What it demands.
    Demand,
    /// The policies of an axis that bind it at a level, and the level's requirement of such.
    Policies(Level, Axis),
}

/// The obstacles of the only deployment, the least important first. Without all of them, it is placed.
fn hindrances(world: &Specs) -> Vec<Hindrance> {
    let cluster = load(world.clone()).and_then(|workspace| {
        let nearest = nearest_cluster(&workspace)?;
        world.clusters.iter().position(|cluster| cluster.metadata.name.value == nearest)
    });
    let of_cluster = cluster.into_iter().flat_map(|at| [Hindrance::State(at), Hindrance::Room(at)]);
    let levels = [Level::Deployment, Level::Environment, Level::Workspace];
    let policies = levels.into_iter().flat_map(|level| Axis::ALL.map(|axis| Hindrance::Policies(level, axis)));
    of_cluster.chain([Hindrance::Limits, Hindrance::Spread, Hindrance::Demand]).chain(policies).collect()
}

/// The cluster with a pool that fails the fewest constraints, but for those of the cluster's state and room.
fn nearest_cluster(workspace: &Workspace) -> Option<Name> {
    let deployment = workspace.deployment_ids().next()?;
    let lasts =
        |reason: &&Reason| !matches!(reason.code, Code::Unhealthy | Code::Cordoned | Code::InsufficientCapacity);
    let clusters = workspace.inventory().fleet().clusters();
    let nearest = clusters.iter().enumerate().min_by_key(|(index, _)| {
        let explained = workspace.explain_cluster_at(deployment, ClusterId::from_index(*index)).unwrap_or_default();
        explained.iter().map(|pair| pair.reasons.iter().filter(lasts).count()).min().unwrap_or(usize::MAX)
    });
    nearest.map(|(_, cluster)| cluster.name.clone())
}

impl Hindrance {
    /// Takes it away from a deployment.
    fn take_away(self, world: &mut Specs, index: usize) {
        let Some(deployment) = world.deployments.get_mut(index) else { return };
        match self {
            Self::State(at) => {
                if let Some(cluster) = world.clusters.get_mut(at) {
                    (cluster.healthy, cluster.cordoned) = (true, false);
                }
            }
            Self::Room(at) => world.clusters.get_mut(at).into_iter().for_each(grow),
            Self::Limits => unlimit(world),
            Self::Spread => {
                if let Some(placement) = &mut deployment.placement {
                    placement.together = None;
                    if let Some(spread) = &mut placement.spread {
                        (spread.max_skew, spread.min_domains) = (None, None);
                    }
                }
            }
            Self::Demand => (deployment.resources, deployment.max_price_per_hour) = (None, None),
            Self::Policies(level, axis) => release(world, index, level, axis),
        }
    }
}

/// Takes away the policies of an axis that bind a deployment at a level, and the level's requirement of such.
fn release(world: &mut Specs, index: usize, level: Level, axis: Axis) {
    let Some(deployment) = world.deployments.get_mut(index) else { return };
    let axes: HashMap<_, _> =
        world.policies.iter().map(|policy| (policy.metadata.name.as_str(), policy.axis)).collect();
    // An unknown one is removed with either.
    let about = |policy: &str| axes.get(policy).is_none_or(|found| *found == axis);
    let stays = |found: &AttachmentSpec| found.enforcement == Enforcement::Audit || !about(found.policy.as_str());
    match level {
        Level::Deployment => {
            deployment.policies.retain(stays);
            if let Some(original) = &mut deployment.beamlit {
                original.policies.retain(|found| !about(found.object.name.as_deref().unwrap_or_default()));
            }
        }
        Level::Environment => {
            // The default is for native ones: those of the Beamlit controller are in production.
            let native = world.workspace.as_ref().filter(|_| deployment.beamlit.is_none());
            let default = native.and_then(|found| found.default_environment.as_ref());
            let bound = deployment.environment.as_ref().or(default).map_or("production", |bound| bound.as_str());
            for environment in world.environments.iter_mut().filter(|found| found.metadata.name.as_str() == bound) {
                environment.policies.retain(stays);
                environment.require.retain(|required| required.value != axis);
            }
        }
        Level::Workspace => {
            if let Some(workspace) = &mut world.workspace {
                workspace.policies.retain(stays);
                workspace.require.retain(|required| required.value != axis);
            }
        }
    }
}

/// Takes away all limits.
fn unlimit(world: &mut Specs) {
    world.environments.iter_mut().for_each(|environment| environment.limits = None);
    world.workspace.iter_mut().for_each(|root| root.limits = None);
}

/// Gives every pool of a cluster more room than any deployment asks for.
fn grow(cluster: &mut ClusterSpec) {
    if let PoolsSpec::Pools(pools) = &mut cluster.pools {
        for pool in pools {
            pool.nodes = pool.nodes.map(|nodes| nodes.max(64));
            pool.used.value = Default::default();
        }
    }
}

/// Makes the first deployment refused, in one of the ways there are; a policy is added only where there are not so
/// many yet.
fn spoil(choices: &mut Choices<'_>, world: &mut Specs, most: usize) {
    let far = world.policies.len();
    let Some(deployment) = world.deployments.first_mut() else { return };
    match choices.below(4) {
        0 if far < most => {
            // Nobody has a cluster in Antarctica.
            let called = format!("antarctica-{far}");
            let option = ChoiceSpec { kind: ChoiceKind::Country, name: "aq".to_owned() };
            deployment.beamlit = None;
            deployment.policies.retain(|attached| attached.enforcement == Enforcement::Audit);
            deployment.policies.push(attachment(&called, Enforcement::Enforce));
            world.policies.push(PolicySpec {
                metadata: Metadata::named(name(&called)),
                axis: Axis::Location,
                options: Allowed::Listed(vec![option.into()]),
                except: Vec::new(),
                resource_types: None,
                callers: None,
                description: None,
                dialect: Dialect::Native,
            });
        }
        1 => *deployment = beamlit::unresolved(deployment),
        2 => {
            // Clusters are seldom alike enough for that; where they are, it comes to what the last way does.
            insist_on_evenness(deployment);
            if load(world.clone()).is_some_and(|workspace| all_placed(&workspace)) {
                cordon_all(world);
            }
        }
        _ => cordon_all(world),
    }
}

/// Makes a deployment one of many replicas, as many in each cluster.
fn insist_on_evenness(deployment: &mut DeploymentSpec) {
    let spread = Spread::new(Domain::Cluster).within(1);
    deployment.placement = Some(PreferencesSpec { spread: Some(spread), ..PreferencesSpec::default() });
    deployment.resources = Some(ResourcesSpec {
        cpu: Cpu::milli_cores(1000),
        memory: Bytes::new(1 << 30),
        storage: None,
        bandwidth: None,
        cpu_type: None,
        gpu: None,
    });
    (deployment.replicas, deployment.scaling, deployment.beamlit) = (Some(12), None, None);
    // Only a Beamlit document says where its policies live; these are known here.
    deployment.policies.iter_mut().for_each(|attached| attached.remote = false);
}

fn cordon_all(world: &mut Specs) {
    world.clusters.iter_mut().for_each(|cluster| cluster.cordoned = true);
}

/// Lets what is placed run (I4), part of it or all; where nothing is refused, as far as nothing comes to be. The
/// first that fits does so without a chance, so that something runs wherever something is placed.
fn run(choices: &mut Choices<'_>, world: &mut Specs, refuses: bool) {
    let Some(workspace) = load(world.clone()) else { return };
    let mut alone = Vec::new();
    for outcome in workspace.place_all() {
        let Some(deployment) = workspace.deployment(outcome.deployment) else { continue };
        let workload = &deployment.workload;
        let full =
            format!("{}/{}", workspace.catalog().resource_type_name(workload.resource_type), deployment.address());
        for place in workspace.places(&outcome.decision) {
            let running = |number: usize, replicas| RunningSpec {
                metadata: Metadata::named(name(&format!("r{number}"))),
                deployment: full.clone().into(),
                cluster: place.cluster.as_str().to_owned().into(),
                pool: place.pool.as_str().to_owned().into(),
                replicas,
            };
            if world.running.is_empty() || choices.chance(60) {
                let replicas = choices.between(1, place.replicas);
                start(world, running(world.running.len(), replicas), refuses);
            }
            alone.push(running(0, 1));
        }
    }
    // Each has room alone, but not with the others: there has to be more of it. Where something is refused, what
    // was decided first has room of its own.
    if world.running.is_empty() && !alone.is_empty() {
        world.clusters.iter_mut().for_each(grow);
        unlimit(world);
    }
    for running in alone {
        if world.running.is_empty() {
            start(world, running, refuses);
        }
    }
}

/// Lets something run if it can: what was decided together need not fit in parts, for nodes fill in another order;
/// and it takes room from the others.
fn start(world: &mut Specs, running: RunningSpec, refuses: bool) {
    world.running.push(running);
    if !load(world.clone()).is_some_and(|workspace| refuses || all_placed(&workspace)) {
        world.running.pop();
    }
}
