//! The run of a rollout.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Group;
use super::judge::{Check, Standing, Tally};
use super::plan::weighed;
use super::settings::{Settings, WhenIdle};
use super::state::{Action, Observation, Pause, Phase, Reason, Refusal};
use super::strategy::{Strategy, Traffic};
use crate::metrics::Summary;
use crate::time::Moment;

/// A new version on its way to take over from the old.
///
/// The order of calls: [`Rollout::new`], then [`Rollout::step`] at every change of what is seen and at
/// least as often as decisions should fall, with the commands in between, until it is
/// [`Phase::Done`]. The old version's replicas beyond that are the lifecycle's: blue-green and a routed
/// canary leave them as they are.
///
/// ```
/// use siting::rollout::{Action, BlueGreen, Group, Observation, Outcome, Phase, Rollout, Strategy};
/// use siting::time::Moment;
///
/// let mut rollout = Rollout::new(Strategy::BlueGreen(BlueGreen::default()), Vec::new(), Moment::from_millis(0));
/// let old = Group { replicas: 3, available: 3 };
/// let seen = |new| Observation { desired: 3, most: 3, old, new, summary: None, requests: 0 };
/// let start = rollout.step(Moment::from_millis(0), &seen(Group::default()));
/// assert_eq!(start, [Action::ScaleNew(3)]);
/// let all_up = seen(Group { replicas: 3, available: 3 });
/// assert_eq!(rollout.step(Moment::from_millis(60_000), &all_up), [Action::Route(100)]);
/// assert_eq!(rollout.step(Moment::from_millis(90_000), &all_up), [Action::Done(Outcome::Completed)]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    pub(super) strategy: Strategy,
    checks: Vec<Check>,
    deadline: Duration,
    tallies: Vec<Tally>,
    pub(super) phase: Phase,
    pub(super) pause: Option<Pause>,
    /// The new version's percentage of the traffic.
    pub(super) weight: u8,
    /// The step of a canary; as many as there are steps is everything.
    pub(super) step: usize,
    /// When the present step, bake or window began to count, and the requests until then.
    pub(super) counting: Option<(Moment, u64)>,
    /// Whether judgement and soak are passed over.
    pub(super) forced: bool,
    pub(super) progress: Progress,
    #[serde(default, skip_serializing_if = "WhenIdle::is_usual")]
    pub(super) when_idle: WhenIdle,
    /// Whether it was said that no request came since it began to count.
    #[serde(default)]
    told_idle: bool,
}

/// What last moved, for the deadline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    pub(super) at: Moment,
    old: Group,
    new: Group,
}

impl Rollout {
    /// A rollout that begins at `now`. It goes back where nothing moves for ten minutes.
    #[must_use]
    pub fn new(strategy: Strategy, checks: Vec<Check>, now: Moment) -> Self {
        Self::of(Settings { checks, ..Settings::of(strategy) }, now)
    }

    /// A rollout by these settings that begins at `now`.
    #[must_use]
    pub fn of(settings: Settings, now: Moment) -> Self {
        let Settings { strategy, checks, deadline, when_idle } = settings;
        let tallies = vec![Tally::beginning(now); checks.len()];
        Self {
            strategy,
            checks,
            deadline,
            tallies,
            phase: Phase::Advancing,
            pause: None,
            weight: 0,
            step: 0,
            counting: None,
            forced: false,
            progress: Progress { at: now, old: Group::default(), new: Group::default() },
            when_idle,
            told_idle: false,
        }
    }

    /// The same with another progress deadline.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// How the new version takes over.
    #[must_use]
    pub fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    /// What the new version is judged by; a [`Reason`] names one by its place.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Where it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Why it stands still; `None` where it does not.
    #[must_use]
    pub fn paused(&self) -> Option<Pause> {
        self.pause
    }

    /// The new version's percentage of the traffic; the old one has the rest, so that both sum to 100.
    #[must_use]
    pub fn weight(&self) -> u8 {
        self.weight
    }

    /// The step of a canary, from 0; as many as there are steps is the last stretch to everything.
    #[must_use]
    pub fn canary_step(&self) -> usize {
        self.step
    }

    /// Whether the old version is to have a part of the traffic at this point, where it can.
    #[must_use]
    pub fn leaves_a_part(&self) -> bool {
        match (&self.strategy, self.phase) {
            (_, Phase::Reverting(_)) => true,
            (_, Phase::Switched | Phase::Done(_)) | (Strategy::Rolling(_), _) => false,
            (Strategy::BlueGreen(_), Phase::Advancing) => true,
            (Strategy::Canary(canary), Phase::Advancing) => {
                canary.steps().get(self.step).is_some_and(|step| step.weight < 100)
            }
        }
    }

    /// Stands still from now on. What fails is still rolled back.
    ///
    /// # Errors
    /// [`Refusal`] where it is paused, going back or over.
    pub fn pause(&mut self) -> Result<(), Refusal> {
        self.under_way()?;
        if self.pause.is_some() {
            return Err(Refusal::Paused);
        }
        self.pause = Some(Pause::ByHand);
        Ok(())
    }

    /// Goes on. Checks that were inconclusive begin anew.
    ///
    /// # Errors
    /// [`Refusal`] where it is not paused.
    pub fn resume(&mut self, now: Moment) -> Result<(), Refusal> {
        match self.pause.take() {
            None => Err(Refusal::NotPaused),
            Some(pause) => {
                if matches!(pause, Pause::Inconclusive(_)) {
                    self.begin_checks(now);
                }
                self.progress.at = now;
                Ok(())
            }
        }
    }

    /// Gives it up: the old version takes back.
    ///
    /// # Errors
    /// [`Refusal`] where it is going back or over.
    pub fn cancel(&mut self, now: Moment) -> Result<(), Refusal> {
        self.under_way()?;
        self.revert(Reason::Cancelled, now);
        Ok(())
    }

    /// Goes back by hand.
    ///
    /// # Errors
    /// [`Refusal`] where it is going back or over.
    pub fn roll_back(&mut self, now: Moment) -> Result<(), Refusal> {
        self.under_way()?;
        self.revert(Reason::ByHand, now);
        Ok(())
    }

    /// Goes back because the new version is gone.
    ///
    /// # Errors
    /// [`Refusal`] where it is going back or over.
    pub fn fail(&mut self, now: Moment) -> Result<(), Refusal> {
        self.under_way()?;
        self.revert(Reason::Failed, now);
        Ok(())
    }

    /// Passes over soak, steps and judgement, also while going back. What keeps requests served holds all
    /// the same.
    ///
    /// # Errors
    /// [`Refusal`] where it is over.
    pub fn force_forward(&mut self, now: Moment) -> Result<(), Refusal> {
        if let Phase::Done(_) = self.phase {
            return Err(Refusal::Over);
        }
        if let Phase::Reverting(_) = self.phase {
            self.phase = Phase::Advancing;
        }
        if let Strategy::Canary(canary) = &self.strategy {
            self.step = canary.steps().len();
        }
        (self.forced, self.pause) = (true, None);
        self.count_from(None);
        self.progress.at = now;
        Ok(())
    }

    /// Takes note that one side has no ready replica, where the other does and so answers alone: it goes on answering
    /// once the first replica of the other is back, until [`step`](Self::step) weighs both again. What goes back is led
    /// to the old version as soon as that answers, and where replicas make the weights, each that is ready has its part.
    pub fn answers_alone(&mut self, old: u32, new: u32) {
        let by_replicas = match &self.strategy {
            Strategy::Rolling(_) => true,
            Strategy::BlueGreen(_) => false,
            Strategy::Canary(canary) => matches!(canary.traffic, Traffic::ByReplicas(_)),
        };
        if by_replicas || self.under_way().is_err() {
            return;
        }
        match (old, new) {
            (0, 1..) => self.weight = 100,
            (1.., 0) => self.weight = 0,
            _ => {}
        }
    }

    /// Takes in what is seen at `now`, and says what to do. What is already so is not said again.
    pub fn step(&mut self, now: Moment, seen: &Observation<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        if let Phase::Done(_) = self.phase {
            return actions;
        }
        self.judge(now, seen, &mut actions);
        let mut plan = self.plan(now, seen);
        self.note_progress(now, seen, plan.settled || self.pause.is_some());
        if plan.idle && !self.told_idle {
            self.told_idle = true;
            actions.push(Action::Idle(self.when_idle));
        }
        let late = self.progress.at.checked_add(self.deadline).is_some_and(|end| end < now);
        if late && matches!(self.phase, Phase::Advancing) {
            self.revert(Reason::Deadline, now);
            actions.push(Action::Reverting(Reason::Deadline));
            plan = self.plan(now, seen);
        }
        let weight = if self.pause.is_some() {
            weighed(plan.weight, seen.old.available, seen.new.available)
        } else {
            // Traffic leaves before the replicas do.
            let left = |group: Group, size: u32| group.available.min(size);
            weighed(plan.weight, left(seen.old, plan.counts.old), left(seen.new, plan.counts.new))
        };
        if weight != self.weight {
            self.weight = weight;
            actions.push(Action::Route(weight));
        }
        if self.pause.is_some() {
            return actions;
        }
        if plan.counts.new != seen.new.replicas {
            actions.push(Action::ScaleNew(plan.counts.new));
        }
        if plan.counts.old != seen.old.replicas {
            actions.push(Action::ScaleOld(plan.counts.old));
        }
        if let Some(phase) = plan.next {
            self.phase = phase;
            self.count_from(None);
            if let Phase::Done(outcome) = phase {
                actions.push(Action::Done(outcome));
            }
        }
        actions
    }

    /// Begins to count anew.
    pub(super) fn count_from(&mut self, start: Option<(Moment, u64)>) {
        self.counting = start;
        self.told_idle = false;
    }

    pub(super) fn told_idle(&self) -> bool {
        self.told_idle
    }

    /// Whether no request came in the time to judge, which begins when the counting does.
    pub(super) fn is_idle(&self, now: Moment, seen: &Observation<'_>, time: Duration) -> bool {
        let passed = |(since, requests): (Moment, u64)| now.since(since) >= time && seen.requests <= requests;
        !self.forced && self.pause.is_none() && self.counting.is_some_and(passed)
    }

    /// Whether the new version is good enough to go on: its checks say so, there is nothing that could be
    /// judged, or nobody came to judge it by and it need not wait for that.
    pub(super) fn may_go_on(&self, seen: &Observation<'_>, idle: bool) -> bool {
        seen.desired == 0 || self.standing() == Standing::Good || (idle && self.when_idle == WhenIdle::Proceed)
    }

    /// The longest time until a check has measured once.
    pub(super) fn time_to_measure(&self) -> Duration {
        let times = self.checks.iter().map(|check| check.initial_delay.saturating_add(check.interval));
        times.max().unwrap_or_default()
    }

    fn under_way(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Advancing | Phase::Switched => Ok(()),
            Phase::Reverting(_) => Err(Refusal::Reverting),
            Phase::Done(_) => Err(Refusal::Over),
        }
    }

    fn revert(&mut self, reason: Reason, now: Moment) {
        self.phase = Phase::Reverting(reason);
        (self.pause, self.forced) = (None, false);
        self.count_from(None);
        self.progress.at = now;
    }

    pub(super) fn begin_checks(&mut self, now: Moment) {
        self.tallies = vec![Tally::beginning(now); self.checks.len()];
    }

    /// Measures, and goes back or stands still where the checks say so.
    fn judge(&mut self, now: Moment, seen: &Observation<'_>, actions: &mut Vec<Action>) {
        if self.forced || self.under_way().is_err() {
            return;
        }
        let nothing = Summary::default();
        let summary = seen.summary.unwrap_or(&nothing);
        for (check, tally) in self.checks.iter().zip(&mut self.tallies) {
            tally.measure(check, now, summary);
        }
        match self.standing() {
            Standing::Bad(place, verdict) => {
                let reason = Reason::Check(place, verdict);
                self.revert(reason, now);
                actions.push(Action::Reverting(reason));
            }
            Standing::Undecided(place) if self.pause.is_none() => {
                let pause = Pause::Inconclusive(place);
                self.pause = Some(pause);
                actions.push(Action::Paused(pause));
            }
            _ => {}
        }
    }

    pub(super) fn standing(&self) -> Standing {
        if self.forced { Standing::Good } else { Standing::of(&self.checks, &self.tallies) }
    }

    fn note_progress(&mut self, now: Moment, seen: &Observation<'_>, waits: bool) {
        let before = self.progress;
        let moved = seen.new.replicas != before.new.replicas
            || seen.old.replicas < before.old.replicas
            || seen.new.available > before.new.available
            || seen.old.available > before.old.available;
        let at = if moved || waits { now } else { before.at };
        self.progress = Progress { at, old: seen.old, new: seen.new };
    }
}
