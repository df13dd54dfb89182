//! The fewest replicas of lower priority without which there would be room (D7).

use std::collections::{BTreeMap, HashMap};

use super::Holder;
use super::suppose::Case;
use crate::id::{Name, PoolId};
use crate::inventory::{Inventory, Nodes, Request};
use crate::placement::feasible::Feasible;

/// Replicas of one deployment of lower priority that hold room on one pool.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Occupant {
    /// The deployment, as `workload/name`.
    pub deployment: String,
    /// Its priority.
    pub priority: i32,
    /// The cluster.
    pub cluster: Name,
    /// The pool.
    pub pool: Name,
    /// How many of its replicas there, the last ones first.
    pub replicas: u32,
}

/// What deployments of lower priority hold of the room where it may run, whether or not that would be enough (D6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HeldRoom {
    /// Their replicas there.
    pub replicas: u32,
    /// How many of the replicas that do not fit would, if none of those were there.
    pub room: u32,
}

/// The most combinations of replicas that are looked at on one pool.
const MOST_COMBINATIONS: usize = 1024;

/// The most steps by which what pools gain is put together: beyond, nothing is said of the fewest.
const MOST_STEPS: usize = 200_000;

/// How many replicas of which holders to do without, and how many more would fit then.
type Choice = (u32, Vec<(usize, u32)>);

/// The fewest replicas of holders without which all replicas that are asked for fit; empty where that does not help,
/// or where more than room is missing. A pool gains what each of its holders gives back, so
/// the least of the fleet is that of its pools together. `None` where that takes too many steps to find.
pub(super) fn fewest(case: &Case<'_>, holders: &[Holder]) -> Option<Vec<Occupant>> {
    let Some(holders) = Holders::of(case, holders) else { return Some(Vec::new()) };
    let scope = case.local.scope(&[]);
    let feasible =
        Feasible::new(case.fleet(), case.inventory.takers(), &scope, case.ask.demand).within(case.ask.limits);
    let alternatives = 0..case.ask.demand.alternatives();
    let mut best: Option<Choice> = None;
    for alternative in alternatives {
        let found = under(case, &feasible, &holders, alternative)?;
        best = best.into_iter().chain(found).min_by_key(|(replicas, _)| *replicas);
    }
    let Some((_, chosen)) = best else { return Some(Vec::new()) };
    let mut occupants: Vec<Occupant> = chosen
        .into_iter()
        .filter_map(|(at, replicas)| {
            let holder = holders.all.get(at)?;
            let found = case.inventory.reservation(holder.reservation)?;
            let (cluster, pool) = (found.cluster().clone(), found.pool().clone());
            Some(Occupant { deployment: holder.address.clone(), priority: holder.priority, cluster, pool, replicas })
        })
        .collect();
    occupants.sort_by(|a, b| {
        (a.priority, &a.deployment, &a.cluster, &a.pool).cmp(&(b.priority, &b.deployment, &b.cluster, &b.pool))
    });
    Some(occupants)
}

/// Who holds room, and where.
struct Holders<'a> {
    all: &'a [Holder],
    on_pools: HashMap<PoolId, Vec<usize>>,
}

impl<'a> Holders<'a> {
    /// Nothing where nobody holds room, or where it is not the sum of pools that counts.
    fn of(case: &Case<'_>, all: &'a [Holder]) -> Option<Self> {
        let spreads = case.ask.preferences.spread.is_some_and(|spread| spread.max_skew.is_some());
        if all.is_empty() || spreads || case.ask.preferences.together.is_some() || !case.ask.limits.is_empty() {
            return None;
        }
        let mut on_pools: HashMap<PoolId, Vec<usize>> = HashMap::new();
        for (at, holder) in all.iter().enumerate() {
            if let Some(pool) = case.inventory.pool_of(holder.reservation) {
                on_pools.entry(pool).or_default().push(at);
            }
        }
        Some(Self { all, on_pools })
    }
}

/// The pools where an alternative may run, with what a replica takes on each, and how many have room now.
struct Pools {
    wanted: u32,
    all: BTreeMap<PoolId, Vec<Request>>,
    room: u32,
}

impl Pools {
    /// Nothing where nothing may run, or where a pool has no limit: it has room for all, so room is not what is missing.
    fn of(case: &Case<'_>, feasible: &Feasible<'_>, alternative: usize) -> Option<Self> {
        if feasible.scope().refuses_everything() {
            return None;
        }
        let mut pools = Self { wanted: case.ask.wanted(), all: BTreeMap::new(), room: 0 };
        let fleet = case.fleet();
        for pair in feasible.candidates(alternative).filter_map(|id| fleet.pair(id)) {
            pools.all.entry(pair.pool).or_default().push(case.request(alternative, pair));
        }
        for (pool, requests) in &pools.all {
            pools.room = pools.room.saturating_add(pools.room_of(case.inventory.nodes(*pool)?, requests));
        }
        Some(pools)
    }

    /// Of the flavors of a pool, that counts on which more fit: the other takes GPUs and nothing else.
    fn room_of(&self, nodes: &Nodes, requests: &[Request]) -> u32 {
        requests.iter().map(|request| nodes.room(request, self.wanted)).max().unwrap_or(0)
    }
}

/// What all holders together keep from the alternative that would gain most by it; nothing where room is not what is
/// missing, or where none of them stands where it may run. O(candidates + holders on their pools).
pub(super) fn held(case: &Case<'_>, holders: &[Holder]) -> Option<HeldRoom> {
    let holders = Holders::of(case, holders)?;
    let scope = case.local.scope(&[]);
    let feasible =
        Feasible::new(case.fleet(), case.inventory.takers(), &scope, case.ask.demand).within(case.ask.limits);
    let held = |alternative| {
        let pools = Pools::of(case, &feasible, alternative)?;
        let missing = case.ask.wanted().checked_sub(pools.room).filter(|missing| *missing > 0)?;
        let mut held = HeldRoom { replicas: 0, room: 0 };
        for (pool, requests) in &pools.all {
            let (Some(here), Some(nodes)) = (holders.on_pools.get(pool), case.inventory.nodes(*pool)) else { continue };
            let all = here.iter().filter_map(|at| holders.all.get(*at));
            let gone: Vec<_> = all.map(|holder| (holder.reservation, holder.replicas)).collect();
            let Some(empty) = case.inventory.without(&gone) else { continue };
            let more = pools.room_of(&empty, requests).saturating_sub(pools.room_of(nodes, requests));
            held.replicas = gone.iter().fold(held.replicas, |sum, (_, replicas)| sum.saturating_add(*replicas));
            held.room = held.room.saturating_add(more).min(missing);
        }
        (held.replicas > 0).then_some(held)
    };
    let alternatives = 0..case.ask.demand.alternatives();
    alternatives.filter_map(held).max_by_key(|held| (held.room, std::cmp::Reverse(held.replicas)))
}

/// The same under one alternative: nothing inside where that does not help, and nothing at all where it takes too many
/// steps.
fn under(
    case: &Case<'_>,
    feasible: &Feasible<'_>,
    holders: &Holders<'_>,
    alternative: usize,
) -> Option<Option<Choice>> {
    let Some(pools) = Pools::of(case, feasible, alternative) else { return Some(None) };
    let Some(missing) = pools.wanted.checked_sub(pools.room).filter(|missing| *missing > 0) else {
        return Some(None);
    };
    let mut steps = 0_usize;
    // By how many more fit: the fewest replicas that must go for it.
    let mut least: BTreeMap<u32, Choice> = BTreeMap::from([(0, (0, Vec::new()))]);
    for (pool, requests) in &pools.all {
        let (Some(here), Some(nodes)) = (holders.on_pools.get(pool), case.inventory.nodes(*pool)) else { continue };
        let now = pools.room_of(nodes, requests);
        let gained = |nodes: &Nodes| pools.room_of(nodes, requests).saturating_sub(now).min(missing);
        let replicas = here.iter().filter_map(|at| holders.all.get(*at)).map(|holder| holder.replicas as usize);
        let combinations = replicas.fold(1_usize, |all, replicas| all.saturating_mul(replicas.saturating_add(1)));
        // What a pool gains is not looked through for nothing where putting it together is too much already.
        steps = steps.saturating_add(combinations.min(MOST_COMBINATIONS).saturating_mul(least.len()));
        if steps > MOST_STEPS {
            return None;
        }
        let gains = gains(case.inventory, holders.all, here, gained);
        let mut next = least.clone();
        for (gained, (replicas, chosen)) in &least {
            for (more, (further, beside)) in &gains {
                let all = (gained + more).min(missing);
                let cost = replicas + further;
                if next.get(&all).is_none_or(|(known, _)| cost < *known) {
                    let together = chosen.iter().chain(beside).copied().collect();
                    next.insert(all, (cost, together));
                }
            }
        }
        least = next;
    }
    Some(least.remove(&missing))
}

/// By how much room is gained on one pool: the fewest replicas of its holders that must go for it.
fn gains(
    inventory: &Inventory,
    holders: &[Holder],
    here: &[usize],
    gained: impl Fn(&Nodes) -> u32,
) -> BTreeMap<u32, Choice> {
    let mut best: BTreeMap<u32, Choice> = BTreeMap::new();
    let mut counts: Vec<Vec<(usize, u32)>> = vec![Vec::new()];
    for at in here {
        let Some(holder) = holders.get(*at) else { continue };
        let longer = counts.iter().flat_map(|chosen| {
            (0..=holder.replicas).map(move |replicas| {
                let further = (replicas > 0).then_some((*at, replicas));
                chosen.iter().copied().chain(further).collect::<Vec<_>>()
            })
        });
        counts = longer.take(MOST_COMBINATIONS).collect();
    }
    for chosen in counts {
        let replicas: u32 = chosen.iter().map(|(_, replicas)| replicas).sum();
        let fewer = chosen.iter().filter_map(|(at, fewer)| Some((holders.get(*at)?.reservation, *fewer)));
        let Some(nodes) = inventory.without(&fewer.collect::<Vec<_>>()) else { continue };
        let more = gained(&nodes);
        if more > 0 && best.get(&more).is_none_or(|(known, _)| replicas < *known) {
            best.insert(more, (replicas, chosen));
        }
    }
    best
}
