//! What one replica takes (D1).

use super::cluster::{SliceText, part_is_no_count, part_of_one};
use super::known::{CpuFlavor, GpuFlavor};
use crate::document::{
    Every, FieldShape, Fields, Format, Item, Map, Nonempty, Record, RecordShape, Rule, Shape, Written, document,
};
use crate::inventory::SliceNeed;
use crate::origin::ProblemCode::{EmptyList, InvalidValue, OutOfRange};
use crate::origin::Sourced;
use crate::quantity::{Bandwidth, Bytes, Cpu, GpuShare};

document! {
    /// What one replica takes.
    #[derive(Clone, PartialEq, Debug)]
    pub struct ResourcesSpec "a resource demand" {
        /// Cores, such as `4`, `1.5` or `500m`.
        cpu: Cpu,
        /// Memory with a unit, such as `16Gi`.
        memory: Bytes,
        /// Storage with a unit, such as `200Gi`.
        storage: Option<Bytes>,
        /// Network bandwidth, such as `1Gbps`.
        bandwidth: Option<Bandwidth>,
        /// The host's cpu flavor, also of GPU work.
        cpu_type: Option<Sourced<String>> as Option<Sourced<CpuFlavor>>,
        /// GPUs; without them it needs a cpu flavor.
        gpu: Option<GpuSpec>,
    }
}

/// GPUs that one replica takes.
#[derive(Clone, PartialEq, Debug)]
pub enum GpuSpec {
    /// One way to satisfy it.
    One(GpuNeedSpec),
    /// Several: the first under which all replicas fit is taken. Never empty.
    AnyOf(Vec<GpuNeedSpec>),
}

document! {
    /// One way to satisfy a demand for GPUs.
    #[derive(Clone, PartialEq, Debug)]
    pub struct GpuNeedSpec "a gpu demand" {
        /// How many; 0 (alone) is no GPU.
        count: u32 as NeedCount,
        /// Family or variant, or several of which any will do.
        #[key = "type"]
        types: Vec<Sourced<String>> as OneOrSeveral = Vec::new(),
        /// The least memory of one GPU.
        memory: Option<Bytes>,
        /// A share of one GPU, such as `0.25`; `count` must be 1 then.
        share: Option<GpuShare>,
        /// A slice of a device instead of a whole GPU: `any`, a profile such as `1g.5gb`, or a share such as `1/8`.
        slice: Option<SliceNeed> as Option<SliceText<SliceNeed>>,
    }
    check counts_what_it_describes(count, types, memory, share);
    check is_share_or_slice(count, share, slice);
    rule Rule::NotBoth("share", "slice");
    rule Rule::Where {
        key: "count",
        is: vec!["0"],
        or_absent: false,
        needs: Vec::new(),
        lacks: vec!["type", "memory", "share", "slice"],
        narrowed: Vec::new(),
    };
    rule Rule::With { key: "share", narrowed: vec![("count", Shape::Whole { from: 1, to: 1 })] };
}

fn counts_what_it_describes(
    count: &u32,
    types: &[Sourced<String>],
    memory: &Option<Bytes>,
    share: &Option<GpuShare>,
    need: &Fields<'_>,
) -> Option<()> {
    if *count == 0 && (!types.is_empty() || memory.is_some() || share.is_some()) {
        let help = "leave out `type`, `memory` and `share`, or ask for at least one";
        return need.refuse("count", InvalidValue, "no GPUs are asked for, but they are described", help);
    }
    if *count != 1 && share.is_some() {
        let help = "write `count: 1`, or leave `share` out";
        return need.refuse("share", InvalidValue, "a share needs `count: 1`", help);
    }
    Some(())
}

/// How GPUs are written of which only the number or the type stands there.
pub(super) fn gpus_written_out(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("write `{{count: {text}}}`, and `type: …` beside it where it matters")
    } else {
        format!("write `{{type: {text}, count: 1}}`")
    }
}

fn is_share_or_slice(
    count: &u32,
    share: &Option<GpuShare>,
    slice: &Option<SliceNeed>,
    need: &Fields<'_>,
) -> Option<()> {
    if slice.is_some() && share.is_some() {
        let help = "leave `share` out: a slice is served whole";
        return need.refuse("slice", InvalidValue, "a demand has `slice` or `share`, not both", help);
    }
    if slice.is_some() && *count == 0 {
        let help = "leave `slice` out, or ask for at least one";
        return need.refuse("count", InvalidValue, "no GPUs are asked for, but a slice is described", help);
    }
    Some(())
}

/// A whole number of GPUs; who wants a part of one is told how that is written.
struct NeedCount;

impl Format<u32> for NeedCount {
    fn read(item: Item<'_>) -> Option<u32> {
        if let (Some(part), Some(text)) = (part_of_one(item), item.scalar()) {
            part_is_no_count(
                item,
                format!("write `count: 1` and `share: {text}`; or `slice: {part}` for a slice of its own"),
            );
            return None;
        }
        u32::read(item)
    }

    fn write(value: &u32) -> Written {
        u32::write(value)
    }

    fn shape() -> Shape {
        <u32 as Format<u32>>::shape()
    }
}

/// A text where there is one, a list where there are several. What cannot be read must not widen a demand.
struct OneOrSeveral;

impl Format<Vec<Sourced<String>>> for OneOrSeveral {
    fn read(item: Item<'_>) -> Option<Vec<Sourced<String>>> {
        if !item.is_list() {
            return <Sourced<GpuFlavor>>::read(item).map(|name| vec![name]);
        }
        let listed = <Every<Sourced<GpuFlavor>>>::read(item)?;
        if listed.is_empty() {
            item.problem(EmptyList, "`type` is empty", "name at least one, or leave `type` out");
        }
        (!listed.is_empty()).then_some(listed)
    }

    fn write(value: &Vec<Sourced<String>>) -> Written {
        match &value[..] {
            [only] => <Sourced<GpuFlavor>>::write(only),
            several => Written::list(several, <Sourced<GpuFlavor>>::write),
        }
    }

    fn shape() -> Shape {
        let one = <Sourced<GpuFlavor> as Format<Sourced<String>>>::shape();
        let several = <Nonempty<Sourced<GpuFlavor>> as Format<Vec<Sourced<String>>>>::shape();
        Shape::Either(vec![one, several])
    }
}

impl Format<GpuSpec> for GpuSpec {
    fn read(item: Item<'_>) -> Option<GpuSpec> {
        if let Some(text) = item.scalar() {
            item.not_a_mapping(gpus_written_out(text));
            return None;
        }
        let mut fields = item.object(GpuNeedSpec::WHAT)?;
        let Some(any_of) = fields.optional("anyOf") else {
            let one = GpuNeedSpec::take_fields(&mut fields);
            fields.finish();
            return one.map(GpuSpec::One);
        };
        let alone =
            !["count", "type", "memory", "share", "slice"].map(|name| fields.optional(name).is_some()).contains(&true);
        if !alone {
            any_of.problem(
                InvalidValue,
                "`anyOf` cannot be combined with other fields",
                "move the other fields into its alternatives",
            );
        }
        fields.finish();
        let needs = <Nonempty<Alternative>>::read(any_of)?;
        alone.then_some(GpuSpec::AnyOf(needs))
    }

    fn write(value: &GpuSpec) -> Written {
        match value {
            GpuSpec::One(need) => GpuNeedSpec::write(need),
            GpuSpec::AnyOf(needs) => Map::default().with("anyOf", Written::list(needs, GpuNeedSpec::write)).into(),
        }
    }

    fn shape() -> Shape {
        let mut several = RecordShape::new(GpuNeedSpec::WHAT);
        let any_of = FieldShape::new("anyOf", &["Alternatives: the first under which all replicas fit is taken."]);
        several.add(any_of.required(), <Nonempty<Alternative> as Format<Vec<GpuNeedSpec>>>::shape());
        Shape::Either(vec![GpuNeedSpec::shape(), Shape::Record(several)])
    }
}

/// One of several alternatives: each asks for at least one GPU.
struct Alternative;

impl Format<GpuNeedSpec> for Alternative {
    fn read(item: Item<'_>) -> Option<GpuNeedSpec> {
        let mut fields = item.object("a gpu alternative")?;
        let none = fields.word("count") == Some("0");
        if none {
            fields.refuse("count", OutOfRange, "`count` cannot be `0`", "write a whole number from 1 to 4294967295");
        }
        let need = GpuNeedSpec::take_fields(&mut fields);
        fields.finish();
        need.filter(|_| !none)
    }

    fn write(value: &GpuNeedSpec) -> Written {
        GpuNeedSpec::write(value)
    }

    fn shape() -> Shape {
        let mut alternative = RecordShape::new("a gpu alternative");
        GpuNeedSpec::describe_fields(&mut alternative);
        alternative.narrow("count", Shape::Whole { from: 1, to: u32::MAX.into() });
        Shape::Record(alternative)
    }
}
