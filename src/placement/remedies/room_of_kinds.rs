//! Which kinds of hardware a demand fits on, and the most that nodes of these kinds have of a quantity.

use super::step::Field;
use crate::bitset::BitSet;
use crate::catalog::FlavorKind;
use crate::deployment::Demand;
use crate::id::{Id, KindId};
use crate::inventory::{Fleet, Kind, Request};
use crate::placement::lower;
use crate::quantity::{Bandwidth, Bytes};

/// By alternative: the kinds that are the hardware demanded and of which an idle node holds a replica.
/// O(alternatives × kinds).
pub(super) fn fitting(fleet: &Fleet, demand: &Demand) -> Vec<BitSet<KindId>> {
    let catalog = fleet.catalog();
    let fits = |alternative: usize, kind: &Kind| {
        let has = lower::of_hardware(&kind.hardware);
        lower::admits(catalog, demand, alternative, has, kind.flavor)
            && kind.hardware.holds(&request(fleet, demand, alternative, kind))
    };
    let kinds = fleet.index().kinds();
    (0..demand.alternatives()).map(|alternative| BitSet::of_items(kinds, |kind| fits(alternative, kind))).collect()
}

/// What one replica takes on a kind.
pub(super) fn request(fleet: &Fleet, demand: &Demand, alternative: usize, kind: &Kind) -> Request {
    lower::request_under(demand, alternative, fleet.catalog().flavor_kind(kind.flavor))
}

/// The most that a quantity can be for one replica of a demand to fit an idle node of some kind that is open; `u64::MAX`
/// where there is no such bound.
pub(super) fn most_of(fleet: &Fleet, field: Field, demand: &Demand, is_open: impl Fn(KindId) -> bool) -> u64 {
    let fitting = fitting(fleet, demand);
    let number = |alternative: usize| fitting.get(alternative).map(|kinds| kinds.iter().filter(|kind| is_open(*kind)));
    let of_kind =
        |kind: KindId| fleet.index().kinds().get(kind.index()).map_or(0, |kind| most_of_kind(fleet, field, kind));
    match field {
        Field::GpuCount(alternative) | Field::GpuMemory(alternative) if fitting.len() == 1 => {
            number(alternative).and_then(|kinds| kinds.map(of_kind).max()).unwrap_or(0)
        }
        Field::Cpu | Field::Memory | Field::Storage | Field::Bandwidth => {
            (0..fitting.len()).filter_map(number).flatten().map(of_kind).max().unwrap_or(0)
        }
        // What another alternative finds is not bounded by this one.
        _ => u64::MAX,
    }
}

fn most_of_kind(fleet: &Fleet, field: Field, kind: &Kind) -> u64 {
    if let Field::GpuMemory(_) = field {
        return kind.hardware.devices.memory(fleet.catalog().flavor_memory(kind.flavor)).unwrap_or(0);
    }
    let Some(shape) = &kind.hardware.shape else { return u64::MAX };
    match field {
        Field::Cpu => shape.cpu.get(),
        Field::Memory => shape.memory.get(),
        Field::Storage => shape.storage.map_or(u64::MAX, Bytes::get),
        Field::Bandwidth => shape.bandwidth.map_or(u64::MAX, Bandwidth::get),
        Field::GpuCount(_) if fleet.catalog().flavor_kind(kind.flavor) == FlavorKind::Gpu => u64::from(shape.gpus),
        _ => u64::MAX,
    }
}
