//! Two workspaces compared by meaning: what deployments gain and lose, what policies widen (A1), and with it the impact
//! of a change (P11).
//!
//! Things are matched by name: policies, environments, deployments by `type/workload/name`, clusters, pools. Each side
//! is read with its own catalog; what only one of them knows, the other reads as the rest of its country, as the node
//! above it, or as its kind.

mod candidates;
mod causes;
mod meaning;
mod verdicts;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::bitset::BitSet;
use crate::id::{DeploymentId, Id, PairId};
use crate::policy::Level;
use crate::workspace::{Running, Workspace};

pub use candidates::Delta;
pub use causes::{Cause, Causes, Change};
pub use meaning::Meaning;

/// What differs between two workspaces.
#[derive(Debug)]
#[non_exhaustive]
pub struct Diff<'a> {
    /// The workspace before.
    pub old: &'a Workspace,
    /// The workspace after.
    pub new: &'a Workspace,
    /// Policies, by name: those whose document or meaning differs.
    pub policies: Vec<Compared>,
    /// What each level by itself imposes, where it differs: the workspace, environments, deployments.
    pub levels: Vec<Compared>,
    /// What is in force in each environment, the workspace's policies among it, where it differs.
    pub environments: Vec<Compared>,
    /// What binds less than before, whatever it means at present.
    pub loosened: Vec<Loosened>,
    /// Deployments that both have and that differ in scope or candidates, in the order of the new workspace.
    pub deployments: Vec<DeploymentDiff>,
    /// Deployments that only the new one has, as `type/workload/name`.
    pub added: Vec<String>,
    /// Deployments that only the old one has.
    pub removed: Vec<String>,
    /// Replicas that run where they could not be placed any more, in the order of the new workspace.
    pub moves: Vec<MustMove>,
    pairs: candidates::Pairs,
    /// Found where causes are asked for.
    facts: OnceLock<causes::Facts>,
}

/// Something that both sides have, or one, and what became of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct Compared {
    /// Where it is attached; `None` for a policy.
    pub level: Option<Level>,
    /// Its name, or a deployment's `type/workload/name`; `None` for the workspace.
    pub name: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fate {
    /// Only the new workspace has it.
    Added,
    /// Only the old workspace has it.
    Removed,
    /// Both have it, and what it allows compares so.
    Compared(Meaning),
}

/// Something that binds less than before.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub struct Loosened {
    /// The level.
    pub level: Level,
    /// The environment's name or the deployment's address; `None` for the workspace.
    pub owner: Option<String>,
    /// The policy that was enforced and is only watched, or the type of policy that is not required any more.
    pub what: LoosenedThing,
}

/// What binds less.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LoosenedThing {
    /// A policy that is only watched now.
    Enforcement(String),
    /// A type of policy that need not be in force any more.
    Requirement(String),
    /// A limit that is higher, or gone (E4).
    Limit {
        /// What is limited, as manifests call it: `gpu`, `gpus.h100`.
        name: String,
        /// The most that could be held.
        was: String,
        /// The most that may be held now; `None` where it is not limited any more.
        is: Option<String>,
    },
}

/// What differs for one deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeploymentDiff {
    /// Its id in the old workspace.
    pub old: DeploymentId,
    /// Its id in the new workspace.
    pub new: DeploymentId,
    /// What its policies allow, compared.
    pub meaning: Meaning,
    /// The candidates that it gains and loses. Deployments that ask the same of the same policies share them.
    pub delta: Arc<Delta>,
}

impl DeploymentDiff {
    /// Whether it could run somewhere before and can nowhere now.
    #[must_use]
    pub fn loses_all(&self) -> bool {
        self.delta.before > 0 && self.delta.after == 0
    }
}

/// Replicas that run where they could not be placed any more.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MustMove {
    /// The deployment, in the new workspace.
    pub deployment: DeploymentId,
    /// Where they run.
    pub from: PairId,
    /// How many.
    pub replicas: u32,
    /// Where all of the deployment's replicas would be placed now, and how many; empty where it would be refused.
    pub to: Vec<(PairId, u32)>,
}

/// Compares two workspaces by meaning.
///
/// Gains and losses are of candidates (D2): a cluster, a pool and a flavor. They are found once for all deployments
/// that are governed alike and ask for the same. O(deployments + distinct scopes × (axes + allowed pairs)); what changed
/// each is asked for afterwards, by [`Diff::causes`].
///
/// ```
/// use siting::Workspace;
/// use siting::analysis::{Fate, Meaning, diff};
///
/// let fleet = |places: &str| format!("
/// apiVersion: siting.dev/v1
/// kind: Policy
/// metadata: {{name: europe}}
/// spec: {{type: location, locations: [{places}]}}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Deployment
/// metadata: {{name: v1}}
/// spec: {{model: bert, policies: [europe]}}
/// ---
/// apiVersion: siting.dev/v1
/// kind: Cluster
/// metadata: {{name: zurich}}
/// spec: {{provider: onprem, country: ch, flavors: [{{type: gpu, name: t4}}]}}
/// ");
/// let old: Workspace = fleet("{type: continent, name: eu}").parse()?;
/// let new: Workspace = fleet("{type: group, name: eea}").parse()?;
/// let found = diff(&old, &new);
/// // Cyprus is of the EEA and lies in Asia.
/// assert_eq!(found.policies[0].fate, Fate::Compared(Meaning::Incomparable));
/// assert!(found.deployments[0].loses_all());
/// let causes = found.causes(&found.deployments[0]);
/// assert_eq!(causes.losses[0].changes[0].to_string(), "policy `europe` changed");
/// # Ok::<(), siting::LoadError>(())
/// ```
#[must_use]
pub fn diff<'a>(old: &'a Workspace, new: &'a Workspace) -> Diff<'a> {
    let catalogs = meaning::Catalogs::new(old.catalog(), new.catalog());
    let pairs = candidates::Pairs::new(old, new);
    let before: HashMap<_, DeploymentId> = old.deployment_ids().filter_map(|id| Some((names(old, id)?, id))).collect();
    let (mut both, mut deployments, mut added) = (Vec::new(), Vec::new(), Vec::new());
    let mut groups = candidates::Groups::new(old, new, &catalogs, &pairs);
    for id in new.deployment_ids() {
        let Some(&was) = names(new, id).and_then(|names| before.get(&names)) else {
            added.extend(full_address(new, id));
            continue;
        };
        both.push((was, id));
        deployments.extend(groups.compare(was, id).map(|(meaning, delta)| DeploymentDiff {
            old: was,
            new: id,
            meaning,
            delta,
        }));
    }
    let moves = moves(new);
    deployments.retain(|found| found.meaning != Meaning::Equal || !found.delta.is_empty());
    let matched: HashSet<DeploymentId> = both.iter().map(|(was, _)| *was).collect();
    let gone = old.deployment_ids().filter(|id| !matched.contains(id));
    let removed = gone.filter_map(|id| full_address(old, id)).collect();
    Diff {
        policies: verdicts::policies(old, new, &catalogs),
        levels: verdicts::levels(old, new, &both, &catalogs),
        environments: verdicts::environments(old, new, &catalogs),
        loosened: verdicts::loosened(old, new, &both),
        deployments,
        added,
        removed,
        moves,
        old,
        new,
        pairs,
        facts: OnceLock::new(),
    }
}

/// How a deployment is matched: the workload's type and name, and its own.
fn names(workspace: &Workspace, id: DeploymentId) -> Option<(&str, &str, &str)> {
    let found = workspace.deployment(id)?;
    let resource_type = workspace.catalog().resource_type_name(found.workload.resource_type);
    Some((resource_type, found.workload.name.as_str(), found.name.as_str()))
}

/// The same as it is told: `type/workload/name`.
fn full_address(workspace: &Workspace, id: DeploymentId) -> Option<String> {
    names(workspace, id).map(|(resource_type, workload, name)| format!("{resource_type}/{workload}/{name}"))
}

/// What runs where it could not be placed any more, room left aside.
fn moves(new: &Workspace) -> Vec<MustMove> {
    let mut candidates: HashMap<DeploymentId, BitSet<PairId>> = HashMap::new();
    let mut moves = Vec::new();
    for &Running { deployment, pair, replicas, .. } in new.running() {
        let may_stay = candidates
            .entry(deployment)
            .or_insert_with(|| candidates::of(new, deployment).unwrap_or_else(|| BitSet::empty(0)));
        if replicas == 0 || pair.index() < may_stay.universe() && may_stay.contains(pair) {
            continue;
        }
        let placed = new.place(deployment).map(|outcome| outcome.decision);
        let to = placed.iter().flat_map(|decision| decision.placements());
        let to = to.map(|placement| (placement.pair, placement.replicas)).collect();
        moves.push(MustMove { deployment, from: pair, replicas, to });
    }
    moves.sort_by_key(|found| (found.deployment, found.from));
    moves
}

impl Diff<'_> {
    /// Whether some deployment could run before and can nowhere now.
    #[must_use]
    pub fn loses_all(&self) -> bool {
        self.deployments.iter().any(DeploymentDiff::loses_all)
    }

    /// Whether nothing differs in what is allowed, and nothing has to move.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
            && self.levels.is_empty()
            && self.environments.is_empty()
            && self.loosened.is_empty()
            && self.deployments.is_empty()
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.moves.is_empty()
    }

    /// What is allowed now and was not, or binds less than before: environments and deployments that are widened or
    /// incomparable, and what is loosened. A sentence each; empty where nothing is (`--forbid widened`).
    #[must_use]
    pub fn widened(&self) -> Vec<String> {
        let wider = |fate: Fate| matches!(fate, Fate::Compared(Meaning::Widened | Meaning::Incomparable));
        let environments = self.environments.iter().filter(|found| wider(found.fate)).filter_map(|found| {
            let Fate::Compared(meaning) = found.fate else { return None };
            Some(format!("environment `{}` is {meaning}", found.name.as_deref().unwrap_or_default()))
        });
        let deployments = self.deployments.iter().filter(|found| wider(Fate::Compared(found.meaning)));
        let deployments = deployments.filter_map(|found| {
            let address = full_address(self.new, found.new)?;
            Some(format!("deployment `{address}` is {}", found.meaning))
        });
        environments.chain(deployments).chain(self.loosened.iter().map(ToString::to_string)).collect()
    }
}

impl std::fmt::Display for Loosened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let owner = match &self.owner {
            Some(owner) => format!("{} `{owner}`", self.level),
            None => format!("the {}", self.level),
        };
        match &self.what {
            LoosenedThing::Enforcement(policy) => write!(f, "policy `{policy}` of {owner} is only watched"),
            LoosenedThing::Requirement(axis) => write!(f, "{owner} requires no {axis} policy any more"),
            LoosenedThing::Limit { name, was, is: Some(is) } => {
                write!(f, "{owner} limits {name} to {is} and not to {was}")
            }
            LoosenedThing::Limit { name, was, is: None } => write!(f, "{owner} limits {name} no more, which was {was}"),
        }
    }
}
