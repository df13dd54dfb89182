//! The report of `place`.

use serde::Serialize;

use super::{API_VERSION, ChoiceReport, ErrorEntry, PairReport, Quarantine, ReasonReport, ScopeReport, quarantined};
use crate::placement::{Decision, Refusal};
use crate::workspace::{AuditOutcome, Outcome, Workspace};

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PlacementReport {
    api_version: &'static str,
    kind: &'static str,
    pub(in crate::cli) currency: String,
    pub(in crate::cli) deployments: Vec<DeploymentReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantined: Option<Vec<Quarantine>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<ErrorEntry>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct DeploymentReport {
    pub(in crate::cli) name: String,
    pub(in crate::cli) workload: WorkloadReport,
    pub(in crate::cli) environment: String,
    pub(in crate::cli) verdict: &'static str,
    scope: ScopeReport,
    pub(in crate::cli) candidate_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) candidates: Option<Vec<PairReport>>,
    pub(in crate::cli) placements: Vec<PlacedReport>,
    pub(in crate::cli) refusal: Option<RefusalReport>,
    pub(in crate::cli) audit: Vec<AuditReport>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct WorkloadReport {
    pub(in crate::cli) r#type: String,
    pub(in crate::cli) name: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct PlacedReport {
    pub(in crate::cli) cluster: String,
    pub(in crate::cli) pool: String,
    pub(in crate::cli) flavor: ChoiceReport,
    pub(in crate::cli) replicas: u32,
    /// Of all of them; a decimal.
    pub(in crate::cli) price_per_hour: Option<crate::quantity::Money>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct RefusalReport {
    pub(in crate::cli) wanted: u32,
    pub(in crate::cli) fitting: u32,
    pub(in crate::cli) clusters: usize,
    pub(in crate::cli) reasons: Vec<ReasonReport>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(in crate::cli) struct AuditReport {
    pub(in crate::cli) policy: String,
    pub(in crate::cli) level: &'static str,
    pub(in crate::cli) loses: usize,
    pub(in crate::cli) gains: usize,
    pub(in crate::cli) verdict: &'static str,
}

impl PlacementReport {
    /// `candidates`: whether to list them; `quarantine`: whether clusters could be left out.
    pub(in crate::cli) fn new(workspace: &Workspace, outcomes: &[Outcome], candidates: bool, quarantine: bool) -> Self {
        let deployments = outcomes.iter().filter_map(|outcome| DeploymentReport::new(workspace, outcome, candidates));
        Self {
            api_version: API_VERSION,
            kind: "PlacementReport",
            currency: workspace.currency().to_owned(),
            deployments: deployments.collect(),
            quarantined: quarantine.then(|| quarantined(workspace)),
            notices: ErrorEntry::notices(workspace),
        }
    }

    pub(in crate::cli) fn all_placed(&self) -> bool {
        self.deployments.iter().all(|deployment| deployment.refusal.is_none())
    }
}

impl DeploymentReport {
    pub(in crate::cli) fn new(workspace: &Workspace, outcome: &Outcome, candidates: bool) -> Option<Self> {
        let (deployment, decision) = (workspace.deployment(outcome.deployment)?, &outcome.decision);
        let fleet = decision.fleet();
        let listed = || decision.candidates().iter().filter_map(|id| PairReport::new(fleet, id)).collect();
        Some(Self {
            name: deployment.name.as_str().to_owned(),
            workload: WorkloadReport {
                r#type: workspace.catalog().resource_type_name(deployment.workload.resource_type).to_owned(),
                name: deployment.workload.name.as_str().to_owned(),
            },
            environment: workspace.environment(deployment.environment)?.name.as_str().to_owned(),
            verdict: decision.verdict().as_str(),
            scope: ScopeReport::new(workspace.catalog(), decision.scope()),
            candidate_count: decision.candidates().len(),
            candidates: candidates.then(listed),
            placements: PlacedReport::all(decision),
            refusal: decision.refusal().map(RefusalReport::new),
            audit: outcome.audit.iter().filter_map(|audit| AuditReport::new(workspace, audit)).collect(),
        })
    }

    /// How it is addressed: `workload/name`.
    pub(in crate::cli) fn address(&self) -> String {
        format!("{}/{}", self.workload.name, self.name)
    }
}

impl PlacedReport {
    pub(in crate::cli) fn all(decision: &Decision) -> Vec<Self> {
        let placed = decision.placements().iter().filter_map(|placement| {
            let PairReport { cluster, pool, flavor } = PairReport::new(decision.fleet(), placement.pair)?;
            let (replicas, price_per_hour) = (placement.replicas, placement.price_per_hour);
            Some(Self { cluster, pool, flavor, replicas, price_per_hour })
        });
        placed.collect()
    }
}

impl RefusalReport {
    pub(in crate::cli) fn new(refusal: &Refusal) -> Self {
        Self {
            wanted: refusal.wanted,
            fitting: refusal.fitting,
            clusters: refusal.clusters,
            reasons: ReasonReport::all(&refusal.reasons),
        }
    }
}

impl AuditReport {
    fn new(workspace: &Workspace, audit: &AuditOutcome) -> Option<Self> {
        Some(Self {
            policy: workspace.policies().get(audit.policy)?.name().as_str().to_owned(),
            level: audit.level.as_str(),
            loses: audit.loses,
            gains: audit.gains,
            verdict: audit.verdict.as_str(),
        })
    }
}
