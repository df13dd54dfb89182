//! Replicas at one place, and what was seen of them (L14).

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::time::Moment;

/// Replicas at a place, and the generation that started them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Site {
    /// Where, and how many.
    pub place: Place,
    /// The generation that they were started in.
    pub generation: u64,
    /// What was seen of them; where absent, all are as the deployment's status says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Since when its cluster is lost; what was seen of them counts again when it is back (W9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_since: Option<Moment>,
    /// Since when the nodes that they are on are gone (W9). Those at the same place on other nodes are a site of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_since: Option<Moment>,
}

impl Site {
    /// Replicas of a generation that nothing was seen of yet.
    #[must_use]
    pub fn new(place: Place, generation: u64) -> Self {
        Self { place, generation, seen: None, lost_since: None, gone_since: None }
    }

    /// Since when they are lost, with their cluster or with the nodes that they are on (W9).
    #[must_use]
    pub fn lost_at(&self) -> Option<Moment> {
        self.lost_since.into_iter().chain(self.gone_since).min()
    }

    /// Whether they are lost, with their cluster or with the nodes that they are on.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost_at().is_some()
    }

    /// Whether they are those of a place and generation that are on nodes which are there.
    pub(in crate::lifecycle) fn is_at(&self, place: &Place, generation: u64) -> bool {
        self.gone_since.is_none() && self.generation == generation && self.place.is_at(place)
    }
}

/// How the replicas at one place are. Those that are none of these are starting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Seen {
    /// The host's number of the last observation of this place; absent where none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Replicas that answer.
    pub ready: u32,
    /// Replicas that died, or that nobody can reach.
    pub lost: u32,
    /// Replicas that did not start.
    pub failed: u32,
}

impl Seen {
    /// The same of `replicas` replicas: what is told of more than these is not of them.
    #[must_use]
    pub fn of(self, replicas: u32) -> Self {
        let ready = self.ready.min(replicas);
        let lost = self.lost.min(replicas - ready);
        let failed = self.failed.min(replicas - ready - lost);
        Self { sequence: self.sequence, ready, lost, failed }
    }

    /// Replicas that are starting, of so many.
    pub(in crate::lifecycle) fn starting(self, replicas: u32) -> u32 {
        let Self { ready, lost, failed, .. } = self.of(replicas);
        replicas - ready - lost - failed
    }
}
