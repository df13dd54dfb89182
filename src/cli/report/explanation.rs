//! The report of `explain`.

use serde::Serialize;

use super::{API_VERSION, ChoiceReport, PairReport, PolicyReport, Quarantine, ReasonReport, ScopeReport, quarantined};
use crate::catalog::Axis;
use crate::id::{Atom, ClusterId, DeploymentId, Id, PairId};
use crate::inventory::Fleet;
use crate::placement::{PairExplanation, Reason};
use crate::policy::{Policy, Scope};
use crate::workspace::{Outcome, Workspace};

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ExplanationReport {
    api_version: &'static str,
    kind: &'static str,
    /// `workload/name`
    pub(in crate::cli) deployment: String,
    pub(in crate::cli) verdict: &'static str,
    pub(in crate::cli) candidate_count: usize,
    pub(in crate::cli) scope: ScopeReport,
    pub(in crate::cli) reasons: Vec<ReasonReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pools: Option<Vec<PoolExplanation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admitted_by: Option<Vec<Admission>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantined: Option<Vec<Quarantine>>,
}

/// What speaks for and against one cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::cli) struct ClusterExplanation {
    pub(in crate::cli) cluster: String,
    /// Whether some pool and flavor of it is a candidate.
    pub(in crate::cli) allowed: bool,
    pub(in crate::cli) pools: Vec<PoolExplanation>,
    pub(in crate::cli) admitted_by: Vec<Admission>,
}

/// Every constraint that one pool and flavor fails.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct PoolExplanation {
    pub(in crate::cli) pool: String,
    pub(in crate::cli) flavor: ChoiceReport,
    pub(in crate::cli) reasons: Vec<Objection>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct Objection {
    pub(in crate::cli) code: &'static str,
    pub(in crate::cli) message: String,
    policies: Vec<PolicyReport>,
}

/// An option of a policy in force that covers the cluster's place or one of its flavors.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(in crate::cli) struct Admission {
    pub(in crate::cli) policy: String,
    pub(in crate::cli) level: &'static str,
    /// None for a policy that allows everything without listing it (P9).
    pub(in crate::cli) option: Option<ChoiceReport>,
}

impl ExplanationReport {
    /// Of a decision made for the deployment alone. `None` for an id of another workspace.
    pub(in crate::cli) fn new(
        workspace: &Workspace,
        outcome: &Outcome,
        cluster: Option<&ClusterExplanation>,
        quarantine: bool,
    ) -> Option<Self> {
        let decision = &outcome.decision;
        let reasons = match decision.refusal() {
            Some(refusal) => ReasonReport::all(&refusal.reasons),
            None => ReasonReport::all(&workspace.explain(outcome.deployment).ok()?),
        };
        Some(Self {
            api_version: API_VERSION,
            kind: "Explanation",
            deployment: workspace.deployment(outcome.deployment)?.address(),
            verdict: decision.verdict().as_str(),
            candidate_count: decision.candidates().len(),
            scope: ScopeReport::new(workspace.catalog(), decision.scope()),
            reasons,
            cluster: cluster.map(|found| found.cluster.clone()),
            allowed: cluster.map(|found| found.allowed),
            pools: cluster.map(|found| found.pools.clone()),
            admitted_by: cluster.map(|found| found.admitted_by.clone()),
            quarantined: quarantine.then(|| quarantined(workspace)),
        })
    }
}

impl ClusterExplanation {
    /// `None` for ids of another workspace.
    pub(in crate::cli) fn new(workspace: &Workspace, deployment: DeploymentId, id: ClusterId) -> Option<Self> {
        let (fleet, scope) = (workspace.inventory().fleet(), workspace.scope(deployment).ok()?);
        let pairs = workspace.explain_cluster(deployment, id).ok()?;
        Some(Self {
            cluster: fleet.cluster(id)?.name.as_str().to_owned(),
            allowed: pairs.iter().any(|pair| pair.candidate),
            pools: pairs.iter().filter_map(|pair| PoolExplanation::new(fleet, pair)).collect(),
            admitted_by: Admission::all(fleet, &scope, id).unwrap_or_default(),
        })
    }
}

impl PoolExplanation {
    fn new(fleet: &Fleet, explanation: &PairExplanation) -> Option<Self> {
        let PairReport { pool, flavor, .. } = PairReport::new(fleet, explanation.pair)?;
        let objection = |reason: &Reason| Objection {
            code: reason.code.as_str(),
            message: reason.message(),
            policies: PolicyReport::all(&reason.policies),
        };
        Some(Self { pool, flavor, reasons: explanation.reasons.iter().map(objection).collect() })
    }
}

impl Admission {
    /// By level, then policy, then option.
    fn all(fleet: &Fleet, scope: &Scope, id: ClusterId) -> Option<Vec<Self>> {
        let pairs = fleet.cluster(id)?.pairs.clone().map(PairId::from_index);
        let classes: Vec<_> = pairs.filter_map(|pair| fleet.index().class_of(pair)).collect();
        let mut admissions = Vec::new();
        for axis in Axis::ALL {
            let points = classes.iter().filter_map(|class| *class.points.get(axis));
            let atoms: Vec<Atom> = points.map(|point| point.atom).collect();
            for restriction in scope.axis(axis).restrictions() {
                let policies = restriction.policies.iter().filter_map(|&policy| scope.policies().get(policy));
                for (policy, &atom) in policies.flat_map(|policy| atoms.iter().map(move |atom| (policy, atom))) {
                    let admission = |option| {
                        let name = policy.name().as_str().to_owned();
                        (restriction.level, Self { policy: name, level: restriction.level.as_str(), option })
                    };
                    admissions.extend(options(fleet, policy, atom).into_iter().map(admission));
                }
            }
        }
        admissions.sort();
        admissions.dedup();
        Some(admissions.into_iter().map(|(_, admission)| admission).collect())
    }
}

/// The options by which a policy admits an atom; one unnamed where it allows everything.
fn options(fleet: &Fleet, policy: &Policy, atom: Atom) -> Vec<Option<ChoiceReport>> {
    let listed = policy.admitting(fleet.catalog(), atom);
    if listed.is_empty() && policy.effect().contains(atom) {
        return vec![None];
    }
    listed.into_iter().map(|choice| Some(ChoiceReport::new(fleet.catalog(), choice))).collect()
}
