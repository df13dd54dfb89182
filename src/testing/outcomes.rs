//! What becomes of a world: something is refused, or all is placed, and what is placed may run.

use super::beamlit;
use super::choices::Choices;
use super::policies::attachment;
use super::values::name;
use super::worlds::address;
use crate::catalog::{Axis, ChoiceKind};
use crate::manifest::spec::{
    Allowed, ChoiceSpec, ClusterSpec, Dialect, Metadata, PolicySpec, PoolsSpec, RunningSpec, Specs,
};
use crate::policy::Enforcement;
use crate::workspace::{LoadOptions, Workspace};

/// Makes a deployment refused, or all placed, as the share of refusals has it; and what is placed run.
pub(super) fn settle(choices: &mut Choices<'_>, world: &mut Specs, refusals: u8, running: u8) {
    let refuses = choices.chance(refusals);
    if refuses {
        if load(world).is_some_and(|workspace| all_placed(&workspace, world)) {
            spoil(choices, world);
        }
    } else {
        for index in 0..world.deployments.len() {
            if load(world).is_some_and(|workspace| refused(&workspace, world, index)) {
                mend(world, index);
            }
        }
    }
    if choices.chance(running) {
        run(choices, world, refuses);
    }
}

fn load(world: &Specs) -> Option<Workspace> {
    Workspace::from_specs(world.clone(), LoadOptions::default()).ok()
}

fn all_placed(workspace: &Workspace, world: &Specs) -> bool {
    !(0..world.deployments.len()).any(|index| refused(workspace, world, index))
}

fn refused(workspace: &Workspace, world: &Specs, index: usize) -> bool {
    let found =
        world.deployments.get(index).and_then(|deployment| workspace.find_deployment(&address(deployment)).ok());
    found.and_then(|id| workspace.place(id)).is_some_and(|outcome| !outcome.decision.is_placed())
}

/// Takes away what stands in a deployment's way: policies that bind it, what it demands and how it
/// spreads, and the state of the first cluster.
fn mend(world: &mut Specs, index: usize) {
    let Some(deployment) = world.deployments.get_mut(index) else { return };
    deployment.policies.clear();
    if let Some(original) = &mut deployment.beamlit {
        original.policies.clear();
    }
    deployment.resources = None;
    deployment.placement = None;
    let bound = deployment.environment.as_ref().map(|environment| environment.value.clone());
    if let Some(workspace) = &mut world.workspace {
        workspace.policies.clear();
        workspace.require.clear();
    }
    for environment in &mut world.environments {
        // One that names none is bound by the default.
        if bound.as_deref().is_none_or(|bound| environment.metadata.name.as_str() == bound) {
            environment.policies.clear();
            environment.require.clear();
        }
    }
    if let Some(cluster) = world.clusters.first_mut() {
        (cluster.healthy, cluster.cordoned) = (true, false);
        grow(cluster);
    }
}

/// Gives a cluster more room than any deployment asks for.
fn grow(cluster: &mut ClusterSpec) {
    if let PoolsSpec::Pools(pools) = &mut cluster.pools
        && let Some(pool) = pools.first_mut()
    {
        pool.nodes = pool.nodes.map(|nodes| nodes.max(64));
        pool.used.value = Default::default();
    }
}

/// Makes the first deployment refused, in one of the ways there are.
fn spoil(choices: &mut Choices<'_>, world: &mut Specs) {
    let far = world.policies.len();
    let Some(deployment) = world.deployments.first_mut() else { return };
    match choices.below(3) {
        0 => {
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
                description: None,
                dialect: Dialect::Native,
            });
        }
        1 => *deployment = beamlit::unresolved(deployment),
        _ => world.clusters.iter_mut().for_each(|cluster| cluster.cordoned = true),
    }
}

/// Lets what is placed run (I4), part of it or all; where nothing is refused, as far as nothing comes to be.
fn run(choices: &mut Choices<'_>, world: &mut Specs, refuses: bool) {
    let Some(workspace) = load(world) else { return };
    for outcome in workspace.place_all() {
        let Some(deployment) = workspace.deployment(outcome.deployment) else { continue };
        let workload = &deployment.workload;
        let full =
            format!("{}/{}", workspace.catalog().resource_type_name(workload.resource_type), deployment.address());
        for place in workspace.places(&outcome.decision) {
            if choices.chance(60) {
                let called = format!("r{}", world.running.len());
                world.running.push(RunningSpec {
                    metadata: Metadata::named(name(&called)),
                    deployment: full.clone().into(),
                    cluster: place.cluster.as_str().to_owned().into(),
                    pool: place.pool.as_str().to_owned().into(),
                    replicas: choices.between(1, place.replicas),
                });
                // What was decided together need not fit in parts: nodes fill in another order. And it takes room
                // from the others.
                if !load(world).is_some_and(|workspace| refuses || all_placed(&workspace, world)) {
                    world.running.pop();
                }
            }
        }
    }
}
