//! What can be asked of a workload, and what can be observed of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::edit_plan::Edit;
use super::observation::{Observation, PlaceSeen};
use crate::id::Name;
use crate::lifecycle::placements::Placed;
use crate::lifecycle::state::{Number, Place, PromotionStrategy, Settings, Sight};
use crate::policy::OnReplaced;

/// An action and the placements it needs (L12). Without any for an action that needs none.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Command {
    /// What to do.
    pub action: Action,
    /// Where replicas run: an answer to every request of
    /// [`placements_needed`](crate::lifecycle::State::placements_needed).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placements: Vec<Placed>,
}

impl From<Action> for Command {
    fn from(action: Action) -> Self {
        Self { action, placements: Vec::new() }
    }
}

/// What to do. Deployments are named by `D`: by their numbers, as the rules have them, or by whatever a
/// host calls them until it is [looked up](Self::try_map).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action<D = Number> {
    /// Push a version (L1, L10).
    Push(Push),
    /// Patch the draft's running server (live reload).
    Patch {
        /// The draft's version from now on; the one it has, where absent.
        version: Option<String>,
    },
    /// Make a deployment the holder of an environment (L3).
    Promote {
        /// The deployment.
        deployment: D,
        /// The environment.
        environment: Name,
        /// The name of the copy, where one is made.
        name: Option<Name>,
        /// What becomes of the previous holder; it is kept, where absent (L5).
        on_replaced: Option<OnReplaced>,
        /// Promote an unhealthy one, too (L6).
        force: bool,
        /// How it takes over; as it would like to itself, where absent (L7).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<PromotionStrategy>>,
    },
    /// Promote a copy of one environment's holder to another (L4).
    Release {
        /// The environment it runs in.
        from: Name,
        /// The environment it is to run in as well.
        to: Name,
        /// The name of the copy.
        name: Option<Name>,
        /// What becomes of the previous holder; it is deactivated, where absent (L5).
        on_replaced: Option<OnReplaced>,
        /// How it takes over; as it would like to itself, where absent (L7).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<PromotionStrategy>>,
    },
    /// Push a version with the settings of an environment's holder, and promote it (L4).
    UpdateVersion {
        /// The environment.
        environment: Name,
        /// The new version.
        version: String,
        /// The new deployment's name.
        name: Option<Name>,
        /// What becomes of the previous holder; it is deactivated, where absent (L5).
        on_replaced: Option<OnReplaced>,
        /// How it takes over; as its settings say, else rolling, where absent (L7).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<PromotionStrategy>>,
    },
    /// Promote an environment's previous holder again (L4); while a strategy replaces the holder, bring that
    /// one back.
    RollBack {
        /// The environment.
        environment: Name,
        /// What becomes of the holder that it replaces; it is kept, where absent. Refused while a strategy replaces the
        /// holder, as is `by`.
        on_replaced: Option<OnReplaced>,
        /// How it takes over; as it would like to itself, where absent (L7).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<PromotionStrategy>>,
    },
    /// End a promotion; the holder stays (L7).
    Cancel {
        /// The environment promoted to.
        environment: Name,
    },
    /// Let a rollout stand still (R1). What fails still goes back.
    Pause {
        /// The environment.
        environment: Name,
    },
    /// Let a paused rollout go on.
    Resume {
        /// The environment.
        environment: Name,
    },
    /// Let a rollout pass over soak, steps and judgement, also one that goes back.
    ForceForward {
        /// The environment.
        environment: Name,
    },
    /// Take note of what a host sees of a rollout, and go on with it.
    Advance {
        /// The candidate that takes over.
        candidate: D,
        /// What is seen.
        sight: Box<Sight>,
    },
    /// Start a deployment that is stopped or broken (L8).
    Activate(D),
    /// Stop a deployment (L8).
    Deactivate(D),
    /// Bring a deployment back from zero replicas.
    Wake(D),
    /// Scale a deployment that nobody calls to zero.
    Idle(D),
    /// Set the number of replicas of a deployment that does not scale by itself (R4).
    Scale {
        /// The deployment.
        deployment: D,
        /// How many; 0 scales it to zero.
        replicas: u32,
    },
    /// Set the number of replicas of a deployment that scales by itself, within its bounds (R4); see
    /// [`autoscale`](crate::lifecycle::State::autoscale).
    Autoscale {
        /// The deployment.
        deployment: D,
        /// How many; 0 scales it to zero.
        replicas: u32,
    },
    /// Change settings (L11).
    Edit {
        /// The deployment.
        deployment: D,
        /// What to change.
        edit: Edit,
    },
    /// Give a deployment another name.
    Rename {
        /// The deployment.
        deployment: D,
        /// Its name from now on.
        name: Name,
    },
    /// Move a deployment's replicas to where they may run (L13).
    Move(D),
    /// Delete a deployment (L9).
    Delete(D),
    /// Delete the workload with all deployments (L9).
    DeleteWorkload,
    /// Take note of what a host saw.
    Observe {
        /// The deployment.
        deployment: D,
        /// The generation it was seen of: that of the effect which it answers.
        generation: u64,
        /// What was seen.
        observation: Observation,
    },
    /// Take note that a cluster is lost: its replicas are not ready until it is back (W9). A workspace says so of its own
    /// accord when a cluster is marked unhealthy.
    ClusterLost {
        /// The cluster.
        cluster: Name,
    },
    /// Take note that a lost cluster is back: what was known of its replicas counts again, and those that were starting
    /// in their place stop.
    ClusterBack {
        /// The cluster.
        cluster: Name,
    },
    /// Take note of how many replicas at a place are on nodes that are gone; none, where all are back. They are lost until
    /// then (W9). A workspace says so of its own accord when the nodes of a pool go or come.
    NodesGone {
        /// The deployment.
        deployment: D,
        /// The generation that started them.
        generation: u64,
        /// Where, and how many.
        place: Place,
    },
    /// Start replicas elsewhere in the place of those on lost clusters and nodes, as many as fit; these stop once the others
    /// are ready (W9).
    Replace(D),
    /// Take note of how the replicas at one place are (L14).
    ObservePlace {
        /// The deployment.
        deployment: D,
        /// The generation that started them.
        generation: u64,
        /// Where, and how many are ready, lost and failed.
        seen: PlaceSeen,
    },
}

/// A version to be built and started.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Push {
    /// As what.
    pub kind: PushKind,
    /// Its name; its id where absent, `development` for a draft.
    pub name: Option<Name>,
    /// What is pushed.
    pub version: Option<String>,
    /// The environment that governs it (E2). Absent: `development` for a draft, the target for one
    /// that is promoted, else the workload's default.
    pub environment: Option<Name>,
    /// Its settings.
    pub settings: Arc<Settings>,
}

impl Push {
    /// A push of a version with default settings.
    #[must_use]
    pub fn new(kind: PushKind, version: &str) -> Self {
        let (name, environment) = (None, None);
        Self { kind, name, version: Some(version.to_owned()), environment, settings: Arc::default() }
    }
}

/// As what a version is pushed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PushKind {
    /// As the draft; over the one there is.
    Draft,
    /// As a published deployment.
    Published,
    /// As a published deployment that is promoted once it is active (L10).
    Promoted {
        /// The environment promoted to.
        environment: Name,
        /// What becomes of the previous holder; it is kept, where absent.
        on_replaced: Option<OnReplaced>,
        /// How it takes over; as its settings say, where absent (L7).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<PromotionStrategy>>,
    },
}

impl PushKind {
    /// One that is promoted, with what is usual for the rest.
    #[must_use]
    pub fn promoted(environment: Name) -> Self {
        Self::Promoted { environment, on_replaced: None, by: None }
    }
}

impl Action {
    /// Promotes a deployment, with what is usual for the rest.
    #[must_use]
    pub fn promote(deployment: Number, environment: Name) -> Self {
        Self::Promote { deployment, environment, name: None, on_replaced: None, force: false, by: None }
    }

    /// Releases an environment's holder to another.
    #[must_use]
    pub fn release(from: Name, to: Name) -> Self {
        Self::Release { from, to, name: None, on_replaced: None, by: None }
    }

    /// Updates the version of an environment's holder.
    #[must_use]
    pub fn update_version(environment: Name, version: &str) -> Self {
        Self::UpdateVersion { environment, version: version.to_owned(), name: None, on_replaced: None, by: None }
    }

    /// Rolls an environment back.
    #[must_use]
    pub fn roll_back(environment: Name) -> Self {
        Self::RollBack { environment, on_replaced: None, by: None }
    }

    /// The environment whose slot it would fill, and the choice about that slot's previous holder.
    /// A workspace puts the environment's own default there (L5).
    pub fn replacing(&mut self) -> Option<(&Name, &mut Option<OnReplaced>)> {
        match self {
            Self::Push(Push { kind: PushKind::Promoted { environment, on_replaced, .. }, .. })
            | Self::Promote { environment, on_replaced, .. }
            | Self::Release { to: environment, on_replaced, .. }
            | Self::UpdateVersion { environment, on_replaced, .. }
            | Self::RollBack { environment, on_replaced, .. } => Some((environment, on_replaced)),
            _ => None,
        }
    }
}

impl<D> Action<D> {
    /// The word for it, as reports and scenarios have it.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Push(_) => "push",
            Self::Patch { .. } => "patch",
            Self::Promote { .. } => "promote",
            Self::Release { .. } => "release",
            Self::UpdateVersion { .. } => "updateVersion",
            Self::RollBack { .. } => "rollBack",
            Self::Cancel { .. } => "cancel",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::ForceForward { .. } => "forceForward",
            Self::Advance { .. } => "advance",
            Self::Activate(_) => "activate",
            Self::Deactivate(_) => "deactivate",
            Self::Wake(_) => "wake",
            Self::Idle(_) => "idle",
            Self::Scale { .. } => "scale",
            Self::Autoscale { .. } => "autoscale",
            Self::Edit { .. } => "edit",
            Self::Rename { .. } => "rename",
            Self::Move(_) => "move",
            Self::Delete(_) => "delete",
            Self::DeleteWorkload => "deleteWorkload",
            Self::Observe { .. } => "observe",
            Self::ClusterLost { .. } => "clusterLost",
            Self::ClusterBack { .. } => "clusterBack",
            Self::NodesGone { .. } => "nodesGone",
            Self::Replace(_) => "replace",
            Self::ObservePlace { .. } => "observePlace",
        }
    }

    /// What is asked of an environment, in a few words; `None` of what is asked of a deployment or the workload.
    pub(crate) fn on_environment(&self) -> Option<String> {
        Some(match self {
            Self::Release { from, to, .. } => format!("release {from} to {to}"),
            Self::UpdateVersion { environment, version, .. } => format!("update {environment} to {version}"),
            Self::RollBack { environment, .. } => format!("roll back {environment}"),
            Self::Cancel { environment } => format!("cancel the promotion to {environment}"),
            Self::Pause { environment } => format!("pause the rollout in {environment}"),
            Self::Resume { environment } => format!("resume the rollout in {environment}"),
            Self::ForceForward { environment } => format!("force the rollout in {environment} forward"),
            _ => return None,
        })
    }

    /// The same with deployments named otherwise: each is looked up, and what is not found is the error.
    ///
    /// ```
    /// use siting::lifecycle::{Action, Number};
    ///
    /// let asked = Action::Scale { deployment: "bert-2", replicas: 3 };
    /// let number = |id: &str| id.rsplit('-').next().unwrap_or(id).parse().map(Number::new);
    /// assert_eq!(asked.try_map(number)?, Action::Scale { deployment: Number::new(2), replicas: 3 });
    /// # Ok::<(), std::num::ParseIntError>(())
    /// ```
    ///
    /// # Errors
    /// That of the lookup.
    pub fn try_map<T, E>(self, mut find: impl FnMut(D) -> Result<T, E>) -> Result<Action<T>, E> {
        Ok(match self {
            Self::Push(push) => Action::Push(push),
            Self::Patch { version } => Action::Patch { version },
            Self::Promote { deployment, environment, name, on_replaced, force, by } => {
                Action::Promote { deployment: find(deployment)?, environment, name, on_replaced, force, by }
            }
            Self::Release { from, to, name, on_replaced, by } => Action::Release { from, to, name, on_replaced, by },
            Self::UpdateVersion { environment, version, name, on_replaced, by } => {
                Action::UpdateVersion { environment, version, name, on_replaced, by }
            }
            Self::RollBack { environment, on_replaced, by } => Action::RollBack { environment, on_replaced, by },
            Self::Cancel { environment } => Action::Cancel { environment },
            Self::Pause { environment } => Action::Pause { environment },
            Self::Resume { environment } => Action::Resume { environment },
            Self::ForceForward { environment } => Action::ForceForward { environment },
            Self::Advance { candidate, sight } => Action::Advance { candidate: find(candidate)?, sight },
            Self::Activate(deployment) => Action::Activate(find(deployment)?),
            Self::Deactivate(deployment) => Action::Deactivate(find(deployment)?),
            Self::Wake(deployment) => Action::Wake(find(deployment)?),
            Self::Idle(deployment) => Action::Idle(find(deployment)?),
            Self::Scale { deployment, replicas } => Action::Scale { deployment: find(deployment)?, replicas },
            Self::Autoscale { deployment, replicas } => Action::Autoscale { deployment: find(deployment)?, replicas },
            Self::Edit { deployment, edit } => Action::Edit { deployment: find(deployment)?, edit },
            Self::Rename { deployment, name } => Action::Rename { deployment: find(deployment)?, name },
            Self::Move(deployment) => Action::Move(find(deployment)?),
            Self::Delete(deployment) => Action::Delete(find(deployment)?),
            Self::DeleteWorkload => Action::DeleteWorkload,
            Self::Observe { deployment, generation, observation } => {
                Action::Observe { deployment: find(deployment)?, generation, observation }
            }
            Self::ClusterLost { cluster } => Action::ClusterLost { cluster },
            Self::ClusterBack { cluster } => Action::ClusterBack { cluster },
            Self::NodesGone { deployment, generation, place } => {
                Action::NodesGone { deployment: find(deployment)?, generation, place }
            }
            Self::Replace(deployment) => Action::Replace(find(deployment)?),
            Self::ObservePlace { deployment, generation, seen } => {
                Action::ObservePlace { deployment: find(deployment)?, generation, seen }
            }
        })
    }
}
