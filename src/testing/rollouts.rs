//! Rollouts: the strategies and checks that are asked for, where one is under way, and what it says.
//!
//! What can be written down is drawn as documents can say it: in whole seconds, with something to judge by.

use std::time::Duration;

use super::choices::{Choices, Draw};
use super::values::{span, valid, words};
use crate::metrics::{Metric, Summary};
use crate::quantity::Milli;
use crate::rollout::canary::{Counts, Scale, Sides, Weight};
use crate::rollout::{
    Action, BlueGreen, Canary, Check, Group, Observation, Outcome, Pause, Peak, Phase, Reason, Rolling, Rollout,
    Settings, Slack, Span, Standing, Step, Strategy, Tally, Threshold, Traffic, Verdict, WhenIdle,
};
use crate::time::Moment;

words! { Verdict: Successful Running Pending Inconclusive Error Failed; }

impl Draw for Settings {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let strategy = Strategy::draw(choices);
        let checks = choices.several(0, 2, Check::draw);
        let deadline = seconds(choices, 1, 3600);
        let when_idle = WhenIdle::draw(choices);
        Self { strategy, checks, deadline, when_idle }
    }
}

fn seconds(choices: &mut Choices<'_>, least: u32, most: u32) -> Duration {
    Duration::from_secs(choices.between(least, most).into())
}

impl Draw for Strategy {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::Rolling(Rolling::draw(choices)),
            1 => Self::BlueGreen(BlueGreen::draw(choices)),
            _ => Self::Canary(Canary::draw(choices)),
        }
    }
}

impl Draw for Span {
    fn draw(choices: &mut Choices<'_>) -> Self {
        if choices.chance(50) { Self::Count(choices.below(6)) } else { Self::Percent(choices.below(101)) }
    }
}

impl Draw for Rolling {
    /// Spans of which one lets something move.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (surge, unavailable) = (Span::draw(choices), Span::draw(choices));
        let nothing = |span: Span| matches!(span, Span::Count(0) | Span::Percent(0));
        Self { surge: if nothing(surge) && nothing(unavailable) { Span::Count(1) } else { surge }, unavailable }
    }
}

impl Draw for BlueGreen {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { bake: seconds(choices, 0, 3600), rollback_window: seconds(choices, 0, 86_400) }
    }
}

impl Draw for Canary {
    /// Steps of ascending weights.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let mut steps = choices.several(1, 5, Step::draw);
        steps.sort_unstable_by_key(|step| step.weight);
        steps.dedup_by_key(|step| step.weight);
        let traffic = Traffic::draw(choices);
        valid(choices, |_| Self::new(steps.clone(), traffic).ok())
    }
}

impl Draw for Traffic {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(2) {
            0 => Self::ByReplicas(Rolling::draw(choices)),
            _ => Self::Routed { fewest: choices.maybe(30, |choices| choices.between(1, 3)) },
        }
    }
}

impl Draw for Step {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let weight = u8::try_from(choices.between(1, 100)).unwrap_or(100);
        let usual = Self::of(weight);
        Self {
            soak: choices.maybe(30, |choices| seconds(choices, 0, 600)).unwrap_or(usual.soak),
            requests: choices.maybe(30, |choices| choices.up_to(1000)).unwrap_or(usual.requests),
            ..usual
        }
    }
}

impl Draw for Threshold {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let value = Milli::thousandths(choices.up_to(1_000_000));
        choices.one_of(Self::AtMost(value), [Self::Below(value), Self::AtLeast(value), Self::Above(value)])
    }
}

impl Draw for Check {
    /// A check with a threshold for success, for failure or for both.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (success, failure) = (Threshold::draw(choices), choices.maybe(30, Threshold::draw));
        Self {
            metric: Metric::draw(choices),
            success: if failure.is_some() && choices.chance(50) { None } else { Some(success) },
            failure,
            min_requests: choices.up_to(1000),
            interval: seconds(choices, 1, 300),
            initial_delay: seconds(choices, 0, 60),
            count: choices.maybe(30, |choices| choices.between(1, 10)),
            failure_limit: choices.maybe(90, |choices| choices.below(3)),
            inconclusive_limit: choices.below(5),
            error_limit: choices.below(5),
            successes: choices.maybe(20, |choices| choices.between(1, 5)),
        }
    }
}

impl Draw for Group {
    /// Replicas of which some are available.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let replicas = choices.below(20);
        Self { replicas, available: choices.below(replicas + 1) }
    }
}

impl Draw for Rollout {
    /// A rollout that has seen a few things, and was told a few.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let mut now = Moment::from_millis(choices.up_to(1 << 32));
        let (mut rollout, desired) = (Self::of(Settings::draw(choices), now), choices.between(1, 10));
        choices.several(0, 8, |choices| {
            now = now.after(span(choices, 900_000));
            // A refused command leaves it as it is.
            let _ = match choices.below(12) {
                0 => rollout.pause(),
                1 | 2 => rollout.resume(now),
                3 => rollout.force_forward(now),
                4 if choices.chance(30) => rollout.cancel(now),
                5 if choices.chance(30) => rollout.fail(now),
                _ => Ok(()),
            };
            let (summary, mut group) = (choices.maybe(70, Summary::draw), || Group::draw(choices));
            let (old, new) = (group(), group());
            let requests = choices.up_to(10_000);
            rollout.step(now, &Observation { desired, most: desired, old, new, summary: summary.as_ref(), requests });
        });
        rollout
    }
}

/// A check, and what it has measured of a few summaries.
fn measured(choices: &mut Choices<'_>) -> (Check, Tally) {
    let (check, mut now) = (Check::draw(choices), Moment::from_millis(choices.up_to(1 << 32)));
    let mut tally = Tally::beginning(now);
    for (passed, summary) in choices.several(0, 5, |choices| (choices.between(0, 600), Summary::draw(choices))) {
        now = now.after(Duration::from_secs(passed.into()));
        tally.measure(&check, now, &summary);
    }
    (check, tally)
}

impl Draw for Tally {
    fn draw(choices: &mut Choices<'_>) -> Self {
        measured(choices).1
    }
}

impl Draw for Standing {
    /// What a few checks come to.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (checks, tallies): (Vec<_>, Vec<_>) = choices.several(0, 3, measured).into_iter().unzip();
        Self::of(&checks, &tallies)
    }
}

impl Draw for Phase {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(4) {
            0 => Self::Advancing,
            1 => Self::Switched,
            2 => Self::Reverting(Reason::draw(choices)),
            _ => Self::Done(Outcome::draw(choices)),
        }
    }
}

impl Draw for Outcome {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(2) {
            0 => Self::Completed,
            _ => Self::RolledBack(Reason::draw(choices)),
        }
    }
}

impl Draw for Reason {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(5) {
            0 => Self::ByHand,
            1 => Self::Cancelled,
            2 => Self::Failed,
            3 => Self::Deadline,
            _ => Self::Check(place(choices), choices.one_of(Verdict::Failed, [Verdict::Error])),
        }
    }
}

impl Draw for Pause {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(2) {
            0 => Self::ByHand,
            _ => Self::Inconclusive(place(choices)),
        }
    }
}

/// The place of a check among a few.
fn place(choices: &mut Choices<'_>) -> usize {
    choices.one_of(0, [1, 2])
}

impl Draw for WhenIdle {
    fn draw(choices: &mut Choices<'_>) -> Self {
        if choices.chance(80) { Self::Wait } else { Self::Proceed }
    }
}

impl Draw for Action {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(7) {
            0 => Self::ScaleNew(choices.below(20)),
            1 => Self::ScaleOld(choices.below(20)),
            2 => Self::Route(percent(choices)),
            3 => Self::Paused(Pause::draw(choices)),
            4 => Self::Reverting(Reason::draw(choices)),
            5 => Self::Idle(Draw::draw(choices)),
            _ => Self::Done(Outcome::draw(choices)),
        }
    }
}

fn percent(choices: &mut Choices<'_>) -> u8 {
    u8::try_from(choices.below(101)).unwrap_or(0)
}

impl Draw for Slack {
    /// The slack of a rolling update.
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::of(Span::draw(choices), Span::draw(choices), choices.below(20))
    }
}

impl Draw for Peak {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Strategy::draw(choices).peak(choices.below(20))
    }
}

impl Draw for Weight {
    /// Mostly a percentage.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let most = choices.one_of(100, [100, 1000, 7, 1]);
        Self { weight: choices.below(most + 1), most }
    }
}

impl Draw for Scale {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(2) {
            0 => Self::Replicas(choices.below(20)),
            _ => Self::Weight(choices.below(101)),
        }
    }
}

impl Draw for Counts {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { old: choices.below(20), new: choices.below(20) }
    }
}

impl Draw for Sides {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self {
            old: choices.maybe(80, Group::draw),
            new: choices.maybe(80, Group::draw),
            older: choices.maybe(20, |choices| choices.below(5)).unwrap_or(0),
        }
    }
}
