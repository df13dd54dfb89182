//! Clusters and their pools (I1).

use std::collections::HashMap;
use std::str::FromStr;

use super::super::spec::{ClusterSpec, MAX_GPUS, Metadata, PoolGpuSpec, PoolSpec, PoolsSpec, UsedSpec};
use super::shared::{choice, coordinates, given, kinds_on, native};
use crate::catalog::Axis;
use crate::document::{Fields, Item, quoted};
use crate::id::Name;
use crate::origin::{Origin, Problem, ProblemCode, Sourced};
use crate::quantity::{Bytes, Cpu, InvalidQuantity};

/// Reads a cluster.
pub(in super::super) fn cluster(document: Item<'_>) -> Option<ClusterSpec> {
    native(document, "a cluster's spec", spec)
}

fn spec(metadata: Metadata, mut fields: Fields<'_>) -> Option<ClusterSpec> {
    let provider = fields.required("provider").and_then(provider);
    let location = fields.optional("location").map(Item::reference);
    let country = fields.optional("country").map(Item::reference);
    let coordinates = fields.optional("coordinates").map(coordinates);
    let healthy = fields.optional("healthy").map_or(Some(true), Item::boolean);
    let cordoned = fields.optional("cordoned").map_or(Some(false), Item::boolean);
    let pools = pools(&mut fields);
    fields.finish();
    Some(ClusterSpec {
        metadata,
        provider: provider?,
        location: given(location)?,
        country: given(country)?,
        coordinates: given(coordinates)?,
        healthy: healthy?,
        cordoned: cordoned?,
        pools: pools?,
    })
}

/// A name without `/`, which parts a provider from its region.
fn provider(item: Item<'_>) -> Option<Sourced<Name>> {
    let name = item.name()?;
    if name.as_str().contains('/') {
        item.problem(ProblemCode::InvalidValue, "a provider holds no `/`", "write the region as `location`");
        return None;
    }
    Some(name)
}

fn pools(fields: &mut Fields<'_>) -> Option<PoolsSpec> {
    let pools = fields.optional("pools");
    let flavors = fields.optional("flavors");
    let read_pools = pools.map(|list| list.nonempty(pool));
    let read_flavors = flavors.map(|list| list.nonempty(|item| choice(item, &kinds_on(Axis::Flavor))));
    match (read_pools, read_flavors) {
        (Some(pools), None) => without_twins(fields, pools?).map(PoolsSpec::Pools),
        (None, Some(flavors)) => flavors.map(PoolsSpec::Flavors),
        (Some(_), Some(_)) => {
            let help = "`pools` says which flavors there are; `flavors` alone is the short form without capacity";
            if let Some(flavors) = flavors {
                flavors.problem(ProblemCode::InvalidValue, "a cluster has `pools` or `flavors`, not both", help);
            }
            None
        }
        (None, None) => {
            let help = "list `pools`, or just the `flavors` that it serves without limit";
            fields.problem(ProblemCode::MissingField, "a cluster's spec needs `pools` or `flavors`", Some(help));
            None
        }
    }
}

/// The pools, if no two share a name.
fn without_twins(fields: &Fields<'_>, pools: Vec<PoolSpec>) -> Option<Vec<PoolSpec>> {
    let mut first: HashMap<&str, &Origin> = HashMap::new();
    let mut twins = false;
    for PoolSpec { name, .. } in &pools {
        if let Some(earlier) = first.insert(name.as_str(), &name.origin) {
            let problem = Problem::new(
                ProblemCode::Duplicate,
                &name.origin,
                format!("a cluster has two pools `{}`", name.as_str()),
            );
            fields.report(problem.help("give each its own name").related(earlier, "first written here"));
            twins = true;
        }
    }
    (!twins).then_some(pools)
}

fn pool(item: Item<'_>) -> Option<PoolSpec> {
    let mut fields = item.object("a pool")?;
    let name = fields.required("name").and_then(Item::name);
    let nodes = fields.required("nodes").and_then(nodes);
    let cpu_flavor = fields.optional("cpuFlavor").map(Item::reference);
    let cpu = fields.required("cpu").and_then(|item| nonzero(item, Cpu::get));
    let memory = fields.required("memory").and_then(|item| nonzero(item, Bytes::get));
    let storage = fields.optional("storage").map(Item::quantity);
    let bandwidth = fields.optional("bandwidth").map(Item::quantity);
    let gpu = fields.optional("gpu").map(gpu);
    let price_per_hour = fields.optional("pricePerHour").map(Item::quantity);
    let spot = fields.optional("spot").map_or(Some(false), Item::boolean);
    let used = fields.optional("used").map_or_else(|| Some(item.sourced(UsedSpec::default())), used);
    if cpu_flavor.is_none() && gpu.is_none() {
        let help = "say what its nodes are, such as `cpuFlavor: x86`";
        fields.problem(ProblemCode::MissingField, "a pool needs `cpuFlavor`, `gpu` or both", Some(help));
    }
    fields.finish();
    (cpu_flavor.is_some() || gpu.is_some()).then_some(())?;
    // What is written but unreadable must not turn into "not stated".
    Some(PoolSpec {
        name: name?,
        nodes: nodes?,
        cpu_flavor: given(cpu_flavor)?,
        cpu: cpu?,
        memory: memory?,
        storage: given(storage)?,
        bandwidth: given(bandwidth)?,
        gpu: given(gpu)?,
        price_per_hour: given(price_per_hour)?,
        spot: spot?,
        used: used?,
    })
}

/// A number of nodes, from 1, or `unlimited`.
fn nodes(item: Item<'_>) -> Option<Option<u32>> {
    if item.is("unlimited") { Some(None) } else { item.whole(1..=i64::from(u32::MAX)).map(Some) }
}

/// A quantity above zero: a node of nothing could hold nothing.
fn nonzero<Q: FromStr<Err = InvalidQuantity> + Copy>(item: Item<'_>, get: fn(Q) -> u64) -> Option<Q> {
    let quantity: Q = item.quantity()?;
    if get(quantity) > 0 {
        return Some(quantity);
    }
    item.problem(ProblemCode::OutOfRange, "a node has more than nothing of it", "write what one node has, above zero");
    None
}

fn gpu(item: Item<'_>) -> Option<PoolGpuSpec> {
    let mut fields = item.object("a pool's gpu")?;
    let code = fields.required("type").and_then(Item::reference);
    let count = fields.required("count").and_then(|item| item.whole(1..=i64::from(MAX_GPUS)));
    fields.finish();
    Some(PoolGpuSpec { code: code?, count: count? })
}

fn used(item: Item<'_>) -> Option<Sourced<UsedSpec>> {
    let mut fields = item.object("a pool's used")?;
    let cpu = fields.optional("cpu").map(Item::quantity);
    let memory = fields.optional("memory").map(Item::quantity);
    let storage = fields.optional("storage").map(Item::quantity);
    let bandwidth = fields.optional("bandwidth").map(Item::quantity);
    let gpu = fields.optional("gpu").map(gpus);
    fields.finish();
    Some(item.sourced(UsedSpec {
        cpu: given(cpu)?.unwrap_or_default(),
        memory: given(memory)?.unwrap_or_default(),
        storage: given(storage)?.unwrap_or_default(),
        bandwidth: given(bandwidth)?.unwrap_or_default(),
        gpu_thousandths: given(gpu)?.unwrap_or_default(),
    }))
}

/// A number of GPUs in thousandths; shares leave fractions.
fn gpus(item: Item<'_>) -> Option<u64> {
    let text = item.text()?;
    // Cores and GPUs are written alike, but for the unit of thousandths.
    let thousandths = text.parse::<Cpu>().ok().filter(|_| !text.ends_with('m')).map(Cpu::get);
    if thousandths.is_none() {
        let message = format!("{} is not a number of GPUs", quoted(text));
        item.problem(
            ProblemCode::InvalidValue,
            message,
            "write a number with at most three decimals, such as `2` or `0.25`",
        );
    }
    thousandths
}
