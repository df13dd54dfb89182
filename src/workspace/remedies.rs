//! Remedies of refusals: of deployments alone, in their order, and of lives (D7).

use std::borrow::Borrow;

use super::{LookupError, Outcome, PlaceOptions, Reference, Workspace};
use crate::deployment::{Deployment, Workload};
use crate::id::{DeploymentId, EnvironmentId, Id, PolicyId};
use crate::inventory::Inventory;
use crate::placement::{self, Ask, Governing, Holder, Remedies, RemedyBound};
use crate::policy::{Bundle, Level};

/// After how many decisions what they left is kept.
const KEPT_EVERY: usize = 64;

/// What decisions that were made in their order left of the fleet, now and then: for [`Workspace::remedies_among`].
#[derive(Clone, Debug, Default)]
pub struct LeftByDecisions {
    /// Before all, and after every so many of them.
    after: Vec<Inventory>,
}

impl Workspace {
    /// What would have to change for a deployment to be placed, alone, on the fleet as it is (D7): the smallest sets of
    /// changes, those that open the fewest clusters first, and the fewest replicas of lower priority that hold the room.
    /// Nothing where it is placed.
    ///
    /// ```
    /// # #[cfg(feature = "manifest")] {
    /// use siting::Workspace;
    /// use siting::placement::RemedyBound;
    ///
    /// let workspace: Workspace = "
    /// apiVersion: siting.dev/v1
    /// kind: Policy
    /// metadata: {name: us-only}
    /// spec: {type: location, locations: [{type: country, name: us}]}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Deployment
    /// metadata: {name: bert-api-v1}
    /// spec: {model: bert, policies: [us-only]}
    /// ---
    /// apiVersion: siting.dev/v1
    /// kind: Cluster
    /// metadata: {name: paris}
    /// spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
    /// ".parse()?;
    /// let remedies = workspace.remedies("bert-api-v1", RemedyBound::default())?;
    /// let words = remedies.sets.iter().map(|set| set.changes[0].in_words(workspace.catalog()));
    /// let words: Vec<_> = words.collect();
    /// assert_eq!(words, ["detach `us-only` from the deployment", "let `us-only` allow country `fr`"]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`LookupError`] for a deployment that the workspace does not have.
    pub fn remedies(
        &self,
        deployment: impl Reference<DeploymentId>,
        bound: RemedyBound,
    ) -> Result<Remedies, LookupError> {
        let (id, found) = self.found(deployment)?;
        Ok(self.remedies_on(&self.without_own(&self.inventory, id), id, found, bound))
    }

    /// The same of decisions that were made in their order, as by [`place_all`](Self::place_all): of each where it was
    /// made, with what those before it had taken. Nothing where replicas were placed, or where a deployment is of
    /// another workspace.
    #[must_use]
    pub fn remedies_in_order(&self, outcomes: &[Outcome], bound: RemedyBound) -> Vec<Remedies> {
        let mut inventory = self.inventory.clone();
        let each = outcomes.iter().map(|outcome| {
            let remedies = self.remedies_at(&inventory, outcome, bound);
            self.carry_out_again(&mut inventory, outcome);
            remedies
        });
        each.collect()
    }

    /// The same of one of them, by its place. What those before it left is kept in `left`, which is of these decisions
    /// alone: however many are asked about, and in whatever order, each takes at most 64 decisions carried out again, and
    /// what was not reached before.
    #[must_use]
    pub fn remedies_among<O: Borrow<Outcome>>(
        &self,
        left: &mut LeftByDecisions,
        outcomes: &[O],
        at: usize,
        bound: RemedyBound,
    ) -> Remedies {
        let Some(outcome) = outcomes.get(at) else { return Remedies::default() };
        if left.after.is_empty() {
            left.after.push(self.inventory.clone());
        }
        let known = (left.after.len() - 1).min(at / KEPT_EVERY);
        let mut inventory = left.after.get(known).cloned().unwrap_or_else(|| self.inventory.clone());
        for number in known * KEPT_EVERY..at {
            outcomes.get(number).into_iter().for_each(|before| self.carry_out_again(&mut inventory, before.borrow()));
            if (number + 1) % KEPT_EVERY == 0 {
                left.after.push(inventory.clone());
            }
        }
        self.remedies_at(&inventory, outcome.borrow(), bound)
    }

    fn remedies_at(&self, inventory: &Inventory, outcome: &Outcome, bound: RemedyBound) -> Remedies {
        let id = outcome.deployment;
        match self.deployment(id).filter(|_| !outcome.decision.is_placed()) {
            Some(found) => self.remedies_on(&self.without_own(inventory, id), id, found, bound),
            None => Remedies::default(),
        }
    }

    /// Takes what a decision placed, as was done when it was made.
    fn carry_out_again(&self, inventory: &mut Inventory, outcome: &Outcome) {
        if !outcome.decision.placements().is_empty() {
            self.release_own(inventory, outcome.deployment);
            // Where it was decided there was room.
            let made = placement::commit_own(inventory, &outcome.decision).unwrap_or_default();
            if let Some(found) = self.deployment(outcome.deployment) {
                let owner = self.committed(found);
                made.iter().for_each(|id| inventory.assign(*id, owner.clone()));
            }
        }
    }

    fn remedies_on(
        &self,
        inventory: &Inventory,
        id: DeploymentId,
        deployment: &Deployment,
        bound: RemedyBound,
    ) -> Remedies {
        let current = self.current(id);
        let limits = self.limits_on(inventory, &[deployment.environment]);
        let ask = Self::ask(deployment, &current, &limits, PlaceOptions::default());
        let governing = self.governing(deployment, &[deployment.environment]);
        placement::remedies(inventory, &governing, &ask, &self.holders(deployment.priority), bound)
    }

    /// The remedies of what a life asks for, under all that govern it.
    pub(super) fn remedies_of_life(&self, deployment: &Deployment, governors: &[EnvironmentId]) -> Remedies {
        let limits = self.limits_on(&self.inventory, governors);
        let ask = Ask::new(&deployment.demand, deployment.replicas).preferring(&deployment.preferences).within(&limits);
        let governing = self.governing(deployment, governors);
        let bound = RemedyBound::new(2, 3);
        placement::remedies(&self.inventory, &governing, &ask, &self.holders(deployment.priority), bound)
    }

    fn governing<'a>(&'a self, deployment: &'a Deployment, governors: &[EnvironmentId]) -> Governing<'a> {
        let own = Bundle { attachments: &deployment.attachments, require: &[] };
        let mut environments = Vec::with_capacity(governors.len());
        for (at, id) in governors.iter().enumerate() {
            if let Some(found) = self.environment(*id).filter(|_| !governors.iter().take(at).any(|other| other == id)) {
                environments.push((&found.name, [self.bundle(), found.bundle(), own]));
            }
        }
        let attached = environments.iter().flat_map(|(_, levels)| levels).flat_map(|level| level.attachments);
        let policies: std::collections::BTreeSet<PolicyId> = attached.map(|attachment| attachment.policy).collect();
        let highest = policies.into_iter().map(|policy| (policy, self.highest(policy))).collect();
        Governing {
            policies: &self.policies,
            environments,
            resource_type: deployment.workload.resource_type,
            at: self.now(),
            unresolved: &deployment.unresolved,
            highest,
        }
    }

    /// The highest level that a policy is attached at anywhere.
    fn highest(&self, policy: PolicyId) -> Level {
        let is_attached = |bundle: Bundle<'_>| bundle.attachments.iter().any(|attached| attached.policy == policy);
        if is_attached(self.bundle()) {
            Level::Workspace
        } else if self.environments().any(|(_, environment)| is_attached(environment.bundle())) {
            Level::Environment
        } else {
            Level::Deployment
        }
    }

    /// What deployments of a lower priority hold, those that are loaded and those of lives.
    fn holders(&self, priority: i32) -> Vec<Holder> {
        let loaded = self.running.iter().filter_map(|running| {
            let found = self.deployment(running.deployment)?;
            let (reservation, replicas) = (running.reservation, running.replicas);
            Some(Holder { reservation, priority: found.priority, address: found.address(), replicas })
        });
        let lived = self.lives.holdings.all().filter_map(|(kind, name, number, reservation, replicas)| {
            let resource_type = self.catalog.resource_types().find(|id| id.index() == kind)?;
            let journal = self.life(&Workload { resource_type, name: name.clone() })?;
            let record = journal.state().deployment(number)?;
            let address = format!("{name}/{}", record.name);
            Some(Holder { reservation, priority: record.settings.priority, address, replicas })
        });
        loaded.chain(lived).filter(|holder| holder.priority < priority).collect()
    }
}
