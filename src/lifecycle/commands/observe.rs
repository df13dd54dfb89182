//! What a host observes of a deployment (L8).

use super::observation::{Observation, PlaceSeen};
use super::step::Step;
use crate::id::Name;
use crate::lifecycle::effects::Notice;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Event, Number, Place, Record, Site, Status};

impl Step<'_> {
    pub(in crate::lifecycle) fn observe(
        &mut self,
        number: Number,
        generation: u64,
        observation: Observation,
    ) -> Result<(), Refusal> {
        let record = self.state.live(number)?;
        if generation > record.generation {
            return Err(no_such_generation(&self.state.id(number), generation));
        }
        let (moving, updating) = (record.moving, record.status == Status::Updating);
        let runs = matches!(record.status, Status::Active | Status::Unhealthy);
        // A candidate of a rollout that failed has failed as a whole: the rollout goes back. A holder, or one that replaces
        // what was lost, has not (L14).
        let alone = self.state.rollout_by(number).is_none() || record.replacing > 0;
        let starts_beside = alone && !record.status.is_starting() && record.starting() > 0;
        match observation {
            Observation::Built => self.built(number),
            Observation::Loading => self.advance(number, Event::Loading).map(|_| ()),
            Observation::Ready if moving && !updating => self.ready(number, Event::Moved),
            Observation::Ready if runs => self.all_ready(number),
            Observation::Ready => self.ready(number, Event::Ready),
            Observation::Failed if moving => self.move_failed(number),
            Observation::Failed if starts_beside => self.starts_failed(number),
            Observation::Failed => self.failed(number),
            Observation::Drained => self.drained(number),
            Observation::Unhealthy => {
                self.record(number)?.answer_well(false);
                self.advance(number, Event::Unhealthy).map(|_| ())
            }
            Observation::Healthy => {
                self.advance(number, Event::Healthy)?;
                self.record(number)?.answer_well(true);
                self.follow_readiness(number)?;
                self.settled(number)
            }
            Observation::TimerFired => {
                if record.deadline.is_some_and(|deadline| self.now < deadline) {
                    if starts_beside {
                        // The timer of an earlier start, which more replicas have put off.
                        return Ok(());
                    }
                    return Err(Refusal::new("L12", "the deadline lies ahead").next("wait for it"));
                }
                self.stop_build(number)?;
                match () {
                    () if moving => self.move_failed(number),
                    () if starts_beside => self.starts_failed(number),
                    () => self.failed(number),
                }
            }
        }
    }

    /// Takes in how the replicas at one place are, and what follows from it (L14).
    pub(in crate::lifecycle) fn observe_place(
        &mut self,
        number: Number,
        generation: u64,
        at: &PlaceSeen,
    ) -> Result<(), Refusal> {
        let id = self.id(number);
        let record = self.record(number)?;
        if generation > record.generation {
            return Err(no_such_generation(&id, generation));
        }
        record.tell_places_apart();
        let place = at.place();
        let same = |site: &&mut Site| site.is_at(&place, generation);
        if let Some(site) = record.sites.iter_mut().find(same) {
            site.seen = Some(at.seen().of(site.place.replicas));
        }
        self.places_changed(number)
    }

    /// Moves a deployment on by what is known of its places: a move ends, failed starts go, the first ready
    /// replica answers, the last that is lost makes it unhealthy.
    fn places_changed(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        if record.moving {
            let coming = || record.sites.iter().filter(|site| record.is_coming(site));
            let failed = coming().any(|site| record.seen_at(site).failed > 0);
            let ready = coming().all(|site| record.seen_at(site).ready == site.place.replicas);
            let event = if record.status == Status::Updating { Event::Ready } else { Event::Moved };
            match () {
                () if failed => return self.move_failed(number),
                () if ready => return self.ready_by_place(number, event),
                () => {}
            }
        }
        let record = self.record(number)?;
        let here = || record.sites.iter().filter(|site| !record.is_coming(site));
        let failed = here().map(|site| record.seen_at(site).failed).fold(0, u32::saturating_add);
        if failed > 0 && failed == record.running() && !record.moving {
            return self.failed(number);
        }
        match failed {
            0 => {}
            // The move replaces them; until then they are as good as lost.
            _ if record.moving => self.record(number)?.count_failed_as_lost(),
            _ => self.stop_failed(number)?,
        }
        let record = self.record(number)?;
        // A patch leaves the replicas where they are.
        let patched = record.status == Status::Updating && record.draft;
        if (record.status.is_starting() || patched) && record.ready() > 0 {
            record.settings_before = None;
            self.advance(number, Event::Ready)?;
        }
        self.follow_readiness(number)?;
        self.settled(number)
    }

    /// What runs is well while a replica is ready, and what starts has a deadline.
    pub(in crate::lifecycle) fn follow_readiness(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let ready = record.ready();
        match record.status {
            Status::Active if ready == 0 => drop(self.advance(number, Event::Unhealthy)?),
            Status::Unhealthy if ready > 0 => drop(self.advance(number, Event::Healthy)?),
            _ => {}
        }
        self.time_starts(number)
    }

    /// All replicas are ready: those that started beside others, or were not well, too.
    fn all_ready(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        record.all_ready();
        let reachable = record.sites.iter().any(|site| !site.is_lost());
        if record.status == Status::Unhealthy && reachable {
            self.advance(number, Event::Healthy)?;
        }
        self.settled(number)
    }

    /// Replicas that were to start beside others did not: the others stay (L14).
    fn starts_failed(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        for site in &mut record.sites {
            if let Some(seen) = &mut site.seen {
                seen.failed = site.place.replicas.saturating_sub(seen.ready).saturating_sub(seen.lost);
            }
        }
        self.places_changed(number)
    }

    /// Takes off the replicas that did not start.
    fn stop_failed(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let generation = record.generation;
        let mut stopped = Vec::new();
        for site in &mut record.sites {
            if let Some(seen) = site.seen.as_mut().filter(|seen| seen.failed > 0) {
                let failed = std::mem::take(&mut seen.failed);
                // What did not start replaces nothing.
                record.replacing = record.replacing.saturating_sub(failed);
                site.place.replicas = site.place.replicas.saturating_sub(failed);
                stopped.push(Site { place: Place { replicas: failed, ..site.place.clone() }, ..site.clone() });
            }
        }
        record.forget_empty();
        let size = record.size();
        self.stopped(number, generation, stopped);
        self.takes_part_with(number, size);
        self.notify(Notice::Failed { deployment: number });
        Ok(())
    }

    /// What had to wait until enough replicas are ready.
    pub(in crate::lifecycle) fn settled(&mut self, number: Number) -> Result<(), Refusal> {
        self.replaced(number)?;
        self.time_starts(number)?;
        let Some(environment) = self.state.sought_by(number).cloned() else { return Ok(()) };
        let carries = self.carries(&environment, number);
        let record = self.record(number)?;
        let up = record.status == Status::Active && !record.moving;
        if up && (carries || record.starting() == 0) { self.take_over(number, false) } else { Ok(()) }
    }

    /// Whether replicas of a candidate start beside others, and those that are ready do not carry what the holder does:
    /// it takes over later.
    pub(in crate::lifecycle) fn starts_beside(&mut self, candidate: Number) -> Result<bool, Refusal> {
        let carries = self.state.sought_by(candidate).cloned().is_some_and(|sought| self.carries(&sought, candidate));
        Ok(!carries && self.record(candidate)?.starting() > 0)
    }

    /// Whether a candidate that takes over at once has as many ready replicas as the holder has replicas, so that
    /// it need not wait for the rest (L15).
    fn carries(&self, environment: &Name, candidate: Number) -> bool {
        let promotion = self.state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
        let at_once = promotion.is_some_and(|promotion| promotion.strategy.is_none());
        let ready = self.state.deployment(candidate).map_or(0, Record::ready);
        at_once && ready >= self.holders_size(environment).max(1)
    }

    pub(in crate::lifecycle) fn built(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::Built)?;
        self.start_candidate(number)
    }

    pub(in crate::lifecycle) fn ready(&mut self, number: Number, event: Event) -> Result<(), Refusal> {
        self.record(number)?.all_ready();
        self.ready_by_place(number, event)
    }

    fn ready_by_place(&mut self, number: Number, event: Event) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (moved, generation) = (std::mem::take(&mut record.moving), record.generation);
        record.settings_before = None;
        self.advance(number, event)?;
        let grown = moved && self.has_grown(number);
        if moved && !grown {
            self.stop(number, |site| site.generation < generation)?;
            self.time_starts(number)?;
        }
        self.take_over(number, false)
    }

    pub(in crate::lifecycle) fn failed(&mut self, number: Number) -> Result<(), Refusal> {
        if self.state.rollout_of(number).is_some() {
            self.not_replaced_any_more(number)?;
        }
        self.advance(number, Event::Failed)?;
        self.stop_all(number)?;
        self.notify(Notice::Failed { deployment: number });
        self.stopped_amid(number, true)
    }

    pub(in crate::lifecycle) fn drained(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::Drained)?;
        self.record(number)?.sites.clear();
        Ok(())
    }
}

fn no_such_generation(id: &str, generation: u64) -> Refusal {
    Refusal::new("L8", format!("`{id}` has no generation {generation} yet"))
        .next("name the generation of the effect that was answered")
}
