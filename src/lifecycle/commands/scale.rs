//! How many replicas a deployment has: scaling by hand and by load (R4).

use std::sync::Arc;

use super::step::{START_DEADLINE, Step};
use crate::lifecycle::effects::Effect;
use crate::lifecycle::placements::{PlacementRequest, Purpose};
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Event, Number, Place, Seen, Site, Status};

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
        if record.settings.replicas_for(record.size()) == replicas && record.size() == replicas {
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
        let (status, running, settings) = (record.status, record.size(), Arc::clone(&record.settings));
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
        let (running, asleep) = (record.size(), record.status == Status::ScaledToZero);
        let wanted = record.settings.replicas_for(running);
        if asleep || wanted == running {
            return Ok(());
        }
        self.not_moving(number)?;
        self.resize_to(number, wanted)
    }

    fn resize_to(&mut self, number: Number, wanted: u32) -> Result<(), Refusal> {
        let running = self.record(number)?.size();
        if wanted == 0 {
            return self.put_to_sleep(number, Event::Idle);
        }
        if wanted < running {
            self.shrink(number, running - wanted)?;
            // A candidate may have waited for what has stopped.
            return self.settled(number);
        }
        let (governors, settings) = (self.governors(number)?, Arc::clone(&self.record(number)?.settings));
        let places = self.place_more(number, governors, wanted - running, &settings, Vec::new())?;
        self.grow(number, places)
    }

    /// More replicas of the present generation, beside those that there are.
    pub(in crate::lifecycle) fn grow(&mut self, number: Number, places: Vec<Place>) -> Result<(), Refusal> {
        let (at, in_rollout) = (self.now.after(START_DEADLINE), self.state.is_in_rollout(number));
        let record = self.record(number)?;
        let generation = record.generation;
        let beside = !record.status.is_starting();
        if beside {
            record.tell_places_apart();
        }
        for place in &places {
            let same = |site: &&mut Site| site.is_at(place, generation);
            if let Some(site) = record.sites.iter_mut().find(same) {
                site.place.replicas = site.place.replicas.saturating_add(place.replicas);
                continue;
            }
            let again = record.emptied.iter().position(|site| site.generation == generation && site.place.is_at(place));
            let sequence = again.and_then(|at| record.emptied.swap_remove(at).seen).and_then(|seen| seen.sequence);
            let seen = beside.then_some(Seen { sequence, ..Seen::default() });
            record.sites.push(Site { seen, ..Site::new(place.clone(), generation) });
        }
        // A rollout has a deadline of its own.
        let timed = beside && !in_rollout;
        if timed {
            record.deadline = Some(at);
        }
        self.effects.push(Effect::Start { deployment: number, generation, places });
        if timed {
            self.effects.push(Effect::Timer { at, deployment: number, generation });
        }
        Ok(())
    }

    /// Fewer replicas: first those on closed or lost clusters, on nodes that are gone, or where they may not run, then
    /// those that are not ready, then those at the worst places (L14).
    pub(in crate::lifecycle) fn shrink(&mut self, number: Number, surplus: u32) -> Result<(), Refusal> {
        self.stop_worst(number, surplus, false)
    }

    /// The same within a promotion, where what is ready stays as long as anything else can go (L15).
    pub(in crate::lifecycle) fn shrink_unready_first(&mut self, number: Number, surplus: u32) -> Result<(), Refusal> {
        self.stop_worst(number, surplus, true)
    }

    fn stop_worst(&mut self, number: Number, surplus: u32, unready_first: bool) -> Result<(), Refusal> {
        let governors = self.governors(number)?;
        let record = self.record(number)?;
        let replicas = record.running().saturating_sub(surplus);
        let (settings, keep) = (Arc::clone(&record.settings), record.places());
        let purpose = Purpose::Shrink;
        let request =
            PlacementRequest { deployment: number, governors, replicas, settings, keep, beside: Vec::new(), purpose };
        let best = self.answers.best_first(request)?;
        let record = self.record(number)?;
        let rank = |site: &Site| best.iter().position(|place| !site.is_lost() && place.is_at(&site.place));
        let mut order: Vec<(usize, Option<usize>, u32)> = Vec::with_capacity(record.sites.len());
        for (index, site) in record.sites.iter().enumerate() {
            order.push((index, rank(site), record.seen_at(site).ready));
        }
        // The worst first: what has no rank before all others, and of equals the last placed.
        order.sort_by_key(|(index, rank, _)| (rank.is_some(), std::cmp::Reverse((*rank, *index))));
        let mut left = surplus;
        let mut stopped = vec![0; record.sites.len()];
        let closed = order.iter().filter(|(_, rank, _)| rank.is_none()).map(|&(index, ..)| (index, !unready_first));
        let not_ready = order.iter().map(|&(index, ..)| (index, false));
        let ready = order.iter().map(|&(index, ..)| (index, true));
        for (index, also_ready) in closed.chain(not_ready).chain(ready) {
            let (Some(site), Some(gone)) = (record.sites.get(index), stopped.get_mut(index)) else { continue };
            let kept = if also_ready { 0 } else { record.seen_at(site).ready };
            let less = left.min(site.place.replicas.saturating_sub(*gone).saturating_sub(kept));
            *gone += less;
            left -= less;
        }
        let mut sites = Vec::new();
        for (site, less) in record.sites.iter_mut().zip(stopped).rev().filter(|(_, less)| *less > 0) {
            site.place.replicas -= less;
            if let Some(seen) = &mut site.seen {
                // Those that are not ready go first.
                *seen = seen.of(site.place.replicas);
            }
            sites.push(Site { place: Place { replicas: less, ..site.place.clone() }, ..site.clone() });
        }
        record.forget_empty();
        let generation = record.generation;
        self.stopped(number, generation, sites);
        self.replace_no_more_than_is_lost(number)?;
        // What was ready may have been on closed clusters alone. In a rollout, what is seen next says how both sides are.
        if self.state.is_in_rollout(number) { self.time_starts(number) } else { self.follow_readiness(number) }
    }

    /// Where replicas start, the start has a deadline; where none does any more, it has none.
    pub(in crate::lifecycle) fn time_starts(&mut self, number: Number) -> Result<(), Refusal> {
        let (at, in_rollout) = (self.now.after(START_DEADLINE), self.state.is_in_rollout(number));
        let record = self.record(number)?;
        let generation = record.generation;
        if !matches!(record.status, Status::Active | Status::Unhealthy) || record.moving {
            return Ok(());
        }
        if record.starting() == 0 {
            record.deadline = None;
        } else if record.deadline.is_none() && !in_rollout {
            // A rollout has a deadline of its own.
            record.deadline = Some(at);
            self.effects.push(Effect::Timer { at, deployment: number, generation });
        }
        Ok(())
    }
}
