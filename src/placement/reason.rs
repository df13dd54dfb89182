//! The constraints that stand in the way, with what each takes away (D6).

use std::sync::Arc;

use smallvec::SmallVec;

use super::asked::Asked;
use super::constraint::Code;
use super::counts::{ClusterCounts, Counts};
use super::feasible::Question;
use super::figures::{Figures, Source};
use super::shortage::Shortage;
use crate::catalog::Axis;
use crate::id::{Name, PolicyId};
use crate::policy::{Level, Note, Restriction, Scope};
use crate::time::Moment;

/// One constraint that stands in the way.
#[derive(Clone, Debug)]
pub struct Reason {
    /// Which.
    pub code: Code,
    /// The axes it is about, where it is about policies.
    pub axes: SmallVec<[(Axis, Option<Level>); 2]>,
    /// The policies that exclude, by level, then name; every one of each level that does.
    pub policies: Vec<Culprit>,
    /// What it takes away of the fleet.
    pub counts: Counts,
    /// The alternatives of the demand under which it holds, from 1; empty where it holds under all of them.
    pub alternatives: SmallVec<[usize; 2]>,
    /// What its figures are reckoned from, once someone asks for them.
    pub(super) source: Option<Arc<Source>>,
}

/// Figures follow from what is decided on, so they make no difference between reasons.
impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        (self.code, &self.axes, &self.policies, self.counts, &self.alternatives)
            == (other.code, &other.axes, &other.policies, other.counts, &other.alternatives)
    }
}

impl Eq for Reason {}

/// A policy that excludes, and where it is attached.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub struct Culprit {
    /// Its level.
    pub level: Level,
    /// Its name.
    pub policy: Name,
    /// When it ended there, where it has: it allows nothing since (P16).
    pub ended: Option<Moment>,
    /// Whether it counts as ended only because nobody said which moment it is.
    pub no_moment: bool,
    /// Why it is attached there, where that is stated.
    pub note: Option<Note>,
}

impl Culprit {
    fn unknown(name: &Name) -> Self {
        Self { level: Level::Deployment, policy: name.clone(), ended: None, no_moment: false, note: None }
    }

    /// `` `europe-but` `` with what its attachment states: `` `europe-but` (ended at …; migration; PLAT-7) ``.
    fn cited(&self) -> String {
        let note = self.note.as_ref();
        let ended = self.ended.map(|until| match self.no_moment {
            true => format!("ends at {until}, and no moment is given"),
            false => format!("ended at {until}"),
        });
        let stated = note.into_iter().flat_map(|note| [note.reason.clone(), note.ticket.clone()]).flatten();
        let said: Vec<_> = ended.into_iter().chain(stated).collect();
        let name = &self.policy;
        if said.is_empty() { format!("`{name}`") } else { format!("`{name}` ({})", said.join("; ")) }
    }
}

impl Reason {
    pub(super) fn new(code: Code, counts: Counts) -> Self {
        Self { code, axes: SmallVec::new(), policies: Vec::new(), counts, alternatives: SmallVec::new(), source: None }
    }

    /// The figures: what is short, which condition is not met, what each alternative alone would place. They are
    /// reckoned at each call.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.source.as_ref().map(|source| source.figures(self.code, &self.alternatives)).unwrap_or_default()
    }

    /// A reason that is not about policies, and of which nothing was counted.
    pub(crate) fn of_code(code: Code) -> Self {
        Self::new(code, Counts::default())
    }

    /// A sentence for people: lower case, no final period.
    #[must_use]
    pub fn message(&self) -> String {
        let numbers: Vec<_> = self.alternatives.iter().map(usize::to_string).collect();
        match numbers.as_slice() {
            [] => self.sentence(),
            [one] => format!("under alternative {one}, {}", self.sentence()),
            several => format!("under alternatives {}, {}", several.join(" and "), self.sentence()),
        }
    }

    fn sentence(&self) -> String {
        let cited = || cite(&self.policies);
        match self.code {
            Code::PolicyUnresolved => format!("{}: {}", self.code.summary(), cited()),
            Code::PolicyRequired => {
                let demands = self.axes.iter().map(|(axis, level)| {
                    let level = level.map_or("workspace", Level::as_str);
                    format!("the {level} requires a {axis} policy, but none is in force there or above")
                });
                demands.collect::<Vec<_>>().join("; ")
            }
            Code::PolicyConflict => {
                let axes: Vec<_> = self.axes.iter().map(|(axis, _)| axis.as_str()).collect();
                format!("the levels' {} policies leave nothing together: {}", axes.join(" and "), cited())
            }
            Code::NotAllowed(_) => format!("{} by {}", self.code.summary(), cited()),
            code => {
                let words = self.figures().in_words(code == Code::InsufficientCapacity, self.alternatives.len() != 1);
                let summary = code.summary();
                if words.is_empty() { summary.to_owned() } else { format!("{summary}: {}", words.join("; ")) }
            }
        }
    }
}

/// `` `a` and `b` (environment), `c` (deployment) ``.
fn cite(culprits: &[Culprit]) -> String {
    let of_level = |level: Level| {
        let names: Vec<_> = culprits.iter().filter(|c| c.level == level).map(Culprit::cited).collect();
        (!names.is_empty()).then(|| format!("{} ({level})", names.join(" and ")))
    };
    Level::ALL.into_iter().filter_map(of_level).collect::<Vec<_>>().join(", ")
}

/// Every constraint that some pair fails, in the order of D6; room and spread also where they are
/// why fewer replicas fit than are wanted. `places` are what each alternative alone would place.
pub(super) fn reasons(
    question: &Question<'_>,
    shortage: Shortage<'_>,
    asked: &Arc<Asked>,
    places: Vec<u32>,
) -> Vec<Reason> {
    let clusters = question.fleet().clusters().len();
    let mut reasons = failing_everything(question.feasible.scope(), clusters);
    let blocked = !reasons.is_empty();
    if clusters == 0 {
        reasons.push(Reason::new(Code::NoClusters, Counts::default()));
        return reasons;
    }
    let counted = ClusterCounts::of(question, shortage, blocked);
    let full = question.kept(&counted.full);
    let source = Arc::new(Source { asked: Arc::clone(asked), pair: None, full, places });
    for code in Code::all() {
        let listed = match code {
            Code::InsufficientCapacity => shortage.fewer && counted.has_candidates(),
            Code::SpreadImpossible => shortage.spread.is_some(),
            Code::OverLimit => shortage.limits,
            Code::TogetherImpossible => shortage.together.is_some(),
            _ => false,
        };
        if listed || counted.is_failed_by_some(code) {
            let policies = excluding(question, code);
            let source = Some(Arc::clone(&source));
            reasons.push(Reason { policies, source, ..Reason::new(code, counted.counts(code)) });
        }
    }
    reasons
}

/// The policies' own refusals, whatever clusters there are: `policy-unresolved`,
/// `policy-required`, `policy-conflict`. Empty where the policies leave something.
#[must_use]
pub fn policy_reasons(scope: &Scope) -> Vec<Reason> {
    failing_everything(scope, 0)
}

/// The three constraints that fail everything.
pub(super) fn failing_everything(scope: &Scope, clusters: usize) -> Vec<Reason> {
    let counts = Counts { removed_alone: clusters, left_after: 0 };
    let mut reasons = Vec::new();
    if !scope.unresolved().is_empty() {
        let missing = scope.unresolved().iter();
        let mut policies: Vec<_> = missing.map(Culprit::unknown).collect();
        policies.sort();
        policies.dedup();
        reasons.push(Reason { policies, ..Reason::new(Code::PolicyUnresolved, counts) });
    }
    if !scope.unmet().is_empty() {
        let axes = scope.unmet().iter().map(|&(axis, level)| (axis, Some(level))).collect();
        reasons.push(Reason { axes, ..Reason::new(Code::PolicyRequired, counts) });
    }
    let conflicts: Vec<_> = scope.conflicts().collect();
    if !conflicts.is_empty() {
        let restrictions = conflicts.iter().flat_map(|&axis| scope.axis(axis).restrictions());
        let policies = culprits(scope, restrictions);
        let axes = conflicts.into_iter().map(|axis| (axis, None)).collect();
        reasons.push(Reason { axes, policies, ..Reason::new(Code::PolicyConflict, counts) });
    }
    reasons
}

/// The policies of one level's restriction, in the order attached.
#[must_use]
pub fn culprits_of(scope: &Scope, restriction: &Restriction) -> Vec<Culprit> {
    restriction.policies.iter().filter_map(|&id| culprit(scope, restriction.level, id)).collect()
}

fn culprit(scope: &Scope, level: Level, id: PolicyId) -> Option<Culprit> {
    let ended = scope.ended_at(level, id);
    Some(Culprit {
        level,
        policy: scope.policies().get(id)?.name().clone(),
        ended,
        no_moment: scope.at().is_none() && ended.is_some(),
        note: scope.note(level, id).cloned(),
    })
}

/// The policies of these restrictions, by level and name.
pub(super) fn culprits<'a>(scope: &Scope, restrictions: impl Iterator<Item = &'a Restriction>) -> Vec<Culprit> {
    let cited = restrictions.flat_map(|restriction| restriction.policies.iter().map(|&id| (restriction.level, id)));
    let named = cited.filter_map(|(level, id)| culprit(scope, level, id));
    let mut culprits: Vec<_> = named.collect();
    culprits.sort();
    culprits.dedup();
    culprits
}

/// Every policy of each level that excludes a point at which something of the fleet stands.
fn excluding(question: &Question<'_>, code: Code) -> Vec<Culprit> {
    let Code::NotAllowed(axis) = code else { return Vec::new() };
    let (scope, points) = (question.feasible.scope(), question.fleet().index().points(axis));
    let excludes = |restriction: &&Restriction| points.iter().any(|&point| !restriction.admits(point));
    culprits(scope, scope.axis(axis).restrictions().iter().filter(excludes))
}
