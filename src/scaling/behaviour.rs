//! How fast a number of replicas may change: stabilisation and rate limits.
//!
//! Source of the algorithms: `stabilizeRecommendationWithBehaviors` and
//! `convertDesiredReplicasWithBehaviorRate` of Kubernetes' `pkg/controller/podautoscaler`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Bounds;
use crate::time::Moment;

/// The rules for both directions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Behaviour {
    /// For more replicas.
    pub up: Rules,
    /// For fewer.
    pub down: Rules,
}

/// How fast a number may change in one direction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// How long back proposals are looked at: the number follows the most cautious of them.
    pub window: Duration,
    /// Which of the limits holds.
    pub select: Select,
    /// The limits; without any, there is none.
    pub limits: Vec<Limit>,
}

/// Which of several limits holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Select {
    /// The one that allows the largest change.
    Max,
    /// The one that allows the smallest change.
    Min,
    /// None: the number does not change in this direction.
    Disabled,
}

/// The most that a number may change within a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// By how much.
    pub amount: Amount,
    /// Within how long.
    pub period: Duration,
}

/// A change of a number of replicas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// So many replicas.
    Replicas(u32),
    /// Percent of the number at the start of the period; the new number is rounded in favour of the
    /// change, as Kubernetes does.
    Percent(u32),
    /// Percent of the number at the start of the period, the change itself rounded down, and at least
    /// one.
    WholeShare(u32),
}

impl Default for Behaviour {
    /// Kubernetes' defaults: up at once by the larger of four replicas and all again in 15 s; down by
    /// anything that five minutes of proposals agree on.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let limit = |amount| Limit { amount, period: seconds(15) };
        let up = vec![limit(Amount::Replicas(4)), limit(Amount::Percent(100))];
        Self {
            up: Rules { window: Duration::ZERO, select: Select::Max, limits: up },
            down: Rules { window: seconds(300), select: Select::Max, limits: vec![limit(Amount::Percent(100))] },
        }
    }
}

impl Behaviour {
    /// Every change at once.
    #[must_use]
    pub fn immediate() -> Self {
        let rules = Rules { window: Duration::ZERO, select: Select::Max, limits: Vec::new() };
        Self { up: rules.clone(), down: rules }
    }
}

impl Rules {
    /// The longest period of any limit.
    #[must_use]
    pub fn longest_period(&self) -> Duration {
        self.limits.iter().map(|limit| limit.period).max().unwrap_or_default()
    }
}

/// The recent proposals, before any rule.
///
/// ```
/// use std::time::Duration;
/// use siting::scaling::behaviour::{Behaviour, Proposals};
/// use siting::time::Moment;
///
/// let mut proposals = Proposals::default();
/// let behaviour = Behaviour::default();
/// let at = |seconds: u64| Moment::from_millis(seconds * 1000);
/// assert_eq!(proposals.stabilise(at(0), 10, 10, &behaviour), 10);
/// assert_eq!(proposals.stabilise(at(60), 10, 3, &behaviour), 10); // ten was proposed within 300 s
/// assert_eq!(proposals.stabilise(at(301), 10, 3, &behaviour), 3);
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Proposals(Vec<(u32, Moment)>);

impl Proposals {
    /// These proposals, each with its moment.
    #[must_use]
    pub fn of(proposals: Vec<(u32, Moment)>) -> Self {
        Self(proposals)
    }

    /// The proposals kept, each with its moment, in no particular order.
    #[must_use]
    pub fn kept(&self) -> &[(u32, Moment)] {
        &self.0
    }

    /// Notes a number that was set by somebody else, by a start or a wake.
    pub(super) fn set(&mut self, now: Moment, replicas: u32) {
        self.0.push((replicas, now));
    }

    /// Whether nothing was proposed yet.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number between the most cautious proposals of both windows that is nearest to `current`;
    /// keeps `proposed`.
    pub fn stabilise(&mut self, now: Moment, current: u32, proposed: u32, behaviour: &Behaviour) -> u32 {
        let (mut up, mut down, mut reusable) = (proposed, proposed, None);
        for (index, &(value, at)) in self.0.iter().enumerate() {
            let age = now.since(at);
            if age < behaviour.up.window {
                up = up.min(value);
            }
            if age < behaviour.down.window {
                down = down.max(value);
            }
            if age > behaviour.up.window && age > behaviour.down.window {
                reusable = Some(index);
            }
        }
        match reusable.and_then(|index| self.0.get_mut(index)) {
            Some(old) => *old = (proposed, now),
            None => self.0.push((proposed, now)),
        }
        current.max(up).min(down)
    }
}

/// The recent changes in one direction.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Changes(Vec<Change>);

/// A change of the number of replicas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// By how many.
    pub by: u32,
    /// When.
    pub at: Moment,
    /// Whether it is older than every period: its place is taken by the next.
    pub outdated: bool,
}

impl Changes {
    /// These changes, each with its moment.
    #[must_use]
    pub fn of(changes: impl IntoIterator<Item = (u32, Moment)>) -> Self {
        Self(changes.into_iter().map(|(by, at)| Change { by, at, outdated: false }).collect())
    }

    /// The changes kept.
    #[must_use]
    pub fn kept(&self) -> &[Change] {
        &self.0
    }

    /// The sum of the changes that are younger than `period`.
    #[must_use]
    pub fn within(&self, now: Moment, period: Duration) -> u32 {
        let recent = self.0.iter().filter(|change| now.since(change.at) < period);
        recent.fold(0, |sum, change| sum.saturating_add(change.by))
    }

    /// Keeps a change, in the place of the last that no rule needs any more.
    pub fn store(&mut self, now: Moment, by: u32, rules: &Rules) {
        let longest = rules.longest_period();
        let mut reusable = None;
        for (index, change) in self.0.iter_mut().enumerate() {
            change.outdated |= now.since(change.at) > longest;
            if change.outdated {
                reusable = Some(index);
            }
        }
        let change = Change { by, at: now, outdated: false };
        match reusable.and_then(|index| self.0.get_mut(index)) {
            Some(old) => *old = change,
            None => self.0.push(change),
        }
    }
}

/// What held a number back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Held {
    /// Nothing.
    DesiredWithinRange,
    /// The fewest allowed.
    TooFewReplicas,
    /// The most allowed.
    TooManyReplicas,
    /// A limit on growing.
    ScaleUpLimit,
    /// A limit on shrinking.
    ScaleDownLimit,
}

/// The number nearest to `desired` that the limits and bounds allow from `current`, and what held it
/// back. A bound counts in the direction of the change only; the direction's other bound, and a
/// `desired` equal to `current`, are left as they are.
#[must_use]
pub fn limit(
    now: Moment,
    current: u32,
    desired: u32,
    bounds: Bounds,
    behaviour: &Behaviour,
    ups: &Changes,
    downs: &Changes,
) -> (u32, Held) {
    // The number at the start of a period; changes by hand can make it negative.
    let start = |period: Duration| {
        i64::from(current) - i64::from(ups.within(now, period)) + i64::from(downs.within(now, period))
    };
    if desired > current {
        let most = allowed(&behaviour.up, current, i64::max, i64::min, |limit| match limit.amount {
            Amount::Replicas(number) => start(limit.period) + i64::from(number),
            Amount::Percent(percent) => {
                let scaled = i128::from(start(limit.period)) * (100 + i128::from(percent));
                i64::try_from(-(-scaled).div_euclid(100)).unwrap_or(i64::MAX)
            }
            Amount::WholeShare(percent) => start(limit.period) + share(start(limit.period), percent),
        });
        let most = most.map_or(u32::MAX, |most| most.max(current));
        let (most, held) =
            if bounds.max() > most { (most, Held::ScaleUpLimit) } else { (bounds.max(), Held::TooManyReplicas) };
        if desired > most {
            return (most, held);
        }
    } else if desired < current {
        let fewest = allowed(&behaviour.down, current, i64::min, i64::max, |limit| match limit.amount {
            Amount::Replicas(number) => start(limit.period) - i64::from(number),
            Amount::Percent(percent) => {
                let scaled = i128::from(start(limit.period)) * (100 - i128::from(percent));
                i64::try_from(scaled / 100).unwrap_or(i64::MIN)
            }
            Amount::WholeShare(percent) => start(limit.period) - share(start(limit.period), percent),
        });
        let fewest = fewest.map_or(0, |fewest| fewest.min(current));
        let (fewest, held) =
            if bounds.min() < fewest { (fewest, Held::ScaleDownLimit) } else { (bounds.min(), Held::TooFewReplicas) };
        if desired < fewest {
            return (fewest, held);
        }
    }
    (desired, Held::DesiredWithinRange)
}

/// How far the selected limit lets the number go, where `farther` picks of two numbers the one that is
/// farther in the direction of the change; `None` where there are no limits.
fn allowed(
    rules: &Rules,
    current: u32,
    farther: fn(i64, i64) -> i64,
    nearer: fn(i64, i64) -> i64,
    reach: impl Fn(&Limit) -> i64,
) -> Option<u32> {
    let reached = rules.limits.iter().map(reach);
    let reached = match rules.select {
        Select::Disabled => return Some(current),
        Select::Max => reached.reduce(farther),
        Select::Min => reached.reduce(nearer),
    };
    reached.map(|reached| u32::try_from(reached.max(0)).unwrap_or(u32::MAX))
}

fn share(start: i64, percent: u32) -> i64 {
    (start.max(0).saturating_mul(i64::from(percent)) / 100).max(1)
}
