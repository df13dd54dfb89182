//! What would turn a refusal into a placement (D7).

use serde::{Deserialize, Serialize};

use super::names::ChoiceName;
use crate::catalog::Catalog;
use crate::placement::{HeldRoom, Occupant, Remedies, RemedyChange, RemedySet};
use crate::policy::Level;

/// Changes that make a placement possible together, and no part of them does.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RemedyReport {
    /// The changes, those of policies first.
    pub changes: Vec<ChangeReport>,
    /// The highest level that one of them belongs to: what is not the deployment's is not its owner's to change.
    pub owner: Level,
    /// Clusters that become candidates.
    pub opens: usize,
}

/// One change of a remedy.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChangeReport {
    /// `detach`, `add-option`, `drop` or `lower`.
    pub kind: String,
    /// The change in words: lower case, no final period.
    pub message: String,
    /// The policy that is detached, or that allows one more option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Where it is detached from; of a policy that allows more, the highest level that it is attached at anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The environment that it is detached from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The option that a policy allows as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<ChoiceName>,
    /// The field of the deployment's `spec` that is left out or lowered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is demanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The most that fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Replicas of lower priority that hold the room.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OccupantReport {
    /// The deployment as `workload/name`.
    pub deployment: String,
    /// Its priority.
    pub priority: i32,
    /// The cluster.
    pub cluster: String,
    /// The pool.
    pub pool: String,
    /// How many of its replicas there, the last ones first.
    pub replicas: u32,
}

/// What lower priorities hold of the room where a deployment may run, whether or not that would be enough.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HeldRoomReport {
    /// Their replicas there.
    pub replicas: u32,
    /// How many of the replicas that do not fit would, if none of those were there.
    pub room: u32,
}

impl From<HeldRoom> for HeldRoomReport {
    fn from(held: HeldRoom) -> Self {
        Self { replicas: held.replicas, room: held.room }
    }
}

impl RemedyReport {
    pub(super) fn all(catalog: &Catalog, remedies: &Remedies) -> Vec<Self> {
        remedies.sets.iter().map(|set| Self::new(catalog, set)).collect()
    }

    fn new(catalog: &Catalog, set: &RemedySet) -> Self {
        let changes = set.changes.iter().map(|change| ChangeReport::new(catalog, change)).collect();
        Self { changes, owner: set.owner, opens: set.opens }
    }
}

impl ChangeReport {
    fn new(catalog: &Catalog, change: &RemedyChange) -> Self {
        let empty = Self {
            kind: change.kind().to_owned(),
            message: change.in_words(catalog),
            policy: None,
            level: None,
            environment: None,
            option: None,
            field: None,
            from: None,
            to: None,
        };
        match change {
            RemedyChange::Detach { level, environment, policy } => Self {
                policy: Some(policy.as_str().to_owned()),
                level: Some(*level),
                environment: environment.as_ref().map(|name| name.as_str().to_owned()),
                ..empty
            },
            RemedyChange::AddOption { level, policy, option } => Self {
                policy: Some(policy.as_str().to_owned()),
                level: Some(*level),
                option: Some(ChoiceName::new(catalog, *option)),
                ..empty
            },
            RemedyChange::Drop { field } => Self { field: Some(field.as_str().to_owned()), ..empty },
            RemedyChange::Lower { field, from, to } => {
                Self { field: Some(field.as_str().to_owned()), from: Some(from.clone()), to: Some(to.clone()), ..empty }
            }
        }
    }
}

impl OccupantReport {
    pub(super) fn all(remedies: &Remedies) -> Vec<Self> {
        remedies.lower_priority.iter().map(Self::from).collect()
    }
}

impl From<&Occupant> for OccupantReport {
    fn from(occupant: &Occupant) -> Self {
        Self {
            deployment: occupant.deployment.clone(),
            priority: occupant.priority,
            cluster: occupant.cluster.as_str().to_owned(),
            pool: occupant.pool.as_str().to_owned(),
            replicas: occupant.replicas,
        }
    }
}
