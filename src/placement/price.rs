//! What a replica costs.

use crate::id::PairId;
use crate::inventory::{Fleet, Pool, Request};
use crate::quantity::Money;

/// What a replica costs an hour where it runs, taking this (I5).
pub(crate) fn price(fleet: &Fleet, pair: PairId, request: &Request) -> Option<Money> {
    replica_price(fleet.pool(fleet.pair(pair)?.pool)?, request)
}

/// What a replica costs on a pool (I5); `None` where nodes are unlimited or unpriced, or too small for it.
pub(super) fn replica_price(pool: &Pool, request: &Request) -> Option<Money> {
    pool.def.nodes?;
    let shape = pool.def.shape.as_ref().filter(|shape| request.fits(shape))?;
    request.price(shape, pool.def.price?)
}
