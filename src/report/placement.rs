//! What `place` answers.

use serde::{Deserialize, Serialize};

use super::fingerprints::moment;
use super::header::{ApiVersion, Include, Remedied, kind};
use super::names::{CandidateReport, ChoiceName, ReasonReport};
use super::{
    Admission, FingerprintsReport, HeldRoomReport, MadeReport, MovePlanReport, OccupantReport, ProblemReport,
    QuarantinedReport, RemedyReport, ScopeReport,
};
use crate::analysis::WorkloadName;
use crate::catalog::Catalog;
use crate::placement::{Decision, Refusal, Remedies, RemedyBound, Verdict};
use crate::policy::Level;
use crate::quantity::Money;
use crate::workspace::{AuditOutcome, LookupError, Outcome, PlaceOptions, Workspace};

/// Decisions about deployments, in the order in which they were made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlacementReport {
    api_version: ApiVersion,
    kind: kind::PlacementReport,
    /// The currency of all prices, as an ISO 4217 code.
    pub currency: String,
    /// A report for each decision.
    pub deployments: Vec<DecisionReport>,
    /// The clusters that a load with quarantine left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<Vec<QuarantinedReport>>,
    /// Notices about the input, such as documents of other API groups that were skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<ProblemReport>,
    /// The moment of the decisions, where they were asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The workspace's revision.
    #[serde(default)]
    pub revision: u64,
    /// How the decisions were made.
    #[serde(default)]
    pub made: MadeReport,
    /// What they were made from (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// The moves from what runs to what was decided, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<MovePlanReport>,
}

/// The decision about one deployment.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DecisionReport {
    /// The deployment's name.
    pub name: String,
    /// Its workload.
    pub workload: WorkloadName,
    /// The environment that governs it.
    pub environment: String,
    /// The verdict: placed, partial or refused.
    pub verdict: Verdict,
    /// What the policies in force leave.
    pub scope: ScopeReport,
    /// How many candidates there are.
    pub candidate_count: usize,
    /// Everywhere that one replica could run if it were empty, by cluster, pool and flavor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<CandidateReport>>,
    /// Where the replicas run; empty where all are refused.
    pub placements: Vec<PlacedReport>,
    /// Why not all replicas have a place.
    pub refusal: Option<RefusalReport>,
    /// What each audited policy would change (P12), by level, then name.
    pub audit: Vec<AuditReport>,
    /// What it was made from (D8), where it stands by itself: among others, the report that holds them says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
}

/// Replicas of a deployment on one place.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlacedReport {
    /// The cluster.
    pub cluster: String,
    /// The pool.
    pub pool: String,
    /// The flavor.
    pub flavor: ChoiceName,
    /// How many; 0 for a deployment that is scaled to zero and would wake here.
    pub replicas: u32,
    /// What all of them cost an hour; `None` if unknown.
    pub price_per_hour: Option<Money>,
    /// The policies that admit it, by level, where that was asked for (P17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admitted_by: Option<Vec<Admission>>,
}

/// Why not all replicas have a place.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RefusalReport {
    /// Replicas wanted; 1 for a deployment that is scaled to zero.
    pub wanted: u32,
    /// Replicas that would fit.
    pub fitting: u32,
    /// Clusters in the fleet.
    pub clusters: usize,
    /// The constraints that remove clusters, in the order in which they are applied.
    pub reasons: Vec<ReasonReport>,
    /// Minimal sets of changes that make it placeable (D7): the smallest first, then those that open the fewest
    /// clusters. Empty where there is none of up to three changes.
    #[serde(default)]
    pub remedies: Vec<RemedyReport>,
    /// Whether there may be more remedies than are listed.
    #[serde(default)]
    pub more_remedies: bool,
    /// The fewest replicas of lower priority that hold the room, where room is all that is missing.
    #[serde(default)]
    pub lower_priority: Vec<OccupantReport>,
    /// What lower priorities hold of the room where it may run, whether or not that would be enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_priority_holds: Option<HeldRoomReport>,
}

/// What enforcing one audited policy at its level would change (P12).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AuditReport {
    /// The policy.
    pub policy: String,
    /// Where it is attached.
    pub level: Level,
    /// Candidates that would be lost.
    pub loses: usize,
    /// Candidates that would be gained.
    pub gains: usize,
    /// The verdict it would lead to.
    pub verdict: Verdict,
}

impl PlacementReport {
    /// Of decisions that this workspace made.
    ///
    /// # Errors
    /// [`LookupError::Foreign`], where a decision is about a deployment of another workspace.
    pub fn new(workspace: &Workspace, outcomes: &[Outcome], include: Include) -> Result<Self, LookupError> {
        let (of_one, in_order) = match include.remedies {
            Remedied::InOrder => (include.remedies(Remedied::No), true),
            Remedied::No | Remedied::Alone => (include, false),
        };
        let each = outcomes.iter().map(|outcome| DecisionReport::new(workspace, outcome, of_one));
        let mut deployments = each.collect::<Result<Vec<_>, _>>()?;
        if in_order {
            let remedies = workspace.remedies_in_order(outcomes, RemedyBound::default());
            for (deployment, remedies) in deployments.iter_mut().zip(&remedies) {
                deployment.remedy(workspace.catalog(), remedies);
            }
        }
        Ok(Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            currency: workspace.currency().to_owned(),
            deployments,
            quarantined: include.quarantined.then(|| QuarantinedReport::all(workspace)),
            notices: ProblemReport::notices(workspace),
            at: moment(workspace),
            revision: workspace.revision(),
            made: MadeReport::new(include, outcomes.len()),
            fingerprints: FingerprintsReport::of(workspace),
            plan: None,
        })
    }

    /// The same, with the moves from what runs to these decisions; those that could stay have to have saved what they cost
    /// within so many hours, if that is given.
    #[must_use]
    pub fn planned(mut self, workspace: &Workspace, outcomes: &[Outcome], within_hours: Option<u64>) -> Self {
        self.plan = Some(MovePlanReport::new(workspace, outcomes, within_hours));
        self.made.moves = true;
        self
    }

    /// The same, of decisions that were made with options, and each alone or in their order, so that they can be
    /// made again.
    #[must_use]
    pub fn made(mut self, options: PlaceOptions, alone: bool) -> Self {
        self.made = MadeReport { alone, partial: options.partial, optimize: options.optimize, ..self.made };
        self
    }

    /// Whether every deployment has a place for all its replicas.
    #[must_use]
    pub fn all_placed(&self) -> bool {
        self.deployments.iter().all(|deployment| deployment.refusal.is_none())
    }
}

impl DecisionReport {
    /// Of a decision that this workspace made.
    ///
    /// # Errors
    /// [`LookupError::Foreign`], where it is about a deployment of another workspace.
    pub fn new(workspace: &Workspace, outcome: &Outcome, include: Include) -> Result<Self, LookupError> {
        let (deployment, decision) = (workspace.known_deployment(outcome.deployment)?, &outcome.decision);
        let environment = workspace.known_environment(deployment.environment)?;
        let fleet = decision.fleet();
        let listed = || decision.candidates().iter().filter_map(|id| CandidateReport::new(fleet, id)).collect();
        let mut report = Self {
            name: deployment.name.as_str().to_owned(),
            workload: WorkloadName::new(workspace, &deployment.workload),
            environment: environment.name.as_str().to_owned(),
            verdict: decision.verdict(),
            scope: ScopeReport::new(workspace.catalog(), decision.scope()),
            candidate_count: decision.candidates().len(),
            candidates: include.candidates.then(listed),
            placements: if include.admitted_by {
                PlacedReport::all_admitted(decision)
            } else {
                PlacedReport::all(decision)
            },
            refusal: decision.refusal().map(RefusalReport::from),
            audit: outcome.audit.iter().filter_map(|audit| AuditReport::new(workspace, audit)).collect(),
            fingerprints: None,
        };
        if include.remedies != Remedied::No && report.refusal.is_some() {
            let remedies = workspace.remedies(outcome.deployment, RemedyBound::default())?;
            report.remedy(workspace.catalog(), &remedies);
        }
        Ok(report)
    }

    /// The same, with what it was made from (D8): for one that is kept by itself. `workspace` is the one that made it.
    #[must_use]
    pub fn by_itself(self, workspace: &Workspace) -> Self {
        Self { fingerprints: FingerprintsReport::of(workspace), ..self }
    }

    /// With these remedies of its refusal, where it is one, instead of its own.
    pub fn remedy(&mut self, catalog: &Catalog, remedies: &Remedies) {
        if let Some(refusal) = &mut self.refusal {
            refusal.remedies = RemedyReport::all(catalog, remedies);
            refusal.more_remedies = remedies.more;
            refusal.lower_priority = OccupantReport::all(remedies);
            refusal.lower_priority_holds = remedies.held.map(HeldRoomReport::from);
        }
    }

    /// How the deployment is addressed: `workload/name`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/{}", self.workload.name, self.name)
    }
}

impl PlacedReport {
    /// All placements of a decision, by first replica.
    #[must_use]
    pub fn all(decision: &Decision) -> Vec<Self> {
        let placed = decision.placements().iter().filter_map(|placement| {
            let CandidateReport { cluster, pool, flavor } = CandidateReport::new(decision.fleet(), placement.pair)?;
            let (replicas, price_per_hour) = (placement.replicas, placement.price_per_hour);
            Some(Self { cluster, pool, flavor, replicas, price_per_hour, admitted_by: None })
        });
        placed.collect()
    }

    /// All placements of a decision, each with the policies that admit it.
    #[must_use]
    pub fn all_admitted(decision: &Decision) -> Vec<Self> {
        let mut all = Self::all(decision);
        for (placed, placement) in all.iter_mut().zip(decision.placements()) {
            let admissions = decision.admitted_by(placement.pair).into_iter();
            placed.admitted_by = Some(admissions.map(|found| Admission::new(decision.fleet(), found)).collect());
        }
        all
    }
}

impl From<&Refusal> for RefusalReport {
    fn from(refusal: &Refusal) -> Self {
        Self {
            wanted: refusal.wanted,
            fitting: refusal.fitting,
            clusters: refusal.clusters,
            reasons: ReasonReport::all(&refusal.reasons),
            remedies: Vec::new(),
            more_remedies: false,
            lower_priority: Vec::new(),
            lower_priority_holds: None,
        }
    }
}

impl AuditReport {
    fn new(workspace: &Workspace, audit: &AuditOutcome) -> Option<Self> {
        Some(Self {
            policy: workspace.policies().get(audit.policy)?.name().as_str().to_owned(),
            level: audit.level,
            loses: audit.loses,
            gains: audit.gains,
            verdict: audit.verdict,
        })
    }
}
