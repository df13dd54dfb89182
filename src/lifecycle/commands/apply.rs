//! The one way to change a state: a command in, effects or a refusal out (L12).

use super::action::{Action, Command, Push, PushKind};
use super::observation::{Observation, PlaceSeen};
use super::step::Step;
use crate::id::Name;
use crate::lifecycle::effects::Effect;
use crate::lifecycle::placements::{Answers, PlacementRequest};
use crate::lifecycle::promotion::How;
use crate::lifecycle::refusal::Refusal;
use crate::lifecycle::state::{Number, Site, State, Status};
use crate::policy::Environment;
use crate::rollout::Rollout;
use crate::time::Moment;

impl State {
    /// Carries out a command: the state is as the command leaves it, and the effects are for the host
    /// to bring about, in their order.
    ///
    /// Pure: nothing but the arguments decides (L12).
    ///
    /// # Errors
    /// [`Refusal`]; the state is as it was.
    pub fn apply(&mut self, now: Moment, command: &Command) -> Result<Vec<Effect>, Refusal> {
        let (after, effects) = self.after(now, command)?;
        *self = after;
        Ok(effects)
    }

    /// The effects that a command would have; nothing changes. So whoever is about to delete
    /// something can be told what it takes (L9).
    ///
    /// # Errors
    /// The [`Refusal`] that it would meet.
    pub fn preview(&self, now: Moment, command: &Command) -> Result<Vec<Effect>, Refusal> {
        self.after(now, command).map(|(_, effects)| effects)
    }

    /// Whether the rules allow an action; placements, where it needs any, are taken as granted.
    ///
    /// # Errors
    /// The [`Refusal`] that it would meet.
    pub fn check(&self, now: Moment, action: &Action) -> Result<(), Refusal> {
        self.asking(now, action).map(|_| ())
    }

    /// The placements that a command for this action has to carry; none where it needs none, or is
    /// refused anyhow (L12).
    ///
    /// ```
    /// use siting::lifecycle::{Action, Command, Observation, Place, Placed, Push, PushKind, State, Status};
    /// use siting::time::Moment;
    ///
    /// let mut state = State::new("model", "bert".parse()?, "production".parse()?);
    /// state.apply(Moment::default(), &Action::Push(Push::new(PushKind::Published, "v1")).into())?;
    /// let bert = state.find("bert-1").ok_or("no bert")?;
    ///
    /// let built = Action::Observe { deployment: bert, generation: 1, observation: Observation::Built };
    /// let [request] = &state.placements_needed(Moment::default(), &built)[..] else { return Err("one".into()) };
    /// assert_eq!((request.replicas, request.governors[0].as_str()), (1, "production"));
    ///
    /// let place = Place { cluster: "paris".parse()?, pool: "a".parse()?, flavor: "gpu:t4".into(), replicas: 1 };
    /// let placed = Placed::at(bert, vec![place]);
    /// state.apply(Moment::default(), &Command { action: built, placements: vec![placed] })?;
    /// assert_eq!(state.deployment(bert).map(|bert| bert.status), Some(Status::Deploying));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn placements_needed(&self, now: Moment, action: &Action) -> Vec<PlacementRequest> {
        self.asking(now, action).unwrap_or_default()
    }

    /// Every action that the rules allow now, of those that lack nothing: pushes and patches stand for all
    /// versions, promotions and releases for all choices. What lacks a version, name, number or changes
    /// is among the [`legal_forms`](Self::legal_forms).
    ///
    /// ```
    /// use siting::lifecycle::{Action, Push, PushKind, State};
    /// use siting::time::Moment;
    ///
    /// let state = State::new("model", "bert".parse()?, "production".parse()?);
    /// let verbs: Vec<_> = state.legal_commands(Moment::default()).iter().map(Action::verb).collect();
    /// assert_eq!(verbs, ["push", "push", "push"]);
    /// # Ok::<(), siting::id::InvalidName>(())
    /// ```
    #[must_use]
    pub fn legal_commands(&self, now: Moment) -> Vec<Action> {
        let mut actions = self.thinkable();
        actions.retain(|action| self.check(now, action).is_ok() && !self.ignores(action));
        actions
    }

    /// Whether an action is an observation that comes too late to mean anything: it is accepted and
    /// changes nothing (L8).
    #[must_use]
    pub fn ignores(&self, action: &Action) -> bool {
        if let Action::Advance { candidate, .. } = action {
            return *candidate < self.next_number() && self.rollout_by(*candidate).is_none();
        }
        if let Action::ObservePlace { deployment, generation, seen } = action {
            return self.ignores_place(*deployment, *generation, seen);
        }
        match action {
            Action::ClusterLost { cluster } => return !self.has_replicas_on(cluster, false),
            Action::ClusterBack { cluster } => return !self.has_replicas_on(cluster, true),
            Action::NodesGone { deployment, generation, place } => {
                let Some(record) = self.deployment(*deployment) else { return self.tombstone(*deployment).is_some() };
                return *generation <= record.generation
                    && record.gone_of(place, *generation) == record.gone_at(place, *generation);
            }
            _ => {}
        }
        let Action::Observe { deployment, generation, observation } = action else { return false };
        match self.deployment(*deployment) {
            None => self.tombstone(*deployment).is_some(),
            Some(record) => {
                let pending = record.deadline.is_some();
                let runs = record.status == Status::Active && !record.moving;
                let up = matches!(record.status, Status::Loading | Status::Active | Status::Unhealthy);
                let present = *generation == record.generation;
                *generation < record.generation
                    || present
                        && match observation {
                            // Hosts report every replica that is gone; it matters where one waits for the last.
                            Observation::Drained => record.status != Status::Deactivating,
                            Observation::TimerFired => !pending,
                            // What is so already may be told again (L14).
                            Observation::Ready => runs && record.ready() == record.running(),
                            Observation::Healthy => runs && record.ready() > 0,
                            Observation::Unhealthy => record.status == Status::Unhealthy,
                            Observation::Loading => up && !record.moving,
                            _ => false,
                        }
            }
        }
    }

    /// Whether what is told of a place is not of replicas that are there, or not new (L14).
    fn ignores_place(&self, deployment: Number, generation: u64, seen: &PlaceSeen) -> bool {
        let Some(record) = self.deployment(deployment) else { return self.tombstone(deployment).is_some() };
        if generation > record.generation {
            return false;
        }
        let site = record.site(&seen.place(), generation);
        let older = |site: &Site| site.seen.and_then(|last| last.sequence).is_some_and(|last| seen.sequence <= last);
        record.status == Status::Deactivating || site.is_none_or(older)
    }

    fn after(&self, now: Moment, command: &Command) -> Result<(Self, Vec<Effect>), Refusal> {
        let mut after = self.clone();
        let mut step = Step::new(&mut after, now, Answers::Given(command.placements.iter().collect()));
        step.run(&command.action)?;
        let done = step.effects;
        let mut effects = crate::lifecycle::routes::changes(self, &after);
        effects.extend(done);
        Ok((after, effects))
    }

    /// Tries an action, noting the placements that it asks for.
    fn asking(&self, now: Moment, action: &Action) -> Result<Vec<PlacementRequest>, Refusal> {
        let mut after = self.clone();
        let mut step = Step::new(&mut after, now, Answers::Asked(Vec::new()));
        step.run(action)?;
        Ok(match step.answers {
            Answers::Asked(requests) => requests,
            Answers::Given(_) => Vec::new(),
        })
    }

    /// One action of every sort for every deployment and environment.
    fn thinkable(&self) -> Vec<Action> {
        let environments = self.environments();
        let push = |kind| Action::Push(Push { version: None, ..Push::new(kind, "") });
        let mut actions = vec![push(PushKind::Draft), push(PushKind::Published)];
        for environment in &environments {
            actions.push(push(PushKind::promoted(environment.clone())));
            actions.push(Action::roll_back(environment.clone()));
            actions.push(Action::Cancel { environment: environment.clone() });
            actions.push(Action::Pause { environment: environment.clone() });
            actions.push(Action::Resume { environment: environment.clone() });
            actions.push(Action::ForceForward { environment: environment.clone() });
            let others = environments.iter().filter(|other| *other != environment);
            actions.extend(others.map(|other| Action::release(environment.clone(), other.clone())));
        }
        actions.push(Action::Patch { version: None });
        for (&number, record) in &self.deployments {
            actions.extend(environments.iter().map(|environment| Action::promote(number, environment.clone())));
            actions.extend([
                Action::Activate(number),
                Action::Deactivate(number),
                Action::Wake(number),
                Action::Idle(number),
                Action::Move(number),
                Action::Replace(number),
                Action::Delete(number),
            ]);
            let generation = record.generation;
            let observe = |observation| Action::Observe { deployment: number, generation, observation };
            actions.extend(Observation::ALL.map(observe));
        }
        actions.push(Action::DeleteWorkload);
        actions
    }

    /// The environments that this workload has to do with.
    fn environments(&self) -> Vec<Name> {
        let governors = self.deployments.values().map(|record| record.governor.clone());
        let production = Name::new(Environment::PRODUCTION).ok();
        let mut names: Vec<_> = self.slots.keys().cloned().chain(governors).chain(production).collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Step<'_> {
    fn run(&mut self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::Push(push) => self.push(push),
            Action::Patch { version } => self.patch(version.as_deref()),
            Action::Promote { deployment, environment, name, on_replaced, force, by } => {
                let how = How { on_replaced: *on_replaced, by: by.as_deref() };
                self.promote(*deployment, environment, name.as_ref(), how, *force)
            }
            Action::Release { from, to, name, on_replaced, by } => {
                let how = How { on_replaced: *on_replaced, by: by.as_deref() };
                self.release(from, to, name.as_ref(), how)
            }
            Action::UpdateVersion { environment, version, name, on_replaced, by } => {
                let how = How { on_replaced: *on_replaced, by: by.as_deref() };
                self.update_version(environment, version, name.as_ref(), how)
            }
            Action::RollBack { environment, on_replaced, by } => {
                self.roll_back(environment, How { on_replaced: *on_replaced, by: by.as_deref() })
            }
            Action::Cancel { environment } => self.cancel(environment),
            Action::Pause { environment } => self.tell_rollout(environment, false, Rollout::pause),
            Action::Resume { environment } => {
                let now = self.now;
                self.tell_rollout(environment, false, |rollout| rollout.resume(now))
            }
            Action::ForceForward { environment } => self.force_forward(environment),
            Action::Advance { candidate, sight } => {
                if self.state.ignores(action) {
                    return Ok(());
                }
                self.state.live(*candidate)?;
                self.advance_rollout(*candidate, sight)
            }
            Action::Activate(number) => self.activate(*number),
            Action::Deactivate(number) => self.deactivate(*number),
            Action::Wake(number) => self.wake(*number),
            Action::Idle(number) => self.idle(*number),
            Action::Scale { deployment, replicas } => self.scale(*deployment, *replicas),
            Action::Autoscale { deployment, replicas } => self.autoscale(*deployment, *replicas),
            Action::Edit { deployment, edit } => self.edit(*deployment, edit),
            Action::Rename { deployment, name } => self.rename(*deployment, name),
            Action::Move(number) => self.relocate(*number),
            Action::Delete(number) => self.delete(*number),
            Action::DeleteWorkload => self.delete_workload(),
            Action::Observe { deployment, generation, observation } => {
                if self.state.ignores(action) {
                    return Ok(());
                }
                self.observe(*deployment, *generation, *observation)?;
                self.note_who_answers(*deployment);
                Ok(())
            }
            Action::ClusterLost { cluster } => self.cluster_lost(cluster),
            Action::ClusterBack { cluster } => self.cluster_back(cluster),
            Action::NodesGone { deployment, generation, place } => {
                if self.state.ignores(action) {
                    return Ok(());
                }
                self.nodes_gone(*deployment, *generation, place)?;
                self.note_who_answers(*deployment);
                Ok(())
            }
            Action::Replace(number) => self.replace_lost(*number),
            Action::ObservePlace { deployment, generation, seen } => {
                if self.state.ignores(action) {
                    return Ok(());
                }
                self.observe_place(*deployment, *generation, seen)?;
                self.note_who_answers(*deployment);
                Ok(())
            }
        }
    }
}
