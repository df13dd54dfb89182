//! Why here, and why not there.

use std::sync::Arc;

use super::ask::Ask;
use super::constraint::Code;
use super::feasible::{JUDGING, Question};
use super::reason::{self, Counts, Reason, Shortage};
use crate::deployment::Demand;
use crate::id::{ClusterId, Id, PairId};
use crate::inventory::Inventory;
use crate::policy::{Restriction, Scope};

/// Every constraint that keeps some pair of the fleet from holding a replica, whatever the verdict.
#[must_use]
pub fn explain(inventory: &Inventory, scope: &Arc<Scope>, demand: &Demand) -> Vec<Reason> {
    reason::reasons(&Question::new(inventory, scope, Ask::new(demand, 1)), Shortage::default())
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
    demand: &Demand,
    cluster: ClusterId,
) -> Vec<PairExplanation> {
    let question = Question::new(inventory, scope, Ask::new(demand, 1));
    let Some(cluster) = question.fleet().cluster(cluster) else { return Vec::new() };
    // By alternative, the pairs that fail each constraint.
    let alternatives = 0..demand.alternatives();
    let passing: Vec<Vec<_>> =
        alternatives.map(|alternative| JUDGING.map(|code| question.passing(code, alternative)).into()).collect();
    let blocked = reason::failing_everything(scope, question.fleet().clusters().len());
    let pairs = cluster.pairs.clone().map(PairId::from_index);
    pairs
        .map(|pair| {
            let failing = |alternative: &Vec<crate::bitset::BitSet<PairId>>| -> Vec<Code> {
                let failed = JUDGING.into_iter().zip(alternative).filter(|(_, passing)| !passing.contains(pair));
                failed.map(|(code, _)| code).collect()
            };
            // The alternative that comes nearest: one under which only room is missing before any other;
            // then the fewest; of equals, the first.
            let distance =
                |codes: &Vec<Code>| (codes.iter().any(|&code| code != Code::InsufficientCapacity), codes.len());
            let codes = passing.iter().map(failing).min_by_key(distance).unwrap_or_default();
            let candidate = blocked.is_empty() && codes.iter().all(|&code| code == Code::InsufficientCapacity);
            let judged = codes.into_iter().map(|code| {
                let policies = culprits(&question, pair, code);
                Reason { policies, ..Reason::new(code, Counts::default()) }
            });
            PairExplanation { pair, candidate, reasons: blocked.iter().cloned().chain(judged).collect() }
        })
        .collect()
}

/// Every policy of each level that excludes this pair.
fn culprits(question: &Question<'_>, pair: PairId, code: Code) -> Vec<reason::Culprit> {
    let fleet = question.fleet();
    let class = fleet.index().classes().iter().find(|class| class.members.binary_search(&pair).is_ok());
    let (Some(axis), Some(class)) = (reason::axis_of(code), class) else { return Vec::new() };
    let (atom, rest) = class.point(axis);
    let excludes = |restriction: &&Restriction| !restriction.admits(atom, rest);
    reason::culprits(question.scope, question.scope.axis(axis).restrictions().iter().filter(excludes))
}
