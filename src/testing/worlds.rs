//! Worlds: a workspace, its policies, environments, deployments and clusters, all of which know of each
//! other.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::beamlit;
use super::choices::{Choices, Draw};
use super::deployments::{self, Scene};
use super::fleets;
use super::outcomes;
use super::policies;
use super::selection::{FleetShape, Selection};
use super::values::{name, valid};
use crate::catalog::{Catalog, FlavorKind};
use crate::inventory::Inventory;
use crate::manifest::spec::{
    DeploymentSpec, ExpectedDemandSpec, FlavorSpec, GpuSpec, GroupSpec, LimitsSpec, LocationSpec, Metadata, PolicySpec,
    ResourcesSpec, RunningSpec, Specs, WorkspaceSpec,
};
use crate::quantity::Bytes;
use crate::workspace::{LoadOptions, Workspace};

/// How large worlds are, of what shape, and how much of them is refused.
///
/// ```
/// use siting::testing::{Choices, FleetShape, WorldOptions};
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let options = WorldOptions { clusters: 1..=3, shape: Some(FleetShape::Edge), ..WorldOptions::default() };
/// for seed in 0..20 {
///     let world = options.draw(&mut Choices::seeded(seed));
///     assert!(world.clusters.len() <= 3);
///     Workspace::from_specs(world, LoadOptions::default())?; // every world is valid
/// }
/// # Ok::<(), siting::workspace::LoadError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorldOptions {
    /// How many clusters.
    pub clusters: RangeInclusive<u32>,
    /// How many policies.
    pub policies: RangeInclusive<u32>,
    /// How many deployments.
    pub deployments: RangeInclusive<u32>,
    /// The shape of the fleet; `None` draws that as well.
    pub shape: Option<FleetShape>,
    /// Of a hundred worlds, in how many a deployment is refused when decided alone; in the others
    /// none is, as long as there are clusters: what would refuse one is taken away, policies last.
    pub refusals: u8,
    /// Of a hundred worlds, in how many something runs already, as long as something is placed.
    pub running: u8,
}

impl Default for WorldOptions {
    /// Up to 6 clusters, 5 policies and 3 deployments; a third of the worlds refuse something.
    fn default() -> Self {
        Self { clusters: 1..=6, policies: 0..=5, deployments: 1..=3, shape: None, refusals: 33, running: 30 }
    }
}

impl WorldOptions {
    /// The least there can be: one cluster, a policy and a deployment at most.
    #[must_use]
    pub fn tiny() -> Self {
        Self { clusters: 1..=1, policies: 0..=1, deployments: 1..=1, running: 0, ..Self::default() }
    }

    /// A fleet of the size of a real platform's: 50 to 200 clusters, 10 to 40 policies and deployments.
    #[must_use]
    pub fn platform() -> Self {
        Self { clusters: 50..=200, policies: 10..=40, deployments: 10..=40, ..Self::default() }
    }

    /// A world. Loading it succeeds.
    #[must_use]
    pub fn draw(&self, choices: &mut Choices<'_>) -> Specs {
        let shape = self.shape.unwrap_or_else(|| FleetShape::draw(choices));
        let mut world = Specs { workspace: choices.maybe(40, workspace), ..Specs::default() };
        let catalog = catalog_of(&world);
        let selection = Selection::draw(choices, &catalog, shape);
        world.clusters = fleets::clusters(choices, &selection, *self.clusters.start(), *self.clusters.end());
        // Policies can name the locations that clusters bring.
        let catalog = catalog_of(&world);
        let selection = Selection { catalog: &catalog, ..selection };
        world.policies = policies::policies(choices, &selection, *self.policies.start(), *self.policies.end());
        // Drawn whether there is a workspace or not, so that leaving it out changes nothing else.
        let (attached, required) = (policies::attachments(choices, &world.policies, 2), policies::required(choices));
        if let Some(workspace) = &mut world.workspace {
            (workspace.policies, workspace.require) = (attached, required);
        }
        for called in ["production", "development", "staging"] {
            if choices.chance(60) {
                world.environments.push(policies::environment(choices, called, &world.policies));
            }
        }
        world.deployments = self.deployments(choices, &selection, &world);
        if !choices.chance(50) {
            self.tidy(&mut world);
        }
        outcomes::settle(choices, &mut world, *self.policies.end(), self.refusals, self.running);
        world
    }

    fn deployments(&self, choices: &mut Choices<'_>, selection: &Selection<'_>, world: &Specs) -> Vec<DeploymentSpec> {
        let scene = Described::of(world);
        let scene = scene.scene(selection);
        let names: Vec<_> = world.policies.iter().map(|policy| policy.metadata.name.as_str().to_owned()).collect();
        let mut number = 0_u32;
        choices.several(*self.deployments.start(), *self.deployments.end(), |choices| {
            number += 1;
            let mut deployment = deployments::deployment(choices, &scene, number);
            deployment.policies = policies::attachments(choices, &world.policies, 2);
            if choices.chance(6) { beamlit::deployment(choices, &deployment, &names) } else { deployment }
        })
    }

    /// Removes policies that are not attached, down to the least number.
    fn tidy(&self, world: &mut Specs) {
        let levels = world.workspace.iter().map(|workspace| &workspace.policies);
        let levels = levels.chain(world.environments.iter().map(|environment| &environment.policies));
        let levels = levels.chain(world.deployments.iter().map(|deployment| &deployment.policies));
        let attached: HashSet<_> = levels.flatten().map(|attachment| attachment.policy.value.clone()).collect();
        let mut spare = world.policies.len().saturating_sub(usize::try_from(*self.policies.start()).unwrap_or(0));
        world.policies.retain(|policy| {
            let goes = spare > 0 && !attached.contains(policy.metadata.name.as_str());
            spare -= usize::from(goes);
            !goes
        });
    }
}

impl Draw for Specs {
    fn draw(choices: &mut Choices<'_>) -> Self {
        WorldOptions::default().draw(choices)
    }
}

/// `count` policies that can be loaded together with this catalog's additions, named `p1`, `p2` and so on.
///
/// ```
/// use siting::catalog::Catalog;
/// use siting::testing::{Choices, draw_policies};
/// let policies = draw_policies(&mut Choices::seeded(1), &Catalog::builtin(), 3);
/// assert_eq!(policies.len(), 3);
/// ```
#[must_use]
pub fn draw_policies(choices: &mut Choices<'_>, catalog: &Catalog, count: u32) -> Vec<PolicySpec> {
    let shape = FleetShape::draw(choices);
    let selection = Selection::draw(choices, catalog, shape);
    policies::policies(choices, &selection, count, count)
}

/// An inventory of up to `most` clusters in countries and locations, and of flavors, of this catalog.
///
/// ```
/// use siting::catalog::Catalog;
/// use siting::testing::{Choices, FleetShape, draw_inventory};
/// let inventory = draw_inventory(&mut Choices::seeded(1), &Catalog::builtin(), FleetShape::OneCloud, 5);
/// assert!(inventory.fleet().clusters().len() <= 5);
/// ```
#[must_use]
pub fn draw_inventory(choices: &mut Choices<'_>, catalog: &Catalog, shape: FleetShape, most: u32) -> Inventory {
    let selection = Selection::draw(choices, catalog, shape);
    valid(choices, |choices| {
        let specs = fleets::clusters(choices, &selection, 0, most);
        let defs = specs.iter().map(|spec| fleets::define(catalog, spec)).collect::<Option<Vec<_>>>()?;
        Inventory::new(catalog, defs).ok()
    })
}

/// A deployment of which every name is known to this workspace: its policies, environments, workload
/// types, clusters and hardware, which it mostly demands as its fleet has them. Its name is the next that is free.
///
/// ```
/// use siting::manifest::spec::Specs;
/// use siting::testing::{Choices, draw_deployment};
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let workspace = Workspace::from_specs(Specs::default(), LoadOptions::default())?;
/// let deployment = draw_deployment(&mut Choices::seeded(1), &workspace);
/// let specs = Specs { deployments: vec![deployment], ..Specs::default() };
/// assert!(Workspace::from_specs(specs, LoadOptions::default()).is_ok());
/// # Ok::<(), siting::workspace::LoadError>(())
/// ```
#[must_use]
pub fn draw_deployment(choices: &mut Choices<'_>, workspace: &Workspace) -> DeploymentSpec {
    let specs = workspace.specs();
    let mut described = Described::of(specs);
    described.environments = workspace.environments().map(|(_, environment)| environment.name.to_string()).collect();
    let selection = Selection::of_fleet(choices, workspace.catalog(), workspace.inventory().fleet());
    let taken: HashSet<_> = specs.deployments.iter().map(|taken| taken.metadata.name.as_str()).collect();
    let number = (1..u32::MAX).find(|number| !taken.contains(format!("d{number}").as_str())).unwrap_or(u32::MAX);
    let mut deployment = deployments::deployment(choices, &described.scene(&selection), number);
    deployment.policies = policies::attachments(choices, &specs.policies, 2);
    deployment
}

/// The names that deployments refer to.
struct Described {
    clusters: Vec<String>,
    providers: Vec<String>,
    environments: Vec<String>,
}

impl Described {
    fn of(world: &Specs) -> Self {
        let clusters = &world.clusters;
        let builtin = ["production", "development"].map(str::to_owned);
        let declared = world.environments.iter().map(|environment| environment.metadata.name.as_str().to_owned());
        let mut environments: Vec<_> = builtin.into_iter().chain(declared).collect();
        environments.sort_unstable();
        environments.dedup();
        Self {
            clusters: clusters.iter().map(|cluster| cluster.metadata.name.as_str().to_owned()).collect(),
            providers: clusters.iter().map(|cluster| cluster.provider.as_str().to_owned()).collect(),
            environments,
        }
    }

    fn scene<'s>(&'s self, selection: &'s Selection<'s>) -> Scene<'s> {
        Scene { selection, clusters: &self.clusters, providers: &self.providers, environments: &self.environments }
    }
}

/// A workspace that adds to the catalog.
fn workspace(choices: &mut Choices<'_>) -> WorkspaceSpec {
    let mut spec = WorkspaceSpec {
        metadata: Metadata::named(name("acme")),
        policies: Vec::new(),
        require: Vec::new(),
        limits: choices.maybe(10, LimitsSpec::draw),
        default_environment: choices.maybe(15, |_| "development".to_owned().into()),
        currency: choices.maybe(15, |_| "EUR".to_owned()),
        resource_types: choices.maybe(20, |_| name("pipeline").into()).into_iter().collect(),
        groups: Vec::new(),
        locations: Vec::new(),
        flavors: Vec::new(),
        providers: Vec::new(),
        attributes: vec![name("hipaa").into(), name("c5").into()],
        max_age: None,
        expected_demands: Vec::new(),
        severities: Vec::new(),
    };
    if choices.chance(30) {
        let countries = ["se", "no", "dk", "fi", "is"].map(|code| code.to_owned().into()).into();
        spec.groups.push(GroupSpec { name: name("nordics").into(), countries });
    }
    if choices.chance(30) {
        let (location, country) = ("onprem/oslo-1".to_owned().into(), "no".to_owned().into());
        spec.locations.push(LocationSpec { name: location, country, parent: None });
    }
    if choices.chance(20) {
        spec.flavors.push(FlavorSpec {
            kind: FlavorKind::Gpu,
            name: name("x900").into(),
            parent: None,
            aliases: vec![name("X-900-PCIe").into()],
            memory: Some(Bytes::new(48 << 30)),
        });
    }
    if choices.chance(10) {
        let severity = choices.one_of(
            crate::manifest::spec::FindingSeverity::Error,
            [crate::manifest::spec::FindingSeverity::Info, crate::manifest::spec::FindingSeverity::Off],
        );
        spec.severities.push(("policy-unused".to_owned().into(), severity));
    }
    if choices.chance(10) {
        let expected = |choices: &mut Choices<'_>| {
            let (weight, mut resources) = (choices.between(1, 10), ResourcesSpec::draw(choices));
            // Of alternatives, each is expected by itself.
            resources.gpu = resources.gpu.filter(|gpu| matches!(gpu, GpuSpec::One(_)));
            ExpectedDemandSpec { weight, resources }.into()
        };
        spec.expected_demands = choices.several(1, 3, expected);
    }
    spec
}

impl Draw for WorkspaceSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        workspace(choices)
    }
}

/// The catalog with what a world adds and brings.
fn catalog_of(world: &Specs) -> Catalog {
    let known = Specs { workspace: world.workspace.clone(), clusters: world.clusters.clone(), ..Specs::default() };
    Workspace::from_specs(known, LoadOptions::default())
        .map_or_else(|_| Catalog::builtin(), |loaded| loaded.catalog().clone())
}

impl Draw for RunningSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            metadata: Metadata::named(name("r1")),
            deployment: "bert/d1".to_owned().into(),
            cluster: "a-1".to_owned().into(),
            pool: "a-1".to_owned().into(),
            replicas: choices.between(1, 5),
        }
    }
}
