//! Plans, carried out on nodes.

use super::Budget;
use super::auction::{Bidder, Plan, Seat};
use super::movable::Movable;
use crate::id::PoolId;
use crate::inventory::{Inventory, ReservationId, ReserveError};

/// The very nodes, and who sits on them.
pub(super) struct Floor<'a, 'd> {
    inventory: Inventory,
    movables: &'a [Movable<'d>],
    bidders: &'a [Bidder],
    /// By bidder.
    held: Vec<Vec<Held>>,
}

/// Replicas of a bidder that hold room together.
#[derive(Clone, Copy)]
struct Held {
    seat: Seat,
    reservation: ReservationId,
}

impl<'a, 'd> Floor<'a, 'd> {
    /// An inventory on which the bidders hold nothing.
    pub(super) fn new(inventory: Inventory, movables: &'a [Movable<'d>], bidders: &'a [Bidder]) -> Self {
        Self { inventory, movables, bidders, held: vec![Vec::new(); bidders.len()] }
    }

    /// Gives all bidders their seats of a plan, in their order, as far as there is room. The pools where
    /// there was less than planned, with the parts of nodes that are held there.
    pub(super) fn seat(&mut self, plan: &Plan) -> Vec<(PoolId, u64)> {
        let mut crowded = Vec::new();
        for (number, seats) in plan.seats.iter().enumerate() {
            for &seat in seats {
                if self.take(number, seat) < seat.replicas
                    && let Some(site) = self.bidders.get(number).and_then(|bidder| bidder.sites.get(seat.site))
                {
                    crowded.push((site.pool, 0));
                }
            }
        }
        crowded.sort_unstable();
        crowded.dedup();
        for (bidder, held) in self.bidders.iter().zip(&self.held) {
            for seat in held.iter().map(|held| held.seat) {
                let Some(site) = bidder.sites.get(seat.site) else { continue };
                if let Ok(at) = crowded.binary_search_by_key(&site.pool, |(pool, _)| *pool)
                    && let Some((_, parts)) = crowded.get_mut(at)
                {
                    *parts += u64::from(seat.replicas) * site.part;
                }
            }
        }
        crowded
    }

    /// Gives all other replicas the cheapest room there is; whether there was some for all.
    pub(super) fn seat_the_rest(&mut self) -> bool {
        for (number, bidder) in self.bidders.iter().enumerate() {
            let seated: u32 = self.held.get(number).into_iter().flatten().map(|held| held.seat.replicas).sum();
            let mut left = bidder.replicas.saturating_sub(seated);
            for site in 0..bidder.sites.len() {
                if left == 0 {
                    break;
                }
                left -= self.take(number, Seat { site, replicas: left });
            }
            if left > 0 {
                return false;
            }
        }
        true
    }

    /// Moves replicas to cheaper sites that have room, until there are none.
    pub(super) fn descend(&mut self, budget: &mut Budget) {
        let mut moved = true;
        while moved {
            moved = false;
            for number in 0..self.bidders.len() {
                let mut at = 0;
                while let Some(held) = self.held.get(number).and_then(|held| held.get(at)).copied() {
                    if self.lower(number, held, budget) { moved = true } else { at += 1 }
                }
            }
        }
    }

    /// Moves some of the replicas that hold room together to where they cost less; whether there was room.
    fn lower(&mut self, number: usize, held: Held, budget: &mut Budget) -> bool {
        let Some(bidder) = self.bidders.get(number) else { return false };
        let price = bidder.price(held.seat.site);
        for site in 0..bidder.sites.partition_point(|site| site.price < price) {
            if !budget.spend() {
                return false;
            }
            let lowered = self.take(number, Seat { site, ..held.seat });
            if lowered > 0 {
                self.leave(number, held);
                // Where it has just left, there is room for those who stay.
                self.take(number, Seat { replicas: held.seat.replicas - lowered, ..held.seat });
                return true;
            }
        }
        false
    }

    fn leave(&mut self, number: usize, left: Held) {
        let released = self.inventory.release(left.reservation);
        debug_assert!(released.is_ok(), "a seat holds room: {released:?}");
        if let Some(held) = self.held.get_mut(number) {
            held.retain(|held| held.reservation != left.reservation);
        }
    }

    /// Takes room for as many of a bidder's replicas as there is; how many that is.
    fn take(&mut self, number: usize, seat: Seat) -> u32 {
        self.try_take(number, seat).unwrap_or(0)
    }

    fn try_take(&mut self, number: usize, seat: Seat) -> Option<u32> {
        if seat.replicas == 0 {
            return None;
        }
        let site = self.bidders.get(number)?.sites.get(seat.site)?;
        let request = self.movables.get(number)?.request(site)?;
        let (replicas, reservation) = match self.inventory.reserve(site.pair, request, seat.replicas) {
            Ok(reservation) => (seat.replicas, reservation),
            Err(ReserveError::NoRoom { fitting, .. }) if fitting > 0 => {
                (fitting, self.inventory.reserve(site.pair, request, fitting).ok()?)
            }
            Err(_) => return None,
        };
        self.held.get_mut(number)?.push(Held { seat: Seat { replicas, ..seat }, reservation });
        Some(replicas)
    }

    /// Who sits where.
    pub(super) fn plan(self) -> Plan {
        let seats = self.held.iter().map(|held| held.iter().map(|held| held.seat).collect());
        Plan::of(self.bidders, seats.collect())
    }
}
