//! Who holds an environment, who did before, and the promotion under way (E3, L7).

use serde::{Deserialize, Serialize};

use super::deployment::Number;
use super::rollout::{Rollback, RolloutState};
use crate::policy::OnReplaced;
use crate::rollout;
use crate::time::Moment;

/// Who holds an environment, who did before, and who is to (E3).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Slot {
    /// The holder: the environment's endpoint leads to it.
    pub holder: Option<Number>,
    /// The holder before, while it is live.
    pub previous: Option<Number>,
    /// The promotion under way.
    pub promotion: Option<Promotion>,
    /// The last promotion by a strategy, if it went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<Rollback>,
}

/// A promotion under way (L7).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Promotion {
    /// Who is to hold the environment.
    pub candidate: Number,
    /// Whether it was made for this: it is stopped if nothing comes of it.
    pub copy: bool,
    /// Whether its size settings are the holder's, so that edits of those reach it (L15).
    #[serde(default)]
    pub inherits: bool,
    /// Whether it is given more replicas before it takes over at once (L15).
    #[serde(default)]
    pub grows: bool,
    /// What becomes of the present holder.
    pub on_replaced: OnReplaced,
    /// When it began.
    pub since: Moment,
    /// How it is to replace the holder; at once, where absent (L7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Box<rollout::Settings>>,
    /// How far that is, once it has begun.
    #[serde(default, alias = "replacement", skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Box<RolloutState>>,
}
