//! Everything that can be tried in a state, and what comes of it.

use std::sync::Arc;

use siting::lifecycle::{
    Action, Change, Command, Edit, Effect, Observation, Place, PlaceSeen, Placed, PlacementRequest, PromotionStrategy,
    Push, PushKind, Requirements, Settings, State,
};
use siting::policy::OnReplaced;
use siting::time::Moment;

use super::ENVIRONMENTS;
use crate::support::{grant, name};

/// When everything happens but timers, which go off later.
pub(crate) const NOW: Moment = Moment::from_millis(0);
pub(crate) const LATER: Moment = Moment::from_millis(u64::MAX / 2);

/// How far a walk goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Deployments beside the draft.
    pub(crate) published: usize,
    /// Whether there can be a draft.
    pub(crate) draft: bool,
    /// Whether replicas are seen place by place.
    pub(crate) by_place: bool,
}

/// What an action led to.
pub(crate) struct Outcome {
    pub(crate) effects: Vec<Effect>,
    pub(crate) after: State,
}

/// The one set of settings: that which a copy of the draft gets.
pub(crate) fn push(kind: PushKind) -> Action {
    let settings = Settings { scaling: Some(Settings::standard_scaling()), ..Settings::default() };
    Action::Push(Push { settings: Arc::new(settings), ..Push::new(kind, "v") })
}

/// All actions within the bounds.
pub(crate) fn actions(state: &State, bounds: Bounds) -> Vec<Action> {
    let mut actions = Vec::with_capacity(80);
    let room = state.deployments().filter(|record| !record.draft).count() < bounds.published;
    if bounds.draft {
        actions.push(push(PushKind::Draft));
        actions.push(Action::Patch { version: None });
    }
    if room {
        actions.push(push(PushKind::Published));
    }
    for (index, environment) in ENVIRONMENTS.iter().enumerate() {
        let environment = name(environment);
        let copies = |number| state.held_by(number).is_some();
        for record in state.deployments() {
            if room || !(record.draft || copies(record.number)) {
                let (deployment, environment) = (record.number, environment.clone());
                let (name, on_replaced, force, by) = (None, None, true, None);
                actions.push(Action::Promote { deployment, environment, name, on_replaced, force, by });
            }
        }
        let slot = state.slot(environment.as_str());
        if slot.and_then(|slot| slot.previous).is_none_or(|previous| room || !copies(previous)) {
            actions.push(Action::roll_back(environment.clone()));
        }
        if room {
            let kind = PushKind::promoted(environment.clone());
            actions.push(push(kind));
            actions.push(Action::release(environment.clone(), name(ENVIRONMENTS[1 - index])));
            let runs = state.holder(environment.as_str()).and_then(|holder| holder.version.as_deref());
            let version = if runs == Some("u") { "v" } else { "u" };
            actions.push(Action::UpdateVersion {
                environment: environment.clone(),
                version: version.to_owned(),
                name: None,
                on_replaced: Some(OnReplaced::ScaleToZero),
                // By a strategy it would go by what a host measures: `lifecycle_rollouts` and the random lives do.
                by: Some(Box::new(PromotionStrategy::AtOnce)),
            });
        }
        actions.push(Action::Cancel { environment });
    }
    for record in state.deployments() {
        let (number, generation) = (record.number, record.generation);
        actions.extend([
            Action::Activate(number),
            Action::Deactivate(number),
            Action::Wake(number),
            Action::Idle(number),
            Action::Move(number),
            Action::Delete(number),
        ]);
        if !record.sites.is_empty() {
            // Without replicas there is nothing to restart, and the edit changes no key.
            actions.push(Action::Edit { deployment: number, edit: other_resources(&record.settings) });
        }
        let observe = |observation| Action::Observe { deployment: number, generation, observation };
        actions.extend(Observation::ALL.map(observe));
        for site in record.sites.iter().filter(|_| bounds.by_place) {
            let Place { cluster, pool, flavor, replicas } = site.place.clone();
            let sequence = site.seen.and_then(|seen| seen.sequence).map_or(1, |last| last + 1);
            for (ready, lost, failed) in [(replicas, 0, 0), (0, replicas, 0), (0, 0, replicas), (0, 0, 0)] {
                let (cluster, pool, flavor) = (cluster.clone(), pool.clone(), flavor.clone());
                let seen = PlaceSeen { cluster, pool, flavor, sequence, ready, lost, failed };
                actions.push(Action::ObservePlace { deployment: number, generation: site.generation, seen });
            }
        }
    }
    actions.push(Action::DeleteWorkload);
    actions
}

/// An edit that restarts what runs.
fn other_resources(settings: &Settings) -> Edit {
    let resources = match settings.resources {
        None => Some(Requirements { cpu: "1".parse().unwrap(), ..Requirements::default() }),
        Some(_) => None,
    };
    Edit { changes: vec![Change::Resources(resources)] }
}

pub(crate) fn moment(action: &Action) -> Moment {
    let fires = matches!(action, Action::Observe { observation: Observation::TimerFired, .. });
    if fires { LATER } else { NOW }
}

/// What an action leads to: nothing where it is refused or changes nothing, one state where it needs no
/// placement, else one where replicas stay and one where they go elsewhere. `scratch` is equal to `state`
/// before and after.
pub(crate) fn outcomes(state: &State, scratch: &mut State, action: &Action, each: &mut impl FnMut(Outcome)) -> bool {
    if state.ignores(action) {
        return false;
    }
    let now = moment(action);
    let mut command = Command::from(action.clone());
    let mut carry_out = |placements| {
        command.placements = placements;
        let effects = scratch.apply(now, &command)?;
        each(Outcome { effects, after: std::mem::replace(scratch, state.clone()) });
        Ok(())
    };
    match carry_out(Vec::new()) {
        Ok(()) => return true,
        Err(refusal) if refused_for_want_of_places(&refusal) => {}
        Err(_) => return false,
    }
    let requests = state.placements_needed(now, action);
    let stay = carry_out(requests.iter().map(|request| grant(request, "paris")).collect());
    let can_move = requests.iter().any(|request| !request.keep.is_empty());
    let moved = can_move && carry_out(requests.iter().map(elsewhere).collect()).is_ok();
    stay.is_ok() || moved
}

fn refused_for_want_of_places(refusal: &siting::lifecycle::Refusal) -> bool {
    refusal.rule == "L12"
}

/// Grants a request where none of its replicas is.
fn elsewhere(request: &PlacementRequest) -> Placed {
    let there = request.keep.iter().any(|place| place.cluster.as_str() == "oslo");
    let unkept = PlacementRequest { keep: Vec::<Place>::new(), ..request.clone() };
    grant(&unkept, if there { "paris" } else { "oslo" })
}
