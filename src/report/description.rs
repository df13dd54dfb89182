//! What `describe` answers.

use serde::{Deserialize, Serialize};

use super::FingerprintsReport;
use super::fingerprints::moment;
use super::header::{ApiVersion, kind};
use crate::analysis::Description;
use crate::workspace::Workspace;

/// Every detail of one deployment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DescriptionReport {
    api_version: ApiVersion,
    kind: kind::Description,
    /// The moment of the answer, where it was asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What it was made from (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// The scenario after which it was so; absent where it is so now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The description.
    pub deployment: Description,
}

impl DescriptionReport {
    /// Of a deployment of this workspace.
    #[must_use]
    pub fn new(workspace: &Workspace, deployment: Description) -> Self {
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::of(workspace),
            after: None,
            deployment,
        }
    }

    /// As it was after a scenario that began with the workspace.
    #[must_use]
    pub fn after(self, scenario: impl Into<String>) -> Self {
        Self { after: Some(scenario.into()), ..self }
    }
}
