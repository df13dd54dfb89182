//! Clusters and their pools (I1), and the replicas that run in them (I4).

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use super::known::{Country, CpuFlavor, GpuFlavor};
use super::policy::Hardware;
use super::{ChoiceSpec, Metadata, OfDocument};
use crate::catalog::{Capacity, folded};
use crate::document::{
    Every, Field, FieldShape, Fields, Format, Item, Map, Nonempty, OrUnlimited, Record, RecordShape, Reference, Rule,
    Shape, Whole, Written, document, quoted,
};
use crate::id::Name;
use crate::inventory::{Slice, SliceNeed};
use crate::origin::{Origin, Problem, ProblemCode, Sourced};
use crate::quantity::{Amount, Bandwidth, Bytes, Coordinates, Cpu, GpuShare, Money};
use crate::time::Moment;

document! {
    /// A cluster (I1).
    #[derive(Clone, PartialEq, Debug)]
    pub struct ClusterSpec "a cluster's spec" {
        /// Its name and labels.
        metadata: Metadata as OfDocument,
        /// The provider that runs it; its name cannot contain `/`.
        provider: Sourced<Name> as Sourced<Provider>,
        /// The region, without the provider.
        location: Option<Sourced<String>> as Option<Sourced<Reference>>,
        /// The country; may be absent where the location is known (C7).
        country: Option<Sourced<String>> as Option<Sourced<Country>>,
        /// The part of the location, such as `us-east-1a`: a domain to spread over, and no place to name in a policy (C7).
        zone: Option<Sourced<Name>>,
        /// Where it stands: latitude and longitude in degrees.
        coordinates: Option<Coordinates>,
        /// Whether it is healthy; if not, it is no candidate (I3).
        healthy: bool = true,
        /// Whether it is closed to new work (I3).
        cordoned: bool = false,
        /// What it bears with all its pools: names that the workspace declares (P15).
        attributes: Vec<Sourced<Name>> = Vec::new(),
        /// When this was observed; with the workspace's `maxAge`, it counts for so long (I8).
        observed_at: Option<Moment>,
        /// What it has.
        pools: PoolsSpec as PoolsOrFlavors,
    }
    rule Rule::One(vec!["pools", "flavors"]);
}

/// What a cluster has: pools, or (the short form) just the flavors it serves without limit.
#[derive(Clone, PartialEq, Debug)]
pub enum PoolsSpec {
    /// Pools of nodes; never empty.
    Pools(Vec<PoolSpec>),
    /// One unlimited pool without a shape for each flavor; never empty.
    Flavors(Vec<Sourced<ChoiceSpec>>),
}

impl PoolsSpec {
    /// How many pools these are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Pools(pools) => pools.len(),
            Self::Flavors(flavors) => flavors.len(),
        }
    }
}

/// The most GPUs that one node can have.
pub(crate) const MAX_GPUS: u32 = 1024;

document! {
    /// A pool of equal nodes.
    #[derive(Clone, PartialEq, Debug)]
    pub struct PoolSpec "a pool" {
        /// Its name, unique in the cluster.
        name: Sourced<Name>,
        /// How many nodes, 0 for a pool that is scaled to zero, or `unlimited`.
        nodes: Option<u32> as OrUnlimited<0>,
        /// The cpu flavor.
        cpu_flavor: Option<Sourced<String>> as Option<Sourced<CpuFlavor>>,
        /// Cores of one node.
        cpu: Cpu as AboveZero<Cpu>,
        /// Memory of one node, with a unit.
        memory: Bytes as AboveZero<Bytes>,
        /// Storage of one node; no limit if absent.
        storage: Option<Bytes>,
        /// Bandwidth of one node; no limit if absent.
        bandwidth: Option<Bandwidth>,
        /// GPUs of one node.
        gpu: Option<PoolGpuSpec> as Option<PoolGpu>,
        /// Price of a node for an hour, such as `"0.526"`.
        price_per_hour: Option<Money>,
        /// How its nodes are bought: `on-demand` where nothing is said. `spot: true` is read as `capacity: spot`.
        capacity: Capacity as CapacityOrSpot,
        /// What it bears beside what its cluster does (P15).
        attributes: Vec<Sourced<Name>> = Vec::new(),
        /// The most replicas on one node; absent limits nothing.
        replicas_per_node: Option<u32> as Option<Whole<1>>,
        /// What is in use already, over all nodes.
        used: Sourced<UsedSpec> = Sourced::from(UsedSpec::default()),
        /// Instead of `used`: what is in use node by node, from the first on.
        used_per_node: Vec<Sourced<NodeUsedSpec>> as Every<Sourced<NodeUsedSpec>> = Vec::new(),
    }
    check says_what_its_nodes_are(cpu_flavor, gpu);
    check says_once_what_is_used(used, used_per_node);
    rule Rule::Some(&["cpuFlavor", "gpu"]);
    rule Rule::NotBoth("used", "usedPerNode");
}

fn says_once_what_is_used(_: &Sourced<UsedSpec>, _: &[Sourced<NodeUsedSpec>], pool: &Fields<'_>) -> Option<()> {
    if pool.has("used") && pool.has("usedPerNode") {
        let help = "leave `used` out: the list says what is in use on each node";
        let message = "a pool has `used` or `usedPerNode`, not both";
        return pool.refuse("usedPerNode", ProblemCode::InvalidValue, message, help);
    }
    Some(())
}

/// `capacity`, or `spot: true` as short for one of its values.
struct CapacityOrSpot;

impl Field<Capacity> for CapacityOrSpot {
    fn take(fields: &mut Fields<'_>, key: &'static str) -> Option<Capacity> {
        let stated = <Option<Capacity> as Field<_>>::take(fields, key);
        let spot = fields.optional("spot").map(|item| (item, <bool as Format<_>>::read(item)));
        let Some((item, read)) = spot else { return stated.map(Option::unwrap_or_default) };
        let (stated, spot) = (stated?, read?);
        match stated {
            Some(capacity) if spot != (capacity == Capacity::Spot) => {
                let message = format!("`spot: {spot}` contradicts `capacity: {capacity}`");
                item.problem(ProblemCode::InvalidValue, message, "leave `spot` out");
                None
            }
            Some(capacity) => Some(capacity),
            None if spot => Some(Capacity::Spot),
            None => Some(Capacity::OnDemand),
        }
    }

    fn put(value: &Capacity, key: &'static str, map: Map) -> Map {
        map.maybe(key, (*value != Capacity::default()).then(|| value.as_str()))
    }

    fn describe(field: FieldShape, record: &mut RecordShape) {
        record.add(field.or(Capacity::default().as_str().into()), <Capacity as Format<_>>::shape());
        record.add(FieldShape::new("spot", &["Short for `capacity: spot`."]), Shape::Boolean);
        let others = Capacity::ALL.into_iter().filter(|other| *other != Capacity::Spot).collect();
        for (is, fitting) in [("true", vec![Capacity::Spot]), ("false", others)] {
            let words = Shape::Words(fitting.into_iter().map(Capacity::as_str).collect());
            let (key, is, narrowed) = ("spot", vec![is], vec![("capacity", words)]);
            let (needs, lacks) = (Vec::new(), Vec::new());
            record.rules.push(Rule::Where { key, is, or_absent: false, needs, lacks, narrowed });
        }
    }
}

fn says_what_its_nodes_are(
    cpu_flavor: &Option<Sourced<String>>,
    gpu: &Option<PoolGpuSpec>,
    pool: &Fields<'_>,
) -> Option<()> {
    if cpu_flavor.is_none() && gpu.is_none() {
        let help = "say what its nodes are, such as `cpuFlavor: x86`";
        pool.problem(ProblemCode::MissingField, "a pool needs `cpuFlavor`, `gpu`, or both", Some(help));
        return None;
    }
    Some(())
}

document! {
    /// The GPUs of a pool's node.
    #[derive(Clone, PartialEq, Debug)]
    pub struct PoolGpuSpec "a pool's gpu" {
        /// Family or variant.
        #[key = "type"]
        code: Sourced<String> as Sourced<GpuFlavor>,
        /// The part of a device that each is: a share such as `1/8`, or a partition's profile such as `1g.5gb` (I7).
        slice: Option<Slice> as Option<SliceText<Slice>>,
        /// Memory of each; absent is what is known of the flavor, or its part of that.
        memory: Option<Bytes> as Option<AboveZero<Bytes>>,
        /// How many on one node, from 1 to 1,024.
        count: u32 as DeviceCount,
    }
}

document! {
    /// What of a pool is in use, over all nodes; filled from the first node on (I1).
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct UsedSpec "a pool's usage" {
        /// Cores.
        cpu: Cpu = Cpu::default(),
        /// Memory with a unit.
        memory: Bytes = Bytes::default(),
        /// Storage with a unit.
        storage: Bytes = Bytes::default(),
        /// Network bandwidth.
        bandwidth: Bandwidth = Bandwidth::default(),
        /// GPUs, such as `2` or `0.25`, kept in thousandths.
        #[key = "gpu"]
        gpu_thousandths: u64 as Gpus = 0,
    }
}

document! {
    /// What of one node is in use (I1).
    #[derive(Clone, PartialEq, Eq, Debug, Default)]
    pub struct NodeUsedSpec "what is used of a node" {
        /// Of its resources.
        used: UsedSpec as Beside,
        /// Replicas that run on it.
        replicas: u32 = 0,
    }
}

/// What is used, among the other fields of a node.
struct Beside;

impl Field<UsedSpec> for Beside {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<UsedSpec> {
        UsedSpec::take_fields(fields)
    }

    fn put(value: &UsedSpec, _: &'static str, map: Map) -> Map {
        value.put_fields(map)
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        UsedSpec::describe_fields(record);
    }
}

document! {
    /// Replicas that run now (I4): a `Placement` document.
    #[derive(Clone, PartialEq, Debug)]
    pub struct RunningSpec "a placement's spec" {
        /// Its name and labels.
        metadata: Metadata as OfDocument,
        /// The deployment, as `workload/name`.
        deployment: Sourced<String> as Sourced<Reference>,
        /// The cluster.
        cluster: Sourced<String> as Sourced<Reference>,
        /// The pool.
        pool: Sourced<String> as Sourced<Reference>,
        /// How many, from 1.
        replicas: u32 as Whole<1>,
    }
}

/// The GPUs of a node, always written out.
struct PoolGpu;

impl Format<PoolGpuSpec> for PoolGpu {
    fn read(item: Item<'_>) -> Option<PoolGpuSpec> {
        if let Some(text) = item.scalar() {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            let (code, count) = if is_number { ("…", text) } else { (text, "1") };
            item.not_a_mapping(format!("write `{{type: {code}, count: {count}}}`"));
            return None;
        }
        PoolGpuSpec::read(item)
    }

    fn write(value: &PoolGpuSpec) -> Written {
        PoolGpuSpec::write(value)
    }

    fn shape() -> Shape {
        PoolGpuSpec::shape()
    }
}

/// A name without `/`, which parts a provider from its region.
pub(super) struct Provider;

impl Format<Name> for Provider {
    fn read(item: Item<'_>) -> Option<Name> {
        let name = item.name()?.value;
        // Names of places are read without regard to width, so what becomes a `/` is one.
        if folded(name.as_str()).contains('/') {
            item.problem(
                ProblemCode::InvalidValue,
                "a provider's name cannot contain `/`",
                "write the region as `location`",
            );
            return None;
        }
        Some(name)
    }

    fn write(value: &Name) -> Written {
        value.as_str().into()
    }

    fn shape() -> Shape {
        Shape::Unslashed
    }
}

/// `pools`, or the short form `flavors`.
struct PoolsOrFlavors;

impl Field<PoolsSpec> for PoolsOrFlavors {
    fn take(fields: &mut Fields<'_>, _: &'static str) -> Option<PoolsSpec> {
        let (pools, flavors) = (fields.optional("pools"), fields.optional("flavors"));
        let read_pools = pools.map(<Nonempty<PoolSpec>>::read);
        let read_flavors = flavors.map(<Nonempty<Hardware>>::read);
        match (read_pools, read_flavors) {
            (Some(pools), None) => without_twins(fields, pools?).map(PoolsSpec::Pools),
            (None, Some(flavors)) => flavors.map(PoolsSpec::Flavors),
            (Some(_), Some(_)) => {
                let message = "a cluster has `pools` or `flavors`, not both";
                let help = "`pools` says which flavors there are; `flavors` alone is the short form without capacity";
                fields.refuse("flavors", ProblemCode::InvalidValue, message, help);
                None
            }
            (None, None) => {
                let help = "list `pools`, or just the `flavors` that it serves without limit";
                fields.problem(ProblemCode::MissingField, "a cluster's spec needs `pools` or `flavors`", Some(help));
                None
            }
        }
    }

    fn put(value: &PoolsSpec, _: &'static str, map: Map) -> Map {
        match value {
            PoolsSpec::Pools(pools) => map.with("pools", Written::list(pools, PoolSpec::write)),
            PoolsSpec::Flavors(flavors) => map.with("flavors", Written::list(flavors, Hardware::write)),
        }
    }

    fn describe(_: FieldShape, record: &mut RecordShape) {
        let pools = <Nonempty<PoolSpec> as Format<Vec<PoolSpec>>>::shape();
        record.add(FieldShape::new("pools", &["Its pools of nodes."]), pools);
        let flavors = <Nonempty<Hardware> as Format<Vec<Sourced<ChoiceSpec>>>>::shape();
        record.add(FieldShape::new("flavors", &["The flavors that it serves without limit."]), flavors);
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

/// `[latitude, longitude]` in degrees.
impl Format<Coordinates> for Coordinates {
    fn read(item: Item<'_>) -> Option<Coordinates> {
        let degrees = item.list(|item| {
            let micros = Coordinates::micro_degrees(item.text()?);
            if micros.is_none() {
                let message = "a coordinate must be a decimal number of degrees";
                item.problem(ProblemCode::InvalidValue, message, "write at most six decimals, such as `-77.4`");
            }
            Some(micros)
        })?;
        let [latitude, longitude] = degrees[..] else {
            let message = format!("`coordinates` must have two numbers, not {}", degrees.len());
            item.problem(ProblemCode::InvalidValue, message, "write `[latitude, longitude]`");
            return None;
        };
        let coordinates = Coordinates::from_micro_degrees(latitude?, longitude?);
        if coordinates.is_none() {
            let help = "latitude is from -90 to 90, longitude from -180 to 180";
            item.problem(ProblemCode::OutOfRange, "`coordinates` is out of range", help);
        }
        coordinates
    }

    fn write(value: &Coordinates) -> Written {
        let degrees = |micros: i32| {
            let degrees = f64::from(micros) / 1e6;
            // Serialisers give tiny numbers an exponent, which is not a notation that is read.
            if micros != 0 && micros.unsigned_abs() < 1000 { Written::text(degrees) } else { Written::Decimal(degrees) }
        };
        Written::List(vec![degrees(value.latitude()), degrees(value.longitude())])
    }

    fn shape() -> Shape {
        Shape::Coordinates
    }
}

/// An amount above zero.
struct AboveZero<F>(std::marker::PhantomData<F>);

impl<T: Amount + Default + PartialEq, F: Format<T>> Format<T> for AboveZero<F> {
    fn read(item: Item<'_>) -> Option<T> {
        let amount = F::read(item)?;
        if amount != T::default() {
            return Some(amount);
        }
        let help = "write how much one node has";
        item.problem(ProblemCode::OutOfRange, "the amount on a node must be greater than zero", help);
        None
    }

    fn write(value: &T) -> Written {
        F::write(value)
    }

    fn shape() -> Shape {
        match F::shape() {
            Shape::Amount { units, .. } => Shape::Amount { units, above_zero: true },
            shape => shape,
        }
    }
}

/// A slice, or which one is demanded.
pub(super) struct SliceText<T>(std::marker::PhantomData<T>);

/// What can stand as a slice.
pub(super) trait Sliced: FromStr + fmt::Display {
    const PATTERN: &'static str;
    const HELP: &'static str;
}

impl Sliced for Slice {
    const PATTERN: &'static str = r"^([1-9][0-9]{0,3}/[1-9][0-9]{0,3}|[1-9]g\.[1-9][0-9]{0,3}gb(\+me)?)$";
    const HELP: &'static str = "write a share such as `1/8`, below the whole, or a profile such as `1g.5gb`";
}

impl Sliced for SliceNeed {
    const PATTERN: &'static str = r"^(any|[1-9][0-9]{0,3}/[1-9][0-9]{0,3}|[1-9]g\.[1-9][0-9]{0,3}gb(\+me)?)$";
    const HELP: &'static str = "write `any`, a profile such as `1g.5gb`, or a share such as `1/8`";
}

impl<T: Sliced> Format<T> for SliceText<T> {
    fn read(item: Item<'_>) -> Option<T> {
        let text = item.text()?;
        let slice = text.parse().ok();
        if slice.is_none() {
            item.problem(ProblemCode::InvalidValue, format!("{} is no slice", quoted(text)), T::HELP);
        }
        slice
    }

    fn write(value: &T) -> Written {
        Written::text(value)
    }

    fn shape() -> Shape {
        Shape::Pattern(T::PATTERN)
    }
}

/// A whole number of devices; who has a part of one is told how that is written.
struct DeviceCount;

impl Format<u32> for DeviceCount {
    fn read(item: Item<'_>) -> Option<u32> {
        if let Some(part) = part_of_one(item) {
            part_is_no_count(item, format!("write `count: 1` and `slice: {part}`"));
            return None;
        }
        <Whole<1, { MAX_GPUS as i64 }>>::read(item)
    }

    fn write(value: &u32) -> Written {
        (*value).into()
    }

    fn shape() -> Shape {
        Shape::Whole { from: 1, to: i64::from(MAX_GPUS) }
    }
}

/// The part of a device that a count such as `0.25` means: `1/4`. Of `0.333` it is a third.
pub(super) fn part_of_one(item: Item<'_>) -> Option<Slice> {
    let thousandths = item.scalar()?.parse::<GpuShare>().ok()?.thousandths();
    let rounded = |parts: u32, of: u32| (2000 * parts + of) / (2 * of);
    let share = |of: u16| {
        let parts = (thousandths * u32::from(of) + 500) / 1000;
        let parts = u16::try_from(parts).ok()?;
        (rounded(parts.into(), of.into()) == thousandths).then(|| Slice::share(parts, of))?
    };
    (2..=1000).find_map(share)
}

/// Says that a count is no part of a device, and what would be.
pub(super) fn part_is_no_count(item: Item<'_>, help: String) {
    let message =
        format!("`count` is a whole number; {} is a part of one GPU", quoted(item.scalar().unwrap_or_default()));
    item.problem(ProblemCode::InvalidValue, message, help);
}

/// A number of GPUs in thousandths; shares leave fractions.
struct Gpus;

impl Format<u64> for Gpus {
    fn read(item: Item<'_>) -> Option<u64> {
        let text = item.text()?;
        // Cores and GPUs are written alike, but for the unit of thousandths.
        let thousandths = text.parse::<Cpu>().ok().filter(|_| !text.ends_with('m')).map(Cpu::get);
        if thousandths.is_none() {
            let help = "write a number with at most three decimals, such as `2` or `0.25`";
            item.problem(ProblemCode::InvalidValue, format!("{} is not a number of GPUs", quoted(text)), help);
        }
        thousandths
    }

    fn write(value: &u64) -> Written {
        let text = format!("{}.{:03}", value / 1000, value % 1000);
        Written::text(text.trim_end_matches('0').trim_end_matches('.'))
    }

    fn shape() -> Shape {
        Shape::Amount { units: &[("", 1000)], above_zero: false }
    }
}
