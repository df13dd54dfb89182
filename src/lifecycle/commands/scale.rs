//! How many replicas a deployment has: scaling by hand and by load (R4).

use std::sync::Arc;

use super::step::Step;
use crate::lifecycle::effects::Effect;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Event, Number, Place, Site, Status};

impl Step<'_> {
    pub(in crate::lifecycle) fn scale(&mut self, number: Number, replicas: u32) -> Result<(), Refusal> {
        let id = self.id(number);
        let record = self.record(number)?;
        if record.settings.scales() {
            let reason = format!("`{id}` scales by itself");
            return Err(Refusal::new("R4", reason).next("edit its bounds, minReplicas and maxReplicas"));
        }
        if record.draft && replicas > 1 {
            return Err(Refusal::new("L2", format!("`{id}` is the draft, which has at most one replica"))
                .next("push it published"));
        }
        if record.settings.replicas_for(record.running()) == replicas && record.running() == replicas {
            let reason = format!("`{id}` has {replicas} replicas already");
            return Err(Refusal::new("L8", reason).next("choose another number"));
        }
        let asleep = record.status == Status::ScaledToZero;
        Arc::make_mut(&mut record.settings).replicas = Some(replicas);
        self.pass_on_size_settings(number)?;
        if let Some(environment) = self.state.rollout_of(number).cloned()
            && !asleep
        {
            return self.resize_in_rollout(&environment, number);
        }
        if asleep && replicas > 0 {
            return self.wake(number);
        }
        if !asleep && !matches!(self.record(number)?.status, Status::Active | Status::Unhealthy) {
            return Err(self.not_now(number));
        }
        self.resize(number)
    }

    /// As many replicas as its load wants, within its bounds.
    pub(in crate::lifecycle) fn autoscale(&mut self, number: Number, wanted: u32) -> Result<(), Refusal> {
        let id = self.id(number);
        let environment = self.state.rollout_of(number).cloned();
        if environment.is_none() {
            self.not_moving(number)?;
        }
        let record = self.record(number)?;
        let (status, running, settings) = (record.status, record.running(), Arc::clone(&record.settings));
        let Some(bounds) = record.autoscaler().map(|scaler| scaler.bounds) else {
            return Err(Refusal::new("R4", format!("`{id}` does not scale by itself"))
                .next("turn its scaling on, or scale it by hand"));
        };
        if bounds.clamp(wanted) != wanted {
            let reason = format!("`{id}` has from {} to {} replicas, not {wanted}", bounds.min(), bounds.max());
            return Err(Refusal::new("R4", reason).next("edit its bounds, minReplicas and maxReplicas"));
        }
        if let Some(environment) = environment.filter(|_| status != Status::ScaledToZero) {
            return self.autoscale_in_rollout(&environment, number, wanted);
        }
        if wanted == running {
            return Err(Refusal::new("L8", format!("`{id}` has {wanted} replicas already")).next("wait"));
        }
        match status {
            Status::ScaledToZero => {
                self.advance(number, Event::Wake)?;
                let least = self.record(number)?.wakes_with.take().unwrap_or(0).min(bounds.max());
                let wanted = wanted.max(least);
                let governors = self.governors(number)?;
                let places = self.place(number, governors, wanted, &settings, Vec::new())?;
                self.start(number, places)
            }
            Status::Active | Status::Unhealthy => self.resize_to(number, wanted),
            _ => Err(self.not_now(number)),
        }
    }

    /// As many replicas as the settings want, more or fewer.
    pub(in crate::lifecycle) fn resize(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (running, asleep) = (record.running(), record.status == Status::ScaledToZero);
        let wanted = record.settings.replicas_for(running);
        if asleep || wanted == running {
            return Ok(());
        }
        self.not_moving(number)?;
        self.resize_to(number, wanted)
    }

    fn resize_to(&mut self, number: Number, wanted: u32) -> Result<(), Refusal> {
        let running = self.record(number)?.running();
        if wanted == 0 {
            return self.put_to_sleep(number, Event::Idle);
        }
        if wanted < running {
            return self.shrink(number, running - wanted);
        }
        let (governors, settings) = (self.governors(number)?, Arc::clone(&self.record(number)?.settings));
        let places = self.place(number, governors, wanted - running, &settings, Vec::new())?;
        self.grow(number, places)
    }

    /// More replicas of the present generation.
    pub(in crate::lifecycle) fn grow(&mut self, number: Number, places: Vec<Place>) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let generation = record.generation;
        for place in &places {
            let at = |site: &&mut Site| {
                let found = &site.place;
                (&found.cluster, &found.pool, &found.flavor) == (&place.cluster, &place.pool, &place.flavor)
            };
            match record.sites.iter_mut().find(at) {
                Some(site) => site.place.replicas = site.place.replicas.saturating_add(place.replicas),
                None => record.sites.push(Site { place: place.clone(), generation }),
            }
        }
        self.effects.push(Effect::Start { deployment: number, generation, places });
        Ok(())
    }

    /// Fewer replicas, the last placed first.
    pub(in crate::lifecycle) fn shrink(&mut self, number: Number, surplus: u32) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (mut left, mut stopped) = (surplus, Vec::new());
        for site in record.sites.iter_mut().rev() {
            let less = left.min(site.place.replicas);
            if less > 0 {
                site.place.replicas -= less;
                left -= less;
                stopped.push(Site { place: Place { replicas: less, ..site.place.clone() }, ..site.clone() });
            }
        }
        record.sites.retain(|site| site.place.replicas > 0);
        let generation = record.generation;
        self.stopped(number, generation, stopped);
        Ok(())
    }
}
