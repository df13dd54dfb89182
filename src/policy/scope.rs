//! What the policies in force leave: union within a level, intersection across levels and axes.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{Attachment, Enforcement, Level, Policy, PolicySet};
use crate::bitset::BitSet;
use crate::catalog::{Axis, PerAxis, Point};
use crate::id::{Atom, CountryId, Id, Name, PolicyId, ResourceTypeId};
use crate::time::Moment;

/// The policies in force for one workload type, compiled (P3–P8).
///
/// Invariants:
/// 1. `intersection`: an axis's allowed set is the intersection of its restrictions' sets;
/// 2. `absence-is-freedom`: an axis without restrictions is unrestricted (P6);
/// 3. `targets-isolate`: a policy whose targets leave the workload's type out contributes nothing;
/// 4. `ends-narrow`: an attachment that has ended allows nothing and still restricts its level (P16), so a scope at a
///    later moment never allows what the same attachments do not allow earlier.
#[derive(Clone, Debug)]
pub struct Scope {
    policies: Arc<PolicySet>,
    axes: PerAxis<AxisScope>,
    unmet: SmallVec<[(Axis, Level); 2]>,
    unresolved: Vec<Name>,
    audited: Vec<(Level, PolicyId)>,
    at: Option<Moment>,
    /// The enforced attachments in scope that state an end or a reason.
    stated: Vec<(Level, Attachment)>,
    /// The policies of which a level has nothing left, since all attachments there have ended; and when the last did.
    ended: Vec<(Level, PolicyId, Moment)>,
}

/// What one level brings to a scope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bundle<'a> {
    /// The policies attached at the level.
    pub attachments: &'a [Attachment],
    /// The axes that must be restricted at this level or above (P13).
    pub require: &'a [Axis],
}

/// What the policies that are combined bind.
#[derive(Clone, Copy)]
enum Binding {
    Deployments,
    /// Requests from a country, or of an unknown caller (P18).
    Requests(Option<CountryId>),
}

impl Binding {
    fn concerns(self, policy: &Policy) -> bool {
        match (self, policy.callers()) {
            (Self::Deployments, callers) => callers.is_none(),
            (Self::Requests(_), None) => false,
            (Self::Requests(caller), Some(callers)) => caller.is_none_or(|country| callers.include(country)),
        }
    }
}

impl Scope {
    /// Combines the three levels' policies for a workload of `resource_type`, at a moment; where none is known, whatever
    /// has an end has ended (P16). `levels` are in the order of [`Level::ALL`].
    ///
    /// Policies that bind requests are left to [`CallerCuts`](super::CallerCuts).
    ///
    /// O(attached policies × atoms / 64); policies that are not attached cost nothing.
    #[must_use]
    pub fn compile(
        policies: &Arc<PolicySet>,
        levels: [Bundle<'_>; 3],
        resource_type: ResourceTypeId,
        at: Option<Moment>,
    ) -> Self {
        Self::combine(policies, levels, resource_type, at, Binding::Deployments)
    }

    /// What the caller policies leave to a request from a country (P18); of an unknown caller each of them binds by
    /// itself. They require nothing, and audited ones leave no trace.
    #[must_use]
    pub fn of_caller(
        policies: &Arc<PolicySet>,
        levels: [Bundle<'_>; 3],
        resource_type: ResourceTypeId,
        at: Option<Moment>,
        caller: Option<CountryId>,
    ) -> Self {
        Self::combine(policies, levels, resource_type, at, Binding::Requests(caller))
    }

    fn combine(
        policies: &Arc<PolicySet>,
        levels: [Bundle<'_>; 3],
        resource_type: ResourceTypeId,
        at: Option<Moment>,
        binding: Binding,
    ) -> Self {
        let of_deployments = matches!(binding, Binding::Deployments);
        let apart = matches!(binding, Binding::Requests(None));
        let mut scope = Self {
            policies: Arc::clone(policies),
            axes: PerAxis::from_fn(|axis| AxisScope::unrestricted(policies.universe(axis))),
            unmet: SmallVec::new(),
            unresolved: Vec::new(),
            audited: Vec::new(),
            at,
            stated: Vec::new(),
            ended: Vec::new(),
        };
        for (level, bundle) in Level::ALL.into_iter().zip(levels) {
            for attachment in bundle.attachments {
                let Some(policy) = policies.get(attachment.policy) else { continue };
                if !policy.targets().include(resource_type) || !binding.concerns(policy) {
                    continue;
                }
                let ended = attachment.until.filter(|_| attachment.has_ended(at));
                if attachment.enforcement == Enforcement::Audit {
                    // An audited one ends without a trace (P16).
                    let told = ended.is_none() && of_deployments;
                    scope.audited.extend(told.then_some((level, attachment.policy)));
                    continue;
                }
                if attachment.until.is_some() || attachment.note.is_some() {
                    scope.stated.push((level, attachment.clone()));
                }
                scope.ended.extend(ended.map(|until| (level, attachment.policy, until)));
                let axis = scope.axes.get_mut(policy.axis());
                axis.widen((level, attachment.policy), policy.effect(), ended.is_none(), apart);
            }
            scope.only_ended(level, bundle);
            if !of_deployments {
                continue;
            }
            // What a level requires, it or a level above must restrict; those below come later (P13).
            let unmet = bundle.require.iter().filter(|&&axis| scope.axes.get(axis).restrictions.is_empty());
            let unmet: SmallVec<[_; 2]> = unmet.map(|&axis| (axis, level)).collect();
            scope.unmet.extend(unmet);
        }
        for axis in Axis::ALL {
            scope.axes.get_mut(axis).intersect();
        }
        scope
    }

    /// The same scope for a deployment that also names unknown policies: it cannot be
    /// placed until they are known (`policy-unresolved`).
    #[must_use]
    pub fn with_unresolved(mut self, names: Vec<Name>) -> Self {
        self.unresolved = names;
        self
    }

    /// The same with one of the audited policies enforced at its level. Audits nothing itself.
    ///
    /// O(policies of the level + atoms / 64): many audited policies are not each compiled with all others.
    pub(crate) fn enforcing(&self, level: Level, id: PolicyId) -> Self {
        let mut scope = Self {
            policies: Arc::clone(&self.policies),
            axes: self.axes.clone(),
            unmet: self.unmet.clone(),
            unresolved: self.unresolved.clone(),
            audited: Vec::new(),
            at: self.at,
            stated: self.stated.clone(),
            ended: self.ended.clone(),
        };
        scope.ended.retain(|(of, policy, _)| (*of, *policy) != (level, id));
        let Some(policy) = self.policies.get(id) else { return scope };
        scope.axes.get_mut(policy.axis()).enforce(level, id, policy);
        // What a level requires is met at it and below (P13).
        scope.unmet.retain(|(axis, required)| *axis != policy.axis() || *required < level);
        scope
    }

    /// What both scopes leave: for one that must satisfy two environments at once.
    ///
    /// The other's policies keep their own levels, so that refusals name them.
    #[must_use]
    pub fn both(mut self, other: &Self) -> Self {
        for axis in Axis::ALL {
            let mine = self.axes.get_mut(axis);
            for restriction in other.axis(axis).restrictions() {
                if !mine.restrictions.contains(restriction) {
                    mine.restrictions.push(restriction.clone());
                }
            }
            mine.restrictions.sort_by_key(|restriction| restriction.level);
            mine.intersect();
        }
        let missing: SmallVec<[_; 2]> =
            other.unmet.iter().copied().filter(|unmet| !self.unmet.contains(unmet)).collect();
        self.unmet.extend(missing);
        let stated: Vec<_> = other.stated.iter().filter(|stated| !self.stated.contains(stated)).cloned().collect();
        self.stated.extend(stated);
        let ended: Vec<_> = other.ended.iter().filter(|ended| !self.ended.contains(ended)).copied().collect();
        self.ended.extend(ended);
        self
    }

    /// Keeps of the policies that have ended at a level those of which no other attachment there is in force, each once.
    fn only_ended(&mut self, level: Level, bundle: Bundle<'_>) {
        let at = self.at;
        let goes_on = |policy: PolicyId| {
            let mut same = bundle.attachments.iter().filter(|attached| attached.policy == policy);
            same.any(|attached| attached.enforcement == Enforcement::Enforce && !attached.has_ended(at))
        };
        self.ended.retain(|(of, policy, _)| *of != level || !goes_on(*policy));
        self.ended.sort_by_key(|&(level, policy, until)| (level, policy, std::cmp::Reverse(until)));
        self.ended.dedup_by_key(|(level, policy, _)| (*level, *policy));
    }

    /// The moment at which it was compiled; `None` where none was known.
    #[must_use]
    pub fn at(&self) -> Option<Moment> {
        self.at
    }

    /// The policies that have ended, each with its level and when it ended (P16): they allow nothing, and their level
    /// stays restricted.
    #[must_use]
    pub fn ended(&self) -> &[(Level, PolicyId, Moment)] {
        &self.ended
    }

    /// When what a level says of a policy ended, where it has.
    #[must_use]
    pub fn ended_at(&self, level: Level, policy: PolicyId) -> Option<Moment> {
        self.ended.iter().find(|(of, ended, _)| (*of, *ended) == (level, policy)).map(|(.., until)| *until)
    }

    /// Why a policy is attached at a level, where that is stated.
    #[must_use]
    pub fn note(&self, level: Level, policy: PolicyId) -> Option<&super::Note> {
        let of_this = |(of, attachment): &&(Level, Attachment)| *of == level && attachment.policy == policy;
        self.stated.iter().filter(of_this).find_map(|(_, attachment)| attachment.note.as_deref())
    }

    /// What is left of one axis.
    #[must_use]
    pub fn axis(&self, axis: Axis) -> &AxisScope {
        self.axes.get(axis)
    }

    /// Whether some axis is restricted.
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.axes.iter().any(|(_, axis)| !axis.restrictions.is_empty())
    }

    /// The axes of which nothing is left.
    pub fn conflicts(&self) -> impl Iterator<Item = Axis> {
        Axis::ALL.into_iter().filter(|&axis| self.axis(axis).state() == State::Conflict)
    }

    /// The axes that a level requires and that neither it nor a level above restricts (P13).
    #[must_use]
    pub fn unmet(&self) -> &[(Axis, Level)] {
        &self.unmet
    }

    /// The policies that the deployment names and that are not known.
    #[must_use]
    pub fn unresolved(&self) -> &[Name] {
        &self.unresolved
    }

    /// The in-scope attachments that are only audited (P12).
    #[must_use]
    pub fn audited(&self) -> &[(Level, PolicyId)] {
        &self.audited
    }

    /// Whether the policies alone refuse every place.
    #[must_use]
    pub fn refuses_everything(&self) -> bool {
        !self.unresolved.is_empty() || !self.unmet.is_empty() || self.conflicts().next().is_some()
    }

    /// The policies it was compiled from.
    #[must_use]
    pub fn policies(&self) -> &Arc<PolicySet> {
        &self.policies
    }
}

/// The three states that an axis can be in (P7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No level restricts it.
    Unrestricted,
    /// Some level does, even if to everything.
    Restricted,
    /// The levels leave nothing.
    Conflict,
}

impl State {
    /// The state's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unrestricted => "unrestricted",
            Self::Restricted => "restricted",
            Self::Conflict => "conflict",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is left of one axis, and which levels restrict it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AxisScope {
    allowed: BitSet<Atom>,
    restrictions: SmallVec<[Restriction; 3]>,
}

/// What one level allows of an axis: the union of its policies (P3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restriction {
    /// The level.
    pub level: Level,
    /// What its policies allow together.
    pub allowed: BitSet<Atom>,
    /// Its enforced, in-scope policies of the axis; never empty.
    pub policies: SmallVec<[PolicyId; 2]>,
}

impl AxisScope {
    fn unrestricted(universe: usize) -> Self {
        Self { allowed: BitSet::full(universe), restrictions: SmallVec::new() }
    }

    /// One more policy at its level, which is the lowest level seen so far. It `allows` its effect, or nothing if it has
    /// ended. `apart`: it restricts by itself, beside the others of its level.
    fn widen(&mut self, (level, id): (Level, PolicyId), effect: &BitSet<Atom>, allows: bool, apart: bool) {
        let joins = |known: &Restriction| known.level == level && (!apart || known.policies.contains(&id));
        match self.restrictions.iter_mut().rev().find(|known| joins(known)) {
            Some(restriction) => {
                if allows {
                    restriction.allowed.union_with(effect);
                }
                restriction.policies.push(id);
            }
            None => {
                let policies = SmallVec::from_slice(&[id]);
                let allowed = if allows { effect.clone() } else { BitSet::empty(effect.universe()) };
                self.restrictions.push(Restriction { level, allowed, policies });
            }
        }
    }

    /// One more policy at whatever level, after all have been intersected.
    fn enforce(&mut self, level: Level, id: PolicyId, policy: &Policy) {
        let place = self.restrictions.partition_point(|restriction| restriction.level < level);
        match self.restrictions.get_mut(place).filter(|restriction| restriction.level == level) {
            Some(restriction) => {
                restriction.allowed.union_with(policy.effect());
                restriction.policies.push(id);
            }
            None => {
                let policies = SmallVec::from_slice(&[id]);
                self.restrictions.insert(place, Restriction { level, allowed: policy.effect().clone(), policies });
            }
        }
        self.allowed = BitSet::full(self.allowed.universe());
        self.intersect();
    }

    fn intersect(&mut self) {
        for restriction in &mut self.restrictions {
            if restriction.policies.len() > 1 {
                let mut seen = HashSet::with_capacity(restriction.policies.len());
                restriction.policies.retain(|id| seen.insert(*id));
            }
            self.allowed.intersect_with(&restriction.allowed);
        }
    }

    /// Unrestricted, restricted or in conflict (P7).
    #[must_use]
    pub fn state(&self) -> State {
        if self.restrictions.is_empty() {
            State::Unrestricted
        } else if self.allowed.is_empty() {
            State::Conflict
        } else {
            State::Restricted
        }
    }

    /// The allowed atoms; all of them where no level restricts the axis.
    #[must_use]
    pub fn allowed(&self) -> &BitSet<Atom> {
        &self.allowed
    }

    /// The levels that restrict the axis, highest first, each with its culprits.
    #[must_use]
    pub fn restrictions(&self) -> &[Restriction] {
        &self.restrictions
    }

    /// Whether policies allow a point (P7).
    #[must_use]
    #[inline]
    pub fn admits(&self, point: Point) -> bool {
        self.restrictions.is_empty() || admits(&self.allowed, point)
    }
}

impl Restriction {
    /// Whether the level allows a point; see [`AxisScope::admits`].
    #[must_use]
    pub fn admits(&self, point: Point) -> bool {
        admits(&self.allowed, point)
    }
}

#[inline]
fn admits(allowed: &BitSet<Atom>, point: Point) -> bool {
    allowed.contains(if point.atom.index() < allowed.universe() { point.atom } else { point.rest })
}
