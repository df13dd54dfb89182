//! Draws of what loading makes of a world: each is part of a workspace that was drawn and loaded.

use super::choices::{Choices, Draw};
use super::values::valid;
use super::worlds::WorldOptions;
use crate::catalog::{Catalog, Choice};
use crate::deployment::{Demand, Deployment, Preferences, Workload};
use crate::inventory::{GpuRequest, Inventory, Request};
use crate::manifest::spec::ChoiceSpec;
use crate::placement::Decision;
use crate::policy::{Attachment, Environment, Policy, PolicySet, Scope};
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare};
use crate::workspace::{LoadOptions, PlaceOptions, Workspace};

impl Draw for Workspace {
    /// A workspace with a deployment and a policy at least.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let options = WorldOptions { policies: 1..=5, ..WorldOptions::default() };
        valid(choices, |choices| Self::from_specs(options.draw(choices), LoadOptions::default()).ok())
    }
}

/// Draws of what a drawn workspace holds.
macro_rules! parts {
    ($($name:ty: |$workspace:ident| $part:expr;)+) => {$(
        impl Draw for $name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                valid(choices, |choices| {
                    let $workspace = Workspace::draw(choices);
                    $part
                })
            }
        }
    )+};
}

parts! {
    Catalog: |workspace| Some(workspace.catalog().clone());
    Inventory: |workspace| Some(workspace.inventory().clone());
    PolicySet: |workspace| Some((**workspace.policies()).clone());
    Policy: |workspace| workspace.policies().iter().next().map(|(_, policy)| policy.clone());
    Environment: |workspace| workspace.environments().next().map(|(_, environment)| environment.clone());
    Deployment: |workspace| workspace.deployments().first().cloned();
    Demand: |workspace| workspace.deployments().first().map(|deployment| deployment.demand.clone());
    Preferences: |workspace| workspace.deployments().first().map(|deployment| deployment.preferences.clone());
    Workload: |workspace| workspace.deployments().first().map(|deployment| deployment.workload.clone());
    Scope: |workspace| Some((*workspace.scope(workspace.deployment_ids().next()?)?).clone());
    Decision: |workspace| Some(workspace.place(workspace.deployment_ids().next()?)?.decision);
}

impl Draw for Attachment {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { policy: Draw::draw(choices), enforcement: Draw::draw(choices) }
    }
}

impl Draw for Choice {
    /// A choice of the built-in catalog.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let catalog = Catalog::builtin();
        valid(choices, |choices| {
            let spec = ChoiceSpec::draw(choices);
            catalog.resolve(spec.kind, &spec.name)
        })
    }
}

impl Draw for GpuRequest {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::None,
            1 => Self::Whole(choices.between(1, 8)),
            _ => Self::Share(GpuShare::draw(choices)),
        }
    }
}

impl Draw for Request {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            cpu: Cpu::milli_cores(choices.up_to(64_000)),
            memory: Bytes::new(choices.up_to(512 << 30)),
            storage: Bytes::new(choices.up_to(1 << 40)),
            bandwidth: Bandwidth::bits_per_second(choices.up_to(100_000_000_000)),
            gpu: GpuRequest::draw(choices),
        }
    }
}

impl Draw for LoadOptions {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { quarantine: choices.chance(50) }
    }
}

impl Draw for PlaceOptions {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { partial: choices.chance(50), ..Self::default() }
    }
}
