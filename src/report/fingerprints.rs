//! What a report was made from and how (D8).

use serde::{Deserialize, Serialize};

use super::header::{Include, Remedied};
#[cfg(feature = "manifest")]
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
}

impl FingerprintsReport {
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
