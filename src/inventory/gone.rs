//! Replicas on nodes that are gone (I1): how many, and how they give back what they hold.

use std::sync::Arc;

use super::node_numbers::Stretch;
use super::nodes::{Nodes, Taken};
use super::state::{Held, Inventory, ReservationId, UnknownReservation, split};
use crate::id::{Id, PoolId};

impl Held {
    /// How many of its replicas are on some nodes.
    pub(super) fn replicas_on(&self, nodes: &[Stretch]) -> u64 {
        let on = |taken: &Taken| u64::from(taken.nodes_among(nodes)) * u64::from(taken.replicas_each());
        self.taken.iter().map(on).sum()
    }
}

impl Inventory {
    /// The nodes of a pool that are gone, ascending.
    pub(crate) fn gone_nodes(&self, pool: PoolId) -> Vec<Stretch> {
        self.nodes(pool).filter(|nodes| nodes.closed > 0).map(Nodes::closed).unwrap_or_default()
    }

    /// How many replicas of a reservation are on some nodes.
    pub(crate) fn replicas_on(&self, id: ReservationId, nodes: &[Stretch]) -> u32 {
        let held = self.reservations.get(&id).filter(|_| !nodes.is_empty());
        held.map_or(0, |held| u32::try_from(held.replicas_on(nodes)).unwrap_or(u32::MAX))
    }

    /// Gives back what `fewer` replicas of a reservation hold, `gone` of them on nodes that are gone, as far as so many
    /// are there; the last taken first. The others stay on their nodes.
    ///
    /// # Errors
    /// [`UnknownReservation`] if it was never made, or has been released already.
    pub(crate) fn shrink_among(&mut self, id: ReservationId, fewer: u32, gone: u32) -> Result<(), UnknownReservation> {
        let pool = self.reservations.get(&id).ok_or(UnknownReservation(id))?.pool;
        let closed = if gone > 0 { self.gone_nodes(pool) } else { Vec::new() };
        let held = self.reservations.get_mut(&id).ok_or(UnknownReservation(id))?;
        let (on_gone, standing) = parted(std::mem::take(&mut held.taken), &closed);
        let replicas = |taken: &[Taken]| taken.iter().map(|taken| taken.replicas).fold(0, u32::saturating_add);
        let of_gone = gone.max(fewer.saturating_sub(replicas(&standing))).min(replicas(&on_gone)).min(fewer);
        let ((mut given, left), (more, kept)) = (split(on_gone, of_gone), split(standing, fewer - of_gone));
        given.extend(more);
        held.taken = kept;
        held.taken.extend(left);
        if let Some((.., replicas)) = &mut held.uncounted {
            *replicas = replicas.saturating_sub(fewer);
        }
        if let Some(Some(nodes)) = self.nodes.get_mut(pool.index()) {
            let nodes = Arc::make_mut(nodes);
            given.iter().for_each(|taken| nodes.give_back(taken));
        }
        self.note_use(pool);
        Ok(())
    }
}

/// What is held on some nodes, and what is held on others, in the order in which it was taken.
fn parted(taken: Vec<Taken>, nodes: &[Stretch]) -> (Vec<Taken>, Vec<Taken>) {
    if nodes.is_empty() {
        return (Vec::new(), taken);
    }
    let parts = taken.iter().flat_map(|taken| taken.parted(nodes));
    parts.partition(|part| part.nodes_among(nodes) > 0)
}
