//! What `drill` and `drain` answer.

use serde::{Deserialize, Serialize};

use super::FingerprintsReport;
use super::fingerprints::moment;
use super::header::{ApiVersion, kind};
use super::names::{CandidateReport, ReasonReport};
use crate::analysis::{Affected, Blocked, Drain, DrainMove, Drill};
use crate::id::DeploymentId;
use crate::workspace::Workspace;

/// What losses would do (A3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DrillReport {
    api_version: ApiVersion,
    kind: kind::DrillReport,
    /// The moment of the drill, where it was asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What was drilled (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// What was to be lost at once; empty where each single loss was asked for.
    #[serde(default)]
    pub lose: Vec<String>,
    /// How many losses were looked at.
    pub drilled: usize,
    /// The losses that touch some deployment.
    pub losses: Vec<LossReport>,
    /// The least losses that take a deployment down, one or two at once.
    pub least: Vec<LeastLossesReport>,
    /// Deployments of which nothing fits as it is, as `workload/name`.
    pub down: Vec<String>,
}

/// What losing something would do.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LossReport {
    /// What is lost at once, such as `country:de`.
    pub lost: Vec<String>,
    /// How many clusters that are.
    pub clusters: usize,
    /// Deployments that become impossible, in the order in which they are decided.
    pub impossible: Vec<AffectedReport>,
    /// Deployments of which only a part fits, or a smaller one.
    pub partial: Vec<AffectedReport>,
}

/// A deployment of which less fits after a loss.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AffectedReport {
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// Replicas wanted; 1 for a deployment that is scaled to zero.
    pub wanted: u32,
    /// Replicas that fit now.
    pub before: u32,
    /// Replicas that would fit.
    pub after: u32,
}

/// The least losses that take a deployment down.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LeastLossesReport {
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// Sets of losses, such as `country:de`; no part of one is enough.
    pub sets: Vec<Vec<String>>,
}

/// How to empty a cluster (A3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DrainReport {
    api_version: ApiVersion,
    kind: kind::DrainReport,
    /// The moment of the plan, where it was asked for one or documents state moments (P16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What it was made from (D8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<FingerprintsReport>,
    /// The cluster.
    pub cluster: String,
    /// The moves, in the order in which they can be made.
    pub moves: Vec<MoveReport>,
    /// What cannot leave.
    pub blocked: Vec<BlockedReport>,
}

/// Replicas that go from one place to another.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MoveReport {
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// Where they run.
    pub from: CandidateReport,
    /// Where they go.
    pub to: CandidateReport,
    /// How many.
    pub replicas: u32,
}

/// Replicas that cannot leave.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BlockedReport {
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// Where they run.
    pub from: CandidateReport,
    /// How many.
    pub replicas: u32,
    /// Why they have no other place.
    pub reasons: Vec<ReasonReport>,
}

fn address(workspace: &Workspace, id: DeploymentId) -> String {
    workspace.deployment(id).map(|found| found.address()).unwrap_or_default()
}

impl DrillReport {
    /// Of what was drilled in this workspace.
    #[must_use]
    pub fn new(workspace: &Workspace, drill: &Drill) -> Self {
        let affected = |found: &Affected| AffectedReport {
            deployment: address(workspace, found.deployment),
            wanted: found.wanted,
            before: found.before,
            after: found.after,
        };
        let losses = drill.losses.iter().map(|loss| {
            let (gone, less): (Vec<&Affected>, Vec<&Affected>) =
                loss.affected.iter().partition(|found| found.after == 0);
            LossReport {
                lost: loss.lost.iter().map(|loss| loss.text(workspace)).collect(),
                clusters: loss.clusters,
                impossible: gone.into_iter().map(affected).collect(),
                partial: less.into_iter().map(affected).collect(),
            }
        });
        let least = drill.least.iter().map(|least| LeastLossesReport {
            deployment: address(workspace, least.deployment),
            sets: least.sets.iter().map(|set| set.iter().map(|loss| loss.text(workspace)).collect()).collect(),
        });
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::of(workspace),
            lose: drill.together.iter().map(|loss| loss.text(workspace)).collect(),
            drilled: drill.drilled,
            losses: losses.collect(),
            least: least.collect(),
            down: drill.down.iter().map(|&id| address(workspace, id)).collect(),
        }
    }
}

impl DrainReport {
    /// Of a plan for a cluster of this workspace.
    #[must_use]
    pub fn new(workspace: &Workspace, plan: &Drain) -> Self {
        let fleet = workspace.inventory().fleet();
        let one = |found: &DrainMove| {
            Some(MoveReport {
                deployment: address(workspace, found.deployment),
                from: CandidateReport::new(fleet, found.from)?,
                to: CandidateReport::new(fleet, found.to)?,
                replicas: found.replicas,
            })
        };
        let blocked = |found: &Blocked| {
            Some(BlockedReport {
                deployment: address(workspace, found.deployment),
                from: CandidateReport::new(fleet, found.from)?,
                replicas: found.replicas,
                reasons: ReasonReport::all(&found.reasons),
            })
        };
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            at: moment(workspace),
            fingerprints: FingerprintsReport::of(workspace),
            cluster: fleet.cluster(plan.cluster).map(|found| found.name.as_str().to_owned()).unwrap_or_default(),
            moves: plan.moves.iter().filter_map(one).collect(),
            blocked: plan.blocked.iter().filter_map(blocked).collect(),
        }
    }
}
