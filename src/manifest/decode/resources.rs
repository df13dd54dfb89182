//! What one replica takes (D1).

use super::super::spec::{GpuNeedSpec, GpuSpec, ResourcesSpec};
use super::shared::given;
use crate::document::{Fields, Item};
use crate::origin::ProblemCode;

/// Reads `resources`.
pub(super) fn resources(item: Item<'_>) -> Option<ResourcesSpec> {
    let mut fields = item.object("resources")?;
    let cpu = fields.required("cpu").and_then(Item::quantity);
    let memory = fields.required("memory").and_then(Item::quantity);
    let storage = fields.optional("storage").map(Item::quantity);
    let bandwidth = fields.optional("bandwidth").map(Item::quantity);
    let cpu_type = fields.optional("cpuType").map(Item::reference);
    let gpu = fields.optional("gpu").map(gpu);
    fields.finish();
    Some(ResourcesSpec {
        cpu: cpu?,
        memory: memory?,
        storage: given(storage)?,
        bandwidth: given(bandwidth)?,
        cpu_type: given(cpu_type)?,
        gpu: given(gpu)?,
    })
}

fn gpu(item: Item<'_>) -> Option<GpuSpec> {
    let mut fields = item.object("a gpu demand")?;
    let Some(any_of) = fields.optional("anyOf") else {
        return need(fields, 0).map(GpuSpec::One);
    };
    let alone = !["count", "type", "memory", "share"].map(|name| fields.optional(name).is_some()).contains(&true);
    if !alone {
        any_of.problem(
            ProblemCode::InvalidValue,
            "`anyOf` stands alone",
            "move the other fields into its alternatives",
        );
    }
    fields.finish();
    let needs = any_of.nonempty(|item| need(item.object("a gpu alternative")?, 1))?;
    alone.then_some(GpuSpec::AnyOf(needs))
}

/// One way to satisfy the demand, with at least `least` GPUs.
fn need(mut fields: Fields<'_>, least: i64) -> Option<GpuNeedSpec> {
    let count = fields.required("count").and_then(|item| Some((item, item.whole::<u32>(least..=i64::from(u32::MAX))?)));
    let code = fields.optional("type").map(Item::reference);
    let memory = fields.optional("memory").map(Item::quantity);
    let share = fields.optional("share").map(|item| Some((item, item.quantity()?)));
    let described = code.is_some() || memory.is_some() || share.is_some();
    fields.finish();
    let (item, count) = count?;
    if count == 0 && described {
        let help = "leave out `type`, `memory` and `share`, or ask for at least one";
        item.problem(ProblemCode::InvalidValue, "no GPUs are asked for, but they are described", help);
        return None;
    }
    let share = given(share)?;
    if let Some((item, _)) = share
        && count != 1
    {
        item.problem(ProblemCode::InvalidValue, "a share is of one GPU", "write `count: 1`, or leave `share` out");
        return None;
    }
    Some(GpuNeedSpec { count, code: given(code)?, memory: given(memory)?, share: share.map(|(_, share)| share) })
}
