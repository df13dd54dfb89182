//! Decisions for a workspace's deployments, alone or in their order.

use std::borrow::Cow;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use super::{LookupError, Reference, Workspace};
use crate::bitset::BitSet;
use crate::deployment::{Deployment, Domain};
use crate::id::{ClusterId, DeploymentId, PairId, PolicyId};
use crate::inventory::{Inventory, ReservationId};
use crate::placement::{self, Ask, CommitError, Decision, Limit, Movable, PairExplanation, Reason, Verdict};
use crate::policy::{Level, Scope};

/// How deployments are placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PlaceOptions {
    /// Place as many replicas as fit, where not all do (D3).
    pub partial: bool,
    /// After all are placed, look for places where all cost less together, in this many steps: places tried for
    /// replicas of one deployment. 0 skips the search; fewer than a few dozen steps a deployment find little.
    pub optimize: u64,
}

/// A decision about a deployment, and what its audited policies would change.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The deployment.
    pub deployment: DeploymentId,
    /// The decision.
    pub decision: Decision,
    /// What each audited policy would change, by level, then name (P12).
    pub audit: Vec<AuditOutcome>,
}

/// What enforcing one audited policy at its level would change (P12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditOutcome {
    /// The level.
    pub level: Level,
    /// The policy.
    pub policy: PolicyId,
    /// Candidates that would be lost.
    pub loses: usize,
    /// Candidates that would be gained.
    pub gains: usize,
    /// The verdict it would lead to.
    pub verdict: Verdict,
}

impl Workspace {
    /// The policies in force for a deployment, compiled for the [moment](Self::now) of questions.
    ///
    /// # Errors
    /// [`LookupError`] for a deployment that the workspace does not have; so below.
    pub fn scope(&self, deployment: impl Reference<DeploymentId>) -> Result<Arc<Scope>, LookupError> {
        Ok(Arc::new(self.scope_of(self.found(deployment)?.1)))
    }

    pub(super) fn scope_of(&self, deployment: &Deployment) -> Scope {
        let resource_type = deployment.workload.resource_type;
        Scope::compile(&self.policies, self.levels_of(deployment), resource_type, self.now())
            .with_unresolved(deployment.unresolved.clone())
    }

    /// Decides one deployment alone, on the fleet as it is: what its own replicas hold now is free
    /// for it.
    ///
    /// # Errors
    /// [`LookupError`] for a deployment that the workspace does not have. A refusal is not an error: the
    /// decision says it.
    pub fn place(&self, deployment: impl Reference<DeploymentId>) -> Result<Outcome, LookupError> {
        self.place_as(deployment, PlaceOptions::default())
    }

    /// As [`place`](Self::place), with options.
    ///
    /// # Errors
    /// As [`place`](Self::place).
    pub fn place_as(
        &self,
        deployment: impl Reference<DeploymentId>,
        options: PlaceOptions,
    ) -> Result<Outcome, LookupError> {
        let (id, found) = self.found(deployment)?;
        Ok(self.place_on(&self.without_own(&self.inventory, id), id, found, options))
    }

    /// Decides one deployment alone, as [`place`](Self::place) does, under other policies.
    pub(crate) fn place_under(&self, id: DeploymentId, scope: &Arc<Scope>) -> Result<Decision, LookupError> {
        let (id, found) = self.found(id)?;
        let current = self.current(id);
        let inventory = self.without_own(&self.inventory, id);
        let limits = self.limits_on(&inventory, &[found.environment]);
        let ask = Self::ask(found, &current, &limits, PlaceOptions::default());
        Ok(placement::decide(&inventory, scope, &ask))
    }

    /// Decides as many replicas of one deployment as fit, alone, as if some clusters were gone.
    pub(crate) fn place_without(&self, id: DeploymentId, lost: &BitSet<ClusterId>) -> Result<Decision, LookupError> {
        let (id, found) = self.found(id)?;
        let mut inventory = self.without_own(&self.inventory, id).into_owned();
        lost.iter().for_each(|cluster| inventory.set_healthy(cluster, false));
        let mut current = self.current(id);
        let is_lost = |pair: PairId| self.inventory.fleet().pair(pair).is_none_or(|found| lost.contains(found.cluster));
        current.retain(|(pair, _)| !is_lost(*pair));
        let limits = self.limits_without(&inventory, found.environment, lost);
        let ask = Self::ask(found, &current, &limits, PlaceOptions { partial: true, optimize: 0 });
        Ok(placement::decide(&inventory, &Arc::new(self.scope_of(found)), &ask))
    }

    /// On which pairs how many replicas of a deployment fit, at most as many as are wanted, alone; by alternative of
    /// its demand.
    pub(crate) fn rooms(&self, id: DeploymentId) -> Result<Vec<Vec<(PairId, u32)>>, LookupError> {
        let (id, found) = self.found(id)?;
        let inventory = self.without_own(&self.inventory, id);
        let limits = self.limits_on(&inventory, &[found.environment]);
        let mut rooms = placement::rooms(
            &inventory,
            &self.scope_of(found),
            &Ask::new(&found.demand, 1).within(&limits),
            found.replicas.max(1),
        );
        let preferences = &found.preferences;
        let spread = preferences.spread.is_some_and(|spread| spread.by == Domain::Zone && spread.max_skew.is_some());
        let together = preferences.together.is_some_and(|together| together.by == Domain::Zone);
        if spread || together {
            // What has no zone is no candidate for a constraint by zone (D5).
            let fleet = inventory.fleet();
            let has_zone = |pair: PairId| fleet.cluster(fleet.pair(pair)?.cluster)?.zone.as_ref();
            rooms.iter_mut().for_each(|rooms| rooms.retain(|(pair, _)| has_zone(*pair).is_some()));
        }
        Ok(rooms)
    }

    /// Decides every deployment in its order, each taking its capacity from those after it. The
    /// workspace's own inventory stays as it is.
    #[must_use]
    pub fn place_all(&self) -> Vec<Outcome> {
        self.place_all_as(PlaceOptions::default())
    }

    /// As [`place_all`](Self::place_all), with options.
    #[must_use]
    pub fn place_all_as(&self, options: PlaceOptions) -> Vec<Outcome> {
        self.place_all_watched(options, |_| {})
    }

    /// The same, telling `watch` after each deployment how many are decided.
    #[must_use]
    pub fn place_all_watched(&self, options: PlaceOptions, mut watch: impl FnMut(usize)) -> Vec<Outcome> {
        let mut inventory = self.inventory.clone();
        let mut held = Vec::with_capacity(self.deployments().len());
        let mut outcomes = Vec::with_capacity(self.deployments().len());
        for id in self.deployment_ids() {
            if let Some((outcome, reservations)) = self.settle(&mut inventory, id, None, options) {
                outcomes.push(outcome);
                held.push(reservations);
                watch(outcomes.len());
            }
        }
        if options.optimize > 0 { self.optimize(inventory, outcomes, &held, options) } else { outcomes }
    }

    /// Takes what one deployment is placed on: by a decision that is known, if that can be carried out on
    /// the inventory as it is for the deployment, else by one made on it.
    fn settle(
        &self,
        inventory: &mut Inventory,
        id: DeploymentId,
        known: Option<Outcome>,
        options: PlaceOptions,
    ) -> Option<(Outcome, Vec<ReservationId>)> {
        let runs = self.running.iter().any(|running| running.deployment == id);
        let before = runs.then(|| inventory.clone());
        self.release_own(inventory, id);
        let again = known.map(|known| (placement::commit_own(inventory, &known.decision), known));
        let (committed, outcome) = match again {
            Some((Err(CommitError::Taken { .. } | CommitError::Changed { .. }), _)) | None => {
                let outcome = self.place_on(inventory, id, self.deployment(id)?, options);
                (placement::commit_own(inventory, &outcome.decision), outcome)
            }
            Some(again) => again,
        };
        // It was decided on this very inventory, so what it places is there.
        debug_assert!(
            matches!(committed, Ok(_) | Err(CommitError::Refused)),
            "a decision does not fit what it was made on: {committed:?}"
        );
        if let (Err(_), Some(before)) = (&committed, before) {
            // A refused deployment's replicas keep running.
            *inventory = before;
        }
        let made = committed.unwrap_or_default();
        if let Some(found) = self.deployment(id) {
            let owner = self.committed(found);
            made.iter().for_each(|id| inventory.assign(*id, owner.clone()));
        }
        Some((outcome, made))
    }

    /// Moves replicas to cheaper places where they may move (D5). The result can be carried out in its order,
    /// like what it was made from; else that is kept.
    fn optimize(
        &self,
        inventory: Inventory,
        first: Vec<Outcome>,
        held: &[Vec<ReservationId>],
        options: PlaceOptions,
    ) -> Vec<Outcome> {
        let mut second = first.clone();
        let mut movables = Vec::with_capacity(second.len());
        let mut stays = Vec::with_capacity(second.len());
        for (outcome, held) in second.iter_mut().zip(held) {
            let movable = self.deployment(outcome.deployment).and_then(|deployment| {
                let current = self.current(outcome.deployment);
                let limits = self.limits_on(&inventory, &[deployment.environment]);
                let ask = Self::ask(deployment, &current, &limits, PlaceOptions::default());
                Movable::new(&inventory, &mut outcome.decision, &ask, held)
            });
            stays.push(movable.is_none());
            movables.extend(movable);
        }
        if !placement::optimize(inventory, movables, options.optimize) {
            return first;
        }
        let second = self.replay(second, options);
        let pairs = first.iter().zip(&second).map(|(before, after)| (&before.decision, &after.decision));
        let kept = pairs
            .clone()
            .all(|(before, after)| before.verdict() == after.verdict() && replicas(before) == replicas(after));
        let stayed =
            pairs.zip(stays).all(|((before, after), stays)| !stays || before.placements() == after.placements());
        if kept && stayed && cost(&second) < cost(&first) { second } else { first }
    }

    /// Carries decisions out in their order, on the nodes that each would get then; those that do not
    /// find room that way are decided again.
    fn replay(&self, outcomes: Vec<Outcome>, options: PlaceOptions) -> Vec<Outcome> {
        let mut inventory = self.inventory.clone();
        let settled = outcomes.into_iter().filter_map(|outcome| {
            let id = outcome.deployment;
            self.settle(&mut inventory, id, Some(outcome), options).map(|(outcome, _)| outcome)
        });
        settled.collect()
    }

    /// Where a deployment's replicas run now.
    pub(super) fn current(&self, id: DeploymentId) -> Vec<(PairId, u32)> {
        let own = self.running.iter().filter(|running| running.deployment == id);
        own.map(|running| (running.pair, running.replicas)).collect()
    }

    pub(super) fn ask<'a>(
        deployment: &'a Deployment,
        current: &'a [(PairId, u32)],
        limits: &'a [Limit],
        options: PlaceOptions,
    ) -> Ask<'a> {
        Ask {
            demand: &deployment.demand,
            replicas: deployment.replicas,
            preferences: &deployment.preferences,
            current,
            beside: &[],
            limits,
            partial: options.partial,
        }
    }

    /// Decides every deployment as if it were the only one, on all cores. No decision sees another,
    /// so the answers are those of one core, in the same order.
    #[must_use]
    pub fn place_independently(&self, options: PlaceOptions) -> Vec<Outcome> {
        let ids: Vec<DeploymentId> = self.deployment_ids().collect();
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let share = ids.len().div_ceil(cores).max(1);
        let decide = |ids: &[DeploymentId]| -> Vec<Outcome> {
            ids.iter().filter_map(|&id| self.place_as(id, options).ok()).collect()
        };
        if share >= ids.len() {
            return decide(&ids);
        }
        thread::scope(|scope| {
            let parts: Vec<_> = ids.chunks(share).map(|ids| (ids, scope.spawn(|| decide(ids)))).collect();
            // If a thread failed, this one does its part.
            parts.into_iter().flat_map(|(ids, part)| part.join().unwrap_or_else(|_| decide(ids))).collect()
        })
    }

    /// The inventory as it is for a deployment: what its own replicas hold now is free.
    pub(super) fn without_own<'i>(&self, inventory: &'i Inventory, deployment: DeploymentId) -> Cow<'i, Inventory> {
        let runs = self.running.iter().any(|running| running.deployment == deployment);
        if !runs {
            return Cow::Borrowed(inventory);
        }
        let mut inventory = inventory.clone();
        self.release_own(&mut inventory, deployment);
        Cow::Owned(inventory)
    }

    pub(super) fn release_own(&self, inventory: &mut Inventory, deployment: DeploymentId) {
        for own in self.running.iter().filter(|running| running.deployment == deployment) {
            // Every running replica's reservation is in the inventory until its deployment is decided.
            let _ = inventory.release(own.reservation);
        }
    }

    /// Why a deployment can run where it can, and what keeps it from elsewhere (D6).
    ///
    /// # Errors
    /// As [`place`](Self::place).
    pub fn explain(&self, deployment: impl Reference<DeploymentId>) -> Result<Vec<Reason>, LookupError> {
        let (id, found) = self.found(deployment)?;
        let inventory = self.without_own(&self.inventory, id);
        let limits = self.limits_on(&inventory, &[found.environment]);
        let ask = Ask::new(&found.demand, 1).within(&limits);
        Ok(placement::explain(&inventory, &Arc::new(self.scope_of(found)), &ask))
    }

    /// Every constraint that each pool and flavor of one cluster fails.
    ///
    /// # Errors
    /// [`LookupError`] for a deployment or cluster that the workspace does not have.
    pub fn explain_cluster(
        &self,
        deployment: impl Reference<DeploymentId>,
        cluster: impl Reference<ClusterId>,
    ) -> Result<Vec<PairExplanation>, LookupError> {
        let cluster = cluster.find_in(self)?;
        self.explain_cluster_at(deployment, cluster)
    }

    /// The same, for a cluster of this very inventory.
    pub(crate) fn explain_cluster_at(
        &self,
        deployment: impl Reference<DeploymentId>,
        cluster: ClusterId,
    ) -> Result<Vec<PairExplanation>, LookupError> {
        let (id, found) = self.found(deployment)?;
        let inventory = self.without_own(&self.inventory, id);
        let limits = self.limits_on(&inventory, &[found.environment]);
        let ask = Ask::new(&found.demand, 1).within(&limits);
        Ok(placement::explain_cluster(&inventory, &Arc::new(self.scope_of(found)), &ask, cluster))
    }

    fn place_on(
        &self,
        inventory: &Inventory,
        id: DeploymentId,
        deployment: &Deployment,
        options: PlaceOptions,
    ) -> Outcome {
        let scope = Arc::new(self.scope_of(deployment));
        let current = self.current(id);
        let limits = self.limits_on(inventory, &[deployment.environment]);
        let ask = Self::ask(deployment, &current, &limits, options);
        let decision = placement::decide(inventory, &scope, &ask);
        // One that is attached more than once changes what it changes once.
        let audited: HashSet<_> = scope.audited().iter().copied().collect();
        let mut audit: Vec<_> =
            audited.into_iter().map(|at| audit_of(inventory, &scope, &ask, &decision, at)).collect();
        audit.sort_by_key(|outcome| {
            (outcome.level, self.policies.get(outcome.policy).map(|policy| policy.name().clone()))
        });
        Outcome { deployment: id, decision, audit }
    }
}

/// What enforcing one audited policy would change, all else being equal (P12).
fn audit_of(
    inventory: &Inventory,
    scope: &Scope,
    ask: &Ask<'_>,
    decision: &Decision,
    (level, policy): (Level, PolicyId),
) -> AuditOutcome {
    let then = placement::decide(inventory, &Arc::new(scope.enforcing(level, policy)), ask);
    AuditOutcome {
        level,
        policy,
        loses: decision.candidates().difference(then.candidates()).len(),
        gains: then.candidates().difference(decision.candidates()).len(),
        verdict: then.verdict(),
    }
}

/// How many replicas have a place.
fn replicas(decision: &Decision) -> u64 {
    decision.placements().iter().map(|placement| u64::from(placement.replicas)).sum()
}

/// What all placements of known price cost an hour, in millionths.
fn cost(outcomes: &[Outcome]) -> u128 {
    let placements = outcomes.iter().flat_map(|outcome| outcome.decision.placements());
    placements.filter_map(|placement| placement.price_per_hour).map(|price| u128::from(price.get())).sum()
}
