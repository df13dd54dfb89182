//! The lifecycles of workloads: commands are completed, their placements decided, and carried out (L12).

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::Workspace;
use super::holdings::{Claims, Holdings};
use super::limits::passed;
use crate::deployment::{Deployment, Preferences, Workload};
use crate::id::{EnvironmentId, Name, PairId, PoolId};
use crate::inventory::Request;
use crate::lifecycle::{
    Action, Command, Desired, Effect, Journal, Place, Placed, PlacementRequest, Purpose, PushKind, Refusal, Sight,
    Site, State,
};
use crate::placement::{self, Ask, Decision};
use crate::policy::{Environment, Scope};
use crate::time::Moment;

/// The lifecycles of all workloads, and what their replicas hold of the inventory.
#[derive(Clone, Debug, Default)]
pub(super) struct Lives {
    pub(super) journals: IndexMap<Workload, Journal>,
    pub(super) holdings: Holdings,
}

/// A command with what its placements take, which the log does not need.
struct Prepared {
    command: Command,
    claims: Claims,
}

impl Workspace {
    /// The workload of a type and name. It need not have a lifecycle yet.
    #[must_use]
    pub fn workload(&self, resource_type: &str, name: &Name) -> Option<Workload> {
        let resource_type = self.catalog.resource_type(resource_type)?;
        Some(Workload { resource_type, name: name.clone() })
    }

    /// A workload's lifecycle so far.
    #[must_use]
    pub fn life(&self, workload: &Workload) -> Option<&Journal> {
        self.lives.journals.get(workload)
    }

    /// All lifecycles, in the order in which they began.
    pub fn lives(&self) -> impl Iterator<Item = (&Workload, &Journal)> {
        self.lives.journals.iter()
    }

    /// What should be of each workload: replicas at each place, builds, routes (W7). A host that has lost effects, or is
    /// not sure that it has them all, brings this about.
    pub fn desired(&self) -> impl Iterator<Item = (&Workload, Desired)> {
        self.lives().map(|(workload, journal)| (workload, journal.state().desired()))
    }

    /// Forgets all but the last entries of each life's log; how many.
    pub(super) fn compact(&mut self, keep: usize) -> Result<usize, Refusal> {
        self.lives.journals.values_mut().try_fold(0, |gone, journal| Ok(gone + journal.forget(keep)?))
    }

    /// The command for an action: the environment's own default about a replaced holder filled in
    /// (L5), and every placement that it needs decided (L12). Nothing changes.
    ///
    /// # Errors
    /// The [`Refusal`] that the command would meet: of a name that is not known, of policies that
    /// conflict (P10), of a placement that is refused.
    pub fn command(&self, now: Moment, workload: &Workload, action: Action) -> Result<Command, Refusal> {
        let now = self.moment_of(now);
        let seen = self.seen_at(now);
        let prepared = seen.prepared(now, workload, action)?;
        self.state_of(workload)?.preview(now, &prepared.command)?;
        Ok(prepared.command)
    }

    /// Carries an action out: what it needs is decided, the workload's state advances, and its replicas
    /// reserve and release capacity.
    ///
    /// ```
    /// use siting::lifecycle::{Action, Push, PushKind};
    /// use siting::manifest::spec::Specs;
    /// use siting::time::Moment;
    /// use siting::workspace::{LoadOptions, Workspace};
    ///
    /// let mut workspace = Workspace::from_specs(Specs::default(), LoadOptions::default())?;
    /// let bert = workspace.workload("model", &"bert".parse()?).ok_or("no such type")?;
    /// let push = Action::Push(Push::new(PushKind::Published, "v1"));
    /// workspace.carry_out(Moment::default(), &bert, push)?;
    /// assert!(workspace.life(&bert).is_some_and(|life| life.entries().len() == 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed. Also of a command that is more than a day later than the last change; see
    /// [`jump_to`](Self::jump_to).
    pub fn carry_out(&mut self, now: Moment, workload: &Workload, action: Action) -> Result<Vec<Effect>, Refusal> {
        let (now, entries) = (self.moment_of_command(now)?, self.entries_of(workload));
        let (_, effects) = self.as_of(now, |workspace| workspace.carry_out_decided(now, workload, action))?;
        if self.entries_of(workload) != entries {
            let resource_type = self.catalog.resource_type_name(workload.resource_type);
            self.accepted(Some(now), format!("{resource_type} `{}`", workload.name));
        }
        Ok(effects)
    }

    fn entries_of(&self, workload: &Workload) -> Option<usize> {
        self.life(workload).map(|life| life.entries().len())
    }

    /// The same, as a part of a change; with the command and all that was decided for it.
    pub(super) fn carry_out_decided(
        &mut self,
        now: Moment,
        workload: &Workload,
        action: Action,
    ) -> Result<(Command, Vec<Effect>), Refusal> {
        let prepared = self.prepared(now, workload, action)?;
        match self.carry(now, workload, &prepared)? {
            Ok(effects) => Ok((prepared.command, effects)),
            // Two sides of a rollout that were each granted the same room: neither gets more for now.
            Err(taken) => match without_room(&prepared.command.action, taken.to_string()) {
                Some(action) => self.carry_out_decided(now, workload, action),
                None => Err(taken),
            },
        }
    }

    /// Carries out a command that somebody decided: each placement is checked as any claim is, and nothing is solved
    /// (W6).
    pub(super) fn carry_out_checked(
        &mut self,
        now: Moment,
        workload: &Workload,
        command: Command,
    ) -> Result<(Command, Vec<Effect>), Refusal> {
        let state = self.state_of(workload)?;
        let Command { mut action, placements } = command;
        self.complete(workload, &state, &mut action)?;
        let requests = state.placements_needed(now, &action);
        if requests.len() != placements.len() {
            let reason = format!("the command carries {} placements and needs {}", placements.len(), requests.len());
            return Err(Refusal::new("L12", reason).next("decide it anew"));
        }
        let (mut claims, mut left) = (Claims::new(), placements.clone());
        for request in requests {
            let of_this = |placed: &Placed| placed.deployment == request.deployment;
            let Some(placed) = left.iter().position(of_this).map(|at| left.remove(at)) else {
                let reason = format!("the command carries no placement of its number {}", request.deployment.get());
                return Err(Refusal::new("L12", reason).next("decide it anew"));
            };
            if placed.refusal.is_none() {
                let checked = self.checked(workload, &request, &placed.places)?;
                claims.entry(request.deployment).or_default().extend(checked);
            }
        }
        let prepared = Prepared { command: Command { action, placements }, claims };
        let effects = self.carry(now, workload, &prepared)??;
        Ok((prepared.command, effects))
    }

    /// What the replicas of a request take at places that somebody decided, if they may be there.
    fn checked(
        &self,
        workload: &Workload,
        request: &PlacementRequest,
        places: &[Place],
    ) -> Result<Vec<(Place, PairId, Request)>, Refusal> {
        if request.purpose == Purpose::Shrink {
            // Nothing is taken anew: it says which of its places are kept first.
            let anew = places.iter().find(|place| !request.keep.contains(place));
            return match anew {
                None => Ok(Vec::new()),
                Some(place) => {
                    let reason = format!("no replicas of it are on cluster `{}` so", place.cluster);
                    Err(Refusal::new("W6", reason).next("decide anew"))
                }
            };
        }
        let (scope, deployment) = self.governed(workload, &request.governors, &request.settings, request.replicas)?;
        let pair = |place: &Place| {
            let gone =
                || format!("pool `{}` of cluster `{}` with `{}` is gone", place.pool, place.cluster, place.flavor);
            Ok((self.pair(place).ok_or_else(|| Refusal::new("W6", gone()).next("decide anew"))?, place.replicas))
        };
        let pairs = places.iter().map(pair).collect::<Result<Vec<_>, Refusal>>()?;
        let keeps = !request.keep.is_empty() && places == request.keep.as_slice();
        // Where all stay, the spread is not asked again.
        let preferences = if keeps { Preferences::default() } else { deployment.preferences.clone() };
        let beside = self.pairs(&request.beside);
        let ask = Ask::new(&deployment.demand, request.replicas).preferring(&preferences).beside(&beside);
        let limits = if keeps { Vec::new() } else { self.limits_on(&self.inventory, &self.ids_of(&request.governors)) };
        let ask = ask.within(&limits);
        let wanted = placement::checked(&self.inventory, &scope.into(), &ask, &pairs);
        let wanted = wanted.map_err(|error| Refusal::new("W6", error.to_string()).next("decide anew"))?;
        let claims = places.iter().zip(wanted).filter(|(place, _)| place.replicas > 0 && !keeps);
        Ok(claims.map(|(place, (pair, of, _))| (Place { replicas: 0, ..place.clone() }, pair, of)).collect())
    }

    /// The environments of these names.
    fn ids_of(&self, environments: &[Name]) -> Vec<EnvironmentId> {
        environments.iter().filter_map(|name| self.find_environment(name.as_str()).ok()).collect()
    }

    /// The pairs of places that are still there.
    fn pairs(&self, places: &[Place]) -> Vec<(PairId, u32)> {
        places.iter().filter_map(|place| Some((self.pair(place)?, place.replicas))).collect()
    }

    /// Tells every life with replicas on a cluster that it is lost, or back (W9).
    pub(super) fn tell_of_cluster(&mut self, now: Moment, cluster: &Name, lost: bool) -> Vec<(Workload, Effect)> {
        let action = || match lost {
            true => Action::ClusterLost { cluster: cluster.clone() },
            false => Action::ClusterBack { cluster: cluster.clone() },
        };
        let concerned =
            |(life, journal): (&Workload, &Journal)| (!journal.state().ignores(&action())).then(|| life.clone());
        let told = self.lives().filter_map(concerned).map(|life| (life, action())).collect();
        self.tell(now, told)
    }

    /// Tells every life how many of its replicas are on nodes that are gone, where it does not know: of one pool, or of all
    /// (W9). O(replicas by place).
    pub(super) fn tell_of_nodes(&mut self, now: Moment, pool: Option<PoolId>) -> Vec<(Workload, Effect)> {
        let (inventory, mut told, mut gone) = (&self.inventory, Vec::new(), BTreeMap::new());
        for (life, journal) in &self.lives.journals {
            for record in journal.state().deployments() {
                for (at, site) in record.sites.iter().enumerate() {
                    let same = |other: &Site| other.generation == site.generation && other.place.is_at(&site.place);
                    if record.sites.iter().take(at).any(same) {
                        continue;
                    }
                    let held = self.lives.holdings.find(life, record.number, &site.place, site.generation);
                    let Some((id, of)) = held.and_then(|id| Some((id, inventory.pool_of(id)?))) else { continue };
                    if pool.is_some_and(|pool| pool != of) {
                        continue;
                    }
                    let nodes = gone.entry(of).or_insert_with(|| inventory.gone_nodes(of));
                    let place = Place { replicas: inventory.replicas_on(id, nodes), ..site.place.clone() };
                    let (deployment, generation) = (record.number, site.generation);
                    let action = Action::NodesGone { deployment, generation, place };
                    if !journal.state().ignores(&action) {
                        told.push((life.clone(), action));
                    }
                }
            }
        }
        self.tell(now, told)
    }

    /// Has lives take note of what has happened to clusters and nodes.
    fn tell(&mut self, now: Moment, told: Vec<(Workload, Action)>) -> Vec<(Workload, Effect)> {
        let mut effects = Vec::new();
        for (life, action) in told {
            let prepared = Prepared { command: action.into(), claims: Claims::new() };
            // Invariant `loss-is-no-choice`: taking note of it needs no place, so nothing refuses it.
            if let Ok(Ok(done)) = self.carry(now, &life, &prepared) {
                effects.extend(done.into_iter().map(|effect| (life.clone(), effect)));
            }
        }
        effects
    }

    /// Carries a command out. Inside, a refusal for want of room, of which nothing has come.
    fn carry(
        &mut self,
        now: Moment,
        workload: &Workload,
        prepared: &Prepared,
    ) -> Result<Result<Vec<Effect>, Refusal>, Refusal> {
        let Prepared { command, claims } = prepared;
        let mut after = self.state_of(workload)?;
        after.apply(now, command)?;
        let begun = Journal::new(self.unborn(workload)?);
        let held_before = self.limits_after(None);
        let (inventory, holdings) = (&mut self.inventory, &mut self.lives.holdings);
        let before = holdings.before(inventory, workload);
        if let Err(taken) = holdings.follow(inventory, workload, &after, claims) {
            holdings.put_back(inventory, workload, before);
            return Ok(Err(taken));
        }
        // What its deployments hold together passes no limit, whatever was decided by whom and when (E4).
        if let Some(limit) = passed(&held_before, &self.limits_after(Some((workload, &after)))) {
            let reason = format!("it would pass a limit: {}", limit.in_words());
            self.lives.holdings.put_back(&mut self.inventory, workload, before);
            return Ok(Err(Refusal::new("E4", reason).next("raise the limit, or release what others hold")));
        }
        let journal = self.lives.journals.entry(workload.clone()).or_insert(begun);
        // Invariant `tried-before`: the state took the command a moment ago, so it does now.
        let effects = journal.apply(now, command.clone())?;
        Ok(Ok(effects))
    }

    /// The state of a workload's lifecycle, even of one that has not begun.
    ///
    /// # Errors
    /// A [`Refusal`] where the workspace has no default environment, which loading rules out.
    pub fn state_of(&self, workload: &Workload) -> Result<State, Refusal> {
        match self.life(workload) {
            Some(journal) => Ok(journal.state().clone()),
            None => self.unborn(workload),
        }
    }

    /// The state of a workload without a lifecycle.
    pub(super) fn unborn(&self, workload: &Workload) -> Result<State, Refusal> {
        let environment = self.environment(self.default_environment).map(|environment| environment.name.clone());
        let environment = environment.ok_or_else(|| Refusal::new("E2", "there is no default environment"))?;
        if !self.is_known(workload) {
            let reason = format!("the workload type of `{}` is not known any more", workload.name);
            return Err(Refusal::new("W1", reason).next("look the workload up anew"));
        }
        let resource_type = self.catalog.resource_type_name(workload.resource_type);
        Ok(State::new(resource_type, workload.name.clone(), environment))
    }

    /// Fills in what the workspace says of an action, and refuses what it forbids.
    fn complete(&self, workload: &Workload, state: &State, action: &mut Action) -> Result<(), Refusal> {
        self.known_environments(action)?;
        if let Action::Push(push) = action
            && push.kind == PushKind::Published
            && push.environment.is_none()
        {
            // The default of now, which need not be that of when the life began (E2).
            push.environment = self.environment(self.default_environment).map(|environment| environment.name.clone());
        }
        // What goes back to the holder replaces nobody.
        let rolls_out = |environment: &Name| {
            let promotion = state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
            promotion.is_some_and(|promotion| promotion.rollout.is_some())
        };
        let goes_back = matches!(&*action, Action::RollBack { environment, .. } if rolls_out(environment));
        if let Some((environment, on_replaced)) = action.replacing().filter(|_| !goes_back) {
            let own = self.find_environment(environment.as_str()).ok().and_then(|id| self.environment(id));
            *on_replaced = on_replaced.or(own.and_then(|environment| environment.on_replaced));
        }
        self.refuse_conflict(workload, state, action)?;
        if let Action::Advance { candidate, sight } = action
            && let Some(record) = state.deployment(*candidate)
        {
            // Whether the candidate may be where it is, is asked as long as it takes over (L18).
            let mut governors = vec![record.governor.clone()];
            governors.extend(state.sought_by(*candidate).filter(|sought| **sought != record.governor).cloned());
            sight.forbidden = self.illegal(workload, &governors, record);
        }
        Ok(())
    }

    fn prepared(&self, now: Moment, workload: &Workload, mut action: Action) -> Result<Prepared, Refusal> {
        let state = self.state_of(workload)?;
        self.complete(workload, &state, &mut action)?;
        let (mut placements, mut claims) = (Vec::new(), Claims::new());
        for request in state.placements_needed(now, &action) {
            let (mut placed, decision) = self.decided(workload, &request)?;
            if let Some(refusal) = &placed.refusal {
                if let Some(action) = without_room(&action, refusal.clone()) {
                    return self.prepared(now, workload, action);
                }
                placed.next = self.remedies_of(workload, &request)?;
            }
            let taken = decision.iter().flat_map(|decision| decision.placements());
            let taken = taken
                .filter(|placement| placement.replicas > 0)
                .filter_map(|placement| Some((self.place_of(placement.pair, 0)?, placement.pair, placement.request)));
            claims.entry(request.deployment).or_default().extend(taken);
            placements.push(placed);
        }
        Ok(Prepared { command: Command { action, placements }, claims })
    }

    /// Where the replicas of a request run: where they are, if they may; else as decided anew.
    fn decided(&self, workload: &Workload, request: &PlacementRequest) -> Result<(Placed, Option<Decision>), Refusal> {
        let (scope, deployment) = self.governed(workload, &request.governors, &request.settings, request.replicas)?;
        if request.purpose == Purpose::Shrink {
            let places = self.best_first(workload, request, &scope, &deployment);
            return Ok((Placed::at(request.deployment, places), None));
        }
        let beside = self.pairs(&request.beside);
        let ask = Ask::new(&deployment.demand, request.replicas).preferring(&deployment.preferences).beside(&beside);
        let limits = self.limits_on(&self.inventory, &self.ids_of(&request.governors));
        let ask = ask.within(&limits);
        let ask = if request.purpose == Purpose::Replace { ask.partially() } else { ask };
        let decision = placement::decide(&self.inventory, &scope.into(), &ask);
        let stays = |place: &Place| self.pair(place).is_some_and(|pair| decision.candidates().contains(pair));
        let deployment = request.deployment;
        if !request.keep.is_empty() && request.keep.iter().all(stays) {
            return Ok((Placed::at(deployment, request.keep.clone()), None));
        }
        let places = self.places(&decision);
        // Of what is replaced some will do.
        let some = request.purpose == Purpose::Replace && !places.is_empty();
        let refusal = decision.refusal().filter(|_| !some).map(|refusal| {
            let reasons: Vec<_> = refusal.reasons.iter().map(placement::Reason::message).collect();
            reasons.join("; ")
        });
        Ok((Placed { refusal, ..Placed::at(deployment, places) }, Some(decision)))
    }

    /// What would give the replicas of a request a place, in words (D7).
    fn remedies_of(&self, workload: &Workload, request: &PlacementRequest) -> Result<Option<String>, Refusal> {
        let (_, deployment) = self.governed(workload, &request.governors, &request.settings, request.replicas)?;
        let governors = request.governors.iter().filter_map(|name| self.find_environment(name.as_str()).ok());
        let remedies = self.remedies_of_life(&deployment, &governors.collect::<Vec<_>>());
        Ok(remedies.in_words(&self.catalog))
    }

    /// The places of a request that are open and allowed, the best first: ranked as if its replicas were still to
    /// be placed.
    fn best_first(
        &self,
        workload: &Workload,
        request: &PlacementRequest,
        scope: &Scope,
        deployment: &Deployment,
    ) -> Vec<Place> {
        let mut inventory = self.inventory.clone();
        self.lives.holdings.set_free(&mut inventory, workload, request.deployment);
        let ask = Ask::new(&deployment.demand, 1).preferring(&deployment.preferences);
        let alternatives = 0..deployment.demand.alternatives();
        let ranked = alternatives.flat_map(|alternative| placement::ranking(&inventory, scope, &ask, alternative));
        let kept = |pair| request.keep.iter().find(|place| self.pair(place) == Some(pair)).cloned();
        let mut places: Vec<Place> = Vec::with_capacity(request.keep.len());
        for place in ranked.filter_map(|rank| kept(rank.pair)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// A decision's placements by name; none for replicas that stay asleep.
    #[must_use]
    pub fn places(&self, decision: &Decision) -> Vec<Place> {
        let awake = decision.placements().iter().filter(|placement| placement.replicas > 0);
        awake.filter_map(|placement| self.place_of(placement.pair, placement.replicas)).collect()
    }

    /// P10: policies that travel with a deployment must leave something under its governor.
    fn refuse_conflict(&self, workload: &Workload, state: &State, action: &Action) -> Result<(), Refusal> {
        let checked = |governor: &Name, settings: &crate::lifecycle::Settings| {
            let (scope, _) = self.governed(workload, std::slice::from_ref(governor), settings, 0)?;
            refused_by_policies(&scope)
        };
        match action {
            Action::Push(push) => {
                let development = Name::new(Environment::DEVELOPMENT).ok();
                let default = self.environment(self.default_environment).map(|environment| &environment.name);
                let governor = match &push.kind {
                    PushKind::Draft => push.environment.as_ref().or(development.as_ref()),
                    PushKind::Published => push.environment.as_ref().or(default),
                    PushKind::Promoted { environment, .. } => Some(environment),
                };
                governor.map_or(Ok(()), |governor| checked(governor, &push.settings))
            }
            Action::Edit { deployment, edit } => match state.deployment(*deployment) {
                Some(record) => {
                    let plan = edit.plan(&record.settings);
                    if plan.decides() { checked(&record.governor, plan.settings()) } else { Ok(()) }
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn known_environments(&self, action: &Action) -> Result<(), Refusal> {
        let mut named: Vec<&Name> = Vec::new();
        match action {
            Action::Push(push) => {
                named.extend(&push.environment);
                if let PushKind::Promoted { environment, .. } = &push.kind {
                    named.push(environment);
                }
            }
            Action::Promote { environment, .. }
            | Action::UpdateVersion { environment, .. }
            | Action::RollBack { environment, .. }
            | Action::Cancel { environment }
            | Action::Pause { environment }
            | Action::Resume { environment }
            | Action::ForceForward { environment } => named.push(environment),
            Action::Release { from, to, .. } => named.extend([from, to]),
            _ => {}
        }
        match named.into_iter().find(|name| self.find_environment(name.as_str()).is_err()) {
            Some(name) => {
                Err(Refusal::new("E1", format!("no environment is called `{name}`")).next("declare it first"))
            }
            None => Ok(()),
        }
    }

    /// The addresses of live deployments that an environment governs.
    pub(super) fn lives_under(&self, environment: EnvironmentId) -> Vec<String> {
        let Some(environment) = self.environment(environment) else { return Vec::new() };
        let governed = self.lives.journals.iter().flat_map(|(workload, journal)| {
            let records = journal.state().deployments().filter(|record| record.governor == environment.name);
            records.map(move |record| format!("{}/{}", workload.name, record.name))
        });
        governed.collect()
    }
}

/// The observation that a rollout has no room for more replicas; `None` if that has been
/// observed, or for other actions. So a rollout waits where a command would be refused.
fn without_room(action: &Action, reason: String) -> Option<Action> {
    match action {
        Action::Advance { candidate, sight } if sight.no_room.is_none() => {
            let sight = Box::new(Sight { no_room: Some(reason), ..Sight::clone(sight) });
            Some(Action::Advance { candidate: *candidate, sight })
        }
        _ => None,
    }
}

/// A conflict names the type and the policies of each level.
fn refused_by_policies(scope: &Scope) -> Result<(), Refusal> {
    match placement::policy_reasons(scope).into_iter().find(|reason| reason.code == placement::Code::PolicyConflict) {
        Some(reason) => Err(Refusal::new("P10", reason.message()).next("use other policies or another environment")),
        None => Ok(()),
    }
}
