//! Whether a report says what this workspace says (D8).
//!
//! Decisions are a function of what they are made from (D4): a report that was made from these very policies, this
//! catalog and this inventory says the same, field by field. So a report is verified by what it claims, not by who signed
//! it: whatever differs is named by its path.

mod anew;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fingerprints::SideReport;
use super::header::{ApiVersion, kind};
use super::{DiffReport, FingerprintsReport};
use crate::analysis::diff;
use crate::manifest::scenario::ScenarioSpec;
use crate::manifest::spec::PolicyTestSpec;
use crate::manifest::{Source, read_policy_tests, read_scenarios};
use crate::origin::Problem;
use crate::workspace::Workspace;

/// What some reports are about beside a workspace: the policy tests that were run, and the scenarios.
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct Evidence {
    /// The policy tests, in the order in which they were run.
    pub tests: Vec<PolicyTestSpec>,
    /// The scenarios, in the order in which they were run.
    pub scenarios: Vec<ScenarioSpec>,
}

impl Evidence {
    /// What of some texts a claim is about; the rest is not read.
    ///
    /// # Errors
    /// What is wrong with policy tests or scenarios in them.
    pub fn of(claim: &Value, sources: &[Source]) -> Result<Self, Vec<Problem>> {
        let mut evidence = Self::default();
        let problems = match kind_of(claim) {
            "PolicyTestsReport" => {
                let reading = read_policy_tests(sources);
                evidence.tests = reading.tests;
                reading.problems
            }
            "SimulationReport" | "Description" => {
                let reading = read_scenarios(sources);
                evidence.scenarios = reading.scenarios;
                reading.problems
            }
            _ => Vec::new(),
        };
        if problems.is_empty() { Ok(evidence) } else { Err(problems) }
    }
}

/// Whether a report or certificate holds for a workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VerificationReport {
    api_version: ApiVersion,
    kind: kind::VerificationReport,
    /// What was verified: the `kind` of a report, or `Decision`.
    pub of: String,
    /// Whether it holds in every field.
    pub verified: bool,
    /// What it was made from and is not so here: `policies`, `catalog`, `inventory`; of a diff `old.policies` and so on.
    pub changed: Vec<String>,
    /// The fields that do not hold, at most a hundred of them.
    pub refuted: Vec<RefutedReport>,
}

/// A field that does not hold.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RefutedReport {
    /// Its path: `deployments[0].verdict`; empty for the whole.
    pub path: String,
    /// What is claimed, as JSON; `nothing` where the field is missing.
    pub claimed: String,
    /// What holds here.
    pub found: String,
}

/// Why something cannot be verified.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is no report.
    #[error(
        "a `{0}` cannot be verified: a placement report, a decision of one, an explanation, options, a description, a \
         check, a diff, a drill, a drain, a report of policy tests or scenarios, or a certificate can"
    )]
    Kind(String),
    /// It is a report that claims nothing of a workspace.
    #[error("a `{kind}` cannot be verified: {reason}")]
    NoClaim {
        /// Which.
        kind: String,
        /// Why it claims nothing.
        reason: &'static str,
    },
    /// It is about documents that are not given.
    #[error("a {kind} can be verified only with the {missing} that it is about")]
    Without {
        /// What it is.
        kind: &'static str,
        /// What is missing: `policy tests`, `scenarios`, or a scenario by its name.
        missing: String,
    },
    /// It is about two workspaces, and one is given.
    #[error("a diff can be verified only against both of its sides")]
    OneSide,
    /// It is about one workspace, and two are given.
    #[error("a `{0}` is about one workspace, not about two that are compared")]
    TwoSides(String),
    /// It is not written as such a report is.
    #[error("it cannot be read as a {kind}: {error}")]
    Malformed {
        /// What it should be.
        kind: String,
        /// Why it is not.
        error: String,
    },
}

/// The most fields that are listed.
const MOST: usize = 100;

/// Verifies what `siting -o json` printed, or one decision of it, against a workspace: every field must be what this
/// workspace says. One that names a deployment which the workspace does not have is refuted.
///
/// ```
/// use siting::Workspace;
/// use siting::report::{Include, PlacementReport, Remedied, verify};
/// use siting::workspace::PlaceOptions;
///
/// let workspace: Workspace = "
/// apiVersion: siting.dev/v1
/// kind: Deployment
/// metadata: {name: bert-api-v1}
/// spec: {model: bert}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {name: paris}
/// spec: {provider: onprem, country: fr, flavors: [{type: gpu, name: t4}]}
/// ".parse()?;
/// let include = Include::NOTHING.remedies(Remedied::InOrder);
/// let report = PlacementReport::new(&workspace, &workspace.place_all(), include)?;
/// let mut claim = serde_json::to_value(&report)?;
/// assert!(verify(&workspace, &claim)?.verified);
///
/// claim["deployments"][0]["placements"][0]["replicas"] = 7.into();
/// assert_eq!(verify(&workspace, &claim)?.refuted[0].path, "deployments[0].placements[0].replicas");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`VerifyError`] for what is no such report, and for one that is about policy tests or scenarios: these are verified
/// [`with`](verify_with) them.
pub fn verify(workspace: &Workspace, claim: &Value) -> Result<VerificationReport, VerifyError> {
    verify_with(workspace, &Evidence::default(), claim)
}

/// As [`verify`], also of reports that are about policy tests or scenarios: these are run again.
///
/// ```
/// use siting::Workspace;
/// use siting::analysis::test_policies;
/// use siting::manifest::{Source, read_policy_tests};
/// use siting::report::{Evidence, PolicyTestsReport, verify_with};
///
/// let workspace: Workspace = "
/// apiVersion: siting.dev/v1
/// kind: Policy
/// metadata: {name: europe}
/// spec: {type: location, locations: [{type: continent, name: eu}]}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Environment
/// metadata: {name: production}
/// spec: {policies: [europe]}
/// ".parse()?;
/// let tests = [Source::new("tests.yaml", "
/// apiVersion: siting.dev/v1
/// kind: PolicyTest
/// metadata: {name: gdpr}
/// spec: {cases: [{environment: production, verdict: refused}]}
/// ")];
/// let results = test_policies(&workspace, &read_policy_tests(&tests).tests)?;
/// let mut claim = serde_json::to_value(PolicyTestsReport::new(&workspace, &results))?;
/// let evidence = Evidence::of(&claim, &tests).unwrap();
/// assert!(verify_with(&workspace, &evidence, &claim)?.verified);
///
/// claim["coverage"]["percent"] = 100.into();
/// assert_eq!(verify_with(&workspace, &evidence, &claim)?.refuted[0].path, "coverage.percent");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`VerifyError`] for what is no such report, and for one that is about other documents than those that are given.
pub fn verify_with(
    workspace: &Workspace,
    evidence: &Evidence,
    claim: &Value,
) -> Result<VerificationReport, VerifyError> {
    // What was claimed of a moment is looked at as of that moment (P16).
    let workspace = &*workspace.seen_as_of(moment(claim));
    let found = anew::made(workspace, evidence, claim)?;
    Ok(VerificationReport::new(claim, found, changed(claim, workspace)))
}

/// As [`verify`], of a diff: against what was compared with, and what is to take its place.
///
/// ```
/// use siting::Workspace;
/// use siting::analysis::diff;
/// use siting::report::{DiffReport, verify_diff};
///
/// let fleet = |country: &str| format!("
/// apiVersion: siting.dev/v1
/// kind: Policy
/// metadata: {{name: one-country}}
/// spec: {{type: location, locations: [{{type: country, name: {country}}}]}}
/// ");
/// let (old, new): (Workspace, Workspace) = (fleet("fr").parse()?, fleet("de").parse()?);
/// let mut claim = serde_json::to_value(DiffReport::new(&diff(&old, &new)))?;
/// assert!(verify_diff(&old, &new, &claim)?.verified);
/// assert!(!verify_diff(&new, &old, &claim)?.verified);
///
/// claim["policies"][0]["verdict"] = "narrowed".into();
/// assert_eq!(verify_diff(&old, &new, &claim)?.refuted[0].path, "policies[0].verdict");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`VerifyError`] for what is no diff.
pub fn verify_diff(old: &Workspace, new: &Workspace, claim: &Value) -> Result<VerificationReport, VerifyError> {
    if kind_of(claim) != "DiffReport" {
        return Err(VerifyError::TwoSides(kind_of(claim).to_owned()));
    }
    let claimed: DiffReport = read(claim, "diff")?;
    let at = |side: &SideReport| side.at.as_deref().and_then(|at| at.parse().ok());
    let (old, new) = (&*old.seen_as_of(at(&claimed.old)), &*new.seen_as_of(at(&claimed.new)));
    let of_side = |name: &str, workspace: &Workspace| {
        let changed = claim.get(name).map(|side| changed(side, workspace)).unwrap_or_default();
        changed.into_iter().map(|what| format!("{name}.{what}")).collect::<Vec<_>>()
    };
    let changed = [of_side("old", old), of_side("new", new)].concat();
    let found = anew::value(&DiffReport::new(&diff(old, new)));
    Ok(VerificationReport::new(claim, Ok(found), changed))
}

impl VerificationReport {
    /// Of a claim, and of what is found instead.
    fn new(claim: &Value, found: Result<Value, String>, changed: Vec<String>) -> Self {
        let kind = kind_of(claim);
        let mut refuted = Vec::new();
        match found {
            Ok(found) => compare("", Some(claim), Some(&found), &mut refuted),
            Err(error) => {
                refuted.push(RefutedReport { path: String::new(), claimed: kind.to_owned(), found: error });
            }
        }
        let verified = refuted.is_empty();
        let (api_version, of) = (ApiVersion::default(), kind.to_owned());
        Self { api_version, kind: Default::default(), of, verified, changed, refuted }
    }
}

fn kind_of(claim: &Value) -> &str {
    claim.get("kind").and_then(Value::as_str).unwrap_or("Decision")
}

fn moment(claim: &Value) -> Option<crate::time::Moment> {
    claim.get("at").and_then(Value::as_str).and_then(|at| at.parse().ok())
}

/// What a claim says it was made from that is not so here.
fn changed(claim: &Value, workspace: &Workspace) -> Vec<String> {
    match claim.get("fingerprints").cloned().map(serde_json::from_value::<FingerprintsReport>) {
        Some(Ok(claimed)) => claimed.changed(&FingerprintsReport::new(workspace)),
        _ => Vec::new(),
    }
}

fn read<T: serde::de::DeserializeOwned>(claim: &Value, kind: &str) -> Result<T, VerifyError> {
    let malformed =
        |error: serde_json::Error| VerifyError::Malformed { kind: kind.to_owned(), error: error.to_string() };
    T::deserialize(claim).map_err(malformed)
}

/// Every path at which a claim is not what is found.
fn compare(path: &str, claimed: Option<&Value>, found: Option<&Value>, refuted: &mut Vec<RefutedReport>) {
    if claimed == found || refuted.len() >= MOST {
        return;
    }
    match (claimed, found) {
        (Some(Value::Object(claimed)), Some(Value::Object(found))) => {
            let keys: std::collections::BTreeSet<&String> = claimed.keys().chain(found.keys()).collect();
            for key in keys {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&below, claimed.get(key), found.get(key), refuted);
            }
        }
        (Some(Value::Array(claimed)), Some(Value::Array(found))) => {
            for at in 0..claimed.len().max(found.len()) {
                compare(&format!("{path}[{at}]"), claimed.get(at), found.get(at), refuted);
            }
        }
        _ => {
            let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
            refuted.push(RefutedReport { path: path.to_owned(), claimed: text(claimed), found: text(found) });
        }
    }
}
