//! How a policy stands at a level, and what an environment does about violations.

use std::fmt;

use serde::{Deserialize, Serialize};

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

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether an attachment binds or is only watched (P12).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// It binds.
    #[default]
    Enforce,
    /// It changes no decision; decisions report what enforcing it would do.
    Audit,
}

/// A policy attached at some level.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Attachment {
    /// The policy.
    pub policy: PolicyId,
    /// Whether it binds.
    pub enforcement: Enforcement,
}

/// What follows when a policy change makes running replicas illegal (L13).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnViolation {
    /// Move them where they may run; report those that can't.
    #[default]
    MoveOrReport,
    /// Move them where they may run; stop those that can't.
    MoveOrStop,
    /// Report them.
    Report,
}

/// What becomes of an environment's holder when another takes its place (L5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnReplaced {
    /// It keeps running.
    Keep,
    /// It scales to zero.
    ScaleToZero,
    /// It is stopped.
    Deactivate,
}
