//! Fleets: clusters in places that the catalog knows or that they bring, with hardware that is sold.

use indexmap::IndexMap;

use super::choices::{Choices, Draw};
use super::selection::{FleetShape, Selection};
use super::values::{name, valid};
use crate::catalog::{Capacity, Catalog, Choice, ChoiceKind, FlavorKind};
use crate::id::{AttributeSetId, Name};
use crate::inventory::{ClusterDef, Devices, PoolDef, Shape, Slice, SliceNeed, Used};
use crate::manifest::spec::{ChoiceSpec, ClusterSpec, Metadata, PoolGpuSpec, PoolSpec, PoolsSpec, UsedSpec};
use crate::origin::{Origin, Sourced};
use crate::quantity::{Bandwidth, Bytes, Coordinates, Cpu, Money};

const GIB: u64 = 1 << 30;

/// A node that is sold: what it has besides its GPUs, and its price an hour in millionths of a dollar.
#[derive(Clone, Copy)]
struct Node {
    cores: u64,
    gib: u64,
    price: u64,
}

impl Node {
    const fn of(cores: u64, gib: u64, price: u64) -> Self {
        Self { cores, gib, price }
    }
}

/// Nodes without GPUs. These and the following are shaped like instances of large clouds, at prices of the order of
/// their on-demand lists; nothing should rely on more.
const NODES: [Node; 6] = [
    Node::of(2, 8, 96_000),
    Node::of(4, 8, 170_000),
    Node::of(4, 16, 192_000),
    Node::of(8, 32, 384_000),
    Node::of(16, 64, 768_000),
    Node::of(48, 192, 2_304_000),
];

/// Nodes with GPUs: which, how many, and what they come with.
const GPU_NODES: [(&str, u32, Node); 16] = [
    ("t4", 1, Node::of(4, 16, 526_000)),
    ("t4", 1, Node::of(8, 32, 752_000)),
    ("t4", 4, Node::of(48, 192, 3_912_000)),
    ("l4", 1, Node::of(4, 16, 805_000)),
    ("l4", 4, Node::of(48, 192, 4_602_000)),
    ("a10g", 1, Node::of(4, 16, 1_006_000)),
    ("l40s", 1, Node::of(4, 32, 1_861_000)),
    ("v100-16gb", 1, Node::of(8, 61, 3_060_000)),
    ("v100-16gb", 4, Node::of(32, 244, 12_240_000)),
    ("a100-40gb", 1, Node::of(12, 85, 3_670_000)),
    ("a100-40gb", 8, Node::of(96, 1152, 32_770_000)),
    ("a100-80gb", 1, Node::of(24, 220, 3_670_000)),
    ("a100-80gb", 8, Node::of(96, 1152, 40_970_000)),
    ("h100-nvl", 1, Node::of(40, 320, 6_980_000)),
    ("h100-80gb", 1, Node::of(26, 234, 11_060_000)),
    ("h100-80gb", 8, Node::of(192, 2048, 98_320_000)),
];

/// What comes with a GPU that none of these have.
const OTHER_GPU_NODE: (&str, u32, Node) = ("", 1, Node::of(8, 64, 2_000_000));

/// A node, and how many GPUs of which flavor it has.
fn node(choices: &mut Choices<'_>, selection: &Selection<'_>) -> (Node, Option<PoolGpuSpec>) {
    let gpu = choices.maybe(60, |choices| {
        let code = selection.code(choices, FlavorKind::Gpu)?;
        let catalog = selection.catalog;
        let asked = catalog.flavor(FlavorKind::Gpu, &code);
        // What is asked for comes with a node of its family.
        let root = |flavor| catalog.flavor_family(flavor).unwrap_or(flavor);
        let sold = |name: &str| {
            let (of_node, asked) = (catalog.flavor(FlavorKind::Gpu, name).map(root), asked.map(root));
            asked.is_some() && of_node == asked
        };
        let fitting: Vec<_> = GPU_NODES.into_iter().filter(|(name, ..)| sold(name)).collect();
        let (_, count, node) = choices.pick(&fitting).copied().unwrap_or(OTHER_GPU_NODE);
        Some((node, PoolGpuSpec { code: code.into(), slice: choices.maybe(6, stated_slice), memory: None, count }))
    });
    match gpu.flatten() {
        Some((node, gpu)) => (node, Some(gpu)),
        None => (plain(choices), None),
    }
}

fn plain(choices: &mut Choices<'_>) -> Node {
    choices.pick(&NODES).copied().unwrap_or(OTHER_GPU_NODE.2)
}

/// Beginnings of clusters' and pools' names.
const NAMES: [&str; 8] = ["a", "b", "a-b", "B", "é", "a b", "日本", "z"];

/// Up to `most` clusters of what a world favours, with different names.
pub(super) fn clusters(
    choices: &mut Choices<'_>,
    selection: &Selection<'_>,
    least: u32,
    most: u32,
) -> Vec<ClusterSpec> {
    let mut number = 0_u32;
    choices.several(least, most, |choices| {
        number += 1;
        cluster(choices, selection, number)
    })
}

fn cluster(choices: &mut Choices<'_>, selection: &Selection<'_>, number: u32) -> ClusterSpec {
    let catalog = selection.catalog;
    let known = choices.pick(&selection.locations).copied();
    let full = known.map(|location| catalog.location_name(location));
    let (provider, region) = match (full.and_then(|full| full.split_once('/')), selection.shape) {
        (Some((provider, region)), _) => (provider, Some(region.to_owned())),
        // A place of one's own is named by its country, so that no two clusters disagree on it.
        (None, FleetShape::Edge) => ("edge", None),
        (None, _) => ("onprem", None),
    };
    let country = match known {
        Some(location) => Some(catalog.location_country(location)),
        None => choices.pick(&selection.countries).copied(),
    };
    let code = country.map(|country| catalog.country_code(country));
    let region =
        region.or_else(|| choices.maybe(60, |choices| format!("{}-{}", code.unwrap_or("us"), choices.below(3))));
    // What the location implies need not be stated for the cluster.
    let said = known.is_none() || !choices.chance(40);
    ClusterSpec {
        metadata: Metadata::named(name(&format!("{}-{number}", choices.pick(&NAMES).copied().unwrap_or("a")))),
        provider: name(provider).into(),
        location: region.map(Into::into),
        country: code.filter(|_| said).map(|code| code.to_owned().into()),
        zone: choices.maybe(30, |choices| name(choices.one_of("a", ["b", "c"])).into()),
        coordinates: choices.maybe(40, Coordinates::draw),
        healthy: !choices.chance(if selection.shape == FleetShape::Edge { 15 } else { 5 }),
        cordoned: choices.chance(6),
        // What is observed ages for whoever asks at a moment (I8).
        observed_at: None,
        // A cluster bears what the workspace declares; drawn clusters stand by themselves.
        attributes: borne(choices, selection),
        pools: pools(choices, selection),
    }
}

/// Some of the declared attributes: mostly none.
fn borne(choices: &mut Choices<'_>, selection: &Selection<'_>) -> Vec<Sourced<Name>> {
    let declared: Vec<String> = selection.catalog.attributes().map(str::to_owned).collect();
    if declared.is_empty() || !choices.chance(25) {
        return Vec::new();
    }
    choices.some(&declared, 2).iter().map(|one| name(one).into()).collect()
}

fn pools(choices: &mut Choices<'_>, selection: &Selection<'_>) -> PoolsSpec {
    let (short, most) = match selection.shape {
        FleetShape::OneCloud | FleetShape::ManyClouds => (30, 3),
        FleetShape::Edge => (10, 1),
        FleetShape::AirGapped => (0, 2),
    };
    if choices.chance(short) {
        let mut flavors = choices.several(1, 3, |choices| served(choices, selection));
        flavors.sort_by(|a, b| (a.kind.as_str(), &a.name).cmp(&(b.kind.as_str(), &b.name)));
        flavors.dedup();
        return PoolsSpec::Flavors(flavors.into_iter().map(Into::into).collect());
    }
    let mut number = 0_u32;
    PoolsSpec::Pools(choices.several(1, most, |choices| {
        number += 1;
        pool(choices, selection, number)
    }))
}

/// A flavor that is served without limit.
fn served(choices: &mut Choices<'_>, selection: &Selection<'_>) -> ChoiceSpec {
    let kind = choices.one_of(FlavorKind::Gpu, [FlavorKind::Cpu]);
    let code = selection.code(choices, kind).unwrap_or_else(|| "x86".to_owned());
    ChoiceSpec { kind: if kind == FlavorKind::Cpu { ChoiceKind::Cpu } else { ChoiceKind::Gpu }, name: code }
}

fn pool(choices: &mut Choices<'_>, selection: &Selection<'_>, number: u32) -> PoolSpec {
    let (node, gpu) = node(choices, selection);
    // A pool has a flavor: one without GPUs that of its cpu.
    let says_cpu = gpu.is_none() || choices.chance(70);
    let unlimited = selection.shape != FleetShape::AirGapped && choices.chance(8);
    let priced = selection.shape != FleetShape::AirGapped && !choices.chance(20);
    let mut pool = PoolSpec {
        name: name(&format!("{}-{number}", choices.pick(&NAMES).copied().unwrap_or("a"))).into(),
        nodes: (!unlimited).then(|| choices.between(1, if selection.shape == FleetShape::Edge { 2 } else { 8 })),
        cpu_flavor: if says_cpu { selection.code(choices, FlavorKind::Cpu).map(Into::into) } else { None },
        cpu: Cpu::milli_cores(node.cores * 1000),
        memory: Bytes::new(node.gib * GIB),
        storage: choices.maybe(20, |choices| Bytes::new(u64::from(choices.between(1, 40)) * 25 * GIB)),
        bandwidth: choices
            .maybe(20, |choices| Bandwidth::bits_per_second(choices.one_of(1, [10, 25, 100]) * 1_000_000_000)),
        gpu,
        price_per_hour: priced.then(|| Money::micros(node.price)),
        capacity: if choices.chance(15) { Capacity::Spot } else { Capacity::OnDemand },
        attributes: borne(choices, selection),
        replicas_per_node: choices.maybe(10, |choices| choices.one_of(110, [8, 30])),
        used: UsedSpec::default().into(),
        used_per_node: Vec::new(),
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
    let mut pools: Vec<PoolDef> = pools;
    for pool in &mut pools {
        let own = match &spec.pools {
            PoolsSpec::Pools(pools) => pools.iter().find(|own| own.name.value == pool.name),
            PoolsSpec::Flavors(_) => None,
        };
        let own = own.into_iter().flat_map(|own| &own.attributes);
        let borne = catalog.attributes_named(spec.attributes.iter().chain(own).map(|name| name.as_str()));
        pool.attributes = borne.unwrap_or(pool.attributes);
    }
    Some(ClusterDef {
        name: spec.metadata.name.value.clone(),
        provider: spec.provider.value.clone(),
        country,
        location,
        zone: spec.zone.as_ref().map(|zone| zone.value.clone()),
        coordinates: spec.coordinates,
        labels: IndexMap::new(),
        healthy: spec.healthy,
        cordoned: spec.cordoned,
        observed_at: spec.observed_at,
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
    let gpu_flavor = spec.gpu.as_ref().and_then(|gpu| catalog.flavor(FlavorKind::Gpu, &gpu.code));
    PoolDef {
        name: spec.name.value.clone(),
        shape: Some(Shape {
            cpu: spec.cpu,
            memory: spec.memory,
            storage: spec.storage,
            bandwidth: spec.bandwidth,
            gpus: spec.gpu.as_ref().map_or(0, |gpu| u16::try_from(gpu.count).unwrap_or(u16::MAX)),
            replicas: spec.replicas_per_node,
        }),
        nodes: spec.nodes,
        cpu_flavor: spec.cpu_flavor.as_ref().and_then(|code| catalog.flavor(FlavorKind::Cpu, code)),
        gpu_flavor,
        devices: Devices::new(
            spec.gpu.as_ref().and_then(|gpu| gpu.slice),
            None,
            gpu_flavor.and_then(|flavor| catalog.flavor_memory(flavor)),
        ),
        price: spec.price_per_hour,
        capacity: spec.capacity,
        attributes: AttributeSetId::default(),
        used: Used {
            cpu: spec.used.cpu,
            memory: spec.used.memory,
            storage: spec.used.storage,
            bandwidth: spec.used.bandwidth,
            gpu_thousandths: spec.used.gpu_thousandths,
        },
        used_per_node: Vec::new(),
    }
}

/// Draws of parts of a fleet, each as of a fleet of many clouds.
macro_rules! parts {
    ($($name:ty: $draw:expr;)+) => {$(
        impl Draw for $name {
            fn draw(choices: &mut Choices<'_>) -> Self {
                let catalog = Catalog::builtin();
                let selection = Selection::draw(choices, &catalog, FleetShape::ManyClouds);
                let draw: fn(&mut Choices<'_>, &Selection<'_>) -> $name = $draw;
                draw(choices, &selection)
            }
        }
    )+};
}

parts! {
    ClusterSpec: |choices, selection| cluster(choices, selection, 1);
    PoolsSpec: pools;
    PoolSpec: |choices, selection| pool(choices, selection, 1);
    UsedSpec: |choices, selection| pool(choices, selection, 1).used.value;
    PoolDef: |choices, selection| defined(selection.catalog, &pool(choices, selection, 1));
    Used: |choices, selection| defined(selection.catalog, &pool(choices, selection, 1)).used;
}

/// A slice that manifests can state.
pub(super) fn stated_slice(choices: &mut Choices<'_>) -> Slice {
    let share = |choices: &mut Choices<'_>| {
        let of = choices.one_of(8_u16, [2, 4, 3]);
        Slice::share(1, of)
    };
    let profile = |choices: &mut Choices<'_>| choices.one_of("1g.5gb", ["3g.20gb", "1g.10gb+me"]).parse().ok();
    let drawn = if choices.chance(50) { share(choices) } else { profile(choices) };
    drawn.unwrap_or(Slice::Shared)
}

impl Draw for Slice {
    /// Also what labels alone say.
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(6) {
            4 => Self::Virtual { gigabytes: 24 },
            5 => Self::Shared,
            _ => stated_slice(choices),
        }
    }
}

impl Draw for SliceNeed {
    fn draw(choices: &mut Choices<'_>) -> Self {
        if choices.chance(60) { Self::Any } else { Self::Of(stated_slice(choices)) }
    }
}

impl Draw for Devices {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::new(choices.maybe(50, Slice::draw), None, choices.maybe(80, |_| 24 << 30))
    }
}

impl Draw for PoolGpuSpec {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            code: choices.one_of("t4", ["l4", "a100", "a100-80gb"]).to_owned().into(),
            slice: choices.maybe(15, stated_slice),
            memory: None,
            count: choices.between(1, 8),
        }
    }
}

impl Draw for Shape {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let gpu = choices.maybe(60, |choices| choices.pick(&GPU_NODES).copied()).flatten();
        let (gpus, node) = gpu.map_or_else(|| (0, plain(choices)), |(_, count, node)| (count, node));
        Self {
            cpu: Cpu::milli_cores(node.cores * 1000),
            memory: Bytes::new(node.gib * GIB),
            storage: choices.maybe(20, |_| Bytes::new(100 * GIB)),
            bandwidth: choices.maybe(20, |_| Bandwidth::bits_per_second(1_000_000_000)),
            gpus: u16::try_from(gpus).unwrap_or(0),
            replicas: choices.maybe(20, |_| 110),
        }
    }
}

impl Draw for ClusterDef {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let catalog = Catalog::builtin();
        valid(choices, |choices| define(&catalog, &ClusterSpec::draw(choices)))
    }
}
