//! Worlds that differ from another in one known way.

use std::collections::BTreeSet;

use super::Citation;
use crate::catalog::{Axis, ChoiceKind};
use crate::manifest::spec::{Allowed, AttachmentSpec, ChoiceSpec, DeploymentSpec, PoolsSpec, Specs};
use crate::policy::{Enforcement, Environment, Level};
use crate::workspace::{LoadOptions, Workspace};

/// A world, the deployment that is asked about, and how it differs from what it was made from.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) world: Specs,
    pub(super) deployment: DeploymentSpec,
    pub(super) what: String,
}

impl Variant {
    /// The world as it is.
    pub(super) fn of(world: &Specs, deployment: &DeploymentSpec) -> Self {
        Self { world: world.clone(), deployment: deployment.clone(), what: "as it is".to_owned() }
    }

    /// Changes the world, and with it the deployment.
    fn changed(mut self, what: impl Into<String>, change: impl FnOnce(&mut Specs)) -> Self {
        change(&mut self.world);
        let wanted = self.deployment.address();
        let found = self.world.deployments.iter().find(|deployment| deployment.address() == wanted);
        if let Some(found) = found {
            self.deployment = found.clone();
        }
        self.what = what.into();
        self
    }

    /// Without the policies of a level, and without requirements, which could miss them.
    pub(super) fn without_level(world: &Specs, deployment: &DeploymentSpec, level: Level) -> Self {
        let without = Self::of(world, deployment).without_requirements();
        let bound = governor(world, deployment);
        let wanted = deployment.address();
        without.changed(format!("it is there only with the policies of the {level}"), |world| {
            attached(world, &wanted, &bound, |at, attachments| {
                if at == level {
                    attachments.clear();
                }
            });
        })
    }

    /// Without requirements (P13) and without policies that are not known here, which refuse by being absent.
    pub(super) fn without_requirements(self) -> Self {
        self.changed("without requirements", |world| {
            let known: BTreeSet<_> =
                world.policies.iter().map(|policy| policy.metadata.name.as_str().to_owned()).collect();
            for deployment in &mut world.deployments {
                deployment.policies.retain(|attachment| known.contains(&attachment.policy.value));
            }
            if let Some(workspace) = &mut world.workspace {
                workspace.require.clear();
            }
            for environment in &mut world.environments {
                environment.require.clear();
            }
        })
    }

    /// With nothing but policies in the way: all clusters are open, nothing runs, and the deployment demands
    /// nothing.
    pub(super) fn without_obstacles(self) -> Self {
        let wanted = self.deployment.address();
        self.changed("with open clusters, and demanding nothing", |world| {
            for cluster in &mut world.clusters {
                (cluster.healthy, cluster.cordoned) = (true, false);
            }
            for deployment in world.deployments.iter_mut().filter(|deployment| deployment.address() == wanted) {
                (deployment.resources, deployment.placement) = (None, None);
            }
            // What runs takes what its deployment demands.
            world.running.clear();
        })
    }

    /// With no other attachments that bind the deployment than those for which `keep` says so.
    pub(super) fn keeping(self, keep: impl Fn(&Citation) -> bool) -> Self {
        let bound = governor(&self.world, &self.deployment);
        let wanted = self.deployment.address();
        self.changed("with some policies only", |world| {
            attached(world, &wanted, &bound, |level, attachments| {
                attachments.retain(|attachment| keep(&Citation { level, policy: attachment.policy.value.clone() }));
            });
        })
    }

    /// One for each option that can be taken from a policy, and for each that can be excepted.
    pub(super) fn tighter(world: &Specs, deployment: &DeploymentSpec) -> Vec<Self> {
        let mut variants = Vec::new();
        for (index, policy) in world.policies.iter().enumerate() {
            let Allowed::Listed(options) = &policy.options else { continue };
            for (number, option) in options.iter().enumerate() {
                let what = |how: &str| {
                    let (kind, name, policy) = (option.kind.as_str(), &option.name, &policy.metadata.name.value);
                    format!("it is there only since policy `{policy}` {how} {kind} `{name}`")
                };
                variants.push(Self::of(world, deployment).changed(what("no longer lists"), |world| {
                    if let Some(Allowed::Listed(options)) = world.policies.get_mut(index).map(|p| &mut p.options) {
                        options.remove(number);
                    }
                }));
                variants.push(Self::of(world, deployment).changed(what("excepts"), |world| {
                    if let Some(policy) = world.policies.get_mut(index) {
                        policy.except.push(option.clone());
                    }
                }));
            }
        }
        // A policy that no longer allows anything is invalid (P9).
        variants.retain(|variant| Workspace::from_specs(variant.world.clone(), LoadOptions::default()).is_ok());
        variants
    }

    /// With everything written in the opposite order, where order has no meaning.
    pub(super) fn reversed(world: &Specs, deployment: &DeploymentSpec) -> Self {
        Self::of(world, deployment).changed("written in the opposite order", |world| {
            for policy in &mut world.policies {
                if let Allowed::Listed(options) = &mut policy.options {
                    options.reverse();
                }
                policy.except.reverse();
                policy.resource_types.iter_mut().for_each(|types| types.reverse());
            }
            for cluster in &mut world.clusters {
                match &mut cluster.pools {
                    PoolsSpec::Pools(pools) => pools.reverse(),
                    PoolsSpec::Flavors(flavors) => flavors.reverse(),
                }
            }
            everywhere(world, |attachments| attachments.reverse());
            world.policies.reverse();
            world.environments.reverse();
            world.deployments.reverse();
            world.clusters.reverse();
            world.running.reverse();
        })
    }

    /// With every option, exception, target and attachment written twice.
    pub(super) fn doubled(world: &Specs, deployment: &DeploymentSpec) -> Self {
        Self::of(world, deployment).changed("with options and attachments written twice", |world| {
            for policy in &mut world.policies {
                if let Allowed::Listed(options) = &mut policy.options {
                    options.extend(options.clone());
                }
                policy.except.extend(policy.except.clone());
                policy.resource_types.iter_mut().for_each(|types| types.extend(types.clone()));
            }
            everywhere(world, |attachments| attachments.extend(attachments.clone()));
        })
    }

    /// For each policy that states callers, and the first that does not, one world in which it does and one in which it is
    /// attached nowhere.
    pub(super) fn binding_callers(world: &Specs, deployment: &DeploymentSpec) -> Vec<(Self, Self)> {
        let first = world.policies.iter().position(|policy| policy.callers.is_none());
        let chosen = world.policies.iter().enumerate();
        let chosen = chosen.filter(|(index, policy)| policy.callers.is_some() || Some(*index) == first);
        let pairs = chosen.map(|(index, policy)| {
            let name = &policy.metadata.name;
            let absent = Self::of(world, deployment).changed(
                format!("though policy `{}`, which binds requests, is all that is absent", name.value),
                |world| everywhere(world, |attachments| attachments.retain(|at| *at.policy != *name.as_str())),
            );
            let binding = Self::of(world, deployment).changed("with callers", |world| {
                if let Some(policy) = world.policies.get_mut(index) {
                    policy.callers = Some(vec![ChoiceSpec::new(ChoiceKind::Group, "eea").into()]);
                }
            });
            (binding, absent)
        });
        pairs.collect()
    }

    /// For each policy, one world in which it is for another workload type and one in which it is
    /// attached nowhere.
    pub(super) fn retargeted(world: &Specs, deployment: &DeploymentSpec) -> Vec<(Self, Self)> {
        let own = deployment.resource_type.as_str();
        let other = if own == "agent" { "function" } else { "agent" };
        let retargeted = world.policies.iter().enumerate().map(|(index, policy)| {
            let name = &policy.metadata.name;
            let absent = Self::of(world, deployment).changed(
                format!("though policy `{}`, whose targets leave it out, is all that is absent", name.value),
                |world| everywhere(world, |attachments| attachments.retain(|at| *at.policy != *name.as_str())),
            );
            let targeted = Self::of(world, deployment).changed("with other targets", |world| {
                if let Some(policy) = world.policies.get_mut(index) {
                    policy.resource_types = Some(vec![other.to_owned().into()]);
                }
            });
            (targeted, absent)
        });
        retargeted.collect()
    }

    /// What a policy restricts.
    pub(super) fn axis_of(&self, policy: &str) -> Option<Axis> {
        self.world.policies.iter().find(|found| found.metadata.name.as_str() == policy).map(|found| found.axis)
    }

    /// The enforced attachments that bind the deployment, whatever their policies' targets.
    pub(super) fn attachments(&self) -> BTreeSet<Citation> {
        let bound = governor(&self.world, &self.deployment);
        let mut found = BTreeSet::new();
        let mut world = self.world.clone();
        attached(&mut world, &self.deployment.address(), &bound, |level, attachments| {
            let enforced = attachments.iter().filter(|at| at.enforcement == Enforcement::Enforce);
            found.extend(enforced.map(|at| Citation { level, policy: at.policy.value.clone() }));
        });
        found
    }
}

/// The environment that governs a deployment (E2).
fn governor(world: &Specs, deployment: &DeploymentSpec) -> String {
    let own = deployment.environment.as_ref();
    let default = world.workspace.as_ref().and_then(|workspace| workspace.default_environment.as_ref());
    let default = default.filter(|_| deployment.beamlit.is_none());
    own.or(default).map_or_else(|| Environment::PRODUCTION.to_owned(), |name| name.value.clone())
}

/// Each list of attachments that binds a deployment, with its level.
fn attached(world: &mut Specs, wanted: &str, bound: &str, mut change: impl FnMut(Level, &mut Vec<AttachmentSpec>)) {
    if let Some(workspace) = &mut world.workspace {
        change(Level::Workspace, &mut workspace.policies);
    }
    for environment in world.environments.iter_mut().filter(|found| found.metadata.name.as_str() == bound) {
        change(Level::Environment, &mut environment.policies);
    }
    for deployment in world.deployments.iter_mut().filter(|found| found.address() == wanted) {
        change(Level::Deployment, &mut deployment.policies);
    }
}

/// Each list of attachments of a world.
fn everywhere(world: &mut Specs, mut change: impl FnMut(&mut Vec<AttachmentSpec>)) {
    world.workspace.iter_mut().for_each(|workspace| change(&mut workspace.policies));
    world.environments.iter_mut().for_each(|environment| change(&mut environment.policies));
    world.deployments.iter_mut().for_each(|deployment| change(&mut deployment.policies));
}
