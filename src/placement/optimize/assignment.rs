//! Plans, carried out on nodes.

use super::Budget;
use super::auction::{Assigned, Bidder, Plan};
use super::movable::Movable;
use crate::id::PoolId;
use crate::inventory::{Inventory, ReservationId, ReserveError};

/// The nodes, and which replicas are assigned to them.
pub(super) struct Assignment<'a, 'd> {
    inventory: Inventory,
    movables: &'a [Movable<'d>],
    bidders: &'a [Bidder],
    /// By bidder.
    held: Vec<Vec<Held>>,
}

/// Replicas of a bidder that hold room together.
#[derive(Clone, Copy)]
struct Held {
    group: Assigned,
    reservation: ReservationId,
}

impl<'a, 'd> Assignment<'a, 'd> {
    /// An inventory on which the bidders hold nothing.
    pub(super) fn new(inventory: Inventory, movables: &'a [Movable<'d>], bidders: &'a [Bidder]) -> Self {
        Self { inventory, movables, bidders, held: vec![Vec::new(); bidders.len()] }
    }

    /// Gives all bidders their assigned of a plan, in their order, as far as there is room. The pools where
    /// there was less than planned, with the parts of nodes that are held there.
    pub(super) fn assign(&mut self, plan: &Plan) -> Vec<(PoolId, u64)> {
        let mut overfull = Vec::new();
        for (number, assigned) in plan.assigned.iter().enumerate() {
            for &group in assigned {
                if self.take(number, group) < group.replicas
                    && let Some(site) = self.bidders.get(number).and_then(|bidder| bidder.sites.get(group.site))
                {
                    overfull.push((site.pool, 0));
                }
            }
        }
        overfull.sort_unstable();
        overfull.dedup();
        for (bidder, held) in self.bidders.iter().zip(&self.held) {
            for group in held.iter().map(|held| held.group) {
                let Some(site) = bidder.sites.get(group.site) else { continue };
                if let Ok(at) = overfull.binary_search_by_key(&site.pool, |(pool, _)| *pool)
                    && let Some((_, parts)) = overfull.get_mut(at)
                {
                    *parts += u64::from(group.replicas) * site.part;
                }
            }
        }
        overfull
    }

    /// Gives all other replicas the cheapest room there is; whether there was some for all.
    pub(super) fn assign_rest(&mut self) -> bool {
        for (number, bidder) in self.bidders.iter().enumerate() {
            let placed: u32 = self.held.get(number).into_iter().flatten().map(|held| held.group.replicas).sum();
            let mut left = bidder.replicas.saturating_sub(placed);
            for site in 0..bidder.sites.len() {
                if left == 0 {
                    break;
                }
                left -= self.take(number, Assigned { site, replicas: left });
            }
            if left > 0 {
                return false;
            }
        }
        true
    }

    /// Moves replicas to cheaper sites that have room, until there are none.
    pub(super) fn move_to_cheaper(&mut self, budget: &mut Budget) {
        let mut moved = true;
        while moved {
            moved = false;
            for number in 0..self.bidders.len() {
                let mut at = 0;
                while let Some(held) = self.held.get(number).and_then(|held| held.get(at)).copied() {
                    if self.move_one(number, held, budget) { moved = true } else { at += 1 }
                }
            }
        }
    }

    /// Moves some of the replicas that hold room together to where they cost less; whether there was room.
    fn move_one(&mut self, number: usize, held: Held, budget: &mut Budget) -> bool {
        let Some(bidder) = self.bidders.get(number) else { return false };
        let price = bidder.price(held.group.site);
        for site in 0..bidder.sites.partition_point(|site| site.price < price) {
            if !budget.spend() {
                return false;
            }
            let moved = self.take(number, Assigned { site, ..held.group });
            if moved > 0 {
                self.leave(number, held);
                // Where it has just left, there is room for those who stay.
                self.take(number, Assigned { replicas: held.group.replicas - moved, ..held.group });
                return true;
            }
        }
        false
    }

    fn leave(&mut self, number: usize, left: Held) {
        let released = self.inventory.release(left.reservation);
        debug_assert!(released.is_ok(), "a group holds room: {released:?}");
        if let Some(held) = self.held.get_mut(number) {
            held.retain(|held| held.reservation != left.reservation);
        }
    }

    /// Takes room for as many of a bidder's replicas as there is; how many that is.
    fn take(&mut self, number: usize, group: Assigned) -> u32 {
        self.try_take(number, group).unwrap_or(0)
    }

    fn try_take(&mut self, number: usize, group: Assigned) -> Option<u32> {
        if group.replicas == 0 {
            return None;
        }
        let site = self.bidders.get(number)?.sites.get(group.site)?;
        let request = self.movables.get(number)?.request(site)?;
        let (replicas, reservation) = match self.inventory.reserve(site.pair, request, group.replicas) {
            Ok(reservation) => (group.replicas, reservation),
            Err(ReserveError::NoRoom { fitting, .. }) if fitting > 0 => {
                (fitting, self.inventory.reserve(site.pair, request, fitting).ok()?)
            }
            Err(_) => return None,
        };
        self.held.get_mut(number)?.push(Held { group: Assigned { replicas, ..group }, reservation });
        Some(replicas)
    }

    /// Where each replica was assigned.
    pub(super) fn plan(self) -> Plan {
        let assigned = self.held.iter().map(|held| held.iter().map(|held| held.group).collect());
        Plan::of(self.bidders, assigned.collect())
    }
}
