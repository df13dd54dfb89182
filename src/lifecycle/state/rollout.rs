//! How far a rollout to an environment is, how it ended, and what a host sees of it (R1).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::deployment::Number;
use super::place::Place;
use crate::metrics::Summary;
use crate::rollout::{self, Phase, Reason, Rollout};
use crate::time::Moment;

/// How a candidate takes over (L7).
///
/// ```
/// use siting::lifecycle::PromotionStrategy;
/// use siting::rollout::{Rolling, Settings, Strategy};
/// let rolling = PromotionStrategy::By(Settings::of(Strategy::Rolling(Rolling::default())));
/// assert_eq!(rolling.to_string(), "rolling +25% -25%");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PromotionStrategy {
    /// All at once, as soon as it is active.
    AtOnce,
    /// By a strategy.
    By(rollout::Settings),
}

impl fmt::Display for PromotionStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => f.write_str("at once"),
            Self::By(settings) => settings.fmt(f),
        }
    }
}

/// What a host sees of a candidate that is taking over and of the holder that it replaces.
///
/// Sent whenever it changes, and every few seconds: soaks, bakes, checks and deadlines go by it.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Sight {
    /// Ready replicas of the holder, of those that were asked for.
    pub old: u32,
    /// Ready replicas of the candidate.
    pub new: u32,
    /// Requests that the candidate has answered since it exists.
    pub requests: u64,
    /// What was measured of the candidate; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Places of the candidate where it may not run any more (L18): what is ready there is not counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<Place>,
    /// Why no more replicas can be placed at the moment. Then none are asked for; what needs them waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_room: Option<String>,
}

/// A holder that is being replaced step by step. Part of a promotion.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RolloutState {
    /// Where it is.
    #[serde(alias = "rollout")]
    pub progress: Rollout,
    /// Replicas that the environment is to have, both sides together: the holder's number, as its load and
    /// edits change it. The holder has them again if it goes back (L15).
    #[serde(alias = "before")]
    pub size: u32,
    /// Whether the holder slept when it began: once it is awake, the size is its number.
    #[serde(default)]
    pub holder_slept: bool,
    /// Replicas that the candidate's own load asked for.
    #[serde(default)]
    pub by_load: u32,
    /// Replicas that the candidate keeps in any case: those it had before, where it was not made for this.
    pub keeps: u32,
    /// Replicas of the candidate that take part.
    pub part: u32,
    /// Room that is held for the candidate and not used yet.
    pub spare: Vec<Place>,
    /// Ready replicas of the holder and of the candidate, as last seen.
    pub seen: (u32, u32),
    /// Requests that the candidate has answered, as last seen.
    pub requests: u64,
    /// Places of the candidate where it may not run, as last seen: what is ready there answers nothing (L18).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<Place>,
    /// Why it waits for room, if it does.
    pub waiting: Option<String>,
    /// What 0.1.0 wrote of the candidate's number, which follows from the size by now.
    #[serde(default, rename = "desired", skip_serializing)]
    pub(in crate::lifecycle) former: Former,
}

/// A field of an earlier version that is read and says nothing any more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(in crate::lifecycle) struct Former;

impl<'de> Deserialize<'de> for Former {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(|_| Self)
    }
}

/// A promotion that went back, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollback {
    /// Who was to hold the environment.
    pub candidate: Number,
    /// Why it does not.
    pub reason: String,
    /// When it was over.
    pub at: Moment,
}

impl RolloutState {
    /// Whether replicas make the weights, so that both sides have one size together.
    #[must_use]
    pub fn is_by_replicas(&self) -> bool {
        match self.progress.strategy() {
            rollout::Strategy::Rolling(_) => true,
            rollout::Strategy::Canary(canary) => matches!(canary.traffic, rollout::Traffic::ByReplicas(_)),
            rollout::Strategy::BlueGreen(_) => false,
        }
    }

    /// Replicas that the candidate keeps whatever the strategy wants. Where replicas make the weights of a
    /// canary, that is one of those it had: the others would have more than their part of the requests.
    pub(in crate::lifecycle) fn keeps_now(&self) -> u32 {
        match self.progress.strategy() {
            rollout::Strategy::Canary(_) if self.is_by_replicas() => self.keeps.min(1),
            _ => self.keeps.max(self.by_load),
        }
    }

    /// Whether it is on its way back.
    #[must_use]
    pub fn goes_back(&self) -> bool {
        matches!(self.progress.phase(), Phase::Reverting(_))
    }

    /// Why it goes or went back, in words.
    #[must_use]
    pub fn reason(&self, reason: Reason) -> String {
        let check = |place: usize| self.progress.checks().get(place).map_or_else(String::new, ToString::to_string);
        match reason {
            Reason::Check(place, rollout::Verdict::Error) => {
                format!("check {} could not be made: {}", place + 1, check(place))
            }
            Reason::Check(place, _) => format!("check {} failed: {}", place + 1, check(place)),
            Reason::Deadline => "nothing moved before the progress deadline".to_owned(),
            Reason::Failed => "the new version failed".to_owned(),
            Reason::Cancelled => "it was cancelled".to_owned(),
            Reason::ByHand => "it was rolled back by hand".to_owned(),
        }
    }
}
