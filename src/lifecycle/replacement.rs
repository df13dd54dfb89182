//! A holder that is being replaced step by step: what is known of it, and where its requests go (R1, R3).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::placing::{Place, replicas};
use super::state::{Number, Slot, State};
use super::status::Status;
use crate::id::Name;
use crate::metrics::Summary;
use crate::rollout::{self, Group, Phase, Reason, Rollout};
use crate::time::Moment;

/// How a candidate takes over (L7).
///
/// ```
/// use siting::lifecycle::Takeover;
/// use siting::rollout::{Rolling, Settings, Strategy};
/// let rolling = Takeover::By(Settings::of(Strategy::Rolling(Rolling::default())));
/// assert_eq!(rolling.to_string(), "rolling +25% -25%");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Takeover {
    /// All at once, as soon as it is active.
    AtOnce,
    /// By a strategy.
    By(rollout::Settings),
}

impl fmt::Display for Takeover {
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
    /// Why no more replicas can be placed at the moment. Then none are asked for; what needs them waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_room: Option<String>,
}

/// A holder that is being replaced step by step. Part of a promotion.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replacement {
    /// Where it is.
    pub rollout: Rollout,
    /// Replicas that the candidate is to have in the end.
    pub desired: u32,
    /// Replicas that the holder had, and is to have again if it goes back.
    pub before: u32,
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
    /// Why it waits for room, if it does.
    pub waiting: Option<String>,
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

impl Replacement {
    /// Whether it is on its way back.
    #[must_use]
    pub fn goes_back(&self) -> bool {
        matches!(self.rollout.phase(), Phase::Reverting(_))
    }

    /// Why it goes or went back, in words.
    #[must_use]
    pub fn reason(&self, reason: Reason) -> String {
        let check = |place: usize| self.rollout.checks().get(place).map_or_else(String::new, ToString::to_string);
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

/// The sides of a replacement as they stand.
pub(super) struct Sides {
    /// The holder, if it can serve or come back.
    pub(super) old: Option<Number>,
    pub(super) candidate: Number,
    pub(super) groups: (Group, Group),
}

impl State {
    /// The environment in which a deployment is being replaced, or replaces another.
    pub(super) fn rollout_of(&self, number: Number) -> Option<&Name> {
        let takes_part = |slot: &Slot| match &slot.promotion {
            Some(promotion) if promotion.replacement.is_some() => {
                promotion.candidate == number || slot.holder == Some(number)
            }
            _ => false,
        };
        self.slots.iter().find(|(_, slot)| takes_part(slot)).map(|(environment, _)| environment)
    }

    /// Whether a deployment is being replaced step by step, or replaces another so.
    #[must_use]
    pub fn is_in_rollout(&self, number: Number) -> bool {
        self.rollout_of(number).is_some()
    }

    /// The replacement that a deployment is the candidate of.
    #[must_use]
    pub fn replacement_by(&self, candidate: Number) -> Option<&Replacement> {
        let environment = self.sought_by(candidate)?;
        self.slot(environment.as_str())?.promotion.as_ref()?.replacement.as_deref()
    }

    /// Both sides of an environment's replacement, as far as they take part.
    pub(super) fn sides(&self, slot: &Slot) -> Option<Sides> {
        let promotion = slot.promotion.as_ref()?;
        let replacement = promotion.replacement.as_ref()?;
        let holder = slot.holder.and_then(|holder| self.deployment(holder));
        let holder = holder.filter(|record| takes_part(record.status));
        let candidate = self.deployment(promotion.candidate).filter(|record| takes_part(record.status));
        let group = |replicas: u32, ready: u32| Group { replicas, available: ready.min(replicas) };
        let old = holder.map_or_else(Group::default, |record| group(record.running(), replacement.seen.0));
        let part = candidate.map_or(0, |_| replacement.part);
        let groups = (old, group(part, replacement.seen.1));
        Some(Sides { old: holder.map(|record| record.number), candidate: promotion.candidate, groups })
    }

    /// How an environment's requests are shared while its holder is replaced: percentages that sum to 100,
    /// or none where nobody is ready (R3). `None` where nothing is being replaced.
    pub(super) fn shares(&self, environment: &str) -> Option<Vec<(Number, u8)>> {
        let slot = self.slot(environment)?;
        let weight = slot.promotion.as_ref()?.replacement.as_ref()?.rollout.weight();
        let Sides { old, candidate, groups } = self.sides(slot)?;
        let old = old.filter(|_| groups.0.available > 0);
        let new = Some(candidate).filter(|_| groups.1.available > 0);
        let shares = match (old, new) {
            (Some(old), Some(new)) => vec![(old, 100 - weight.min(100)), (new, weight.min(100))],
            (Some(only), None) | (None, Some(only)) => vec![(only, 100)],
            (None, None) => Vec::new(),
        };
        Some(shares.into_iter().filter(|(_, percent)| *percent > 0).collect())
    }

    /// All places that deployments take, each with its deployment and generation: those of their replicas,
    /// and the room that is held for a candidate.
    pub(crate) fn taken(&self) -> impl Iterator<Item = (Number, u64, &Place)> {
        let sites = self
            .deployments()
            .flat_map(|record| record.sites.iter().map(move |site| (record.number, site.generation, &site.place)));
        let held = self.slots.values().filter_map(|slot| slot.promotion.as_ref()).flat_map(|promotion| {
            let generation = self.deployment(promotion.candidate).map_or(0, |record| record.generation);
            let spare = promotion.replacement.iter().flat_map(|replacement| &replacement.spare);
            spare.map(move |place| (promotion.candidate, generation, place))
        });
        sites.chain(held)
    }
}

/// Whether a deployment of this status has, or may get, replicas that answer.
pub(super) fn takes_part(status: Status) -> bool {
    status.is_starting() || status.serves() || status == Status::Unhealthy
}

/// The first so many replicas of some places, and the rest.
pub(super) fn split(places: &[Place], mut wanted: u32) -> (Vec<Place>, Vec<Place>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for place in places {
        let taken = wanted.min(place.replicas);
        wanted -= taken;
        let part = |replicas: u32| (replicas > 0).then(|| Place { replicas, ..place.clone() });
        first.extend(part(taken));
        rest.extend(part(place.replicas - taken));
    }
    debug_assert_eq!(replicas(&first) + replicas(&rest), replicas(places));
    (first, rest)
}
