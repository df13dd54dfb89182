//! The run of a rollout.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::canary::{self, Counts, Routed, Sides, Weight};
use super::judge::{Check, Standing, Tally, Verdict};
use super::strategy::{BlueGreen, Canary, Rolling, Strategy, Traffic};
use super::{Group, rolling};
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
/// let seen = |new| Observation { desired: 3, old, new, summary: None, requests: 0 };
/// let start = rollout.step(Moment::from_millis(0), &seen(Group::default()));
/// assert_eq!(start, [Action::ScaleNew(3)]);
/// let all_up = seen(Group { replicas: 3, available: 3 });
/// assert_eq!(rollout.step(Moment::from_millis(60_000), &all_up), [Action::Route(100)]);
/// assert_eq!(rollout.step(Moment::from_millis(90_000), &all_up), [Action::Done(Outcome::Completed)]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rollout {
    strategy: Strategy,
    checks: Vec<Check>,
    deadline: Duration,
    tallies: Vec<Tally>,
    phase: Phase,
    pause: Option<Pause>,
    /// The new version's percentage of the traffic.
    weight: u8,
    /// The step of a canary; as many as there are steps is everything.
    step: usize,
    /// When the present step, bake or window began to count, and the requests until then.
    counting: Option<(Moment, u64)>,
    /// Whether judgement and soak are passed over.
    forced: bool,
    progress: Progress,
}

/// Where a rollout is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The new version takes over.
    Advancing,
    /// The new version has all traffic, and the old one is kept to go back to (blue-green).
    Switched,
    /// The old version takes back.
    Reverting(Reason),
    /// It is over.
    Done(Outcome),
}

/// How a rollout ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The new version has taken over.
    Completed,
    /// The old version serves as before, for this reason.
    RolledBack(Reason),
}

/// Why a rollout goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A check, by its place, came to this verdict.
    Check(usize, Verdict),
    /// Nothing moved for the progress deadline.
    Deadline,
    /// It was cancelled.
    Cancelled,
    /// Someone wanted to go back.
    ByHand,
}

/// Why a rollout stands still.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// Someone wanted it to.
    ByHand,
    /// A check, by its place, is inconclusive; resuming begins it anew.
    Inconclusive(usize),
}

/// What is seen of both versions.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Replicas wanted in the end; may change on the way.
    pub desired: u32,
    /// The old version.
    pub old: Group,
    /// The new version.
    pub new: Group,
    /// What was measured of the new version; `None` where nothing was.
    pub summary: Option<&'a Summary>,
    /// Requests that the new version has answered since it exists.
    pub requests: u64,
}

/// What the host is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Ask for so many replicas of the old version.
    ScaleOld(u32),
    /// Ask for so many replicas of the new version.
    ScaleNew(u32),
    /// Send this percentage of the traffic to the new version, and the rest to the old.
    Route(u8),
    /// Stand still until resumed.
    Paused(Pause),
    /// Go back.
    Reverting(Reason),
    /// It is over.
    Done(Outcome),
}

/// Why a command is not followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is over.
    #[error("the rollout is over")]
    Over,
    /// It goes back already.
    #[error("the rollout is going back already")]
    Reverting,
    /// It is paused already.
    #[error("the rollout is paused already")]
    Paused,
    /// It is not paused.
    #[error("the rollout is not paused")]
    NotPaused,
}

/// What last moved, for the deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Progress {
    at: Moment,
    old: Group,
    new: Group,
}

/// What a phase comes to at a moment.
struct Plan {
    counts: Counts,
    /// The new version's percentage; `None` where every available replica takes its part.
    weight: Option<u8>,
    /// Whether the replicas are as this point of the rollout wants them, so that what it waits for is time
    /// or judgement.
    settled: bool,
    next: Option<Phase>,
}

impl Rollout {
    /// A rollout that begins at `now`. It goes back where nothing moves for ten minutes.
    #[must_use]
    pub fn new(strategy: Strategy, checks: Vec<Check>, now: Moment) -> Self {
        let tallies = vec![Tally::beginning(now); checks.len()];
        Self {
            strategy,
            checks,
            deadline: Duration::from_secs(600),
            tallies,
            phase: Phase::Advancing,
            pause: None,
            weight: 0,
            step: 0,
            counting: None,
            forced: false,
            progress: Progress { at: now, old: Group::default(), new: Group::default() },
        }
    }

    /// The same with another progress deadline.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
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
        (self.forced, self.pause, self.counting) = (true, None, None);
        self.progress.at = now;
        Ok(())
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
        let late = self.progress.at.checked_add(self.deadline).is_some_and(|end| end < now);
        if late && matches!(self.phase, Phase::Advancing) && !self.forced {
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
            self.counting = None;
            if let Phase::Done(outcome) = phase {
                actions.push(Action::Done(outcome));
            }
        }
        actions
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
        (self.pause, self.counting, self.forced) = (None, None, false);
        self.progress.at = now;
    }

    fn begin_checks(&mut self, now: Moment) {
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

    fn standing(&self) -> Standing {
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

    fn plan(&mut self, now: Moment, seen: &Observation<'_>) -> Plan {
        let back = match self.phase {
            Phase::Reverting(reason) => Some(reason),
            _ => None,
        };
        match (self.strategy.clone(), back) {
            (Strategy::Rolling(rolling), None) => self.roll_on(&rolling, seen),
            (Strategy::Rolling(rolling), Some(reason)) => roll_back(&rolling, seen, reason),
            (Strategy::BlueGreen(blue_green), None) => self.switch_on(&blue_green, now, seen),
            (Strategy::BlueGreen(_), Some(reason)) => switch_back(seen, reason, self.weight),
            (Strategy::Canary(canary), None) => self.lead_on(&canary, now, seen),
            (Strategy::Canary(canary), Some(reason)) => lead_back(&canary, seen, reason, self.weight),
        }
    }

    fn roll_on(&self, rolling: &Rolling, seen: &Observation<'_>) -> Plan {
        let counts = rolled(rolling, seen.desired, seen.old, seen.new);
        let counts = Counts { old: counts.0, new: counts.1 };
        let settled = has_taken_over(seen);
        let done = settled && self.standing() == Standing::Good;
        Plan { counts, weight: None, settled, next: done.then_some(Phase::Done(Outcome::Completed)) }
    }

    fn switch_on(&mut self, blue_green: &BlueGreen, now: Moment, seen: &Observation<'_>) -> Plan {
        let desired = seen.desired;
        let up = seen.new.available >= desired;
        if self.phase == Phase::Switched {
            let (since, _) = *self.counting.get_or_insert((now, seen.requests));
            let over = now.since(since) >= blue_green.rollback_window || self.forced;
            let done = over && up && self.standing() == Standing::Good;
            let next = done.then_some(Phase::Done(Outcome::Completed));
            let counts = Counts { old: seen.old.replicas, new: desired };
            return Plan { counts, weight: Some(100), settled: up, next };
        }
        let since = if up { Some(*self.counting.get_or_insert((now, seen.requests))) } else { None };
        self.counting = since;
        let baked = since.is_some_and(|(since, _)| now.since(since) >= blue_green.bake || self.forced);
        let switches = baked && (seen.new.available > 0 || desired == 0) && self.pause.is_none();
        if switches {
            // The rollback window begins with the switch.
            self.phase = Phase::Switched;
            self.counting = Some((now, seen.requests));
            self.begin_checks(now);
        }
        let counts = Counts { old: seen.old.replicas, new: desired };
        Plan { counts, weight: Some(if switches { 100 } else { 0 }), settled: up, next: None }
    }

    fn lead_on(&mut self, canary: &Canary, now: Moment, seen: &Observation<'_>) -> Plan {
        let step = canary.steps().get(self.step);
        let goal = step.map_or(100, |step| step.weight);
        let counts = led(canary, goal, seen);
        let wanted = match canary.traffic {
            Traffic::Routed { .. } => counts.new,
            Traffic::ByReplicas(rolling) => {
                let surge = rolling.slack(seen.desired).surge > 0;
                canary::nearest_split(seen.desired, Weight::percent(goal), surge).new
            }
        };
        let up = seen.new.available >= wanted;
        let weight = match canary.traffic {
            Traffic::ByReplicas(_) => None,
            // The weight grows only when there are replicas for it.
            Traffic::Routed { .. } if up => Some(goal),
            Traffic::Routed { .. } => Some(self.weight.min(goal)),
        };
        let Some(step) = step else {
            let done = match canary.traffic {
                Traffic::Routed { .. } => up,
                Traffic::ByReplicas(_) => has_taken_over(seen),
            };
            let next = (done && self.standing() == Standing::Good).then_some(Phase::Done(Outcome::Completed));
            return Plan { counts, weight, settled: done, next };
        };
        if up && self.counting.is_none() {
            self.counting = Some((now, seen.requests));
            self.begin_checks(now);
        }
        if let Some((since, requests)) = self.counting {
            let soaked = now.since(since) >= step.soak;
            let asked = seen.requests.saturating_sub(requests) >= step.requests;
            if up && soaked && asked && self.pause.is_none() && self.standing() == Standing::Good {
                self.step += 1;
                self.counting = None;
                self.progress.at = now;
                return self.lead_on(canary, now, seen);
            }
        }
        Plan { counts, weight, settled: up, next: None }
    }
}

/// The next sizes of old and new in a rolling update: the new side grows first; where it cannot, the old
/// one shrinks.
fn rolled(rolling: &Rolling, desired: u32, old: Group, new: Group) -> (u32, u32) {
    let slack = rolling.slack(desired);
    let grown = rolling::grown(desired, slack.surge, old.replicas.saturating_add(new.replicas), new.replicas);
    if grown != new.replicas {
        return (old.replicas, grown);
    }
    let shrunk = rolling::shrunk(desired, slack, &[old], new);
    (shrunk.first().copied().unwrap_or(old.replicas), new.replicas)
}

fn roll_back(rolling: &Rolling, seen: &Observation<'_>, reason: Reason) -> Plan {
    let (new, old) = rolled(rolling, seen.desired, seen.new, seen.old);
    plan_back(Counts { old, new }, None, seen, reason)
}

/// The traffic goes back at once; the new version goes when the old is up.
fn switch_back(seen: &Observation<'_>, reason: Reason, weight: u8) -> Plan {
    let restored = seen.old.available >= seen.desired;
    let old = seen.old.replicas.max(seen.desired);
    // The new version takes part until the old can take everything.
    let weight = if restored || seen.new.available == 0 { 0 } else { weight };
    let new = if restored { 0 } else { seen.new.replicas };
    plan_back(Counts { old, new }, Some(weight), seen, reason)
}

fn lead_back(canary: &Canary, seen: &Observation<'_>, reason: Reason, weight: u8) -> Plan {
    match canary.traffic {
        Traffic::Routed { .. } => {
            let plan = switch_back(seen, reason, weight);
            if seen.old.available > 0 { Plan { weight: Some(0), ..plan } } else { plan }
        }
        Traffic::ByReplicas(_) => plan_back(led(canary, 0, seen), None, seen, reason),
    }
}

fn plan_back(counts: Counts, weight: Option<u8>, seen: &Observation<'_>, reason: Reason) -> Plan {
    let done = seen.new.replicas == 0 && seen.new.available == 0 && seen.old.available >= seen.desired;
    let next = done.then_some(Phase::Done(Outcome::RolledBack(reason)));
    Plan { counts, weight, settled: done, next }
}

/// The sizes of a canary's sides for a weight.
fn led(canary: &Canary, weight: u8, seen: &Observation<'_>) -> Counts {
    let weight = Weight::percent(weight);
    match canary.traffic {
        Traffic::ByReplicas(rolling) => {
            let sides = Sides { old: Some(seen.old), new: Some(seen.new), older: 0 };
            canary::by_replicas(seen.desired, weight, rolling.slack(seen.desired), sides)
        }
        Traffic::Routed { fewest } => {
            let by = Routed { scale: None, fewest, shrinks_with: None, aborted: None };
            canary::routed(seen.desired, weight, &by)
        }
    }
}

/// Whether the new version is there in full and the old is gone.
fn has_taken_over(seen: &Observation<'_>) -> bool {
    seen.new.replicas == seen.desired && seen.new.available >= seen.desired && seen.old.replicas == 0
}

/// The new version's percentage with so many available replicas on either side: none to a side without
/// one, while the other has one (R3); without a weight, every replica takes its part.
fn weighed(weight: Option<u8>, old: u32, new: u32) -> u8 {
    match (old, new) {
        (_, 0) => 0,
        (0, _) => 100,
        _ => weight.unwrap_or_else(|| {
            let percent = u64::from(new) * 100 / (u64::from(old) + u64::from(new));
            u8::try_from(percent).unwrap_or(100)
        }),
    }
}
