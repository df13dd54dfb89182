//! Decisions for a workspace's deployments, alone or in their order.

use std::borrow::Cow;
use std::sync::Arc;

use super::Workspace;
use crate::deployment::Deployment;
use crate::id::{ClusterId, DeploymentId, PolicyId};
use crate::inventory::Inventory;
use crate::placement::{self, Ask, Decision, PairExplanation, Reason, Verdict};
use crate::policy::{Attachment, Bundle, Enforcement, Level, Scope};

/// How deployments are placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PlaceOptions {
    /// Place as many replicas as fit, where not all do (D3).
    pub partial: bool,
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
    /// The policies in force for a deployment, compiled.
    #[must_use]
    pub fn scope(&self, deployment: DeploymentId) -> Option<Arc<Scope>> {
        self.deployment(deployment).map(|deployment| Arc::new(self.scope_of(deployment)))
    }

    pub(super) fn scope_of(&self, deployment: &Deployment) -> Scope {
        let environment = self.environment(deployment.environment).map(|environment| environment.bundle());
        let own = Bundle { attachments: &deployment.attachments, require: &[] };
        let levels = [self.bundle(), environment.unwrap_or_default(), own];
        Scope::compile(&self.policies, levels, deployment.workload.resource_type)
            .with_unresolved(deployment.unresolved.clone())
    }

    /// Decides one deployment alone, on the fleet as it is: what its own replicas hold now is free
    /// for it. `None` for an id of another workspace, as below.
    #[must_use]
    pub fn place(&self, deployment: DeploymentId) -> Option<Outcome> {
        self.place_as(deployment, PlaceOptions::default())
    }

    /// As [`place`](Self::place), with options.
    #[must_use]
    pub fn place_as(&self, deployment: DeploymentId, options: PlaceOptions) -> Option<Outcome> {
        self.place_on(&self.without_own(&self.inventory, deployment), deployment, options)
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
        let mut inventory = self.inventory.clone();
        let placed = self.deployment_ids().filter_map(|id| {
            let released = match self.without_own(&inventory, id) {
                Cow::Owned(released) => Some(released),
                Cow::Borrowed(_) => None,
            };
            let outcome = self.place_on(released.as_ref().unwrap_or(&inventory), id, options)?;
            // A refused deployment's replicas go on running.
            if outcome.decision.verdict() != Verdict::Refused {
                if let Some(released) = released {
                    inventory = released;
                }
                // It was decided on this very inventory, so what it places is there.
                let committed = placement::commit(&mut inventory, &outcome.decision);
                debug_assert!(committed.is_ok(), "a decision does not fit what it was made on: {committed:?}");
            }
            Some(outcome)
        });
        placed.collect()
    }

    /// Decides every deployment as if it were the only one.
    #[must_use]
    pub fn place_independently(&self, options: PlaceOptions) -> Vec<Outcome> {
        self.deployment_ids().filter_map(|id| self.place_as(id, options)).collect()
    }

    /// The inventory as it is for a deployment: what its own replicas hold now is free.
    fn without_own<'i>(&self, inventory: &'i Inventory, deployment: DeploymentId) -> Cow<'i, Inventory> {
        let mut inventory = Cow::Borrowed(inventory);
        for own in self.running.iter().filter(|running| running.deployment == deployment) {
            // Every running replica's reservation is in the inventory until its deployment is decided.
            let _ = inventory.to_mut().release(own.reservation);
        }
        inventory
    }

    /// Why a deployment can run where it can, and what keeps it from elsewhere (D6).
    #[must_use]
    pub fn explain(&self, deployment: DeploymentId) -> Option<Vec<Reason>> {
        let (found, scope) = (self.deployment(deployment)?, self.scope(deployment)?);
        let inventory = self.without_own(&self.inventory, deployment);
        Some(placement::explain(&inventory, &scope, &found.demand))
    }

    /// Every constraint that each pool and flavor of one cluster fails.
    #[must_use]
    pub fn explain_cluster(&self, deployment: DeploymentId, cluster: ClusterId) -> Option<Vec<PairExplanation>> {
        let (found, scope) = (self.deployment(deployment)?, self.scope(deployment)?);
        let inventory = self.without_own(&self.inventory, deployment);
        Some(placement::explain_cluster(&inventory, &scope, &found.demand, cluster))
    }

    fn place_on(&self, inventory: &Inventory, id: DeploymentId, options: PlaceOptions) -> Option<Outcome> {
        let deployment = self.deployment(id)?;
        let scope = Arc::new(self.scope_of(deployment));
        let own = self.running.iter().filter(|running| running.deployment == id);
        let current: Vec<_> = own.map(|running| (running.pair, running.replicas)).collect();
        let ask = Ask {
            demand: &deployment.demand,
            replicas: deployment.replicas,
            preferences: &deployment.preferences,
            current: &current,
            partial: options.partial,
        };
        let decision = placement::decide(inventory, &scope, &ask);
        let mut audit: Vec<_> =
            scope.audited().iter().filter_map(|&at| self.audit(inventory, deployment, &ask, &decision, at)).collect();
        audit.sort_by_key(|outcome| {
            (outcome.level, self.policies.get(outcome.policy).map(|policy| policy.name().clone()))
        });
        audit.dedup();
        Some(Outcome { deployment: id, decision, audit })
    }

    /// What enforcing one audited policy would change, all else being equal.
    fn audit(
        &self,
        inventory: &Inventory,
        deployment: &Deployment,
        ask: &Ask<'_>,
        decision: &Decision,
        (level, policy): (Level, PolicyId),
    ) -> Option<AuditOutcome> {
        let environment = self.environment(deployment.environment)?;
        let enforced = |at: Level, attachments: &[Attachment]| -> Vec<Attachment> {
            let flip = |attachment: &Attachment| match attachment.policy == policy && at == level {
                true => Attachment { policy, enforcement: Enforcement::Enforce },
                false => *attachment,
            };
            attachments.iter().map(flip).collect()
        };
        let workspace = enforced(Level::Workspace, &self.attachments);
        let governing = enforced(Level::Environment, &environment.attachments);
        let own = enforced(Level::Deployment, &deployment.attachments);
        let levels = [
            Bundle { attachments: &workspace, require: &self.require },
            Bundle { attachments: &governing, require: &environment.require },
            Bundle { attachments: &own, require: &[] },
        ];
        let scope = Scope::compile(&self.policies, levels, deployment.workload.resource_type)
            .with_unresolved(deployment.unresolved.clone());
        let then = placement::decide(inventory, &Arc::new(scope), ask);
        Some(AuditOutcome {
            level,
            policy,
            loses: decision.candidates().difference(then.candidates()).len(),
            gains: then.candidates().difference(decision.candidates()).len(),
            verdict: then.verdict(),
        })
    }
}
