//! What `explain` answers.

use serde::{Deserialize, Serialize};

use super::fingerprints::moment;
use super::header::{ApiVersion, Include, Remedied, kind};
use super::names::{CandidateReport, ChoiceName, ReasonReport, policies};
use super::{
    FiguresReport, FingerprintsReport, HeldRoomReport, OccupantReport, QuarantinedReport, RemedyReport, ScopeReport,
};
use crate::analysis::PolicyAt;
use crate::catalog::Catalog;
use crate::id::{ClusterId, DeploymentId, Id, PairId};
use crate::inventory::Fleet;
use crate::placement::{self, PairExplanation, Reason, Remedies, RemedyBound, Verdict, admitted_by};
use crate::policy::{Level, Scope};
use crate::workspace::{LookupError, Outcome, Reference, Workspace};

/// Why a deployment may run where it may, and why not elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplanationReport {
    api_version: ApiVersion,
    kind: kind::Explanation,
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// The moment of the decision, where it was asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What it was made from (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// The verdict: placed, partial or refused.
    pub verdict: Verdict,
    /// How many candidates there are.
    pub candidate_count: usize,
    /// What the policies in force leave.
    pub scope: ScopeReport,
    /// Every constraint that some pool of the fleet does not meet.
    pub reasons: Vec<ReasonReport>,
    /// Minimal sets of changes that make a refused deployment placeable (D7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<RemedyReport>,
    /// Whether there may be more remedies than are listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more_remedies: bool,
    /// The fewest replicas of lower priority that hold the room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lower_priority: Vec<OccupantReport>,
    /// What lower priorities hold of the room where it may run, whether or not that would be enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_priority_holds: Option<HeldRoomReport>,
    /// The cluster that was asked about; the three fields below are about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Whether some pool and flavor of it is a candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<bool>,
    /// Each of its pools and flavors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pools: Option<Vec<PoolExplanation>>,
    /// The policies that admit it, by level, policy and option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted_by: Option<Vec<Admission>>,
    /// The clusters that a load with quarantine left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<Vec<QuarantinedReport>>,
}

/// Why one cluster is allowed or not.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ClusterExplanation {
    /// The cluster.
    pub cluster: String,
    /// Whether some pool and flavor of it is a candidate.
    pub allowed: bool,
    /// Each of its pools and flavors.
    pub pools: Vec<PoolExplanation>,
    /// The policies that admit it, by level, policy and option.
    pub admitted_by: Vec<Admission>,
}

/// Every constraint that one pool and flavor fails; empty if it is a candidate with room.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PoolExplanation {
    /// The pool.
    pub pool: String,
    /// The flavor.
    pub flavor: ChoiceName,
    /// The constraints, in the order in which they are applied.
    pub reasons: Vec<Objection>,
}

/// A constraint that one pool and flavor fails.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Objection {
    /// The constraint's name in kebab case, as [`Code`](crate::placement::Code) has it.
    pub code: String,
    /// The same in words: lower case, no final period.
    pub message: String,
    /// What can be done about it.
    #[serde(default)]
    pub next: String,
    /// The policies that exclude.
    pub policies: Vec<PolicyAt>,
    /// What it is about, in figures; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<FiguresReport>,
}

/// An option of a policy in force that covers the cluster's place or one of its flavors.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Admission {
    /// The policy.
    pub policy: String,
    /// Where it is attached.
    pub level: Level,
    /// The option; `None` for a policy that allows everything without listing it (P9).
    pub option: Option<ChoiceName>,
}

impl ExplanationReport {
    /// Of a decision that this workspace made for the deployment alone, and about one cluster, where one is given.
    ///
    /// # Errors
    /// [`LookupError::Foreign`], where the decision is about a deployment of another workspace.
    pub fn new(
        workspace: &Workspace,
        outcome: &Outcome,
        cluster: Option<ClusterExplanation>,
        include: Include,
    ) -> Result<Self, LookupError> {
        let decision = &outcome.decision;
        let reasons = match decision.refusal() {
            Some(refusal) => ReasonReport::all(&refusal.reasons),
            None => ReasonReport::all(&workspace.explain(outcome.deployment)?),
        };
        let mut report = Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            deployment: workspace.known_deployment(outcome.deployment)?.address(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::of(workspace),
            verdict: decision.verdict(),
            candidate_count: decision.candidates().len(),
            scope: ScopeReport::new(workspace.catalog(), decision.scope()),
            reasons,
            remedies: Vec::new(),
            more_remedies: false,
            lower_priority: Vec::new(),
            lower_priority_holds: None,
            cluster: None,
            allowed: None,
            pools: None,
            admitted_by: None,
            quarantined: include.quarantined.then(|| QuarantinedReport::all(workspace)),
        };
        if include.remedies != Remedied::No && !decision.is_placed() {
            report.remedy(workspace.catalog(), &workspace.remedies(outcome.deployment, RemedyBound::default())?);
        }
        if let Some(ClusterExplanation { cluster, allowed, pools, admitted_by }) = cluster {
            report.cluster = Some(cluster);
            report.allowed = Some(allowed);
            report.pools = Some(pools);
            report.admitted_by = Some(admitted_by);
        }
        Ok(report)
    }

    /// With these remedies instead of its own.
    pub fn remedy(&mut self, catalog: &Catalog, remedies: &Remedies) {
        self.remedies = RemedyReport::all(catalog, remedies);
        self.more_remedies = remedies.more;
        self.lower_priority = OccupantReport::all(remedies);
        self.lower_priority_holds = remedies.held.map(HeldRoomReport::from);
    }
}

impl ClusterExplanation {
    /// Of one deployment and one cluster.
    ///
    /// # Errors
    /// [`LookupError`], where the workspace does not have one of them.
    pub fn new(
        workspace: &Workspace,
        deployment: DeploymentId,
        cluster: impl Reference<ClusterId>,
    ) -> Result<Self, LookupError> {
        let id = cluster.find_in(workspace)?;
        let (fleet, scope) = (workspace.inventory().fleet(), workspace.scope(deployment)?);
        let pairs = workspace.explain_cluster_at(deployment, id)?;
        let name = fleet.cluster(id).map(|cluster| cluster.name.as_str().to_owned());
        Ok(Self {
            cluster: name.ok_or(LookupError::Foreign { kind: "cluster", index: id.index() })?,
            allowed: pairs.iter().any(|pair| pair.candidate),
            pools: pairs.iter().filter_map(|pair| PoolExplanation::new(fleet, pair)).collect(),
            admitted_by: Admission::all(fleet, &scope, id).unwrap_or_default(),
        })
    }
}

impl PoolExplanation {
    fn new(fleet: &Fleet, explanation: &PairExplanation) -> Option<Self> {
        let CandidateReport { pool, flavor, .. } = CandidateReport::new(fleet, explanation.pair)?;
        Some(Self { pool, flavor, reasons: explanation.reasons.iter().map(Objection::from).collect() })
    }
}

impl From<&Reason> for Objection {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code.as_str().to_owned(),
            message: reason.message(),
            next: reason.next(),
            policies: policies(&reason.policies),
            figures: FiguresReport::new(reason),
        }
    }
}

impl Admission {
    /// Of all pools of a cluster: by level, then policy, then option.
    fn all(fleet: &Fleet, scope: &Scope, id: ClusterId) -> Option<Vec<Self>> {
        let pairs = fleet.cluster(id)?.pairs.clone().map(PairId::from_index);
        let mut admissions: Vec<_> =
            pairs.flat_map(|pair| admitted_by(fleet, scope, pair)).map(|found| Self::new(fleet, found)).collect();
        admissions.sort_by(|a, b| (a.level, &a.policy, &a.option).cmp(&(b.level, &b.policy, &b.option)));
        admissions.dedup();
        Some(admissions)
    }

    pub(super) fn new(fleet: &Fleet, found: placement::Admission) -> Self {
        let option = found.option.map(|choice| ChoiceName::new(fleet.catalog(), choice));
        Self { policy: found.policy.as_str().to_owned(), level: found.level, option }
    }
}
