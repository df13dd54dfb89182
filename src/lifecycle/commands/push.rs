//! Pushing a version and patching the draft (L1, L2, L10).

use std::sync::Arc;

use super::action::{Push, PushKind};
use super::settings::sound;
use super::step::{Newcomer, Step};
use crate::id::Name;
use crate::lifecycle::effects::Effect;
use crate::lifecycle::promotion::Made;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Capability, Event, Number, Settings, Status};
use crate::policy::{Environment, OnReplaced};

impl Step<'_> {
    pub(in crate::lifecycle) fn push(&mut self, push: &Push) -> Result<(), Refusal> {
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
                let made = Made { copy: true, inherits: false };
                self.seek(environment, number, made, on_replaced.unwrap_or(OnReplaced::Keep), strategy)
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
        record.keep_sizes();
        record.settings = newcomer.settings;
        record.governor = newcomer.governor;
        self.build(number)
    }

    pub(in crate::lifecycle) fn patch(&mut self, version: Option<&str>) -> Result<(), Refusal> {
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
        record.sites.iter_mut().for_each(|site| (site.generation, site.seen) = (generation, None));
        record.emptied.clear();
        self.effects.push(Effect::Patch { deployment: number, generation });
        self.effects.push(Effect::Timer { at, deployment: number, generation });
        Ok(())
    }
}

pub(in crate::lifecycle) fn suits_a_draft(settings: &Settings) -> Result<(), Refusal> {
    if settings.suit_a_draft() {
        return Ok(());
    }
    Err(Refusal::new("L2", "a draft has at most one replica, and none when it is not in use")
        .next("leave out replicas and scaling, or push it published"))
}
