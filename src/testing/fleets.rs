//! Fleets: clusters in places that the catalog knows or that they bring, with hardware that is sold.

use indexmap::IndexMap;

use super::choices::{Choices, Draw};
use super::taste::{FleetShape, Taste};
use super::values::{name, valid};
use crate::catalog::{Catalog, Choice, ChoiceKind, FlavorKind};
use crate::inventory::{ClusterDef, PoolDef, Shape, Used};
use crate::manifest::spec::{ChoiceSpec, ClusterSpec, Metadata, PoolGpuSpec, PoolSpec, PoolsSpec, UsedSpec};
use crate::origin::Origin;
use crate::quantity::{Bandwidth, Bytes, Coordinates, Cpu, Money};

const GIB: u64 = 1 << 30;

/// What nodes are sold as: cores, memory in GiB, GPUs, price an hour in millionths.
const NODES: [(u64, u64, u32, u64); 8] = [
    (4, 16, 1, 526_000),
    (2, 8, 0, 96_000),
    (8, 32, 1, 752_000),
    (16, 64, 0, 768_000),
    (48, 192, 4, 3_912_000),
    (96, 1152, 8, 32_772_600),
    (4, 8, 0, 100_000),
    (8, 61, 1, 3_060_000),
];

/// Beginnings of clusters' and pools' names.
const NAMES: [&str; 8] = ["a", "b", "a-b", "B", "é", "a b", "日本", "z"];

/// Up to so many clusters of what a world favours, with different names.
pub(super) fn clusters(choices: &mut Choices<'_>, taste: &Taste<'_>, least: u32, most: u32) -> Vec<ClusterSpec> {
    let mut number = 0_u32;
    choices.several(least, most, |choices| {
        number += 1;
        cluster(choices, taste, number)
    })
}

fn cluster(choices: &mut Choices<'_>, taste: &Taste<'_>, number: u32) -> ClusterSpec {
    let catalog = taste.catalog;
    let known = choices.pick(&taste.locations).copied();
    let full = known.map(|location| catalog.location_name(location));
    let (provider, region) = match (full.and_then(|full| full.split_once('/')), taste.shape) {
        (Some((provider, region)), _) => (provider, Some(region.to_owned())),
        // A place of one's own is named by its country, so that nobody disagrees on that.
        (None, FleetShape::Edge) => ("edge", None),
        (None, _) => ("onprem", None),
    };
    let country = match known {
        Some(location) => Some(catalog.location_country(location)),
        None => choices.pick(&taste.countries).copied(),
    };
    let code = country.map(|country| catalog.country_code(country));
    let region =
        region.or_else(|| choices.maybe(60, |choices| format!("{}-{}", code.unwrap_or("us"), choices.below(3))));
    // What is known of the location need not be said of the cluster.
    let said = known.is_none() || !choices.chance(40);
    ClusterSpec {
        metadata: Metadata::named(name(&format!("{}-{number}", choices.pick(&NAMES).copied().unwrap_or("a")))),
        provider: name(provider).into(),
        location: region.map(Into::into),
        country: code.filter(|_| said).map(|code| code.to_owned().into()),
        coordinates: choices.maybe(40, Coordinates::draw),
        healthy: !choices.chance(if taste.shape == FleetShape::Edge { 15 } else { 5 }),
        cordoned: choices.chance(6),
        pools: pools(choices, taste),
    }
}

fn pools(choices: &mut Choices<'_>, taste: &Taste<'_>) -> PoolsSpec {
    let (short, most) = match taste.shape {
        FleetShape::OneCloud | FleetShape::ManyClouds => (30, 3),
        FleetShape::Edge => (10, 1),
        FleetShape::AirGapped => (0, 2),
    };
    if choices.chance(short) {
        let mut flavors = choices.several(1, 3, |choices| served(choices, taste));
        flavors.sort_by(|a, b| (a.kind.as_str(), &a.name).cmp(&(b.kind.as_str(), &b.name)));
        flavors.dedup();
        return PoolsSpec::Flavors(flavors.into_iter().map(Into::into).collect());
    }
    let mut number = 0_u32;
    PoolsSpec::Pools(choices.several(1, most, |choices| {
        number += 1;
        pool(choices, taste, number)
    }))
}

/// A flavor that is served without limit.
fn served(choices: &mut Choices<'_>, taste: &Taste<'_>) -> ChoiceSpec {
    let kind = choices.one_of(FlavorKind::Gpu, [FlavorKind::Cpu]);
    let code = taste.code(choices, kind).unwrap_or_else(|| "x86".to_owned());
    ChoiceSpec { kind: if kind == FlavorKind::Cpu { ChoiceKind::Cpu } else { ChoiceKind::Gpu }, name: code }
}

fn pool(choices: &mut Choices<'_>, taste: &Taste<'_>, number: u32) -> PoolSpec {
    let (cores, gib, gpus, price) = choices.pick(&NODES).copied().unwrap_or((4, 16, 0, 100_000));
    let gpu = if gpus > 0 { taste.code(choices, FlavorKind::Gpu) } else { None };
    // A pool has a flavor: one without GPUs that of its cpu.
    let says_cpu = gpu.is_none() || choices.chance(70);
    let unlimited = taste.shape != FleetShape::AirGapped && choices.chance(8);
    let priced = taste.shape != FleetShape::AirGapped && !choices.chance(20);
    let mut pool = PoolSpec {
        name: name(&format!("{}-{number}", choices.pick(&NAMES).copied().unwrap_or("a"))).into(),
        nodes: (!unlimited).then(|| choices.between(1, if taste.shape == FleetShape::Edge { 2 } else { 8 })),
        cpu_flavor: if says_cpu { taste.code(choices, FlavorKind::Cpu).map(Into::into) } else { None },
        cpu: Cpu::milli_cores(cores * 1000),
        memory: Bytes::new(gib * GIB),
        storage: choices.maybe(20, |choices| Bytes::new(u64::from(choices.between(1, 40)) * 25 * GIB)),
        bandwidth: choices
            .maybe(20, |choices| Bandwidth::bits_per_second(choices.one_of(1, [10, 25, 100]) * 1_000_000_000)),
        gpu: gpu.map(|code| PoolGpuSpec { code: code.into(), count: gpus }),
        price_per_hour: priced.then(|| Money::micros(price)),
        spot: choices.chance(15),
        used: UsedSpec::default().into(),
    };
    if let (Some(nodes), true) = (pool.nodes, choices.chance(30)) {
        pool.used = used(choices, &pool, u64::from(nodes)).into();
    }
    pool
}

/// Part of what a pool's nodes hold together (I1); nothing of what it does not state.
fn used(choices: &mut Choices<'_>, pool: &PoolSpec, nodes: u64) -> UsedSpec {
    let mut part = |each: u64| (nodes * each) / 16 * u64::from(choices.below(17));
    let (cpu, memory) = (part(pool.cpu.get()), part(pool.memory.get()));
    let (storage, bandwidth) =
        (part(pool.storage.map_or(0, Bytes::get)), part(pool.bandwidth.map_or(0, Bandwidth::get)));
    let gpus = nodes * u64::from(pool.gpu.as_ref().map_or(0, |gpu| gpu.count));
    let unit = choices.one_of(1000, [500, 250, 1]);
    let taken = u64::from(choices.below(u32::try_from(gpus * 1000 / unit).unwrap_or(0) + 1));
    UsedSpec {
        cpu: Cpu::milli_cores(cpu),
        memory: Bytes::new(memory),
        storage: Bytes::new(storage),
        bandwidth: Bandwidth::bits_per_second(bandwidth),
        gpu_thousandths: taken * unit,
    }
}

/// A cluster as an inventory takes it; without its location, where the catalog does not know that.
pub(super) fn define(catalog: &Catalog, spec: &ClusterSpec) -> Option<ClusterDef> {
    let stated = spec.country.as_ref().and_then(|code| catalog.country(code));
    let full = spec.location.as_ref().map(|region| format!("{}/{}", spec.provider.as_str(), region.as_str()));
    let location = full.and_then(|full| catalog.location(&full));
    let country = stated.or_else(|| location.map(|location| catalog.location_country(location)))?;
    let pools = match &spec.pools {
        PoolsSpec::Flavors(flavors) => flavors.iter().filter_map(|flavor| unlimited(catalog, flavor)).collect(),
        PoolsSpec::Pools(pools) => pools.iter().map(|pool| defined(catalog, pool)).collect(),
    };
    Some(ClusterDef {
        name: spec.metadata.name.value.clone(),
        provider: spec.provider.value.clone(),
        country,
        location,
        coordinates: spec.coordinates,
        labels: IndexMap::new(),
        healthy: spec.healthy,
        cordoned: spec.cordoned,
        pools,
        origin: Origin::default(),
    })
}

fn unlimited(catalog: &Catalog, spec: &ChoiceSpec) -> Option<PoolDef> {
    let Some(Choice::Flavor(flavor)) = catalog.resolve(spec.kind, &spec.name) else { return None };
    let called = name(&format!("{}-{}", spec.kind, catalog.flavor_code(flavor)));
    Some(match spec.kind {
        ChoiceKind::Cpu => PoolDef::unlimited(called, Some(flavor), None),
        _ => PoolDef::unlimited(called, None, Some(flavor)),
    })
}

fn defined(catalog: &Catalog, spec: &PoolSpec) -> PoolDef {
    PoolDef {
        name: spec.name.value.clone(),
        shape: Some(Shape {
            cpu: spec.cpu,
            memory: spec.memory,
            storage: spec.storage,
            bandwidth: spec.bandwidth,
            gpus: spec.gpu.as_ref().map_or(0, |gpu| u16::try_from(gpu.count).unwrap_or(u16::MAX)),
        }),
        nodes: spec.nodes,
        cpu_flavor: spec.cpu_flavor.as_ref().and_then(|code| catalog.flavor(FlavorKind::Cpu, code)),
        gpu_flavor: spec.gpu.as_ref().and_then(|gpu| catalog.flavor(FlavorKind::Gpu, &gpu.code)),
        price: spec.price_per_hour,
        spot: spec.spot,
        used: Used {
            cpu: spec.used.cpu,
            memory: spec.used.memory,
            storage: spec.used.storage,
            bandwidth: spec.used.bandwidth,
            gpu_thousandths: spec.used.gpu_thousandths,
        },
    }
}

/// Draws of parts of a fleet, each as of a fleet of many clouds.
macro_rules! parts {
    ($($name:ty: $draw:expr;)+) => {$(
        impl Draw for $name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                let catalog = Catalog::builtin();
                let taste = Taste::draw(choices, &catalog, FleetShape::ManyClouds);
                let draw: fn(&mut Choices<'_>, &Taste<'_>) -> $name = $draw;
                draw(choices, &taste)
            }
        }
    )+};
}

parts! {
    ClusterSpec: |choices, taste| cluster(choices, taste, 1);
    PoolsSpec: pools;
    PoolSpec: |choices, taste| pool(choices, taste, 1);
    UsedSpec: |choices, taste| pool(choices, taste, 1).used.value;
    PoolDef: |choices, taste| defined(taste.catalog, &pool(choices, taste, 1));
    Used: |choices, taste| defined(taste.catalog, &pool(choices, taste, 1)).used;
}

impl Draw for PoolGpuSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { code: choices.one_of("t4", ["l4", "a100", "a100-80gb"]).to_owned().into(), count: choices.between(1, 8) }
    }
}

impl Draw for Shape {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (cores, gib, gpus, _) = choices.pick(&NODES).copied().unwrap_or((4, 16, 0, 0));
        Self {
            cpu: Cpu::milli_cores(cores * 1000),
            memory: Bytes::new(gib * GIB),
            storage: choices.maybe(20, |_| Bytes::new(100 * GIB)),
            bandwidth: choices.maybe(20, |_| Bandwidth::bits_per_second(1_000_000_000)),
            gpus: u16::try_from(gpus).unwrap_or(0),
        }
    }
}

impl Draw for ClusterDef {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let catalog = Catalog::builtin();
        valid(choices, |choices| define(&catalog, &ClusterSpec::draw(choices)))
    }
}
