//! A second pass over many placements that lowers what they cost (D5, D9).
//!
//! The first pass places deployment by deployment, so an early one can sit where a later one would
//! have saved more. This one looks for replicas that can move to a cheaper candidate, and for some that
//! make room for another at less than that one gains. Every place it tries is a candidate
//! of the deployment it tries it for, so it never leaves what is allowed.

use super::allot::replica_price;
use super::ask::Ask;
use super::decision::{Decision, Placement};
use super::feasible::Feasible;
use crate::deployment::Preference;
use crate::id::{PairId, PoolId};
use crate::inventory::{Inventory, Request, Reservation, ReservationId};
use crate::quantity::Money;

/// A placed deployment whose replicas may move.
#[derive(Debug)]
pub struct Movable<'d> {
    decision: &'d mut Decision,
    /// The priced candidates, cheapest first, then by id.
    sites: Vec<Site>,
    replicas: Vec<Replica>,
}

#[derive(Clone, Copy, Debug)]
struct Site {
    price: Money,
    pair: PairId,
    pool: PoolId,
    request: Request,
}

#[derive(Clone, Copy, Debug)]
struct Replica {
    /// Where it is, among the sites.
    site: usize,
    reservation: ReservationId,
}

/// One replica of one of the movables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Which {
    movable: usize,
    replica: usize,
}

impl<'d> Movable<'d> {
    /// The replicas of a decision that the inventory holds under `reservations`; `None` for one that
    /// is not to be moved: with places of unknown price, with more to its ranking than the price, or
    /// already running somewhere.
    pub fn new(
        inventory: &mut Inventory,
        decision: &'d mut Decision,
        ask: &Ask<'_>,
        reservations: &[ReservationId],
    ) -> Option<Self> {
        let by_price = ask.preferences.prefer.iter().all(|preference| *preference == Preference::Price);
        if !by_price || ask.preferences.spread.is_some() || !ask.current.is_empty() {
            return None;
        }
        let sites = sites(inventory, decision, ask);
        let at = |placement: &Placement| sites.iter().position(|site| site.pair == placement.pair);
        let replicas: u64 = decision.placements().iter().map(|placement| u64::from(placement.replicas)).sum();
        if replicas > MOST_REPLICAS {
            return None;
        }
        let placed: Option<Vec<_>> =
            decision.placements().iter().map(|p| at(p).map(|site| (site, p.replicas))).collect();
        let placed = placed?;
        // One reservation for each replica, so that each can move.
        for &id in reservations {
            inventory.release(id).ok()?;
        }
        let mut replicas = Vec::new();
        for (site, count) in placed {
            let Site { pair, request, .. } = *sites.get(site)?;
            for _ in 0..count {
                replicas.push(Replica { site, reservation: inventory.reserve(pair, &request, 1).ok()? });
            }
        }
        Some(Self { decision, sites, replicas })
    }

    fn site_of(&self, replica: usize) -> Option<&Site> {
        self.sites.get(self.replicas.get(replica)?.site)
    }

    /// Writes the moves into the decision.
    fn settle(self) {
        let mut placements: Vec<(usize, Placement)> = Vec::new();
        for replica in &self.replicas {
            let Some(site) = self.sites.get(replica.site) else { continue };
            match placements.iter_mut().find(|(at, _)| *at == replica.site) {
                Some((_, placement)) => {
                    placement.replicas += 1;
                    placement.price_per_hour = site.price.checked_mul(u64::from(placement.replicas));
                }
                None => placements.push((
                    replica.site,
                    Placement { pair: site.pair, replicas: 1, price_per_hour: Some(site.price), request: site.request },
                )),
            }
        }
        placements.sort_by_key(|(site, _)| *site);
        self.decision.replace_placements(placements.into_iter().map(|(_, placement)| placement).collect());
    }
}

/// The priced candidates of a decision under the alternative it took, cheapest first.
fn sites(inventory: &Inventory, decision: &Decision, ask: &Ask<'_>) -> Vec<Site> {
    let open = (&**inventory.healthy(), &**inventory.cordoned());
    let feasible = Feasible::new(inventory.fleet(), open, decision.scope(), ask.demand);
    let fleet = feasible.fleet();
    let priced = feasible.candidates(decision.alternative()).filter_map(|id| {
        let pair = fleet.pair(id)?;
        let request = feasible.request(decision.alternative(), pair);
        let price = replica_price(fleet.pool(pair.pool)?, &request)?;
        Some(Site { price, pair: id, pool: pair.pool, request })
    });
    let mut sites: Vec<_> = priced.collect();
    sites.sort_by_key(|site| (site.price, site.pair));
    sites
}

/// Moves replicas of placed deployments where they cost less together, within a budget of `steps`:
/// places tried. Never places a replica outside its deployment's candidates, and never makes the
/// whole dearer. Equal input gives equal results, on every machine.
///
/// The inventory holds the moved replicas in the end, each under a reservation of its own.
pub fn optimize(inventory: &mut Inventory, movables: Vec<Movable<'_>>, steps: u64) {
    let mut search = Search { inventory, movables, steps };
    while search.pass() && search.steps > 0 {}
    search.movables.into_iter().for_each(Movable::settle);
}

struct Search<'i, 'd> {
    inventory: &'i mut Inventory,
    movables: Vec<Movable<'d>>,
    steps: u64,
}

impl Search<'_, '_> {
    /// Tries each replica once, the ones that could save most first; whether anything moved.
    fn pass(&mut self) -> bool {
        let mut order: Vec<(u64, Which)> = Vec::new();
        for (movable, of) in self.movables.iter().enumerate() {
            let cheapest = of.sites.first().map_or(0, |site| site.price.get());
            for replica in 0..of.replicas.len() {
                let pays = of.site_of(replica).map_or(0, |site| site.price.get());
                if pays > cheapest {
                    order.push((pays - cheapest, Which { movable, replica }));
                }
            }
        }
        order.sort_by(|a, b| b.0.cmp(&a.0).then((a.1.movable, a.1.replica).cmp(&(b.1.movable, b.1.replica))));
        let mut moved = false;
        for (_, which) in order {
            moved |= self.improve(which);
        }
        moved
    }

    /// Finds a cheaper place for a replica: a free one, or one whose tenants can go elsewhere at less
    /// than is gained.
    fn improve(&mut self, which: Which) -> bool {
        let Some(from) = self.site(which) else { return false };
        let cheaper = self.sites_below(which, from.price.get());
        for to in 0..cheaper {
            if self.steps == 0 {
                return false;
            }
            if self.shift(which, to).is_some() || self.make_room(which, to, from.price.get()) {
                return true;
            }
        }
        false
    }

    /// How many of a replica's sites cost less than `price`.
    fn sites_below(&self, which: Which, price: u64) -> usize {
        self.movables.get(which.movable).map_or(0, |of| of.sites.partition_point(|site| site.price.get() < price))
    }

    /// Moves a replica to another of its sites, if there is room: where it was and what it held there.
    fn shift(&mut self, which: Which, to: usize) -> Option<Left> {
        self.steps = self.steps.checked_sub(1)?;
        let site = self.movables.get(which.movable)?.sites.get(to).copied()?;
        let reservation = self.inventory.reserve(site.pair, &site.request, 1).ok()?;
        let replica = self.movables.get_mut(which.movable)?.replicas.get_mut(which.replica)?;
        let old = std::mem::replace(replica, Replica { site: to, reservation });
        let held = self.inventory.reservation(old.reservation)?;
        self.inventory.release(old.reservation).ok()?;
        Some(Left { which, site: old.site, held })
    }

    /// Lets tenants of a pool go where they cost least more, one after the other, until a replica has
    /// room there and what it saves is more than what they cost; else all stay where they are.
    fn make_room(&mut self, which: Which, to: usize, pays: u64) -> bool {
        let Some(site) = self.movables.get(which.movable).and_then(|of| of.sites.get(to)).copied() else {
            return false;
        };
        let gain = pays - site.price.get();
        let mut spent = 0;
        let mut left: Vec<Left> = Vec::new();
        for tenant in self.tenants(site.pool, which, gain).into_iter().take(TENANTS) {
            let Some(home) = self.site(tenant) else { continue };
            let limit = home.price.get().saturating_add(gain - spent);
            let Some(refuge) = self.find_refuge(tenant, limit) else { continue };
            spent += self.site(tenant).map_or(0, |now| now.price.get()).saturating_sub(home.price.get());
            left.push(refuge);
            if self.shift(which, to).is_some() {
                return true;
            }
        }
        self.bring_back(left);
        false
    }

    /// Moves a tenant to its next dearer pool with room that costs less than `limit`. What is cheaper
    /// has no room, or it would be there.
    fn find_refuge(&mut self, tenant: Which, limit: u64) -> Option<Left> {
        let home = self.movables.get(tenant.movable)?.replicas.get(tenant.replica)?.site;
        let refuges = home + 1..self.sites_below(tenant, limit);
        refuges.take(REFUGES).find_map(|at| self.shift(tenant, at))
    }

    /// Undoes moves: everybody gets the very nodes again that he left.
    fn bring_back(&mut self, left: Vec<Left>) {
        for Left { which, .. } in &left {
            let replica = self.movables.get(which.movable).and_then(|of| of.replicas.get(which.replica));
            if let Some(replica) = replica {
                let _ = self.inventory.release(replica.reservation);
            }
        }
        for Left { which, site, held } in left {
            let restored = self.inventory.restore(&held);
            debug_assert!(restored.is_ok(), "nodes that were just left are not free: {restored:?}");
            let replica = self.movables.get_mut(which.movable).and_then(|of| of.replicas.get_mut(which.replica));
            if let Some(replica) = replica {
                *replica = Replica { site, reservation: held.id() };
            }
        }
    }

    /// The replicas on a pool that others could make room by, those first that would cost least more
    /// elsewhere; none of the asking deployment, and none that would cost more than `gain`.
    fn tenants(&self, pool: PoolId, but: Which, gain: u64) -> Vec<Which> {
        let mut tenants = Vec::new();
        for (movable, of) in self.movables.iter().enumerate().filter(|(movable, _)| *movable != but.movable) {
            for replica in 0..of.replicas.len() {
                let Some(home) = of.site_of(replica).filter(|site| site.pool == pool) else { continue };
                let next = of.sites.iter().find(|site| site.pool != pool && site.price >= home.price);
                if let Some(more) = next.map(|site| site.price.get() - home.price.get()).filter(|more| *more < gain) {
                    tenants.push((more, Which { movable, replica }));
                }
            }
        }
        tenants.sort_by_key(|(more, which)| (*more, which.movable, which.replica));
        tenants.into_iter().map(|(_, which)| which).collect()
    }

    fn site(&self, which: Which) -> Option<Site> {
        self.movables.get(which.movable)?.site_of(which.replica).copied()
    }
}

/// A replica that moved: where it was, and what it held there.
struct Left {
    which: Which,
    site: usize,
    held: Reservation,
}

/// Tenants that make room for one replica, at most.
const TENANTS: usize = 8;

/// Replicas of one deployment that are moved one by one; larger ones stay where they are.
const MOST_REPLICAS: u64 = 1000;

/// Places that a tenant tries before it is left alone.
const REFUGES: usize = 64;
