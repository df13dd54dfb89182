//! What governs deployments, to be changed in thought: policies taken out, detached or given other options.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::id::{DeploymentId, EnvironmentId, Name, PolicyId, ResourceTypeId};
use crate::policy::{Attachment, Bundle, Environment, Options, PolicySet, Scope};
use crate::workspace::Workspace;

/// Who attaches a policy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Owner {
    Workspace,
    Environment(EnvironmentId),
    Deployment(DeploymentId),
}

/// Who is governed: a deployment of the workspace, or one that need not exist.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Subject<'a> {
    pub(super) environment: EnvironmentId,
    pub(super) resource_type: ResourceTypeId,
    pub(super) own: &'a [Attachment],
    pub(super) unresolved: &'a [Name],
    /// The deployment, if it must be one of the workspace.
    pub(super) deployment: Option<DeploymentId>,
}

impl<'a> Subject<'a> {
    /// A deployment of the workspace; `None` for an id of another.
    pub(super) fn deployment(workspace: &'a Workspace, id: DeploymentId) -> Option<Self> {
        let found = workspace.deployment(id)?;
        Some(Self {
            environment: found.environment,
            resource_type: found.workload.resource_type,
            own: &found.attachments,
            unresolved: &found.unresolved,
            deployment: Some(id),
        })
    }

    /// One without policies of its own.
    pub(super) fn any(environment: EnvironmentId, resource_type: ResourceTypeId) -> Self {
        Self { environment, resource_type, own: &[], unresolved: &[], deployment: None }
    }
}

/// The policies of a workspace and where they are attached, with some of it changed in thought.
#[derive(Clone)]
pub(super) struct Governance<'w> {
    workspace: &'w Workspace,
    policies: Arc<PolicySet>,
    /// What is detached: whose attachments, of which policy; `None` stands for all.
    detached: Vec<(Option<Owner>, Option<PolicyId>)>,
}

impl<'w> Governance<'w> {
    /// As it is.
    pub(super) fn of(workspace: &'w Workspace) -> Self {
        Self { workspace, policies: Arc::clone(workspace.policies()), detached: Vec::new() }
    }

    pub(super) fn catalog(&self) -> &'w Catalog {
        self.workspace.catalog()
    }

    pub(super) fn policies(&self) -> &Arc<PolicySet> {
        &self.policies
    }

    /// Without the attachments of an owner, or of all; of a policy, or of all.
    pub(super) fn without(&self, owner: Option<Owner>, policy: Option<PolicyId>) -> Self {
        let mut changed = self.clone();
        changed.detached.push((owner, policy));
        changed
    }

    /// With other options of a policy.
    pub(super) fn with_options(&self, policy: PolicyId, options: Options) -> Self {
        let mut changed = self.clone();
        if let Some(found) = self.policies.get(policy) {
            // A policy of the same name and catalog takes the place of the one that has the name.
            let _ = Arc::make_mut(&mut changed.policies).insert(found.supposing(self.catalog(), options));
        }
        changed
    }

    /// What the policies leave to a subject.
    pub(super) fn scope(&self, subject: &Subject<'_>) -> Scope {
        let imposed = self.workspace.bundle();
        let governing = self.workspace.environment(subject.environment).map(Environment::bundle).unwrap_or_default();
        let own = subject.deployment.map(Owner::Deployment);
        let workspace = self.left(Some(Owner::Workspace), imposed.attachments);
        let environment = self.left(Some(Owner::Environment(subject.environment)), governing.attachments);
        let deployment = self.left(own, subject.own);
        let levels = [
            Bundle { attachments: &workspace, require: imposed.require },
            Bundle { attachments: &environment, require: governing.require },
            Bundle { attachments: &deployment, require: &[] },
        ];
        Scope::compile(&self.policies, levels, subject.resource_type, self.workspace.now())
            .with_unresolved(subject.unresolved.to_vec())
    }

    /// What is left of the attachments of an owner; nobody's own are those of a subject that need not exist.
    fn left<'s>(&self, owner: Option<Owner>, attachments: &'s [Attachment]) -> std::borrow::Cow<'s, [Attachment]> {
        if self.detached.is_empty() {
            return attachments.into();
        }
        let is_detached = |attachment: &Attachment| {
            self.detached.iter().any(|(of, policy)| {
                (of.is_none() || *of == owner) && policy.is_none_or(|policy| policy == attachment.policy)
            })
        };
        attachments.iter().filter(|&attachment| !is_detached(attachment)).cloned().collect::<Vec<_>>().into()
    }
}
