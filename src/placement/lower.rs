//! A demand, lowered to what one replica takes of one node, and to the flavors it admits (D1).

use crate::catalog::{Catalog, Choice, FlavorKind};
use crate::deployment::{Demand, GpuNeed, Resources};
use crate::id::{FlavorId, PairId};
use crate::inventory::{Fleet, GpuRequest, Request};
use crate::quantity::Bytes;

/// What one replica of a demand takes where it runs already: that of the first alternative that is
/// met there; of the very first, where none is.
#[must_use]
pub fn request(fleet: &Fleet, demand: &Demand, pair: PairId) -> Request {
    let Some(pair) = fleet.pair(pair) else { return request_under(demand, 0, FlavorKind::Cpu) };
    let catalog = fleet.catalog();
    let met = |alternative: &usize| {
        let pool = fleet.pool(pair.pool);
        pool.is_some_and(|pool| admits(catalog, demand, *alternative, pool.def.cpu_flavor, pair.flavor))
    };
    let alternative = (0..demand.alternatives()).find(met).unwrap_or(0);
    request_under(demand, alternative, catalog.flavor_kind(pair.flavor))
}

/// What a replica on a flavor of this kind takes, under one of the demand's alternatives.
pub(super) fn request_under(demand: &Demand, alternative: usize, kind: FlavorKind) -> Request {
    match demand {
        Demand::AnyFlavor => {
            let gpu = if kind == FlavorKind::Gpu { GpuRequest::Whole(1) } else { GpuRequest::None };
            Request { gpu, ..Request::default() }
        }
        Demand::Stated(resources) => resources.request(alternative),
    }
}

/// Whether a flavor beside a host's cpu is what one of the demand's alternatives asks for: its kind, type,
/// GPU memory and the host's cpu type. What is not stated of the pool or the catalog fails.
pub(super) fn admits(
    catalog: &Catalog,
    demand: &Demand,
    alternative: usize,
    host: Option<FlavorId>,
    flavor: FlavorId,
) -> bool {
    match demand {
        Demand::AnyFlavor => true,
        Demand::Stated(resources) => admits_stated(catalog, resources, alternative, host, flavor),
    }
}

/// As [`admits`], of stated resources.
pub(super) fn admits_stated(
    catalog: &Catalog,
    resources: &Resources,
    alternative: usize,
    host: Option<FlavorId>,
    flavor: FlavorId,
) -> bool {
    let kind_fits = match resources.gpus.get(alternative) {
        None => catalog.flavor_kind(flavor) == FlavorKind::Cpu,
        Some(need) => catalog.flavor_kind(flavor) == FlavorKind::Gpu && is_needed(catalog, need, flavor),
    };
    kind_fits && host_fits(catalog, resources, host)
}

fn is_needed(catalog: &Catalog, need: &GpuNeed, flavor: FlavorId) -> bool {
    let code_fits = need.codes.is_empty() || need.codes.iter().any(|&code| covers(catalog, code, flavor));
    let memory_fits =
        need.memory.is_none_or(|least| catalog.flavor_memory(flavor).is_some_and(|has| Bytes::new(has) >= least));
    code_fits && memory_fits
}

fn host_fits(catalog: &Catalog, resources: &Resources, host: Option<FlavorId>) -> bool {
    resources.cpu_type.is_none_or(|wanted| host.is_some_and(|host| covers(catalog, wanted, host)))
}

fn covers(catalog: &Catalog, choice: Choice, flavor: FlavorId) -> bool {
    catalog.covers(choice, catalog.flavor_atom(flavor))
}
