//! The next action of a drawn life: one that the rules allow and that advances it.

use std::sync::Arc;

use super::choices::{Choices, Draw};
use super::values::{environment, fresh};
use crate::id::Name;
use crate::lifecycle::{
    Action, Edit, Number, Observation, Place, PlaceSeen, PromotionStrategy, Push, PushKind, Settings, Sight, State,
};
use crate::policy::OnReplaced;
use crate::time::Moment;

/// An action that the rules allow now, with texts and choices filled in: as often an observation, which
/// is how deployments advance, as a command.
pub(super) fn next_action(choices: &mut Choices<'_>, state: &State, now: Moment) -> Action {
    let (seen, asked): (Vec<_>, Vec<_>) =
        state.legal_commands(now).into_iter().partition(|action| matches!(action, Action::Observe { .. }));
    if let Some(&(environment, candidate)) = choices.pick(&rollouts(state))
        && choices.chance(60)
    {
        return driven(choices, environment, candidate, &asked);
    }
    if choices.chance(15)
        && let Some(seen) = of_a_place(choices, state)
    {
        return seen;
    }
    let (good, bad): (Vec<_>, Vec<_>) = seen.into_iter().partition(goes_well);
    let seen = if choices.chance(15) { bad } else { good };
    if choices.chance(50)
        && let Some(seen) = choices.pick(&seen)
    {
        return seen.clone();
    }
    let is_open = |action: &Action| state.check(now, action).is_ok();
    let change = if choices.chance(40) { changed(choices, state) } else { None };
    change
        .filter(is_open)
        .or_else(|| {
            let bare = one_verb(choices, asked)?;
            // What is filled in may be refused where the bare action is not.
            Some(filled(choices, bare.clone())).filter(is_open).or(Some(bare))
        })
        .or_else(|| choices.pick(&seen).cloned())
        .unwrap_or_else(|| Action::Push(Push::new(PushKind::Published, "v1")))
}

/// How the replicas at one place are, in the next observation of it.
fn of_a_place(choices: &mut Choices<'_>, state: &State) -> Option<Action> {
    let sites = state.deployments().flat_map(|record| record.sites.iter().map(move |site| (record.number, site)));
    let (deployment, site) = choices.pick(&sites.collect::<Vec<_>>()).copied()?;
    let Place { cluster, pool, flavor, replicas } = site.place.clone();
    let sequence = site.seen.and_then(|seen| seen.sequence).map_or(1, |last| last.saturating_add(1));
    let ready = choices.between(0, replicas);
    let lost = choices.between(0, replicas - ready);
    let failed = if choices.chance(30) { replicas - ready - lost } else { 0 };
    let seen = PlaceSeen { cluster, pool, flavor, sequence, ready, lost, failed };
    Some(Action::ObservePlace { deployment, generation: site.generation, seen })
}

fn goes_well(action: &Action) -> bool {
    use Observation::{Built, Drained, Healthy, Loading, Ready};
    matches!(action, Action::Observe { observation: Built | Drained | Healthy | Loading | Ready, .. })
}

/// Where one takes over, and who.
fn rollouts(state: &State) -> Vec<(&Name, Number)> {
    let promotions = state.slots().filter_map(|(name, slot)| Some((name, slot.promotion.as_ref()?)));
    promotions.filter(|(_, promotion)| promotion.rollout.is_some()).map(|(name, by)| (name, by.candidate)).collect()
}

/// A rollout advances, or a user controls it.
fn driven(choices: &mut Choices<'_>, slot: &Name, candidate: Number, asked: &[Action]) -> Action {
    use Action::{Cancel, ForceForward, Pause, Resume, RollBack};
    let steers = |action: &&Action| match action {
        Pause { environment }
        | Resume { environment }
        | ForceForward { environment }
        | Cancel { environment }
        | RollBack { environment, .. } => environment == slot,
        _ => false,
    };
    let steering: Vec<_> = asked.iter().filter(steers).collect();
    // A paused rollout is mostly resumed; a running one is rarely cancelled.
    let resume = steering.iter().find(|action| matches!(action, Resume { .. }));
    let calls_off = choices.chance(30);
    let usual: Vec<_> = steering.iter().filter(|action| calls_off || !matches!(action, Cancel { .. })).collect();
    match (resume, choices.pick(&usual)) {
        (Some(&resume), _) if choices.chance(60) => resume.clone(),
        (_, Some(&&action)) if choices.chance(30) => action.clone(),
        _ => Action::Advance { candidate, sight: Box::new(Sight::draw(choices)) },
    }
}

/// A change of one deployment, or of the version in an environment.
fn changed(choices: &mut Choices<'_>, state: &State) -> Option<Action> {
    let records: Vec<_> = state.deployments().collect();
    let &record = choices.pick(&records)?;
    let deployment = record.number;
    if let Some(scaler) = record.autoscaler()
        && choices.chance(50)
    {
        let replicas = choices.between(scaler.bounds.min(), scaler.bounds.max());
        return Some(Action::Autoscale { deployment, replicas });
    }
    Some(match choices.below(4) {
        0 => Action::Edit { deployment, edit: Edit::draw(choices) },
        1 => Action::Scale { deployment, replicas: choices.below(5) },
        2 => Action::Rename { deployment, name: fresh(choices) },
        _ => {
            let held: Vec<_> = state.slots().map(|(name, _)| name).collect();
            let update = Action::update_version((*choices.pick(&held)?).clone(), "v3");
            filled(choices, update)
        }
    })
}

/// An action of one verb, drawn first; else verbs that few deployments allow would be rare.
fn one_verb(choices: &mut Choices<'_>, mut asked: Vec<Action>) -> Option<Action> {
    // Mostly neither pushes nor stops nor deletes, so that the lifecycle continues.
    let (pushes, stops, ends) = (choices.chance(30), choices.chance(20), choices.chance(5));
    asked.retain(|action| match action {
        Action::Push(_) => pushes,
        Action::Deactivate(_) | Action::Idle(_) | Action::Move(_) | Action::Cancel { .. } => stops,
        Action::Delete(_) | Action::DeleteWorkload => ends,
        _ => true,
    });
    let mut verbs: Vec<_> = asked.iter().map(Action::verb).collect();
    verbs.dedup();
    let &verb = choices.pick(&verbs)?;
    asked.retain(|action| action.verb() == verb);
    choices.pick(&asked).cloned()
}

fn filled(choices: &mut Choices<'_>, action: Action) -> Action {
    let on_replaced = choices.maybe(30, OnReplaced::draw);
    let by = choices.maybe(40, PromotionStrategy::draw).map(Box::new);
    match action {
        Action::Push(push) => {
            let kind = match push.kind {
                PushKind::Promoted { environment, .. } => PushKind::Promoted { environment, on_replaced, by },
                kind => kind,
            };
            let settings = if kind == PushKind::Draft { Settings::default() } else { Settings::draw(choices) };
            Action::Push(Push { settings: Arc::new(settings), ..Push::new(kind, "v2") })
        }
        Action::Promote { deployment, environment: usual, name, force, .. } => {
            let environment = if choices.chance(20) { environment(choices) } else { usual };
            Action::Promote { deployment, environment, name, on_replaced, force, by }
        }
        Action::Release { from, to, name, .. } => Action::Release { from, to, name, on_replaced, by },
        Action::RollBack { environment, .. } => Action::RollBack { environment, on_replaced, by },
        Action::UpdateVersion { environment, version, name, .. } => {
            Action::UpdateVersion { environment, version, name, on_replaced, by }
        }
        other => other,
    }
}
