//! The answer to one deployment's question.

use std::sync::Arc;

use serde::Serialize;

use super::allot::{Allotment, allot};
use super::feasible::Question;
use super::reason::{self, Reason};
use crate::bitset::BitSet;
use crate::deployment::Demand;
use crate::id::PairId;
use crate::inventory::{Fleet, Inventory, Request};
use crate::policy::Scope;
use crate::quantity::Money;

/// Placements for all replicas, or a refusal (D3). A value: it keeps ids and a shared handle on
/// the fleet for their names.
#[derive(Clone, Debug)]
pub struct Decision {
    fleet: Arc<Fleet>,
    scope: Arc<Scope>,
    candidates: BitSet<PairId>,
    placements: Vec<Placement>,
    refusal: Option<Refusal>,
}

/// The short answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// All replicas have a place.
    Placed,
    /// Not all replicas have a place, so none is placed.
    Refused,
}

impl Verdict {
    /// The verdict's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Refused => "refused",
        }
    }
}

/// Replicas on a candidate (D2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placement {
    /// Where, and on what.
    pub pair: PairId,
    /// How many; 0 for a deployment that is scaled to zero and would wake here.
    pub replicas: u32,
    /// What all of them cost an hour; `None` if unknown (I5).
    pub price_per_hour: Option<Money>,
    /// What each of them takes.
    pub request: Request,
}

/// Why not all replicas have a place (D6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Replicas wanted; 1 for a deployment that is scaled to zero.
    pub wanted: u32,
    /// Replicas that would fit.
    pub fitting: u32,
    /// Clusters asked.
    pub clusters: usize,
    /// The constraints that stand in the way, in the order of their codes; never empty.
    pub reasons: Vec<Reason>,
}

/// Decides where `replicas` of a demand run: all of them within the policies, the fleet's health
/// and its free capacity, the best-ranked candidates first; or why not (D1–D6).
///
/// Total: whatever the input, there is a decision (D3). It depends on nothing but its arguments
/// (D4). Nothing is reserved; see [`commit`](super::commit).
///
/// Of several alternatives of a gpu demand, the first under which all replicas fit is taken for all
/// of them. Zero replicas are decided as one would be, where it would wake.
///
/// O(classes + pairs / 64 + allowed pairs × log), and the nodes in use on the allowed pools.
#[must_use]
pub fn decide(inventory: &Inventory, scope: &Arc<Scope>, demand: &Demand, replicas: u32) -> Decision {
    let question = Question { inventory, scope, demand };
    let wanted = replicas.max(1);
    let mut candidates = BitSet::empty(question.fleet().pairs().len());
    let mut chosen: Option<Allotment> = None;
    for alternative in 0..demand.alternatives() {
        let feasible = question.candidates(alternative);
        candidates.union_with(&feasible);
        if chosen.as_ref().is_none_or(|best| best.fitting < wanted) {
            let allotment = allot(&question, &feasible, alternative, wanted);
            if chosen.as_ref().is_none_or(|best| best.fitting < allotment.fitting) {
                chosen = Some(allotment);
            }
        }
    }
    let allotment = chosen.unwrap_or_default();
    let (placements, refusal) = if allotment.fitting == wanted {
        (placements(allotment, replicas), None)
    } else {
        let clusters = question.fleet().clusters().len();
        let short_of_room = !candidates.is_empty();
        let reasons = reason::reasons(&question, short_of_room);
        (Vec::new(), Some(Refusal { wanted, fitting: allotment.fitting, clusters, reasons }))
    };
    let (fleet, scope) = (Arc::clone(inventory.fleet()), Arc::clone(scope));
    Decision { fleet, scope, candidates, placements, refusal }
}

fn placements(allotment: Allotment, replicas: u32) -> Vec<Placement> {
    let placement = |(pair, part): (PairId, super::allot::Part)| {
        let replicas = if replicas == 0 { 0 } else { part.replicas };
        let price_per_hour = part.price.and_then(|price| price.checked_mul(u64::from(replicas)));
        Placement { pair, replicas, price_per_hour, request: part.request }
    };
    allotment.parts.into_iter().map(placement).collect()
}

impl Decision {
    /// Placed or refused.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.refusal.is_none() { Verdict::Placed } else { Verdict::Refused }
    }

    /// Whether all replicas have a place.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        self.refusal.is_none()
    }

    /// Every pair on which one replica could run if it were empty (D2), ascending by names.
    #[must_use]
    pub fn candidates(&self) -> &BitSet<PairId> {
        &self.candidates
    }

    /// Where the replicas run, in the order of each candidate's first; empty in a refusal.
    #[must_use]
    pub fn placements(&self) -> &[Placement] {
        &self.placements
    }

    /// Why not all replicas have a place.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The policies it was decided under.
    #[must_use]
    pub fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// The fleet it was decided on, for names.
    #[must_use]
    pub fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }
}
