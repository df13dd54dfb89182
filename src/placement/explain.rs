//! Why here, and why not there.

use std::sync::Arc;

use smallvec::SmallVec;

use super::ask::Ask;
use super::asked::Asked;
use super::constraint::{Code, Failures};
use super::counts::Counts;
use super::feasible::{Feasible, Question};
use super::figures::Source;
use super::reason::{self, Reason};
use super::shortage::Shortage;
use crate::bitset::BitSet;
use crate::id::{ClusterId, Id, PairId, PoolId};
use crate::inventory::{Inventory, Nodes};
use crate::policy::{Restriction, Scope};

/// Every pair on which one replica could run if it were empty (D2). O(places + kinds + allowed pairs).
#[must_use]
pub fn candidates(inventory: &Inventory, scope: &Scope, ask: &Ask<'_>) -> BitSet<PairId> {
    feasible(inventory, scope, ask).all_candidates()
}

/// How many replicas fit on each candidate now, at most `wanted`, by alternative of the demand. O(places + kinds +
/// allowed pairs × runs of their nodes).
pub(crate) fn rooms(inventory: &Inventory, scope: &Scope, ask: &Ask<'_>, wanted: u32) -> Vec<Vec<(PairId, u32)>> {
    let (feasible, demand) = (feasible(inventory, scope, ask), ask.demand);
    let fleet = inventory.fleet();
    let room = |id: PairId, alternative: usize| {
        let pair = fleet.pair(id)?;
        let request = feasible.request(alternative, pair);
        Some((id, inventory.nodes(pair.pool).map_or(wanted, |nodes| nodes.room(&request, wanted))))
    };
    let of = |alternative| feasible.candidates(alternative).filter_map(|id| room(id, alternative)).collect();
    (0..demand.alternatives()).map(of).collect()
}

/// Every constraint that keeps some pair of the fleet from holding a replica, whatever the verdict.
#[must_use]
pub fn explain(inventory: &Inventory, scope: &Arc<Scope>, ask: &Ask<'_>) -> Vec<Reason> {
    let asked = Arc::new(Asked::new(inventory, scope, ask));
    let feasible = asked.feasible();
    let ask = Ask::new(ask.demand, 1).within(ask.limits);
    let question = Question::new(inventory, &feasible, ask);
    reason::reasons(&question, Shortage::default(), &asked, Vec::new())
}

/// What speaks against one pair of a cluster; nothing, where it is a candidate with room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PairExplanation {
    /// The pair.
    pub pair: PairId,
    /// Whether it is a candidate (D2), with or without room at the moment.
    pub candidate: bool,
    /// Every constraint that it fails, not just the first.
    pub reasons: Vec<Reason>,
}

/// Every constraint that each pair of one cluster fails (D6). Empty for an id of another fleet.
#[must_use]
pub fn explain_cluster(
    inventory: &Inventory,
    scope: &Arc<Scope>,
    ask: &Ask<'_>,
    cluster: ClusterId,
) -> Vec<PairExplanation> {
    let asked = Arc::new(Asked::new(inventory, scope, ask));
    let demand = ask.demand;
    let feasible = asked.feasible();
    let question = Question::new(inventory, &feasible, Ask::new(demand, 1).within(ask.limits));
    let Some(cluster) = question.fleet().cluster(cluster) else { return Vec::new() };
    let blocked = reason::failing_everything(scope, question.fleet().clusters().len());
    let pairs = cluster.pairs.clone().map(PairId::from_index);
    let explained = pairs.map(|pair| {
        let alternatives = (0..demand.alternatives()).filter_map(|alternative| question.failures(pair, alternative));
        let failures: SmallVec<[Failures; 2]> = alternatives.collect();
        let only_room = |failures: &Failures| {
            failures.codes().all(|code| matches!(code, Code::InsufficientCapacity | Code::OverLimit))
        };
        let candidate = blocked.is_empty() && failures.iter().any(only_room);
        // Where it passes everything under one alternative, the others do not matter.
        let passes = failures.iter().any(|failures| failures.is_none());
        let all = failures.iter().filter(|_| !passes).fold(Failures::default(), |all, failures| all.and(*failures));
        let source = Arc::new(Source {
            asked: Arc::clone(&asked),
            pair: Some(pair),
            full: room(inventory, pair),
            places: Vec::new(),
        });
        let judged = all.codes().map(|code| {
            let policies = culprits(&question, pair, code);
            let under = failures.iter().enumerate().filter(|(_, failures)| failures.contains(code));
            let under: SmallVec<[usize; 2]> = under.map(|(number, _)| number + 1).collect();
            let alternatives = if under.len() == failures.len() { SmallVec::new() } else { under };
            let source = Some(Arc::clone(&source));
            Reason { policies, source, alternatives, ..Reason::new(code, Counts::default()) }
        });
        PairExplanation { pair, candidate, reasons: blocked.iter().cloned().chain(judged).collect() }
    });
    explained.collect()
}

fn feasible<'a>(inventory: &'a Inventory, scope: &'a Scope, ask: &Ask<'a>) -> Feasible<'a> {
    Feasible::new(inventory.fleet(), inventory.takers(), scope, ask.demand).within(ask.limits)
}

/// What is free on a pair's pool.
fn room(inventory: &Inventory, pair: PairId) -> Vec<(PoolId, Arc<Nodes>)> {
    let pool = inventory.fleet().pair(pair).map(|pair| pair.pool);
    pool.and_then(|pool| Some((pool, Arc::clone(inventory.shared_nodes(pool)?)))).into_iter().collect()
}

/// Every policy of each level that excludes this pair.
fn culprits(question: &Question<'_>, pair: PairId, code: Code) -> Vec<reason::Culprit> {
    let Code::NotAllowed(axis) = code else { return Vec::new() };
    let class = question.fleet().index().class_of(pair);
    let Some(point) = class.and_then(|class| *class.points.get(axis)) else { return Vec::new() };
    let scope = question.feasible.scope();
    let excludes = |restriction: &&Restriction| !restriction.admits(point);
    reason::culprits(scope, scope.axis(axis).restrictions().iter().filter(excludes))
}
