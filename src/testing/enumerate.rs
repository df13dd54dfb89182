//! All values there are, one after the other.

use super::choices::{Choices, Made};
use crate::catalog::{Axis, ChoiceKind};
use crate::manifest::spec::{
    Allowed, ChoiceSpec, ClusterSpec, DeploymentSpec, Dialect, EnvironmentSpec, Metadata, PolicySpec, PoolsSpec, Specs,
    WorkspaceSpec,
};
use crate::policy::{Enforcement, Environment, OnLoss, OnViolation};

use super::policies::attachment;
use super::values::name;

/// Every value that a function can draw, each list of choices once, the simplest first.
///
/// The function must come to an end whatever is chosen. As many values as there are lists of choices:
/// keep the bounds small.
///
/// ```
/// use siting::testing::{Choices, every};
/// let pairs: Vec<_> = every(|choices: &mut Choices<'_>| (choices.below(2), choices.below(3))).collect();
/// assert_eq!(pairs, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
/// ```
pub fn every<T>(draw: impl Fn(&mut Choices<'_>) -> T) -> impl Iterator<Item = T> {
    let mut next = Some(Vec::new());
    std::iter::from_fn(move || {
        let list = next.take()?;
        let mut choices = Choices::listed(&list);
        let value = draw(&mut choices);
        next = following(choices.into_made().0);
        Some(value)
    })
}

/// The list after this one: its last choice that can be greater is, and what follows is open.
fn following(mut made: Vec<Made>) -> Option<Vec<u32>> {
    while let Some(last) = made.pop() {
        if last.value + 1 < last.bound {
            let mut list: Vec<_> = made.iter().map(|made| made.value).collect();
            list.push(last.value + 1);
            return Some(list);
        }
    }
    None
}

/// Every world of at most this many clusters and policies.
///
/// Clusters are in `us`, `ca` or `fr` and serve a T4, an L4 or an x86, or are cordoned; policies allow
/// or except places and hardware among these; each is attached at the workspace, the environment or the
/// deployment, of which there is one. Grows like 18 to the power of the clusters, and 48 to that of the
/// policies.
///
/// ```
/// use siting::testing::every_world;
/// use siting::workspace::{LoadOptions, Workspace};
///
/// let mut worlds = every_world(1, 1);
/// assert!(worlds.all(|world| Workspace::from_specs(world, LoadOptions::default()).is_ok()));
/// ```
pub fn every_world(clusters: u32, policies: u32) -> impl Iterator<Item = Specs> {
    every(move |choices| small_world(choices, clusters, policies))
}

fn small_world(choices: &mut Choices<'_>, clusters: u32, policies: u32) -> Specs {
    let mut world = Specs::default();
    for number in 0..choices.below(clusters.saturating_add(1)) {
        world.clusters.push(small_cluster(choices, number));
    }
    let mut workspace = WorkspaceSpec {
        metadata: Metadata::named(name("world")),
        policies: Vec::new(),
        require: Vec::new(),
        limits: None,
        default_environment: None,
        currency: None,
        resource_types: Vec::new(),
        groups: Vec::new(),
        locations: Vec::new(),
        flavors: Vec::new(),
        providers: Vec::new(),
        attributes: Vec::new(),
        max_age: None,
        expected_demands: Vec::new(),
        severities: Vec::new(),
    };
    let mut production = EnvironmentSpec {
        metadata: Metadata::named(name("production")),
        policies: Vec::new(),
        require: Vec::new(),
        limits: None,
        on_violation: OnViolation::default(),
        on_loss: OnLoss::default(),
        grace_seconds: Environment::GRACE,
        on_replaced: None,
    };
    let mut deployment = DeploymentSpec::of_model(name("d"), name("m"));
    for number in 0..choices.below(policies.saturating_add(1)) {
        let policy = small_policy(choices, number);
        let attached = attachment(policy.metadata.name.as_str(), Enforcement::Enforce);
        let level = choices.one_of(&mut deployment.policies, [&mut production.policies, &mut workspace.policies]);
        level.push(attached);
        world.policies.push(policy);
    }
    world.workspace = Some(workspace);
    world.environments.push(production);
    world.deployments.push(deployment);
    world
}

fn small_cluster(choices: &mut Choices<'_>, number: u32) -> ClusterSpec {
    let country = choices.one_of("us", ["ca", "fr"]);
    let flavor =
        choices.one_of(option(ChoiceKind::Gpu, "t4"), [option(ChoiceKind::Gpu, "l4"), option(ChoiceKind::Cpu, "x86")]);
    ClusterSpec {
        metadata: Metadata::named(name(&format!("c{number}"))),
        provider: name("onprem").into(),
        location: None,
        country: Some(country.to_owned().into()),
        zone: None,
        coordinates: None,
        healthy: true,
        cordoned: choices.below(2) == 1,
        observed_at: None,
        attributes: Vec::new(),
        pools: PoolsSpec::Flavors(vec![flavor.into()]),
    }
}

fn small_policy(choices: &mut Choices<'_>, number: u32) -> PolicySpec {
    use ChoiceKind::{Continent, Country, Cpu, Gpu};
    let axis = choices.one_of(Axis::Location, [Axis::Flavor, Axis::Provider, Axis::Capacity]);
    let (options, except) = match axis {
        // Its worlds declare none.
        Axis::Location | Axis::Attribute => {
            let (us, fr) = (option(Country, "us"), option(Country, "fr"));
            let others = [vec![fr.clone()], vec![option(Continent, "na")], vec![us.clone(), fr]];
            // Canada is part of the continent only, so that the exception leaves something (P9).
            (choices.one_of(vec![us], others), (choices.below(2) == 1).then(|| option(Country, "ca")))
        }
        Axis::Flavor => {
            let (t4, x86) = (option(Gpu, "t4"), option(Cpu, "x86"));
            let others = [vec![x86.clone()], vec![option(Gpu, "any")], vec![t4.clone(), x86]];
            (choices.one_of(vec![t4], others), (choices.below(2) == 1).then(|| option(Gpu, "l4")))
        }
        Axis::Provider => {
            let (aws, hetzner) = (option(ChoiceKind::Provider, "aws"), option(ChoiceKind::Provider, "hetzner"));
            let other = vec![option(ChoiceKind::Jurisdiction, "us"), hetzner];
            (choices.one_of(vec![aws], [other]), None)
        }
        Axis::Capacity => {
            let bought = |name: &str| vec![option(ChoiceKind::Capacity, name)];
            (choices.one_of(bought("on-demand"), [bought("spot")]), None)
        }
    };
    PolicySpec {
        metadata: Metadata::named(name(&format!("p{number}"))),
        axis,
        options: Allowed::Listed(options.into_iter().map(Into::into).collect()),
        except: except.into_iter().map(Into::into).collect(),
        resource_types: None,
        callers: None,
        description: None,
        dialect: Dialect::Native,
    }
}

fn option(kind: ChoiceKind, name: &str) -> ChoiceSpec {
    ChoiceSpec { kind, name: name.to_owned() }
}
