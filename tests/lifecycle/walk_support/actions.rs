//! Everything that can be tried in a state, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use siting::lifecycle::{
    Action, Change, Command, Edit, Effect, Observation, Place, PlaceSeen, Placed, PlacementRequest, PromotionStrategy,
    Purpose, Push, PushKind, Record, Requirements, Settings, Sight, State,
};
use siting::policy::OnReplaced;
use siting::rollout::{self, BlueGreen, Canary, Rolling, Step, Strategy, Traffic};
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
    /// Whether versions take over by strategies, in production alone, each with two replicas, on clusters that close.
    pub(crate) strategies: bool,
    /// How many steps from the first state, where not all.
    pub(crate) steps: Option<usize>,
}

/// The strategies that are walked: without soaks, as time is no bound here.
const STRATEGIES: [fn() -> Strategy; 4] = [
    || Strategy::Rolling(Rolling::default()),
    || Strategy::BlueGreen(BlueGreen { bake: Duration::ZERO, rollback_window: Duration::ZERO }),
    || canary(Traffic::Routed { fewest: None }),
    || canary(Traffic::ByReplicas(Rolling::default())),
];

fn canary(traffic: Traffic) -> Strategy {
    let steps = vec![Step { soak: Duration::ZERO, requests: 0, ..Step::of(50) }];
    Strategy::Canary(Canary::new(steps, traffic).unwrap())
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
    if bounds.strategies {
        return with_strategies(state, bounds);
    }
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

/// What can be tried where versions take over by strategies.
fn with_strategies(state: &State, bounds: Bounds) -> Vec<Action> {
    let mut actions = Vec::with_capacity(60);
    let production = name(ENVIRONMENTS[0]);
    if state.deployments().count() < bounds.published {
        let settings = Arc::new(Settings { replicas: Some(2), ..Settings::default() });
        let kind = PushKind::promoted(production.clone());
        actions.push(Action::Push(Push { settings, ..Push::new(kind, "v") }));
        let runs = state.holder(production.as_str()).and_then(|holder| holder.version.as_deref());
        let version = if runs == Some("u") { "v" } else { "u" };
        for strategy in STRATEGIES {
            let by = PromotionStrategy::By(rollout::Settings::of(strategy()));
            let on_replaced = Some(OnReplaced::Deactivate);
            let (environment, version, by) = (production.clone(), version.to_owned(), Some(Box::new(by)));
            actions.push(Action::UpdateVersion { environment, version, name: None, on_replaced, by });
        }
    }
    let promotion = state.slot(production.as_str()).and_then(|slot| slot.promotion.as_ref());
    if let Some(promotion) = promotion.filter(|promotion| promotion.rollout.is_some()) {
        let candidate = promotion.candidate;
        let running = |record: Option<&Record>| record.map_or(0, |record| record.running());
        let (old, new) = (running(state.holder(production.as_str())), running(state.deployment(candidate)));
        let places = state.deployment(candidate).map(|record| record.places()).unwrap_or_default();
        let sight = |old, new| Sight { old, new, ..Sight::default() };
        let mut sights = vec![sight(old, new), sight(old, new.min(1)), sight(old, 0), sight(old.min(1), new)];
        sights.push(Sight { forbidden: places, ..sight(old, new) });
        sights.push(Sight { no_room: Some("no room".to_owned()), ..sight(old, new) });
        actions.extend(sights.into_iter().map(|sight| Action::Advance { candidate, sight: Box::new(sight) }));
    }
    actions.extend([
        Action::roll_back(production.clone()),
        Action::Cancel { environment: production.clone() },
        Action::Pause { environment: production.clone() },
        Action::Resume { environment: production.clone() },
        Action::ForceForward { environment: production.clone() },
    ]);
    for record in state.deployments() {
        let (number, generation) = (record.number, record.generation);
        actions.extend([Action::Deactivate(number), Action::Activate(number), Action::Delete(number)]);
        for replicas in [1, 2] {
            actions.push(Action::Scale { deployment: number, replicas });
        }
        let observed = [
            Observation::Built,
            Observation::Ready,
            Observation::Failed,
            Observation::Drained,
            Observation::TimerFired,
        ];
        actions.extend(observed.map(|observation| Action::Observe { deployment: number, generation, observation }));
        for site in record.sites.iter().filter(|_| bounds.by_place) {
            let Place { cluster, pool, flavor, replicas } = site.place.clone();
            let last = site.seen.and_then(|seen| seen.sequence);
            let sequence = last.map_or(1, |last| last + 1);
            let one = replicas.min(1);
            let all = [(replicas, 0, 0), (one, 0, replicas - one), (one, replicas - one, 0), (0, replicas, 0)];
            for (sequence, (ready, lost, failed)) in
                all.map(|seen| (sequence, seen)).into_iter().chain(last.map(|last| (last, (0, replicas, 0))))
            {
                let (cluster, pool, flavor) = (cluster.clone(), pool.clone(), flavor.clone());
                let seen = PlaceSeen { cluster, pool, flavor, sequence, ready, lost, failed };
                actions.push(Action::ObservePlace { deployment: number, generation: site.generation, seen });
            }
        }
    }
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
    // Where fewer replicas are asked for, the first place is on an open cluster, or on a closed one.
    let shrinks = requests.iter().any(|request| request.purpose == Purpose::Shrink && request.keep.len() > 1);
    let closed = shrinks && carry_out(requests.iter().map(first_closed).collect()).is_ok();
    let can_move = requests.iter().any(|request| request.purpose == Purpose::Place && !request.keep.is_empty());
    let moved = can_move && carry_out(requests.iter().map(elsewhere).collect()).is_ok();
    stay.is_ok() || moved || closed
}

fn refused_for_want_of_places(refusal: &siting::lifecycle::Refusal) -> bool {
    refusal.rule == "L12"
}

/// Grants a request; of one for fewer replicas, the first place is closed.
fn first_closed(request: &PlacementRequest) -> Placed {
    let mut placed = grant(request, "paris");
    if request.purpose == Purpose::Shrink {
        placed.places.remove(0);
    }
    placed
}

/// Grants a request where none of its replicas is; what shrinks goes nowhere.
fn elsewhere(request: &PlacementRequest) -> Placed {
    if request.purpose == Purpose::Shrink {
        return grant(request, "paris");
    }
    let there = request.keep.iter().any(|place| place.cluster.as_str() == "oslo");
    let unkept = PlacementRequest { keep: Vec::<Place>::new(), ..request.clone() };
    grant(&unkept, if there { "paris" } else { "oslo" })
}
