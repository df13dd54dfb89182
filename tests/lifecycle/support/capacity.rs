//! L15: an environment never serves with fewer ready replicas than it had, less what its strategy lets be
//! unavailable, unless replicas failed, were told to stop, or the load fell.

use siting::id::Name;
use siting::lifecycle::{Action, Change, Endpoint, Number, Observation, State, Status};

/// The ready replicas that calls of an environment are led to.
pub(crate) fn capacity(state: &State, environment: &Name) -> u32 {
    let shares = state.route(&Endpoint::Environment(environment.clone())).shares();
    shares.iter().map(|share| ready(state, environment, share.deployment)).sum()
}

/// The ready replicas of a side: as seen by place, else as the host last told of the rollout.
fn ready(state: &State, environment: &Name, number: Number) -> u32 {
    let Some(record) = state.deployment(number) else { return 0 };
    let promotion = state.slot(environment.as_str()).and_then(|slot| slot.promotion.as_ref());
    match promotion.and_then(|promotion| Some((promotion.candidate, promotion.rollout.as_ref()?))) {
        Some((candidate, rollout)) if !record.is_seen_by_place() => {
            let (old, new) = rollout.seen;
            record.ready().min(if number == candidate { new.min(rollout.part) } else { old })
        }
        _ => record.ready(),
    }
}

/// What is wrong with a step, if an environment has fewer ready replicas after it than it may.
pub(crate) fn fell_too_low(before: &State, action: &Action, after: &State) -> Option<String> {
    let fell = |(environment, _): (&Name, &siting::lifecycle::Slot)| {
        let (was, is) = (capacity(before, environment), capacity(after, environment));
        let floor = floor(before, after, environment).min(was).saturating_sub(seen_to_fail(before, action));
        let low = is < floor && !is_excused(before, action, after, environment);
        low.then(|| format!("L15: {environment} has {is} ready replicas, had {was} and may have no fewer than {floor}"))
    };
    before.slots().find_map(fell)
}

/// The fewest ready replicas that an environment must keep, where it has them.
fn floor(before: &State, after: &State, environment: &Name) -> u32 {
    // What was told to stop, or failed, had nothing to keep.
    let runs = |record: &&siting::lifecycle::Record| record.status.serves() || record.status == Status::Unhealthy;
    let Some(holder) = before.holder(environment.as_str()).filter(runs) else { return 0 };
    let slot = |state: &State| state.slot(environment.as_str()).cloned().unwrap_or_default();
    let promotion = slot(before).promotion.or(slot(after).promotion);
    let candidate = promotion.as_ref().map(|promotion| promotion.candidate).or(slot(after).holder);
    // A lower maximum of the candidate is told beforehand, and the size of the environment counts against it.
    let most = candidate.and_then(|candidate| before.deployment(candidate).or(after.deployment(candidate)));
    let most = most.map_or(u32::MAX, |record| record.settings.most_replicas());
    let least = match promotion.and_then(|promotion| promotion.rollout) {
        Some(rollout) => {
            let fewest = rollout.progress.strategy().fewest(rollout.size.min(most));
            // It goes back to a holder that is whole, but for those of its replicas that failed meanwhile.
            let now = slot(after);
            let under_way = now.promotion.and_then(|promotion| promotion.rollout);
            let goes_back = under_way.map_or(now.holder == Some(holder.number), |rollout| rollout.goes_back());
            let whole = goes_back && !rollout.is_by_replicas();
            if whole { fewest.min(ready(before, environment, holder.number)) } else { fewest }
        }
        None => holder.running().min(most),
    };
    // In the end a number that was stated holds, which is told beforehand where it is fewer.
    let new = slot(after).holder.filter(|holder| Some(*holder) == candidate).and_then(|new| after.deployment(new));
    let stated = new.filter(|new| !new.settings.scales()).and_then(|new| new.settings.replicas);
    stated.map_or(least, |stated| least.min(stated))
}

/// Ready replicas that an observation says are not ready any more.
fn seen_to_fail(before: &State, action: &Action) -> u32 {
    let Action::ObservePlace { deployment, generation, seen } = action else { return 0 };
    let Some(record) = before.deployment(*deployment) else { return 0 };
    let here = |site: &&siting::lifecycle::Site| {
        site.generation == *generation && (&site.place.cluster, &site.place.pool) == (&seen.cluster, &seen.pool)
    };
    let known = record.sites.iter().find(here).map_or(0, |site| record.seen_at(site).ready);
    known.saturating_sub(seen.ready)
}

/// Whether replicas failed, were told to stop, or the load fell.
fn is_excused(before: &State, action: &Action, after: &State, environment: &Name) -> bool {
    let slot = before.slot(environment.as_str());
    let rollout = slot.and_then(|slot| slot.promotion.as_ref()).and_then(|promotion| promotion.rollout.as_ref());
    match action {
        Action::Observe { observation, .. } => matches!(
            observation,
            Observation::Failed | Observation::Unhealthy | Observation::TimerFired | Observation::Drained
        ),
        Action::Advance { sight, candidate } => {
            let (old, new) = rollout.map_or((0, 0), |rollout| rollout.seen);
            let holder = slot.and_then(|slot| slot.holder).and_then(|holder| before.deployment(holder));
            let running = |record: Option<&siting::lifecycle::Record>| record.map_or(0, |record| record.running());
            let fewer =
                sight.old < old.min(running(holder)) || sight.new < new.min(running(before.deployment(*candidate)));
            fewer || !sight.forbidden.is_empty()
        }
        // What was asleep is promoted asleep; who forces an unhealthy one, does so (L6, L15).
        Action::Promote { deployment, .. } => {
            let status = before.deployment(*deployment).map(|record| record.status);
            matches!(status, Some(Status::ScaledToZero | Status::Unhealthy)) || asleep(after, environment)
        }
        Action::RollBack { .. } => asleep(after, environment),
        Action::Deactivate(_)
        | Action::Idle(_)
        | Action::Delete(_)
        | Action::DeleteWorkload
        | Action::Scale { .. }
        | Action::Autoscale { .. } => true,
        // To switch scaling off is no word on how many there are to be (L16).
        Action::Edit { edit, .. } => !edit.changes.iter().all(switches_off),
        _ => false,
    }
}

fn switches_off(change: &Change) -> bool {
    matches!(change, Change::Scaling(scaling) if scaling.is_none_or(|scaling| !scaling.enabled))
}

fn asleep(state: &State, environment: &Name) -> bool {
    state.holder(environment.as_str()).is_some_and(|holder| holder.status == Status::ScaledToZero)
}
