//! What each strategy wants at a moment.

use super::canary::{self, Counts, Routed, Sides, Weight};
use super::judge::Standing;
use super::run::Rollout;
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
    pub(super) next: Option<Phase>,
}

impl Rollout {
    pub(super) fn plan(&mut self, now: Moment, seen: &Observation<'_>) -> Plan {
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
