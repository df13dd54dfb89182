//! The openb cluster: a production GPU cluster's nodes and pods.

use std::collections::BTreeMap;
use std::path::PathBuf;

use siting::catalog::{Capacity, Catalog, Choice, FlavorKind};
use siting::deployment::{Demand, GpuNeed, Mix, Needs, Resources};
use siting::id::{AttributeSetId, FlavorId, Name};
use siting::inventory::{ClusterDef, Devices, GpuRequest, Inventory, Node, PoolDef, Shape, Used};
use siting::origin::Origin;
use siting::quantity::{Bytes, Cpu, GpuShare};

use super::fgd::{Class, Fgd, Free, Rounding};
use super::random::Random;

const MIB: u64 = 1 << 20;

/// Nodes that are alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct NodeKind {
    model: String,
    gpus: u16,
    cpu: u64,
    memory: u64,
}

/// A pod of the list.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    /// What it takes.
    pub(crate) demand: Demand,
    /// Thousandths of GPUs.
    pub(crate) gpu: u64,
}

/// The cluster and the pods that come to it.
pub(crate) struct Openb {
    pub(crate) inventory: Inventory,
    pub(crate) pods: Vec<Pod>,
    /// Thousandths of GPUs in the whole cluster.
    pub(crate) gpus: u64,
}

impl Pod {
    /// As the rival sees it, which numbers models as the pools of `models` come.
    pub(crate) fn class(&self, models: &[Option<FlavorId>]) -> Class {
        let Some(resources) = self.demand.resources() else { panic!("pods state what they take") };
        let (gpus, each) = match resources.request(0).gpu {
            GpuRequest::None => (0, 0),
            GpuRequest::Whole(count) => (count as usize, Node::WHOLE),
            GpuRequest::Share(share) => (1, u16::try_from(share.thousandths()).expect("less than a GPU")),
        };
        let named = resources.gpus.iter().flat_map(|need| &need.codes).map(|&code| match code {
            Choice::Flavor(flavor) => flavor,
            other => panic!("pods name models, not {other:?}"),
        });
        let number = |flavor| models.iter().position(|&model| model == Some(flavor)).expect("a model of the cluster");
        let bits = named.fold(0, |bits, flavor| bits | 1 << number(flavor));
        Class { cpu: resources.cpu.get(), memory: resources.memory.get(), gpus, each, models: bits }
    }
}

impl Openb {
    /// All pods of the list, as what is to be expected.
    pub(crate) fn mix(&self) -> Mix {
        let stated = self.pods.iter().filter_map(|pod| Some((pod.demand.resources()?.clone(), 1)));
        Mix::new(stated).expect("pods without alternatives")
    }

    /// The rival on this cluster, told what pods are to be expected.
    pub(crate) fn fgd(&self, rounding: Rounding) -> Fgd {
        let models = self.models();
        let pools = self.inventory.fleet().pools().iter();
        let nodes = pools.flat_map(|pool| {
            let shape = pool.def.shape.expect("nodes have a shape");
            let gpus = vec![Node::WHOLE; usize::from(shape.gpus)];
            let model = models.iter().position(|&model| model == pool.def.gpu_flavor).expect("a model of the cluster");
            let free = Free { cpu: shape.cpu.get(), memory: shape.memory.get(), gpus, model };
            vec![free; pool.def.nodes.unwrap_or(0) as usize]
        });
        Fgd::new(nodes, &self.pods.iter().map(|pod| pod.class(&models)).collect::<Vec<_>>(), rounding)
    }

    /// The models of the pools, each once; `None` for nodes without GPUs.
    pub(crate) fn models(&self) -> Vec<Option<FlavorId>> {
        let mut models: Vec<_> = self.inventory.fleet().pools().iter().map(|pool| pool.def.gpu_flavor).collect();
        models.sort();
        models.dedup();
        models
    }

    /// The same cluster, to which pods come of which a third name hardware, as in the trace's variant `gpuspec33`:
    /// one model or two, drawn by the GPUs that there are of each on nodes that hold the pod.
    pub(crate) fn typed(&self, seed: u64) -> Self {
        let of = |pool: &siting::inventory::Pool| {
            let on_node = pool.def.shape.map_or(0, |shape| shape.gpus);
            let gpus = usize::from(on_node) * pool.def.nodes.unwrap_or(0) as usize;
            vec![(pool.def.gpu_flavor, u32::from(on_node)); gpus]
        };
        let each: Vec<_> = self.inventory.fleet().pools().iter().flat_map(of).collect();
        let mut random = Random::new(0x7e9e + seed);
        let pods = self.pods.iter().map(|pod| {
            let mut pod = pod.clone();
            let Needs::Stated(resources) = &mut pod.demand.needs else { panic!("pods state what they take") };
            if let Some(need) = resources.gpus.first_mut().filter(|_| random.below(3) == 0) {
                let right: Vec<_> = each.iter().filter(|(_, on_node)| *on_node >= need.count).collect();
                let drawn = (0..=random.below(2)).filter_map(|_| random.pick(&right)?.0);
                let mut codes: Vec<FlavorId> = drawn.collect();
                codes.sort();
                codes.dedup();
                need.codes = codes.into_iter().map(Choice::Flavor).collect();
            }
            pod
        });
        Self { inventory: self.inventory.clone(), pods: pods.collect(), gpus: self.gpus }
    }
}

/// A file of the data folder, where it is at hand.
pub(crate) fn data(file: &str) -> Option<String> {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    // From the repository's root, and from a package inside it.
    let folders = ["../shared/data", "../../../shared/data"];
    folders.iter().find_map(|folder| std::fs::read_to_string(root.join(folder).join(file)).ok())
}

/// The trace; `None` where the data are absent.
pub(crate) fn load() -> Option<Openb> {
    let (nodes, pods) = (data("openb_nodes.csv")?, data("openb_pods_default.csv")?);
    let mut kinds: BTreeMap<NodeKind, u32> = BTreeMap::new();
    for row in rows(&nodes) {
        let kind = NodeKind {
            model: row.text("model").to_lowercase(),
            gpus: u16::try_from(row.number("gpu")).expect("few GPUs on a node"),
            cpu: row.number("cpu_milli"),
            memory: row.number("memory_mib"),
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let mut catalog = Catalog::builtin();
    let inventory = cluster(&mut catalog, kinds);
    let pods = rows(&pods).map(|row| pod(&catalog, &row)).collect();
    Some(with_total(inventory, pods))
}

/// A cluster of the same size and much the same mix, for machines without the data.
pub(crate) fn synthetic() -> Openb {
    let kind = |model: &str, gpus, cores: u64, gib: u64| NodeKind {
        model: model.to_owned(),
        gpus,
        cpu: cores * 1000,
        memory: gib * 1024,
    };
    let kinds = [
        (kind("a100", 8, 96, 384), 550),
        (kind("t4", 2, 96, 512), 400),
        (kind("", 0, 64, 256), 310),
        (kind("p100", 2, 64, 256), 133),
        (kind("v100-16gb", 4, 64, 256), 80),
        (kind("h100", 8, 128, 768), 50),
    ];
    let mut catalog = Catalog::builtin();
    let inventory = cluster(&mut catalog, kinds.into_iter().collect());
    let mut random = Random::new(6);
    let pod = |random: &mut Random| {
        let (count, milli) = match random.below(20) {
            0..3 => (0, 0),
            3..12 => (1, 1000),
            12..19 => (1, 50 * (1 + random.below(19) as u64)),
            _ => (8, 1000),
        };
        made(4000 + 1000 * random.below(8) as u64, (8 + random.below(24) as u64) * 1024 * MIB, count, milli, Vec::new())
    };
    let pods = (0..8000).map(|_| pod(&mut random)).collect();
    with_total(inventory, pods)
}

fn with_total(inventory: Inventory, pods: Vec<Pod>) -> Openb {
    let of = |pool: &siting::inventory::Pool| {
        let each = pool.def.shape.map_or(0, |shape| shape.gpu_thousandths());
        each * u64::from(pool.def.nodes.unwrap_or(0))
    };
    let gpus = inventory.fleet().pools().iter().map(of).sum();
    Openb { inventory, pods, gpus }
}

/// One cluster with a pool for each kind of node.
fn cluster(catalog: &mut Catalog, kinds: BTreeMap<NodeKind, u32>) -> Inventory {
    let mut pools = Vec::new();
    for (number, (kind, count)) in kinds.into_iter().enumerate() {
        pools.push(PoolDef {
            name: name(&format!("pool-{number:02}")),
            shape: Some(Shape {
                cpu: Cpu::milli_cores(kind.cpu),
                memory: Bytes::new(kind.memory * MIB),
                storage: None,
                bandwidth: None,
                gpus: kind.gpus,
                replicas: None,
            }),
            nodes: Some(count),
            cpu_flavor: catalog.flavor(FlavorKind::Cpu, "x86"),
            gpu_flavor: (kind.gpus > 0).then(|| gpu(catalog, &kind.model)),
            devices: Devices::default(),
            price: None,
            capacity: Capacity::OnDemand,
            attributes: AttributeSetId::default(),
            used: Used::default(),
            used_per_node: Vec::new(),
        });
    }
    let def = ClusterDef {
        name: name("openb"),
        provider: name("onprem"),
        country: catalog.country("cn").expect("a country"),
        location: None,
        zone: None,
        coordinates: None,
        labels: Default::default(),
        healthy: true,
        cordoned: false,
        observed_at: None,
        pools,
        origin: Origin::default(),
    };
    Inventory::new(catalog, vec![def]).expect("names differ")
}

/// The flavor of a model; the trace hides some of them behind names of its own (`G2`).
fn gpu(catalog: &mut Catalog, model: &str) -> FlavorId {
    let known = catalog.flavor(FlavorKind::Gpu, model);
    known.unwrap_or_else(|| {
        catalog.add_flavor(FlavorKind::Gpu, model, None, &[] as &[&str], None).expect("a code that is not known")
    })
}

fn pod(catalog: &Catalog, row: &Row<'_>) -> Pod {
    // `V100M16|V100M32`: any of these. No model: any at all.
    let models = row.text("gpu_spec").split('|').filter(|model| !model.is_empty());
    let code = |model: &str| {
        let flavor = catalog.flavor(FlavorKind::Gpu, model);
        flavor.map(Choice::Flavor).unwrap_or_else(|| panic!("`{model}` is on no node"))
    };
    let codes = models.map(code).collect();
    let (count, milli) = (row.number("num_gpu"), row.number("gpu_milli"));
    made(row.number("cpu_milli"), row.number("memory_mib") * MIB, count, milli, codes)
}

fn made(cpu: u64, memory: u64, count: u64, milli: u64, codes: Vec<Choice>) -> Pod {
    let share = u32::try_from(milli).ok().filter(|&milli| milli < GpuShare::WHOLE);
    let need = GpuNeed {
        count: u32::try_from(count).expect("few GPUs"),
        codes: codes.into(),
        memory: None,
        share: share.and_then(GpuShare::from_thousandths),
        slice: None,
    };
    let gpus = if count > 0 { vec![need] } else { Vec::new() };
    let resources = Resources {
        cpu: Cpu::milli_cores(cpu),
        memory: Bytes::new(memory),
        gpus: gpus.into_iter().collect(),
        ..Resources::default()
    };
    Pod { demand: Demand::stated(resources), gpu: count * milli }
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// A row of a table without quotes.
pub(crate) struct Row<'a> {
    header: &'a str,
    line: &'a str,
}

impl<'a> Row<'a> {
    /// The text of a column; empty where there is none.
    pub(crate) fn text(&self, column: &str) -> &'a str {
        let at = self.header.split(',').position(|found| found == column);
        at.and_then(|at| self.line.split(',').nth(at)).unwrap_or_default()
    }

    fn number(&self, column: &str) -> u64 {
        self.text(column).parse().unwrap_or_else(|_| panic!("`{column}` is not a number in: {}", self.line))
    }
}

/// The rows below the header.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    lines.map(move |line| Row { header, line })
}
