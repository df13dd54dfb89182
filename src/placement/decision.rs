//! The answer to one deployment's question.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::allot::Allotment;
use super::ask::Ask;
use super::asked::Asked;
use super::feasible::{Feasible, Question, Without};
use super::reason::{self, Reason};
use super::shortage::Shortage;
use super::together::allot;
use crate::bitset::BitSet;
use crate::id::PairId;
use crate::inventory::{Fleet, Inventory, Request};
use crate::policy::Scope;
use crate::quantity::Money;

/// Placements for all replicas, or a refusal (D3). A value: it keeps ids and a shared handle on
/// the fleet for their names.
#[derive(Clone, Debug)]
pub struct Decision {
    asked: Arc<Asked>,
    /// Found when they are first asked for: placing needs no list of them.
    candidates: OnceLock<BitSet<PairId>>,
    placements: Vec<Placement>,
    /// In which order those were placed that share a pool; see [`sequence`](Self::sequence).
    sequence: Vec<(PairId, u32)>,
    /// The alternative of the demand that the placements are made under.
    alternative: usize,
    refusal: Option<Refusal>,
}

/// The short answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// All replicas have a place.
    Placed,
    /// Some have, and that was asked for.
    Partial,
    /// Not all replicas have a place, so none has.
    Refused,
}

impl Verdict {
    /// All of them, the best first.
    pub const ALL: [Self; 3] = [Self::Placed, Self::Partial, Self::Refused];

    /// The verdict's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Partial => "partial",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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

/// Decides where the replicas asked for run: all of them within the policies, the fleet's health
/// and its free capacity, the best-ranked candidates first; or why not (D1–D6).
///
/// Total: whatever the input, there is a decision (D3). It depends on nothing but its arguments
/// (D4). Nothing is reserved; see [`commit`](super::commit()).
///
/// Of several alternatives of a gpu demand, the first under which all replicas fit is taken for all
/// of them. Zero replicas are decided as one would be, where it would wake.
///
/// By price, which is how nothing stated ranks too, the cheapest offers of each kind of node are looked
/// at first and the others not at all: O(places + kinds × log kinds), and the offers that come before one
/// that is allowed and has room. Any other preference ranks every candidate: O(places + kinds + allowed
/// pairs × log). A refusal looks at every pair.
#[must_use]
pub fn decide(inventory: &Inventory, scope: &Arc<Scope>, ask: &Ask<'_>) -> Decision {
    let asked = Arc::new(Asked::new(inventory, scope, ask));
    let (allotment, refusal) = answer(inventory, &asked, ask);
    let (alternative, mut sequence) = (allotment.alternative, Vec::new());
    let placements = if refusal.is_none() || ask.partial {
        // What is scaled to zero takes nothing.
        if ask.replicas > 0 {
            sequence.clone_from(&allotment.sequence);
        }
        placements(allotment, ask.replicas)
    } else {
        Vec::new()
    };
    Decision { asked, candidates: OnceLock::new(), placements, sequence, alternative, refusal }
}

/// How many of the replicas asked for have a place, without a word about why not more.
pub(super) fn fitting(inventory: &Inventory, scope: &Arc<Scope>, ask: &Ask<'_>) -> u32 {
    let feasible = Feasible::new(inventory.fleet(), inventory.takers(), scope, ask.demand).within(ask.limits);
    best_allotment(&Question::new(inventory, &feasible, *ask)).0.fitting
}

/// Where replicas go, and why not more do.
fn answer(inventory: &Inventory, asked: &Arc<Asked>, ask: &Ask<'_>) -> (Allotment, Option<Refusal>) {
    let feasible = asked.feasible();
    let question = Question::new(inventory, &feasible, *ask);
    let (allotment, places) = best_allotment(&question);
    if allotment.fitting == ask.wanted() {
        return (allotment, None);
    }
    let relaxed = |without| best_allotment(&Question { without, ..question }).0.fitting;
    let bounds = Bounds::stated(&question);
    let free = if bounds.is_none() {
        allotment.fitting
    } else {
        relaxed(Without { spread: true, together: true, limits: true })
    };
    let why = bounds.that_stand_in_the_way(allotment.fitting, free, relaxed);
    let shortage = Shortage {
        fewer: free < ask.wanted(),
        spread: allotment.domains.as_ref().filter(|_| why.spread),
        together: allotment.one_domain.as_ref().filter(|_| why.together),
        limits: why.limits,
    };
    let ended = (why.spread || why.together).then_some(&allotment.ended);
    let question = Question { ended, ..question };
    let refusal = Refusal {
        wanted: ask.wanted(),
        fitting: allotment.fitting,
        clusters: question.fleet().clusters().len(),
        reasons: reason::reasons(&question, shortage, asked, places),
    };
    (allotment, Some(refusal))
}

/// Bounds of all replicas taken together.
#[derive(Clone, Copy)]
struct Bounds {
    spread: bool,
    together: bool,
    limits: bool,
}

impl Bounds {
    /// Those that a deployment states.
    fn stated(question: &Question<'_>) -> Self {
        let spread = question.spread().is_some_and(|spread| spread.max_skew.is_some());
        Self { spread, together: question.together().is_some(), limits: !question.limits().is_empty() }
    }

    fn is_none(self) -> bool {
        !self.spread && !self.together && !self.limits
    }

    /// Those without which more would fit than do: each by itself, or else all of them.
    fn that_stand_in_the_way(self, fitting: u32, free: u32, relaxed: impl Fn(Without) -> u32) -> Self {
        if free <= fitting {
            return Self { spread: false, together: false, limits: false };
        }
        if u8::from(self.spread) + u8::from(self.together) + u8::from(self.limits) == 1 {
            return self;
        }
        let spread = self.spread && relaxed(Without { spread: true, ..Without::default() }) > fitting;
        let together = self.together && relaxed(Without { together: true, ..Without::default() }) > fitting;
        let limits = self.limits && relaxed(Without { limits: true, ..Without::default() }) > fitting;
        if spread || together || limits { Self { spread, together, limits } } else { self }
    }
}

/// The allotment of the first alternative under which all replicas fit, else of that under which most do; and how
/// many each of those tried would place.
fn best_allotment(question: &Question<'_>) -> (Allotment, Vec<u32>) {
    let mut best: Option<Allotment> = None;
    let mut places = Vec::new();
    for alternative in 0..question.ask.demand.alternatives() {
        if best.as_ref().is_none_or(|best| best.fitting < question.ask.wanted()) {
            let allotment = allot(question, alternative);
            places.push(allotment.fitting);
            if best.as_ref().is_none_or(|best| best.fitting < allotment.fitting) {
                best = Some(allotment);
            }
        }
    }
    (best.unwrap_or_default(), places)
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
    /// Placed, partial or refused.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.refusal {
            None => Verdict::Placed,
            Some(_) if self.placements.is_empty() => Verdict::Refused,
            Some(_) => Verdict::Partial,
        }
    }

    /// Whether all replicas have a place.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        self.refusal.is_none()
    }

    /// Every pair on which one replica could run if it were empty (D2), ascending by names. O(allowed
    /// pairs) the first time, then at hand.
    #[must_use]
    pub fn candidates(&self) -> &BitSet<PairId> {
        self.candidates.get_or_init(|| self.asked.feasible().all_candidates())
    }

    /// Where the replicas run, in the order of each candidate's first; empty where all are refused.
    #[must_use]
    pub fn placements(&self) -> &[Placement] {
        &self.placements
    }

    /// The alternative of the demand that was taken, counted from 0.
    #[must_use]
    pub fn alternative(&self) -> usize {
        self.alternative
    }

    /// The replicas on pools of which two flavors take some, in the order of placing. Empty where there are none: then
    /// the order of the placements says as much.
    pub(super) fn sequence(&self) -> &[(PairId, u32)] {
        &self.sequence
    }

    /// Other places for the same replicas, among the candidates.
    pub(super) fn replace_placements(&mut self, placements: Vec<Placement>) {
        self.placements = placements;
        self.sequence.clear();
    }

    /// Why not all replicas have a place.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The policies it was decided under.
    #[must_use]
    pub fn scope(&self) -> &Arc<Scope> {
        &self.asked.scope
    }

    /// The fleet it was decided on, for names.
    #[must_use]
    pub fn fleet(&self) -> &Arc<Fleet> {
        &self.asked.fleet
    }
}
