//! Decisions for a workspace's deployments, alone or in their order.

use std::sync::Arc;

use super::Workspace;
use crate::deployment::Deployment;
use crate::id::{ClusterId, DeploymentId, PolicyId};
use crate::inventory::Inventory;
use crate::placement::{self, Decision, PairExplanation, Reason, Verdict};
use crate::policy::{Attachment, Bundle, Enforcement, Level, Scope};

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

    /// Decides one deployment alone, on the fleet as it is. `None` for an id of another workspace,
    /// as below.
    #[must_use]
    pub fn place(&self, deployment: DeploymentId) -> Option<Outcome> {
        self.place_on(&self.inventory, deployment)
    }

    /// Decides every deployment in its order, each taking its capacity from those after it. The
    /// workspace's own inventory stays as it is.
    #[must_use]
    pub fn place_all(&self) -> Vec<Outcome> {
        let mut inventory = self.inventory.clone();
        let placed = self.deployment_ids().filter_map(|id| {
            let outcome = self.place_on(&inventory, id)?;
            if outcome.decision.is_placed() {
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
    pub fn place_independently(&self) -> Vec<Outcome> {
        self.deployment_ids().filter_map(|id| self.place(id)).collect()
    }

    /// Why a deployment can run where it can, and what keeps it from elsewhere (D6).
    #[must_use]
    pub fn explain(&self, deployment: DeploymentId) -> Option<Vec<Reason>> {
        let (found, scope) = (self.deployment(deployment)?, self.scope(deployment)?);
        Some(placement::explain(&self.inventory, &scope, &found.demand))
    }

    /// Every constraint that each pool and flavor of one cluster fails.
    #[must_use]
    pub fn explain_cluster(&self, deployment: DeploymentId, cluster: ClusterId) -> Option<Vec<PairExplanation>> {
        let (found, scope) = (self.deployment(deployment)?, self.scope(deployment)?);
        Some(placement::explain_cluster(&self.inventory, &scope, &found.demand, cluster))
    }

    fn place_on(&self, inventory: &Inventory, id: DeploymentId) -> Option<Outcome> {
        let deployment = self.deployment(id)?;
        let scope = Arc::new(self.scope_of(deployment));
        let decision = placement::decide(inventory, &scope, &deployment.demand, deployment.replicas);
        let mut audit: Vec<_> =
            scope.audited().iter().filter_map(|&at| self.audit(inventory, deployment, &decision, at)).collect();
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
        let then = placement::decide(inventory, &Arc::new(scope), &deployment.demand, deployment.replicas);
        Some(AuditOutcome {
            level,
            policy,
            loses: decision.candidates().difference(then.candidates()).len(),
            gains: then.candidates().difference(decision.candidates()).len(),
            verdict: then.verdict(),
        })
    }
}
