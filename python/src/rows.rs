//! What a column format says of a decision, one row each: of decisions made here, and of those that were kept.

use std::collections::HashMap;
use std::sync::Arc;

use siting::bitset::BitSet;
use siting::id::{ClusterId, Id};
use siting::report::{DecisionReport, PlacedReport, ReasonReport};
use siting::workspace::{Outcome as Decided, Workspace};

use crate::failure::Outcome;
use crate::kept::Kept;

/// One decision.
pub(crate) struct Row {
    /// The deployment's workload type, workload and name.
    pub(crate) named: [String; 3],
    pub(crate) environment: Option<String>,
    pub(crate) verdict: &'static str,
    pub(crate) candidates: usize,
    pub(crate) placements: Vec<PlacedReport>,
    /// Replicas wanted and fitting, where it is refused.
    pub(crate) wanted: Option<(u32, u32)>,
    pub(crate) reasons: Vec<ReasonReport>,
    /// The clusters with a candidate.
    pub(crate) clusters: BitSet<ClusterId>,
}

impl Row {
    /// Of decisions that a workspace made.
    pub(crate) fn of_made(workspace: &Workspace, decided: &[Arc<Decided>]) -> Outcome<Vec<Self>> {
        let fleet = workspace.inventory().fleet();
        let clusters = fleet.clusters().len();
        let row = |one: &Arc<Decided>| {
            let deployment = workspace.deployment(one.deployment)?;
            let environment = workspace.environment(deployment.environment).map(|found| found.name.to_string());
            let kind = workspace.catalog().resource_type_name(deployment.workload.resource_type);
            let candidates = one.decision.candidates();
            let refusal = one.decision.refusal();
            Some(Self {
                named: [kind, deployment.workload.name.as_str(), deployment.name.as_str()].map(str::to_owned),
                environment,
                verdict: one.decision.verdict().as_str(),
                candidates: candidates.len(),
                placements: PlacedReport::all(&one.decision),
                wanted: refusal.map(|refusal| (refusal.wanted, refusal.fitting)),
                reasons: refusal.map_or(Vec::new(), |found| found.reasons.iter().map(ReasonReport::from).collect()),
                clusters: BitSet::from_ids(
                    clusters,
                    candidates.iter().filter_map(|pair| Some(fleet.pair(pair)?.cluster)),
                ),
            })
        };
        Ok(decided.iter().filter_map(row).collect())
    }

    /// Of decisions that were kept.
    pub(crate) fn of_kept(kept: &Kept) -> Outcome<Vec<Self>> {
        let names = kept.clusters();
        let ids: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let row = |at: usize| {
            let DecisionReport {
                name,
                workload,
                environment,
                verdict,
                candidate_count,
                candidates,
                placements,
                refusal,
                ..
            } = kept.report(at)?;
            let marked = candidates.iter().flatten().filter_map(|one| ids.get(one.cluster.as_str()));
            let clusters = BitSet::from_ids(names.len(), marked.map(|at| ClusterId::from_index(*at)));
            Ok(Self {
                named: [workload.r#type, workload.name, name],
                environment: Some(environment),
                verdict: verdict.as_str(),
                candidates: candidate_count,
                placements,
                wanted: refusal.as_ref().map(|refusal| (refusal.wanted, refusal.fitting)),
                reasons: refusal.map_or(Vec::new(), |refusal| refusal.reasons),
                clusters,
            })
        };
        (0..kept.len()).map(row).collect()
    }
}
