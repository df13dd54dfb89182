//! How a holder is replaced step by step: a rollout's actions, carried out on both deployments (R1–R3).

use std::sync::Arc;

use super::sides::{Sides, takes_part};
use crate::id::Name;
use crate::lifecycle::commands::Step;
use crate::lifecycle::effects::Notice;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Event, Number, Record, Rollback, RolloutState, Sight, Slot, Status, replicas, split};
use crate::metrics::Summary;
use crate::policy::OnReplaced;
use crate::rollout::{self, Action, Observation, Outcome, Pause, Rollout};

/// Whether replicas may be added in a step, or what needs them waits for the next.
#[derive(Clone, Copy)]
pub(in crate::lifecycle) enum Growth<'a> {
    Now,
    /// Until the next sight.
    Later,
    /// Until there is room.
    NoRoom(&'a str),
}

impl Growth<'_> {
    pub(in crate::lifecycle) fn waits(self) -> bool {
        !matches!(self, Self::Now)
    }
}

impl Step<'_> {
    /// Takes in what a host sees of a replacement, and goes on with it.
    pub(in crate::lifecycle) fn advance_rollout(&mut self, candidate: Number, sight: &Sight) -> Result<(), Refusal> {
        let Some(environment) = self.state.sought_by(candidate).cloned() else { return Ok(()) };
        let Some(mut rollout) = self.rollout(&environment) else { return Ok(()) };
        let mut ready = sight.new;
        rollout.forbidden.clone_from(&sight.forbidden);
        if !sight.forbidden.is_empty() {
            // What may not be where it is, is not ready (L18).
            let allowed = self.record(candidate)?.running().saturating_sub(replicas(&sight.forbidden));
            ready = ready.min(allowed);
            rollout.spare.clear();
            if rollout.keeps == 0 && !rollout.goes_back() {
                let gone = self.leave(candidate, &sight.forbidden)?;
                rollout.part = rollout.part.saturating_sub(gone);
            }
        }
        rollout.seen = (sight.old, ready);
        rollout.requests = sight.requests;
        self.put(&environment, rollout);
        let holder = self.state.slot(environment.as_str()).and_then(|slot| slot.holder);
        for (number, ready) in holder.map(|holder| (holder, sight.old)).into_iter().chain([(candidate, sight.new)]) {
            if ready > 0 && self.record(number)?.status.is_starting() {
                self.record(number)?.settings_before = None;
                self.advance(number, Event::Ready)?;
            }
            let record = self.record(number)?;
            if ready > 0 && record.status == Status::Unhealthy && !record.is_seen_by_place() {
                self.advance(number, Event::Healthy)?;
            }
        }
        for (number, ready) in [(self.holder_of(&environment), sight.old), (Some(candidate), sight.new)] {
            let Some(number) = number else { continue };
            let record = self.record(number)?;
            if !record.is_seen_by_place() && !record.moving {
                record.so_many_ready(ready);
                self.replaced(number)?;
            }
        }
        let growth = sight.no_room.as_deref().map_or(Growth::Now, Growth::NoRoom);
        self.steer(&environment, sight.summary.as_ref(), growth)
    }

    /// A word to the rollout under way. Where it turns it, the next step is taken at once; what needs
    /// replicas waits for the next sight.
    pub(in crate::lifecycle) fn tell_rollout(
        &mut self,
        environment: &Name,
        turns: bool,
        word: impl FnOnce(&mut Rollout) -> Result<(), rollout::Refusal>,
    ) -> Result<(), Refusal> {
        let Some(mut rollout) = self.rollout(environment) else {
            let reason = format!("nobody is being replaced in `{environment}`");
            return Err(Refusal::new("R1", reason).next("promote a deployment to it by a strategy"));
        };
        word(&mut rollout.progress).map_err(|refusal| {
            let next = match refusal {
                rollout::Refusal::Paused => "resume it",
                rollout::Refusal::NotPaused => "pause it, or let it go on",
                _ => "force it forward, or wait until it is over",
            };
            Refusal::new("R1", refusal.to_string()).next(next)
        })?;
        let waits = rollout.progress.paused().is_some() || !turns;
        self.put(environment, rollout);
        if waits { Ok(()) } else { self.steer(environment, None, Growth::Later) }
    }

    /// Ends a promotion whose candidate or holder is stopped: at once where the holder has all its replicas
    /// or cannot have any, else as soon as it has them again.
    pub(in crate::lifecycle) fn abandon(&mut self, environment: &Name, failed: bool) -> Result<(), Refusal> {
        let Some(mut rollout) = self.rollout(environment) else { return Ok(()) };
        if !rollout.goes_back() {
            let now = self.now;
            // Not over and not going back, so it cannot be refused.
            let _ = if failed { rollout.progress.fail(now) } else { rollout.progress.cancel(now) };
            self.put(environment, rollout.clone());
        }
        match self.sides(environment) {
            Some(sides) if sides.old.is_none() => {
                let reason = if failed { rollout::Reason::Failed } else { rollout::Reason::Cancelled };
                let reason = rollout.reason(reason);
                self.went_back(environment, &sides, &rollout, reason, Growth::Later)
            }
            _ => self.steer(environment, None, Growth::Later),
        }
    }

    /// Lets the rollout take a step, and carries out what it says.
    pub(in crate::lifecycle) fn steer(
        &mut self,
        environment: &Name,
        summary: Option<&Summary>,
        growth: Growth<'_>,
    ) -> Result<(), Refusal> {
        let Some(mut rollout) = self.rollout(environment) else { return Ok(()) };
        let Some(sides) = self.sides(environment) else { return Ok(()) };
        if let Some(old) = sides.old.filter(|old| self.state.deployment(*old).is_some_and(answers)) {
            self.advance(old, Event::Rollout)?;
            if std::mem::take(&mut rollout.holder_slept) {
                rollout.size = self.record(old)?.size().max(1);
            }
        }
        let forwards = !rollout.goes_back();
        let mut actions = self.rollout_step(&mut rollout, &sides, summary);
        if forwards && rollout.goes_back() {
            // What it wants of either side is another number from here on.
            actions.retain(|action| !matches!(action, Action::ScaleOld(_) | Action::ScaleNew(_)));
            actions.extend(self.rollout_step(&mut rollout, &sides, None));
        }
        let mut outcome = None;
        for action in actions {
            match action {
                Action::ScaleNew(wanted) => self.scale_candidate(&mut rollout, &sides, wanted, growth)?,
                Action::ScaleOld(wanted) => self.scale_holder(&mut rollout, &sides, wanted, growth)?,
                // The weight is the rollout's; routes follow from it.
                Action::Route(_) => {}
                Action::Idle(when_idle) => {
                    let (environment, candidate) = (environment.clone(), sides.candidate);
                    self.notify(Notice::RolloutIdle { environment, candidate, when_idle });
                }
                Action::Paused(pause) => self.notify(paused(environment, &rollout, pause)),
                Action::Reverting(reason) => {
                    let reason = rollout.reason(reason);
                    let candidate = sides.candidate;
                    self.notify(Notice::RollingBack { environment: environment.clone(), candidate, reason });
                }
                Action::Done(done) => outcome = Some(done),
            }
        }
        match outcome {
            None => {
                self.put(environment, rollout);
                Ok(())
            }
            Some(Outcome::Completed) => self.completed(environment, &sides, growth),
            Some(Outcome::RolledBack(reason)) => {
                let reason = rollout.reason(reason);
                self.went_back(environment, &sides, &rollout, reason, growth)
            }
        }
    }

    fn rollout_step(&mut self, rollout: &mut RolloutState, sides: &Sides, summary: Option<&Summary>) -> Vec<Action> {
        // Nothing is to come back where the holder is gone or sleeps.
        let desired = if rollout.goes_back() && sides.old.is_none() { 0 } else { rollout.size };
        let candidate = self.state.deployment(sides.candidate);
        let most = candidate.map_or(u32::MAX, |record| record.settings.most_replicas()).max(1);
        let (old, new) = sides.groups;
        let seen = Observation { desired, most, old, new, summary, requests: rollout.requests };
        rollout.progress.step(self.now, &seen)
    }

    /// So many replicas of the candidate take part from now on.
    fn scale_candidate(
        &mut self,
        rollout: &mut RolloutState,
        sides: &Sides,
        wanted: u32,
        growth: Growth<'_>,
    ) -> Result<(), Refusal> {
        let number = sides.candidate;
        let record = self.record(number)?;
        if !takes_part(record.status) {
            rollout.part = 0;
            return Ok(());
        }
        let (running, settings, fresh) = (record.size(), Arc::clone(&record.settings), record.deadline.is_none());
        let starts = record.status.is_starting() && fresh;
        let kept = wanted.max(rollout.keeps_now());
        rollout.part = wanted.min(running);
        if kept < running {
            return self.shrink_unready_first(number, running - kept);
        }
        if wanted <= running || growth.waits() {
            return self.waiting(rollout, number, wanted > running, growth);
        }
        let held = replicas(&rollout.spare);
        let more = if held > 0 { held.min(wanted - running) } else { wanted - running };
        let (keep, rest) = split(&rollout.spare, more);
        let governors = self.governors(number)?;
        let places = self.place_more(number, governors, more, &settings, keep.clone())?;
        rollout.spare = if places == keep { rest } else { Vec::new() };
        rollout.part = running + more;
        rollout.waiting = None;
        if starts { self.start(number, places) } else { self.grow(number, places) }
    }

    fn scale_holder(
        &mut self,
        rollout: &mut RolloutState,
        sides: &Sides,
        wanted: u32,
        growth: Growth<'_>,
    ) -> Result<(), Refusal> {
        let Some(number) = sides.old else { return Ok(()) };
        let record = self.record(number)?;
        let (running, settings) = (record.size(), Arc::clone(&record.settings));
        if wanted < running {
            return self.shrink_unready_first(number, running - wanted);
        }
        if wanted == running || growth.waits() {
            return self.waiting(rollout, number, wanted > running, growth);
        }
        let governors = self.governors(number)?;
        let places = self.place_more(number, governors, wanted - running, &settings, Vec::new())?;
        rollout.waiting = None;
        self.grow(number, places)
    }

    /// Says once why more replicas have to wait.
    fn waiting(
        &mut self,
        rollout: &mut RolloutState,
        deployment: Number,
        wants: bool,
        growth: Growth<'_>,
    ) -> Result<(), Refusal> {
        if let (true, Growth::NoRoom(reason)) = (wants, growth)
            && rollout.waiting.as_deref() != Some(reason)
        {
            rollout.waiting = Some(reason.to_owned());
            self.notify(Notice::RolloutWaits { deployment, reason: reason.to_owned() });
        }
        Ok(())
    }

    /// The candidate has taken over: it holds the slot, and what becomes of the old is the promotion's.
    fn completed(&mut self, environment: &Name, sides: &Sides, growth: Growth<'_>) -> Result<(), Refusal> {
        let mut gave_up_all = None;
        if let Some(old) = sides.old {
            self.not_replaced_any_more(old)?;
            if self.record(old)?.running() == 0 {
                // It gave its replicas up one by one, perhaps while it came up itself.
                self.replace(old, OnReplaced::ScaleToZero)?;
                gave_up_all = Some(old);
            }
        }
        let promotion = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
        let keeps = promotion.is_some_and(|promotion| promotion.on_replaced == OnReplaced::Keep);
        self.switch(environment)?;
        if let Some(old) = gave_up_all.filter(|_| keeps) {
            self.back_to_least(old, growth)?;
        }
        let record = self.record(sides.candidate)?;
        let wanted = record.settings.replicas_for(record.size());
        self.settle(sides.candidate, wanted, growth)?;
        self.follow_readiness(sides.candidate)?;
        // From here on each start has a deadline of its own.
        sides.old.map_or(Ok(()), |old| self.follow_readiness(old))
    }

    fn went_back(
        &mut self,
        environment: &Name,
        sides: &Sides,
        rollout: &RolloutState,
        reason: String,
        growth: Growth<'_>,
    ) -> Result<(), Refusal> {
        let candidate = sides.candidate;
        self.give_up(candidate, &reason);
        if let Some(old) = sides.old {
            self.not_replaced_any_more(old)?;
        }
        let rollback = Rollback { candidate, reason, at: self.now };
        self.state.slots.entry(environment.clone()).or_default().rolled_back = Some(rollback);
        let status = self.record(candidate)?.status;
        match () {
            () if !takes_part(status) => Ok(()),
            () if rollout.keeps > 0 => {
                self.settle(candidate, rollout.keeps, growth)?;
                self.follow_readiness(candidate)
            }
            () => self.retire(candidate),
        }
    }

    /// Stops a candidate that was made for a promotion of which nothing came.
    fn retire(&mut self, number: Number) -> Result<(), Refusal> {
        let gone = self.record(number)?.sites.is_empty();
        self.deactivate(number)?;
        if gone && self.record(number)?.status == Status::Deactivating { self.drained(number) } else { Ok(()) }
    }

    /// The holder goes on by itself.
    pub(in crate::lifecycle) fn not_replaced_any_more(&mut self, number: Number) -> Result<(), Refusal> {
        match self.record(number)?.status {
            Status::Updating => {
                self.advance(number, Event::RolloutOver)?;
                self.follow_readiness(number)
            }
            _ => Ok(()),
        }
    }

    /// Refuses what would change the replicas of one that a strategy is about to replace, or replaces.
    pub(in crate::lifecycle) fn not_to_be_replaced(&self, number: Number) -> Result<(), Refusal> {
        let pending = |slot: &Slot| slot.promotion.as_ref().is_some_and(|found| found.strategy.is_some());
        let held = self.state.held_by(number).filter(|held| self.state.slot(held.as_str()).is_some_and(pending));
        match self.state.rollout_of(number).or(held) {
            None => Ok(()),
            Some(environment) => {
                let reason = format!("`{}` takes part in a promotion to `{environment}`", self.id(number));
                Err(Refusal::new("L6", reason).next("finish or cancel the promotion first"))
            }
        }
    }

    pub(in crate::lifecycle) fn rollout(&self, environment: &Name) -> Option<RolloutState> {
        let promotion = self.state.slot(environment.as_str())?.promotion.as_ref()?;
        promotion.rollout.as_deref().cloned()
    }

    pub(in crate::lifecycle) fn put(&mut self, environment: &Name, rollout: RolloutState) {
        let slot = self.state.slots.get_mut(environment.as_str());
        if let Some(promotion) = slot.and_then(|slot| slot.promotion.as_mut()) {
            promotion.rollout = Some(Box::new(rollout));
        }
    }

    /// So many replicas of a candidate are left, at most, to take part.
    pub(in crate::lifecycle) fn takes_part_with(&mut self, number: Number, running: u32) {
        let Some(environment) = self.state.sought_by(number).cloned() else { return };
        if let Some(mut rollout) = self.rollout(&environment) {
            rollout.part = rollout.part.min(running);
            self.put(&environment, rollout);
        }
    }

    /// Where a side of a rollout has lost its last ready replica, the other answers alone from then on (L15).
    pub(in crate::lifecycle) fn note_who_answers(&mut self, number: Number) {
        let Some(environment) = self.state.rollout_of(number).cloned() else { return };
        let (Some(mut rollout), Some(sides)) = (self.rollout(&environment), self.sides(&environment)) else { return };
        let (old, new) = sides.groups;
        rollout.progress.answers_alone(old.available, new.available);
        self.put(&environment, rollout);
    }

    fn holder_of(&self, environment: &Name) -> Option<Number> {
        self.state.slot(environment.as_str())?.holder
    }

    fn sides(&self, environment: &Name) -> Option<Sides> {
        self.state.sides(self.state.slot(environment.as_str())?)
    }
}

fn answers(record: &Record) -> bool {
    record.status == Status::Active
}

fn paused(environment: &Name, rollout: &RolloutState, pause: Pause) -> Notice {
    let reason = match pause {
        Pause::ByHand => "it was paused by hand".to_owned(),
        Pause::Inconclusive(place) => {
            let check = rollout.progress.checks().get(place).map_or_else(String::new, ToString::to_string);
            format!("check {} is inconclusive: {check}", place + 1)
        }
    };
    Notice::RolloutPaused { environment: environment.clone(), reason }
}
