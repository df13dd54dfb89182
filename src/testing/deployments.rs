//! Deployments: their demands, preferences and settings.

use std::num::NonZeroU32;

use super::choices::{Choices, Draw};
use super::selection::{FleetShape, Selection};
use super::values::{name, text, words};
use crate::catalog::{Catalog, FlavorKind};
use crate::deployment::{Algorithm, Domain, HealthCheck, LoadBalancer, Scaling, Secret, Spread, Together, Variables};
use crate::inventory::SliceNeed;
use crate::manifest::spec::{
    DeploymentSpec, FavouriteSpec, GpuNeedSpec, GpuSpec, NearSpec, OffloadingSpec, PreferenceSpec, PreferencesSpec,
    ResourcesSpec, SiteKind,
};
use crate::origin::Sourced;
use crate::quantity::{Bandwidth, Bytes, Coordinates, Cpu, GpuShare, Money, Percent};
use crate::rollout;

const GIB: u64 = 1 << 30;

/// What deployments of a world refer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'s> {
    pub(super) selection: &'s Selection<'s>,
    /// Names of clusters and of their providers, which can be favourites.
    pub(super) clusters: &'s [String],
    pub(super) providers: &'s [String],
    pub(super) environments: &'s [String],
}

/// A deployment without policies.
pub(super) fn deployment(choices: &mut Choices<'_>, scene: &Scene<'_>, number: u32) -> DeploymentSpec {
    let workload = name(choices.one_of("bert", ["llama", "Whisper"]));
    let types = scene.selection.catalog;
    let types: Vec<_> = types.resource_types().map(|id| types.resource_type_name(id)).collect();
    let resource_type = choices.maybe(25, |choices| choices.pick(&types).copied()).flatten();
    let mut spec = DeploymentSpec::of_model(name(&format!("d{number}")), workload);
    spec.resource_type = resource_type.unwrap_or("model").to_owned().into();
    spec.version = choices.maybe(30, |choices| format!("v{}", choices.between(1, 9)));
    spec.environment = choices.maybe(50, |choices| choices.pick(scene.environments).cloned()).flatten().map(Into::into);
    spec.priority = choices.one_of(0, [1, 5, -1]);
    spec.replicas = choices.maybe(70, |choices| choices.one_of(1, [2, 3, 0, 5, 8]));
    spec.resources = choices.maybe(70, |choices| resources(choices, scene.selection));
    spec.max_price_per_hour =
        choices.maybe(8, |choices| Money::micros(choices.one_of(5_000_000, [500_000, 90_000_000])));
    spec.scaling = choices.maybe(25, Scaling::draw);
    spec.load_balancer = choices.maybe(15, LoadBalancer::draw);
    spec.strategy = choices.maybe(10, rollout::Settings::draw);
    spec.offloading = choices.maybe(10, OffloadingSpec::draw);
    spec.placement = choices.maybe(35, |choices| preferences(choices, scene));
    spec.env = variables(choices);
    spec.description = choices.maybe(5, text);
    spec
}

fn resources(choices: &mut Choices<'_>, selection: &Selection<'_>) -> ResourcesSpec {
    ResourcesSpec {
        cpu: Cpu::milli_cores(choices.one_of(500, [1000, 1500, 2000, 4000, 3910])),
        memory: Bytes::new(choices.one_of(1, [2, 4, 8, 15]) * GIB),
        storage: choices.maybe(15, |choices| Bytes::new(choices.one_of(10, [50, 200]) * GIB)),
        bandwidth: choices.maybe(15, |choices| Bandwidth::bits_per_second(choices.one_of(100, [1000]) * 1_000_000)),
        cpu_type: choices.maybe(10, |choices| selection.code(choices, FlavorKind::Cpu)).flatten().map(Into::into),
        gpu: choices.maybe(60, |choices| gpu(choices, selection)),
    }
}

fn gpu(choices: &mut Choices<'_>, selection: &Selection<'_>) -> GpuSpec {
    if choices.chance(20) {
        return GpuSpec::AnyOf(choices.several(1, 3, |choices| gpu_need(choices, selection)));
    }
    GpuSpec::One(if choices.chance(5) {
        GpuNeedSpec { count: 0, types: Vec::new(), memory: None, share: None, slice: None }
    } else {
        gpu_need(choices, selection)
    })
}

fn gpu_need(choices: &mut Choices<'_>, selection: &Selection<'_>) -> GpuNeedSpec {
    let share = choices.maybe(20, GpuShare::draw);
    GpuNeedSpec {
        count: if share.is_some() { 1 } else { choices.one_of(1, [2, 4]) },
        types: types(choices, selection),
        memory: choices.maybe(15, |choices| Bytes::new(choices.one_of(16, [24, 40, 80]) * GIB)),
        share,
        slice: if share.is_none() { choices.maybe(8, SliceNeed::draw) } else { None },
    }
}

/// None, one, or two that differ.
fn types(choices: &mut Choices<'_>, selection: &Selection<'_>) -> Vec<Sourced<String>> {
    let one = choices.maybe(50, |choices| selection.code(choices, FlavorKind::Gpu)).flatten();
    let other = choices.maybe(15, |choices| selection.code(choices, FlavorKind::Gpu)).flatten();
    let other = other.filter(|other| one.as_ref().is_some_and(|one| one != other));
    one.into_iter().chain(other).map(Into::into).collect()
}

fn preferences(choices: &mut Choices<'_>, scene: &Scene<'_>) -> PreferencesSpec {
    let mut prefer = choices.several(0, 3, |choices| match choices.below(4) {
        0 => PreferenceSpec::Price,
        1 => PreferenceSpec::Packing,
        2 => PreferenceSpec::Near(near(choices, scene.selection)),
        _ => match favourites(choices, scene) {
            some if some.is_empty() => PreferenceSpec::Price,
            some => PreferenceSpec::Favourites(some),
        },
    });
    // No preference is repeated.
    let mut seen = std::collections::HashSet::new();
    prefer.retain(|preference| seen.insert(std::mem::discriminant(preference)));
    PreferencesSpec { prefer, spread: choices.maybe(50, Spread::draw), together: choices.maybe(8, Together::draw) }
}

fn near(choices: &mut Choices<'_>, selection: &Selection<'_>) -> NearSpec {
    match selection.country(choices) {
        Some(country) if choices.chance(50) => {
            NearSpec::Country(selection.catalog.country_code(country).to_owned().into())
        }
        _ => NearSpec::Coordinates(Coordinates::draw(choices)),
    }
}

/// Different places with weights.
fn favourites(choices: &mut Choices<'_>, scene: &Scene<'_>) -> Vec<FavouriteSpec> {
    let drawn = choices.several(1, 3, |choices| {
        let weight = choices.one_of(1, [10, 100, 1000]);
        let (kind, name) = match choices.below(3) {
            0 => (SiteKind::Cluster, choices.pick(scene.clusters).cloned()),
            1 => (SiteKind::Provider, choices.pick(scene.providers).cloned()),
            _ => {
                let name = |&at: &_| scene.selection.catalog.location_name(at).to_owned();
                (SiteKind::Location, choices.pick(&scene.selection.locations).map(name))
            }
        };
        name.map(|name| FavouriteSpec { kind, name: name.into(), weight })
    });
    let mut drawn: Vec<_> = drawn.into_iter().flatten().collect();
    let mut seen = std::collections::HashSet::new();
    drawn.retain(|favourite: &FavouriteSpec| seen.insert((favourite.kind, favourite.name.value.clone())));
    drawn
}

fn variables(choices: &mut Choices<'_>) -> Variables {
    if choices.chance(10) {
        [("TOKEN".to_owned(), Secret::draw(choices))].into_iter().collect()
    } else {
        Variables::new()
    }
}

words! {
    Algorithm: RoundRobin LeastConnections IpHash ConsistentHash;
    Domain: Cluster Location Zone Country Continent Provider;
    SiteKind: Cluster Location Provider;
}

impl Draw for Spread {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let max_skew = choices.maybe(65, |choices| NonZeroU32::MIN.saturating_add(choices.below(3)));
        let least = |choices: &mut Choices<'_>| NonZeroU32::MIN.saturating_add(choices.below(3));
        let min_domains = if max_skew.is_some() { choices.maybe(20, least) } else { None };
        Self { by: Domain::draw(choices), max_skew, min_domains }
    }
}

impl Draw for Together {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::new(Domain::draw(choices))
    }
}

impl Draw for Scaling {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (enabled, min) = (!choices.chance(25), choices.below(4));
        Self {
            enabled,
            min_replicas: Some(min),
            max_replicas: Some(min.max(1) + choices.below(6)),
            target_cpu_utilization: choices.maybe(50, Percent::draw),
            target_memory_utilization: choices.maybe(20, Percent::draw),
            target_gpu_utilization: choices.maybe(20, Percent::draw),
        }
    }
}

impl Draw for HealthCheck {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            path: choices.one_of("/", ["/health", "/v1/models/a b"]).to_owned(),
            interval_seconds: choices.between(1, 60),
        }
    }
}

impl Draw for LoadBalancer {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            enabled: !choices.chance(20),
            algorithm: Some(Algorithm::draw(choices)),
            health_check: Some(HealthCheck::draw(choices)),
            sticky_sessions: choices.chance(30),
        }
    }
}

impl Draw for Secret {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::new(text(choices))
    }
}

/// Draws of parts of a deployment in a world of many clouds.
macro_rules! parts {
    ($($name:ty: $draw:expr;)+) => {$(
        impl Draw for $name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                let catalog = Catalog::builtin();
                let selection = Selection::draw(choices, &catalog, FleetShape::ManyClouds);
                let scene = Scene { selection: &selection, clusters: &[], providers: &["aws".to_owned()], environments: &[] };
                let draw: fn(&mut Choices<'_>, &Scene<'_>) -> $name = $draw;
                draw(choices, &scene)
            }
        }
    )+};
}

parts! {
    DeploymentSpec: |choices, scene| deployment(choices, scene, 1);
    ResourcesSpec: |choices, scene| resources(choices, scene.selection);
    GpuSpec: |choices, scene| gpu(choices, scene.selection);
    GpuNeedSpec: |choices, scene| gpu_need(choices, scene.selection);
    PreferencesSpec: preferences;
    NearSpec: |choices, scene| near(choices, scene.selection);
}

impl Draw for PreferenceSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            0 => Self::Price,
            1 => Self::Packing,
            2 => Self::Near(NearSpec::draw(choices)),
            _ => {
                let mut favourites = choices.several(1, 3, FavouriteSpec::draw);
                favourites.dedup_by_key(|favourite| favourite.kind);
                Self::Favourites(favourites)
            }
        }
    }
}
