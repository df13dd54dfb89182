//! What each strategy wants at a moment.

use super::canary::{self, Counts, Routed, Sides, Weight};
use super::judge::Standing;
use super::run::Rollout;
use super::settings::WhenIdle;
use super::state::{Observation, Outcome, Phase, Reason};
use super::strategy::{BlueGreen, Canary, Rolling, Strategy, Traffic};
use super::{Group, rolling};
use crate::time::Moment;

/// What a phase comes to at a moment.
pub(super) struct Plan {
    pub(super) counts: Counts,
    /// The new version's percentage; `None` where every available replica takes its part.
    pub(super) weight: Option<u8>,
    /// Whether the replicas are as this point of the rollout wants them, so that what it waits for is time
    /// or judgement.
    pub(super) settled: bool,
    /// Whether what it waits for is traffic to be judged by, of which nothing came.
    pub(super) idle: bool,
    pub(super) next: Option<Phase>,
}

impl Rollout {
    pub(super) fn plan(&mut self, now: Moment, seen: &Observation<'_>) -> Plan {
        let back = match self.phase {
            Phase::Reverting(reason) => Some(reason),
            _ => None,
        };
        match (self.strategy.clone(), back) {
            (Strategy::Rolling(rolling), None) => self.roll_on(&rolling, now, seen),
            (Strategy::Rolling(rolling), Some(reason)) => roll_back(&rolling, seen, reason),
            (Strategy::BlueGreen(blue_green), None) => self.switch_on(&blue_green, now, seen),
            (Strategy::BlueGreen(_), Some(reason)) => switch_back(seen, reason, self.weight),
            (Strategy::Canary(canary), None) => self.lead_on(&canary, now, seen),
            (Strategy::Canary(canary), Some(reason)) => lead_back(&canary, seen, reason, self.weight),
        }
    }

    fn roll_on(&mut self, rolling: &Rolling, now: Moment, seen: &Observation<'_>) -> Plan {
        let (old, new) = rolled(rolling, seen.desired, seen.old, seen.new);
        let counts = within_most(Counts { old, new }, seen);
        let settled = has_taken_over(seen);
        if settled && self.counting.is_none() {
            self.count_from(Some((now, seen.requests)));
        }
        let idle = settled && self.standing() != Standing::Good && self.is_idle(now, seen, self.time_to_measure());
        let done = settled && self.may_go_on(seen, idle);
        Plan { counts, weight: None, settled, idle, next: done.then_some(Phase::Done(Outcome::Completed)) }
    }

    fn switch_on(&mut self, blue_green: &BlueGreen, now: Moment, seen: &Observation<'_>) -> Plan {
        let wanted = goal(seen);
        let counts = Counts { old: kept(seen), new: wanted };
        let up = seen.new.available >= wanted;
        if self.phase == Phase::Switched {
            if self.counting.is_none() {
                self.count_from(Some((now, seen.requests)));
            }
            let window = blue_green.rollback_window;
            let over = self.counting.is_some_and(|(since, _)| now.since(since) >= window) || self.forced;
            let time = window.max(self.time_to_measure());
            let idle = self.standing() != Standing::Good && self.is_idle(now, seen, time);
            let done = over && up && self.may_go_on(seen, idle);
            let next = done.then_some(Phase::Done(Outcome::Completed));
            // Where the new side lost all, the old one has answered since: until as many are ready again.
            let stands_in = self.weight == 0 && !up && seen.old.available > seen.new.available;
            return Plan { counts, weight: Some(if stands_in { 0 } else { 100 }), settled: up, idle, next };
        }
        let since = if up { Some(*self.counting.get_or_insert((now, seen.requests))) } else { None };
        self.counting = since;
        let baked = since.is_some_and(|(since, _)| now.since(since) >= blue_green.bake || self.forced);
        let switches = baked && (seen.new.available > 0 || wanted == 0) && self.pause.is_none();
        if switches {
            // The rollback window begins with the switch.
            self.phase = Phase::Switched;
            self.count_from(Some((now, seen.requests)));
            self.begin_checks(now);
        }
        // Where the old side lost all, the new one has answered since: until as many are ready again.
        let stands_in = self.weight == 100 && seen.old.available < seen.old.replicas.min(seen.new.available);
        let weight = Some(if switches || stands_in { 100 } else { 0 });
        Plan { counts, weight, settled: up, idle: false, next: None }
    }

    fn lead_on(&mut self, canary: &Canary, now: Moment, seen: &Observation<'_>) -> Plan {
        if seen.desired == 0 {
            // Nobody can be asked to judge it by.
            self.step = canary.steps().len();
        }
        let step = canary.steps().get(self.step);
        let part = step.map_or(100, |step| step.weight);
        let counts = match canary.traffic {
            // Without an old side that is ready, the new one gets everything.
            Traffic::Routed { .. } if seen.old.available == 0 => Counts { old: kept(seen), new: goal(seen) },
            Traffic::Routed { .. } => {
                let counts = led(canary, part, seen);
                Counts { old: kept(seen), new: counts.new.min(goal(seen)) }
            }
            Traffic::ByReplicas(_) => within_most(led(canary, part, seen), seen),
        };
        let wanted = match canary.traffic {
            Traffic::Routed { .. } => counts.new,
            Traffic::ByReplicas(rolling) => {
                let surge = rolling.slack(seen.desired).surge > 0;
                canary::nearest_split(seen.desired, Weight::percent(part), surge).new.min(goal(seen))
            }
        };
        let up = seen.new.available >= wanted;
        let weight = match canary.traffic {
            Traffic::ByReplicas(_) => None,
            // The weight grows only when there are replicas for it.
            Traffic::Routed { .. } if up => Some(part),
            Traffic::Routed { .. } => Some(self.weight.min(part)),
        };
        let Some(step) = step else {
            let settled = match canary.traffic {
                Traffic::Routed { .. } => up,
                Traffic::ByReplicas(_) => has_taken_over(seen),
            };
            if settled && self.counting.is_none() {
                self.count_from(Some((now, seen.requests)));
            }
            let idle = settled && self.standing() != Standing::Good && self.is_idle(now, seen, self.time_to_measure());
            let next = (settled && self.may_go_on(seen, idle)).then_some(Phase::Done(Outcome::Completed));
            return Plan { counts, weight, settled, idle, next };
        };
        if up && self.counting.is_none() {
            self.count_from(Some((now, seen.requests)));
            self.begin_checks(now);
        }
        let mut idle = false;
        if let Some((since, requests)) = self.counting {
            let soaked = now.since(since) >= step.soak;
            let asked = seen.requests.saturating_sub(requests) >= step.requests;
            idle = up && !asked && self.is_idle(now, seen, step.soak.max(self.time_to_measure()));
            let passes = asked || (idle && self.when_idle == WhenIdle::Proceed);
            if up && soaked && passes && self.pause.is_none() && self.may_go_on(seen, idle) {
                let idle_here = idle && !self.told_idle();
                self.step += 1;
                self.count_from(None);
                self.progress.at = now;
                let plan = self.lead_on(canary, now, seen);
                return Plan { idle: plan.idle || idle_here, ..plan };
            }
        }
        Plan { counts, weight, settled: up, idle, next: None }
    }
}

/// Replicas that the new version is to have in the end.
fn goal(seen: &Observation<'_>) -> u32 {
    seen.desired.min(seen.most)
}

/// The old version in full; one that has no replica is not brought back by going forward.
fn kept(seen: &Observation<'_>) -> u32 {
    if seen.old.replicas == 0 { 0 } else { seen.desired }
}

/// The sizes where the new version may not have as many as are desired. Once it has all that it may have, and
/// more of them are wanted, the rest of the old goes: nothing will come in its place.
fn within_most(counts: Counts, seen: &Observation<'_>) -> Counts {
    if counts.new <= seen.most {
        return counts;
    }
    let full = seen.new.available >= seen.most && seen.new.replicas >= seen.most;
    Counts { old: if full { 0 } else { counts.old }, new: seen.most }
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
    Plan { counts, weight, settled: done, idle: false, next }
}

/// The sizes of a canary's sides for a weight.
fn led(canary: &Canary, weight: u8, seen: &Observation<'_>) -> Counts {
    let weight = Weight::percent(weight);
    match canary.traffic {
        Traffic::ByReplicas(rolling) => {
            // Going forward, an old version without replicas gives up nothing.
            let old = (weight.weight == 0 || seen.old != Group::default()).then_some(seen.old);
            let sides = Sides { old, new: Some(seen.new), older: 0 };
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
    let goal = goal(seen);
    seen.new.replicas == goal && seen.new.available >= goal && seen.old.replicas == 0
}

/// The new version's percentage with so many available replicas on either side: none to a side without
/// one, while the other has one (R3); without a weight, every replica takes its part.
pub(super) fn weighed(weight: Option<u8>, old: u32, new: u32) -> u8 {
    match (old, new) {
        (_, 0) => 0,
        (0, _) => 100,
        _ => weight.unwrap_or_else(|| {
            let percent = u64::from(new) * 100 / (u64::from(old) + u64::from(new));
            u8::try_from(percent).unwrap_or(100)
        }),
    }
}
