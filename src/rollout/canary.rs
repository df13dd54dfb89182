//! The arithmetic of a canary: how many replicas of either side a weight means.
//!
//! Source of the algorithms: `utils/replicaset/canary.go` of Argo Rollouts. Quotients are compared
//! exactly, where the original passes through floating point.

use super::{Group, Slack};

/// Replicas of the two sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Of the old version.
    pub old: u32,
    /// Of the new.
    pub new: u32,
}

/// A part of a whole: `weight` of `most`, which is 100 unless the router counts finer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weight {
    /// The part.
    pub weight: u32,
    /// The whole; never 0.
    pub most: u32,
}

impl Weight {
    /// A percentage.
    #[must_use]
    pub fn percent(weight: u8) -> Self {
        Self { weight: weight.into(), most: 100 }
    }

    /// This part of `replicas`, rounded up.
    #[must_use]
    pub fn replicas(self, replicas: u32) -> u32 {
        let product = u64::from(self.weight) * u64::from(replicas);
        u32::try_from(product.div_ceil(u64::from(self.most.max(1)))).unwrap_or(u32::MAX)
    }

    /// Whether this part of `replicas` lies exactly between two whole numbers.
    fn is_tied(self, replicas: u32) -> bool {
        let most = u64::from(self.most.max(1));
        (u64::from(self.weight) * u64::from(replicas)) % most * 2 == most
    }

    /// How far `part` of `total` is from this weight, times `total`.
    fn distance(self, part: u32, total: u32) -> u128 {
        let actual = u128::from(part) * u128::from(self.most);
        actual.abs_diff(u128::from(self.weight) * u128::from(total))
    }
}

/// The split of `replicas` that is nearest to a weight. With a surge there may be one more in all; a part
/// that is neither nothing nor everything has at least one replica on either side, where there are two.
///
/// ```
/// use siting::rollout::canary::{self, Counts, Weight};
/// assert_eq!(canary::nearest_split(10, Weight::percent(15), false), Counts { new: 2, old: 8 });
/// assert_eq!(canary::nearest_split(10, Weight::percent(24), true), Counts { new: 3, old: 8 });
/// ```
#[must_use]
pub fn nearest_split(replicas: u32, weight: Weight, surge: bool) -> Counts {
    if replicas == 0 {
        return Counts { old: 0, new: 0 };
    }
    let up = weight.replicas(replicas);
    let down = u64::from(weight.weight) * u64::from(replicas) / u64::from(weight.most.max(1));
    let down = u32::try_from(down).unwrap_or(u32::MAX);
    let whole = weight.weight == 0 || weight.weight == weight.most || (replicas == 1 && !surge);
    let down_allowed = down != 0 || whole;
    let more = replicas.saturating_add(1);
    let options = [
        (up, replicas, up < replicas || whole),
        (down, replicas, !weight.is_tied(replicas) && down_allowed),
        (up, more, surge),
        (down, more, surge && !weight.is_tied(more) && down_allowed),
    ];
    let mut best: Option<(u32, u32)> = None;
    for (new, total, allowed) in options {
        // Distances over different totals, brought to one denominator.
        let nearer = |(other, of): (u32, u32)| {
            weight.distance(new, total) * u128::from(of) < weight.distance(other, of) * u128::from(total)
        };
        if allowed && best.is_none_or(nearer) {
            best = Some((new, total));
        }
    }
    best.map_or(Counts { old: replicas, new: 0 }, |(new, total)| Counts { old: total.saturating_sub(new), new })
}

/// The sides of a canary at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sides {
    /// The old version; `None` where there is none, and the new one takes everything.
    pub old: Option<Group>,
    /// The new version; `None` where it has not been made yet.
    pub new: Option<Group>,
    /// Replicas of still older versions. While there are any, neither side shrinks.
    pub older: u32,
}

/// The next sizes of both sides where replicas make the weight: the old side grows first, then the new, as
/// far as the surge lets them; the side to be drained shrinks as far as what is available lets it.
///
/// ```
/// use siting::rollout::canary::{self, Counts, Sides, Weight};
/// use siting::rollout::{Group, Slack};
///
/// let old = Some(Group { replicas: 10, available: 10 });
/// let sides = Sides { old, new: Some(Group::default()), older: 0 };
/// let slack = Slack { surge: 2, unavailable: 1 };
/// assert_eq!(canary::by_replicas(10, Weight::percent(50), slack, sides), Counts { old: 9, new: 2 });
/// ```
#[must_use]
pub fn by_replicas(desired: u32, weight: Weight, slack: Slack, sides: Sides) -> Counts {
    let slack = Slack { unavailable: slack.unavailable.min(desired), ..slack };
    let mut goal = nearest_split(desired, weight, slack.surge > 0);
    if sides.old.is_none() {
        goal = Counts { old: 0, new: desired };
    }
    let (old, new) = (sides.old.unwrap_or_default(), sides.new.unwrap_or_default());
    let most = desired.saturating_add(slack.surge);
    let total = old.replicas.saturating_add(new.replicas).saturating_add(sides.older);
    let mut room = most.saturating_sub(total);
    let mut counts = Counts { old: old.replicas, new: new.replicas };
    if sides.old.is_some() && old.replicas < goal.old {
        counts.old += room.min(goal.old - old.replicas);
        room -= counts.old - old.replicas;
    }
    if sides.new.is_some() && new.replicas < goal.new {
        counts.new += room.min(goal.new - new.replicas);
    }
    if sides.older > 0 {
        return counts;
    }
    let fewest = slack.fewest(desired);
    let grows = sides.new.is_none() || goal.new >= new.replicas;
    // Of the side that drains, its size counts, so that replicas that never come up do not hold it; of the
    // other, what is available.
    let counted = |group: Group, drains: bool| {
        if drains { group.replicas } else { group.available.min(group.replicas) }
    };
    let spare = counted(new, !grows).saturating_add(counted(old, grows)).saturating_sub(fewest);
    if spare == 0 {
        return counts;
    }
    let drained = |group: Group, goal: u32, size: u32| {
        if group.replicas > goal { goal.max(group.replicas.saturating_sub(spare)) } else { size }
    };
    if !grows {
        counts.new = drained(new, goal.new, counts.new);
        (counts.new, counts.old) = within(most, fewest, (new, counts.new), sides.old, counts.old);
    } else if sides.old.is_some() {
        counts.old = drained(old, goal.old, counts.old);
        (counts.old, counts.new) = within(most, fewest, (old, counts.old), sides.new, counts.new);
    }
    counts
}

/// Keeps both sizes within the surge together, without giving up what must stay available: the other side
/// pays first, and gets back what it had available as far as it is needed.
fn within(most: u32, fewest: u32, (drains, drained): (Group, u32), other: Option<Group>, size: u32) -> (u32, u32) {
    let Some(other) = other else { return (drained, size) };
    let over = |drained: u32, size: u32| drained.saturating_add(size).saturating_sub(most);
    let reduced = size.saturating_sub(over(drained, size));
    let available = drains.available.min(drained).saturating_add(other.available.min(reduced));
    let lost = other.available.saturating_sub(reduced);
    let size = reduced + lost.min(fewest.saturating_sub(available));
    (drained.saturating_sub(over(drained, size)), size)
}

/// A size of the new side that a step states for itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    /// So many replicas.
    Replicas(u32),
    /// As many as for another weight.
    Weight(u32),
}

/// What the sizes depend on where a router makes the weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Routed<'a> {
    /// A size that a step states.
    pub scale: Option<Scale>,
    /// The fewest replicas of a side that has any.
    pub fewest: Option<u32>,
    /// The weight of the new side as the router has it, where the old side shrinks as its traffic does;
    /// `None` leaves the old side at full size.
    pub shrinks_with: Option<u32>,
    /// Where the rollout goes back.
    pub aborted: Option<Aborted<'a>>,
}

/// What the sizes depend on when a rollout goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Aborted<'a> {
    /// How long the new side is kept: `None` is the default; zero seconds is for ever.
    pub delay_seconds: Option<u32>,
    /// The weights of the steps, ascending.
    pub steps: &'a [u32],
    /// The old side, and the new, where both are there.
    pub sides: Option<(Group, Group)>,
}

/// The sizes of both sides where a router makes the weight: the new side as large as its weight, the old
/// one in full, or as large as its own.
#[must_use]
pub fn routed(desired: u32, weight: Weight, routed: &Routed<'_>) -> Counts {
    let keeps = routed.aborted.is_none_or(|aborted| aborted.delay_seconds == Some(0));
    let scale = routed.scale.filter(|_| keeps);
    let part = |part: u32| Weight { weight: part, most: weight.most };
    let at_least = |count: u32| match (count, routed.fewest) {
        (0, _) | (_, None) => count,
        (count, Some(fewest)) => count.max(fewest.min(desired)),
    };
    let target = match (scale, routed.aborted) {
        (Some(Scale::Weight(other)), _) => other,
        (_, Some(aborted)) => aborted.next_weight(desired, weight.most, routed.shrinks_with.is_some()),
        (_, None) => weight.weight,
    };
    let new = match scale {
        Some(Scale::Replicas(count)) => count,
        _ => at_least(part(target).replicas(desired)),
    };
    let Some(actual) = routed.shrinks_with else { return Counts { old: desired, new } };
    let target = if matches!(scale, Some(Scale::Replicas(_))) { 0 } else { target };
    let remaining = |weight_of_new: u32| part(weight.most.saturating_sub(weight_of_new)).replicas(desired);
    let old = remaining(target).max(remaining(actual));
    let new = if routed.aborted.is_some() { new.max(part(actual).replicas(desired)) } else { new };
    Counts { old: at_least(old), new: at_least(new) }
}

impl Aborted<'_> {
    /// The weight to go back to: nothing, but where both sides change size, one step after the other.
    fn next_weight(&self, desired: u32, most: u32, by_steps: bool) -> u32 {
        let Some((old, new)) = self.sides.filter(|_| by_steps) else { return 0 };
        let expected = desired.saturating_sub(old.available);
        let present = if self.delay_seconds.is_some() { expected } else { expected.max(new.available) };
        let lower = |step: &&u32| Weight { weight: **step, most }.replicas(desired) < present;
        self.steps.iter().rev().find(lower).copied().unwrap_or(0)
    }
}
