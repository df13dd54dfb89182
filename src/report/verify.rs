//! Whether a report says what this workspace says (D8).
//!
//! Decisions are a function of what they are made from (D4): a report that was made from these very policies, this
//! catalog and this inventory says the same, field by field. So a report is verified by what it claims, not by who signed
//! it: whatever differs is named by its path.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fingerprints::SideReport;
use super::header::{ApiVersion, Include, Remedied, kind};
use super::{
    CertificateReport, CheckReport, ClusterExplanation, DecisionReport, DiffReport, DrainReport, DrillReport,
    ExplanationReport, FingerprintsReport, OptionsReport, PlacementReport,
};
use crate::analysis::{Loss, Question, check_all, diff, drain, drill, options};
use crate::workspace::{LookupError, Outcome, PlaceOptions, Workspace};

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
    /// It is no report that can be verified.
    #[error(
        "a `{0}` cannot be verified: a placement report, a decision of one, an explanation, a check, a diff, a drill, a \
         drain, options or a certificate can"
    )]
    Kind(String),
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
/// [`VerifyError`] for what is no such report.
pub fn verify(workspace: &Workspace, claim: &Value) -> Result<VerificationReport, VerifyError> {
    // What was claimed of a moment is looked at as of that moment (P16).
    let workspace = &*workspace.seen_as_of(moment(claim));
    let kind = kind_of(claim);
    let found = match kind {
        "Decision" => decision(workspace, read(claim, "decision")?, claim),
        "PlacementReport" => placement(workspace, &read(claim, "placement report")?),
        "Explanation" => explanation(workspace, &read(claim, "explanation")?),
        "CheckReport" => {
            let claimed: CheckReport = read(claim, "check")?;
            let include = Include::NOTHING.quarantined(claimed.quarantined.is_some());
            Ok(value(&CheckReport::new(workspace, &check_all(workspace), include)))
        }
        "Certificate" => {
            let _: CertificateReport = read(claim, "certificate")?;
            Ok(CertificateReport::new(workspace).map_or_else(|beyond| value(&beyond), |report| value(&report)))
        }
        "DrillReport" => drilled(workspace, &read(claim, "drill")?),
        "DrainReport" => {
            let claimed: DrainReport = read(claim, "drain")?;
            drain(workspace, claimed.cluster.as_str()).map(|plan| value(&DrainReport::new(workspace, &plan)))
        }
        "OptionsReport" => remaining(workspace, &read(claim, "report of options")?),
        "DiffReport" => return Err(VerifyError::OneSide),
        other => return Err(VerifyError::Kind(other.to_owned())),
    };
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
    Ok(VerificationReport::new(claim, Ok(value(&DiffReport::new(&diff(old, new)))), changed))
}

impl VerificationReport {
    /// Of a claim, and of what is found instead.
    fn new(claim: &Value, found: Result<Value, LookupError>, changed: Vec<String>) -> Self {
        let kind = kind_of(claim);
        let mut refuted = Vec::new();
        match found {
            Ok(found) => compare("", Some(claim), Some(&found), &mut refuted),
            Err(error) => {
                refuted.push(RefutedReport { path: String::new(), claimed: kind.to_owned(), found: error.to_string() });
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

/// Reports are plain data, so writing them cannot fail.
fn value<T: Serialize>(report: &T) -> Value {
    serde_json::to_value(report).unwrap_or_default()
}

fn address(decision: &DecisionReport) -> String {
    format!("{}/{}", decision.workload.r#type, decision.address())
}

/// What a decision lists beside the answer.
fn listed(decision: &DecisionReport) -> Include {
    let admitted_by = decision.placements.iter().any(|placed| placed.admitted_by.is_some());
    Include::NOTHING.candidates(decision.candidates.is_some()).admitted_by(admitted_by)
}

/// A decision alone; where it is not that one, it may be one of all in their order.
fn decision(workspace: &Workspace, claimed: DecisionReport, claim: &Value) -> Result<Value, LookupError> {
    let include = listed(&claimed);
    let id = workspace.find_deployment(&address(&claimed))?;
    let partial = claimed.verdict == crate::placement::Verdict::Partial;
    let options = PlaceOptions { partial, optimize: 0 };
    let alone = workspace.place_as(id, options)?;
    let by_itself = |report: DecisionReport| {
        value(&if claimed.fingerprints.is_some() { report.by_itself(workspace) } else { report })
    };
    let alone = by_itself(DecisionReport::new(workspace, &alone, include.remedies(Remedied::Alone))?);
    if alone == *claim {
        return Ok(alone);
    }
    let all = workspace.place_all_as(options);
    let report = PlacementReport::new(workspace, &all, include.remedies(Remedied::InOrder))?;
    let in_order = report.deployments.into_iter().find(|found| address(found) == address(&claimed));
    let in_order = in_order.map(by_itself).filter(|found| found == claim);
    Ok(in_order.unwrap_or(alone))
}

fn placement(workspace: &Workspace, claimed: &PlacementReport) -> Result<Value, LookupError> {
    let made = &claimed.made;
    let options = PlaceOptions { partial: made.partial, optimize: made.optimize };
    let include = Include::NOTHING
        .candidates(made.candidates)
        .admitted_by(made.admitted_by)
        .quarantined(claimed.quarantined.is_some())
        .remedies(if made.alone { Remedied::Alone } else { Remedied::InOrder });
    let outcomes: Vec<Outcome> = if made.alone {
        let one = |one: &DecisionReport| workspace.place_as(address(one).as_str(), options);
        claimed.deployments.iter().map(one).collect::<Result<_, _>>()?
    } else {
        workspace.place_all_as(options)
    };
    let mut found = PlacementReport::new(workspace, &outcomes, include)?.made(options, made.alone);
    if let Some(plan) = &claimed.plan {
        found = found.planned(workspace, &outcomes, plan.within_hours);
    }
    Ok(value(&found))
}

fn explanation(workspace: &Workspace, claimed: &ExplanationReport) -> Result<Value, LookupError> {
    let outcome = workspace.place(claimed.deployment.as_str())?;
    let cluster = claimed.cluster.as_deref();
    let cluster = cluster.map(|name| ClusterExplanation::new(workspace, outcome.deployment, name)).transpose()?;
    let include = Include::NOTHING.quarantined(claimed.quarantined.is_some()).remedies(Remedied::Alone);
    Ok(value(&ExplanationReport::new(workspace, &outcome, cluster, include)?))
}

fn drilled(workspace: &Workspace, claimed: &DrillReport) -> Result<Value, LookupError> {
    let lost = claimed.lose.iter().map(|text| Loss::named(workspace, text)).collect::<Result<Vec<_>, _>>()?;
    Ok(value(&DrillReport::new(workspace, &drill(workspace, &lost))))
}

fn remaining(workspace: &Workspace, claimed: &OptionsReport) -> Result<Value, LookupError> {
    let given: Vec<String> = claimed.given.iter().map(|choice| format!("{}:{}", choice.r#type, choice.name)).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let question = Question::named(workspace, Some(&claimed.environment), Some(&claimed.workload_type), &given)?;
    let found = options(workspace, question.environment, question.resource_type, &question.given);
    let lists = [&claimed.locations, &claimed.flavors, &claimed.providers, &claimed.capacity];
    let further = lists.into_iter().flatten().any(|option| option.leaves.is_some());
    let include = Include::NOTHING.further(further).quarantined(claimed.quarantined.is_some());
    Ok(value(&OptionsReport::new(workspace, &question, &found, include)))
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
