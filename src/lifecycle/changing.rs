//! What changes a deployment while it lives: scaling, edits, restarts and moves (L11, L13, R4).

use std::sync::Arc;

use super::apply::sound;
use super::edit::{Edit, Field};
use super::effect::Effect;
use super::placing::{Answers, Place, replicas, same};
use super::refusal::Refusal;
use super::role::Capability;
use super::running::suits_a_draft;
use super::settings::Settings;
use super::state::{Number, Site};
use super::status::{Event, Status};
use super::step::Step;
use crate::id::Name;

impl Step<'_> {
    pub(super) fn scale(&mut self, number: Number, replicas: u32) -> Result<(), Refusal> {
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
        if record.settings.replicas.unwrap_or(1) == replicas && record.running() == replicas {
            let reason = format!("`{id}` has {replicas} replicas already");
            return Err(Refusal::new("L8", reason).next("choose another number"));
        }
        let asleep = record.status == Status::ScaledToZero;
        Arc::make_mut(&mut record.settings).replicas = Some(replicas);
        if asleep && replicas > 0 {
            return self.wake(number);
        }
        if !asleep && !matches!(self.record(number)?.status, Status::Active | Status::Unhealthy) {
            return Err(self.not_now(number));
        }
        self.resize(number)
    }

    /// As many replicas as its load wants, within its bounds.
    pub(super) fn autoscale(&mut self, number: Number, wanted: u32) -> Result<(), Refusal> {
        let id = self.id(number);
        self.not_moving(number)?;
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
        if wanted == running {
            return Err(Refusal::new("L8", format!("`{id}` has {wanted} replicas already")).next("wait"));
        }
        match status {
            Status::ScaledToZero => {
                self.advance(number, Event::Wake)?;
                let governors = self.governors(number)?;
                let places = self.place(number, governors, wanted, &settings, Vec::new())?;
                self.start(number, places)
            }
            Status::Active | Status::Unhealthy => self.resize_to(number, wanted),
            _ => Err(self.not_now(number)),
        }
    }

    pub(super) fn edit(&mut self, number: Number, edit: &Edit) -> Result<(), Refusal> {
        let id = self.id(number);
        let record = self.record(number)?;
        let (draft, status) = (record.draft, record.status);
        let plan = edit.plan(&record.settings);
        if let Some(refusal) = plan.refused() {
            return Err(refusal);
        }
        if plan.changes.is_empty() {
            return Err(Refusal::new("L8", format!("`{id}` has these settings already")).next("change something"));
        }
        sound(&plan.after)?;
        if draft {
            suits_a_draft(&plan.after)?;
        }
        if plan.touches(Field::Strategy) && (self.state.sought_by(number).is_some() || self.is_sought(number)) {
            return Err(Refusal::new("L11", "the strategy cannot change during a promotion")
                .next("finish or cancel the promotion first"));
        }
        let (restarts, decides) = (plan.restarts(), plan.decides());
        let wanted = [Field::Replicas, Field::Scaling, Field::MinReplicas, Field::MaxReplicas];
        let resizes = wanted.into_iter().any(|field| plan.touches(field));
        let live: Vec<Field> = plan.changes.iter().map(|change| change.field).collect();
        let before = std::mem::replace(&mut self.record(number)?.settings, Arc::new(plan.after));
        let running = status.is_starting() || matches!(status, Status::Active | Status::Unhealthy);
        match status {
            _ if running && restarts => self.restart(number, before, resizes)?,
            Status::Updating if restarts || decides => return Err(self.not_now(number)),
            _ if running && decides => self.reconsider(number)?,
            _ => {}
        }
        if matches!(status, Status::Active | Status::Unhealthy) && !restarts && !decides && resizes {
            self.resize(number)?;
        }
        self.effects.push(Effect::Configure { deployment: number, fields: live });
        Ok(())
    }

    /// New replicas under changed resources, as many as there are unless that changes as well: beside the
    /// old ones, where the role allows it.
    fn restart(&mut self, number: Number, before: Arc<Settings>, resizes: bool) -> Result<(), Refusal> {
        self.not_moving(number)?;
        self.not_to_be_replaced(number)?;
        let record = self.record(number)?;
        let running = record.running();
        let wanted = if resizes { record.settings.replicas_for(running) } else { running };
        let warm = record.status == Status::Active;
        if wanted == 0 && !record.status.is_starting() {
            return self.put_to_sleep(number, Event::Idle);
        }
        record.settings_before = Some(before);
        let (governors, settings) = (self.governors(number)?, Arc::clone(&self.record(number)?.settings));
        let places = self.place(number, governors, wanted.max(1), &settings, Vec::new())?;
        if warm && self.must(number, Capability::ZeroDowntimeUpdates, "").is_ok() {
            self.advance(number, Event::Restart)?;
            self.record(number)?.moving = true;
            self.start(number, places)
        } else {
            self.restart_cold(number, places)
        }
    }

    fn restart_cold(&mut self, number: Number, places: Vec<Place>) -> Result<(), Refusal> {
        self.stop_all(number)?;
        self.advance(number, Event::ColdRestart)?;
        self.start(number, places)
    }

    /// Replicas to where they may run: those of one that answers stay until the new ones do.
    pub(super) fn relocate(&mut self, number: Number) -> Result<(), Refusal> {
        let before = self.record(number)?.places();
        self.reconsider(number)?;
        let granted = matches!(self.answers, Answers::Asked(_));
        let record = self.record(number)?;
        if !granted && !record.moving && record.places() == before {
            let reason = format!("`{}` is where it may be", self.id(number));
            return Err(Refusal::new("L13", reason).next("leave it there"));
        }
        Ok(())
    }

    /// Decides the places of running replicas anew, and moves them if need be.
    fn reconsider(&mut self, number: Number) -> Result<(), Refusal> {
        self.not_moving(number)?;
        self.not_to_be_replaced(number)?;
        let record = self.record(number)?;
        let (status, draft, keep) = (record.status, record.draft, record.places());
        if !status.is_starting() && !matches!(status, Status::Active | Status::Unhealthy) {
            return Err(self.not_now(number));
        }
        let wanted = replicas(&keep);
        let (governors, settings) = (self.governors(number)?, Arc::clone(&self.record(number)?.settings));
        let places = self.place(number, governors, wanted, &settings, keep.clone())?;
        if same(&places, &keep) {
            return Ok(());
        }
        if status.is_starting() || draft {
            return self.restart_cold(number, places);
        }
        self.record(number)?.moving = true;
        self.start(number, places)
    }

    /// As many replicas as the settings want, more or fewer.
    fn resize(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (running, asleep) = (record.running(), record.status == Status::ScaledToZero);
        let wanted = record.settings.replicas_for(running);
        // A rollout takes over what its two sides want by itself.
        if asleep || wanted == running || (wanted > 0 && self.state.rollout_of(number).is_some()) {
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
    pub(super) fn grow(&mut self, number: Number, places: Vec<Place>) -> Result<(), Refusal> {
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
    pub(super) fn shrink(&mut self, number: Number, surplus: u32) -> Result<(), Refusal> {
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

    /// Who must allow a deployment's places: its governor, and the environment that it seeks (L3).
    pub(super) fn governors(&mut self, number: Number) -> Result<Vec<Name>, Refusal> {
        let mut governors = vec![self.record(number)?.governor.clone()];
        governors.extend(self.state.sought_by(number).filter(|sought| !governors.contains(sought)).cloned());
        Ok(governors)
    }

    /// Whether the environment that it holds is being promoted to.
    fn is_sought(&self, number: Number) -> bool {
        let held = self.state.held_by(number).and_then(|environment| self.state.slot(environment.as_str()));
        held.is_some_and(|slot| slot.promotion.is_some())
    }
}
