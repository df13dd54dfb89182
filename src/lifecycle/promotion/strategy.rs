//! How a candidate begins to take over: by which strategy, and with how much room (L7, R1).

use std::sync::Arc;

use super::rollout::Growth;
use crate::id::Name;
use crate::lifecycle::commands::Step;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Number, PromotionStrategy, RolloutState, Settings, Status};
use crate::rollout::{self, Rollout};

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

    /// Whether an environment has a holder with replicas, which a strategy can replace step by step. One
    /// that is being moved or restarted has to come to its end first.
    pub(in crate::lifecycle) fn replaceable(&mut self, environment: &Name) -> Result<bool, Refusal> {
        let Some(holder) = self.state.slot(environment.as_str()).and_then(|slot| slot.holder) else {
            return Ok(false);
        };
        let record = self.record(holder)?;
        let status = record.status;
        if record.moving || status == Status::Updating {
            let reason = format!("`{}` is being moved or restarted, and cannot be replaced yet", self.id(holder));
            return Err(Refusal::new("L6", reason).next("wait until that is done, or replace it at once"));
        }
        Ok(matches!(status, Status::Active | Status::Unhealthy) && self.record(holder)?.running() > 0)
    }

    /// Starts a candidate that was made for a promotion: by its strategy, or as a whole.
    pub(in crate::lifecycle) fn start_candidate(&mut self, number: Number) -> Result<(), Refusal> {
        match self.sought_gradually(number)? {
            Some(environment) => self.begin(&environment, false),
            None => self.start_anew(number),
        }
    }

    /// A candidate that could hold its environment does, or begins to replace the holder.
    pub(in crate::lifecycle) fn take_over(&mut self, candidate: Number) -> Result<(), Refusal> {
        let Some(environment) = self.state.sought_by(candidate).cloned() else { return Ok(()) };
        let slot = self.state.slot(environment.as_str());
        if slot.and_then(|slot| slot.promotion.as_ref()).is_some_and(|promotion| promotion.rollout.is_some()) {
            return Ok(());
        }
        match self.sought_gradually(candidate)? {
            Some(environment) => self.begin(&environment, true),
            None => self.switch(&environment),
        }
    }

    /// The environment that a candidate is to take by a strategy, while there is a holder to replace.
    fn sought_gradually(&mut self, candidate: Number) -> Result<Option<Name>, Refusal> {
        let Some(environment) = self.state.sought_by(candidate).cloned() else { return Ok(None) };
        let promotion = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
        if promotion.is_none_or(|promotion| promotion.strategy.is_none()) {
            return Ok(None);
        }
        Ok(self.replaceable(&environment)?.then_some(environment))
    }

    /// Begins to replace the holder: the room for the most that will ever run is held from now on.
    fn begin(&mut self, environment: &Name, keeps: bool) -> Result<(), Refusal> {
        let Some(slot) = self.state.slots.get_mut(environment.as_str()) else { return Ok(()) };
        slot.rolled_back = None;
        let (Some(holder), Some(promotion)) = (slot.holder, slot.promotion.as_ref()) else { return Ok(()) };
        let Some(strategy) = promotion.strategy.as_deref().cloned() else { return Ok(()) };
        let candidate = promotion.candidate;
        let record = self.record(holder)?;
        let (before, answers) = (record.running(), record.status == Status::Active);
        let record = self.record(candidate)?;
        let (own, settings) = (record.running(), Arc::clone(&record.settings));
        let ready = if record.status.serves() { own } else { 0 };
        let desired = settings.replicas_for(if keeps { own } else { before }).max(1);
        let beside = strategy.strategy.beside(desired, before).saturating_sub(own);
        let governors = self.governors(candidate)?;
        let spare = self.place(candidate, governors, beside, &settings, Vec::new())?;
        let rollout = RolloutState {
            progress: Rollout::of(strategy, self.now),
            desired,
            before,
            keeps: if keeps { own } else { 0 },
            part: own,
            spare,
            seen: (if answers { before } else { 0 }, ready),
            requests: 0,
            waiting: None,
        };
        self.put(environment, rollout);
        self.steer(environment, None, Growth::Now)
    }
}
