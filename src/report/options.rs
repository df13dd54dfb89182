//! What `options` answers.

use serde::{Deserialize, Serialize};

use super::fingerprints::moment;
use super::header::{ApiVersion, Include, kind};
use super::names::ChoiceName;
use super::{FingerprintsReport, QuarantinedReport};
use crate::analysis::{OptionCount, Question, Remaining};
use crate::catalog::{Axis, PerAxis};
use crate::workspace::Workspace;

/// What is still allowed before anything is deployed (D10).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OptionsReport {
    api_version: ApiVersion,
    kind: kind::OptionsReport,
    /// The environment that was asked about.
    #[serde(default)]
    pub environment: String,
    /// The workload type that was asked about.
    #[serde(default)]
    pub workload_type: String,
    /// The moment of the answer, where it was asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What it was made from (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// What was chosen already, as it was asked.
    #[serde(default)]
    pub given: Vec<ChoiceName>,
    /// Places that remain: by kind, then name.
    pub locations: Vec<OptionReport>,
    /// Hardware that remains: by kind, then code.
    pub flavors: Vec<OptionReport>,
    /// Providers and jurisdictions that remain: by kind, then name.
    #[serde(default)]
    pub providers: Vec<OptionReport>,
    /// Ways of buying nodes that remain, by name.
    #[serde(default)]
    pub capacity: Vec<OptionReport>,
    /// Attributes that remain, and sets of them, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<OptionReport>,
    /// Why nothing remains, in words; empty where something does.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// The clusters that a load with quarantine left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<Vec<QuarantinedReport>>,
}

/// An option that remains.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OptionReport {
    /// What kind of option it is: `continent`, `country`, `group`, `location`, `gpu`, `cpu`,
    /// `provider`, `jurisdiction`, `capacity` or `attribute`.
    pub r#type: String,
    /// Its code or name.
    pub name: String,
    /// Clusters on which a replica could run if it were chosen, from 1.
    pub clusters: usize,
    /// How many of the other values would be left if it were chosen, by axis, itself among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves: Option<LeavesReport>,
}

/// How many values of each axis a choice leaves.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LeavesReport {
    /// Places.
    pub locations: usize,
    /// Hardware.
    pub flavors: usize,
    /// Providers and jurisdictions.
    pub providers: usize,
    /// Ways of buying nodes.
    pub capacity: usize,
    /// Attributes, and sets of them; left out where there are none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub attributes: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

impl LeavesReport {
    fn new(leaves: &PerAxis<usize>) -> Self {
        Self {
            locations: *leaves.get(Axis::Location),
            flavors: *leaves.get(Axis::Flavor),
            providers: *leaves.get(Axis::Provider),
            capacity: *leaves.get(Axis::Capacity),
            attributes: *leaves.get(Axis::Attribute),
        }
    }

    /// Those of an axis.
    #[must_use]
    pub fn of(&self, axis: Axis) -> usize {
        match axis {
            Axis::Location => self.locations,
            Axis::Flavor => self.flavors,
            Axis::Provider => self.providers,
            Axis::Capacity => self.capacity,
            Axis::Attribute => self.attributes,
        }
    }
}

impl OptionsReport {
    /// What remains of an axis.
    #[must_use]
    pub fn of(&self, axis: Axis) -> &[OptionReport] {
        match axis {
            Axis::Location => &self.locations,
            Axis::Flavor => &self.flavors,
            Axis::Provider => &self.providers,
            Axis::Capacity => &self.capacity,
            Axis::Attribute => &self.attributes,
        }
    }

    /// Of what remains in this workspace for what was asked.
    #[must_use]
    pub fn new(workspace: &Workspace, question: &Question, remaining: &Remaining, include: Include) -> Self {
        let environment = workspace.environment(question.environment).map(|environment| environment.name.as_str());
        let entry = |option: &OptionCount| {
            let ChoiceName { r#type, name } = ChoiceName::new(workspace.catalog(), option.choice);
            let leaves = include.further.then(|| LeavesReport::new(&option.leaves));
            OptionReport { r#type, name, clusters: option.clusters, leaves }
        };
        let of = |axis| remaining.values.get(axis).iter().map(entry).collect();
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            environment: environment.unwrap_or_default().to_owned(),
            workload_type: workspace.catalog().resource_type_name(question.resource_type).to_owned(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::of(workspace),
            given: question.given.iter().map(|choice| ChoiceName::new(workspace.catalog(), *choice)).collect(),
            locations: of(Axis::Location),
            flavors: of(Axis::Flavor),
            providers: of(Axis::Provider),
            capacity: of(Axis::Capacity),
            attributes: of(Axis::Attribute),
            reasons: remaining.why_nothing(workspace),
            quarantined: include.quarantined.then(|| QuarantinedReport::all(workspace)),
        }
    }
}
