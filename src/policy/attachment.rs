//! How a policy is attached at a level, and what an environment does about violations.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::document::{reads_words, words};
use crate::id::PolicyId;
use crate::time::Moment;

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
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Attachment {
    /// The policy.
    pub policy: PolicyId,
    /// Whether it is enforced or audited.
    pub enforcement: Enforcement,
    /// From when on it allows nothing (P16).
    pub until: Option<Moment>,
    /// Why it is there.
    pub note: Option<Arc<Note>>,
}

impl Attachment {
    /// A policy on these terms.
    #[must_use]
    pub fn new(policy: PolicyId, terms: impl Into<Terms>) -> Self {
        let Terms { enforcement, until, reason, ticket } = terms.into();
        let note = (reason.is_some() || ticket.is_some()).then(|| Arc::new(Note { reason, ticket }));
        Self { policy, enforcement, until, note }
    }

    /// Its terms, without the policy.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let note = self.note.as_deref();
        Terms {
            enforcement: self.enforcement,
            until: self.until,
            reason: note.and_then(|note| note.reason.clone()),
            ticket: note.and_then(|note| note.ticket.clone()),
        }
    }

    /// Whether it has ended at a moment (P16). Where nobody says which moment it is, whatever has an end has ended: an
    /// exception must not outlive its end because a clock is missing.
    #[must_use]
    pub fn has_ended(&self, at: Option<Moment>) -> bool {
        has_ended(self.until, at)
    }
}

/// Why a policy is attached: what explanations repeat (P16).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Note {
    /// The reason, in words.
    pub reason: Option<String>,
    /// The ticket that stands for it.
    pub ticket: Option<String>,
}

/// On what terms a policy is attached: whether it is enforced (P12), until when, and why (P16).
///
/// ```
/// use siting::policy::{Enforcement, Terms};
/// use siting::time::Moment;
/// let terms = Terms::from(Enforcement::Enforce).until(Moment::from_millis(1_000)).reason("migration").ticket("PLAT-7");
/// assert_eq!(terms.ticket.as_deref(), Some("PLAT-7"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Terms {
    /// Whether it is enforced or audited.
    pub enforcement: Enforcement,
    /// From when on it allows nothing.
    pub until: Option<Moment>,
    /// Why it is attached.
    pub reason: Option<String>,
    /// The ticket that stands for that.
    pub ticket: Option<String>,
}

impl From<Enforcement> for Terms {
    fn from(enforcement: Enforcement) -> Self {
        Self { enforcement, ..Self::default() }
    }
}

fn has_ended(until: Option<Moment>, at: Option<Moment>) -> bool {
    until.is_some_and(|until| at.is_none_or(|at| at >= until))
}

impl Terms {
    /// What is wrong with an end that no document can say, where one is stated.
    pub(crate) fn unwritten(&self) -> Option<String> {
        let until = self.until.filter(|until| *until > Moment::LAST_WRITTEN)?;
        Some(format!(
            "an attachment cannot end at {until}: the last moment that is written is {}",
            Moment::LAST_WRITTEN
        ))
    }

    /// Whether what is attached on them has ended; see [`Attachment::has_ended`].
    #[must_use]
    pub fn have_ended(&self, at: Option<Moment>) -> bool {
        has_ended(self.until, at)
    }

    /// The same, ending at a moment.
    #[must_use]
    pub fn until(self, until: Moment) -> Self {
        Self { until: Some(until), ..self }
    }

    /// The same, for a reason.
    #[must_use]
    pub fn reason(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// The same, with the ticket that stands for it.
    #[must_use]
    pub fn ticket(self, ticket: impl Into<String>) -> Self {
        Self { ticket: Some(ticket.into()), ..self }
    }
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
