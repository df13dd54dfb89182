//! What `test` answers.

use serde::{Deserialize, Serialize};

use super::FingerprintsReport;
use super::errors::place;
use super::fingerprints::moment;
use super::header::{ApiVersion, kind};
use crate::analysis::{CaseResult, Coverage, PolicyTestResult, PolicyTestResults, Tested};
use crate::policy::Level;
use crate::workspace::Workspace;

/// What tests of policies came to, and what of the policies they do not hold (A4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PolicyTestsReport {
    api_version: ApiVersion,
    kind: kind::PolicyTestsReport,
    /// The moment of the answer, where it was asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What was tested (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// Whether every case passed.
    pub passed: bool,
    /// Each test.
    pub tests: Vec<PolicyTestReport>,
    /// How much of the policies the cases hold.
    pub coverage: CoverageReport,
}

/// What one test came to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PolicyTestReport {
    /// The test's name.
    pub name: String,
    /// The file where it stands.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
    /// Its cases, in their order.
    pub cases: Vec<CaseReport>,
}

/// What one case came to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CaseReport {
    /// Its name, or its number and whom it is about.
    pub name: String,
    /// Whether all is as expected.
    pub passed: bool,
    /// What is not as expected, a sentence each.
    pub failures: Vec<String>,
    /// The file where it stands.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
}

/// How much of the policies cases hold.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CoverageReport {
    /// How many things some case would fail without.
    pub covered: usize,
    /// How many things are counted.
    pub counted: usize,
    /// The former of a hundred of the latter, rounded down; 100 where nothing is counted.
    pub percent: u32,
    /// What no case would fail without.
    pub uncovered: Vec<TestedReport>,
    /// What could be taken out without changing what is allowed to anyone. It is not counted.
    pub redundant: Vec<TestedReport>,
}

/// Something that cases can hold.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TestedReport {
    /// `policy`, `option`, `exception`, `level`, `attachment` or `reason`.
    pub kind: String,
    /// The policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The option or exception, such as `country de`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// Where it is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The environment's name, or the deployment's address; absent for the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The reason's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl PolicyTestsReport {
    /// Of what tests of this workspace's policies came to.
    #[must_use]
    pub fn new(workspace: &Workspace, results: &PolicyTestResults) -> Self {
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::of(workspace),
            passed: results.passed(),
            tests: results.tests.iter().map(PolicyTestReport::from).collect(),
            coverage: (&results.coverage).into(),
        }
    }
}

impl From<&PolicyTestResult> for PolicyTestReport {
    fn from(result: &PolicyTestResult) -> Self {
        let (file, line, column) = place(&result.origin);
        let cases = result.cases.iter().map(CaseReport::from).collect();
        Self { name: result.name.as_str().to_owned(), file, line, column, cases }
    }
}

impl From<&CaseResult> for CaseReport {
    fn from(result: &CaseResult) -> Self {
        let (file, line, column) = place(&result.origin);
        let (name, failures) = (result.name.clone(), result.failures.clone());
        Self { name, passed: result.passed(), failures, file, line, column }
    }
}

impl From<&Coverage> for CoverageReport {
    fn from(coverage: &Coverage) -> Self {
        Self {
            covered: coverage.covered(),
            counted: coverage.counted,
            percent: coverage.percent(),
            uncovered: coverage.uncovered.iter().map(TestedReport::from).collect(),
            redundant: coverage.redundant.iter().map(TestedReport::from).collect(),
        }
    }
}

impl From<&Tested> for TestedReport {
    fn from(tested: &Tested) -> Self {
        let of = |kind: &str| Self {
            kind: kind.to_owned(),
            policy: None,
            option: None,
            level: None,
            owner: None,
            code: None,
        };
        let some = |text: &String| Some(text.clone());
        match tested {
            Tested::Policy { policy } => Self { policy: some(policy), ..of("policy") },
            Tested::Option { policy, option } => Self { policy: some(policy), option: some(option), ..of("option") },
            Tested::Exception { policy, option } => {
                Self { policy: some(policy), option: some(option), ..of("exception") }
            }
            Tested::Level { level, owner } => Self { level: Some(*level), owner: owner.clone(), ..of("level") },
            Tested::Attachment { policy, level, owner } => {
                Self { policy: some(policy), level: Some(*level), owner: owner.clone(), ..of("attachment") }
            }
            Tested::Reason { code } => Self { code: some(code), ..of("reason") },
        }
    }
}
