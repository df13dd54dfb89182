//! Starting and stopping a deployment: activate, deactivate, wake, idle (L8).

use super::step::{Step, next_step};
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Capability, Event, Number, Status};

impl Step<'_> {
    pub(in crate::lifecycle) fn activate(&mut self, number: Number) -> Result<(), Refusal> {
        match self.advance(number, Event::Activate)? {
            Status::Building => self.build(number),
            _ => self.start_anew(number),
        }
    }

    pub(in crate::lifecycle) fn deactivate(&mut self, number: Number) -> Result<(), Refusal> {
        self.must(number, Capability::Deactivate, "delete it")?;
        self.stop_build(number)?;
        let status = self.advance(number, Event::Deactivate)?;
        self.take_back(number)?;
        let record = self.record(number)?;
        record.generation += 1;
        record.moving = false;
        record.deadline = None;
        let (generation, sites) = (record.generation, record.sites.clone());
        // They are there until they are drained.
        self.stopped(number, generation, sites);
        if status != Status::Deactivating {
            self.record(number)?.sites.clear();
        }
        self.stopped_amid(number, false)
    }

    pub(in crate::lifecycle) fn wake(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::Wake)?;
        self.start_anew(number)
    }

    pub(in crate::lifecycle) fn idle(&mut self, number: Number) -> Result<(), Refusal> {
        self.must(number, Capability::ScaleToZero, "deactivate it")?;
        let id = self.id(number);
        let record = self.record(number)?;
        if !record.draft && !record.settings.may_idle() {
            let next = if record.settings.scales() { "lower its bound to 0" } else { "scale it to 0 by hand" };
            let reason = format!("`{id}` keeps {} replicas at least", record.settings.replicas_at_start());
            return Err(Refusal::new("L2", reason).next(next));
        }
        self.not_moving(number)?;
        self.put_to_sleep(number, Event::Idle)
    }

    pub(in crate::lifecycle) fn put_to_sleep(&mut self, number: Number, event: Event) -> Result<(), Refusal> {
        if let Some(sought) = self.state.sought_by(number).filter(|_| event == Event::Idle) {
            let reason = format!("`{}` is being promoted to `{sought}`", self.id(number));
            return Err(Refusal::new("L15", reason).next("finish or cancel the promotion first"));
        }
        self.advance(number, event)?;
        self.take_back(number)?;
        self.stop_all(number)
    }

    /// The settings before a restart that is under way, and will not come to its end.
    pub(in crate::lifecycle) fn take_back(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        if let Some(before) = record.settings_before.take() {
            record.keep_sizes();
            record.settings = before;
        }
        Ok(())
    }

    pub(in crate::lifecycle) fn not_moving(&mut self, number: Number) -> Result<(), Refusal> {
        let id = self.id(number);
        if self.record(number)?.moving {
            return Err(Refusal::new("L6", format!("`{id}` is being moved")).next("wait until it has moved"));
        }
        if self.state.rollout_of(number).is_some() {
            return self.not_to_be_replaced(number);
        }
        Ok(())
    }

    pub(in crate::lifecycle) fn not_now(&mut self, number: Number) -> Refusal {
        let id = self.id(number);
        match self.record(number) {
            Ok(record) => Refusal::new("L8", format!("`{id}` is {}", record.status)).next(next_step(record.status)),
            Err(refusal) => refusal,
        }
    }
}
