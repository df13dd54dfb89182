//! An auction for the room of pools, in which everybody bids what the next best place would cost him.
//!
//! This is Bertsekas's auction for the transportation problem (Bertsekas & Castañon, "The auction algorithm for
//! the transportation problem", Annals of Operations Research 20, 1989), in integers. A bidder's replicas go
//! where they cost least, the price of room included, and bid as much for the room as makes the place no
//! better than the next best, and a little more. Where there is not enough of it, those who bid less lose
//! theirs, and bid elsewhere. So room goes to those who would pay most without it. Where all replicas take the
//! same and are raised by ε, what comes of it costs at most ε a replica more than the least there is.
//!
//! Room is counted in parts of nodes, as if replicas could be cut at their edges; what is done with a plan
//! must look at the nodes.

use std::collections::VecDeque;

use super::Budget;
use crate::id::{Id, PairId, PoolId};
use crate::quantity::Money;

/// One whole node, in parts.
pub(super) const NODE: u64 = 1 << 20;

/// Somebody whose replicas want room; they are all alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Bidder {
    pub(super) replicas: u32,
    /// Where they may be, cheapest first.
    pub(super) sites: Vec<Site>,
}

/// Somewhere that a bidder's replicas may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// What a replica costs there.
    pub(super) price: Money,
    /// How many parts of a node it takes; above 0.
    pub(super) part: u64,
    pub(super) pair: PairId,
    pub(super) pool: PoolId,
    /// Which of the bidder's requests it is there.
    pub(super) request: usize,
}

/// Replicas of a bidder on one of its sites.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Assigned {
    /// Its place among the bidder's sites.
    pub(super) site: usize,
    pub(super) replicas: u32,
}

/// Where all replicas go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Plan {
    /// By bidder: its groups of replicas by ascending site, each site once.
    pub(super) assigned: Vec<Vec<Assigned>>,
    /// What all of them cost, in millionths.
    pub(super) cost: u128,
}

impl Bidder {
    /// What a replica costs on a site.
    pub(super) fn price(&self, site: usize) -> Money {
        self.sites.get(site).map_or(Money::micros(0), |site| site.price)
    }
}

impl Plan {
    pub(super) fn of(bidders: &[Bidder], mut assigned: Vec<Vec<Assigned>>) -> Self {
        let mut cost = 0;
        for (bidder, assigned) in bidders.iter().zip(&mut assigned) {
            assigned.sort_by_key(|group| group.site);
            assigned.dedup_by(|next, group| {
                let same = group.site == next.site;
                if same {
                    group.replicas += next.replicas;
                }
                same
            });
            let prices =
                assigned.iter().map(|group| u128::from(bidder.price(group.site).get()) * u128::from(group.replicas));
            cost += prices.sum::<u128>();
        }
        Self { assigned, cost }
    }
}

/// Holds an auction for the `room` of each pool, in parts of nodes: everybody bids once, and again whenever he
/// loses room to somebody else. `None` where somebody is left without room.
///
/// A bid is raised by at least one of `precision` parts of what its place costs. Each site looked at is a step.
/// When there are none left, those who have no room take the cheapest that is free.
pub(super) fn auction(bidders: &[Bidder], room: &[u64], precision: u64, budget: &mut Budget) -> Option<Plan> {
    let mut market = Market::open(bidders, room, precision);
    while let Some(number) = market.waiting.pop_front() {
        while market.standing(number) > 0 && market.bid(number, budget) {}
        market.sit_anywhere(number);
        if market.standing(number) > 0 {
            return None;
        }
    }
    Some(market.close())
}

struct Market<'a> {
    bidders: &'a [Bidder],
    /// By pool.
    rooms: Vec<Room>,
    /// By bidder: replicas without room.
    standing: Vec<u32>,
    /// Those who have not bid yet, or lost room since.
    waiting: VecDeque<usize>,
    precision: u64,
}

/// The room of one pool.
#[derive(Clone, Debug, Default)]
struct Room {
    /// Parts of nodes that nobody has.
    free: u64,
    /// What must be bid for a whole node where none is free: more than the lowest bid of those who have it.
    assignment: u64,
    tenants: Vec<Tenant>,
}

/// Replicas that have room.
#[derive(Clone, Copy, Debug)]
struct Tenant {
    bidder: usize,
    group: Assigned,
    /// Parts of a node that each takes.
    part: u64,
    /// For a whole node, in millionths.
    bid: u64,
}

/// The best place for a bidder's replicas as prices are, and what to bid for it.
struct Choice {
    site: usize,
    pool: PoolId,
    part: u64,
    bid: u64,
}

impl<'a> Market<'a> {
    fn open(bidders: &'a [Bidder], room: &[u64], precision: u64) -> Self {
        Self {
            bidders,
            rooms: room.iter().map(|&free| Room { free, ..Room::default() }).collect(),
            standing: bidders.iter().map(|bidder| bidder.replicas).collect(),
            waiting: (0..bidders.len()).collect(),
            precision,
        }
    }

    fn standing(&self, bidder: usize) -> u32 {
        self.standing.get(bidder).copied().unwrap_or(0)
    }

    /// Bids for the best place that a standing bidder sees; whether there was one.
    fn bid(&mut self, number: usize, budget: &mut Budget) -> bool {
        let Some(choice) = self.choose(number, budget) else { return false };
        let Some(room) = self.rooms.get_mut(choice.pool.index()) else { return false };
        let Some(standing) = self.standing.get(number).copied() else { return false };
        let beaten = room.tenants.iter().filter(|tenant| tenant.bidder != number && tenant.bid < choice.bid);
        let winnable = room.free + beaten.map(Tenant::parts).sum::<u64>();
        let replicas = standing.min(u32::try_from(winnable / choice.part).unwrap_or(u32::MAX));
        if replicas == 0 {
            // It takes a higher bid, which may not be worth it.
            room.assignment = room.assignment.max(choice.bid);
            return choice.bid < u64::MAX;
        }
        while room.free < u64::from(replicas) * choice.part {
            let others = room.tenants.iter_mut().enumerate().filter(|(_, tenant)| tenant.bidder != number);
            let Some((at, lowest)) = others.min_by_key(|(_, tenant)| tenant.bid) else { break };
            let missing = (u64::from(replicas) * choice.part - room.free).div_ceil(lowest.part);
            let leaving = lowest.group.replicas.min(u32::try_from(missing).unwrap_or(u32::MAX));
            lowest.group.replicas -= leaving;
            room.free += u64::from(leaving) * lowest.part;
            let Some(standing) = self.standing.get_mut(lowest.bidder) else { break };
            if *standing == 0 {
                self.waiting.push_back(lowest.bidder);
            }
            *standing += leaving;
            if lowest.group.replicas == 0 {
                room.tenants.remove(at);
            }
        }
        self.sit(number, &choice, replicas);
        true
    }

    /// The site where a replica costs least, the price of room included, and how much may be bid for its room
    /// before the next best costs no more.
    fn choose(&self, number: usize, budget: &mut Budget) -> Option<Choice> {
        let (mut best, mut least, mut next) = (None, u64::MAX, u64::MAX);
        for (at, site) in self.bidders.get(number)?.sites.iter().enumerate() {
            // Room costs nothing at best.
            if site.price.get() >= next {
                break;
            }
            if !budget.spend() {
                return None;
            }
            let costs = self.rooms.get(site.pool.index())?.cost(site);
            if costs < least {
                (best, least, next) = (Some((at, site)), costs, least);
            } else {
                next = next.min(costs);
            }
        }
        let (at, site) = best?;
        let raise = u128::from((next - site.price.get()).saturating_add((least / self.precision).max(1)));
        let bid = (raise * u128::from(NODE)).div_ceil(u128::from(site.part));
        let bid = if next == u64::MAX { u64::MAX } else { u64::try_from(bid).unwrap_or(u64::MAX) };
        Some(Choice { site: at, pool: site.pool, part: site.part, bid })
    }

    /// Gives standing replicas free room, the cheapest there is.
    fn sit_anywhere(&mut self, number: usize) {
        let sites = self.bidders.get(number).map_or(&[][..], |bidder| &bidder.sites);
        for (at, site) in sites.iter().enumerate() {
            let standing = self.standing(number);
            if standing == 0 {
                break;
            }
            let free = self.rooms.get(site.pool.index()).map_or(0, |room| room.free / site.part);
            let replicas = standing.min(u32::try_from(free).unwrap_or(u32::MAX));
            if replicas > 0 {
                self.sit(number, &Choice { site: at, pool: site.pool, part: site.part, bid: u64::MAX }, replicas);
            }
        }
    }

    /// Gives standing replicas room that is free.
    fn sit(&mut self, number: usize, choice: &Choice, replicas: u32) {
        let (Some(room), Some(standing)) = (self.rooms.get_mut(choice.pool.index()), self.standing.get_mut(number))
        else {
            return;
        };
        *standing -= replicas;
        room.free -= u64::from(replicas) * choice.part;
        let &Choice { site, part, bid, .. } = choice;
        room.tenants.push(Tenant { bidder: number, group: Assigned { site, replicas }, part, bid });
        room.assignment = room.tenants.iter().map(|tenant| tenant.bid).min().unwrap_or(0);
    }

    fn close(self) -> Plan {
        let mut assigned = vec![Vec::new(); self.bidders.len()];
        for tenant in self.rooms.into_iter().flat_map(|room| room.tenants) {
            if let Some(assigned) = assigned.get_mut(tenant.bidder) {
                assigned.push(tenant.group);
            }
        }
        Plan::of(self.bidders, assigned)
    }
}

impl Room {
    /// What a replica costs on a site here, the price of room included; not less than that.
    fn cost(&self, site: &Site) -> u64 {
        let assignment = if self.free >= site.part { 0 } else { self.assignment };
        let room = u128::from(assignment) * u128::from(site.part) / u128::from(NODE);
        site.price.get().saturating_add(u64::try_from(room).unwrap_or(u64::MAX))
    }
}

impl Tenant {
    fn parts(&self) -> u64 {
        u64::from(self.group.replicas) * self.part
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bidders of so many replicas, which take so many parts of a node on each pool, at these prices by pool.
    fn bidders(of: &[(u32, u64, Vec<u64>)]) -> Vec<Bidder> {
        let bidder = |(replicas, part, prices): &(u32, u64, Vec<u64>)| {
            let site = |(pool, price): (usize, &u64)| Site {
                price: Money::micros(*price),
                part: *part,
                pair: PairId::from_index(pool),
                pool: PoolId::from_index(pool),
                request: 0,
            };
            let mut sites: Vec<Site> = prices.iter().enumerate().map(site).collect();
            sites.sort_by_key(|site| site.price);
            Bidder { replicas: *replicas, sites }
        };
        of.iter().map(bidder).collect()
    }

    /// What is taken of each pool.
    fn taken(bidders: &[Bidder], plan: &Plan, pools: usize) -> Vec<u64> {
        let mut taken = vec![0; pools];
        for (bidder, assigned) in bidders.iter().zip(&plan.assigned) {
            for group in assigned {
                let site = bidder.sites[group.site];
                taken[site.pool.index()] += u64::from(group.replicas) * site.part;
            }
        }
        taken
    }

    /// The least that all can cost, by trying every place for every replica.
    fn least(replicas: &[&[u64]], free: &mut [u64]) -> Option<u64> {
        let Some((prices, rest)) = replicas.split_first() else { return Some(0) };
        let mut best = None;
        for (pool, price) in prices.iter().enumerate() {
            if free[pool] > 0 {
                free[pool] -= 1;
                let cost = least(rest, free).map(|cost| cost + price);
                best = best.into_iter().chain(cost).min();
                free[pool] += 1;
            }
        }
        best
    }

    #[test]
    fn d5_room_goes_to_those_who_would_pay_most_without_it() {
        // Everybody wants the node of pool 0; the second would pay 80 more elsewhere, the others 10 and 20.
        let bidders = bidders(&[(1, NODE, vec![10, 20]), (1, NODE, vec![10, 90]), (1, NODE, vec![10, 30])]);
        let plan = auction(&bidders, &[NODE, 2 * NODE], 16, &mut Budget(1000)).expect("room for all");
        assert_eq!(plan.cost, 20 + 10 + 30);
    }

    #[test]
    fn d5_the_one_place_that_somebody_has_is_left_to_him() {
        let bidders = bidders(&[(2, NODE / 2, vec![10, 20]), (1, NODE, vec![10])]);
        let plan = auction(&bidders, &[NODE, NODE], 1, &mut Budget(1000)).expect("room for all");
        assert_eq!(plan.cost, 20 + 20 + 10);
        assert_eq!(auction(&bidders, &[NODE / 2, NODE], 1, &mut Budget(1000)), None, "no room for the second");
    }

    proptest! {
        /// Bertsekas's bound: where all take the same, the cost is within the last raise a replica of the least.
        #[test]
        fn d5_it_comes_within_its_raises_of_the_least_cost(
            of in prop::collection::vec((1_u32..3, prop::collection::vec(100_u64..1000, 3)), 1..5),
            spare in 0_u64..3,
        ) {
            let of: Vec<_> = of.into_iter().map(|(replicas, prices)| (replicas, NODE, prices)).collect();
            let replicas: Vec<&[u64]> =
                of.iter().flat_map(|(replicas, _, prices)| vec![&prices[..]; *replicas as usize]).collect();
            // Hardly more room than is wanted.
            let mut free = vec![(replicas.len() as u64 + spare).div_ceil(3); 3];
            let room: Vec<u64> = free.iter().map(|free| free * NODE).collect();
            let least = least(&replicas, &mut free).expect("room for all");
            let bidders = bidders(&of);
            let plan = auction(&bidders, &room, 1000, &mut Budget(u64::MAX)).expect("room for all");
            prop_assert!(taken(&bidders, &plan, 3).iter().zip(&room).all(|(taken, room)| taken <= room));
            // With nobody paying more than all prices together, a raise is below a thousandth of that, and 2.
            let raise = 2 + replicas.iter().map(|prices| prices.iter().sum::<u64>()).sum::<u64>() / 1000;
            prop_assert!(plan.cost >= u128::from(least));
            prop_assert!(plan.cost <= u128::from(least + replicas.len() as u64 * raise), "{} {least}", plan.cost);
        }

        #[test]
        fn d5_replicas_of_all_sizes_stay_within_the_room_and_the_budget(
            of in prop::collection::vec((1_u32..6, 1_u64..=8, prop::collection::vec(1_u64..1000, 4)), 1..8),
            room in prop::collection::vec(0_u64..6, 4),
            precision in 1_u64..32,
            steps in 0_u64..200,
        ) {
            let of: Vec<_> = of.into_iter().map(|(count, part, prices)| (count, part * NODE / 8, prices)).collect();
            let room: Vec<u64> = room.iter().map(|nodes| nodes * NODE).collect();
            let bidders = bidders(&of);
            let mut budget = Budget(steps);
            if let Some(plan) = auction(&bidders, &room, precision, &mut budget) {
                prop_assert!(taken(&bidders, &plan, 4).iter().zip(&room).all(|(taken, room)| taken <= room));
                for (bidder, assigned) in bidders.iter().zip(&plan.assigned) {
                    prop_assert_eq!(assigned.iter().map(|group| group.replicas).sum::<u32>(), bidder.replicas);
                }
            }
            prop_assert!(budget.0 <= steps);
        }
    }
}
