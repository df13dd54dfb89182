//! A demand, lowered to what one replica takes of one node, and to the flavors it admits (D1).

use smallvec::SmallVec;

use super::condition::Condition;
use crate::catalog::{Catalog, Choice, FlavorKind};
use crate::deployment::{Demand, GpuNeed, Needs, Resources};
use crate::id::{FlavorId, PairId};
use crate::inventory::{Devices, Fleet, GpuRequest, Hardware, PoolDef, Request};
use crate::quantity::Bytes;

/// What one replica of a demand takes where it runs already: that of the first alternative that is met there and
/// that a node holds; where none is held, of the first that is met; where none is met, of the very first.
#[must_use]
pub fn request(fleet: &Fleet, demand: &Demand, pair: PairId) -> Request {
    let Some(pair) = fleet.pair(pair) else { return request_under(demand, 0, FlavorKind::Cpu) };
    let catalog = fleet.catalog();
    let met = |alternative: &usize| {
        let pool = fleet.pool(pair.pool);
        pool.is_some_and(|pool| admits(catalog, demand, *alternative, of_pool(&pool.def), pair.flavor))
    };
    let under = |alternative| request_under(demand, alternative, catalog.flavor_kind(pair.flavor));
    let held = |alternative: &usize| {
        let shape = fleet.pool(pair.pool).and_then(|pool| pool.def.shape.as_ref());
        shape.is_none_or(|shape| under(*alternative).fits(shape))
    };
    let all = || 0..demand.alternatives();
    let alternative = all().find(|alternative| met(alternative) && held(alternative)).or_else(|| all().find(met));
    under(alternative.unwrap_or(0))
}

/// What a replica on a flavor of this kind takes, under one of the demand's alternatives.
pub(super) fn request_under(demand: &Demand, alternative: usize, kind: FlavorKind) -> Request {
    match &demand.needs {
        Needs::AnyFlavor => {
            let gpu = if kind == FlavorKind::Gpu { GpuRequest::Whole(1) } else { GpuRequest::None };
            Request { gpu, ..Request::default() }
        }
        Needs::Stated(resources) => resources.request(alternative),
    }
}

/// Whether a flavor beside a host's cpu is what one of the demand's alternatives asks for: its kind, type,
/// GPU memory and the host's cpu type. What is not stated of the pool or the catalog fails.
pub(super) fn admits(catalog: &Catalog, demand: &Demand, alternative: usize, has: Has, flavor: FlavorId) -> bool {
    match &demand.needs {
        // I7: only who asks for slices is served by one.
        Needs::AnyFlavor => has.devices.slice.is_none() || catalog.flavor_kind(flavor) == FlavorKind::Cpu,
        Needs::Stated(resources) => admits_stated(catalog, resources, alternative, has, flavor),
    }
}

/// What a pool has beside the flavor in question.
#[derive(Clone, Copy)]
pub(super) struct Has {
    pub(super) host: Option<FlavorId>,
    pub(super) devices: Devices,
}

/// What a pool has.
pub(super) fn of_pool(def: &PoolDef) -> Has {
    Has { host: def.cpu_flavor, devices: def.devices }
}

/// What the pools of a kind have.
pub(super) fn of_hardware(hardware: &Hardware) -> Has {
    Has { host: hardware.host, devices: hardware.devices }
}

/// As [`admits`], of stated resources.
pub(super) fn admits_stated(
    catalog: &Catalog,
    resources: &Resources,
    alternative: usize,
    has: Has,
    flavor: FlavorId,
) -> bool {
    let kind_fits = match resources.gpus.get(alternative) {
        None => catalog.flavor_kind(flavor) == FlavorKind::Cpu,
        Some(need) => catalog.flavor_kind(flavor) == FlavorKind::Gpu && is_needed(catalog, need, has.devices, flavor),
    };
    kind_fits && host_fits(catalog, resources, has.host)
}

/// The conditions of an alternative that hardware does not meet, each with whether it is only not known to.
pub(super) fn unmet(
    catalog: &Catalog,
    demand: &Demand,
    alternative: usize,
    has: Has,
    flavor: FlavorId,
) -> SmallVec<[(Condition, bool); 4]> {
    let mut unmet = SmallVec::new();
    let Some(resources) = demand.resources() else { return unmet };
    let need = resources.gpus.get(alternative);
    let wanted = if need.is_some() { FlavorKind::Gpu } else { FlavorKind::Cpu };
    if catalog.flavor_kind(flavor) == wanted {
        if need.is_some_and(|need| !is_of_type(catalog, need, flavor)) {
            unmet.push((Condition::Type, false));
        }
        if need.is_some_and(|need| !has_memory(catalog, need, has.devices, flavor)) {
            unmet.push((Condition::Memory, has.devices.memory(catalog.flavor_memory(flavor)).is_none()));
        }
        if need.is_some_and(|need| !is_slice_needed(need, has.devices)) {
            unmet.push((Condition::Slice, false));
        }
    } else {
        unmet.push((Condition::Kind, false));
    }
    if !host_fits(catalog, resources, has.host) {
        unmet.push((Condition::CpuType, has.host.is_none()));
    }
    unmet
}

/// What an alternative demands of a condition, in words.
pub(super) fn wanted(catalog: &Catalog, demand: &Demand, alternative: usize, condition: Condition) -> String {
    if condition == Condition::Price {
        return demand.max_price.map(|most| format!("at most {most}")).unwrap_or_default();
    }
    let Some(resources) = demand.resources() else { return String::new() };
    let need = resources.gpus.get(alternative);
    match condition {
        Condition::Kind => if need.is_some() { FlavorKind::Gpu } else { FlavorKind::Cpu }.as_str().to_owned(),
        Condition::Type => {
            let types = need.into_iter().flat_map(|need| &need.codes);
            types.map(|&choice| catalog.choice_name(choice)).collect::<Vec<_>>().join(" or ")
        }
        Condition::Memory => need.and_then(|need| need.memory).map(|memory| memory.to_string()).unwrap_or_default(),
        Condition::Slice => {
            need.and_then(|need| need.slice).map_or_else(|| "none".to_owned(), |slice| slice.to_string())
        }
        Condition::CpuType => {
            resources.cpu_type.map(|choice| catalog.choice_name(choice).to_owned()).unwrap_or_default()
        }
        // A bound of price stands beside the resources.
        Condition::Price => String::new(),
    }
}

fn is_needed(catalog: &Catalog, need: &GpuNeed, devices: Devices, flavor: FlavorId) -> bool {
    is_slice_needed(need, devices) && is_of_type(catalog, need, flavor) && has_memory(catalog, need, devices, flavor)
}

/// Slices are for who asks for them, and whole devices for who does not (I7).
fn is_slice_needed(need: &GpuNeed, devices: Devices) -> bool {
    match (need.slice, devices.slice) {
        (None, None) => true,
        (Some(need), Some(slice)) => need.admits(slice),
        _ => false,
    }
}

fn is_of_type(catalog: &Catalog, need: &GpuNeed, flavor: FlavorId) -> bool {
    need.codes.is_empty() || need.codes.iter().any(|&wanted| covers(catalog, wanted, flavor))
}

fn has_memory(catalog: &Catalog, need: &GpuNeed, devices: Devices, flavor: FlavorId) -> bool {
    let has = || devices.memory(catalog.flavor_memory(flavor));
    need.memory.is_none_or(|least| has().is_some_and(|has| Bytes::new(has) >= least))
}

fn host_fits(catalog: &Catalog, resources: &Resources, host: Option<FlavorId>) -> bool {
    resources.cpu_type.is_none_or(|wanted| host.is_some_and(|host| covers(catalog, wanted, host)))
}

fn covers(catalog: &Catalog, choice: Choice, flavor: FlavorId) -> bool {
    catalog.covers(choice, catalog.flavor_atom(flavor))
}
