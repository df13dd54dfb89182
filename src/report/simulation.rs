//! What `simulate` answers.

use serde::{Deserialize, Serialize};

use super::FingerprintsReport;
use super::fingerprints::moment;
use super::header::{ApiVersion, kind};
use crate::lifecycle::Refusal;
use crate::simulation::{Difference, Requests, ScenarioReport, Series, StepReport};
use crate::workspace::Workspace;

/// The results of scenarios, in the order in which they are written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimulationReport {
    api_version: ApiVersion,
    kind: kind::SimulationReport,
    /// The moment of what the scenarios began with, where documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What the scenarios began with (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// A result for each scenario.
    pub scenarios: Vec<ScenarioResult>,
}

/// The result of one scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ScenarioResult {
    /// Its name.
    pub name: String,
    /// Whether everything was as expected.
    pub passed: bool,
    /// The result of each step.
    pub steps: Vec<StepResult>,
    /// Replicas and shares of the requests over time, where a scripted host ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
    /// Requests by deployment, where a scripted host sent any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Requests>,
    /// Requests that no deployment took.
    pub lost: u64,
}

/// The result of one step.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StepResult {
    /// When, in milliseconds after the start.
    pub at: u64,
    /// What happened, in words.
    pub what: String,
    /// All effects, in words.
    pub effects: Vec<String>,
    /// Why it was refused.
    pub refused: Option<StepRefusal>,
    /// Where it differs from what was expected.
    pub differences: Vec<Difference>,
}

/// Why the lifecycle's rules refuse a command.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StepRefusal {
    /// The rule, such as `L6`.
    pub rule: String,
    /// Why: lower case, no final period.
    pub reason: String,
    /// The next legal step, if there is one.
    pub next: Option<String>,
}

impl SimulationReport {
    /// Of what came of these scenarios, each of which began with this workspace.
    #[must_use]
    pub fn new(workspace: &Workspace, scenarios: &[ScenarioReport]) -> Self {
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::of(workspace),
            scenarios: scenarios.iter().map(ScenarioResult::from).collect(),
        }
    }
}

impl From<&ScenarioReport> for ScenarioResult {
    fn from(report: &ScenarioReport) -> Self {
        Self {
            name: report.name.clone(),
            passed: report.passed,
            steps: report.steps.iter().map(StepResult::from).collect(),
            series: report.series.clone(),
            requests: report.requests.clone(),
            lost: report.lost,
        }
    }
}

impl From<&StepReport> for StepResult {
    fn from(step: &StepReport) -> Self {
        Self {
            at: step.at,
            what: step.what.clone(),
            effects: step.effects.clone(),
            refused: step.refused.as_ref().map(StepRefusal::from),
            differences: step.differences.clone(),
        }
    }
}

impl From<&Refusal> for StepRefusal {
    fn from(refusal: &Refusal) -> Self {
        Self { rule: refusal.rule.to_owned(), reason: refusal.reason.clone(), next: refusal.next.clone() }
    }
}
