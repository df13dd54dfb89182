//! What must hold of every state, and of every step from one to the next.

use siting::lifecycle::{Action, Effect, Endpoint, Number, Observation, Record, Role, State, Status};
use siting::policy::OnReplaced;

use super::ENVIRONMENTS;
use super::actions::Outcome;
use crate::support::capacity::fell_too_low;

/// A claim that does not hold.
pub(crate) type Broken = &'static str;

fn claim(holds: bool, what: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(what) }
}

/// Where calls lead, by endpoint.
pub(crate) type Routes = Vec<(Endpoint, Number)>;

pub(crate) fn routes(state: &State) -> Routes {
    let endpoints = state.endpoints().into_iter();
    endpoints.filter_map(|endpoint| state.leads_to(&endpoint).map(|number| (endpoint, number))).collect()
}

/// The effects that lead a host from routes to those of a state.
pub(crate) fn routed(led: &Routes, after: &State) -> Vec<Effect> {
    let leads = routes(after);
    let ends = led.iter().filter(|(endpoint, _)| !leads.iter().any(|(known, _)| known == endpoint));
    let ends = ends.map(|(endpoint, _)| Effect::Unroute { endpoint: endpoint.clone() });
    let leads = leads.iter().filter(|lead| !led.contains(lead));
    let leads =
        leads.map(|(endpoint, deployment)| Effect::Route { endpoint: endpoint.clone(), deployment: *deployment });
    ends.chain(leads).collect()
}

/// The invariants of a state by itself; where calls lead in it.
pub(crate) fn sound(state: &State) -> Result<Routes, Broken> {
    let mut drafts = state.deployments().filter(|record| record.draft);
    let draft = drafts.next();
    claim(drafts.next().is_none(), "one-draft")?;
    slots(state, draft)?;
    deployments(state)?;
    let leads = routes(state);
    for (endpoint, number) in &leads {
        let record = state.deployment(*number).ok_or("routes lead to live deployments")?;
        claim(record.status.serves() && record.ready() > 0, "R3: routes lead to ready replicas")?;
        if let Endpoint::Environment(environment) = endpoint {
            let holder = state.slot(environment.as_str()).and_then(|slot| slot.holder);
            let replaces = state.rollout_by(*number).is_some();
            claim(holder == Some(*number) || replaces, "only the holder is routed, or who replaces it")?;
        }
    }
    Ok(leads)
}

fn slots(state: &State, draft: Option<&Record>) -> Result<(), Broken> {
    let (mut holders, mut candidates) = (Vec::new(), Vec::new());
    for (environment, slot) in state.slots() {
        for number in slot.holder.iter().chain(&slot.previous) {
            claim(state.deployment(*number).is_some(), "slots name live deployments")?;
        }
        claim(slot.holder.is_none() || slot.holder != slot.previous, "who holds did not leave")?;
        if let Some(holder) = slot.holder {
            claim(!holders.contains(&holder), "one-holder: a deployment holds one slot at most")?;
            holders.push(holder);
            claim(draft.is_none_or(|draft| draft.number != holder), "the draft holds no slot")?;
            claim(state.deployment(holder).is_some_and(|record| record.governor == *environment), "E3: its governor")?;
        }
        if let Some(promotion) = &slot.promotion {
            claim(!candidates.contains(&promotion.candidate), "a candidate of one promotion only")?;
            candidates.push(promotion.candidate);
            let candidate = state.deployment(promotion.candidate).ok_or("candidates-live")?;
            let under_way = candidate.status == Status::Building || candidate.status.is_starting();
            let under_way = under_way || candidate.moving || candidate.starting() > 0 || promotion.rollout.is_some();
            claim(under_way, "candidates are on their way")?;
            claim(slot.holder != Some(promotion.candidate), "a candidate does not hold yet")?;
        }
    }
    claim(holders.iter().all(|holder| !candidates.contains(holder)), "a holder is promoted by copy")
}

fn deployments(state: &State) -> Result<(), Broken> {
    for record in state.deployments() {
        claim(record.number < state.next_number(), "ids-once")?;
        claim(state.tombstone(record.number).is_none(), "ids-once: deleted ids never return")?;
        let twin = |other: &Record| other.number != record.number && other.name == record.name;
        claim(!state.deployments().any(twin), "names-once")?;
        claim(record.draft == (record.name.as_str() == "development"), "the draft's name")?;
        claim(!record.draft || record.replicas() <= 1, "one-replica")?;
        let idle = !record.status.consumes() || record.status == Status::Building;
        claim(!idle || record.sites.is_empty(), "what consumes nothing has no replicas")?;
        let in_rollout = state.is_in_rollout(record.number);
        claim(!record.status.serves() || record.running() > 0 || in_rollout, "what serves has a replica")?;
        claim(record.using_since.is_some() == record.status.consumes(), "the account follows the status")?;
        let under_way = record.status.is_starting() || record.status == Status::Updating || record.moving;
        let under_way = under_way || record.starting() > 0 || record.status == Status::Building;
        claim(
            record.status != Status::Active || record.ready() > 0 || in_rollout,
            "L14: what is active has a ready replica",
        )?;
        // A rollout has a deadline of its own.
        claim(record.deadline.is_some() == under_way || in_rollout, "L17: what is under way has a deadline")?;
        claim(!record.moving || record.places().len() < record.sites.len(), "what moves goes somewhere")?;
        let role = state.role(record.number).ok_or("who lives has a role")?;
        claim((role == Role::Development) == record.draft, "roles")?;
    }
    Ok(())
}

/// The invariants of a step; where calls led before it, and where they lead after it.
pub(crate) fn step(
    before: &State,
    led: &Routes,
    action: &Action,
    outcome: &Outcome,
    leads: &Routes,
) -> Result<(), Broken> {
    let Outcome { effects, after } = outcome;
    let mut routed = led.clone();
    for effect in effects {
        match effect {
            Effect::Route { endpoint, deployment } => {
                routed.retain(|(known, _)| known != endpoint);
                routed.push((endpoint.clone(), *deployment));
            }
            Effect::Unroute { endpoint } | Effect::Split { endpoint, .. } => {
                routed.retain(|(known, _)| known != endpoint)
            }
            _ => {}
        }
    }
    routed.sort_unstable();
    claim(routed == *leads, "the host's routes are the state's: what was replaced is routed no more")?;
    claim(after.next_number() >= before.next_number(), "ids-once: the counter never goes back")?;
    for (number, _) in before.tombstones() {
        claim(after.tombstone(number).is_some() && after.deployment(number).is_none(), "the deleted never return")?;
    }
    claim(!before.ignores(action) || before == after, "L14: what was told before changes nothing")?;
    if let Action::Advance { candidate, sight } = action
        && before.deployment(*candidate).is_some_and(|record| record.places() == sight.forbidden)
        && !sight.forbidden.is_empty()
    {
        claim(
            before.held_by(*candidate) == after.held_by(*candidate),
            "L18: what may not be where it is takes over nothing",
        )?;
    }
    if let Some(low) = fell_too_low(before, action, after) {
        // It ends the walk.
        return Err(Box::leak(low.into_boxed_str()));
    }
    hands(before, action, after)?;
    builds(before, action, outcome)?;
    if let (Action::Promote { deployment, .. }, Some(draft)) = (action, before.draft())
        && draft.number == *deployment
    {
        claim(after.draft() == Some(draft), "L3: the draft stays as it was")?;
    }
    Ok(())
}

/// A build that nobody waits for any more is stopped.
fn builds(before: &State, action: &Action, Outcome { effects, after }: &Outcome) -> Result<(), Broken> {
    if matches!(action, Action::Observe { .. } | Action::ObservePlace { .. }) {
        return Ok(());
    }
    for record in before.deployments().filter(|record| record.status == Status::Building) {
        let goes_on = after.deployment(record.number).is_some_and(|after| after.generation == record.generation);
        let stop = Effect::StopBuild { deployment: record.number };
        claim(goes_on || effects.contains(&stop), "L8: a build that nobody waits for is stopped")?;
    }
    Ok(())
}

/// How slots may change hands.
fn hands(before: &State, action: &Action, after: &State) -> Result<(), Broken> {
    let holder = |state: &State, environment| state.slot(environment).and_then(|slot| slot.holder);
    for environment in ENVIRONMENTS {
        let (was, is) = (holder(before, environment), holder(after, environment));
        if was == is {
            continue;
        }
        if environment == "production" {
            claim(is.is_some() || *action == Action::DeleteWorkload, "production-stays")?;
        }
        let cancelled =
            matches!(action, Action::Cancel { .. } | Action::Observe { observation: Observation::Failed, .. });
        claim(!cancelled, "L7: a failed or cancelled promotion leaves the holder")?;
        if let Action::Release { from, .. } = action {
            claim(from.as_str() != environment, "L4: a release leaves the origin")?;
        }
        if let Some(status) = is.and_then(|is| before.deployment(is)).map(|record| record.status) {
            let broken = matches!(status, Status::Failed | Status::DeployFailed | Status::BuildFailed);
            claim(!status.is_deactivated() && !broken, "L6: only active deployments take over")?;
        }
        let displaced = was.and_then(|was| after.deployment(was));
        let promotion = before.slot(environment).and_then(|slot| slot.promotion.as_ref());
        if let (Some(displaced), Some(promotion)) = (displaced, promotion) {
            let kept = promotion.on_replaced == OnReplaced::Keep;
            let stops = displaced.status == Status::Deactivating || !displaced.status.consumes();
            claim(kept || stops, "L5: what is replaced stops, unless it is kept")?;
        }
        claim(displaced.is_none_or(|left| left.governor.as_str() == environment), "E3: who leaves stays governed")?;
    }
    Ok(())
}
