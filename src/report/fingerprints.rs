//! What a report was made from and how (D8).

use serde::{Deserialize, Serialize};

use super::header::{Include, Remedied};
use crate::workspace::Workspace;

/// What decisions were made from, by fingerprints: as long as all three are the same, every decision is.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FingerprintsReport {
    /// Of the workspace's settings, policies, environments and deployments.
    pub policies: String,
    /// Of all names of places and hardware, and of what they mean.
    pub catalog: String,
    /// Of the clusters, what runs on them, and what is reserved.
    pub inventory: String,
}

/// How decisions were made.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MadeReport {
    /// Whether each was made as if it were the only one.
    pub alone: bool,
    /// How many were made.
    pub deployments: usize,
    /// Whether some replicas were placed where not all fit.
    pub partial: bool,
    /// The steps spent on cheaper places.
    pub optimize: u64,
    /// Whether every candidate is listed.
    pub candidates: bool,
    /// Whether it is said which policies admit each placement.
    pub admitted_by: bool,
    /// Whether the moves are listed by which what runs gets where it was placed.
    pub moves: bool,
}

/// One side of a comparison.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SideReport {
    /// The moment at which it is looked at, where it was asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What it is made from (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
}

impl SideReport {
    pub(super) fn new(workspace: &Workspace) -> Self {
        Self { at: moment(workspace), fingerprints: FingerprintsReport::of(workspace) }
    }
}

/// The moment of what is said about a workspace, where it is one that matters.
pub(super) fn moment(workspace: &Workspace) -> Option<String> {
    workspace.moment_told().map(|at| at.to_string())
}

impl FingerprintsReport {
    /// As [`new`](Self::new), where the texts of documents can be written.
    #[cfg(feature = "manifest")]
    pub(super) fn of(workspace: &Workspace) -> Option<Self> {
        Some(Self::new(workspace))
    }

    /// Nothing: without manifests there are no texts of which fingerprints are made.
    #[cfg(not(feature = "manifest"))]
    pub(super) fn of(_: &Workspace) -> Option<Self> {
        None
    }

    /// Of a workspace as it is.
    #[cfg(feature = "manifest")]
    #[must_use]
    pub fn new(workspace: &Workspace) -> Self {
        let found = workspace.fingerprints();
        Self { policies: found.policies, catalog: found.catalog, inventory: found.inventory }
    }

    /// The names of those that differ.
    #[cfg(feature = "manifest")]
    pub(super) fn changed(&self, other: &Self) -> Vec<String> {
        let each = [
            ("policies", self.policies == other.policies),
            ("catalog", self.catalog == other.catalog),
            ("inventory", self.inventory == other.inventory),
        ];
        each.into_iter().filter(|(_, same)| !same).map(|(name, _)| name.to_owned()).collect()
    }
}

impl MadeReport {
    pub(super) fn new(include: Include, deployments: usize) -> Self {
        let Include { candidates, admitted_by, .. } = include;
        Self { alone: include.remedies != Remedied::InOrder, deployments, candidates, admitted_by, ..Self::default() }
    }
}
