//! Editing settings: what is live, and what restarts (L11).

use std::sync::Arc;

use super::edit_plan::{Edit, Field};
use super::push::suits_a_draft;
use super::settings::sound;
use super::step::Step;
use crate::lifecycle::effects::Effect;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Capability, Event, Number, Place, Settings, Status};

impl Step<'_> {
    pub(in crate::lifecycle) fn edit(&mut self, number: Number, edit: &Edit) -> Result<(), Refusal> {
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

    pub(in crate::lifecycle) fn restart_cold(&mut self, number: Number, places: Vec<Place>) -> Result<(), Refusal> {
        self.stop_all(number)?;
        self.advance(number, Event::ColdRestart)?;
        self.start(number, places)
    }

    /// Whether the environment that it holds is being promoted to.
    fn is_sought(&self, number: Number) -> bool {
        let held = self.state.held_by(number).and_then(|environment| self.state.slot(environment.as_str()));
        held.is_some_and(|slot| slot.promotion.is_some())
    }
}
