//! Autoscalers: their settings, what they remember, and what they are shown.

use super::choices::{Choices, Draw};
use super::values::{span, valid, words};
use crate::metrics::MetricSpec;
use crate::scaling::behaviour::{Behaviour, Change, Changes, Held, Proposals};
use crate::scaling::hpa::{Initialisation, NoFigure, Proposal, Standing, Tolerance};
use crate::scaling::settings::{Baseten, Reading};
use crate::scaling::zero::Activity;
use crate::scaling::{Autoscaler, Bounds, Decision, NoProposal, Observed, State, kpa, zero};
use crate::time::Moment;

words! {
    Held: DesiredWithinRange TooFewReplicas TooManyReplicas ScaleUpLimit ScaleDownLimit;
    zero::LastReplica: NotEnabled Starting RecentlyActive Retention NoBuffer Grace;
    NoFigure: NoReplicas NoSamples NoneMatched NoRequest OtherFigures;
    Standing: Ready Unready Missing Ignored;
}

impl Draw for Autoscaler {
    /// One that goes by metrics, by requests or by both.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (bounds, metrics) = (Bounds::draw(choices), choices.several(0, 2, MetricSpec::draw));
        let needed = if metrics.is_empty() { 100 } else { 30 };
        Self {
            tolerance: Tolerance::draw(choices),
            initialisation: Initialisation::draw(choices),
            requests: choices.maybe(needed, kpa::Settings::draw),
            behaviour: Behaviour::draw(choices),
            zero: zero::Settings::draw(choices),
            ..Self::by_metrics(bounds, metrics)
        }
    }
}

impl Draw for Initialisation {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { cpu: span(choices, 600_000), readiness: span(choices, 60_000) }
    }
}

/// What an autoscaler is shown at some moments, one after the other, and what it decides then.
fn lived(choices: &mut Choices<'_>) -> (State, Option<Decision>) {
    let (autoscaler, mut state) = (Autoscaler::draw(choices), State::default());
    let (mut now, mut current, mut last) = (Moment::from_millis(choices.up_to(1 << 32)), choices.below(5), None);
    for (passed, requests, waiting) in choices
        .several(1, 6, |choices| (span(choices, 600_000), choices.maybe(80, kpa::Seen::draw), choices.chance(30)))
    {
        let observed = Observed { current, ready: current, requests, waiting, ..Observed::default() };
        let decision = autoscaler.decide(&mut state, now, &observed);
        (now, current, last) = (now.after(passed), decision.replicas, Some(decision));
    }
    (state, last)
}

impl Draw for State {
    /// What an autoscaler remembers of a few decisions.
    fn draw(choices: &mut Choices<'_>) -> Self {
        lived(choices).0
    }
}

impl Draw for Decision {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| lived(choices).1)
    }
}

impl Draw for NoProposal {
    fn draw(choices: &mut Choices<'_>) -> Self {
        match choices.below(3) {
            0 => Self::NoRequests,
            1 => Self::AtZero,
            _ => Self::NoFigure(NoFigure::draw(choices)),
        }
    }
}

impl Draw for Proposal {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { replicas: choices.below(50), measured: choices.up_to(1_000_000) }
    }
}

impl Draw for Proposals {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::of(choices.several(0, 5, |choices| (choices.below(50), recent(choices))))
    }
}

impl Draw for Changes {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self::of(choices.several(0, 5, |choices| (choices.between(1, 20), recent(choices))))
    }
}

impl Draw for Change {
    fn draw(choices: &mut Choices<'_>) -> Self {
        Self { by: choices.between(1, 20), at: recent(choices), outdated: choices.chance(20) }
    }
}

/// A moment of one hour.
fn recent(choices: &mut Choices<'_>) -> Moment {
    Moment::default().after(span(choices, 3_600_000))
}

impl Draw for kpa::State {
    /// The state after a few decisions.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let (settings, mut now) = (kpa::Settings::draw(choices), recent(choices));
        let mut state = Self::beginning(now, choices.below(5));
        for (passed, seen) in choices.several(0, 5, |choices| (span(choices, 120_000), kpa::Seen::draw(choices))) {
            kpa::tick(&settings, &mut state, now, &seen);
            now = now.after(passed);
        }
        state
    }
}

impl Draw for kpa::Seen {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let mut figure = || f64::from(choices.below(20_000)) / 16.0;
        let (stable, panic) = (figure(), figure());
        Self { ready: choices.below(20), stable, panic, reachable: !choices.chance(15) }
    }
}

impl Draw for kpa::Wanted {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| {
            let (settings, mut state) = (kpa::Settings::draw(choices), kpa::State::draw(choices));
            kpa::tick(&settings, &mut state, recent(choices), &kpa::Seen::draw(choices))
        })
    }
}

impl Draw for Activity {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let since = recent(choices);
        choices.one_of(Self::Asleep, [Self::Activating(since), Self::Active(since), Self::Idle(since)])
    }
}

impl Draw for zero::Seen {
    fn draw(choices: &mut Choices<'_>) -> Self {
        let current = choices.below(5);
        Self { current, ready: choices.below(current + 1), buffered_since: choices.maybe(50, recent) }
    }
}

impl Draw for Baseten {
    /// Settings within their ranges.
    fn draw(choices: &mut Choices<'_>) -> Self {
        let min = choices.below(4);
        Self {
            min_replica: choices.maybe(50, |_| min),
            // The usual most is 1, which may be too few.
            max_replica: choices.maybe(if min > 1 { 100 } else { 50 }, |choices| min.max(1) + choices.below(10)),
            autoscaling_window: choices.maybe(40, |choices| choices.between(10, 3600)),
            scale_down_delay: choices.maybe(40, |choices| choices.between(0, 3600)),
            concurrency_target: choices.maybe(40, |choices| choices.between(1, 100)),
            target_utilization_percentage: choices.maybe(40, |choices| choices.between(1, 100)),
            target_in_flight_tokens: choices.maybe(10, |choices| choices.between(1, 10_000)),
            max_scale_down_rate: choices.maybe(30, |choices| choices.between(1, 50)),
        }
    }
}

impl Draw for Reading {
    fn draw(choices: &mut Choices<'_>) -> Self {
        valid(choices, |choices| Baseten::draw(choices).read().ok())
    }
}
