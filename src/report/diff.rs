//! What `diff` answers.

use serde::{Deserialize, Serialize};

use super::fingerprints::SideReport;
use super::header::{ApiVersion, kind};
use super::names::CandidateReport;
use crate::analysis::{Cause, Compared, DeploymentDiff, Diff, Fate, MustMove};
use crate::inventory::Fleet;
use crate::policy::Level;
use crate::workspace::Workspace;

/// What differs between two workspaces, by meaning (A1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DiffReport {
    api_version: ApiVersion,
    kind: kind::DiffReport,
    /// What is compared with.
    #[serde(default)]
    pub old: SideReport,
    /// What takes its place.
    #[serde(default)]
    pub new: SideReport,
    /// Policies whose document or meaning differs, by name.
    pub policies: Vec<ComparedReport>,
    /// What the workspace, environments and deployments impose by themselves, where it differs.
    pub levels: Vec<ComparedReport>,
    /// What is in force in each environment, where it differs.
    pub environments: Vec<ComparedReport>,
    /// What binds less than before, a sentence each.
    pub loosened: Vec<String>,
    /// What is widened or binds less, a sentence each; `--forbid widened` refuses any.
    pub widened: Vec<String>,
    /// Deployments that both have and that differ in what is allowed or in candidates.
    pub deployments: Vec<DeploymentDiffReport>,
    /// Deployments that only the new side has, as `type/workload/name`.
    pub added: Vec<String>,
    /// Deployments that only the old side has.
    pub removed: Vec<String>,
    /// Replicas that run where they could not be placed any more.
    pub moves: Vec<MustMoveReport>,
}

/// Something that both sides have, or one, and what became of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ComparedReport {
    /// Its level; absent for a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Its name, or a deployment's `type/workload/name`; absent for the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `added`, `removed`, `equal`, `narrowed`, `widened` or `incomparable`.
    pub verdict: String,
}

/// What differs for one deployment.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeploymentDiffReport {
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// What its policies allow: `equal`, `narrowed`, `widened` or `incomparable`.
    pub verdict: String,
    /// Candidates before.
    pub before: usize,
    /// Candidates now.
    pub after: usize,
    /// Whether it could run somewhere before and can nowhere now.
    pub loses_all: bool,
    /// Candidates gained, by what did it.
    pub gains: Vec<CauseReport>,
    /// Candidates lost, by what did it.
    pub losses: Vec<CauseReport>,
}

/// Some changes, and the candidates that they gained or lost.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CauseReport {
    /// The changes, in words; each took part.
    pub changes: Vec<String>,
    /// By cluster, pool and flavor.
    pub candidates: Vec<CandidateReport>,
}

/// Replicas that run where they could not be placed any more.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MustMoveReport {
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// Where they run.
    pub from: CandidateReport,
    /// How many.
    pub replicas: u32,
    /// Where all replicas of the deployment would be placed; empty where it would be refused.
    pub to: Vec<MoveTarget>,
}

/// Where replicas would go.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MoveTarget {
    /// The cluster.
    pub cluster: String,
    /// The pool.
    pub pool: String,
    /// How many.
    pub replicas: u32,
}

impl DiffReport {
    /// Of a diff, with what did each gain and loss.
    #[must_use]
    pub fn new(diff: &Diff<'_>) -> Self {
        let all = |list: &[Compared]| list.iter().map(ComparedReport::from).collect();
        Self {
            api_version: ApiVersion::default(),
            kind: Default::default(),
            old: SideReport::new(diff.old),
            new: SideReport::new(diff.new),
            policies: all(&diff.policies),
            levels: all(&diff.levels),
            environments: all(&diff.environments),
            loosened: diff.loosened.iter().map(ToString::to_string).collect(),
            widened: diff.widened(),
            deployments: diff.deployments.iter().map(|found| DeploymentDiffReport::new(diff, found)).collect(),
            added: diff.added.clone(),
            removed: diff.removed.clone(),
            moves: diff.moves.iter().filter_map(|found| MustMoveReport::new(diff.new, found)).collect(),
        }
    }

    /// Whether some deployment could run before and can nowhere now.
    #[must_use]
    pub fn loses_all(&self) -> bool {
        self.deployments.iter().any(|found| found.loses_all)
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.policies, &self.levels, &self.environments].into_iter().all(Vec::is_empty)
            && [&self.loosened, &self.added, &self.removed].into_iter().all(Vec::is_empty)
            && self.deployments.is_empty()
            && self.moves.is_empty()
    }
}

impl From<&Compared> for ComparedReport {
    fn from(compared: &Compared) -> Self {
        let verdict = match compared.fate {
            Fate::Added => "added",
            Fate::Removed => "removed",
            Fate::Compared(meaning) => meaning.as_str(),
        };
        Self { level: compared.level, name: compared.name.clone(), verdict: verdict.to_owned() }
    }
}

impl DeploymentDiffReport {
    fn new(diff: &Diff<'_>, found: &DeploymentDiff) -> Self {
        let causes = diff.causes(found);
        let all = |fleet: &Fleet, causes: &[Cause]| {
            let one = |cause: &Cause| CauseReport {
                changes: cause.changes.iter().map(ToString::to_string).collect(),
                candidates: cause.pairs.iter().filter_map(|&pair| CandidateReport::new(fleet, pair)).collect(),
            };
            causes.iter().map(one).collect()
        };
        Self {
            deployment: diff.new.deployment(found.new).map(|deployment| deployment.address()).unwrap_or_default(),
            verdict: found.meaning.as_str().to_owned(),
            before: found.delta.before,
            after: found.delta.after,
            loses_all: found.loses_all(),
            gains: all(diff.new.inventory().fleet(), &causes.gains),
            losses: all(diff.old.inventory().fleet(), &causes.losses),
        }
    }
}

impl MustMoveReport {
    fn new(workspace: &Workspace, found: &MustMove) -> Option<Self> {
        let fleet = workspace.inventory().fleet();
        let target = |&(pair, replicas): &_| {
            let CandidateReport { cluster, pool, .. } = CandidateReport::new(fleet, pair)?;
            Some(MoveTarget { cluster, pool, replicas })
        };
        Some(Self {
            deployment: workspace.deployment(found.deployment)?.address(),
            from: CandidateReport::new(fleet, found.from)?,
            replicas: found.replicas,
            to: found.to.iter().filter_map(target).collect(),
        })
    }
}
