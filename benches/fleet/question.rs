//! One deployment under two policies of its environment and two of its own: the question that every
//! engine is asked.

use std::sync::Arc;

use siting::catalog::{Axis, Catalog, ChoiceKind};
use siting::deployment::{Demand, GpuNeed, Resources};
use siting::id::{PolicyId, ResourceTypeId};
use siting::inventory::Inventory;
use siting::policy::{Attachment, Bundle, Enforcement, Options, Policy, PolicySet, Scope, Targets};
use siting::quantity::{Bytes, Cpu};

use super::random::Random;

/// A policy, as every engine can say it.
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    pub(crate) axis: Axis,
    pub(crate) options: &'static [(ChoiceKind, &'static str)],
}

/// The environment's policies.
pub(crate) const ENVIRONMENT: [Statement; 2] = [
    Statement {
        name: "europe-or-us",
        axis: Axis::Location,
        options: &[(ChoiceKind::Continent, "eu"), (ChoiceKind::Country, "us")],
    },
    Statement {
        name: "any-hardware",
        axis: Axis::Flavor,
        options: &[(ChoiceKind::Gpu, "any"), (ChoiceKind::Cpu, "x86")],
    },
];

/// The deployment's own.
pub(crate) const DEPLOYMENT: [Statement; 2] = [
    Statement {
        name: "four-places",
        axis: Axis::Location,
        options: &[
            (ChoiceKind::Country, "fr"),
            (ChoiceKind::Country, "de"),
            (ChoiceKind::Country, "ie"),
            (ChoiceKind::Location, "aws/us-east-1"),
        ],
    },
    Statement {
        name: "t4-or-a100",
        axis: Axis::Flavor,
        options: &[(ChoiceKind::Gpu, "t4"), (ChoiceKind::Gpu, "a100")],
    },
];

/// The four policies among others that are attached nowhere.
pub(crate) struct Question {
    pub(crate) policies: Arc<PolicySet>,
    environment: Vec<Attachment>,
    deployment: Vec<Attachment>,
    model: ResourceTypeId,
}

impl Question {
    /// Among so many unrelated policies, half of them before the four.
    pub(crate) fn among(unrelated: usize) -> Self {
        let catalog = Catalog::builtin();
        let mut policies = PolicySet::new(&catalog);
        let mut random = Random::new(4);
        let fill = |policies: &mut PolicySet, random: &mut Random, numbers: std::ops::Range<usize>| {
            for number in numbers {
                insert(policies, other(&catalog, random, number));
            }
        };
        fill(&mut policies, &mut random, 0..unrelated / 2);
        let mut attach = |statements: &[Statement]| -> Vec<Attachment> {
            let attached = statements.iter().map(|statement| insert(&mut policies, compiled(&catalog, statement)));
            attached.map(enforced).collect()
        };
        let (environment, deployment) = (attach(&ENVIRONMENT), attach(&DEPLOYMENT));
        fill(&mut policies, &mut random, unrelated / 2..unrelated);
        let model = catalog.resource_type("model").expect("a built-in type");
        Self { policies: Arc::new(policies), environment, deployment, model }
    }

    /// What the four leave.
    pub(crate) fn scope(&self) -> Scope {
        self.compile(&self.environment, &self.deployment)
    }

    /// What some other four leave: those from `first` on.
    pub(crate) fn scope_of_others(&self, first: usize) -> Scope {
        let four: Vec<_> = self.policies.iter().skip(first).take(4).map(|(id, _)| enforced(id)).collect();
        let (environment, deployment) = four.split_at(four.len() / 2);
        self.compile(environment, deployment)
    }

    /// Sets of four attachments, each of other policies.
    pub(crate) fn quadruples(&self) -> Vec<[Attachment; 4]> {
        let ids: Vec<_> = self.policies.iter().map(|(id, _)| enforced(id)).collect();
        ids.chunks_exact(4).filter_map(|four| four.to_vec().try_into().ok()).collect()
    }

    /// What an environment's and a deployment's policies leave.
    pub(crate) fn compile(&self, environment: &[Attachment], deployment: &[Attachment]) -> Scope {
        let bundle = |attachments| Bundle { attachments, require: &[] };
        Scope::compile(&self.policies, [Bundle::default(), bundle(environment), bundle(deployment)], self.model, None)
    }
}

fn insert(policies: &mut PolicySet, policy: Policy) -> PolicyId {
    policies.insert(policy).expect("a policy over the same catalog")
}

fn enforced(policy: PolicyId) -> Attachment {
    Attachment::new(policy, Enforcement::Enforce)
}

fn compiled(catalog: &Catalog, statement: &Statement) -> Policy {
    let choices = statement.options.iter().filter_map(|&(kind, name)| catalog.resolve(kind, name));
    let options = Options::listed(choices, []);
    let name = statement.name.parse().expect("a name");
    Policy::new(catalog, name, statement.axis, options, Targets::All).expect("known options of one axis")
}

/// Three countries or, every other time, two codes.
fn other(catalog: &Catalog, random: &mut Random, number: usize) -> Policy {
    let name = format!("other-{number:07}").parse().expect("a name");
    let countries: Vec<_> = catalog.countries().collect();
    let flavors: Vec<_> = catalog.flavors().collect();
    let (axis, options) = if number.is_multiple_of(2) {
        let three: Vec<_> = (0..3).filter_map(|_| random.pick(&countries).copied()).collect();
        (Axis::Location, Options::listed(three.into_iter().map(siting::catalog::Choice::Country), []))
    } else {
        let two: Vec<_> = (0..2).filter_map(|_| random.pick(&flavors).copied()).collect();
        (Axis::Flavor, Options::listed(two.into_iter().map(siting::catalog::Choice::Flavor), []))
    };
    Policy::new(catalog, name, axis, options, Targets::All).expect("known options of one axis")
}

/// No policy at all, over the catalog of an inventory.
pub(crate) fn free_scope(inventory: &Inventory) -> Arc<Scope> {
    let catalog = inventory.fleet().catalog();
    let model = catalog.resource_type("model").expect("a built-in type");
    Arc::new(Scope::compile(&Arc::new(PolicySet::new(catalog)), [Bundle::default(); 3], model, None))
}

/// One GPU of any code, with 4 cores and 16 GiB.
pub(crate) fn one_gpu() -> Demand {
    let need = GpuNeed { count: 1, ..GpuNeed::default() };
    Demand::stated(Resources {
        cpu: Cpu::milli_cores(4000),
        memory: Bytes::new(16 << 30),
        gpus: [need].into_iter().collect(),
        ..Resources::default()
    })
}
