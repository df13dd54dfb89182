//! How many replicas both sides of a promotion have (L15, L16), and whether the candidate may still be where
//! it is when it takes over (L18).

use std::sync::Arc;

use super::rollout::Growth;
use crate::id::Name;
use crate::lifecycle::commands::Step;
use crate::lifecycle::effects::Notice;
use crate::lifecycle::placements::{PlacementRequest, Purpose};
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Event, Number, Place, Record, Rollback, Settings, State, Status, same};

impl Step<'_> {
    /// The replicas of an environment's holder, which a candidate must be able to stand in for; 0 where nobody
    /// holds it, and where the holder does not run.
    pub(in crate::lifecycle) fn holders_size(&self, environment: &Name) -> u32 {
        let holder = self.state.holder(environment.as_str()).filter(|holder| runs(holder));
        holder.map_or(0, Record::size)
    }

    /// The candidate takes over at once: with as many replicas as the holder has, and where it may be.
    pub(in crate::lifecycle) fn take_over_at_once(
        &mut self,
        environment: &Name,
        candidate: Number,
        asked: bool,
    ) -> Result<(), Refusal> {
        let holders = self.holders_size(environment);
        let record = self.record(candidate)?;
        let (running, keep, settings) = (record.running(), record.places(), Arc::clone(&record.settings));
        if running == 0 {
            return self.switch(environment);
        }
        let governors = self.governors(candidate)?;
        let wanted = settings.replicas_to_replace(holders);
        // What is lost stands in for nobody.
        let standing = running - self.record(candidate)?.lost().min(running);
        if wanted > standing && (wanted > running || holders > 0) {
            let places = self.place_more(candidate, governors, wanted - standing, &settings, Vec::new())?;
            if let Some(promotion) =
                self.state.slots.get_mut(environment.as_str()).and_then(|slot| slot.promotion.as_mut())
            {
                promotion.grows = true;
            }
            self.record(candidate)?.moving = true;
            return self.start(candidate, places);
        }
        if asked {
            return self.switch_and_settle(environment, candidate);
        }
        let request = PlacementRequest {
            deployment: candidate,
            governors,
            replicas: running,
            settings,
            keep: keep.clone(),
            beside: Vec::new(),
            purpose: Purpose::Place,
        };
        match self.answers.ask(request)? {
            Ok(places) if same(&places, &keep) => self.switch_and_settle(environment, candidate),
            Ok(places) => {
                self.record(candidate)?.moving = true;
                self.start(candidate, places)
            }
            Err(refused) => {
                let reason = format!("it may not run where it is, nor anywhere else: {}", refused.reason);
                self.drop_candidate(candidate, &reason)?;
                let rollback = Rollback { candidate, reason, at: self.now };
                self.state.slots.entry(environment.clone()).or_default().rolled_back = Some(rollback);
                Ok(())
            }
        }
    }

    /// A number that was stated meanwhile and is smaller holds as soon as the candidate has taken over.
    fn switch_and_settle(&mut self, environment: &Name, candidate: Number) -> Result<(), Refusal> {
        self.switch(environment)?;
        let record = self.record(candidate)?;
        let (running, wanted) = (record.running(), record.settings.replicas_for(record.running()));
        if 0 < wanted && wanted < running { self.shrink_unready_first(candidate, running - wanted) } else { Ok(()) }
    }

    /// Whether a candidate was given more replicas to take over at once, and has them now.
    pub(in crate::lifecycle) fn has_grown(&mut self, candidate: Number) -> bool {
        let environment = self.state.sought_by(candidate).cloned();
        let slot = environment.and_then(|environment| self.state.slots.get_mut(environment.as_str()));
        slot.and_then(|slot| slot.promotion.as_mut()).is_some_and(|promotion| std::mem::take(&mut promotion.grows))
    }

    /// Says beforehand where the candidate will have fewer replicas in the end than the holder has.
    pub(in crate::lifecycle) fn tell_of_fewer(&mut self, environment: &Name, candidate: Number) -> Result<(), Refusal> {
        let holders = self.holders_size(environment);
        let replicas = self.record(candidate)?.settings.replicas_for(holders);
        if replicas < holders {
            let environment = environment.clone();
            self.notify(Notice::FewerReplicas { environment, candidate, replicas, holders });
        }
        Ok(())
    }

    /// Edits of a holder's size settings reach the candidate that has them from it.
    pub(in crate::lifecycle) fn pass_on_size_settings(&mut self, holder: Number) -> Result<(), Refusal> {
        let Some(environment) = self.state.held_by(holder).cloned() else { return Ok(()) };
        let promotion = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
        let Some(candidate) = promotion.filter(|found| found.inherits).map(|found| found.candidate) else {
            return Ok(());
        };
        let settings = Arc::clone(&self.record(holder)?.settings);
        let record = self.record(candidate)?;
        record.settings = Arc::new(record.settings.as_ref().clone().scaled_as(&settings));
        Ok(())
    }

    /// What new size settings of a side of a rollout come to at once. The rest follows with what is seen next.
    pub(in crate::lifecycle) fn resize_in_rollout(
        &mut self,
        environment: &Name,
        number: Number,
    ) -> Result<(), Refusal> {
        let Some(rollout) = self.rollout(environment) else { return Ok(()) };
        let settings = Arc::clone(&self.record(number)?.settings);
        if self.state.held_by(number) == Some(environment) {
            return match settings.replicas_for(rollout.size) {
                0 => self.not_to_be_replaced(number),
                size => self.set_size(environment, number, size),
            };
        }
        let running = self.record(number)?.size();
        if settings.replicas_for(running.max(1)) == 0 {
            return self.not_to_be_replaced(number);
        }
        let least = if settings.scales() { settings.replicas_for(running) } else { running };
        if rollout.is_by_replicas() || least <= running {
            Ok(())
        } else {
            self.grow_candidate(environment, number, least)
        }
    }

    /// The number that the load of a side wants. During a promotion nobody is scaled down (L15).
    pub(in crate::lifecycle) fn autoscale_in_rollout(
        &mut self,
        environment: &Name,
        number: Number,
        wanted: u32,
    ) -> Result<(), Refusal> {
        let Some(rollout) = self.rollout(environment) else { return Ok(()) };
        let Some(now) = self.state.scaled_in_rollout(environment, number) else {
            let reason =
                format!("`{}` takes part in a rollout in `{environment}`, whose size is the holder's", self.id(number));
            return Err(Refusal::new("L15", reason).next("scale the holder"));
        };
        if wanted <= now {
            let reason = format!("`{}` is not scaled down during the promotion to `{environment}`", self.id(number));
            return Err(Refusal::new("L15", reason).next("wait until the promotion is over"));
        }
        if self.state.held_by(number) == Some(environment) || rollout.is_by_replicas() {
            self.set_size(environment, number, wanted)
        } else if self.record(number)?.status.is_starting() {
            Err(self.not_now(number))
        } else {
            self.grow_candidate(environment, number, wanted)
        }
    }

    /// The environment has another size from now on. What is more comes to the side that is scaled at once, also
    /// while the rollout is paused; what is less goes as the strategy lets it.
    fn set_size(&mut self, environment: &Name, number: Number, size: u32) -> Result<(), Refusal> {
        let Some(mut rollout) = self.rollout(environment) else { return Ok(()) };
        let more = size.saturating_sub(rollout.size);
        let settings = Arc::clone(&self.record(number)?.settings);
        let is_holder = self.state.held_by(number) == Some(environment);
        let grows = more > 0 && is_holder && self.state.deployment(number).is_some_and(runs);
        if grows {
            let governors = self.governors(number)?;
            let places = self.place_more(number, governors, more, &settings, Vec::new())?;
            self.grow(number, places)?;
        }
        rollout.size = size;
        self.put(environment, rollout);
        Ok(())
    }

    fn grow_candidate(&mut self, environment: &Name, number: Number, wanted: u32) -> Result<(), Refusal> {
        let Some(mut rollout) = self.rollout(environment) else { return Ok(()) };
        let record = self.record(number)?;
        let (running, settings) = (record.size(), Arc::clone(&record.settings));
        if running == 0 || record.status.is_starting() {
            return Ok(());
        }
        let governors = self.governors(number)?;
        let places = self.place_more(number, governors, wanted.saturating_sub(running), &settings, Vec::new())?;
        self.grow(number, places)?;
        rollout.by_load = wanted;
        self.put(environment, rollout);
        Ok(())
    }

    /// After a promotion: the number that the settings state, or the one that was reached. Where there is no room
    /// for more it is as it is, and that is said: the promotion is over, and comes back to it no more.
    pub(in crate::lifecycle) fn settle(
        &mut self,
        number: Number,
        wanted: u32,
        growth: Growth<'_>,
    ) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (running, settings) = (record.size(), Arc::clone(&record.settings));
        if wanted == 0 {
            return self.put_to_sleep(number, Event::Idle);
        }
        if wanted < running {
            return self.shrink_unready_first(number, running - wanted);
        }
        if wanted == running {
            return Ok(());
        }
        match self.place_or_tell(number, wanted - running, running, settings, growth)? {
            Some(places) => self.grow(number, places),
            None => Ok(()),
        }
    }

    /// A holder that was replaced replica by replica, and is kept, has its least number again; asleep, where
    /// that is none.
    pub(in crate::lifecycle) fn back_to_least(&mut self, number: Number, growth: Growth<'_>) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let settings = Arc::clone(&record.settings);
        let least = settings.scaling.filter(|scaling| scaling.enabled).and_then(|scaling| scaling.min_replicas);
        let least = least.unwrap_or(0);
        if record.status != Status::ScaledToZero || least == 0 {
            return Ok(());
        }
        let Some(places) = self.place_or_tell(number, least, 0, settings, growth)? else { return Ok(()) };
        self.advance(number, Event::Wake)?;
        self.start(number, places)
    }

    /// Places for more replicas beside those that run, or a notice that there are none.
    fn place_or_tell(
        &mut self,
        number: Number,
        more: u32,
        running: u32,
        settings: Arc<Settings>,
        growth: Growth<'_>,
    ) -> Result<Option<Vec<Place>>, Refusal> {
        let governors = self.governors(number)?;
        let (keep, beside) = (Vec::new(), if running > 0 { self.record(number)?.standing() } else { Vec::new() });
        let purpose = Purpose::Place;
        let request =
            PlacementRequest { deployment: number, governors, replicas: more, settings, keep, beside, purpose };
        let placed = match growth {
            Growth::NoRoom(reason) => Err(reason.to_owned()),
            Growth::Now | Growth::Later => self.answers.ask(request)?.map_err(|refused| refused.reason),
        };
        placed.map_or_else(
            |reason| {
                let reason = format!("it has {running} of {} replicas: {reason}", running.saturating_add(more));
                self.notify(Notice::RolloutWaits { deployment: number, reason });
                Ok(None)
            },
            |places| Ok(Some(places)),
        )
    }

    /// Replicas of a candidate that may not be where they are: they stop where the candidate was made for the
    /// promotion, and others come where it may be. Whatever else runs there is for L13 to move.
    pub(in crate::lifecycle) fn leave(&mut self, candidate: Number, forbidden: &[Place]) -> Result<u32, Refusal> {
        let is = |place: &Place, other: &Place| {
            (&place.cluster, &place.pool, &place.flavor) == (&other.cluster, &other.pool, &other.flavor)
        };
        let before = self.record(candidate)?.running();
        self.stop(candidate, |site| forbidden.iter().any(|place| is(place, &site.place)))?;
        Ok(before - self.record(candidate)?.running())
    }
}

impl State {
    /// The number by which a side of a rollout is scaled: that of both sides together, where replicas make the
    /// weights; `None` where the other side is the one to scale.
    pub(in crate::lifecycle) fn scaled_in_rollout(&self, environment: &Name, number: Number) -> Option<u32> {
        let slot = self.slot(environment.as_str())?;
        let rollout = slot.promotion.as_ref()?.rollout.as_deref()?;
        if !rollout.is_by_replicas() {
            return Some(self.deployment(number)?.size());
        }
        let holder = slot.holder.and_then(|holder| self.deployment(holder)).filter(|holder| runs(holder));
        (slot.holder == Some(number) || holder.is_none_or(|holder| holder.running() == 0)).then_some(rollout.size)
    }
}

/// Whether a deployment's replicas are there, whether or not they answer well.
pub(in crate::lifecycle) fn runs(record: &Record) -> bool {
    record.status.serves() || record.status == Status::Unhealthy
}
