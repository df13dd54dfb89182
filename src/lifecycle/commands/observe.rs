//! What a host observes of a deployment (L8).

use super::observation::Observation;
use super::step::Step;
use crate::lifecycle::effects::Notice;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Event, Number, Status};

impl Step<'_> {
    pub(in crate::lifecycle) fn observe(
        &mut self,
        number: Number,
        generation: u64,
        observation: Observation,
    ) -> Result<(), Refusal> {
        let record = self.state.live(number)?;
        if generation > record.generation {
            let reason = format!("`{}` has no generation {generation} yet", self.state.id(number));
            return Err(Refusal::new("L8", reason).next("name the generation of the effect that was answered"));
        }
        let (moving, updating) = (record.moving, record.status == Status::Updating);
        match observation {
            Observation::Built => self.built(number),
            Observation::Loading => self.advance(number, Event::Loading).map(|_| ()),
            Observation::Ready if moving && !updating => self.ready(number, Event::Moved),
            Observation::Ready => self.ready(number, Event::Ready),
            Observation::Failed if moving => self.move_failed(number),
            Observation::Failed => self.failed(number),
            Observation::Drained => self.drained(number),
            Observation::Unhealthy => self.advance(number, Event::Unhealthy).map(|_| ()),
            Observation::Healthy => self.advance(number, Event::Healthy).map(|_| ()),
            Observation::TimerFired => {
                if record.deadline.is_some_and(|deadline| self.now < deadline) {
                    return Err(Refusal::new("L12", "the deadline lies ahead").next("wait for it"));
                }
                if moving { self.move_failed(number) } else { self.failed(number) }
            }
        }
    }

    pub(in crate::lifecycle) fn built(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::Built)?;
        self.start_candidate(number)
    }

    pub(in crate::lifecycle) fn ready(&mut self, number: Number, event: Event) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (moved, generation) = (std::mem::take(&mut record.moving), record.generation);
        record.settings_before = None;
        self.advance(number, event)?;
        let grown = moved && self.has_grown(number);
        if moved && !grown {
            self.stop(number, |site| site.generation < generation)?;
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
