//! Changes that the rules can refuse: attaching policies (P10), removing environments (E1).

use std::sync::Arc;

use super::{ChangeError, LookupError, Reference, Workspace, WorkspaceChange};
use crate::id::{DeploymentId, PolicyId};
use crate::manifest::Kind;
use crate::placement::{Code, Reason, policy_reasons};
use crate::policy::{Attachment, Enforcement, Environment, Scope, Terms};

/// A policy that cannot be attached; nothing has changed (P10).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// No such deployment, or no such policy.
    #[error(transparent)]
    Unknown(#[from] LookupError),
    /// With it, the levels' policies of an axis would leave nothing. The reason names the axes and
    /// the policies of each level.
    #[error("{}; detach one of them first, or attach a policy that leaves something allowed", .0.message())]
    Conflict(Box<Reason>),
    /// It would end at a moment that no document can say.
    #[error("{0}; leave `until` out, or state a moment of a year up to 9999")]
    Unwritten(String),
}

/// An environment that cannot be removed; nothing has changed (E1).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveEnvironmentError {
    /// There is no such environment.
    #[error(transparent)]
    Unknown(#[from] LookupError),
    /// Production cannot be removed.
    #[error("`production` cannot be removed")]
    Production,
    /// It is the default of deployments that name none.
    #[error("`{0}` is the workspace's default environment; choose another default first")]
    Default(String),
    /// It still governs deployments.
    #[error("`{environment}` still governs {}; move or delete them first", .deployments.join(", "))]
    Governs {
        /// The environment.
        environment: String,
        /// The deployments' addresses.
        deployments: Vec<String>,
    },
    /// Something else refers to it still.
    #[error(transparent)]
    InUse(ChangeError),
}

impl Workspace {
    /// Attaches a policy to a deployment, if the levels' policies then still allow something; as of the
    /// [moment](Self::now) of questions. One that is attached already changes its terms.
    ///
    /// An audit attachment binds nothing, so it is never refused.
    ///
    /// # Errors
    /// [`AttachError`]; nothing has changed then.
    pub fn attach(
        &mut self,
        deployment: impl Reference<DeploymentId>,
        policy: impl Reference<PolicyId>,
        terms: impl Into<Terms>,
    ) -> Result<(), AttachError> {
        let policy = policy.find_in(self)?;
        let attachment = Attachment::new(policy, terms);
        writable(&attachment.terms())?;
        let enforcement = attachment.enforcement;
        let (deployment, found) = self.found(deployment)?;
        if found.attachments.contains(&attachment) {
            return Ok(());
        }
        let mut after = found.clone();
        after.attachments.retain(|attached| attached.policy != policy);
        after.attachments.push(attachment);
        let scope = self.scope_of(&after);
        if enforcement == Enforcement::Enforce {
            refuse_conflict(&scope)?;
        }
        if let Some(found) = Arc::make_mut(&mut self.deployments).get_mut(deployment) {
            *found = after;
        }
        self.write_own_policies(deployment);
        if let Some(address) = self.deployment(deployment).map(crate::deployment::Deployment::address) {
            self.accepted(None, format!("deployment `{address}`"));
        }
        Ok(())
    }

    /// Removes an environment that governs nothing.
    ///
    /// # Errors
    /// [`RemoveEnvironmentError`]; nothing has changed then.
    pub fn remove_environment(&mut self, name: &str) -> Result<(), RemoveEnvironmentError> {
        let id = self.find_environment(name)?;
        if name == Environment::PRODUCTION {
            return Err(RemoveEnvironmentError::Production);
        }
        if id == self.default_environment {
            return Err(RemoveEnvironmentError::Default(name.to_owned()));
        }
        let governed = self.deployments().iter().filter(|deployment| deployment.environment == id);
        let mut deployments: Vec<_> = governed.map(|deployment| format!("`{}`", deployment.address())).collect();
        deployments.extend(self.lives_under(id).into_iter().map(|address| format!("`{address}`")));
        deployments.dedup();
        if !deployments.is_empty() {
            return Err(RemoveEnvironmentError::Governs { environment: name.to_owned(), deployments });
        }
        let change = WorkspaceChange::new().remove(Kind::Environment, name);
        match self.change(self.last_moment().unwrap_or_default(), change) {
            Ok(_) => Ok(()),
            Err(error) => Err(RemoveEnvironmentError::InUse(error)),
        }
    }
}

/// Refuses terms that no document can say: what is kept of them could not be read (W4).
pub(super) fn writable(terms: &Terms) -> Result<(), AttachError> {
    match terms.unwritten() {
        Some(unwritten) => Err(AttachError::Unwritten(unwritten)),
        None => Ok(()),
    }
}

fn refuse_conflict(scope: &Scope) -> Result<(), AttachError> {
    match policy_reasons(scope).into_iter().find(|reason| reason.code == Code::PolicyConflict) {
        Some(reason) => Err(AttachError::Conflict(Box::new(reason))),
        None => Ok(()),
    }
}
