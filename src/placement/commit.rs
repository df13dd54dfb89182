//! A decision, carried out on an inventory that may have moved on (I4).

use std::sync::Arc;

use super::decision::{Decision, Placement, Verdict};
use crate::catalog::Catalog;
use crate::id::{FlavorId, PairId};
use crate::inventory::{Cluster, Fleet, Inventory, ReservationId, ReserveError};

/// Why a decision cannot be carried out; nothing has changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The decision is a refusal.
    #[error("the decision is a refusal")]
    Refused,
    /// A pool that the decision uses is gone, or is elsewhere or something else by now.
    #[error("{site} is gone or has changed")]
    Changed {
        /// The pool and its cluster.
        site: String,
    },
    /// A pool that the decision uses does not take its replicas any more.
    #[error("{site}: {cause}")]
    Taken {
        /// The pool and its cluster.
        site: String,
        /// Why.
        cause: ReserveError,
    },
}

/// Reserves what a decision placed, on this inventory, which may be newer than the snapshot the
/// decision was made on. Only what the decision touches is checked again: that each pool is still
/// there, in the same place and of the same flavors, open, and has room.
///
/// # Errors
/// [`CommitError`]; nothing has changed then, so several planners can share one inventory and the
/// loser decides anew.
pub fn commit(inventory: &mut Inventory, decision: &Decision) -> Result<Vec<ReservationId>, CommitError> {
    if decision.verdict() == Verdict::Refused {
        return Err(CommitError::Refused);
    }
    let mut wanted = Vec::with_capacity(decision.placements().len());
    for placement in decision.placements() {
        let Some(pair) = same_pair(decision.fleet(), inventory.fleet(), placement.pair) else {
            return Err(CommitError::Changed { site: site(decision.fleet(), placement) });
        };
        wanted.push((pair, placement.request, placement.replicas));
    }
    inventory.reserve_all(&wanted).map_err(|(index, cause)| {
        let site =
            decision.placements().get(index).map_or_else(String::new, |placement| site(decision.fleet(), placement));
        CommitError::Taken { site, cause }
    })
}

/// The pair of another fleet that is the same place and flavor under the same names.
fn same_pair(from: &Arc<Fleet>, to: &Arc<Fleet>, id: PairId) -> Option<PairId> {
    if Arc::ptr_eq(from, to) {
        return Some(id);
    }
    let pair = from.pair(id)?;
    let (cluster, pool) = (from.cluster(pair.cluster)?, from.pool(pair.pool)?);
    // Ids mean something in their own catalog only, so the two are compared by their names.
    let (old, new) = (from.catalog(), to.catalog());
    let flavor = new.flavor(old.flavor_kind(pair.flavor), old.flavor_code(pair.flavor))?;
    let found = to.find_pair(cluster.name.as_str(), pool.def.name.as_str(), flavor)?;
    let now = to.pair(found)?;
    let same_place = place_name(old, cluster) == place_name(new, to.cluster(now.cluster)?);
    let hardware = &to.pool(now.pool)?.def;
    let same_hardware = code(old, pool.def.cpu_flavor) == code(new, hardware.cpu_flavor)
        && code(old, pool.def.gpu_flavor) == code(new, hardware.gpu_flavor);
    (same_place && same_hardware).then_some(found)
}

fn place_name<'a>(catalog: &'a Catalog, cluster: &Cluster) -> (&'a str, Option<&'a str>) {
    (catalog.country_code(cluster.country), cluster.location.map(|location| catalog.location_name(location)))
}

fn code(catalog: &Catalog, flavor: Option<FlavorId>) -> Option<&str> {
    flavor.map(|flavor| catalog.flavor_code(flavor))
}

fn site(fleet: &Fleet, placement: &Placement) -> String {
    match fleet.names(placement.pair) {
        Some((cluster, pool, _)) => format!("pool `{pool}` of cluster `{cluster}`"),
        None => "a pool of another fleet".to_owned(),
    }
}
