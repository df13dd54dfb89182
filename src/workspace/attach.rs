//! Changes that the rules can refuse: attaching policies (P10), removing environments (E1).

use super::Workspace;
use crate::catalog::Axis;
use crate::id::{DeploymentId, EnvironmentId, Id, PolicyId};
use crate::placement::Culprit;
use crate::policy::{Attachment, Enforcement, Environment, Level, Scope, State};

/// A policy that cannot be attached; nothing has changed (P10).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// No such deployment, or no such policy.
    #[error("the deployment or the policy is not of this workspace")]
    Unknown,
    /// With it, the levels' policies of an axis would leave nothing.
    #[error("the {axis} policies would leave nothing together: {}", cite(.culprits))]
    Conflict {
        /// The axis.
        axis: Axis,
        /// Its policies, by level and name.
        culprits: Vec<Culprit>,
    },
}

fn cite(culprits: &[Culprit]) -> String {
    let cited = culprits.iter().map(|culprit| format!("`{}` ({})", culprit.policy, culprit.level));
    cited.collect::<Vec<_>>().join(", ")
}

/// An environment that cannot be removed; nothing has changed (E1).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveEnvironmentError {
    /// There is no such environment.
    #[error("no environment is called `{0}`")]
    Unknown(String),
    /// Production cannot be removed.
    #[error("`production` cannot be removed")]
    Production,
    /// It is where deployments go that name none.
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
}

impl Workspace {
    /// Attaches a policy to a deployment, if the levels' policies leave something then.
    ///
    /// An audit attachment binds nothing, so it is never refused.
    ///
    /// # Errors
    /// [`AttachError`]; nothing has changed then.
    pub fn attach(
        &mut self,
        deployment: DeploymentId,
        policy: PolicyId,
        enforcement: Enforcement,
    ) -> Result<(), AttachError> {
        if self.policies.get(policy).is_none() {
            return Err(AttachError::Unknown);
        }
        let attachment = Attachment { policy, enforcement };
        let mut after = self.deployment(deployment).ok_or(AttachError::Unknown)?.clone();
        after.attachments.push(attachment);
        let scope = self.scope_of(&after);
        if enforcement == Enforcement::Enforce {
            refuse_conflict(&scope)?;
        }
        if let Some(found) = self.deployments.get_mut(deployment.index()) {
            *found = after;
        }
        Ok(())
    }

    /// Removes an environment that governs nothing.
    ///
    /// # Errors
    /// [`RemoveEnvironmentError`]; nothing has changed then.
    pub fn remove_environment(&mut self, name: &str) -> Result<(), RemoveEnvironmentError> {
        let id = self.find_environment(name).ok_or_else(|| RemoveEnvironmentError::Unknown(name.to_owned()))?;
        if name == Environment::PRODUCTION {
            return Err(RemoveEnvironmentError::Production);
        }
        if id == self.default_environment {
            return Err(RemoveEnvironmentError::Default(name.to_owned()));
        }
        let governed = self.deployments.iter().filter(|deployment| deployment.environment == id);
        let deployments: Vec<_> = governed.map(|deployment| format!("`{}`", deployment.address())).collect();
        if !deployments.is_empty() {
            return Err(RemoveEnvironmentError::Governs { environment: name.to_owned(), deployments });
        }
        self.environments.shift_remove(name);
        // Those behind it move up by one.
        let moved = |found: &mut EnvironmentId| {
            if *found > id {
                *found = EnvironmentId::from_index(found.index() - 1);
            }
        };
        moved(&mut self.default_environment);
        self.deployments.iter_mut().for_each(|deployment| moved(&mut deployment.environment));
        Ok(())
    }
}

fn refuse_conflict(scope: &Scope) -> Result<(), AttachError> {
    for axis in Axis::ALL {
        if scope.axis(axis).state() == State::Conflict {
            return Err(AttachError::Conflict { axis, culprits: culprits(scope, axis) });
        }
    }
    Ok(())
}

/// Every policy that restricts an axis, by level and name.
fn culprits(scope: &Scope, axis: Axis) -> Vec<Culprit> {
    let mut culprits = Vec::new();
    for restriction in scope.axis(axis).restrictions() {
        let level: Level = restriction.level;
        let policies = restriction.policies.iter().filter_map(|&id| scope.policies().get(id));
        culprits.extend(policies.map(|policy| Culprit { level, policy: policy.name().clone() }));
    }
    culprits.sort();
    culprits
}
