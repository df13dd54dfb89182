//! How a candidate begins to take over: by which strategy, and with how much room (L7, R1).

use std::sync::Arc;

use super::rollout::Growth;
use super::sizes::runs;
use crate::id::Name;
use crate::lifecycle::commands::Step;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Number, PromotionStrategy, Record, RolloutState, Settings, Sight, Status};
use crate::rollout::canary::{Weight, nearest_split};
use crate::rollout::{self, Rollout, Traffic};

impl Step<'_> {
    /// The strategy of a promotion, if it is to have one: then what holds the environment must be
    /// replaceable, or there is nothing to replace.
    pub(in crate::lifecycle) fn strategy_for(
        &mut self,
        environment: &Name,
        by: Option<&PromotionStrategy>,
        own: &Settings,
        another_version: bool,
    ) -> Result<Option<Box<rollout::Settings>>, Refusal> {
        let strategy = Self::chosen(by, own, another_version);
        if strategy.is_some() {
            self.replaceable(environment)?;
        }
        Ok(strategy.map(Box::new))
    }

    /// By which strategy a candidate takes over: the command's, else its own, else rolling for another
    /// version, else none (L7).
    pub(in crate::lifecycle) fn chosen(
        by: Option<&PromotionStrategy>,
        own: &Settings,
        another_version: bool,
    ) -> Option<rollout::Settings> {
        let rolling = || rollout::Settings::of(rollout::Strategy::Rolling(rollout::Rolling::default()));
        match by {
            Some(PromotionStrategy::AtOnce) => None,
            Some(PromotionStrategy::By(settings)) => Some(settings.clone()),
            None => own.strategy.clone().or_else(|| another_version.then(rolling)),
        }
    }

    /// Refuses to replace a holder step by step that is being moved or restarted: that has to come to its end
    /// first.
    pub(in crate::lifecycle) fn replaceable(&mut self, environment: &Name) -> Result<(), Refusal> {
        let Some(holder) = self.state.slot(environment.as_str()).and_then(|slot| slot.holder) else {
            return Ok(());
        };
        let record = self.record(holder)?;
        let status = record.status;
        if record.moving || status == Status::Updating {
            let reason = format!("`{}` is being moved or restarted, and cannot be replaced yet", self.id(holder));
            return Err(Refusal::new("L6", reason).next("wait until that is done, or replace it at once"));
        }
        Ok(())
    }

    /// Starts a candidate that was made for a promotion: by its strategy, or as a whole.
    pub(in crate::lifecycle) fn start_candidate(&mut self, number: Number) -> Result<(), Refusal> {
        match self.sought_gradually(number)? {
            Some(environment) => self.begin(&environment, false),
            None => {
                let sought = self.state.sought_by(number).cloned();
                let holders = sought.map_or(0, |environment| self.holders_size(&environment));
                let wanted = self.record(number)?.settings.replicas_to_replace(holders);
                self.start_with(number, wanted)
            }
        }
    }

    /// A candidate that could hold its environment does, or begins to replace the holder. Whether it may be
    /// where it is has been `asked` in the same command, or is to be asked.
    pub(in crate::lifecycle) fn take_over(&mut self, candidate: Number, asked: bool) -> Result<(), Refusal> {
        let Some(environment) = self.state.sought_by(candidate).cloned() else { return Ok(()) };
        if let Some(rollout) = self.rollout(&environment) {
            if self.state.holder(environment.as_str()).is_some() {
                return Ok(());
            }
            // Nobody holds the environment, so a ready candidate is all that there is to see.
            let new = self.record(candidate)?.running();
            let sight = Sight { new, requests: rollout.requests, ..Sight::default() };
            return self.advance_rollout(candidate, &sight);
        }
        match self.sought_gradually(candidate)? {
            Some(environment) => self.begin(&environment, true),
            None => self.take_over_at_once(&environment, candidate, asked),
        }
    }

    /// The environment that a candidate is to take by a strategy: also where nobody holds it, or the holder
    /// sleeps, since a strategy always judges (L17).
    fn sought_gradually(&mut self, candidate: Number) -> Result<Option<Name>, Refusal> {
        let Some(environment) = self.state.sought_by(candidate).cloned() else { return Ok(None) };
        let promotion = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
        if promotion.is_none_or(|promotion| promotion.strategy.is_none()) {
            return Ok(None);
        }
        self.replaceable(&environment)?;
        Ok(Some(environment))
    }

    /// Begins to replace the holder: the room for the most that will ever run is held from now on.
    fn begin(&mut self, environment: &Name, keeps: bool) -> Result<(), Refusal> {
        let Some(slot) = self.state.slots.get_mut(environment.as_str()) else { return Ok(()) };
        slot.rolled_back = None;
        let (holder, Some(promotion)) = (slot.holder, slot.promotion.as_ref()) else { return Ok(()) };
        let Some(strategy) = promotion.strategy.as_deref().cloned() else { return Ok(()) };
        let candidate = promotion.candidate;
        let holder = holder.and_then(|holder| self.state.deployment(holder));
        let holder_slept = holder.is_some_and(|holder| !runs(holder));
        let holder = holder.filter(|holder| runs(holder));
        let before = holder.map_or(0, Record::size);
        let answers = holder.is_some_and(|holder| holder.status == Status::Active);
        let record = self.record(candidate)?;
        let (own, settings) = (record.size(), Arc::clone(&record.settings));
        let size = if before > 0 { before } else { own.max(settings.replicas_at_start()) };
        let keeps = if keeps { own } else { 0 };
        let part = self.first_part(candidate, &strategy, size)?;
        let ready = if self.record(candidate)?.status.serves() { part } else { 0 };
        let goal = size.min(settings.most_replicas());
        let beside = strategy.strategy.beside(goal, before).saturating_sub(part);
        let governors = self.governors(candidate)?;
        // Where all that will run stand already, no place is asked for: there need be none for another.
        let spare = match (beside, part) {
            (0, 1..) => Vec::new(),
            _ => self.place(candidate, governors, beside, &settings, Vec::new())?,
        };
        let rollout = RolloutState {
            progress: Rollout::of(strategy, self.now),
            size,
            holder_slept,
            by_load: 0,
            keeps,
            part,
            forbidden: Vec::new(),
            spare,
            seen: (if answers { before } else { 0 }, ready),
            requests: 0,
            waiting: None,
            former: Default::default(),
        };
        self.put(environment, rollout);
        self.steer(environment, None, Growth::Now)
    }

    /// The replicas of a candidate that take part from the start. Where their number makes the weight of a canary,
    /// those beyond its first part go before any request is led there (R3).
    fn first_part(&mut self, candidate: Number, strategy: &rollout::Settings, size: u32) -> Result<u32, Refusal> {
        let own = self.record(candidate)?.size();
        let rollout::Strategy::Canary(canary) = &strategy.strategy else { return Ok(own) };
        let (Traffic::ByReplicas(rolling), Some(step)) = (canary.traffic, canary.steps().first()) else {
            return Ok(own);
        };
        let surge = rolling.slack(size).surge > 0;
        let part = nearest_split(size, Weight::percent(step.weight), surge).new.max(1);
        if own > part {
            self.shrink_unready_first(candidate, own - part)?;
        }
        Ok(own.min(part))
    }
}
