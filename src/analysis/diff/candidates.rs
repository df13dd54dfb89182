//! What deployments gain and lose: found once for all that are governed alike and ask for the same.

use std::collections::HashMap;
use std::sync::Arc;

use super::meaning::{Catalogs, Meaning};
use super::verdicts;
use crate::analysis::governed::{Governance, Subject};
use crate::bitset::BitSet;
use crate::deployment::Demand;
use crate::id::{DeploymentId, Id, PairId};
use crate::inventory::Fleet;
use crate::placement::{self, Ask, Limit, Limited};
use crate::policy::Scope;
use crate::workspace::Workspace;

/// The candidates that deployments gain and lose.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Delta {
    /// Candidates before.
    pub before: usize,
    /// Candidates now.
    pub after: usize,
    /// Those that were none, among the pairs of the new fleet.
    pub gains: BitSet<PairId>,
    /// Those that are none any more, among the pairs of the old fleet.
    pub losses: BitSet<PairId>,
}

impl Delta {
    /// Whether nothing is gained or lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gains.is_empty() && self.losses.is_empty()
    }
}

/// Which pairs of two fleets have the same names.
#[derive(Debug)]
pub(super) struct Pairs {
    /// By pair of the old fleet, that of the new one; `None` where all have the same ids.
    to_new: Option<Vec<Option<PairId>>>,
    to_old: Option<Vec<Option<PairId>>>,
}

impl Pairs {
    pub(super) fn new(old: &Workspace, new: &Workspace) -> Self {
        let (old, new) = (old.inventory().fleet(), new.inventory().fleet());
        let same = || {
            let names = |fleet: &Fleet| fleet.pairs().len();
            names(old) == names(new) && old.pair_ids().all(|(id, _)| old.names(id) == new.names(id))
        };
        if Arc::ptr_eq(old, new) || same() {
            return Self { to_new: None, to_old: None };
        }
        let ids: HashMap<_, PairId> = new.pair_ids().filter_map(|(id, _)| Some((new.names(id)?, id))).collect();
        let mut to_old = vec![None; new.pairs().len()];
        let to_new = old.pair_ids().map(|(id, _)| {
            let found = ids.get(&old.names(id)?).copied();
            if let Some(place) = found.and_then(|found| to_old.get_mut(found.index())) {
                *place = Some(id);
            }
            found
        });
        let to_new = to_new.collect();
        Self { to_new: Some(to_new), to_old: Some(to_old) }
    }

    /// The same pair in the new fleet.
    pub(super) fn now(&self, old: PairId) -> Option<PairId> {
        self.to_new.as_ref().map_or(Some(old), |ids| *ids.get(old.index())?)
    }

    /// The same pair in the old fleet.
    pub(super) fn before(&self, new: PairId) -> Option<PairId> {
        self.to_old.as_ref().map_or(Some(new), |ids| *ids.get(new.index())?)
    }

    fn delta(&self, before: &BitSet<PairId>, after: &BitSet<PairId>) -> Delta {
        let (gains, losses) = if self.to_new.is_none() {
            (after.difference(before), before.difference(after))
        } else {
            let is_in = |set: &BitSet<PairId>, pair: Option<PairId>| pair.is_some_and(|pair| set.contains(pair));
            let gains = after.iter().filter(|&pair| !is_in(before, self.before(pair)));
            let losses = before.iter().filter(|&pair| !is_in(after, self.now(pair)));
            (BitSet::from_ids(after.universe(), gains), BitSet::from_ids(before.universe(), losses))
        };
        Delta { before: before.len(), after: after.len(), gains, losses }
    }
}

/// The candidates of a deployment.
pub(super) fn of(workspace: &Workspace, id: DeploymentId) -> Option<BitSet<PairId>> {
    let found = workspace.deployment(id)?;
    let scope = Governance::of(workspace).scope(&Subject::deployment(workspace, id)?);
    let limits = workspace.limits_in(found.environment);
    Some(placement::candidates(workspace.inventory(), &scope, &Ask::new(&found.demand, 1).within(&limits)))
}

/// Two deployments that are one on both sides, but for their names.
type Sides<'a> = (Subject<'a>, Subject<'a>);

/// What is known of deployments that are alike.
pub(super) struct Groups<'a, 'd> {
    old: &'a Workspace,
    new: &'a Workspace,
    catalogs: &'d Catalogs,
    pairs: &'d Pairs,
    governance: [Governance<'a>; 2],
    /// What policies leave on both sides, and how it compares.
    scopes: HashMap<Sides<'a>, Arc<(Scope, Scope, Meaning)>>,
    deltas: HashMap<(Sides<'a>, &'a Demand, &'a Demand), Arc<Delta>>,
    /// Whether the fleets and what is closed are the same, so that only policies and demands can differ.
    same_fleet: bool,
    nothing: Arc<Delta>,
}

impl<'a, 'd> Groups<'a, 'd> {
    pub(super) fn new(old: &'a Workspace, new: &'a Workspace, catalogs: &'d Catalogs, pairs: &'d Pairs) -> Self {
        let (before, after) = (old.inventory(), new.inventory());
        let same_fleet = Arc::ptr_eq(before.fleet(), after.fleet())
            && before.healthy() == after.healthy()
            && before.cordoned() == after.cordoned()
            && before.stale() == after.stale();
        let none = || BitSet::empty(0);
        Self {
            old,
            new,
            catalogs,
            pairs,
            governance: [Governance::of(old), Governance::of(new)],
            scopes: HashMap::new(),
            deltas: HashMap::new(),
            same_fleet,
            nothing: Arc::new(Delta { before: 0, after: 0, gains: none(), losses: none() }),
        }
    }

    /// How the policies of a deployment compare, and what it gains and loses.
    pub(super) fn compare(&mut self, was: DeploymentId, is: DeploymentId) -> Option<(Meaning, Arc<Delta>)> {
        // Who is who makes no difference.
        let anonymous = |subject: Subject<'a>| Subject { deployment: None, ..subject };
        let before = anonymous(Subject::deployment(self.old, was)?);
        let after = anonymous(Subject::deployment(self.new, is)?);
        let (was, is) = (&self.old.deployment(was)?.demand, &self.new.deployment(is)?.demand);
        let [governed_before, governed_now] = &self.governance;
        let (was_governed, is_governed) = (before, after);
        let scopes = self.scopes.entry((before, after)).or_insert_with(|| {
            let (before, after) = (governed_before.scope(&before), governed_now.scope(&after));
            let meaning = match before.unresolved().is_empty() && after.unresolved().is_empty() {
                true => verdicts::of_deployment([self.old, self.new], self.catalogs, [was_governed, is_governed]),
                false => self.catalogs.compare(&before, &after),
            };
            Arc::new((before, after, meaning))
        });
        let (before_scope, after_scope, meaning) = &**scopes;
        let limits_before = self.old.limits_in(was_governed.environment);
        let limits_now = self.new.limits_in(is_governed.environment);
        let priced = |limits: &[Limit]| limits.iter().any(|limit| limit.of == Limited::Price);
        let is_same = was == is && priced(&limits_before) == priced(&limits_now);
        if self.same_fleet && *meaning == Meaning::Equal && is_same {
            return Some((*meaning, Arc::clone(&self.nothing)));
        }
        let delta = self.deltas.entry(((before, after), was, is)).or_insert_with(|| {
            let (was, is) = (Ask::new(was, 1).within(&limits_before), Ask::new(is, 1).within(&limits_now));
            let before = placement::candidates(self.old.inventory(), before_scope, &was);
            let after = placement::candidates(self.new.inventory(), after_scope, &is);
            Arc::new(self.pairs.delta(&before, &after))
        });
        Some((*meaning, Arc::clone(delta)))
    }
}
