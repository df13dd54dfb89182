//! What replicas hold of limits (E4), from the rules' text alone.

use super::judge::{Pair, Request, slice_memory};
use super::world::{Limit, Limited, World};

/// The limits that what a deployment governed by this environment holds counts for, by their number.
pub(super) fn in_force<'a>(world: &'a World, governor: &'a str) -> impl Iterator<Item = (usize, &'a Limit)> {
    let all = world.limits.iter().enumerate();
    all.filter(move |(_, limit)| limit.environment.as_deref().is_none_or(|environment| environment == governor))
}

/// What one replica holds of a limit on a (pool, flavor); nothing of a price that is not known.
pub(super) fn of_replica(limit: &Limit, pair: &Pair, request: &Request) -> u64 {
    match &limit.of {
        Limited::Gpu => gpus(pair, request),
        // A type limit counts what is under it and pools known only by a node above.
        Limited::GpuType(code) => {
            let Some(own) = gpu_flavor(pair) else { return 0 };
            let is_under = own.code == code || own.above.contains(&code.as_str());
            let is_above = super::world::GEOGRAPHY.flavor("gpu", code).above.contains(&own.code);
            if is_under || is_above { gpus(pair, request) } else { 0 }
        }
        Limited::Cpu => request.cpu_milli,
        Limited::Memory => request.memory,
        // What fits no node has no price.
        Limited::Price => pair.price(request).filter(|_| pair.fits(request)).unwrap_or(0),
    }
}

fn gpu_flavor(pair: &Pair) -> Option<&'static super::world::Flavor> {
    match pair.shape {
        Some(pool) => pool.gpu.as_ref().map(|(code, _)| super::world::GEOGRAPHY.flavor("gpu", code)),
        None => (pair.flavor.kind == "gpu").then_some(pair.flavor),
    }
}

/// Thousandths of GPUs. I7: a slice counts by its part of the device's memory, rounded up to thousandths.
fn gpus(pair: &Pair, request: &Request) -> u64 {
    let slice = pair.shape.and_then(|pool| pool.slice.as_deref());
    match (slice, gpu_flavor(pair).and_then(|flavor| flavor.memory)) {
        (Some(slice), Some(device)) => {
            let memory = slice_memory(slice, Some(device)).expect("known");
            let each = (u128::from(memory) * 1000).div_ceil(u128::from(device)) as u64;
            (request.gpu_milli() * each.min(1000)).div_ceil(1000)
        }
        _ => request.gpu_milli(),
    }
}
