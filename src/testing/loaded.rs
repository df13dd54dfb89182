//! Draws of what loading makes of a world: each is part of a workspace that was drawn and loaded.

use smallvec::SmallVec;

use super::choices::{Choices, Draw};
use super::values::{valid, words};
use super::worlds::WorldOptions;
use crate::catalog::{Axis, Catalog, Choice, PerAxis, Point};
use crate::deployment::{Demand, Deployment, Needs, Preferences, Workload};
use crate::id::{AttributeSetId, DeploymentId, Name, PairId, PolicyId, ResourceTypeId};
use crate::inventory::{Inventory, Request, ReservationId};
use crate::manifest::spec::ChoiceSpec;
use crate::policy::{
    Attachment, AxisScope, Enforcement, Environment, Options, Policy, PolicySet, Restriction, Scope, State, Targets,
    Terms,
};
use crate::time::Moment;
use crate::workspace::{LoadOptions, PlaceOptions, PolicyChange, Running, Workspace};

impl Draw for Workspace {
    /// A workspace with a deployment and a policy at least.
    fn draw(choices: &mut Choices<'_>) -> Self {
        load(choices, &WorldOptions { policies: 1..=5, ..WorldOptions::default() })
    }
}

/// A workspace that refuses some deployment.
pub(super) fn refusing(choices: &mut Choices<'_>) -> Workspace {
    load(choices, &WorldOptions { policies: 1..=5, refusals: 100, ..WorldOptions::default() })
}

fn load(choices: &mut Choices<'_>, options: &WorldOptions) -> Workspace {
    valid(choices, |choices| Workspace::from_specs(options.draw(choices), LoadOptions::default()).ok())
}

/// Draws of what a drawn workspace holds. The simplest one must hold it: until one does, they are drawn again.
macro_rules! parts {
    ($($name:ty: |$workspace:ident| $part:expr;)+) => {
        $crate::testing::loaded::parts! { Workspace::draw => $($name: |$workspace| $part;)+ }
    };
    ($draw:path => $($name:ty: |$workspace:ident| $part:expr;)+) => {$(
        impl Draw for $name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                valid(choices, |choices| {
                    let $workspace = $draw(choices);
                    $part
                })
            }
        }
    )+};
}
pub(super) use parts;

parts! {
    Catalog: |workspace| Some(workspace.catalog().clone());
    Inventory: |workspace| Some(workspace.inventory().clone());
    PolicySet: |workspace| Some((**workspace.policies()).clone());
    Policy: |workspace| workspace.policies().iter().next().map(|(_, policy)| policy.clone());
    Options: |workspace| workspace.policies().iter().next().map(|(_, policy)| policy.options().clone());
    Environment: |workspace| workspace.environments().next().map(|(_, environment)| environment.clone());
    Deployment: |workspace| workspace.deployments().first().cloned();
    Demand: |workspace| workspace.deployments().first().map(|deployment| deployment.demand.clone());
    Needs: |workspace| workspace.deployments().first().map(|deployment| deployment.demand.needs.clone());
    Preferences: |workspace| workspace.deployments().first().map(|deployment| deployment.preferences.clone());
    Workload: |workspace| workspace.deployments().first().map(|deployment| deployment.workload.clone());
    Scope: |workspace| Some((*workspace.scope(workspace.deployment_ids().next()?).ok()?).clone());
    AxisScope: |workspace| Some(workspace.scope(workspace.deployment_ids().next()?).ok()?.axis(Axis::Location).clone());
}

words! { State: Unrestricted Restricted Conflict; }

impl Draw for Restriction {
    /// What one policy allows if it is alone at its level.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let policies = std::iter::once(Draw::draw(choices)).collect();
        Self { level: Draw::draw(choices), allowed: Policy::draw(choices).effect().clone(), policies }
    }
}

impl Draw for Point {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::known(Draw::draw(choices))
    }
}

impl<T: Draw> Draw for PerAxis<T> {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::from_fn(|_| T::draw(choices))
    }
}

impl Draw for Targets {
    /// Every type, or some of those that every catalog knows.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let types: Vec<ResourceTypeId> = Catalog::builtin().resource_types().collect();
        let some: SmallVec<_> = choices.some(&types, 2).into();
        if some.is_empty() { Self::All } else { Self::Only(some) }
    }
}

impl Draw for Attachment {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::new(PolicyId::draw(choices), Terms::draw(choices))
    }
}

/// The last millisecond of the year 9999.
const LAST_OF_9999: u64 = 253_402_300_799_999;

impl Draw for Terms {
    /// Mostly without an end, and with reasons now and then.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let mut terms = Self::from(Enforcement::draw(choices));
        // Text has four digits for a year.
        terms.until = choices.maybe(20, |choices| Moment::from_millis(choices.up_to(LAST_OF_9999)));
        terms.reason =
            choices.maybe(10, |choices| choices.one_of("migration", ["trial", "until the audit"]).to_owned());
        terms.ticket = choices.maybe(10, |choices| choices.one_of("PLAT-7", ["OPS-12"]).to_owned());
        terms
    }
}

impl Draw for PolicyChange {
    /// Other policies of the workspace or of an environment.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            environment: choices.maybe(50, |choices| Name::draw(choices).to_string()),
            policies: choices.several(0, 3, |choices| (Name::draw(choices).to_string(), Terms::draw(choices))),
        }
    }
}

impl Draw for Choice {
    /// A choice of the built-in catalog.
    fn draw(choices: &mut Choices<'_>) -> Self {
        // Built in is no attribute, only the set of none.
        if choices.chance(3) {
            return Self::Bearing(AttributeSetId::default());
        }
        let catalog = Catalog::builtin();
        valid(choices, |choices| {
            let spec = ChoiceSpec::draw(choices);
            catalog.resolve(spec.kind, &spec.name)
        })
    }
}

impl Draw for Running {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            document: Name::draw(choices),
            deployment: DeploymentId::draw(choices),
            pair: PairId::draw(choices),
            replicas: choices.between(1, 5),
            request: Request::draw(choices),
            reservation: ReservationId::draw(choices),
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
