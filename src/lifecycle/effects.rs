//! What a host has to do after a transition.

use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::lifecycle::commands::Field;
use crate::lifecycle::state::{Number, Place};
use crate::rollout::WhenIdle;
use crate::time::Moment;

/// Something for the host to do, in the order given. Observations that answer it name its generation,
/// so that late ones are told from those that count (L8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Effect {
    /// Lead calls of an endpoint to a deployment.
    Route {
        /// The endpoint.
        endpoint: Endpoint,
        /// Where it leads from now on.
        deployment: Number,
    },
    /// Share the calls of an endpoint between deployments.
    Split {
        /// The endpoint.
        endpoint: Endpoint,
        /// Each deployment's part: percentages that sum to 100. A client stays with the one it has, while
        /// that has a part.
        shares: Vec<Weight>,
    },
    /// Lead calls of an endpoint nowhere.
    Unroute {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// Build an image, and say `built` or `failed`.
    Build {
        /// The deployment.
        deployment: Number,
        /// Its generation.
        generation: u64,
    },
    /// Stop building.
    StopBuild {
        /// The deployment.
        deployment: Number,
    },
    /// Start replicas, and say `ready` or `failed`.
    Start {
        /// The deployment.
        deployment: Number,
        /// Its generation.
        generation: u64,
        /// Where, and how many.
        places: Vec<Place>,
    },
    /// Stop replicas; say `drained` when they are gone.
    Stop {
        /// The deployment.
        deployment: Number,
        /// Its generation.
        generation: u64,
        /// The generation that these were started in, where others may run at the same places.
        started: u64,
        /// Where, and how many.
        places: Vec<Place>,
    },
    /// Patch the running server, and say `ready` or `failed`.
    Patch {
        /// The deployment.
        deployment: Number,
        /// Its generation.
        generation: u64,
    },
    /// Take over settings without a restart.
    Configure {
        /// The deployment.
        deployment: Number,
        /// The fields that changed.
        fields: Vec<Field>,
    },
    /// Say `timer-fired` at this moment.
    Timer {
        /// When.
        at: Moment,
        /// The deployment.
        deployment: Number,
        /// Its generation.
        generation: u64,
    },
    /// Tell people.
    Notify(Notice),
}

/// A deployment's part of the calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// The deployment.
    pub deployment: Number,
    /// Percent of the calls, from 1.
    pub percent: u8,
}

/// A way in from outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Endpoint {
    /// The workload's own.
    Workload,
    /// The draft's.
    Draft,
    /// An environment's.
    Environment(Name),
    /// A deployment's, by its id.
    Deployment(Number),
}

/// News that people may want.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Notice {
    /// A promotion began.
    PromotionStarted {
        /// The environment.
        environment: Name,
        /// The candidate.
        candidate: Number,
    },
    /// A rollout stands still until it is resumed.
    RolloutPaused {
        /// The environment.
        environment: Name,
        /// Why.
        reason: String,
    },
    /// A rollout needs replicas for which there is no place at the moment.
    RolloutWaits {
        /// The deployment that waits.
        deployment: Number,
        /// Why.
        reason: String,
    },
    /// No request came to judge a candidate by: its rollout waits for some, or goes on without (L17).
    RolloutIdle {
        /// The environment.
        environment: Name,
        /// The candidate.
        candidate: Number,
        /// Which of both.
        when_idle: WhenIdle,
    },
    /// A promotion begins after which the environment has fewer replicas than its holder has now: the candidate
    /// states so many, or may have no more (L15).
    FewerReplicas {
        /// The environment.
        environment: Name,
        /// The candidate.
        candidate: Number,
        /// Its replicas in the end.
        replicas: u32,
        /// Those of the holder.
        holders: u32,
    },
    /// A rollout goes back: the holder gets its replicas and requests again.
    RollingBack {
        /// The environment.
        environment: Name,
        /// The candidate.
        candidate: Number,
        /// Why.
        reason: String,
    },
    /// An environment has a new holder.
    Promoted {
        /// The environment.
        environment: Name,
        /// Its holder.
        holder: Number,
        /// The one that it replaced.
        previous: Option<Number>,
    },
    /// A promotion ended with the holder as it was.
    PromotionEnded {
        /// The environment.
        environment: Name,
        /// The candidate.
        candidate: Number,
        /// Why.
        reason: String,
    },
    /// A deployment failed.
    Failed {
        /// The deployment.
        deployment: Number,
    },
    /// A deployment is gone.
    Deleted {
        /// The deployment.
        deployment: Number,
        /// Its name, which is free again.
        name: Name,
    },
}
