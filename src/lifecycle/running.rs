//! Commands on a single deployment: push, patch, start, stop, wake, rename, delete; and what a host
//! observes of it.

use std::sync::Arc;

use super::apply::sound;
use super::command::{Push, PushKind};
use super::effect::{Effect, Notice};
use super::refusal::Refusal;
use super::role::Capability;
use super::settings::Settings;
use super::state::{Number, Promotion};
use super::status::{Event, Status};
use super::step::{Newcomer, Step, next_step};
use crate::id::Name;
use crate::policy::{Environment, OnReplaced};
use crate::rollout;

impl Step<'_> {
    pub(super) fn push(&mut self, push: &Push) -> Result<(), Refusal> {
        sound(&push.settings)?;
        let newcomer = |governor: Name, draft| Newcomer {
            name: push.name.clone(),
            version: push.version.clone(),
            draft,
            governor: push.environment.clone().unwrap_or(governor),
            status: Status::Building,
            settings: Arc::clone(&push.settings),
        };
        match &push.kind {
            PushKind::Draft => {
                suits_a_draft(&push.settings)?;
                let governor = self.named(Environment::DEVELOPMENT)?;
                if let Some(number) = self.state.draft().map(|draft| draft.number) {
                    return self.push_over(number, newcomer(governor, true));
                }
                let number = self.admit(newcomer(governor, true))?;
                self.build(number)
            }
            PushKind::Published => {
                let number = self.admit(newcomer(self.state.default_environment.clone(), false))?;
                self.build(number)
            }
            PushKind::Promoted { environment, on_replaced, by } => {
                self.no_promotion(environment)?;
                if push.environment.as_ref().is_some_and(|named| named != environment) {
                    let reason = "one that is pushed to be promoted is governed by its target from the start";
                    return Err(Refusal::new("L3", reason).next("name no other environment"));
                }
                let strategy = self.strategy_for(environment, by.as_deref(), &push.settings, false)?;
                let number = self.admit(newcomer(environment.clone(), false))?;
                self.build(number)?;
                self.seek(environment, number, false, on_replaced.unwrap_or(OnReplaced::Keep), strategy);
                Ok(())
            }
        }
    }

    /// Pushes over the draft there is: it keeps its id, and is built anew.
    fn push_over(&mut self, number: Number, newcomer: Newcomer) -> Result<(), Refusal> {
        if let Some(name) = &newcomer.name {
            self.free(name, true, Some(number))?;
        }
        self.stop_build(number)?;
        self.stop_all(number)?;
        self.advance(number, Event::Push)?;
        let record = self.record(number)?;
        record.version = newcomer.version;
        record.settings = newcomer.settings;
        record.governor = newcomer.governor;
        self.build(number)
    }

    pub(super) fn patch(&mut self, version: Option<&str>) -> Result<(), Refusal> {
        let Some(draft) = self.state.draft() else {
            return Err(Refusal::new("L2", "there is no draft to patch").next("push one"));
        };
        let number = draft.number;
        self.must(number, Capability::LiveReload, "push a new version")?;
        self.not_moving(number)?;
        self.advance(number, Event::Patch)?;
        let at = self.now.after(super::step::START_DEADLINE);
        let record = self.record(number)?;
        if let Some(version) = version {
            record.version = Some(version.to_owned());
        }
        record.generation += 1;
        record.deadline = Some(at);
        let generation = record.generation;
        // The replicas stay; what they say from now on is about the patch.
        record.sites.iter_mut().for_each(|site| site.generation = generation);
        self.effects.push(Effect::Patch { deployment: number, generation });
        self.effects.push(Effect::Timer { at, deployment: number, generation });
        Ok(())
    }

    pub(super) fn activate(&mut self, number: Number) -> Result<(), Refusal> {
        match self.advance(number, Event::Activate)? {
            Status::Building => self.build(number),
            _ => self.start_anew(number),
        }
    }

    pub(super) fn deactivate(&mut self, number: Number) -> Result<(), Refusal> {
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

    pub(super) fn wake(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::Wake)?;
        self.start_anew(number)
    }

    pub(super) fn idle(&mut self, number: Number) -> Result<(), Refusal> {
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

    pub(super) fn put_to_sleep(&mut self, number: Number, event: Event) -> Result<(), Refusal> {
        self.advance(number, event)?;
        self.take_back(number)?;
        self.stop_all(number)
    }

    /// The settings before a restart that is under way, and will not come to its end.
    fn take_back(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        if let Some(before) = record.settings_before.take() {
            record.settings = before;
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, number: Number, name: &Name) -> Result<(), Refusal> {
        self.must(number, Capability::Rename, "push it published, under a name")?;
        if self.record(number)?.name == *name {
            return Err(Refusal::new("L8", format!("it is called `{name}` already")).next("choose another name"));
        }
        self.free(name, false, Some(number))?;
        self.record(number)?.name = name.clone();
        Ok(())
    }

    pub(super) fn delete(&mut self, number: Number) -> Result<(), Refusal> {
        let next = "promote another deployment to production first, or delete the workload";
        self.must(number, Capability::Delete, next).map_err(|refusal| Refusal { rule: "L9", ..refusal })?;
        if let Some(environment) = self.state.sought_by(number) {
            let reason = format!("`{}` is the candidate of a promotion to `{environment}`", self.id(number));
            return Err(Refusal::new("L9", reason).next("cancel the promotion first"));
        }
        self.bury(number)
    }

    pub(super) fn delete_workload(&mut self) -> Result<(), Refusal> {
        if self.state.deployments.is_empty() {
            return Err(Refusal::new("L8", format!("`{}` has no deployments", self.state.workload)).next("push one"));
        }
        let numbers: Vec<Number> = self.state.deployments.keys().copied().collect();
        self.state.slots.clear();
        numbers.into_iter().try_for_each(|number| self.bury(number))
    }

    pub(super) fn built(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::Built)?;
        self.start_candidate(number)
    }

    pub(super) fn ready(&mut self, number: Number, event: Event) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let (moved, generation) = (std::mem::take(&mut record.moving), record.generation);
        record.settings_before = None;
        self.advance(number, event)?;
        if moved {
            self.stop(number, |site| site.generation < generation)?;
        }
        self.take_over(number)
    }

    pub(super) fn failed(&mut self, number: Number) -> Result<(), Refusal> {
        if self.state.rollout_of(number).is_some() {
            self.not_replaced_any_more(number)?;
        }
        self.advance(number, Event::Failed)?;
        self.stop_all(number)?;
        self.notify(Notice::Failed { deployment: number });
        self.stopped_amid(number, true)
    }

    /// The replicas stay where they are.
    pub(super) fn move_failed(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::MoveFailed)?;
        self.move_back(number)?;
        self.notify(Notice::Failed { deployment: number });
        self.give_up(number, "its candidate could not be moved");
        Ok(())
    }

    /// Ends a move that is under way.
    pub(super) fn move_back(&mut self, number: Number) -> Result<(), Refusal> {
        let record = self.record(number)?;
        let coming = record.generation;
        record.moving = false;
        record.deadline = None;
        self.take_back(number)?;
        self.stop(number, |site| site.generation == coming)?;
        self.record(number)?.generation += 1;
        Ok(())
    }

    pub(super) fn drained(&mut self, number: Number) -> Result<(), Refusal> {
        self.advance(number, Event::Drained)?;
        self.record(number)?.sites.clear();
        Ok(())
    }

    pub(super) fn not_moving(&mut self, number: Number) -> Result<(), Refusal> {
        let id = self.id(number);
        if self.record(number)?.moving {
            return Err(Refusal::new("L6", format!("`{id}` is being moved")).next("wait until it has moved"));
        }
        if self.state.rollout_of(number).is_some() {
            return self.not_to_be_replaced(number);
        }
        Ok(())
    }

    pub(super) fn not_now(&mut self, number: Number) -> Refusal {
        let id = self.id(number);
        match self.record(number) {
            Ok(record) => Refusal::new("L8", format!("`{id}` is {}", record.status)).next(next_step(record.status)),
            Err(refusal) => refusal,
        }
    }

    /// Notes a promotion that is under way.
    pub(super) fn seek(
        &mut self,
        environment: &Name,
        candidate: Number,
        copy: bool,
        on_replaced: OnReplaced,
        strategy: Option<Box<rollout::Settings>>,
    ) {
        let promotion = Promotion { candidate, copy, on_replaced, since: self.now, strategy, replacement: None };
        self.state.slots.entry(environment.clone()).or_default().promotion = Some(promotion);
        self.notify(Notice::PromotionStarted { environment: environment.clone(), candidate });
    }
}

pub(super) fn suits_a_draft(settings: &Settings) -> Result<(), Refusal> {
    if settings.suit_a_draft() {
        return Ok(());
    }
    Err(Refusal::new("L2", "a draft has at most one replica, and none when it is not in use")
        .next("leave out replicas and scaling, or push it published"))
}
