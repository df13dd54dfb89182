//! A second pass over many placements that lowers what they cost (D5, D9).
//!
//! The first pass places deployment by deployment, so an early one can sit where a later one would
//! have saved more. This one holds an auction for the room (`auction`), carries what comes of it out on the
//! very nodes, and then looks for free places that are cheaper still. Every place it tries is a candidate of
//! the deployment it tries it for, so it never leaves what is allowed.

mod assignment;
mod auction;
mod movable;

use assignment::Assignment;
use auction::{Bidder, Plan, auction};
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
    let (mut plan, precision) = cheapest_plan(&bidders, &room, &before, &mut budget);
    for _ in 0..ROUNDS {
        let mut assignment = Assignment::new(inventory.clone(), &movables, &bidders);
        let overfull = assignment.assign(&plan);
        if assignment.assign_rest() {
            assignment.move_to_cheaper(&mut budget);
            let after = assignment.plan();
            if after.cost < best.cost {
                best = after;
            }
        }
        if overfull.is_empty() || budget.is_spent() {
            break;
        }
        for (pool, fitting) in overfull {
            if let Some(room) = room.get_mut(pool.index()) {
                *room = fitting;
            }
        }
        let Some(next) = auction(&bidders, &room, precision, &mut budget) else { break };
        plan = next;
    }
    let better = best.cost < before.cost;
    if better {
        for ((movable, bidder), assigned) in movables.into_iter().zip(bidders).zip(best.assigned) {
            movable.settle(&bidder, &assigned);
        }
    }
    better
}

/// By auction: of how many parts of what a place costs a bid is raised by at least one. A coarse auction is
/// short; a fine one comes closer to the least cost.
const PRECISIONS: [u64; 5] = [1, 2, 4, 8, 16];

/// How often a plan is made, each but the first with what carrying out the last has shown of the room there is.
const ROUNDS: usize = 4;

/// The cheapest plan of several auctions, and how fine that was; how things are, where none is cheaper.
fn cheapest_plan(bidders: &[Bidder], room: &[u64], before: &Plan, budget: &mut Budget) -> (Plan, u64) {
    let mut best = (before.clone(), 1);
    for precision in PRECISIONS {
        if budget.is_spent() {
            break;
        }
        if let Some(plan) = auction(bidders, room, precision, budget)
            && plan.cost < best.0.cost
        {
            best = (plan, precision);
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
    for (bidder, assigned) in bidders.iter().zip(&before.assigned) {
        bidder.sites.iter().for_each(|site| add(site.pool, 0));
        for group in assigned {
            if let Some(site) = bidder.sites.get(group.site) {
                add(site.pool, u64::from(group.replicas) * site.part);
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
