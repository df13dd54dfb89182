//! How an environment's slot changes hands: promotion, release, update, roll back (L3–L7).

use std::sync::Arc;

use super::sides::takes_part;
use crate::id::Name;
use crate::lifecycle::commands::{Newcomer, START_DEADLINE, Step, next_step};
use crate::lifecycle::effects::Notice;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Event, Number, Promotion, PromotionStrategy, Settings, Slot, Status, replicas, same};
use crate::policy::OnReplaced;
use crate::rollout;

impl Step<'_> {
    pub(in crate::lifecycle) fn promote(
        &mut self,
        number: Number,
        environment: &Name,
        name: Option<&Name>,
        how: How<'_>,
        force: bool,
    ) -> Result<(), Refusal> {
        self.no_promotion(environment)?;
        let id = self.id(number);
        let draft = self.record(number)?.draft;
        let held = self.state.held_by(number);
        if held == Some(environment) {
            let reason = format!("`{id}` holds `{environment}` already");
            return Err(Refusal::new("L8", reason).next("promote another deployment"));
        }
        let copies = draft || held.is_some();
        self.promotable(number, force)?;
        let on_replaced = how.on_replaced.unwrap_or(OnReplaced::Keep);
        if copies {
            return self.promote_copy(number, environment, name, on_replaced, how.by);
        }
        if let Some(name) = name {
            let reason = format!("`{id}` is promoted itself, so nothing is there to be called `{name}`");
            return Err(Refusal::new("L3", reason).next("rename it, or leave the name out"));
        }
        self.promote_itself(number, environment, on_replaced, how.by)
    }

    pub(in crate::lifecycle) fn release(
        &mut self,
        from: &Name,
        to: &Name,
        name: Option<&Name>,
        how: How<'_>,
    ) -> Result<(), Refusal> {
        let holder = self.holder(from)?;
        if from == to {
            let reason = format!("`{}` holds `{to}` already", self.id(holder));
            return Err(Refusal::new("L8", reason).next("release it to another environment"));
        }
        self.no_promotion(to)?;
        self.promotable(holder, false)?;
        self.promote_copy(holder, to, name, how.on_replaced.unwrap_or(OnReplaced::Deactivate), how.by)
    }

    pub(in crate::lifecycle) fn update_version(
        &mut self,
        environment: &Name,
        version: &str,
        name: Option<&Name>,
        how: How<'_>,
    ) -> Result<(), Refusal> {
        let holder = self.holder(environment)?;
        self.no_promotion(environment)?;
        let record = self.record(holder)?;
        if record.version.as_deref() == Some(version) {
            let reason = format!("`{environment}` runs version `{version}` already");
            return Err(Refusal::new("L8", reason).next("choose another version"));
        }
        let newcomer = Newcomer {
            name: name.cloned(),
            version: Some(version.to_owned()),
            draft: false,
            governor: environment.clone(),
            status: Status::Building,
            settings: Arc::clone(&record.settings),
        };
        let strategy = self.strategy_for(environment, how.by, &newcomer.settings, true)?;
        let number = self.admit(newcomer)?;
        self.build(number)?;
        let made = Made { copy: true, inherits: true };
        self.seek(environment, number, made, how.on_replaced.unwrap_or(OnReplaced::Deactivate), strategy)
    }

    pub(in crate::lifecycle) fn roll_back(&mut self, environment: &Name, how: How<'_>) -> Result<(), Refusal> {
        if self.rollout(environment).is_some() {
            if how.by.is_some() || how.on_replaced.is_some() {
                let reason = format!("what replaces the holder of `{environment}` goes back as its own strategy says");
                return Err(Refusal::new("L4", reason).next("leave out how, and what becomes of the replaced"));
            }
            let now = self.now;
            return self.tell_rollout(environment, true, |rollout| rollout.roll_back(now));
        }
        let Some(previous) = self.state.slot(environment.as_str()).and_then(|slot| slot.previous) else {
            let reason = format!("environment `{environment}` has no previous holder");
            return Err(Refusal::new("L4", reason).next("promote a deployment to it"));
        };
        self.promote(previous, environment, None, how, false)
    }

    pub(in crate::lifecycle) fn cancel(&mut self, environment: &Name) -> Result<(), Refusal> {
        let promotion = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.clone());
        let Some(promotion) = promotion else {
            let reason = format!("nothing is being promoted to `{environment}`");
            return Err(Refusal::new("L8", reason).next("promote a deployment to it"));
        };
        let candidate = promotion.candidate;
        if promotion.rollout.is_some() {
            let now = self.now;
            return self.tell_rollout(environment, true, |rollout| rollout.cancel(now));
        }
        if !promotion.copy && self.record(candidate)?.moving {
            self.move_back(candidate)?;
        }
        self.drop_candidate(candidate, "it was cancelled")
    }

    /// Ends a promotion that has not begun to replace the holder: what was started for it stops.
    pub(in crate::lifecycle) fn drop_candidate(&mut self, candidate: Number, reason: &str) -> Result<(), Refusal> {
        let Some(environment) = self.state.sought_by(candidate).cloned() else { return Ok(()) };
        let promotion = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
        let made_for_this = promotion.is_some_and(|promotion| promotion.copy);
        self.give_up(candidate, reason);
        let stops = self.record(candidate)?.status.after(Event::Deactivate).is_some();
        if made_for_this && stops { self.deactivate(candidate) } else { Ok(()) }
    }

    pub(in crate::lifecycle) fn force_forward(&mut self, environment: &Name) -> Result<(), Refusal> {
        let promotion = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
        let candidate = promotion.filter(|found| found.rollout.is_some()).map(|found| found.candidate);
        if let Some(candidate) = candidate
            && !takes_part(self.record(candidate)?.status)
        {
            let reason = format!("`{}` is {}", self.id(candidate), self.record(candidate)?.status);
            return Err(Refusal::new("R1", reason).next("wait until the holder is back"));
        }
        let now = self.now;
        // The switch itself comes with what is seen next: then it is asked where the candidate may be (L18).
        self.tell_rollout(environment, false, |rollout| rollout.force_forward(now))
    }

    /// What becomes of the promotion that a deployment takes part in, now that it is stopped: as a candidate
    /// it does not take over, as a holder it is not replaced any more.
    pub(in crate::lifecycle) fn stopped_amid(&mut self, number: Number, failed: bool) -> Result<(), Refusal> {
        match self.state.rollout_of(number).cloned() {
            // A rollout goes on without a holder that failed.
            Some(environment) if failed && self.state.held_by(number) == Some(&environment) => Ok(()),
            Some(environment) => self.abandon(&environment, failed),
            None => {
                self.give_up(number, if failed { "its candidate failed" } else { "its candidate was deactivated" });
                Ok(())
            }
        }
    }

    /// Ends the promotion that a deployment is the candidate of, if there is one; the holder stays.
    pub(in crate::lifecycle) fn give_up(&mut self, candidate: Number, reason: &str) {
        let Some(environment) = self.state.sought_by(candidate).cloned() else { return };
        if let Some(slot) = self.state.slots.get_mut(environment.as_str()) {
            slot.promotion = None;
            if *slot == Slot::default() {
                self.state.slots.remove(environment.as_str());
            }
        }
        self.notify(Notice::PromotionEnded { environment, candidate, reason: reason.to_owned() });
    }

    /// The candidate takes its environment's slot (E3).
    pub(in crate::lifecycle) fn switch(&mut self, environment: &Name) -> Result<(), Refusal> {
        let slot = self.state.slots.entry(environment.clone()).or_default();
        let Some(promotion) = slot.promotion.take() else { return Ok(()) };
        let displaced = slot.holder.replace(promotion.candidate);
        if displaced.is_some() || slot.previous == Some(promotion.candidate) {
            slot.previous = displaced;
        }
        let size = displaced.map_or(Ok(0), |displaced| self.record(displaced).map(|record| record.size()))?;
        let candidate = self.record(promotion.candidate)?;
        candidate.governor = environment.clone();
        if candidate.status == Status::ScaledToZero && size > 0 {
            candidate.wakes_with = Some(size);
        }
        self.notify(Notice::Promoted {
            environment: environment.clone(),
            holder: promotion.candidate,
            previous: displaced,
        });
        match displaced {
            Some(displaced) => self.replace(displaced, promotion.on_replaced),
            None => Ok(()),
        }
    }

    /// What becomes of the previous holder (L5); what it is past already, it stays. An edit for which it restarts counts
    /// from its next start on: nobody took it back (L15).
    pub(in crate::lifecycle) fn replace(&mut self, number: Number, on_replaced: OnReplaced) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let status = record.status;
        if on_replaced != OnReplaced::Keep {
            record.settings_before = None;
        }
        match on_replaced {
            OnReplaced::ScaleToZero if status.after(Event::Idle).is_some() => self.put_to_sleep(number, Event::Idle),
            OnReplaced::ScaleToZero if status.after(Event::Replaced).is_some() => {
                self.put_to_sleep(number, Event::Replaced)
            }
            OnReplaced::Deactivate if status.after(Event::Deactivate).is_some() => self.deactivate(number),
            OnReplaced::Keep | OnReplaced::ScaleToZero | OnReplaced::Deactivate => Ok(()),
        }
    }

    pub(in crate::lifecycle) fn no_promotion(&self, environment: &Name) -> Result<(), Refusal> {
        let under_way = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
        match under_way {
            Some(promotion) => {
                let reason = format!("`{}` is being promoted to `{environment}`", self.id(promotion.candidate));
                Err(Refusal::new("L7", reason).next("wait for it, or cancel it first"))
            }
            None => Ok(()),
        }
    }

    fn holder(&self, environment: &Name) -> Result<Number, Refusal> {
        let holder = self.state.slot(environment.as_str()).and_then(|slot| slot.holder);
        holder.ok_or_else(|| {
            let reason = format!("no deployment holds environment `{environment}`");
            Refusal::new("L4", reason).next("promote a deployment to it first")
        })
    }

    /// Refuses what is not ready to be promoted (L6).
    fn promotable(&mut self, number: Number, force: bool) -> Result<(), Refusal> {
        let id = self.id(number);
        if let Some(sought) = self.state.sought_by(number) {
            let reason = format!("`{id}` is being promoted to `{sought}`");
            return Err(Refusal::new("L6", reason).next("finish or cancel that first"));
        }
        self.not_moving(number)?;
        let status = self.record(number)?.status;
        let next = match status {
            Status::Active | Status::ScaledToZero | Status::WakingUp => return Ok(()),
            Status::Unhealthy if force => return Ok(()),
            Status::Unhealthy => "wait until it is healthy, or force it",
            Status::Updating => "finish or cancel the update first",
            status => next_step(status),
        };
        Err(Refusal::new("L6", format!("`{id}` is {status}, and cannot be promoted")).next(next))
    }

    /// A copy is started under the target's policies, and takes over once it is active (L3).
    fn promote_copy(
        &mut self,
        source: Number,
        environment: &Name,
        name: Option<&Name>,
        on_replaced: OnReplaced,
        by: Option<&PromotionStrategy>,
    ) -> Result<(), Refusal> {
        let holder = self.state.holder(environment.as_str()).map(|holder| Arc::clone(&holder.settings));
        let record = self.record(source)?;
        let own = Settings::clone(&record.settings);
        let settings = match holder {
            Some(holder) => own.scaled_as(&holder),
            None if record.draft => own.scaled_as_standard(),
            None => own,
        };
        let newcomer = Newcomer {
            name: name.cloned(),
            version: record.version.clone(),
            draft: false,
            governor: environment.clone(),
            status: Status::Deploying,
            settings: Arc::new(settings),
        };
        let strategy = self.strategy_for(environment, by, &newcomer.settings, false)?;
        let number = self.admit(newcomer)?;
        self.seek(environment, number, Made { copy: true, inherits: true }, on_replaced, strategy)?;
        self.start_candidate(number)
    }

    /// The deployment itself takes over: at once where it may stay as it is, else once it is awake and
    /// where both environments allow it (L3).
    fn promote_itself(
        &mut self,
        number: Number,
        environment: &Name,
        on_replaced: OnReplaced,
        by: Option<&PromotionStrategy>,
    ) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (status, keep, settings) = (record.status, record.places(), Arc::clone(&record.settings));
        let mut governors = vec![record.governor.clone()];
        if governors.first() != Some(environment) {
            governors.push(environment.clone());
        }
        let strategy = self.strategy_for(environment, by, &settings, false)?;
        // What sleeps has to be awake to take over step by step.
        let deadline = strategy.as_ref().map(|strategy| strategy.deadline);
        let wakes = strategy.is_some() && status == Status::ScaledToZero;
        let wanted = if wakes { settings.replicas_at_start() } else { replicas(&keep) };
        let places = self.place(number, governors, wanted, &settings, keep.clone())?;
        self.seek(environment, number, Made { copy: false, inherits: false }, on_replaced, strategy)?;
        let stays = wanted == 0 || same(&places, &keep);
        match status {
            Status::ScaledToZero if wakes => {
                self.advance(number, Event::Wake)?;
                self.start_within(number, places, deadline.unwrap_or(START_DEADLINE))
            }
            Status::WakingUp if stays => Ok(()),
            Status::WakingUp => {
                self.stop_all(number)?;
                self.start(number, places)
            }
            Status::Active if stays && self.starts_beside(number)? => Ok(()),
            _ if stays => self.take_over(number, true),
            _ => {
                self.record(number)?.moving = true;
                self.start(number, places)
            }
        }
    }
}

/// What a promotion made for itself.
#[derive(Clone, Copy)]
pub(in crate::lifecycle) struct Made {
    /// The candidate.
    pub(in crate::lifecycle) copy: bool,
    /// Its size settings, from the holder's.
    pub(in crate::lifecycle) inherits: bool,
}

/// How a promotion goes, as far as the command says so.
#[derive(Clone, Copy)]
pub(in crate::lifecycle) struct How<'a> {
    /// What becomes of the previous holder.
    pub(in crate::lifecycle) on_replaced: Option<OnReplaced>,
    /// How the candidate takes over.
    pub(in crate::lifecycle) by: Option<&'a PromotionStrategy>,
}

impl Step<'_> {
    /// Notes a promotion that is under way.
    pub(in crate::lifecycle) fn seek(
        &mut self,
        environment: &Name,
        candidate: Number,
        made: Made,
        on_replaced: OnReplaced,
        strategy: Option<Box<rollout::Settings>>,
    ) -> Result<(), Refusal> {
        let Made { copy, inherits } = made;
        let (since, grows, rollout) = (self.now, false, None);
        let promotion = Promotion { candidate, copy, inherits, grows, on_replaced, since, strategy, rollout };
        self.state.slots.entry(environment.clone()).or_default().promotion = Some(promotion);
        self.notify(Notice::PromotionStarted { environment: environment.clone(), candidate });
        self.tell_of_fewer(environment, candidate)
    }
}
