//! Environments: named bundles of policies that govern deployments (E1).

use std::time::Duration;

use super::{Attachment, Bundle, Limits, OnLoss, OnReplaced, OnViolation};
use crate::catalog::Axis;
use crate::id::Name;
use crate::origin::Origin;

/// A named bundle of policies; every deployment is governed by exactly one (E2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Environment {
    /// Its name.
    pub name: Name,
    /// The policies attached to it.
    pub attachments: Vec<Attachment>,
    /// The axes that must be restricted here or at the workspace (P13).
    pub require: Vec<Axis>,
    /// What its deployments may hold together at most.
    pub limits: Limits,
    /// What happens when a policy change makes running replicas illegal.
    pub on_violation: OnViolation,
    /// What happens to replicas on a cluster that is lost.
    pub on_loss: OnLoss,
    /// For how long a lost cluster may come back before replicas are started elsewhere.
    pub grace: Duration,
    /// What happens to a replaced holder; `None` means each command's own default.
    pub on_replaced: Option<OnReplaced>,
    /// Whether a document declares it, or it exists from the start.
    pub declared: bool,
    /// Where it was declared.
    pub origin: Origin,
}

impl Environment {
    /// The environment that every workspace has, and the default of deployments that name none.
    pub const PRODUCTION: &'static str = "production";
    /// The other environment that exists from the start.
    pub const DEVELOPMENT: &'static str = "development";

    /// For how long a lost cluster may come back, where nothing is stated.
    pub const GRACE: Duration = Duration::from_secs(300);

    /// An environment without policies.
    #[must_use]
    pub fn without_policies(name: Name) -> Self {
        Self {
            name,
            attachments: Vec::new(),
            require: Vec::new(),
            limits: Limits::default(),
            on_violation: OnViolation::default(),
            on_loss: OnLoss::default(),
            grace: Self::GRACE,
            on_replaced: None,
            declared: false,
            origin: Origin::default(),
        }
    }

    /// What it contributes to a scope.
    #[must_use]
    pub fn bundle(&self) -> Bundle<'_> {
        Bundle { attachments: &self.attachments, require: &self.require }
    }
}
