//! Editing settings: what is live, and what restarts (L11).

use std::sync::Arc;

use super::edit_plan::{Change, Edit, Field};
use super::push::suits_a_draft;
use super::settings::sound;
use super::step::Step;
use crate::lifecycle::effects::Effect;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Capability, Event, Number, Place, Record, Settings, Status};

impl Step<'_> {
    pub(in crate::lifecycle) fn edit(&mut self, number: Number, edit: &Edit) -> Result<(), Refusal> {
        let id = self.id(number);
        let record = self.record(number)?;
        let (draft, status) = (record.draft, record.status);
        let (scaled, number_now) = (record.settings.scales(), self.number_in_force(number));
        let mut plan = edit.plan(&self.record(number)?.settings);
        if let Some(refusal) = plan.refused() {
            return Err(refusal);
        }
        if plan.changes.is_empty() {
            return Err(Refusal::new("L8", format!("`{id}` has these settings already")).next("change something"));
        }
        if plan.after.scales() && edit.changes.iter().any(|change| matches!(change, Change::Replicas(Some(_)))) {
            // Its number is what its load wants: another one would be lost without a word (L15).
            return Err(Refusal::new("R4", format!("`{id}` scales by itself"))
                .next("edit its bounds, minReplicas and maxReplicas, or switch its scaling off"));
        }
        let states_number = edit.changes.iter().any(|change| matches!(change, Change::Replicas(_)));
        if scaled && !plan.after.scales() && !states_number && number_now > 0 {
            // Switching scaling off keeps the present number (L16).
            plan.after.replicas = Some(number_now);
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
        let sizes = resizes || [Field::Thresholds, Field::Requests].into_iter().any(|field| plan.touches(field));
        let live: Vec<Field> = plan.changes.iter().map(|change| change.field).collect();
        if restarts {
            self.record(number)?.keep_sizes();
        }
        let before = std::mem::replace(&mut self.record(number)?.settings, Arc::new(plan.after));
        if sizes {
            self.pass_on_size_settings(number)?;
        }
        let in_rollout = self.state.rollout_of(number).cloned();
        let running = status.is_starting() || matches!(status, Status::Active | Status::Unhealthy);
        match status {
            _ if running && restarts => self.restart(number, before, resizes)?,
            Status::Updating if restarts || decides => return Err(self.not_now(number)),
            _ if running && decides => self.reconsider(number)?,
            _ => {}
        }
        if let Some(environment) = in_rollout {
            if resizes && !restarts && !decides && status != Status::ScaledToZero {
                self.resize_in_rollout(&environment, number)?;
            }
        } else if matches!(status, Status::Active | Status::Unhealthy) && !restarts && !decides && resizes {
            self.resize(number)?;
        }
        self.effects.push(Effect::Configure { deployment: number, fields: live });
        Ok(())
    }

    /// How many replicas it has at present; in a rollout those of the environment, which a candidate has in the end.
    fn number_in_force(&self, number: Number) -> u32 {
        let size = self.state.rollout_of(number).and_then(|environment| self.rollout(environment));
        let record = self.state.deployment(number);
        let most = record.map_or(u32::MAX, |record| record.settings.most_replicas());
        size.map_or_else(|| record.map_or(0, Record::running), |rollout| rollout.size.min(most))
    }

    /// New replicas under changed resources, as many as there are unless that changes as well: beside the
    /// old ones, where the role allows it.
    fn restart(&mut self, number: Number, before: Arc<Settings>, resizes: bool) -> Result<(), Refusal> {
        self.not_moving(number)?;
        self.not_to_be_replaced(number)?;
        let record = self.record(number)?;
        let running = record.size();
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
            let record = self.record(number)?;
            (record.moving, record.replacing) = (true, 0);
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
