//! How a policy is attached at a level, and what an environment does about violations.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::{reads_words, words};
use crate::id::PolicyId;

/// Where a policy is attached, highest first (P5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The workspace.
    Workspace,
    /// The environment that governs the deployment.
    Environment,
    /// The deployment itself.
    Deployment,
}

impl Level {
    /// All levels, highest first.
    pub const ALL: [Self; 3] = [Self::Workspace, Self::Environment, Self::Deployment];

    /// The level's name as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Environment => "environment",
            Self::Deployment => "deployment",
        }
    }
}

reads_words!(Level);

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

words! {
    /// Whether an attachment is enforced or only audited (P12).
    #[derive(PartialOrd, Ord, Default)]
    pub enum Enforcement {
        /// It is enforced.
        #[default]
        Enforce = "enforce",
        /// It changes no decision; decisions report what enforcing it would do.
        Audit = "audit",
    }
}

/// A policy attached at some level.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Attachment {
    /// The policy.
    pub policy: PolicyId,
    /// Whether it is enforced or audited.
    pub enforcement: Enforcement,
}

words! {
    /// What happens when a policy change makes running replicas illegal (L13).
    #[derive(Default)]
    pub enum OnViolation {
        /// Move them to where they may run; report those that cannot move.
        #[default]
        MoveOrReport = "move-or-report",
        /// Move them to where they may run; stop those that cannot move.
        MoveOrStop = "move-or-stop",
        /// Report them.
        Report = "report",
    }
}

words! {
    /// What happens to replicas on a cluster that is lost (W9).
    #[derive(Default)]
    pub enum OnLoss {
        /// Others are started in their place after a grace, as many as fit.
        #[default]
        Move = "move",
        /// They wait until it is back.
        Wait = "wait",
    }
}

words! {
    /// What happens to an environment's holder when another takes its place (L5).
    pub enum OnReplaced {
        /// It keeps running.
        Keep = "keep",
        /// It scales to zero.
        ScaleToZero = "scale-to-zero",
        /// It is stopped.
        Deactivate = "deactivate",
    }
}
