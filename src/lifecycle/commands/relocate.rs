//! Moving replicas to where they may run (L13).

use std::sync::Arc;

use super::step::Step;
use crate::id::Name;
use crate::lifecycle::effects::Notice;
use crate::lifecycle::placements::Answers;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Event, Number, Status, same};

impl Step<'_> {
    /// Replicas to where they may run: those of one that answers stay until the new ones do.
    pub(in crate::lifecycle) fn relocate(&mut self, number: Number) -> Result<(), Refusal> {
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
    pub(in crate::lifecycle) fn reconsider(&mut self, number: Number) -> Result<(), Refusal> {
        self.not_moving(number)?;
        self.not_to_be_replaced(number)?;
        let record = self.record(number)?;
        let (status, draft, keep, wanted) = (record.status, record.draft, record.places(), record.size());
        if !status.is_starting() && !matches!(status, Status::Active | Status::Unhealthy) {
            return Err(self.not_now(number));
        }
        let (governors, settings) = (self.governors(number)?, Arc::clone(&self.record(number)?.settings));
        // Where nodes are gone the place is still allowed, and there is nothing to stay on.
        let stays = self.record(number)?.sites.iter().all(|site| site.gone_since.is_none());
        let keep = if stays { keep } else { Vec::new() };
        let places = self.place(number, governors, wanted, &settings, keep.clone())?;
        if same(&places, &keep) {
            return Ok(());
        }
        if status.is_starting() || draft {
            return self.restart_cold(number, places);
        }
        let record = self.record(number)?;
        record.moving = true;
        // All that there is stops, and so does what was to replace some of it.
        record.replacing = 0;
        self.start(number, places)
    }

    /// Who must allow a deployment's places: its governor, and the environment that it seeks (L3).
    pub(in crate::lifecycle) fn governors(&mut self, number: Number) -> Result<Vec<Name>, Refusal> {
        let mut governors = vec![self.record(number)?.governor.clone()];
        governors.extend(self.state.sought_by(number).filter(|sought| !governors.contains(sought)).cloned());
        Ok(governors)
    }

    /// The replicas stay where they are.
    pub(in crate::lifecycle) fn move_failed(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::MoveFailed)?;
        self.move_back(number)?;
        self.notify(Notice::Failed { deployment: number });
        self.drop_candidate(number, "its candidate could not be moved, or not be given more replicas")
    }

    /// Ends a move that is under way.
    pub(in crate::lifecycle) fn move_back(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let coming = record.generation;
        record.moving = false;
        record.deadline = None;
        self.take_back(number)?;
        self.stop(number, |site| site.generation == coming)?;
        self.record(number)?.generation += 1;
        self.follow_readiness(number)
    }
}
