//! What one replica takes (D1).

use super::known::{CpuFlavor, GpuFlavor};
use crate::document::{
    FieldShape, Fields, Format, Item, Map, Nonempty, Record, RecordShape, Rule, Shape, Written, document,
};
use crate::origin::ProblemCode::{InvalidValue, OutOfRange};
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
        count: u32,
        /// Family or variant.
        #[key = "type"]
        code: Option<Sourced<String>> as Option<Sourced<GpuFlavor>>,
        /// The least memory of one GPU.
        memory: Option<Bytes>,
        /// A share of one GPU, such as `0.25`; `count` must be 1 then.
        share: Option<GpuShare>,
    }
    check counts_what_it_describes(count, code, memory, share);
    rule Rule::Where {
        key: "count",
        is: &["0"],
        or_absent: false,
        needs: Vec::new(),
        lacks: &["type", "memory", "share"],
        narrowed: Vec::new(),
    };
    rule Rule::With { key: "share", narrowed: vec![("count", Shape::Whole { from: 1, to: 1 })] };
}

fn counts_what_it_describes(
    count: &u32,
    code: &Option<Sourced<String>>,
    memory: &Option<Bytes>,
    share: &Option<GpuShare>,
    need: &Fields<'_>,
) -> Option<()> {
    if *count == 0 && (code.is_some() || memory.is_some() || share.is_some()) {
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
        let alone = !["count", "type", "memory", "share"].map(|name| fields.optional(name).is_some()).contains(&true);
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
