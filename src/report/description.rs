//! What `describe` answers.

use serde::{Deserialize, Serialize};

use super::header::{ApiVersion, kind};
use crate::analysis::Description;

/// Every detail of one deployment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DescriptionReport {
    api_version: ApiVersion,
    kind: kind::Description,
    /// The description.
    pub deployment: Description,
}

impl From<Description> for DescriptionReport {
    fn from(deployment: Description) -> Self {
        Self { api_version: ApiVersion::default(), kind: Default::default(), deployment }
    }
}
