//! The moves that bring what runs to where it was decided that it should run, in an order in which each has room.

use std::collections::{BTreeMap, VecDeque};

use crate::id::{DeploymentId, PairId};
use crate::inventory::{Inventory, Request, ReservationId};
use crate::placement;
use crate::quantity::Money;
use crate::workspace::{Outcome, Workspace};

/// How to get from what runs to what was decided.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct MovePlan {
    /// The moves, in the order in which they can be made: the new replicas have room before the old ones stop.
    pub moves: Vec<PlannedMove>,
    /// Moves that have no room while all else runs: some of the replicas that stand in each other's way have to stop
    /// first.
    pub blocked: Vec<PlannedMove>,
    /// Moves that are left out since they pay back too late.
    pub too_late: Vec<PlannedMove>,
}

/// Replicas that go from one place to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PlannedMove {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Where they run.
    pub from: PairId,
    /// Where they go.
    pub to: PairId,
    /// How many.
    pub replicas: u32,
    /// What each of them needs there.
    pub needs: Request,
    /// What all of them cost an hour where they run, if known.
    pub price_before: Option<Money>,
    /// What all of them cost an hour where they go, if known.
    pub price_after: Option<Money>,
    /// Whether they may run where they do, or must leave.
    pub may_stay: bool,
}

impl PlannedMove {
    /// After how many hours, rounded up, the move has saved what it costs: an hour in which both the old replicas and the
    /// new ones run. `None` where it saves nothing, or where a price is not known.
    #[must_use]
    pub fn payback_hours(&self) -> Option<u64> {
        let (before, after) = (self.price_before?.get(), self.price_after?.get());
        let saved = before.checked_sub(after).filter(|saved| *saved > 0)?;
        Some(after.div_ceil(saved))
    }
}

/// Plans the moves from what documents say that runs to where decisions place it, as [`Workspace::place_all_as`] made
/// them; with `optimize` they are those that save. Each goes to a place that its decision names, so it is legal, and has
/// room while all else runs, with the moves before it made. Replicas that only start or stop are no moves.
///
/// With `payback`, a move that is not forced and saves what it costs only after more hours, or never, is left out.
///
/// ```
/// use siting::Workspace;
/// use siting::analysis::plan_moves;
/// use siting::workspace::PlaceOptions;
///
/// let workspace: Workspace = "
/// apiVersion: siting.dev/v1
/// kind: Deployment
/// metadata: {name: v1}
/// spec: {model: bert, replicas: 1, resources: {cpu: 1, memory: 1Gi}, placement: {prefer: [price]}}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {name: paris}
/// spec: {provider: ovh, country: fr, pools: [{name: a, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 4Gi, pricePerHour: '3'}]}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {name: lyon}
/// spec: {provider: ovh, country: fr, pools: [{name: a, nodes: 1, cpuFlavor: x86, cpu: 1, memory: 4Gi, pricePerHour: '1'}]}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Placement
/// metadata: {name: v1-a}
/// spec: {deployment: bert/v1, cluster: paris, pool: a, replicas: 1}
/// ".parse()?;
/// let decided = workspace.place_all_as(PlaceOptions { optimize: 1000, ..PlaceOptions::default() });
/// let plan = plan_moves(&workspace, &decided, None);
/// // An hour of the new place costs 1, and each hour saves 2.
/// assert_eq!(plan.moves[0].payback_hours(), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// O(moves²) at worst, where each makes room for the one before it.
#[must_use]
pub fn plan_moves(workspace: &Workspace, decided: &[Outcome], payback: Option<u64>) -> MovePlan {
    let mut plan = MovePlan::default();
    let mut waiting = VecDeque::new();
    for outcome in decided {
        for (planned, held) in wanted(workspace, outcome) {
            let pays = |most| planned.payback_hours().is_some_and(|hours| hours <= most);
            if planned.may_stay && payback.is_some_and(|most| !pays(most)) {
                plan.too_late.push(planned);
            } else {
                waiting.push_back((planned, held));
            }
        }
    }
    let mut inventory = workspace.inventory().clone();
    // Once around without a move, and nothing makes room for anything.
    let mut idle = 0;
    while let Some((mut planned, held)) = waiting.pop_front() {
        let fitting = room(&inventory, &planned);
        let taken = fitting > 0 && inventory.reserve(planned.to, &planned.needs, fitting).is_ok();
        if taken && inventory.shrink(held, fitting).is_ok() {
            plan.moves.push(planned.of(fitting));
            planned = planned.of(planned.replicas - fitting);
            idle = 0;
        } else {
            idle += 1;
        }
        if planned.replicas > 0 {
            waiting.push_back((planned, held));
        }
        if idle > waiting.len() {
            break;
        }
    }
    plan.blocked.extend(waiting.into_iter().map(|(planned, _)| planned));
    plan
}

impl PlannedMove {
    /// The same of fewer replicas.
    fn of(self, replicas: u32) -> Self {
        let part = |price: Option<Money>| {
            let all = u128::from(price?.get()) * u128::from(replicas) / u128::from(self.replicas.max(1));
            u64::try_from(all).ok().map(Money::micros)
        };
        Self { replicas, price_before: part(self.price_before), price_after: part(self.price_after), ..self }
    }
}

/// How many of the replicas fit where they go.
fn room(inventory: &Inventory, planned: &PlannedMove) -> u32 {
    let Some(pair) = inventory.fleet().pair(planned.to) else { return 0 };
    inventory.nodes(pair.pool).map_or(planned.replicas, |nodes| nodes.room(&planned.needs, planned.replicas))
}

/// The moves of one deployment, each with what holds the replicas where they run.
fn wanted(workspace: &Workspace, outcome: &Outcome) -> Vec<(PlannedMove, ReservationId)> {
    let fleet = workspace.inventory().fleet();
    let mut targets: BTreeMap<PairId, u32> = BTreeMap::new();
    for placement in outcome.decision.placements() {
        *targets.entry(placement.pair).or_default() += placement.replicas;
    }
    let own = workspace.running().iter().filter(|own| own.deployment == outcome.deployment);
    let mut sources = Vec::new();
    for own in own {
        // What stays where it is.
        let there = targets.entry(own.pair).or_default();
        let stays = own.replicas.min(*there);
        *there -= stays;
        sources.push((own, own.replicas - stays));
    }
    let candidates = outcome.decision.candidates();
    let needs = |pair| {
        let placed = outcome.decision.placements().iter().find(|placement| placement.pair == pair);
        placed.map(|placement| placement.request)
    };
    let mut moves = Vec::new();
    let mut targets = targets.into_iter();
    let mut target = targets.next();
    for (own, mut left) in sources {
        while left > 0 {
            let Some((to, room)) = &mut target else { break };
            let (to, replicas) = (*to, left.min(*room));
            left -= replicas;
            *room -= replicas;
            if *room == 0 {
                target = targets.next();
            }
            let Some(needs) = needs(to).filter(|_| replicas > 0) else { continue };
            let price =
                |pair, request: &Request| placement::price(fleet, pair, request)?.checked_mul(u64::from(replicas));
            moves.push((
                PlannedMove {
                    deployment: outcome.deployment,
                    from: own.pair,
                    to,
                    replicas,
                    needs,
                    price_before: price(own.pair, &own.request),
                    price_after: price(to, &needs),
                    may_stay: candidates.contains(own.pair),
                },
                own.reservation,
            ));
        }
    }
    moves
}
