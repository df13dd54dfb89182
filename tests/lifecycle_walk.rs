//! Every state within bounds: three deployments at most, a draft, two environments, four ids (E3,
//! L1–L12). Each invariant is checked in each state and on each step, and five planted faults are each
//! found.
//!
//! Walked by default: one deployment and a draft in full, and breadth first the nearest hundred thousand
//! states, and some, of two deployments and a draft. `SITING_WALK=draft` walks those in full, and
//! `SITING_WALK=full` three deployments with four ids: millions of states, for the long runs.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests may fail loudly")]

mod lifecycle_support;

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use lifecycle_support::{granted, name};
use serde_json::Value;
use siting::lifecycle::{
    Action, Answer, Effect, Endpoint, Number, Observation, Push, PushKind, Role, Settings, State, Status,
};
use siting::time::Moment;

const ENVIRONMENTS: [&str; 2] = ["production", "staging"];
const NOW: Moment = Moment::from_millis(0);

/// How far a walk goes.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Deployments beside the draft.
    published: usize,
    /// Whether there can be a draft.
    draft: bool,
    /// Ids given out.
    ids: u64,
}

/// A fault that is planted in what the machine says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    CandidateDeleted,
    TwoDrafts,
    InactivePromoted,
    ReplacedStillRouted,
    IdUsedAgain,
}

/// The one set of settings: that which a copy of the draft gets.
fn push(kind: PushKind) -> Action {
    let settings = Settings { scaling: Some(Settings::standard_scaling()), ..Settings::default() };
    Action::Push(Push { settings: Arc::new(settings), ..Push::new(kind, "v") })
}

/// All actions within the bounds.
fn actions(state: &State, bounds: Bounds) -> Vec<Action> {
    let mut actions = Vec::new();
    let published = state.deployments().filter(|record| !record.draft).count();
    let room = state.next_number().get() <= bounds.ids && published < bounds.published;
    if bounds.draft && state.next_number().get() <= bounds.ids {
        actions.push(push(PushKind::Draft));
    }
    for (index, environment) in ENVIRONMENTS.iter().enumerate() {
        let environment = name(environment);
        actions.push(Action::Cancel { environment: environment.clone() });
        actions.push(Action::roll_back(environment.clone()));
        for record in state.deployments() {
            let copies = record.draft || state.held_by(record.number).is_some();
            if room || !copies {
                actions.push(Action::Promote {
                    deployment: record.number,
                    environment: environment.clone(),
                    name: None,
                    on_replaced: None,
                    force: true,
                });
            }
        }
        if room {
            let kind = PushKind::Promoted { environment: environment.clone(), on_replaced: None };
            actions.push(push(kind));
            actions.push(Action::release(environment.clone(), name(ENVIRONMENTS[1 - index])));
            actions.push(Action::update_version(environment.clone(), "u"));
        }
    }
    if room {
        actions.push(push(PushKind::Published));
    }
    actions.push(Action::Patch { version: None });
    for record in state.deployments() {
        let (number, generation) = (record.number, record.generation);
        actions.extend([
            Action::Activate(number),
            Action::Deactivate(number),
            Action::Wake(number),
            Action::Idle(number),
            Action::Delete(number),
        ]);
        let observe = |observation| Action::Observe { deployment: number, generation, observation };
        // The clock stands still, so timers never fire; what they would do, `failed` does.
        let seen = Observation::ALL.into_iter().filter(|seen| *seen != Observation::TimerFired);
        actions.extend(seen.map(observe));
    }
    actions.push(Action::DeleteWorkload);
    actions
}

/// What tells one state from another: no times, no history, no generations.
fn key(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.next_number().hash(&mut hasher);
    for record in state.deployments() {
        let governor = record.governor.as_str();
        (record.number, record.draft, governor, record.status, record.moving, record.replicas()).hash(&mut hasher);
    }
    for (environment, slot) in state.slots() {
        let promotion = slot.promotion.as_ref().map(|found| (found.candidate, found.copy, found.on_replaced));
        (environment.as_str(), slot.holder, slot.previous, promotion).hash(&mut hasher);
    }
    state.tombstones().for_each(|(number, _)| number.hash(&mut hasher));
    hasher.finish()
}

fn routes(state: &State) -> BTreeMap<Endpoint, Number> {
    let leads = |endpoint: Endpoint| match state.route(&endpoint) {
        Answer::Routed(callee) => Some((endpoint, callee.deployment)),
        _ => None,
    };
    state.endpoints().into_iter().filter_map(leads).collect()
}

/// The invariants of a state by itself.
fn sound(state: &State) -> Result<(), &'static str> {
    let mut drafts = state.deployments().filter(|record| record.draft);
    let draft = drafts.next();
    claim(drafts.next().is_none(), "one-draft")?;
    let mut holders = BTreeSet::new();
    let mut candidates = BTreeSet::new();
    for (environment, slot) in state.slots() {
        for number in slot.holder.iter().chain(&slot.previous) {
            claim(state.deployment(*number).is_some(), "slots name live deployments")?;
        }
        if let Some(holder) = slot.holder {
            claim(holders.insert(holder), "one-holder: a deployment holds one slot at most")?;
            claim(draft.is_none_or(|draft| draft.number != holder), "the draft holds no slot")?;
            claim(state.deployment(holder).is_some_and(|record| record.governor == *environment), "E3: its governor")?;
        }
        if let Some(promotion) = &slot.promotion {
            claim(candidates.insert(promotion.candidate), "a candidate of one promotion only")?;
            let candidate = state.deployment(promotion.candidate).ok_or("candidates-live")?;
            let way_up = matches!(candidate.status, Status::Building | Status::Deploying | Status::Loading);
            let under_way = way_up || candidate.status == Status::WakingUp || candidate.moving;
            claim(under_way, "candidates are on their way")?;
            claim(slot.holder != Some(promotion.candidate), "a candidate does not hold yet")?;
        }
    }
    let mut names = BTreeSet::new();
    for record in state.deployments() {
        claim(record.number < state.next_number(), "ids-once")?;
        claim(state.tombstone(record.number).is_none(), "ids-once: deleted ids never return")?;
        claim(names.insert(&record.name), "names-once")?;
        claim(record.draft == (record.name.as_str() == "development"), "the draft's name")?;
        claim(!record.draft || record.replicas() <= 1, "one-replica")?;
        let idle = !record.status.consumes() || record.status == Status::Building;
        claim(!idle || record.sites.is_empty(), "what consumes nothing has no replicas")?;
        claim(!record.status.serves() || record.replicas() > 0, "what serves has a replica")?;
        claim(record.using_since.is_some() == record.status.consumes(), "the account follows the status")?;
        let role = state.role(record.number).unwrap();
        claim((role == Role::Development) == record.draft, "roles")?;
    }
    for (endpoint, number) in routes(state) {
        let record = state.deployment(number).ok_or("routes lead to live deployments")?;
        claim(record.status.serves(), "R3: routes lead to ready replicas")?;
        if let Endpoint::Environment(environment) = &endpoint {
            claim(
                state.slot(environment.as_str()).and_then(|slot| slot.holder) == Some(number),
                "only the holder is routed",
            )?;
        }
    }
    Ok(())
}

/// The invariants of a step.
fn step(before: &State, action: &Action, effects: &[Effect], after: &State) -> Result<(), &'static str> {
    let mut routed = routes(before);
    for effect in effects {
        match effect {
            Effect::Route { endpoint, deployment } => drop(routed.insert(endpoint.clone(), *deployment)),
            Effect::Unroute { endpoint } => drop(routed.remove(endpoint)),
            _ => {}
        }
    }
    claim(routed == routes(after), "the host's routes are the state's: what was replaced is routed no more")?;
    let holder = |state: &State, environment| state.slot(environment).and_then(|slot| slot.holder);
    let production = |state: &State| holder(state, "production");
    claim(
        production(before).is_none() || production(after).is_some() || *action == Action::DeleteWorkload,
        "production-stays",
    )?;
    for environment in ENVIRONMENTS {
        let (was, is) = (holder(before, environment), holder(after, environment));
        if let Some(holder) = is.filter(|_| was != is) {
            let status = before.deployment(holder).map(|record| record.status);
            let stopped = status.is_some_and(|status| {
                status.is_deactivated() || matches!(status, Status::Failed | Status::DeployFailed | Status::BuildFailed)
            });
            claim(!stopped, "L6: only active deployments take over")?;
        }
    }
    claim(after.next_number() >= before.next_number(), "ids-once: the counter never goes back")?;
    for (number, _) in before.tombstones() {
        claim(after.tombstone(number).is_some() && after.deployment(number).is_none(), "the deleted never return")?;
    }
    let observed_failure =
        matches!(action, Action::Observe { observation: Observation::Failed | Observation::TimerFired, .. });
    let cancelled = matches!(action, Action::Cancel { .. });
    if observed_failure || cancelled {
        let same = ENVIRONMENTS.iter().all(|name| holder(before, name) == holder(after, name));
        claim(same, "L7: a failed or cancelled promotion leaves the holder")?;
    }
    if let Action::Release { from, .. } = action {
        claim(holder(before, from.as_str()) == holder(after, from.as_str()), "L4: a release leaves the origin")?;
    }
    if let (Action::Promote { deployment, .. }, Some(draft)) = (action, before.draft())
        && draft.number == *deployment
    {
        claim(after.draft() == Some(draft), "L3: the draft stays as it was")?;
    }
    Ok(())
}

fn claim(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}

/// One step of the machine, with a fault in it.
fn faulty(state: &State, action: &Action, fault: Option<Fault>) -> Option<(State, Vec<Effect>)> {
    let mut after = state.clone();
    let result = match state.check(NOW, action) {
        Ok(()) => after.apply(NOW, &granted(state, NOW, action.clone())),
        Err(refusal) => Err(refusal),
    };
    match (fault, action, result) {
        (Some(Fault::CandidateDeleted), Action::Delete(number), Err(_)) if state.sought_by(*number).is_some() => {
            let mut json = tampered(state);
            json["deployments"].as_object_mut().unwrap().remove(&number.to_string());
            Some((serde_json::from_value(json).unwrap(), Vec::new()))
        }
        (Some(Fault::TwoDrafts), Action::Push(Push { kind: PushKind::Draft, .. }), Ok(_))
            if state.draft().is_some() =>
        {
            let mut json = tampered(state);
            let number = state.next_number().get();
            let mut twin = serde_json::to_value(state.draft().unwrap()).unwrap();
            twin["number"] = number.into();
            json["deployments"][number.to_string()] = twin;
            json["next"] = (number + 1).into();
            Some((serde_json::from_value(json).unwrap(), Vec::new()))
        }
        (Some(Fault::InactivePromoted), Action::Promote { deployment, environment, .. }, Err(_))
            if state
                .deployment(*deployment)
                .is_some_and(|record| record.status == Status::Inactive && !record.draft)
                && state.held_by(*deployment).is_none() =>
        {
            let mut json = tampered(state);
            json["slots"][environment.as_str()] =
                serde_json::json!({"holder": deployment, "previous": null, "promotion": null});
            json["deployments"][deployment.to_string()]["governor"] = environment.as_str().into();
            Some((serde_json::from_value(json).unwrap(), Vec::new()))
        }
        (Some(Fault::ReplacedStillRouted), _, Ok(effects)) => {
            let replaced = |effect: &Effect| match effect {
                Effect::Route { endpoint, .. } => routes(state).contains_key(endpoint),
                _ => false,
            };
            Some((after, effects.into_iter().filter(|effect| !replaced(effect)).collect()))
        }
        (Some(Fault::IdUsedAgain), Action::Delete(number), Ok(effects)) => {
            let mut json = tampered(&after);
            json["next"] = number.get().into();
            Some((serde_json::from_value(json).unwrap(), effects))
        }
        (_, _, Ok(effects)) => Some((after, effects)),
        _ => None,
    }
}

fn tampered(state: &State) -> Value {
    serde_json::to_value(state).unwrap()
}

/// What one state leads to: the number of steps, and the states they end in with their keys.
fn successors(state: &State, bounds: Bounds, fault: Option<Fault>) -> Result<(usize, Vec<(u64, State)>), String> {
    let (mut steps, mut found) = (0, Vec::new());
    for action in actions(state, bounds) {
        if state.ignores(&action) {
            continue;
        }
        let Some((after, effects)) = faulty(state, &action, fault) else { continue };
        steps += 1;
        let held = sound(&after).and_then(|()| step(state, &action, &effects, &after));
        held.map_err(|broken| format!("{broken}\nafter {action:?}\nfrom {state:#?}"))?;
        found.push((key(&after), after));
    }
    Ok((steps, found))
}

/// Walks all states breadth first, a generation at a time on all cores; the number of states and steps,
/// or the first claim that fails.
fn walk(bounds: Bounds, fault: Option<Fault>) -> Result<(usize, usize), String> {
    let start = State::new("model", name("m"), name("production"));
    let mut seen = HashSet::from([key(&start)]);
    let (mut frontier, mut steps) = (vec![start], 0);
    let limit = if std::env::var_os("SITING_WALK").is_some() { usize::MAX } else { 100_000 };
    while !frontier.is_empty() && seen.len() < limit {
        if std::env::var_os("SITING_PROGRESS").is_some() {
            eprintln!("{} seen, {} at the edge", seen.len(), frontier.len());
        }
        let mut next = Vec::new();
        for batch in frontier.chunks(50_000) {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
            let share = batch.len().div_ceil(cores);
            let walked: Vec<_> = std::thread::scope(|scope| {
                let part = |part: &'_ [State]| part.iter().map(|state| successors(state, bounds, fault)).collect();
                let parts: Vec<_> = batch.chunks(share).map(|states| scope.spawn(move || part(states))).collect();
                parts.into_iter().flat_map(|part| -> Vec<_> { part.join().unwrap() }).collect()
            });
            for result in walked {
                let (count, found) = result?;
                steps += count;
                next.extend(found.into_iter().filter(|(key, _)| seen.insert(*key)).map(|(_, state)| state));
            }
        }
        frontier = next;
    }
    Ok((seen.len(), steps))
}

#[test]
fn every_state_within_bounds_is_sound() {
    let walks = match std::env::var("SITING_WALK").as_deref() {
        Ok("full") => vec![Bounds { published: 3, draft: true, ids: 4 }],
        Ok("draft") => vec![Bounds { published: 2, draft: true, ids: 3 }],
        _ => vec![Bounds { published: 1, draft: true, ids: 3 }, Bounds { published: 2, draft: true, ids: 3 }],
    };
    for bounds in walks {
        let started = std::time::Instant::now();
        let (states, steps) = walk(bounds, None).unwrap_or_else(|broken| panic!("{broken}"));
        println!("{bounds:?}: {states} states, {steps} steps, {:?}", started.elapsed());
        assert!(states > 1_000, "the walk got nowhere: {states} states");
    }
}

#[test]
fn every_planted_fault_is_found() {
    let bounds = Bounds { published: 2, draft: true, ids: 3 };
    for (fault, claim) in [
        (Fault::CandidateDeleted, "candidates-live"),
        (Fault::TwoDrafts, "one-draft"),
        (Fault::InactivePromoted, "L6"),
        (Fault::ReplacedStillRouted, "routed no more"),
        (Fault::IdUsedAgain, "ids-once"),
    ] {
        let broken = walk(bounds, Some(fault)).expect_err("a broken claim");
        assert!(broken.starts_with(claim) || broken.lines().next().unwrap().contains(claim), "{fault:?}: {broken}");
    }
}
