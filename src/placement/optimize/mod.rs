//! A second pass over many placements that lowers what they cost (D5, D9).
//!
//! The first pass places deployment by deployment, so an early one can sit where a later one would
//! have saved more. This one holds an auction for the room (`auction`), carries what comes of it out on the
//! very nodes, and then looks for free places that are cheaper still. Every place it tries is a candidate of
//! the deployment it tries it for, so it never leaves what is allowed.

mod auction;
mod carry;
mod movable;

use auction::{Bidder, Plan, auction};
use carry::Floor;
pub use movable::Movable;

use crate::id::{Id, PoolId};
use crate::inventory::Inventory;

/// Moves replicas of placed deployments where they cost less together, within a budget of `steps`:
/// places tried for replicas of one deployment that move together. Never places a replica outside its
/// deployment's candidates, and never makes the whole dearer. Equal input gives equal results, on every
/// machine.
///
/// The inventory holds what the movables' decisions have placed; it is used up in trying. Whether anything
/// costs less now: then the movables' decisions say where; else they are as they were.
///
/// O(sites × log sites + steps + carrying out all placements).
pub fn optimize(mut inventory: Inventory, mut movables: Vec<Movable<'_>>, steps: u64) -> bool {
    let (bidders, now): (Vec<_>, Vec<_>) = movables.iter_mut().map(Movable::bid).unzip();
    let before = Plan::of(&bidders, now);
    let mut room = room(&inventory, &bidders, &before);
    for reservation in movables.iter().flat_map(Movable::reservations) {
        let released = inventory.release(*reservation);
        debug_assert!(released.is_ok(), "a placement holds room: {released:?}");
    }
    let mut budget = Budget(steps);
    let mut best = before.clone();
    let (mut plan, fineness) = sharper_and_sharper(&bidders, &room, &before, &mut budget);
    for _ in 0..LESSONS {
        let mut floor = Floor::new(inventory.clone(), &movables, &bidders);
        let crowded = floor.seat(&plan);
        if floor.seat_the_rest() {
            floor.descend(&mut budget);
            let after = floor.plan();
            if after.cost < best.cost {
                best = after;
            }
        }
        if crowded.is_empty() || budget.is_spent() {
            break;
        }
        for (pool, fitting) in crowded {
            if let Some(room) = room.get_mut(pool.index()) {
                *room = fitting;
            }
        }
        let Some(next) = auction(&bidders, &room, fineness, &mut budget) else { break };
        plan = next;
    }
    let better = best.cost < before.cost;
    if better {
        for ((movable, bidder), seats) in movables.into_iter().zip(bidders).zip(best.seats) {
            movable.settle(&bidder, &seats);
        }
    }
    better
}

/// By auction: of how many parts of what a place costs a bid is raised by at least one. A coarse auction is
/// short; a fine one comes closer to the least cost.
const FINENESS: [u64; 5] = [1, 2, 4, 8, 16];

/// How often a plan is made, each but the first with what carrying out the last has shown of the room there is.
const LESSONS: usize = 4;

/// The cheapest plan of several auctions, and how fine that was; how things are, where none is cheaper.
fn sharper_and_sharper(bidders: &[Bidder], room: &[u64], before: &Plan, budget: &mut Budget) -> (Plan, u64) {
    let mut best = (before.clone(), 1);
    for fineness in FINENESS {
        if budget.is_spent() {
            break;
        }
        if let Some(plan) = auction(bidders, room, fineness, budget)
            && plan.cost < best.0.cost
        {
            best = (plan, fineness);
        }
    }
    best
}

/// Places that may still be tried.
struct Budget(u64);

impl Budget {
    fn is_spent(&self) -> bool {
        self.0 == 0
    }

    /// Counts one; whether there was one left.
    fn spend(&mut self) -> bool {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// What the bidders hold and what is free beside, by pool, in parts of nodes.
fn room(inventory: &Inventory, bidders: &[Bidder], before: &Plan) -> Vec<u64> {
    let mut room: Vec<Option<u64>> = vec![None; inventory.fleet().pools().len()];
    let mut add = |pool: PoolId, part| {
        if let Some(room) = room.get_mut(pool.index()) {
            *room = Some(room.unwrap_or_else(|| free(inventory, pool)).saturating_add(part));
        }
    };
    for (bidder, seats) in bidders.iter().zip(&before.seats) {
        bidder.sites.iter().for_each(|site| add(site.pool, 0));
        for seat in seats {
            if let Some(site) = bidder.sites.get(seat.site) {
                add(site.pool, u64::from(seat.replicas) * site.part);
            }
        }
    }
    room.into_iter().map(Option::unwrap_or_default).collect()
}

fn free(inventory: &Inventory, pool: PoolId) -> u64 {
    let shape = inventory.fleet().pool(pool).and_then(|pool| pool.def.shape);
    let nodes = inventory.nodes(pool).zip(shape);
    nodes.map_or(0, |(nodes, shape)| nodes.free_parts(&shape, auction::NODE))
}
