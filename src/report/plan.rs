//! The moves by which `place` gets from what runs to what it decided.

use serde::{Deserialize, Serialize};

use super::names::CandidateReport;
use crate::analysis::{MovePlan, PlannedMove, plan_moves};
use crate::inventory::{GpuRequest, Request};
use crate::quantity::{Bandwidth, Bytes, Money};
use crate::workspace::{Outcome, Workspace};

/// The moves from what runs to what was decided.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MovePlanReport {
    /// After how many hours at most a move had to have saved what it costs, if that was asked for.
    pub within_hours: Option<u64>,
    /// The moves, in the order in which they can be made: the new replicas have room before the old ones stop.
    pub moves: Vec<PlannedMoveReport>,
    /// Moves that have no room while all else runs.
    pub blocked: Vec<PlannedMoveReport>,
    /// Moves that pay back too late.
    pub too_late: Vec<PlannedMoveReport>,
}

/// Replicas that go from one place to another.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedMoveReport {
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// Where they run.
    pub from: CandidateReport,
    /// Where they go.
    pub to: CandidateReport,
    /// How many.
    pub replicas: u32,
    /// What each of them needs there.
    pub needs: NeedsReport,
    /// What all of them cost an hour where they run, if known.
    pub price_before: Option<Money>,
    /// What all of them cost an hour where they go, if known.
    pub price_after: Option<Money>,
    /// After how many hours it has saved what it costs, an hour in which old and new replicas run; absent where it saves
    /// nothing, or where a price is not known.
    pub payback_hours: Option<u64>,
    /// Whether they could stay where they are.
    pub may_stay: bool,
}

/// What one replica needs of a node, as manifests write it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NeedsReport {
    /// Cpu.
    pub cpu: String,
    /// Memory.
    pub memory: String,
    /// Storage, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// Bandwidth, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<String>,
    /// How many GPUs, or which share of one, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
}

impl From<&Request> for NeedsReport {
    fn from(request: &Request) -> Self {
        Self {
            cpu: request.cpu.to_string(),
            memory: request.memory.to_string(),
            storage: (request.storage != Bytes::default()).then(|| request.storage.to_string()),
            bandwidth: (request.bandwidth != Bandwidth::default()).then(|| request.bandwidth.to_string()),
            gpu: match request.gpu {
                GpuRequest::None => None,
                GpuRequest::Whole(count) => Some(count.to_string()),
                GpuRequest::Share(share) => Some(share.to_string()),
            },
        }
    }
}

impl MovePlanReport {
    /// Of decisions that this workspace made. See [`plan_moves`].
    #[must_use]
    pub fn new(workspace: &Workspace, decided: &[Outcome], within_hours: Option<u64>) -> Self {
        let MovePlan { moves, blocked, too_late } = plan_moves(workspace, decided, within_hours);
        let all = |moves: &[PlannedMove]| {
            moves.iter().filter_map(|planned| PlannedMoveReport::new(workspace, planned)).collect()
        };
        Self { within_hours, moves: all(&moves), blocked: all(&blocked), too_late: all(&too_late) }
    }
}

impl PlannedMoveReport {
    fn new(workspace: &Workspace, planned: &PlannedMove) -> Option<Self> {
        let fleet = workspace.inventory().fleet();
        Some(Self {
            deployment: workspace.deployment(planned.deployment)?.address(),
            from: CandidateReport::new(fleet, planned.from)?,
            to: CandidateReport::new(fleet, planned.to)?,
            replicas: planned.replicas,
            needs: NeedsReport::from(&planned.needs),
            price_before: planned.price_before,
            price_after: planned.price_after,
            payback_hours: planned.payback_hours(),
            may_stay: planned.may_stay,
        })
    }
}
