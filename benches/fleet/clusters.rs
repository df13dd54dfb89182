//! Fleets of any size.

use siting::catalog::{Capacity, Catalog, FlavorKind};
use siting::id::{AttributeSetId, FlavorId, Id, LocationId, Name, PairId};
use siting::inventory::{ClusterDef, Devices, GpuRequest, Inventory, PoolDef, Request, Shape, Used};
use siting::origin::Origin;
use siting::quantity::{Bytes, Cpu, GpuShare, Money};

use super::random::Random;

const GIB: u64 = 1 << 30;

/// The gpu codes that fleets are made of.
const GPUS: [&str; 8] = ["t4", "l4", "a10", "a100-40gb", "a100-80gb", "h100-80gb", "v100-16gb", "l40s"];

/// `count` clusters of one flavor each, without limit, in known locations all over the world: as
/// many pairs as clusters.
pub(crate) fn serverless(count: usize) -> Vec<ClusterDef> {
    let catalog = Catalog::builtin();
    let mut random = Random::new(1);
    let flavors = flavors(&catalog);
    let clusters = (0..count).map(|number| {
        let gpu = if random.below(4) == 0 { None } else { random.pick(&flavors).copied() };
        let cpu = if gpu.is_none() { catalog.flavor(FlavorKind::Cpu, "x86") } else { None };
        let pool = PoolDef::unlimited(name("only"), cpu, gpu);
        cluster(&catalog, &mut random, number, vec![pool])
    });
    clusters.collect()
}

/// How a fleet of nodes is made.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) pools: usize,
    pub(crate) nodes: usize,
    /// Pools of one cluster.
    pub(crate) per_cluster: usize,
}

impl Size {
    /// Up to 1,000 pools, four to a cluster.
    pub(crate) fn of_nodes(nodes: usize) -> Self {
        Self { pools: nodes.min(1000), nodes, per_cluster: 4 }
    }
}

/// Priced pools of 64 node shapes, all with GPUs, the nodes evenly divided among them.
pub(crate) fn nodes(size: Size) -> Vec<ClusterDef> {
    let catalog = Catalog::builtin();
    let mut random = Random::new(2);
    let flavors = flavors(&catalog);
    let mut clusters = Vec::new();
    let mut pools = Vec::with_capacity(size.per_cluster);
    for number in 0..size.pools {
        let nodes = (size.nodes * (number + 1)) / size.pools - (size.nodes * number) / size.pools;
        pools.push(pool(&catalog, &flavors, &mut random, number % size.per_cluster, nodes));
        if pools.len() == size.per_cluster || number + 1 == size.pools {
            let ready = std::mem::replace(&mut pools, Vec::with_capacity(size.per_cluster));
            clusters.push(cluster(&catalog, &mut random, clusters.len(), ready));
        }
    }
    clusters
}

fn pool(catalog: &Catalog, flavors: &[FlavorId], random: &mut Random, number: usize, nodes: usize) -> PoolDef {
    // 8 sizes of 8 codes: 64 shapes. Each code has its price.
    let (size, code) = (random.below(8), random.below(flavors.len()));
    let gpus: u16 = [1, 1, 2, 2, 4, 4, 8, 8].get(size).copied().unwrap_or(8);
    let each = u64::from(gpus) * if size % 2 == 0 { 1 } else { 2 };
    let cents = (code as u64 + 1) * 40 * u64::from(gpus) + random.below(50) as u64;
    PoolDef {
        name: name(&format!("p{number:03}")),
        shape: Some(Shape {
            cpu: Cpu::milli_cores(each * 8000),
            memory: Bytes::new(each * 64 * GIB),
            storage: None,
            bandwidth: None,
            gpus,
            replicas: None,
        }),
        nodes: u32::try_from(nodes).ok(),
        cpu_flavor: catalog.flavor(FlavorKind::Cpu, "x86"),
        gpu_flavor: flavors.get(code).copied(),
        devices: Devices::default(),
        price: Some(Money::micros(cents * 10_000)),
        capacity: if random.below(4) == 0 { Capacity::Spot } else { Capacity::OnDemand },
        attributes: AttributeSetId::default(),
        used: Used::default(),
        used_per_node: Vec::new(),
    }
}

/// A cluster in a known location, so that no two of these disagree about a country.
fn cluster(catalog: &Catalog, random: &mut Random, number: usize, pools: Vec<PoolDef>) -> ClusterDef {
    let location = LocationId::from_index(random.below(catalog.locations().len()));
    ClusterDef {
        name: name(&format!("c{number:07}")),
        provider: name(catalog.location_name(location).split('/').next().unwrap_or("p")),
        country: catalog.location_country(location),
        location: Some(location),
        zone: None,
        coordinates: None,
        labels: Default::default(),
        healthy: true,
        cordoned: false,
        observed_at: None,
        pools,
        origin: Origin::default(),
    }
}

fn flavors(catalog: &Catalog) -> Vec<FlavorId> {
    GPUS.iter().filter_map(|code| catalog.flavor(FlavorKind::Gpu, code)).collect()
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// The inventory of these clusters, over the built-in catalog.
pub(crate) fn inventory(clusters: Vec<ClusterDef>) -> Inventory {
    Inventory::new(&Catalog::builtin(), clusters).expect("names differ")
}

/// Reserves room for many replicas of mixed size, so that nodes differ in what is free on them.
pub(crate) fn occupy(inventory: &mut Inventory, replicas: usize) {
    let mut random = Random::new(3);
    let gpu_pairs: Vec<PairId> = gpu_pairs(inventory);
    for _ in 0..replicas {
        let Some(&pair) = random.pick(&gpu_pairs) else { return };
        // Some do not fit any more; then the pool is as full as it gets.
        let _ = inventory.reserve(pair, &request(&mut random), 1);
    }
}

/// The pairs of a gpu flavor.
pub(crate) fn gpu_pairs(inventory: &Inventory) -> Vec<PairId> {
    let fleet = inventory.fleet();
    let is_gpu = |flavor| fleet.catalog().flavor_kind(flavor) == FlavorKind::Gpu;
    fleet.pair_ids().filter(|(_, pair)| is_gpu(pair.flavor)).map(|(id, _)| id).collect()
}

/// One or two GPUs or a share of one, with a little of the rest.
pub(crate) fn request(random: &mut Random) -> Request {
    let gpu = match random.below(4) {
        0 => GpuRequest::Whole(1 + u32::from(random.below(3) == 0)),
        _ => share(100 + 50 * random.below(16)),
    };
    Request {
        cpu: Cpu::milli_cores(500 + 500 * random.below(6) as u64),
        memory: Bytes::new((1 + random.below(12) as u64) * GIB),
        gpu,
        ..Request::default()
    }
}

fn share(thousandths: usize) -> GpuRequest {
    let share = u32::try_from(thousandths).ok().and_then(GpuShare::from_thousandths);
    share.map_or(GpuRequest::Whole(1), GpuRequest::Share)
}
